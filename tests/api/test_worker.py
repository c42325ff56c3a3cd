"""The worker: woken soon after a change, never in the way of one, and at the latest by the minute's sweep."""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from api.worker import DELAY, Background, background_of, wake
from models import Letter, User, db, now
from workflow import outbox, sweep
from workflow.stages import STEPS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def office(app):
    office = background_of(app)
    yield office
    if "huey" in vars(office):
        office.huey.flush()
    office.close()


def put(app, people):
    """Put a letter to the steward aside, as a committed change does."""
    with app.app_context():
        steward = db.session.scalars(select(User).where(User.email == people.steward)).one()
        outbox.put(db.session, "letter", {"template": "incident", "audience": {"user": steward.id}, "number": "XQ-1"})
        db.session.commit()


def letters(app):
    with app.app_context():
        return db.session.scalars(select(Letter)).all()


def wait_for(happened, seconds=60):
    """Wait until something has happened."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


def test_waking_twice_in_a_second_asks_once(app, office):
    for _ in range(3):
        office.wake()
    assert len(office.huey.pending()) == 1
    # A second later a new task is needed: the first may have looked before the newest row was there.
    office._woken = float("-inf")
    office.wake()
    assert len(office.huey.pending()) == 2


def test_the_worker_looks_a_second_after_it_was_woken_and_not_before(app, office):
    office.wake()
    [task] = office.huey.pending()
    assert not office.huey.ready_to_run(task)
    assert office.huey.ready_to_run(task, task.eta)
    assert task.eta - now().replace(tzinfo=None) <= timedelta(seconds=DELAY)


def test_a_queue_that_cannot_be_reached_does_not_fail_a_request(app, office, monkeypatch, caplog):
    app.config["DATA_DIR"] = str(Path(app.config["DATA_DIR"]) / "missing")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    office.wake()
    assert "could not be woken" in caplog.text
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg://nobody@127.0.0.1:1/nowhere"
    office._woken = float("-inf")
    office.wake()
    with app.app_context():
        wake()


def test_a_change_wakes_the_worker_and_neither_reading_nor_a_refusal_does(app, people, client_of, monkeypatch):
    woken = []
    monkeypatch.setattr(Background, "wake", lambda self: woken.append(1))
    app.config["WAKE_WORKER"] = True
    client = client_of(people.citizen)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/letters").text)[1]
    assert client.post("/letters/read").status_code == 400
    assert woken == []
    assert client.post("/letters/read", data={"csrf_token": token}).status_code == 303
    assert woken == [1]


def test_the_sweep_does_what_a_lost_task_has_left_lying(app, office, people):
    put(app, people)
    office.sweep()
    assert len(letters(app)) == 1


def test_a_part_of_the_sweep_that_fails_does_not_stop_the_others(app, office, people, monkeypatch, caplog):
    def fail():
        raise RuntimeError("the calendar is torn")

    monkeypatch.setattr(sweep, "sweep", fail)
    put(app, people)
    office.sweep()
    assert len(letters(app)) == 1
    assert "the calendar is torn" in caplog.text


def test_two_sweeps_do_not_run_at_once(app, office, monkeypatch):
    runs = []

    def again():
        runs.append(1)
        office.sweep()

    monkeypatch.setattr(sweep, "sweep", again)
    office.sweep()
    assert runs == [1]


def test_titles_of_steps_are_said_in_the_readers_language(app, office):
    with app.app_context():
        title = STEPS["assess_demand"].title
        assert office.site.say(title, "en") == title
        assert office.site.say(title, "zh") != title


def test_the_command_works_until_it_is_told_to_end(app, office, people):
    address = {name: str(app.config[name]) for name in ("DATA_DIR", "DATABASE_URL", "SECRET_KEY")}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker", "--threads", "1"]
    environment = os.environ | address | {"SMTP_HOST": ""}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        try:
            put(app, people)
            wait_for(lambda: len(letters(app)) == 1 or worker.poll() is not None)
            put(app, people)
            office.wake()
            wait_for(lambda: len(letters(app)) == 2 or worker.poll() is not None, seconds=20)
        finally:
            worker.send_signal(signal.SIGTERM)
            _, told = worker.communicate(timeout=60)
    assert worker.returncode == 0, told
    assert "Traceback" not in told
