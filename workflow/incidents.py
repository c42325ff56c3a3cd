"""Incidents: what failed is kept as a row, with the person's text, and reported to the steward."""

import logging
from collections.abc import Mapping
from typing import Any

from models import Case, Draft, EventKind, Incident, User, WorkItem, db, now
from workflow import rows
from workflow.journal import record
from workflow.sharing import keeper

log = logging.getLogger("kaimen.incidents")
# Under this an attempt names the moment at which the person's text was kept; a later one is another text.
KEPT = "kept"


def open_for(
    case_id: int | None,
    attempt: Mapping[str, Any],
    error: BaseException,
    raw: Mapping[str, Any] | None,
    actor: User | None,
) -> None:
    """Keep a failure as a row of its own transaction, after the case's has been rolled back.

    The person's text is kept as their draft, not in the incident: the steward must not read it.

    :param case_id: the case as it stands in the database; nothing where it was being opened and is gone
    """
    log.error("%s failed on case %s", attempt.get("verb"), case_id, exc_info=error)
    attempt = dict(attempt)
    case = db.session.get(Case, case_id) if case_id is not None else None
    if case is not None:
        # Whoever moves the case at this moment comes before or after; a failure must not fail to be told.
        rows.lock(case)
    if raw is not None and actor is not None and attempt.get("item"):
        form = {name: value for name, value in raw.items() if isinstance(value, str | int | bool | list)}
        item = db.session.get(WorkItem, attempt["item"])
        owner = keeper(item, actor) if item else actor.id
        draft = Draft(work_item_id=attempt["item"], user_id=owner, form=form, saved_by_id=actor.id, saved_at=now())
        db.session.merge(draft)
        attempt[KEPT] = draft.saved_at.isoformat()
    step = str(attempt.get("step") or attempt.get("name") or attempt.get("clock") or attempt["verb"])
    said = f"{type(error).__name__}: {error}"[:500]
    # What fails again is the same incident, with what it says now.
    incident = still_open(case_id, attempt) or Incident()
    incident.step, incident.error, incident.attempt = step, said, attempt
    if case is not None:
        incident.case_id, incident.case_version = case.id, case.version
        record(case, EventKind.INCIDENT, step, data={"verb": attempt["verb"]})
    db.session.add(incident)
    db.session.commit()


def still_open(case_id: int | None, attempt: Mapping[str, Any]) -> Incident | None:
    """Return the incident of the same attempt that nobody has dealt with yet."""
    query = db.select(Incident).where(Incident.case_id == case_id, Incident.resolved_at.is_(None))
    return next((each for each in db.session.scalars(query) if same(each.attempt, attempt)), None)


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether two attempts were at the same thing, whenever it was."""
    return {**one, KEPT: None} == {**other, KEPT: None}
