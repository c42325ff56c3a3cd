"""The outbox: work is done once, whatever becomes of the worker."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from models import Incident, Job, JobState, Organisation, OrganisationKind, Resolution, User, now
from models import db as database
from workflow import background, outbox
from workflow.errors import NotOpen, NotYours
from workflow.outbox import ATTEMPTS, Lost, Sessions
from workflow.site import Site

ROOT = Path(__file__).parents[2]
SITE = Site("http://127.0.0.1:8000")
SECOND = timedelta(seconds=1)

# A worker that claims a job for a second and never comes to its end.
DOOMED = """
import sys, time
from datetime import timedelta
from api import create_app
from models import Organisation, OrganisationKind, db
from workflow import background
from workflow.site import Site

def sleep_over_it(session, job, site):
    session.add(Organisation(name="effect by the first worker", kind=OrganisationKind.PARTY))
    session.flush()
    print("in the middle", flush=True)
    time.sleep(60)

background.JOBS["effect"] = sleep_over_it
with create_app({"DATA_DIR": sys.argv[1], "DATABASE_URL": sys.argv[2]}).app_context():
    background.run_due(db.session, Site("http://127.0.0.1:8000"), lease=timedelta(seconds=1))
"""


@pytest.fixture
def session(context: None) -> Sessions:
    """Return the session of the test."""
    return database.session


@pytest.fixture
def effects(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the jobs of the kind "count" that were done, in their order."""
    done: list[int] = []
    monkeypatch.setitem(background.JOBS, "count", lambda session, job, site: done.append(job.id))
    return done


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Exception:
    """Let every job of the kind "fail" fail."""
    error = OSError("the server is down")

    def fail(session: object, job: Job, site: Site) -> None:
        raise error

    monkeypatch.setitem(background.JOBS, "fail", fail)
    return error


def person(address: str) -> User:
    return database.session.scalars(select(User).where(User.email == address)).one()


def put(kind: str, key: str | None = None) -> int:
    """Put a job aside, commit, and return the number of the newest."""
    outbox.put(database.session, kind, {}, key)
    database.session.commit()
    number = database.session.scalars(select(func.max(Job.id))).one()
    # On SQLite a session that has read holds the writer's lock until its transaction ends.
    database.session.rollback()
    return number


def row(number: int) -> Job:
    """Return a job as it stands in the database."""
    return database.session.get_one(Job, number, populate_existing=True)


def parties() -> list[str]:
    """Return the names of the parties that the effects of these tests have made."""
    names = select(Organisation.name).where(Organisation.name.like("%worker%"))
    return list(database.session.scalars(names))


def run_due(lease: timedelta = outbox.LEASE) -> int:
    return background.run_due(database.session, SITE, lease=lease)


def make_due() -> None:
    """Let the pause before the next attempt be over."""
    database.session.execute(database.update(Job).values(run_at=now()))
    database.session.commit()


def exhaust(kind: str) -> Incident:
    """Let a job fail until it is given up, and return its incident."""
    put(kind)
    for _ in range(ATTEMPTS):
        assert run_due() == 1
        make_due()
    return database.session.scalars(select(Incident)).one()


def test_work_of_a_transaction_that_is_undone_is_never_done(session, effects):
    outbox.put(session, "count", {})
    session.rollback()
    assert run_due() == 0
    put("count")
    assert run_due() == 1
    assert len(effects) == 1


def test_two_rows_with_one_key_are_one_piece_of_work(session, effects):
    put("count", "letter:1")
    put("count", "letter:1")
    put("count", "letter:2")
    run_due()
    assert len(effects) == 2


def test_work_is_not_done_before_its_time(session, effects):
    outbox.put(session, "count", {}, run_at=now() + timedelta(hours=1))
    session.commit()
    assert run_due() == 0
    make_due()
    assert run_due() == 1


def test_done_work_is_not_done_again(session, effects):
    number = put("count")
    assert (run_due(), run_due()) == (1, 0)
    job = row(number)
    assert (job.state, job.done_at is not None, job.leased_until) == (JobState.DONE, True, None)


def test_of_several_workers_each_job_goes_to_one(app, session, effects):
    for _ in range(60):
        outbox.put(session, "count", {})
    session.commit()
    start = threading.Barrier(3)

    def work() -> None:
        with app.app_context():
            start.wait()
            while background.run_due(database.session, SITE, limit=5):
                pass

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Counter(effects) == Counter(session.scalars(select(Job.id)).all())


def test_a_late_worker_leaves_no_effect(session, monkeypatch):
    def open_party(session, job, site):
        session.add(Organisation(name="the late worker's", kind=OrganisationKind.PARTY))
        # While this worker slept, its lease ran out and another took the job over.
        session.execute(database.update(Job).values(worker="another"))

    monkeypatch.setitem(background.JOBS, "party", open_party)
    number = put("party")
    run_due()
    assert row(number).state is JobState.RUNNING
    assert parties() == []


def test_a_taken_over_job_cannot_be_finished_or_failed_by_the_first_worker(session):
    put("count")
    [mine] = outbox.claim(session, "first", lease=timedelta(0))
    [theirs] = outbox.claim(session, "second")
    assert mine.id == theirs.id
    for ending in (
        lambda: outbox.finish(session, mine, "first"),
        lambda: outbox.fail(session, mine, "first", OSError()),
        lambda: outbox.begin(session, mine, "first"),
    ):
        with pytest.raises(Lost):
            ending()
        session.rollback()
    outbox.finish(session, theirs, "second")
    session.commit()
    assert row(mine.id).state is JobState.DONE


def test_a_job_under_lease_is_not_taken_over(session):
    put("count")
    assert len(outbox.claim(session, "first")) == 1
    assert outbox.claim(session, "second") == []


