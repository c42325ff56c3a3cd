"""Hearings: what may be seen of a consultation, by whom and when.

While the ballot is sealed there is nothing to be seen but who has declared and who has handed in. Afterwards everybody
who may read the consultation reads the count, each opinion under the number of its seat, and whether its seal holds.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, false, or_, select, true

from models import (
    BODY_ROLES,
    N_,
    Case,
    Clock,
    Consultation,
    Document,
    Interest,
    Opinion,
    Remark,
    Role,
    Seat,
    User,
    db,
    now,
)
from workflow import casework, clock, consultations, counting, documents, minutes, sealing, seating
from workflow.access import READ_COMMITTEE
from workflow.consultations import UNDER_SEAL
from workflow.counting import Measure
from workflow.errors import NotFound, NotOpen, NotYours

STATES = {
    "seating": N_("待组会"),
    "hearing": N_("密封中"),
    "closing": N_("启封中"),
    "short": N_("未达法定人数"),
    "closed": N_("待形成结论"),
    "concluded": N_("已有结论"),
    "no_quorum": N_("未形成意见"),
}
RESULTS = {
    "support": N_("多数赞成"),
    "conditions": N_("多数附条件赞成"),
    "oppose": N_("多数反对"),
    "divided": N_("没有形成多数"),
    "no_quorum": N_("没有达到法定人数"),
}
LEFT = {"recused": N_("已回避"), "replaced": N_("已更换")}
# Nothing more happens to a consultation in one of these states.
OVER = frozenset({"concluded", "no_quorum"})


@dataclass(frozen=True)
class Place:
    """A seat as it may be seen: who sits there, whether they have declared and handed in; never what, and not when."""

    number: int
    user: User
    chair: bool
    stand_in: bool
    declared: bool
    unsure: bool
    handed_in: bool
    present: bool | None
    left: str
    # Whether they had handed in before they left; it is not counted.
    took_back: bool


@dataclass(frozen=True)
class Standing:
    """How many sit, have declared and have handed in, how many are needed, and how many have left."""

    entitled: int
    quorum: int
    declared: int
    handed_in: int
    left: int

    @property
    def reached(self) -> bool:
        """Say whether enough have handed in."""
        return self.handed_in >= self.quorum


@dataclass(frozen=True)
class Counted:
    """An opinion as it was counted, whether it departs from the advice, and whether its seal holds."""

    opinion: Opinion
    dissent: bool
    matches: bool
    # What the commitment binds the opinion to, so that it can be worked out anew.
    place: str


def readable(person: User) -> ColumnElement[bool]:
    """Return the condition under which a person may read a consultation."""
    if person.roles & READ_COMMITTEE:
        return true()
    ways: list[ColumnElement[bool]] = [false()]
    if bodies := person.bodies(*BODY_ROLES):
        ways.append(Consultation.case_id.in_(select(Case.id).where(Case.body_id.in_(sorted(bodies)))))
    if Role.EXPERT in person.roles:
        ways.append(Consultation.id.in_(seated(person).where(Seat.interest == Interest.NONE)))
    return or_(*ways)


def seated(person: User) -> Select[int]:
    """Return the select of the consultations in which a person sits; whoever is recused sits no longer."""
    return select(Seat.consultation_id).where(Seat.user_id == person.id, Seat.left_at.is_(None))


def find(reference: str, person: User) -> Consultation:
    """Return a consultation by its reference.

    Raises NotFound when there is none or the person may not read it; the two cannot be told apart.
    """
    query = select(Consultation).where(Consultation.reference == reference, readable(person))
    found = db.session.scalar(query)
    if found is None:
        raise NotFound(reference)
    return found


def may_read(consultation: Consultation, person: User) -> bool:
    """Say whether a person may read a consultation."""
    query = select(Consultation.id).where(Consultation.id == consultation.id, readable(person))
    return db.session.scalar(query) is not None


def papers(case: Case, person: User) -> list[Document]:
    """Return the documents of a case that a person may read: minutes are for those who may read the consultation."""
    own = select(Consultation.minutes_id).where(Consultation.case_id == case.id, readable(person))
    found = documents.of_case(case)
    if not any(each.kind == "minutes" for each in found):
        return found
    open_to = set(db.session.scalars(own))
    return [each for each in found if each.kind != "minutes" or each.id in open_to]


def listed(person: User) -> Select[Consultation]:
    """Return the select of the consultations that concern a person: they may read them or sit in them; newest first."""
    concerned = or_(readable(person), Consultation.id.in_(seated(person)))
    return select(Consultation).where(concerned).order_by(Consultation.id.desc())


def seat_in(consultation: Consultation, person: User) -> Seat | None:
    """Return the seat in which a person sits; none where they do not, or no longer."""
    return next((each for each in seating.sitting(consultation) if each.user_id == person.id), None)


def sealed(consultation: Consultation) -> bool:
    """Say whether what has been handed in is under seal."""
    return consultation.state in UNDER_SEAL


def places(consultation: Consultation) -> list[Place]:
    """Return the seats with everybody who sits or has sat in them; not those of an earlier attempt."""
    counted = {each.seat for each in consultation.opinions}
    return [
        Place(
            number=each.number,
            user=each.user,
            chair=each.chair and each.left_at is None,
            stand_in=each.stand_in,
            declared=each.declared_at is not None,
            unsure=each.interest is Interest.UNSURE,
            handed_in=each.left_at is None and (each.answered_at is not None or each.number in counted),
            present=each.present,
            left=each.left_because if each.left_at else "",
            took_back=each.left_at is not None and each.answered_at is not None,
        )
        for each in sorted(consultation.seats, key=lambda each: (each.number, each.id))
        if each.left_because != "reseated"
    ]


def standing(consultation: Consultation) -> Standing:
    """Return how a consultation stands: with each recusal the quorum is another."""
    seats = places(consultation)
    sitting = [each for each in seats if not each.left]
    return Standing(
        entitled=len(sitting),
        quorum=counting.quorum(len(sitting)) if sitting else 0,
        declared=sum(each.declared for each in sitting),
        handed_in=sum(each.handed_in for each in sitting),
        left=sum(bool(each.left) for each in seats),
    )


def closing_clock(consultation: Consultation) -> Clock | None:
    """Return the clock that closes the ballot, while it runs."""
    if consultation.state != "hearing":
        return None
    running = clock.running(consultation.case)
    return next((each for each in running if each.limit == "expert_opinion"), None)


def closes_at(consultation: Consultation) -> datetime | None:
    """Return when the ballot closes at the latest, while it is open."""
    running = closing_clock(consultation)
    return running.due_at if running else None


def opinions(consultation: Consultation) -> list[Counted]:
    """Return the opinions by seat, each compared anew with the commitment that the journal holds; none before."""
    if sealed(consultation):
        return []
    bound = consultations.commitments(consultation)
    return [
        Counted(
            opinion=each,
            dissent=consultations.dissents(consultation, each),
            matches=holds(consultation, each, bound.get(each.seat, "")),
            place=place(consultation, each),
        )
        for each in consultation.opinions
    ]


def place(consultation: Consultation, opinion: Opinion) -> str:
    """Return what an opinion's commitment binds it to."""
    return f"{consultation.reference}/{consultation.round}/{opinion.seat}/{opinion.user_id}"


