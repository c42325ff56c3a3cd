"""Entries of the open list whose yearly evaluation is due, although no case has them in hand (article 13)."""

import datetime as dt
import logging

from sqlalchemy import ColumnElement, exists, or_

from models import Case, Dataset, DatasetState, Incident, Listing, Membership, Role, User, db
from workflow import casework
from workflow.catalogue import entry
from workflow.errors import Failed, NotOpen

log = logging.getLogger("kaimen.reevaluation")
# So many entries are taken in hand at a time; an imported list may fall due on one day as a whole.
BATCH = 50
# Under this and its own key an entry is opened once, and named in the incident where that fails.
PREFIX = "reevaluation:"


def take_in_hand(day: dt.date) -> int:
    """Open a case for each entry whose evaluation is due and that no case has; return how many were opened.

    The case belongs to the body that answers for the data; it is opened in the name of the clerk who has been
    there the longest. Entries of bodies without a clerk wait until there is one. A failure ends the round, so that
    one that meets every entry does not open as many incidents; the entry then waits for its incident.
    """
    held = exists().where(Listing.dataset_id == Dataset.id, Case.id == Listing.case_id, Case.kind == "listing")
    served = exists().where(Membership.organisation_id == Dataset.provider_id, *serving(day))
    served = served.where(User.id == Membership.user_id)
    listed = Dataset.state == DatasetState.PUBLISHED
    due = db.select(Dataset.id).where(listed, Dataset.reevaluate_on <= day, ~held, served).order_by(Dataset.id)
    failed = waiting()
    found = db.session.scalars(due.limit(BATCH + len(failed))).all()
    keys = [key for key in found if PREFIX + str(key) not in failed][:BATCH]
    db.session.rollback()
    count = 0
    try:
        for key in keys:
            count += opened(key, day)
    except Failed:
        log.warning("an entry could not be taken in hand after %s others", count)
    return count


def opened(key: int, day: dt.date) -> bool:
    """Open the case of an entry; say whether it still had to be opened.

    :raises Failed: something of ours failed, and there is an incident of it
    """
    dataset = db.session.get_one(Dataset, key)
    clerk = clerk_of(dataset.provider_id, day)
    if clerk is None:
        return False

    def adopt(case: Case) -> None:
        entry.adopt(case, dataset)

    try:
        casework.start("listing", clerk, outcome={"adopted": True}, prepare=adopt, key=PREFIX + str(key))
    except NotOpen:
        log.info("entry %s was taken in hand by somebody else", key)
        return False
    return True


def waiting() -> frozenset[str]:
    """Return the names of the entries whose opening failed, and whose incident nobody has dealt with yet."""
    query = db.select(Incident.attempt).where(Incident.case_id.is_(None), Incident.resolved_at.is_(None))
    return frozenset(str(attempt.get("key")) for attempt in db.session.scalars(query))


def serving(day: dt.date) -> list[ColumnElement[bool]]:
    """Return the conditions under which somebody serves as a clerk on a day: in office, and with an open account."""
    return [
        Membership.role == Role.CLERK,
        or_(Membership.since.is_(None), Membership.since <= day),
        or_(Membership.until.is_(None), Membership.until >= day),
        User.confirmed_at.is_not(None),
        User.closed_at.is_(None),
    ]


def clerk_of(body: int, day: dt.date) -> User | None:
    """Return who has served the longest of the clerks of a body."""
    query = db.select(User).join(Membership).where(Membership.organisation_id == body, *serving(day))
    clerk: User | None = db.session.scalar(query.order_by(Membership.id).limit(1))
    return clerk