def test_when_a_worker_is_killed_another_takes_over_and_there_is_one_effect(app, session, monkeypatch):
    def effect(session, job, site):
        session.add(Organisation(name="effect by the second worker", kind=OrganisationKind.PARTY))

    monkeypatch.setitem(background.JOBS, "effect", effect)
    number = put("effect")
    address = [app.config["DATA_DIR"], app.config["SQLALCHEMY_DATABASE_URI"]]
    command = [sys.executable, "-c", DOOMED, *address]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as doomed:
        assert doomed.stdout is not None
        assert doomed.stdout.readline() == "in the middle\n"
        doomed.send_signal(signal.SIGKILL)
    job = row(number)
    assert (job.state, job.attempts) == (JobState.RUNNING, 1)
    session.execute(database.update(Job).values(leased_until=now() - SECOND))
    session.commit()
    assert run_due() == 1
    job = row(number)
    assert (job.state, job.attempts) == (JobState.DONE, 2)
    assert parties() == ["effect by the second worker"]


def test_a_failed_job_waits_longer_each_time_and_is_given_up_at_last(session, failing):
    number = put("fail")
    pauses = []
    for attempt in range(1, ATTEMPTS):
        run_due()
        job = row(number)
        assert (job.state, job.attempts, job.error) == (JobState.READY, attempt, "OSError: the server is down")
        pauses.append((job.run_at - now()).total_seconds())
        assert run_due() == 0, "it is not tried again at once"
        make_due()
    assert pauses == sorted(pauses)
    assert pauses[-1] > 30 * pauses[0]
    run_due()
    job = row(number)
    incident = session.scalars(select(Incident)).one()
    assert (job.state, incident.job_id, incident.step) == (JobState.DEAD, job.id, "fail")
    make_due()
    assert run_due() == 0


def test_a_job_that_fails_does_not_stop_the_others(session, failing, effects):
    put("fail")
    put("count")
    put("a kind nobody knows")
    put("count")
    run_due()
    assert len(effects) == 2


def test_what_an_error_says_of_a_persons_data_is_not_kept(session, monkeypatch):
    def insert(session, job, site):
        session.execute(text("INSERT INTO nowhere VALUES (:secret)"), {"secret": "wang@example.cn"})

    monkeypatch.setitem(background.JOBS, "insert", insert)
    number = put("insert")
    run_due()
    assert row(number).error in ("OperationalError", "ProgrammingError")
    assert len(outbox.described(ValueError("x" * 2000))) == outbox.ERROR_LENGTH


def test_a_job_that_kills_every_worker_is_given_up(session):
    number = put("count")
    for attempt in range(ATTEMPTS):
        [job] = outbox.claim(session, f"worker {attempt}")
        outbox.begin(session, job, f"worker {attempt}", lease=timedelta(0))
    assert outbox.claim(session, "one more") == []
    assert outbox.bury(session) == 1
    assert row(number).state is JobState.DEAD
    assert session.scalars(select(Incident.error)).all() == ["WorkerDied"]
    assert outbox.bury(session) == 0


def test_what_waits_behind_a_job_that_kills_its_worker_is_not_given_up_with_it(session, effects):
    first, second = put("count"), put("count")
    for attempt in range(ATTEMPTS):
        deadly, _ = outbox.claim(session, f"worker {attempt}", lease=timedelta(0))
        outbox.begin(session, deadly, f"worker {attempt}", lease=timedelta(0))
    outbox.bury(session)
    assert row(first).state is JobState.DEAD
    assert run_due() == 1
    assert row(second).state is JobState.DONE


def test_a_worker_that_is_told_to_end_gives_back_what_it_has_not_tried(session, effects):
    numbers = [put("count") for _ in range(3)]
    background.run_due(session, SITE, stopping=lambda: len(effects) == 1)
    jobs = [row(number) for number in numbers]
    assert [(job.state, job.attempts) for job in jobs] == [(JobState.DONE, 1)] + [(JobState.READY, 0)] * 2
    assert run_due() == 2


def test_only_a_steward_decides_about_a_given_up_job_and_only_once(session, failing, people):
    steward, auditor = person(people.steward), person(people.auditor)
    incident = exhaust("fail")
    for decide in (outbox.retry, outbox.cancel):
        with pytest.raises(NotYours):
            decide(session, incident, auditor)
    outbox.retry(session, incident, steward)
    with pytest.raises(NotOpen):
        outbox.cancel(session, incident, steward)
    assert (incident.resolution, incident.resolved_by_id) == (Resolution.RETRIED, steward.id)


def test_a_retried_job_is_done_and_a_cancelled_one_is_not(session, failing, effects, people, monkeypatch):
    steward = person(people.steward)
    incident = exhaust("fail")
    outbox.retry(session, incident, steward)
    monkeypatch.setitem(background.JOBS, "fail", background.JOBS["count"])
    assert run_due() == 1
    assert effects == [incident.job_id]

    session.execute(database.update(Job).values(state=JobState.DEAD))
    incident.resolved_at = None
    session.commit()
    outbox.cancel(session, incident, steward)
    assert run_due() == 0
    assert row(incident.job_id).state is JobState.DEAD


def test_an_idle_worker_does_not_wait_for_the_writer(app, session):
    with app.app_context(), database.engine.begin() as writer:
        writer.execute(text("UPDATE organisation SET name = name"))
        found: list[list[Job]] = []

        def idle() -> None:
            with app.app_context():
                found.append(outbox.claim(database.session, "idle"))

        thread = threading.Thread(target=idle)
        thread.start()
        thread.join(timeout=5)
        assert found == [[]]
