"""Who may read which case, and in what role they act on it: one rule for a case and for lists."""

from collections.abc import Callable, Iterable

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import aliased

from models import (
    BODY_ROLES,
    CITY_ROLES,
    Case,
    CaseStatus,
    Companion,
    Consultation,
    Interest,
    Role,
    Seat,
    User,
    WorkItem,
    WorkState,
    db,
)
from workflow.errors import NotFound

# These roles serve the whole city and read every case that has been handed in (domain.md, section 4).
READ_ALL = frozenset({Role.DESK, Role.AUTHORITY, Role.AUDITOR})
# In these states an application has come to the delivery of its data, which the operators of the hub serve.
DELIVERED = frozenset({"provisioning", "in_force", "suspended", "expired", "terminated", "replaced"})
# What binds the requester's side is answered by the requester, and by those whom the requester has named for it.
BINDING = frozenset({"sign_agreement"})
# These read every consultation, and what its members declare of themselves; others read that in the minutes.
READ_COMMITTEE = frozenset({Role.SECRETARY, Role.AUTHORITY, Role.AUDITOR})
# Whoever has one of these roles on a case reads what only a few may (domain.md, section 2.3).
READ_RESTRICTED = frozenset({Role.REQUESTER, Role.REVIEWER, Role.DECIDER, Role.SECURITY})


def readable(user: User | None) -> ColumnElement[bool]:
    """Return the condition under which a person may read a case; nobody's draft is read by others."""
    if user is None:
        return false()
    handed_in = Case.status != CaseStatus.DRAFT
    ways: list[ColumnElement[bool]] = [Case.requester_id == user.id, Case.id.in_(shared_with(user))]
    if user.roles & READ_ALL:
        ways.append(handed_in)
    elif bodies := user.bodies(*BODY_ROLES):
        ways.append(and_(handed_in, Case.body_id.in_(sorted(bodies))))
    if Role.SECRETARY in user.roles:
        ways.append(and_(handed_in, Case.id.in_(select(Consultation.case_id))))
    if Role.EXPERT in user.roles:
        ways.append(and_(handed_in, Case.id.in_(opened_to(user))))
    if Role.OPERATOR in user.roles:
        ways.append(and_(Case.kind == "application", Case.state.in_(sorted(DELIVERED))))
    return or_(*ways)


def seated(user: User) -> Select[int]:
    """Return the select of the cases on which a person sits for the committee; whoever is recused sits no longer.

    It is the last consultation on a case that counts: for each, a member declares anew.
    """
    other = aliased(Consultation)
    last = select(func.max(other.id)).where(other.case_id == Consultation.case_id).scalar_subquery()
    sits = Seat.user_id == user.id, Seat.left_at.is_(None), Consultation.id == last
    return select(Consultation.case_id).join(Seat).where(*sits)


def opened_to(user: User) -> Select[int]:
    """Return the select of the cases whose file is open to a member: those to which nothing ties them, as declared."""
    return seated(user).where(Seat.interest == Interest.NONE)


def sits_on(user: User, case: Case, query: Callable[[User], Select[int]]) -> bool:
    """Say whether a case is among those of a select about the committee."""
    if Role.EXPERT not in user.roles:
        return False
    return db.session.scalar(query(user).where(Consultation.case_id == case.id).limit(1)) is not None


def shared_with(user: User) -> Select[int]:
    """Return the select of the cases on which a person works together with the requester."""
    return select(Companion.case_id).where(Companion.user_id == user.id, Companion.left_at.is_(None))


def is_companion(user: User, case: Case) -> bool:
    """Say whether the requester of a case works on it together with a person; only applications are shared."""
    if case.kind != "application":
        return False
    return db.session.scalar(shared_with(user).where(Companion.case_id == case.id).limit(1)) is not None


def signs_for(user: User) -> Select[int]:
    """Return the select of the cases on which a person may sign for the requester."""
    return shared_with(user).where(Companion.signs)


def side(case: Case, step: str | None = None) -> Select[User]:
    """Return the select of the people on the requester's side of a case, or of those of them who may answer a step."""
    named = (Companion.case_id == case.id, Companion.left_at.is_(None))
    others = select(Companion.user_id).where(*named, *([Companion.signs] if step in BINDING else []))
    if case.kind != "application":
        return select(User).where(User.id == case.requester_id)
    return select(User).where(or_(User.id == case.requester_id, User.id.in_(others)))


