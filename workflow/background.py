"""Background work: which kinds of job there are, and how one is done."""

import logging
import os
import secrets
import socket
from collections.abc import Callable
from datetime import timedelta

from models import Job
from workflow import companions, documents, letters, mail, outbox, parts, unsealing
from workflow.outbox import LEASE, Lost, Sessions
from workflow.site import Site

log = logging.getLogger(__name__)

# What is done about a job of each kind. A function may be called twice for one job; it leaves the commit to `run`.
JOBS: dict[str, Callable[[Sessions, Job, Site], None]] = {
    "letter": letters.write,
    "mail": mail.deliver,
    "invitation": companions.mail_stranger,
    "render": documents.render,
    "part": parts.open_part,
    "part_decided": parts.hear_part,
    "withdraw_part": parts.withdraw_part,
    "smaller_case": parts.open_smaller,
    "replace_agreement": parts.replace,
    "agreement_replaced": parts.replaced,
    "open_ballot": unsealing.open_ballot,
}


def run_due(
    session: Sessions,
    site: Site,
    limit: int = 20,
    stopping: Callable[[], bool] = lambda: False,
    lease: timedelta = LEASE,
) -> int:
    """Do the jobs that are due, at most `limit`, and return how many were taken up.

    :param stopping: asked before each job; what is left then goes back untried
    :param lease: how long a job is ours; when it is over, another worker takes us for dead
    """
    # A name of its own for each call, so that a late worker cannot pass for the one that took over from it.
    worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    jobs = outbox.claim(session, worker, limit, lease)
    left = len(jobs)
    try:
        for job in jobs:
            if stopping():
                break
            run(session, job, worker, site, lease)
            left -= 1
    finally:
        session.rollback()
        if left:
            outbox.release(session, worker)
    return len(jobs)


def run(session: Sessions, job: Job, worker: str, site: Site, lease: timedelta = LEASE) -> None:
    """Do one job: its effect and the mark that it is done are committed together."""
    try:
        outbox.begin(session, job, worker, lease)
        JOBS[job.kind](session, job, site)
        outbox.finish(session, job, worker)
        session.commit()
    except Lost:
        session.rollback()
        log.warning("Job %s was taken over by another worker.", job.id)
    except Exception as error:  # Whatever goes wrong in a job is written to its row and must not stop the others.
        session.rollback()
        log.warning("Job %s (%s) failed at attempt %s: %s", job.id, job.kind, job.attempts, type(error).__name__)
        _failed(session, job, worker, error)


def _failed(session: Sessions, job: Job, worker: str, error: Exception) -> None:
    try:
        outbox.fail(session, job, worker, error)
    except Lost:
        session.rollback()
