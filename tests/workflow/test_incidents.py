"""Incidents: what fails of ours changes nothing, is kept for the steward, and can be tried again."""

import pytest

from models import Draft, EventKind, Incident, Resolution, db
from tests.answers import OPENED
from workflow import casework, demands, journal, sweep
from workflow.errors import Failed, NotOpen
from workflow.stages import SERVICES
from workflow.worklist import open_items

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def broken(walker, monkeypatch):
    """Return a demand whose answer cannot be published."""

    def fail(case):
        raise RuntimeError("the service is out of order")

    case = walker.take(walker.demand(), OPENED[1:6])
    monkeypatch.setitem(SERVICES, "publish_answer", fail)
    return case


def answer(walker, case):
    """Give the answer that fails."""
    casework.submit(case, "answer_demand", walker.answer("answer_demand"), actor=walker.person("decider"))


def test_a_failing_service_changes_nothing_and_opens_one_incident(walker, broken):
    before = broken.process
    for _ in range(2):
        with pytest.raises(Failed):
            answer(walker, broken)
    db.session.refresh(broken)
    assert broken.process == before
    assert [item.step for item in open_items(broken) if not item.offered] == ["answer_demand"]
    assert broken.listing.dataset is None
    incident = db.session.scalars(db.select(Incident)).one()
    assert incident.step == "answer_demand"
    assert "out of order" in incident.error
    assert journal.verify(broken) == []


def test_the_persons_text_is_kept_with_them_and_not_with_the_incident(walker, broken):
    with pytest.raises(Failed):
        answer(walker, broken)
    text = walker.answer("answer_demand")["text"]
    assert db.session.scalars(db.select(Draft)).one().form["text"] == text
    assert text not in str(db.session.scalars(db.select(Incident)).one().attempt)


def test_a_retry_succeeds_once_the_fault_is_mended(walker, broken, monkeypatch):
    with pytest.raises(Failed):
        answer(walker, broken)
    incident = db.session.scalars(db.select(Incident)).one()
    with pytest.raises(Failed):
        sweep.retry(incident, actor=walker.person("steward"))
    db.session.refresh(incident)
    assert incident.resolved_at is None
    monkeypatch.undo()
    sweep.retry(incident, actor=walker.person("steward"))
    db.session.refresh(broken)
    assert broken.state == "answered"
    assert db.session.scalars(db.select(Incident)).one().resolution is Resolution.RETRIED
    assert demands.public(broken.reference)
    with pytest.raises(NotOpen):
        sweep.retry(incident, actor=walker.person("steward"))


def test_a_cancelled_incident_lets_the_step_wait_for_a_person(walker, broken):
    with pytest.raises(Failed):
        answer(walker, broken)
    incident = db.session.scalars(db.select(Incident)).one()
    sweep.cancel(incident, actor=walker.person("steward"))
    assert "answer_demand" in {item.step for item in open_items(broken)}
    assert journal.lines(broken)[-1].kind is EventKind.CANCELLED