def may_take(user: User, case: Case, item: WorkItem) -> bool:
    """Say whether a person may take a step that waits: it is for their role, and nobody else has it in hand.

    What the requester is asked waits for everybody on the requester's side.
    """
    if item.role not in roles_on(user, case):
        return False
    if item.role is not Role.REQUESTER:
        return item.holder_id in (None, user.id)
    if case.requester_id == user.id or item.step not in BINDING:
        return True
    return db.session.scalar(signs_for(user).where(Companion.case_id == case.id).limit(1)) is not None


def visible_to(user: User | None) -> Select[Case]:
    """Return the select of every case that a person may read."""
    return select(Case).where(readable(user))


def find(reference: str, user: User | None) -> Case:
    """Return the case with a reference.

    Raises NotFound when there is none or the person may not read it; the two cannot be told apart.
    """
    case = db.session.scalar(visible_to(user).where(Case.reference == reference))
    if case is None:
        raise NotFound(reference)
    return case


def reach(reference: str, user: User | None) -> Case:
    """Return the case with a reference on which a person acts, though its file may not be open to them yet.

    A member of the committee declares their interests before they may read a case. Raises NotFound like `find`.
    """
    if user is None or Role.EXPERT not in user.roles:
        return find(reference, user)
    met = or_(readable(user), and_(Case.status != CaseStatus.DRAFT, Case.id.in_(seated(user))))
    case = db.session.scalar(select(Case).where(met, Case.reference == reference))
    if case is None:
        raise NotFound(reference)
    return case


def may_see(user: User, case: Case) -> bool:
    """Say whether a person may read a case; the same rule as `readable`, for a case at hand."""
    if case.requester_id == user.id or is_companion(user, case):
        return True
    if case.status is CaseStatus.DRAFT:
        return False
    if Role.OPERATOR in user.roles and case.kind == "application" and case.state in DELIVERED:
        return True
    if Role.SECRETARY in user.roles and case.consultations:
        return True
    if sits_on(user, case, opened_to):
        return True
    return bool(user.roles & READ_ALL) or case.body_id in user.bodies(*BODY_ROLES)


def may_be_told(user: User, case: Case) -> bool:
    """Say whether a person may get letters about a case: who may read it, or is to declare their interests first."""
    return may_see(user, case) or sits_on(user, case, seated)


def roles_on(user: User, case: Case) -> frozenset[Role]:
    """Return the roles in which a person acts on a case."""
    # Nobody is a requester or an expert of every case: the one opens it, the other is seated on it.
    roles = {role for role, body in user.offices if role in CITY_ROLES or (role in BODY_ROLES and body == case.body_id)}
    if case.requester_id == user.id or is_companion(user, case):
        roles.add(Role.REQUESTER)
    # The role is held on those cases alone on which the person has been seated.
    roles.discard(Role.EXPERT)
    if sits_on(user, case, seated):
        roles.add(Role.EXPERT)
    return frozenset(roles)


def waiting_for(user: User) -> ColumnElement[bool]:
    """Return the condition under which an open work item may be answered by a person."""
    ways: list[ColumnElement[bool]] = [WorkItem.holder_id == user.id, asked_together(user)]
    for role, bodies in offices_by_role(user.offices):
        group = and_(WorkItem.role == role, WorkItem.holder_id.is_(None))
        ways.append(and_(group, WorkItem.organisation_id.in_(bodies)) if role in BODY_ROLES else group)
    return and_(WorkItem.state == WorkState.OPEN, WorkItem.offered.is_(False), or_(*ways))


def asked_together(user: User) -> ColumnElement[bool]:
    """Return the condition under which a work item waits for a person beside the requester who is asked."""
    free = or_(WorkItem.step.not_in(sorted(BINDING)), WorkItem.case_id.in_(signs_for(user)))
    return and_(WorkItem.role == Role.REQUESTER, WorkItem.case_id.in_(shared_with(user)), free)


def offices_by_role(offices: Iterable[tuple[Role, int]]) -> list[tuple[Role, list[int]]]:
    """Return each role with the organisations in which it is held, in a stable order."""
    roles: dict[Role, list[int]] = {}
    for role, organisation in sorted(offices):
        roles.setdefault(role, []).append(organisation)
    return list(roles.items())
