"""What time brings: limits that are soon due or have run out, and incidents that are tried again."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import exists

from models import Case, Clock, ClockState, EventKind, Incident, Resolution, User, WorkItem, db, now
from workflow import casework, clock, drafts, entitlements, incidents, reevaluation
from workflow.calendar import local_day
from workflow.errors import Failed, NotOpen, Refused, Rewritten
from workflow.journal import record
from workflow.worklist import concerned, open_items

log = logging.getLogger("kaimen.sweep")
# A sweep takes so many clocks at a time, so that one run ends before the next begins.
BATCH = 500
# Says that a clock has run out, that this failed, and that nobody has dealt with the incident yet.
FAILED = exists().where(
    Incident.case_id == Clock.case_id, Incident.resolved_at.is_(None), Incident.attempt["clock"].as_string() == Clock.id
)


def sweep(moment: datetime | None = None) -> int:
    """Warn of limits that are soon due and let those run out that are over; return how many there were.

    May run twice, at once, on several machines: a clock is warned of and fires once. One bad case is
    reported and does not stop the others.
    """
    at = moment or now()
    try:
        reevaluation.take_in_hand(local_day(at))
    except Exception:  # Whatever is wrong with the open list must not stop the clocks.
        log.exception("the entries that are due could not be taken in hand")
        db.session.rollback()
    entitlements.expire(local_day(at))
    db.session.commit()
    warned = each(at, warn, Clock.soon_at <= at, Clock.warned_at.is_(None), Clock.due_at > at)
    # What has just failed waits for a person, and must not take the place of what has not been tried.
    fired = each(at, casework.expire, Clock.due_at <= at - clock.LAST_SECOND, ~FAILED)
    return warned + fired


def each(at: datetime, do: Callable[[Case, str, datetime], None], *conditions: Any) -> int:
    """Do something with every running clock that meets some conditions, each in its own transaction."""
    query = db.select(Clock.id, Clock.case_id).where(Clock.state == ClockState.RUNNING, *conditions)
    found = db.session.execute(query.order_by(Clock.due_at).limit(BATCH)).all()
    db.session.rollback()
    for clock_id, case_id in found:
        try:
            do(db.session.get_one(Case, case_id), clock_id, at)
        except NotOpen:
            log.info("clock %s was dealt with by another sweep", clock_id)
        except Failed:
            log.warning("clock %s of case %s waits for its incident", clock_id, case_id)
        except Exception:  # Whatever is wrong with one case must not stop the clocks of the others.
            log.exception("clock %s of case %s could not be dealt with", clock_id, case_id)
        finally:
            db.session.rollback()
    return len(found)


def warn(case: Case, clock_id: str, at: datetime) -> None:
    """Write down that a limit is soon due, once."""
    casework.lock(case)
    clock = db.session.get_one(Clock, clock_id, populate_existing=True)
    soon = clock.soon_at is not None and clock.soon_at <= at < clock.due_at
    if soon and clock.warned_at is None and clock.state is ClockState.RUNNING:
        clock.warned_at = at
        data = {**concerned(clock, open_items(case)), "due": clock.due_at.isoformat()}
        record(case, EventKind.SOON_DUE, clock.limit, data=data, at=at)
    db.session.commit()


def retry(incident: Incident, *, actor: User) -> None:
    """Try again what failed, for the person who had tried; the incident is settled when it works.

    Raises Refused when it cannot be tried any more, and Failed when it fails again.
    """
    case, attempt = incident.case, incident.attempt
    if case is None or incident.resolved_at is not None:
        raise NotOpen(incident.step)
    number = incident.id
    if attempt["verb"] == "expire":
        casework.expire(case, attempt["clock"])
    elif attempt["verb"] == "signal":
        casework.signal(case, attempt["name"])
    elif attempt["verb"] == "submit":
        again(attempt)
    else:
        raise NotOpen(incident.step)
    settle(number, Resolution.RETRIED, actor)


def again(attempt: dict[str, Any]) -> None:
    """Hand in a person's kept text once more in that person's name.

    :raises Rewritten: it is not the text any more that the person handed in
    """
    person = db.session.get_one(User, attempt["actor"])
    item = db.session.get(WorkItem, attempt["item"])
    if item is None:
        raise NotOpen(attempt["step"])
    casework.lock(item.case)
    draft = drafts.begun(item, person)
    if draft is None:
        raise NotOpen(attempt["step"])
    if draft.saved_at.isoformat() != attempt.get(incidents.KEPT):
        raise Rewritten(attempt["step"])
    try:
        casework.submit(item.case, attempt["step"], draft.form, actor=person)
    except ValidationError as error:
        raise Refused(attempt["step"]) from error


def cancel(incident: Incident, *, actor: User) -> None:
    """Settle an incident without trying again; the step waits for a person as before."""
    if incident.resolved_at is not None:
        raise NotOpen(incident.step)
    settle(incident.id, Resolution.CANCELLED, actor)


def settle(number: int, resolution: Resolution, actor: User) -> None:
    """Write down who dealt with an incident, and how."""
    incident = db.session.get_one(Incident, number)
    if incident.case is not None:
        casework.lock(incident.case)
        kind = EventKind.RETRIED if resolution is Resolution.RETRIED else EventKind.CANCELLED
        record(incident.case, kind, incident.step, actor, {"incident": incident.id})
    incident.resolved_at, incident.resolved_by_id, incident.resolution = now(), actor.id, resolution
    db.session.commit()