def holds(consultation: Consultation, opinion: Opinion, bound: str) -> bool:
    """Say whether an opinion is the one that was sealed: whether it has the hash that the journal holds."""
    made = sealing.commitment(place(consultation, opinion), opinion.answer, opinion.salt)
    return made == opinion.commitment == bound


def measures(consultation: Consultation) -> list[Measure]:
    """Return the measures that were proposed, those with most support first; none before the close."""
    return [] if sealed(consultation) else counting.measures(minutes.proposed(consultation))


def may_speak(consultation: Consultation, person: User) -> bool:
    """Say whether a person may say something about the procedure: the secretary, and members who read the file."""
    return Role.SECRETARY in person.roles or consultations.file_open(consultation, person)


def remark(consultation: Consultation, person: User, text: str) -> Remark:
    """Keep what a member asks about the procedure, or what the secretary says to it.

    Raises NotYours for everybody else, NotOpen when the hearing is over.
    """
    case = consultation.case
    casework.lock(case)
    db.session.refresh(consultation)
    if not may_speak(consultation, person):
        raise NotYours("remark")
    if consultation.state != "hearing":
        raise NotOpen("remark")
    secretary = Role.SECRETARY in person.roles
    said = Remark(consultation_id=consultation.id, user_id=person.id, by_secretary=secretary, text=text, at=now())
    db.session.add(said)
    db.session.commit()
    return said
