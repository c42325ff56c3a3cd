"""The journal of a case: written in one place, chained line to line, and checked as a whole."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from models import Case, Event, EventKind, User, db, now
from workflow import rows
from workflow.reactions import REACTIONS


def record(
    case: Case,
    kind: EventKind,
    step: str = "",
    actor: User | None = None,
    data: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Event:
    """Write a line into a case's journal, and put what follows of it into the outbox.

    The line and its letters belong to the caller's transaction; nothing is sent here.
    """
    line = Event(
        case_id=case.id,
        number=case.journal_length + 1,
        at=at or now(),
        kind=kind,
        step=step,
        actor_id=actor.id if actor else None,
        data=dict(data or {}),
        previous=case.journal_hash,
    )
    line.hash = digest(line)
    case.journal_length, case.journal_hash = line.number, line.hash
    rows.add(line, *(job for reaction in REACTIONS for job in reaction(case, line)))
    return line


def digest(line: Event) -> str:
    """Return the hash of a line: of everything it says, and of the line before it."""
    said = [
        line.case_id,
        line.number,
        line.at.astimezone(UTC).isoformat(timespec="microseconds"),
        line.kind,
        line.step,
        line.actor_id,
        line.data,
        line.previous,
    ]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def lines(case: Case, without: Collection[EventKind] = (), latest: int | None = None) -> list[Event]:
    """Return a case's journal from its first line, without some kinds, or the latest so many lines of it."""
    query = db.select(Event).where(Event.case_id == case.id)
    if without:
        query = query.where(Event.kind.not_in(without))
    if latest is None:
        return list(db.session.scalars(query.order_by(Event.number)))
    return list(db.session.scalars(query.order_by(Event.number.desc()).limit(latest)))[::-1]


def verify(case: Case) -> list[str]:
    """Return what is wrong with a case's journal: nothing where the chain is whole."""
    faults, previous, number = [], "", 0
    for number, line in enumerate(lines(case), 1):
        if line.number != number or line.previous != previous or digest(line) != line.hash:
            faults.append(f"{case.reference} line {number} does not follow from the lines before it")
        previous = line.hash
    if (number, previous) != (case.journal_length, case.journal_hash):
        faults.append(f"{case.reference} has {number} lines, and its case row says {case.journal_length}")
    return faults
