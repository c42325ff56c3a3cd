"""Rows as the interface gives them: what a reader may see of a case, in the reader's language."""

import hashlib
from typing import Any

from flask_babel import get_locale, gettext
from marshmallow import Schema

from api.marks import state_mark
from api.strips import strip_of
from api.v1.case_schemas import DemandFacts
from api.v1.public_schemas import DemandProgress
from models import KIND_TITLES, Case, Clock, Dataset, Demand, Organisation, User, WorkItem
from workflow import access, casework, clock
from workflow.calendar import today
from workflow.history import Reading, reading_of
from workflow.stages import STEPS
from workflow.worklist import open_items


def taken(row: Any, schema: type[Schema]) -> dict[str, Any]:
    """Return of a row what a schema gives under the same names."""
    return {name: getattr(row, name) for name in schema().fields}


def standing(case: Case, organisation: Organisation | None) -> dict[str, Any]:
    """Return which case something is, where it stands, and with whom."""
    return {
        "reference": case.reference,
        "state": case.state,
        "state_title": state_mark(case.state).words,
        "body": body(organisation),
    }


def body(organisation: Organisation | None) -> dict[str, str] | None:
    """Return an organisation."""
    return {"id": str(organisation.id), "name": organisation.name} if organisation else None


def summary(case: Case, reader: User) -> dict[str, Any]:
    """Return a case as lists give it."""
    return standing(case, case.body) | {
        "kind": case.kind,
        "kind_title": gettext(KIND_TITLES[case.kind]),
        "title": case.title,
        "status": case.status.value,
        "opened_at": case.opened_at,
        "ended_at": case.ended_at,
        "mine": case.requester_id == reader.id,
    }


def sheet(case: Case, reader: User) -> dict[str, Any]:
    """Return a case as its own page gives it: what waits, what the reader may do, and the clocks."""
    turns = [(item, turn(case, item, reader)) for item in open_items(case)]
    entry = (case.demand and case.demand.dataset) or (case.listing and case.listing.dataset)
    return summary(case, reader) | {
        "version": case.version,
        "waiting": [shown for item, shown in turns if not item.offered],
        "offered": [shown for item, shown in turns if item.offered and shown["yours"]],
        "clocks": [clock_facts(each) for each in clock.running(case)],
        "demand": taken(case.demand, DemandFacts) if case.demand else None,
        "dataset": entry.code if entry else None,
    }


def tag(case: Case, reader: User) -> str:
    """Return the mark of what a reader is given of a case: its version, and all else that it depends on."""
    roles = sorted(access.roles_on(reader, case))
    rest = f"{reader.id} {get_locale()} {today()} {roles} {reading_of(case, reader)}"
    return f"{case.version}.{hashlib.sha256(rest.encode()).hexdigest()[:12]}"


def turn(case: Case, item: WorkItem, reader: User) -> dict[str, Any]:
    """Return a step that waits or is offered; whoever has taken it is named to the offices alone."""
    step = STEPS[item.step]
    inside = reading_of(case, reader) is Reading.ALL
    return {
        "step": step.name,
        "title": gettext(step.title),
        "role": item.role.value,
        "role_title": gettext(item.role.title),
        "body": body(item.organisation),
        "opened_at": item.opened_at,
        "due_at": item.due_at,
        "soon_at": item.soon_at,
        "paused": item.paused,
        "limit": item.limit,
        "holder": item.holder.name if inside and item.holder else None,
        "held": item.holder_id is not None,
        "yours": may_answer(case, item, reader),
    }


def may_answer(case: Case, item: WorkItem, reader: User) -> bool:
    """Say whether a reader may answer an open step now."""
    step = STEPS[item.step]
    if not access.may_take(reader, case, item):
        return False
    return not (step.apart_from and casework.has_answered(case, reader, step.apart_from))


def clock_facts(each: Clock) -> dict[str, Any]:
    """Return a clock with its arithmetic."""
    limit, strip = clock.register(each), strip_of(each)
    return {
        "limit": each.limit,
        "title": gettext(limit.title),
        "basis": gettext(limit.basis),
        "state": each.state.value,
        "unit": strip.unit.value,
        "days": limit.days,
        "extended": each.extended,
        "started_at": each.started_at,
        "first_day": strip.first,
        "due_day": strip.due,
        "used": strip.used,
        "stopped": strip.stopped,
        "left": strip.left,
        "pauses": [{"reason": p.reason, "began_at": p.began_at, "ended_at": p.ended_at} for p in each.pauses],
    }


def demand_summary(demand: Demand) -> dict[str, Any]:
    """Return a published demand as lists give it."""
    return standing(demand.case, demand.holder) | taken(demand, DemandProgress) | {"subject": demand.public_subject}


def dataset(entry: Dataset) -> dict[str, Any]:
    """Return an entry of the open list in full; lists take of it what they show."""
    plain = (
        "code", "name", "summary", "domain", "theme", "grade", "conditions", "supervision", "delivery_modes", "ground",
        "formats", "items", "tags", "coverage", "sample", "state_reason", "first_published", "updated_on",
        "reevaluate_on", "source_page",
    )  # fmt: skip
    return {name: getattr(entry, name) for name in plain} | {
        "provider": body(entry.provider),
        "open_type": entry.open_type.value,
        "frequency": entry.frequency.value,
        "state": entry.state.value,
    }
