"""Consultations of the expert committee: what is asked, what was handed in, and what came of it (article 8)."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from models import (
    N_,
    Case,
    Consultation,
    Event,
    EventKind,
    Interest,
    Opinion,
    SealedOpinion,
    Seat,
    Stance,
    User,
    db,
    now,
)
from workflow import calendar, counting, enclosures, journal, numbers, sealing, seating
from workflow.counting import Count
from workflow.enclosures import Enclosure
from workflow.errors import NotOpen
from workflow.sealing import BrokenSeal, Opened

# The lines of the journal in which a sealed opinion leaves its commitment.
HANDED_IN = (EventKind.ANSWERED, EventKind.CHANGED)
# While a consultation is in one of these states, what has been handed in is sealed.
UNDER_SEAL = frozenset({"seating", "hearing", "closing", "short"})


def ask(case: Case, question: str, person: User | None) -> Consultation:
    """Put a question to the committee on a case; the secretary seats its members."""
    consultation = Consultation(
        reference=numbers.reference("LZ", calendar.today().year),
        question=question,
        asked_by_id=person.id if person else None,
        state="seating",
        round=1,
        documents=[],
        stand_ins=[],
        count={},
        opened_at=now(),
    )
    case.consultations.append(consultation)
    return consultation


def current(case: Case) -> Consultation:
    """Return the consultation that is under way on a case, or the last one.

    Raises LookupError where there has been none.
    """
    if not case.consultations:
        raise LookupError(f"{case.reference} has not been put to the committee")
    return case.consultations[-1]


def seat_of(case: Case, person: User) -> Seat:
    """Return the seat in which a person sits on a case.

    Raises NotOpen when they do not, or no longer.
    """
    for each in seating.sitting(current(case)):
        if each.user_id == person.id:
            return each
    raise NotOpen("seat")


def place(consultation: Consultation, seat: Seat) -> str:
    """Return what binds a sealed opinion to where it belongs."""
    return f"{consultation.reference}/{consultation.round}/{seat.number}/{seat.user_id}"


def place_of(case: Case, person: User) -> str:
    """Return what binds to its member what somebody who sits on a case seals."""
    return place(current(case), seat_of(case, person))


def hand_in(case: Case, answer: Mapping[str, Any], person: User) -> str:
    """Seal a member's opinion; return the commitment that the journal keeps."""
    consultation, mine = current(case), seat_of(case, person)
    sealed = sealing.seal(place(consultation, mine), answer)
    db.session.add(
        SealedOpinion(
            consultation_id=consultation.id,
            round=consultation.round,
            seat=mine.number,
            user_id=person.id,
            box=sealed.box,
            commitment=sealed.commitment,
            at=now(),
        )
    )
    mine.answered_at = now()
    return sealed.commitment


def take_back(case: Case, mine: Seat) -> dict[str, Any]:
    """Return the words of the journal by which what a member has handed in is taken back; none where they have not.

    The box stays where it is and is never opened: the commitment in the journal goes on to say that it was there.
    """
    if mine.answered_at is None:
        return {}
    consultation = current(case)
    return {
        "taken_back": commitments(consultation).get(mine.number, ""),
        "ballot_paper": f"{consultation.reference}/{consultation.round}",
    }


def all_in(case: Case) -> bool:
    """Say whether everybody who sits in an open ballot has handed in."""
    seated = seating.sitting(current(case))
    return current(case).state == "hearing" and bool(seated) and all(each.answered_at for each in seated)


def may_change(case: Case, person: User) -> bool:
    """Say whether a member has handed in an opinion that they may still change: the ballot is open."""
    if not case.consultations or current(case).state != "hearing":
        return False
    return any(each.user_id == person.id and each.answered_at for each in seating.sitting(current(case)))


