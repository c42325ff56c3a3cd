"""Seating: who may sit for the committee on a case, in the order in which they are proposed, and why."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask_babel import gettext, ngettext

from api.questions import Options
from models import Case, Interest, Seat
from workflow import consultations, seating
from workflow.seating import Candidate

# So many members are proposed where there are enough, and so many stand-ins.
SEATS, STAND_INS = 7, 2


def candidate_options(case: Case) -> list[tuple[str, str, str, str]]:
    """Return the members of the committee in the order in which they are proposed: why, and what bars them."""
    return [
        (str(each.expert.user_id), each.expert.user.name, reasons(each), bars(each))
        for each in seating.candidates(case)
    ]


def seat_options(case: Case) -> list[tuple[str, str]]:
    """Return the seats whose members have not handed in an opinion."""
    return [(str(each.number), called(each)) for each in sitting(case) if each.answered_at is None]


def unsure_options(case: Case) -> list[tuple[str, str, str]]:
    """Return the seats whose members are unsure about a tie, each with what they say of it."""
    unsure = [each for each in sitting(case) if each.interest is Interest.UNSURE]
    return [(str(each.number), called(each), each.interest_text) for each in unsure]


def proposal(case: Case) -> dict[str, object]:
    """Return whom the service proposes: those who may sit, are there, fit best and have least to do."""
    able = [str(each.expert.user_id) for each in seating.candidates(case) if not each.bars and not each.away]
    # An odd number sits, so that there is a majority.
    seats = min(SEATS, len(able) - 1 + len(able) % 2)
    asked = consultations.current(case).question if case.consultations else ""
    return {"question": asked, "experts": able[:seats], "stand_ins": able[seats : seats + STAND_INS]}


def reasons(candidate: Candidate) -> str:
    """Return in one line how well a member fits, and how much waits for them."""
    said = [candidate.expert.employer] if candidate.expert.employer else []
    said += [gettext("专业相符：%(fields)s", fields=gettext("、").join(candidate.fits))] if candidate.fits else []
    said.append(busy(candidate.load))
    if candidate.away:
        said.append(gettext("今天请假"))
    return gettext("，").join(said)


def bars(candidate: Candidate) -> str:
    """Return why a member may not sit; empty where they may."""
    return gettext("、").join(barred(each) for each in candidate.bars)


def barred(reason: str) -> str:
    """Return why a member may not sit, in the reader's language; a tie names the organisation."""
    words, colon, name = reason.partition("：")
    return gettext(words) + (gettext("：") + name if colon else "")


def busy(load: int) -> str:
    """Return how many ballots wait for a member."""
    return ngettext("在办 %(num)d 件", "在办 %(num)d 件", load) if load else gettext("没有在办的论证")


def called(seat: Seat) -> str:
    """Return a seat by its number and who sits there."""
    return gettext("%(number)d 号 %(name)s", number=seat.number, name=seat.user.name)


def sitting(case: Case) -> list[Seat]:
    """Return who sits on a case now."""
    return seating.sitting(consultations.current(case)) if case.consultations else []


def offered(case: Case) -> dict[Any, Callable[[], Options]]:
    """Return what may be chosen of a case's committee, by the words under which fields ask for it."""
    return {
        "candidates": partial(candidate_options, case),
        "seats": partial(seat_options, case),
        "unsure": partial(unsure_options, case),
    }
