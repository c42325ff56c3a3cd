"""Incidents: what failed is kept as a row, with the person's text, and reported to the steward."""

import logging
from collections.abc import Mapping
from typing import Any

from models import Case, Draft, EventKind, Incident, User, WorkItem, db, now
from workflow.journal import record
from workflow.sharing import keeper

log = logging.getLogger("kaimen.incidents")


def open_for(
    case_id: int, attempt: Mapping[str, Any], error: BaseException, raw: Mapping[str, Any] | None, actor: User | None
) -> None:
    """Keep a failure as a row of its own transaction, after the case's has been rolled back.

    The person's text is kept as their draft, not in the incident: the steward must not read it.
    """
    log.error("%s failed on case %s", attempt.get("verb"), case_id, exc_info=error)
    # A case that failed while it was being opened is gone with its transaction.
    case = db.session.get(Case, case_id)
    if raw is not None and actor is not None and attempt.get("item"):
        form = {name: value for name, value in raw.items() if isinstance(value, str | int | bool | list)}
        item = db.session.get(WorkItem, attempt["item"])
        owner = keeper(item, actor) if item else actor.id
        draft = Draft(work_item_id=attempt["item"], user_id=owner, form=form, saved_by_id=actor.id, saved_at=now())
        db.session.merge(draft)
    step = str(attempt.get("step") or attempt.get("name") or attempt.get("clock") or attempt["verb"])
    said = f"{type(error).__name__}: {error}"[:500]
    # What fails again is the same incident, with what it says now.
    incident = still_open(case_id, attempt) or Incident(attempt=dict(attempt))
    incident.step, incident.error = step, said
    if case is not None:
        incident.case_id, incident.case_version = case.id, case.version
        record(case, EventKind.INCIDENT, step, data={"verb": attempt["verb"]})
    db.session.add(incident)
    db.session.commit()


def still_open(case_id: int, attempt: Mapping[str, Any]) -> Incident | None:
    """Return the incident of the same attempt that nobody has dealt with yet."""
    query = db.select(Incident).where(Incident.case_id == case_id, Incident.resolved_at.is_(None))
    return next((each for each in db.session.scalars(query) if each.attempt == dict(attempt)), None)
