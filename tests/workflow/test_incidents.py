"""Incidents: what fails of ours changes nothing, is kept for the steward, and can be tried again."""

import pytest

from models import Case, Draft, EventKind, Incident, Resolution, WorkState, db
from tests.answers import OPENED
from workflow import casework, demands, incidents, journal, sweep
from workflow.errors import Failed, NotOpen, Rewritten
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


def test_a_retry_does_not_hand_in_what_was_written_since(walker, broken, monkeypatch):
    with pytest.raises(Failed):
        answer(walker, broken)
    monkeypatch.undo()
    said = {**walker.answer("answer_demand"), "text": "草稿：还没有想好，先不要发出去，等核实以后再说。"}
    casework.save(broken, "answer_demand", said, actor=walker.person("decider"))
    incident = db.session.scalars(db.select(Incident)).one()
    with pytest.raises(Rewritten):
        sweep.retry(incident, actor=walker.person("steward"))
    db.session.rollback()
    assert [item.step for item in open_items(broken) if not item.offered] == ["answer_demand"]
    assert db.session.scalars(db.select(Incident)).one().resolved_at is None


def test_a_sealed_opinion_is_handed_in_by_a_retry(walker, monkeypatch):
    case = walker.at("give_opinion")
    item = next(item for item in open_items(case) if item.step == "give_opinion" and not item.offered)
    real = casework.remember

    def fail(*_):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(casework, "remember", fail)
    with pytest.raises(Failed):
        casework.submit(case, "give_opinion", walker.answer("give_opinion"), actor=item.holder)
    monkeypatch.setattr(casework, "remember", real)
    sweep.retry(db.session.scalars(db.select(Incident)).one(), actor=walker.person("steward"))
    assert db.session.get(type(item), item.id).state is WorkState.DONE


def test_a_failure_is_told_although_the_case_was_moved_meanwhile(walker, broken, monkeypatch):
    if db.engine.dialect.name == "sqlite":
        pytest.skip("nobody else writes while a transaction is open")
    real = incidents.rows.lock

    def late(case):
        with db.engine.begin() as other:
            other.execute(db.update(Case).where(Case.id == case.id).values(version=Case.version + 1))
        real(case)

    monkeypatch.setattr(incidents.rows, "lock", late)
    with pytest.raises(Failed):
        answer(walker, broken)
    assert db.session.scalars(db.select(Incident)).one().case_id == broken.id
    assert db.session.scalars(db.select(Draft)).one().form["text"] == walker.answer("answer_demand")["text"]


def test_a_case_that_failed_while_it_was_opened_leaves_its_incident_to_nobody_else(walker, monkeypatch):
    number = None

    def fail(*_):
        raise RuntimeError("the disk is full")

    real = incidents.open_for

    def late(case_id, *rest):
        nonlocal number
        monkeypatch.undo()
        # Another case takes the key that was given back.
        number = walker.demand().id
        return real(case_id, *rest)

    monkeypatch.setattr(casework, "hand_in", fail)
    monkeypatch.setattr(incidents, "open_for", late)
    with pytest.raises(Failed):
        casework.start("demand", walker.person("citizen"), walker.answer("submit_demand"))
    assert db.session.scalars(db.select(Incident)).one().case_id is None
    assert EventKind.INCIDENT not in {line.kind for line in journal.lines(db.session.get(Case, number))}
