"""Seating the expert committee: who may sit on a case, who is proposed and why, who sits, who takes over (art. 8)."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from marshmallow import ValidationError

from models import N_, Case, Consultation, Event, EventKind, Expert, Role, Seat, User, db, now
from workflow import calendar
from workflow.counting import LEAST_SEATED


def members(day: dt.date) -> list[Expert]:
    """Return the members of the committee in office on a day, in the order of their names."""
    found = db.session.scalars(db.select(Expert).join(User).order_by(User.name, User.id))
    return [each for each in found if in_office(each, day)]


def in_office(expert: Expert, day: dt.date) -> bool:
    """Say whether a member is in office on a day: their term has begun and not ended, and they hold the role."""
    within = (expert.since is None or expert.since <= day) and (expert.until is None or day <= expert.until)
    return within and Role.EXPERT in expert.user.roles and expert.user.is_active


def away(expert: Expert, day: dt.date) -> bool:
    """Say whether a member has said that they are not available on a day."""
    return any(first <= day.isoformat() <= last for first, last in expert.away)


def parties(case: Case) -> list[str]:
    """Return the names of all whom a case concerns: applicant, bodies, employers, and the people who would use data."""
    names = [case.body.name if case.body else ""]
    if case.application is not None:
        form = case.application.form
        names += [case.application.applicant, form.get("responsible", ""), form.get("security_officer", "")]
        names += [word for person in form.get("people", []) for word in (person.get("name"), person.get("employer"))]
        names += [request.dataset.provider.name for request in case.application.requests]
    return sorted({name for name in names if name})


def bars(expert: Expert, case: Case) -> list[str]:
    """Return why a member may not sit on a case at all: a tie that the register knows, or a part they have in it."""
    concerned = parties(case)
    tied = [name for name in [*expert.conflicts, expert.employer] if name and name in concerned]
    found = [f"{N_('登记的利益关系')}：{name}" for name in tied]
    if expert.user_id == case.requester_id or expert.user.name in concerned:
        found.append(N_("是本案的当事人"))
    if has_answered(case, expert.user_id):
        found.append(N_("办理过本案"))
    return found


def has_answered(case: Case, user_id: int) -> bool:
    """Say whether a person has taken a step on a case other than as a member of the committee."""
    own = ("declare_interest", "give_opinion", "recuse", "conclude_consultation")
    said = db.select(Event.id).where(
        Event.case_id == case.id,
        Event.kind == EventKind.ANSWERED,
        Event.actor_id == user_id,
        Event.step.not_in(own),
    )
    return db.session.scalar(said.limit(1)) is not None


def seat(consultation: Consultation, chosen: list[Expert], chair: int, stand_ins: Iterable[int], person: User) -> None:
    """Seat the members of a consultation; whoever sat before, in an earlier attempt, sits no longer.

    Raises ValidationError where the rules do not allow it: too few, an even number, a chair who does not sit, a
    member out of office or tied to the case.
    """
    case, day = consultation.case, calendar.today()
    keys, waiting = [each.user_id for each in chosen], list(stand_ins)
    if len(keys) < LEAST_SEATED or len(keys) % 2 == 0 or len(set(keys)) < len(keys):
        raise ValidationError({"experts": [N_("委员至少五名，人数为单数，每人一席。")]})
    if chair not in keys:
        raise ValidationError({"chair": [N_("主任委员须是入席的委员。")]})
    if set(keys) & set(waiting) or len(set(waiting)) < len(waiting):
        raise ValidationError({"stand_ins": [N_("候补委员不能已经入席，也不能重复。")]})
    known = {each.user_id: each for each in members(day)}
    for field, asked in (("experts", keys), ("stand_ins", waiting)):
        wrong = [key for key in asked if key not in known or bars(known[key], case)]
        if wrong:
            names = "、".join(db.session.get_one(Expert, key).user.name for key in wrong)
            raise ValidationError({field: [[N_("这些人不能参加：%(names)s。"), {"names": names}]]})
    for earlier in consultation.seats:
        leave(earlier, "reseated")
    for number, key in enumerate(keys, 1):
        consultation.seats.append(Seat(number=number, user_id=key, chair=key == chair, stand_in=False))
    consultation.stand_ins, consultation.seated_by_id, consultation.state = waiting, person.id, "hearing"


def sitting(consultation: Consultation) -> list[Seat]:
    """Return the seats as they are taken now, in their order; an empty seat is not among them."""
    return sorted((each for each in consultation.seats if each.left_at is None), key=lambda each: each.number)


def taken(consultation: Consultation, number: int) -> Seat | None:
    """Return who sits in a seat now; None where it is empty."""
    return next((each for each in sitting(consultation) if each.number == number), None)


def leave(seat: Seat, because: str) -> None:
    """Let a person leave their seat: from now on they have neither the file nor a vote."""
    if seat.left_at is None:
        seat.left_at, seat.left_because = now(), because


def fill(consultation: Consultation) -> bool:
    """Seat the next stand-in where a seat has become empty; say whether there was one who may."""
    taken = {each.number for each in sitting(consultation)}
    empty = [each for each in consultation.seats if each.number not in taken and each.left_because != "reseated"]
    if not empty:
        return False
    vacated = max(empty, key=lambda each: each.left_at or now())
    number, chaired = vacated.number, vacated.chair
    known = {each.user_id: each for each in members(calendar.today())}
    waiting = list(consultation.stand_ins)
    while waiting:
        key = waiting.pop(0)
        if key in known and not bars(known[key], consultation.case):
            consultation.seats.append(Seat(number=number, user_id=key, chair=chaired, stand_in=True))
            consultation.stand_ins = waiting
            return True
    consultation.stand_ins = waiting
    if chaired and (rest := sitting(consultation)):
        # Somebody must conclude: the member in the lowest seat takes the chair.
        rest[0].chair = True
    return False


@dataclass(frozen=True)
class Candidate:
    """A member as the secretary sees them when seating: how well they fit, and why; or why they may not sit."""

    expert: Expert
    fits: tuple[str, ...]
    load: int
    away: bool
    bars: tuple[str, ...]

    @property
    def rank(self) -> tuple[bool, bool, int, int, str]:
        """Return the order in which members are proposed: those who may, are there, fit best, and have least to do."""
        return bool(self.bars), self.away, -len(self.fits), self.load, self.expert.user.name


def candidates(case: Case) -> list[Candidate]:
    """Return every member in office in the order in which they are proposed for a case, each with the reasons."""
    day, words = calendar.today(), topics(case)
    busy = loads()
    found = [
        Candidate(
            expert=each,
            fits=tuple(field for field in each.fields if field in words),
            load=busy.get(each.user_id, 0),
            away=away(each, day),
            bars=tuple(bars(each, case)),
        )
        for each in members(day)
    ]
    return sorted(found, key=lambda each: each.rank)


def topics(case: Case) -> set[str]:
    """Return the fields of knowledge that a case touches: the domains of its data, and what its question is about."""
    found = {"数据安全"}
    if case.application is not None:
        found |= {request.dataset.domain for request in case.application.requests}
        form = case.application.form
        found |= {"个人信息保护"} if form.get("personal") or form.get("sensitive") else set()
    if case.listing is not None:
        found.add(str(case.listing.fields.get("domain", "")))
    if case.classification is not None and case.classification.evidence.get("personal_information"):
        found.add("个人信息保护")
    return found - {""}


def loads() -> dict[int, int]:
    """Return in how many open ballots each member sits and has not answered."""
    waiting = (Consultation.state == "hearing", Seat.left_at.is_(None), Seat.answered_at.is_(None))
    query = db.select(Seat.user_id, db.func.count()).join(Consultation).where(*waiting).group_by(Seat.user_id)
    return {int(key): int(number) for key, number in db.session.execute(query)}
