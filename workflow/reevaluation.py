"""Entries of the open list whose yearly evaluation is due, although no case has them in hand (article 13)."""

import datetime as dt
import logging

from sqlalchemy import exists

from models import Case, Dataset, DatasetState, Listing, Membership, Role, User, db
from workflow import casework
from workflow.catalogue import entry
from workflow.errors import Failed, NotOpen

log = logging.getLogger("kaimen.reevaluation")
# So many entries are taken in hand at a time; an imported list may fall due on one day as a whole.
BATCH = 50


def take_in_hand(day: dt.date) -> int:
    """Open a case for each entry whose evaluation is due and that no case has; return how many were opened.

    The case belongs to the body that answers for the data; it is opened in the name of the clerk who has been
    there the longest. Entries of bodies without a clerk wait until there is one.
    """
    held = exists().where(Listing.dataset_id == Dataset.id, Case.id == Listing.case_id, Case.kind == "listing")
    served = exists().where(Membership.organisation_id == Dataset.provider_id, Membership.role == Role.CLERK)
    listed = Dataset.state == DatasetState.PUBLISHED
    due = db.select(Dataset.id).where(listed, Dataset.reevaluate_on <= day, ~held, served).order_by(Dataset.id)
    keys = list(db.session.scalars(due.limit(BATCH)))
    db.session.rollback()
    return sum(opened(key) for key in keys)


def opened(key: int) -> bool:
    """Open the case of an entry; say whether there was a clerk to open it for."""
    dataset = db.session.get_one(Dataset, key)
    clerk = clerk_of(dataset.provider_id)
    if clerk is None:
        return False
    try:
        casework.start("listing", clerk, outcome={"adopted": True}, prepare=lambda case: entry.adopt(case, dataset))
    except (NotOpen, Failed):
        log.warning("entry %s could not be taken in hand", key)
        return False
    return True


def clerk_of(body: int) -> User | None:
    """Return the clerk of a body who has been there the longest."""
    query = db.select(Membership).where(Membership.organisation_id == body, Membership.role == Role.CLERK)
    memberships: list[Membership] = list(db.session.scalars(query.order_by(Membership.id)))
    serving = (each.user for each in memberships if Role.CLERK in each.user.roles and each.user.is_active)
    return next(serving, None)