def own_opinion(case: Case, person: User) -> Opened | None:
    """Return what a member has handed in and may still change; it is opened to its author and to nobody else.

    Raises NotOpen when they do not sit, and BrokenSeal when it is not what the journal tells of.
    """
    consultation, mine = current(case), seat_of(case, person)
    box, bound = last_boxes(consultation).get(mine.number), commitments(consultation).get(mine.number)
    if box is None and bound is None:
        return None
    if box is None or bound is None or box.user_id != person.id:
        raise BrokenSeal(f"the opinion of seat {mine.number} of {consultation.reference} is not where it was put")
    return sealing.unseal(place(consultation, mine), box.box, bound)


def papers_under_seal(case: Case) -> set[str]:
    """Return the marks of the ballots whose opinions may still be opened: who gives one when, nobody is to see."""
    return {f"{each.reference}/{each.round}" for each in case.consultations if each.state in UNDER_SEAL}


def open_ballot(consultation: Consultation) -> Count:
    """Open every sealed opinion, and count.

    Raises BrokenSeal when anything has been changed, exchanged, added or taken away; nothing is then opened.
    """
    boxes, taken = check_seals(consultation), {each.number: each for each in seating.sitting(consultation)}
    enclosed: list[Enclosure] = []
    for number, box in sorted(boxes.items()):
        where = place(consultation, taken[number])
        opened = sealing.unseal(where, box.box, box.commitment)
        enclosed += enclosures.taken_out(consultation.case, opened.answer, box.user_id, where)
        consultation.opinions.append(
            Opinion(
                seat=number,
                user_id=box.user_id,
                stance=Stance(opened.answer["stance"]),
                answer=opened.answer,
                commitment=box.commitment,
                salt=opened.salt,
                given_at=box.at,
            )
        )
    # Nothing is laid open before every seal has been found whole.
    enclosures.lay_open(enclosed)
    return counting.count(len(seating.sitting(consultation)), [each.stance for each in consultation.opinions])


def check_seals(consultation: Consultation) -> dict[int, SealedOpinion]:
    """Return the boxes that lie there, after comparing them with the seats and with the journal.

    Raises BrokenSeal when one of the three tells of an opinion of which another does not, or the journal is not whole.
    """
    bound, boxes = commitments(consultation), last_boxes(consultation)
    answered = {each.number for each in seating.sitting(consultation) if each.answered_at}
    # Whoever has handed in stays, or has taken it back by a line of the journal.
    told = {line.actor_id for line in handed_in(consultation)}
    there = {each.user_id for each in seating.sitting(consultation) if each.answered_at}
    kept = {number: box.commitment for number, box in boxes.items()}
    if journal.verify(consultation.case) or set(kept) != answered or kept != bound or told != there:
        raise BrokenSeal(f"the sealed opinions of {consultation.reference} are not those that the journal tells of")
    return boxes


def last_boxes(consultation: Consultation) -> dict[int, SealedOpinion]:
    """Return the last box of each seat whose member still sits there."""
    asked = SealedOpinion.consultation_id == consultation.id, SealedOpinion.round == consultation.round
    rows = db.session.scalars(db.select(SealedOpinion).where(*asked).order_by(SealedOpinion.id))
    people = {each.number: each.user_id for each in seating.sitting(consultation)}
    return {row.seat: row for row in rows if people.get(row.seat) == row.user_id}


def commitments(consultation: Consultation) -> dict[int, str]:
    """Return the last commitment that the journal holds of each member who still sits, by seat."""
    seats = {each.user_id: each.number for each in seating.sitting(consultation)}
    return {
        seats[line.actor_id]: line.data["outcome"]["commitment"]
        for line in handed_in(consultation)
        if line.actor_id in seats
    }


def handed_in(consultation: Consultation) -> list[Event]:
    """Return the lines of the journal that tell of an opinion on this ballot, from the first.

    What its member has taken back is not among them.
    """
    steps = ("give_opinion", "recuse")
    said = Event.case_id == consultation.case_id, Event.step.in_(steps), Event.kind.in_(HANDED_IN)
    lines = db.session.scalars(db.select(Event).where(*said).order_by(Event.number))
    mark = f"{consultation.reference}/{consultation.round}"
    ours = [line for line in lines if line.data["outcome"].get("ballot_paper") == mark]
    gone = {line.actor_id for line in ours if line.step == "recuse"}
    return [line for line in ours if line.step == "give_opinion" and line.actor_id not in gone]


