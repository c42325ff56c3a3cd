"""Sitting: what the pages of a consultation show to its members and to whoever follows it."""

import logging
from dataclasses import dataclass

from flask import Flask
from flask_babel import gettext

from api.auth import actor
from api.judging import Judging, judging
from api.marks import Mark
from models import N_, STANCES, Case, Consultation, Document, Interest, Seat, Stance, User
from workflow import consultations, hearing, seating
from workflow.counting import Measure
from workflow.hearing import Counted, Place, Standing
from workflow.sealing import BrokenSeal
from workflow.stages.consultation import ADVICE, RISKS
from workflow.worklist import open_items

log = logging.getLogger("kaimen.sitting")

MARKS = {
    "seating": Mark("action", "users-plus", hearing.STATES["seating"]),
    "hearing": Mark("paused", "lock", hearing.STATES["hearing"]),
    "closing": Mark("progress", "lock-open", hearing.STATES["closing"]),
    "short": Mark("action", "users-minus", hearing.STATES["short"]),
    "closed": Mark("progress", "mail-opened", hearing.STATES["closed"]),
    "concluded": Mark("done", "circle-check", hearing.STATES["concluded"]),
    "no_quorum": Mark("neutral", "users-minus", hearing.STATES["no_quorum"]),
}
STANCE_MARKS = {
    Stance.SUPPORT: Mark("done", "circle-check", STANCES[Stance.SUPPORT]),
    Stance.CONDITIONS: Mark("progress", "circle-half-2", STANCES[Stance.CONDITIONS]),
    Stance.OPPOSE: Mark("stopped", "circle-x", STANCES[Stance.OPPOSE]),
    Stance.ABSTAIN: Mark("neutral", "minus", STANCES[Stance.ABSTAIN]),
}
PROCEDURES = {"written": N_("书面论证"), "meeting": N_("会议论证")}
# The way of a member through a consultation.
DECLARE, READ, SEAL, OPEN, MINUTES = range(5)
WAY = (N_("回避声明"), N_("阅卷"), N_("密封意见"), N_("启封"), N_("纪要"))


@dataclass(frozen=True)
class Member:
    """A consultation as one of its members sees it: their seat, how far they have got, and what waits for them."""

    consultation: Consultation
    seat: Seat
    at: int
    step: str
    may_change: bool
    commitment: str

    @property
    def way(self) -> list[tuple[str, str]]:
        """Return the stations with whether each is done, the present one, or still to come."""
        return [(words, "done" if n < self.at else "here" if n == self.at else "") for n, words in enumerate(WAY)]


@dataclass(frozen=True)
class Session:
    """A consultation as whoever may read it sees it; what is sealed is not there yet."""

    consultation: Consultation
    places: list[Place]
    standing: Standing
    sealed: bool
    opinions: list[Counted]
    measures: list[Measure]
    minutes: Document | None

    @property
    def whole(self) -> bool:
        """Say whether every seal holds."""
        return all(each.matches for each in self.opinions)


def register(app: Flask) -> None:
    """Give the templates what the pages of the committee show."""
    app.jinja_env.globals.update(
        advice_words=ADVICE,
        application_of=application_of,
        closing_clock=hearing.closing_clock,
        consultation_mark=mark_of,
        consultations_of=consultations_of,
        left_words=hearing.LEFT,
        member_of=member_of,
        own_words=own_words,
        parties_of=seating.parties,
        procedure_words=PROCEDURES,
        result_words=hearing.RESULTS,
        risk_words=RISKS,
        session_of=session_of,
        stance_mark=stance_mark,
    )


def session_of(consultation: Consultation) -> Session:
    """Return a consultation as it may be seen now."""
    return Session(
        consultation=consultation,
        places=hearing.places(consultation),
        standing=hearing.standing(consultation),
        sealed=hearing.sealed(consultation),
        opinions=hearing.opinions(consultation),
        measures=hearing.measures(consultation),
        minutes=consultation.minutes,
    )


def member_of(case: Case) -> Member:
    """Return the last consultation of a case as the reader sees it, who sits in it."""
    person = actor()
    found = seated(consultations.current(case), person) if person else None
    if found is None:
        raise LookupError("this page is for members who sit")
    return found


def seated(consultation: Consultation, person: User) -> Member | None:
    """Return a consultation as one of its members sees it; nothing for who does not sit in it."""
    seat = hearing.seat_in(consultation, person)
    if seat is None:
        return None
    case, last = consultation.case, consultations.current(consultation.case)
    items = open_items(case) if consultation is last and consultation.state not in hearing.OVER else []
    waits = [each.step for each in items if each.holder_id == person.id and not each.offered]
    handed_in = seat.answered_at is not None
    bound = consultations.commitments(consultation).get(seat.number, "") if handed_in else ""
    return Member(
        consultation=consultation,
        seat=seat,
        at=station(consultation, seat),
        step=waits[0] if waits else "",
        may_change=consultation is last and consultations.may_change(case, person),
        commitment=bound,
    )


def station(consultation: Consultation, seat: Seat) -> int:
    """Return how far a member has got."""
    if consultation.state == "concluded":
        return len(WAY)
    if consultation.state in ("closed", "no_quorum"):
        return MINUTES
    if seat.answered_at is not None:
        return OPEN
    if seat.interest is not Interest.NONE:
        return DECLARE
    return SEAL if seat.opened_at is not None else READ


def own_words(case: Case) -> dict[str, object] | None:
    """Return what the reader has handed in and may still change; nothing where it cannot be opened."""
    person = actor()
    if person is None or not consultations.may_change(case, person):
        return None
    try:
        opened = consultations.own_opinion(case, person)
    except BrokenSeal as error:
        # The member is told to hand in once more; at the close it is the journal that tells of it.
        log.error("%s: %s", case.reference, error)
        return None
    return dict(opened.answer) if opened else None


def application_of(case: Case) -> Judging | None:
    """Return what a case applies for, as the reader may read it."""
    person = actor()
    return judging(case, "give_opinion", {}, person) if person else None


def consultations_of(case: Case) -> list[Consultation]:
    """Return the consultations of a case that the reader may read."""
    person = actor()
    return [each for each in case.consultations if person and hearing.may_read(each, person)]


def mark_of(consultation: Consultation) -> Mark:
    """Return the badge of a consultation."""
    mark = MARKS[consultation.state]
    return Mark(mark.tone, mark.icon, gettext(mark.words))


def stance_mark(stance: Stance) -> Mark:
    """Return the badge of an opinion's direction."""
    mark = STANCE_MARKS[stance]
    return Mark(mark.tone, mark.icon, gettext(mark.words))
