"""Killed processes: whatever was acknowledged is there afterwards, once, and what was interrupted is done or told."""

import io
import os
import time

import pytest
import requests

from models import Access, Document, DocumentState, Job, JobState, Letter, Signature, db
from tests import killed, papers
from tests.grants import granted
from tests.workflow.test_mail import Mailbox
from workflow import downloads, outbox, resources

# So many ballots are held when nobody says how many.
MANY = int(os.environ.get("KILLED", "100"))


def test_a_ballot_is_whole_though_processes_are_killed(app, walker):
    seen = killed.ballots(app, walker, 1, seed=7)
    assert seen["ballots"] == 1
    assert sum(number for what, number in seen.items() if what.endswith("killed")) >= killed.KILLS


@pytest.mark.killed
def test_a_hundred_ballots_are_whole_though_processes_are_killed(app, walker):
    seen = killed.ballots(app, walker, MANY)
    assert seen["ballots"] == MANY
    assert seen["requests broken off"]


def test_a_download_whose_process_is_killed_has_begun_and_not_finished(app, walker):
    with app.app_context():
        dataset = walker.at("suspend_dataset").listing.dataset
        rows = "".join(f"站点{number},{number},2026-01-01\n" for number in range(400_000))
        resources.load(dataset, io.BytesIO(f"站点名称,空闲枪数,采集时间\n{rows}".encode()), None)
        made = granted(walker, dataset, quota={"downloads": 2})
        address, number = f"/entitlements/{made.reference}/data.csv", made.id
        db.session.rollback()
        with killed.running(app) as service:
            client = killed.Client(service, walker, "citizen")
            db.session.rollback()
            with client.session.get(service.base + address, stream=True, timeout=60) as sent:
                pieces = sent.iter_content(1024)
                next(pieces)
                service.kill_web()
                with pytest.raises(requests.RequestException):
                    list(pieces)
            log = db.select(Access.kind).where(Access.entitlement_id == number).order_by(Access.id)
            assert db.session.scalars(log).all() == ["begun"]
            assert [line.outcome for line in downloads.history(made)] == ["begun"]
            db.session.rollback()
            # It counts, because what was sent may have arrived; the next one is the last of this month.
            killed.until(service.answers)
            assert len(client.session.get(service.base + address, timeout=60).content) > len(rows)
            assert client.session.get(service.base + address, timeout=60).status_code == 403
            killed.until(lambda: db.session.rollback() or len(db.session.scalars(log).all()) == 4)
            assert db.session.scalars(log).all() == ["begun", "begun", "finished", "refused"]


@pytest.mark.parametrize("after", [0.1, 0.6])
def test_a_document_is_made_once_though_its_worker_is_killed(app, walker, after):
    with app.app_context():
        document = papers.ordered(walker.at("screen_demand"), "decision")
        number = document.id
        db.session.rollback()
        job = db.select(Job.state).where(Job.kind == "render")
        with killed.running(app) as service:
            killed.until(lambda: db.session.rollback() or db.session.scalar(job) is not JobState.READY)
            time.sleep(after)
            service.kill_worker()
            killed.until(lambda: db.session.rollback() or db.session.scalar(job) is JobState.DONE)
        db.session.expire_all()
        made = db.session.get_one(Document, number)
        assert made.state is DocumentState.MADE
        [signature] = db.session.scalars(db.select(Signature).where(Signature.document_id == number))
        assert signature.after == made.sha256


def test_a_letter_whose_worker_is_killed_comes_again_with_the_same_number(app, walker):
    mailbox, killings = Mailbox(), []
    mailbox.start()
    try:
        with app.app_context(), killed.running(app, SMTP_HOST="127.0.0.1", SMTP_PORT=mailbox.port) as service:

            def while_taking() -> None:
                # The mail server has the letter, and the worker never hears so.
                if not killings:
                    killings.append(service.worker.pid)
                    service.worker.kill()

            mailbox.while_taking = while_taking
            steward = {"user": walker.person("steward").id}
            outbox.put(db.session, "letter", {"template": "incident", "audience": [steward], "number": "XQ-1"})
            db.session.commit()
            killed.until(lambda: killings and not service.worker.is_alive())
            service.start_worker()
            done = db.select(Job.state).where(Job.kind == "mail")
            killed.until(lambda: db.session.rollback() or db.session.scalar(done) is JobState.DONE)
            assert len(db.session.scalars(db.select(Letter)).all()) == 1
    finally:
        mailbox.stop()
    assert len(mailbox.messages) == 2
    assert len({message["Message-ID"] for message in mailbox.messages}) == 1
