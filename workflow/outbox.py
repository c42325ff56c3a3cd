"""The outbox: put work aside in the case's own transaction, and let workers take it up one by one.

The row is the truth. A worker claims it for a while; when the worker dies the while runs out, and another takes over.
So every job may run twice, and what it does must bear that.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Executable, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session

from models import Incident, Job, JobState, Resolution, Role, User, now
from workflow.errors import NotOpen, NotYours

Sessions = Session | scoped_session[Any]

LEASE = timedelta(seconds=90)
ATTEMPTS = 5
# The pauses between attempts, about 15 seconds, 1, 4 and 16 minutes: a mail server may restart meanwhile.
FIRST_PAUSE = timedelta(seconds=15)
GROWTH = 4
ERROR_LENGTH = 500


class Lost(Exception):
    """The job has been taken over by another worker; what was done here is undone."""


def put(
    session: Sessions,
    kind: str,
    data: Mapping[str, Any],
    key: str | None = None,
    case_id: int | None = None,
    run_at: datetime | None = None,
) -> None:
    """Put work aside; it is done after the caller's commit, or never if there is none.

    :param key: two calls with the same key are one piece of work
    :param run_at: not before this moment
    """
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"kind": kind, "data": dict(data), "key": key, "case_id": case_id, "run_at": run_at or now()}
    session.execute(dialect.insert(Job).values(values).on_conflict_do_nothing(index_elements=["key"]))


@contextmanager
def looking(session: Sessions) -> Iterator[None]:
    """Read without taking the lock of SQLite's one writer; nothing that is changed meanwhile is kept."""
    session.rollback()
    session.connection(execution_options={"write": False})
    try:
        yield
    finally:
        session.rollback()


def claim(session: Sessions, worker: str, n: int = 10, lease: timedelta = LEASE) -> list[Job]:
    """Take up to `n` jobs that are due, and commit; what a dead worker has left behind is due again.

    Whether a job is tried is counted as it begins: those that wait behind one that kills the worker are innocent.
    The jobs are handed out detached: they can be read without a transaction, and change only through this module.
    """
    moment = now()
    with looking(session):
        if session.scalar(select(Job.id).where(due(moment)).limit(1)) is None:
            return []
    query = select(Job.id).where(due(moment)).order_by(Job.run_at, Job.id).limit(n)
    if session.get_bind().dialect.name == "postgresql":
        query = query.with_for_update(skip_locked=True)
    taken = {"state": JobState.RUNNING, "worker": worker, "leased_until": moment + lease}
    change = update(Job).where(Job.id.in_(session.scalars(query).all())).values(taken).returning(Job)
    jobs = sorted(
        session.scalars(change, execution_options={"synchronize_session": False, "populate_existing": True}),
        key=lambda job: (job.run_at, job.id),
    )
    for job in jobs:
        session.expunge(job)
    session.commit()
    return jobs


def due(moment: datetime) -> ColumnElement[bool]:
    """Return the condition under which a job may be taken up."""
    waits = and_(Job.state == JobState.READY, Job.run_at <= moment)
    left_behind = and_(Job.state == JobState.RUNNING, Job.leased_until < moment, Job.attempts < ATTEMPTS)
    return or_(waits, left_behind)


def begin(session: Sessions, job: Job, worker: str, lease: timedelta = LEASE) -> None:
    """Count an attempt at a job, keep it for a full lease from now on, and commit.

    Raises Lost when another worker has taken it over.
    """
    until = now() + lease
    _once(session, _held(job, worker).values(attempts=Job.attempts + 1, leased_until=until), job)
    session.commit()
    job.attempts, job.leased_until = job.attempts + 1, until


def finish(session: Sessions, job: Job, worker: str) -> None:
    """Mark a job as done, in the transaction of its effect.

    Raises Lost when another worker has taken it over; the caller then rolls its effect back.
    """
    _once(session, _held(job, worker).values(state=JobState.DONE, done_at=now(), leased_until=None, error=None), job)


