"""Entitlements: made from an agreement's terms, opened, paused, closed; nothing leaves without one that is open.

Each download reads the row anew, so that whatever is done here holds from the next moment on. What is done belongs to
the caller's transaction.
"""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from models import N_, Agreement, Case, Dataset, DatasetState, Entitlement, EntitlementState, Role, User, db
from workflow import access, calendar, numbers
from workflow.errors import NotFound

PREFIX = "QX"
# Who holds an entitlement back: its own case, or the data set itself.
CASE, DATASET = "case", "dataset"
# From these an entitlement does not come back.
CLOSED = frozenset({EntitlementState.REVOKED, EntitlementState.EXPIRED})
ENDED = N_("约定的期限已到")


def make(case: Case, agreement: Agreement) -> list[Entitlement]:
    """Make an entitlement for each data set of an agreement; a second call finds those of the first."""
    if earlier := of(case, agreement):
        return earlier
    terms, year = agreement.terms, calendar.today().year
    for part in terms["datasets"]:
        dataset = db.session.scalars(select(Dataset).where(Dataset.code == part["code"])).one()
        db.session.add(
            Entitlement(
                reference=numbers.reference(PREFIX, year),
                agreement_id=agreement.id,
                case_id=case.id,
                dataset_id=dataset.id,
                mode=terms.get("mode", "download"),
                items=list(part.get("items") or dataset.items),
                rows=list(part.get("rows") or []),
                quota={name: number for name, number in (part.get("quota") or {}).items() if number is not None},
                watermarked=bool(part.get("watermark")),
                starts_on=date.fromisoformat(terms["starts_on"]),
                ends_on=date.fromisoformat(terms["ends_on"]),
            )
        )
    db.session.flush()
    return of(case, agreement)


def of(case: Case, agreement: Agreement | None = None) -> list[Entitlement]:
    """Return the entitlements of a case, or of one of its agreements, in their order."""
    query = select(Entitlement).where(Entitlement.case_id == case.id)
    if agreement is not None:
        query = query.where(Entitlement.agreement_id == agreement.id)
    return list(db.session.scalars(query.order_by(Entitlement.id)))


def activate(case: Case) -> None:
    """Open the entitlements of a case that have been provisioned; those of suspended data stay shut."""
    for each in locked(Entitlement.case_id == case.id, Entitlement.state == EntitlementState.PROVISIONING):
        each.state = EntitlementState.ACTIVE
        if each.dataset.state is not DatasetState.PUBLISHED:
            each.holds = {**each.holds, DATASET: each.dataset.state_reason}
        settle(each)


def suspend(case: Case, reason: str) -> None:
    """Pause the entitlements of a case."""
    hold(CASE, reason, Entitlement.case_id == case.id)


def resume(case: Case) -> None:
    """Let the entitlements of a case go on, unless their data are suspended."""
    let_go(CASE, Entitlement.case_id == case.id)


def revoke(case: Case, reason: str) -> None:
    """Close the entitlements of a case for good."""
    for each in locked(Entitlement.case_id == case.id):
        if each.state not in CLOSED:
            each.state, each.state_reason = EntitlementState.REVOKED, reason


def revoke_under(agreement: Agreement, reason: str) -> None:
    """Close the entitlements under one agreement for good, such as one that another has replaced."""
    for each in locked(Entitlement.agreement_id == agreement.id):
        if each.state not in CLOSED:
            each.state, each.state_reason = EntitlementState.REVOKED, reason


def suspend_dataset(dataset: Dataset, reason: str) -> None:
    """Pause every entitlement on a data set."""
    hold(DATASET, reason, Entitlement.dataset_id == dataset.id)


def resume_dataset(dataset: Dataset) -> None:
    """Let every entitlement on a data set go on, unless its own case is suspended."""
    let_go(DATASET, Entitlement.dataset_id == dataset.id)


def expire(day: date) -> int:
    """Mark the entitlements that have ended before a day; return how many."""
    over = locked(Entitlement.ends_on < day, Entitlement.state.not_in(CLOSED))
    for each in over:
        each.state, each.state_reason = EntitlementState.EXPIRED, ENDED
    return len(over)


def hold(who: str, reason: str, *which: ColumnElement[bool]) -> None:
    """Pause some entitlements, and remember who holds them and why."""
    for each in locked(*which):
        each.holds = {**each.holds, who: reason}
        settle(each)


def let_go(who: str, *which: ColumnElement[bool]) -> None:
    """Take one hold off some entitlements; those that nobody else holds are open again."""
    for each in locked(*which):
        each.holds = {name: reason for name, reason in each.holds.items() if name != who}
        settle(each)


def settle(each: Entitlement) -> None:
    """Bring the state of an entitlement into line with whoever holds it; one that is closed stays closed."""
    if each.state in CLOSED or each.state is EntitlementState.PROVISIONING:
        return
    if each.holds:
        each.state, each.state_reason = EntitlementState.SUSPENDED, next(iter(each.holds.values()))
    elif each.state is EntitlementState.SUSPENDED:
        each.state, each.state_reason = EntitlementState.ACTIVE, ""


def locked(*which: ColumnElement[bool]) -> list[Entitlement]:
    """Return some entitlements, locked and as they stand now, always in the same order."""
    # What this transaction has changed already must not be read over.
    db.session.flush()
    query = select(Entitlement).where(*which).order_by(Entitlement.id).with_for_update(of=Entitlement)
    return list(db.session.scalars(query, execution_options={"populate_existing": True}))


def readable(user: User | None) -> ColumnElement[bool]:
    """Return the condition under which a person may see an entitlement: with its case; operators see all."""
    if user is not None and Role.OPERATOR in user.roles:
        return Entitlement.id.is_not(None)
    return Entitlement.case_id.in_(select(Case.id).where(access.readable(user)))


def visible_to(user: User | None) -> Select[Any]:
    """Return the select of every entitlement that a person may see."""
    return select(Entitlement).where(readable(user))


def find(reference: str, user: User | None) -> Entitlement:
    """Return the entitlement with a reference.

    :raises NotFound: there is none, or it is not for this person
    """
    found: Entitlement | None = db.session.scalar(visible_to(user).where(Entitlement.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found
