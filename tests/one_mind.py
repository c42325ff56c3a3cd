"""What is always so: a case's row, process, work list, clocks and journal say the same."""

from collections import Counter

from models import Case, CaseStatus, Clock, ClockState, Draft, EventKind, WorkItem, WorkState, db
from workflow import definitions, engine, journal, replay
from workflow.stages import STAGES, STEPS
from workflow.worklist import open_items

LARGEST_STATE = 2048
# The rows of these tables are changed in place; of all others it is enough to know how many there are.
CHANGING = (
    "case", "work_item", "clock", "pause", "draft", "demand", "listing", "classification", "dataset", "counter",
    "application", "data_request", "agreement", "document", "entitlement", "consultation", "seat",
)  # fmt: skip
COUNTED = " UNION ALL ".join(f'SELECT count(*) FROM "{name}"' for name in db.metadata.tables if name not in CHANGING)


def is_of_one_mind(case: Case) -> None:
    """Compare a case's row, process, work list, clocks and journal with each other, as the database has them."""
    db.session.expire_all()
    process = engine.load(definitions.parsed(case.definition), case.process, lambda name: None)
    waiting = process.waiting()
    work_list_is_what_the_process_waits_for(case, waiting)
    clocks_are_the_timers(case, [each for each in waiting if each.kind == "timer"])
    assert replay.faults(case) == []
    assert (case.status is CaseStatus.ENDED) is process.ended is (case.ended_at is not None)
    assert len(case.process) < LARGEST_STATE


def work_list_is_what_the_process_waits_for(case: Case, waiting) -> None:
    items = list(db.session.scalars(db.select(WorkItem).where(WorkItem.case_id == case.id)))
    asked = {(w.id, w.step, w.kind == "offered") for w in waiting if w.kind != "timer"}
    alive = [item for item in items if item.state is WorkState.OPEN]
    assert {(item.id, item.step, item.offered) for item in alive} == asked
    assert len(alive) == len({item.step for item in alive})
    answered = [line.data["item"] for line in journal.lines(case) if line.kind is EventKind.ANSWERED]
    assert Counter(answered) == Counter(item.id for item in items if item.state is WorkState.DONE)
    drafts = set(db.session.scalars(db.select(Draft.work_item_id).join(WorkItem).where(WorkItem.case_id == case.id)))
    assert drafts <= {item.id for item in alive}


def clocks_are_the_timers(case: Case, timers) -> None:
    clocks = list(db.session.scalars(db.select(Clock).where(Clock.case_id == case.id)))
    alive = [clock for clock in clocks if clock.state in (ClockState.RUNNING, ClockState.PAUSED)]
    assert {(clock.id, clock.limit) for clock in alive} == {(timer.id, timer.limit) for timer in timers}
    asked = [STEPS[item.step] for item in open_items(case) if not item.offered]
    stopped = {step.stops for step in asked}
    for stage in STAGES:
        if stage.stands_still is not None and any(step.stage == stage.name for step in asked):
            stopped |= {clock.limit for clock in alive if clock.limit not in stage.stands_still}
    for clock in alive:
        assert (clock.state is ClockState.PAUSED) is (clock.limit in stopped)
        assert sum(pause.ended_at is None for pause in clock.pauses) == (clock.state is ClockState.PAUSED)
    fired = [line.data["clock"] for line in journal.lines(case) if line.kind is EventKind.OVERDUE]
    assert Counter(fired) == Counter(clock.id for clock in clocks if clock.state is ClockState.FIRED)


def everything() -> list:
    """Return what the database holds of all that cases write, and how much of the rest."""
    connection = db.session.connection()
    asked = [COUNTED, *(f'SELECT * FROM "{name}"' for name in CHANGING)]
    return [sorted(map(repr, connection.exec_driver_sql(each))) for each in asked]
