"""Whom a letter reaches: the people an audience stands for today, and of them only those who may read the case."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import func, or_, select

from models import BODY_ROLES, Case, Consultation, Membership, Role, Seat, Support, User, WorkItem, WorkState
from workflow import access, calendar
from workflow.outbox import Sessions

# These letters reach an account whose address has not been confirmed; they say nothing of any case.
TO_ANY_ADDRESS = frozenset({"confirm_address", "reset_password", "address_known"})


Audiences = Mapping[str, Any] | Iterable[Mapping[str, Any]]


def persons(session: Sessions, audiences: Audiences, template: str, case: Case | None) -> list[User]:
    """Return the people a letter is written to, each once, in the order of their accounts.

    :param audiences: each names a `user`, a `role` with its `organisation`, the `steps` of a `case`, the `supporters`
        of one, those who sit on one for the `committee`, or the requester's `side` of one, narrowed to those of it who
        may answer a `step`
    :param case: the case the letter is about; whoever may not read it is left out
    """
    several = [audiences] if isinstance(audiences, Mapping) else audiences
    reached = {person.id: person for audience in several for person in _meant(session, audience, case)}
    return [person for _, person in sorted(reached.items()) if _writable(person, template)]


def _meant(session: Sessions, audience: Mapping[str, Any], case: Case | None) -> Iterator[User]:
    if "supporters" in audience:
        yield from _supporters(session, audience["supporters"])
        return
    if "committee" in audience:
        found = _sitting(session, audience["committee"])
    elif "side" in audience:
        found = _side(session, audience["side"], audience.get("step"))
    elif "steps" in audience:
        found = [person for item in _asked(session, audience) for person in _holders(session, item)]
    elif "user" in audience:
        found = _one(session, audience["user"])
    else:
        found = _in_office(session, Role(audience["role"]), audience.get("organisation"))
    yield from (person for person in found if case is None or access.may_be_told(person, case))


def _asked(session: Sessions, audience: Mapping[str, Any]) -> list[WorkItem]:
    """Return the latest work item of each step: a limit that has run out may have closed it already.

    Where a step waits for several members at once there is one for each, and who has answered is asked no more.
    """
    of_the_steps = (WorkItem.case_id == audience["case"], WorkItem.step.in_(audience["steps"]))
    query = select(WorkItem).where(*of_the_steps, WorkItem.offered.is_(False)).order_by(WorkItem.opened_at)
    if "member" in audience:
        query = query.where(WorkItem.member == audience["member"])
    latest = {(item.step, item.member): item for item in session.scalars(query)}
    return [item for item in latest.values() if item.member is None or item.state is not WorkState.DONE]


def _holders(session: Sessions, item: WorkItem) -> list[User]:
    """Return who has taken an item, and while nobody has, everybody who may."""
    if item.role is Role.REQUESTER:
        return _side(session, item.case_id, item.step)
    if item.holder_id is not None:
        return _one(session, item.holder_id)
    return _in_office(session, item.role, item.organisation_id)


def _one(session: Sessions, user_id: int) -> list[User]:
    person = session.get(User, user_id)
    return [person] if person else []


def _side(session: Sessions, case_id: int, step: str | None = None) -> list[User]:
    """Return the requester of a case and those who work on it with them; of a step, those of them who may answer it."""
    case = session.get(Case, case_id)
    return list(session.scalars(access.side(case, step))) if case else []


def _in_office(session: Sessions, role: Role, organisation: int | None) -> list[User]:
    """Return who holds a role today; a role of a body is held nowhere while the body is unknown."""
    if role in BODY_ROLES and organisation is None:
        return []
    today = calendar.today()
    query = (
        select(User)
        .join(Membership)
        .where(
            Membership.role == role,
            or_(Membership.since.is_(None), Membership.since <= today),
            or_(Membership.until.is_(None), Membership.until >= today),
        )
    )
    if organisation is not None:
        query = query.where(Membership.organisation_id == organisation)
    return list(session.scalars(query.distinct()))


def _sitting(session: Sessions, case_id: int) -> list[User]:
    """Return who sits in the last consultation of a case."""
    last = select(func.max(Consultation.id)).where(Consultation.case_id == case_id).scalar_subquery()
    query = select(User).join(Seat).where(Seat.consultation_id == last, Seat.left_at.is_(None))
    return list(session.scalars(query))


def _supporters(session: Sessions, case_id: int) -> list[User]:
    """Return who supports a demand, once it stands on the public page: what they are told is public there."""
    case = session.get(Case, case_id)
    if case is None or case.demand is None or case.demand.published_at is None:
        return []
    return list(session.scalars(select(User).join(Support).where(Support.case_id == case_id)))


def _writable(person: User, template: str) -> bool:
    return person.closed_at is None and (person.is_active or template in TO_ANY_ADDRESS)