def fail(session: Sessions, job: Job, worker: str, error: Exception) -> None:
    """Put a failed job back for later, or give it up and open an incident; and commit.

    Only the kind of the error and its own words are kept, and never the parameters of a statement.
    """
    words = described(error)
    if job.attempts < ATTEMPTS:
        change = {"state": JobState.READY, "run_at": now() + pause(job.attempts), "error": words}
    else:
        change = {"state": JobState.DEAD, "error": words}
    _once(session, _held(job, worker).values(worker=None, leased_until=None, **change), job)
    if job.attempts >= ATTEMPTS:
        session.add(incident_of(job, words))
    session.commit()


def release(session: Sessions, worker: str) -> None:
    """Give back, untried, whatever a worker still holds; and commit."""
    held = update(Job).where(Job.worker == worker, Job.state == JobState.RUNNING)
    back = {"state": JobState.READY, "worker": None, "leased_until": None}
    session.execute(held.values(back), execution_options={"synchronize_session": False})
    session.commit()


def bury(session: Sessions) -> int:
    """Give up the jobs that have cost every worker its life, open an incident for each, and return how many."""
    exhausted = and_(Job.state == JobState.RUNNING, Job.leased_until < now(), Job.attempts >= ATTEMPTS)
    with looking(session):
        if session.scalar(select(Job.id).where(exhausted).limit(1)) is None:
            return 0
    words = "WorkerDied"
    change = update(Job).where(exhausted).values(state=JobState.DEAD, worker=None, leased_until=None, error=words)
    buried = session.scalars(change.returning(Job), execution_options={"synchronize_session": False}).all()
    session.add_all([incident_of(job, words) for job in buried])
    session.commit()
    return len(buried)


def incident_of(job: Job, words: str) -> Incident:
    """Return the incident that tells the steward of a job that was given up."""
    attempt = {"verb": "job", "job": job.id, "attempts": job.attempts}
    return Incident(case_id=job.case_id, job_id=job.id, step=job.kind, error=words, attempt=attempt)


def retry(session: Sessions, incident: Incident, actor: User) -> None:
    """Try a given-up job anew, with all its attempts before it."""
    _resolve(session, incident, actor, Resolution.RETRIED)
    again = {"state": JobState.READY, "run_at": now(), "attempts": 0, "error": None}
    session.execute(update(Job).where(Job.id == incident.job_id, Job.state == JobState.DEAD).values(again))
    session.commit()


def cancel(session: Sessions, incident: Incident, actor: User) -> None:
    """Leave a given-up job undone."""
    _resolve(session, incident, actor, Resolution.CANCELLED)
    session.commit()


def pause(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts, scattered so that jobs do not all come back at once."""
    return FIRST_PAUSE * (float(GROWTH) ** (attempts - 1) * random.uniform(0.75, 1.25))  # noqa: S311 - no secret


def described(error: Exception) -> str:
    """Return the kind of an error and its words; of a database error the kind alone, whose words hold data."""
    kind = type(error).__name__
    if isinstance(error, SQLAlchemyError):
        return kind
    return f"{kind}: {error}"[:ERROR_LENGTH]


def _held(job: Job, worker: str) -> Any:
    return update(Job).where(Job.id == job.id, Job.worker == worker, Job.state == JobState.RUNNING)


def _once(session: Sessions, change: Executable, job: Job) -> None:
    result = session.execute(change, execution_options={"synchronize_session": False})
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise Lost(job.id)


def _resolve(session: Sessions, incident: Incident, actor: User, resolution: Resolution) -> None:
    """Note what the steward decided; of two at once, one is told that it has been decided."""
    if Role.STEWARD not in actor.roles:
        raise NotYours
    open_still = update(Incident).where(Incident.id == incident.id, Incident.resolved_at.is_(None))
    decided = {"resolved_at": now(), "resolved_by_id": actor.id, "resolution": resolution}
    result = session.execute(open_still.values(decided))
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        session.rollback()
        raise NotOpen