def quorum_reached(consultation: Consultation) -> bool:
    """Say whether enough of those who sit have handed in an opinion; which, nobody knows yet."""
    seated = seating.sitting(consultation)
    return sum(1 for each in seated if each.answered_at) >= counting.quorum(len(seated))


def again(consultation: Consultation) -> dict[str, list[str]]:
    """Open the ballot once more; return the seats, and which of them have declared or handed in before.

    What was handed in stays sealed and is counted at the next close.
    """
    consultation.state = "hearing"
    seated = seating.sitting(consultation)
    return {
        "seats": [str(each.number) for each in seated],
        "answered": [str(each.number) for each in seated if each.answered_at],
        "declared": [str(each.number) for each in seated if each.interest is Interest.NONE],
    }


def state_after(case: Case) -> str:
    """Return the state to which a case goes back with the advice: that of the review which had asked for it."""
    return "reviewing" if case.application is not None else "assessing"


def dissents(consultation: Consultation, opinion: Opinion) -> bool:
    """Say whether an opinion departs from what was advised; an abstention does not."""
    sides = {
        "support": {Stance.SUPPORT, Stance.CONDITIONS},
        "conditions": {Stance.SUPPORT, Stance.CONDITIONS},
        "oppose": {Stance.OPPOSE},
    }
    agreeing = sides.get(consultation.advice)
    return agreeing is not None and opinion.stance is not Stance.ABSTAIN and opinion.stance not in agreeing


def check_departure(case: Case, opens: bool, field: str, reason: str) -> None:
    """Note whether a decision keeps to the committee's advice; one that departs must say why.

    :param opens: whether the decision opens the data or grants the application
    :param field: the field of the answer that holds the reason

    Raises ValidationError where it departs without a reason.
    """
    advised = [each for each in case.consultations if each.state == "concluded"]
    if not advised:
        return
    consultation = advised[-1]
    departs = consultation.advice in ("support", "conditions") if not opens else consultation.advice == "oppose"
    if departs and len(reason) < 20:
        raise ValidationError({field: [N_("与专家论证结论不一致，须写明理由，至少 20 个字。")]})
    consultation.followed = None if consultation.advice == "divided" else not departs
    consultation.departure = reason if departs else ""


def file_open(consultation: Consultation, person: User) -> bool:
    """Say whether a member may read the file: they sit, and have declared that nothing ties them to it."""
    return any(
        each.user_id == person.id and each.declared_at and each.interest is Interest.NONE
        for each in seating.sitting(consultation)
    )


def note_opening(case: Case, person: User) -> bool:
    """Note when a member first opened the file, in a transaction of its own; say whether that was now."""
    fresh = [each.id for each in seating.sitting(current(case)) if each.user_id == person.id and not each.opened_at]
    if not fresh:
        return False
    db.session.rollback()
    db.session.execute(db.update(Seat).where(Seat.id.in_(fresh), Seat.opened_at.is_(None)).values(opened_at=now()))
    db.session.commit()
    return True


def advice_followed() -> dict[str, int]:
    """Return how many conclusions there are, how many decisions kept to them, and how many departed from them.

    What was divided advises nothing, and what has not been decided yet is told apart.
    """
    concluded = Consultation.state == "concluded"
    divided = Consultation.advice == "divided"
    kinds = {
        "concluded": concluded,
        "followed": concluded & Consultation.followed.is_(True),
        "departed": concluded & Consultation.followed.is_(False),
        "divided": concluded & divided,
        "undecided": concluded & Consultation.followed.is_(None) & ~divided,
        "no_quorum": Consultation.state == "no_quorum",
    }
    counted = [db.func.count().filter(condition).label(name) for name, condition in kinds.items()]
    row = db.session.execute(db.select(*counted).select_from(Consultation)).one()
    return {name: int(row._mapping[name]) for name in kinds}
