"""The rows that a commit writes past the session are what the session's objects say, or they are not there at all."""

import pytest
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from models import Case, Clock, ClockState, Draft, Event, EventKind, Pause, WorkItem, WorkState, db, now
from tests.answers import OPENED
from workflow import casework, clock, journal, rows
from workflow.errors import NotOpen
from workflow.worklist import open_items

pytestmark = pytest.mark.usefixtures("context")


def stands(row) -> dict:
    """Return a row as it stands in the database, past the session."""
    table = type(row).__table__
    found = db.session.connection().execute(db.select(table).where(table.c.id == row.id)).one()
    return dict(found._mapping)


def says(row) -> dict:
    """Return a row as its object says."""
    return {column.name: getattr(row, column.name) for column in type(row).__table__.c}


@pytest.mark.parametrize("taken", range(1, len(OPENED)))
def test_after_each_answer_the_objects_say_what_stands_in_the_database(walker, taken):
    case = walker.take(walker.demand(), OPENED[1:taken])
    items, clocks = open_items(case), clock.running(case)
    walker.take(case, OPENED[taken : taken + 1])
    assert case not in db.session.dirty
    for row in (case, *items, *clocks):
        assert says(row) == stands(row)
    assert case.demand.case_id == case.id
    assert any(item.state is WorkState.DONE for item in items)


def test_a_new_case_is_one_of_the_sessions_objects(walker):
    case = walker.demand()
    assert db.session.get(Case, case.id) is case
    assert says(case) == stands(case)
    assert (case.requester.email, case.definition.key, case.demand.subject) == (
        walker.people.citizen,
        "demand",
        OPENED[0][2]["subject"],
    )


def test_a_case_that_was_written_meanwhile_is_not_written_over(walker):
    case = walker.demand()
    set_committed_value(case, "version", case.version - 1)
    case.title = "又一个题目"
    with pytest.raises(StaleDataError):
        db.session.commit()
    db.session.rollback()
    assert case.title == OPENED[0][2]["subject"]


def test_a_step_that_was_closed_meanwhile_is_not_closed_again(walker, monkeypatch):
    case = walker.at("screen_demand")
    written = rows.write_changes

    def too_late(connection, changed):
        connection.execute(db.update(WorkItem).values(id=WorkItem.id + "x"))
        written(connection, changed)

    monkeypatch.setattr(rows, "write_changes", too_late)
    with pytest.raises(NotOpen):
        casework.submit(case, "screen_demand", walker.answer("screen_demand"), actor=walker.person("desk"))
    monkeypatch.undo()
    assert [item.state for item in open_items(case) if not item.offered] == [WorkState.OPEN]
    assert journal.verify(case) == []


def test_what_is_rolled_back_is_written_by_no_later_commit(walker):
    case = walker.at("assess_demand")
    casework.save(case, "assess_demand", {"remark": "半句"}, actor=walker.person("clerk"))
    before, (item, *_) = case.journal_length, [item for item in open_items(case) if item.step == "assess_demand"]
    rows.change(item, state=WorkState.CANCELLED)
    rows.forget_drafts([item])
    clock.start(case, "no timer", "demand_answer", now())
    journal.record(case, EventKind.SIGNALLED, "nothing")
    db.session.rollback()
    assert (item.state, case.journal_length) == (WorkState.OPEN, before)
    db.session.commit()
    assert db.session.get(Clock, "no timer") is None
    assert db.session.scalar(db.select(db.func.count()).select_from(Draft)) == 1
    assert db.session.scalar(db.select(db.func.count()).select_from(Event)) == before


def test_a_clock_may_stand_still_from_the_moment_it_starts(walker):
    case, moment = walker.at("assess_demand"), now()
    started = clock.start(case, "a timer", "demand_screening", moment)
    clock.pause(case, started, "clarify_demand", moment)
    db.session.commit()
    kept = db.session.get(Clock, "a timer")
    assert (kept.state, kept.due_at) == (ClockState.PAUSED, started.due_at)
    assert [(pause.reason, pause.ended_at) for pause in kept.pauses] == [("clarify_demand", None)]
    clock.resume(case, kept, moment)
    db.session.commit()
    db.session.expire_all()
    assert db.session.scalar(db.select(Pause.ended_at).where(Pause.clock_id == "a timer")) == moment
