"""Replay: the journal alone leads to where a case stands, and shows where the two have come apart."""

import pytest

from models import CaseStatus, Clock, ClockState, EventKind, WorkItem, WorkState, db
from tests.answers import ANSWERER, ANSWERS, LISTED, OPENED
from tests.workflow.test_journal import rewrite
from workflow import casework, definitions, engine, journal, replay
from workflow.stages import STEPS

pytestmark = pytest.mark.usefixtures("context")


@pytest.mark.parametrize("step", sorted(STEPS))
def test_every_case_can_be_replayed_before_and_after_each_step(walker, step):
    case = walker.at(step)
    assert replay.faults(case) == []
    walker.take(case, [(step, ANSWERER[step], ANSWERS[step])])
    assert replay.faults(case) == []


def test_what_came_from_elsewhere_and_what_ran_out_are_replayed(walker):
    case = walker.at("screen_demand")
    walker.expire(case, "demand_screening")
    assert casework.signal(case, "withdraw_demand")
    assert case.status is CaseStatus.ENDED
    assert replay.faults(case) == []


def test_a_replayed_case_goes_on_as_the_case_does(walker):
    case = walker.at("assess_demand")
    again = replay.play(definitions.parsed(case.definition), journal.lines(case))
    assert replay.kinds(again)["step", "assess_demand"] == 1
    again.complete(replay.waiting_for(again, "assess_demand", {"step"}), {"assessment": "not_held"})
    assert replay.kinds(again)["step", "answer_demand"] == 1


def test_a_step_missing_from_the_work_list_is_found(walker):
    case = walker.at("assess_demand")
    db.session.execute(db.update(WorkItem).where(WorkItem.step == "assess_demand").values(state=WorkState.CANCELLED))
    assert replay.faults(case) == [
        f"{case.reference} has the step assess_demand in its process or on the work list, and not in both"
    ]


def test_a_clock_that_no_limit_needs_is_found(walker):
    case = walker.at("assess_demand")
    db.session.execute(db.update(Clock).where(Clock.limit == "demand_screening").values(state=ClockState.RUNNING))
    assert replay.faults(case) == [
        f"{case.reference} has the limit demand_screening in its process or among its clocks, and not in both"
    ]


def test_a_case_that_only_says_it_has_ended_is_found(walker):
    case = walker.at("assess_demand")
    case.status = CaseStatus.ENDED
    assert replay.faults(case) == [f"{case.reference} is ended, and its process has not"]


def test_a_process_that_was_put_back_is_found(walker):
    case = walker.at("screen_demand")
    earlier = case.process
    walker.take(case, OPENED[1:2])
    case.process = earlier
    faults = replay.faults(case)
    assert (
        f"{case.reference} waits for the step screen_demand in its process or in its replay, and not in both" in faults
    )
    assert (
        f"{case.reference} waits for the step assess_demand in its process or in its replay, and not in both" in faults
    )


@pytest.mark.parametrize("state", [b"", b"\x01damaged", b"\x63" + b"of another codec"])
def test_a_process_that_cannot_be_read_is_found(walker, state):
    case = walker.demand()
    case.process = state
    assert [fault for fault in replay.faults(case) if "cannot be read" in fault]


@pytest.mark.parametrize(
    ("kind", "step", "forged", "fault"),
    [
        (
            EventKind.ANSWERED,
            "screen_demand",
            {"outcome": {"screening": "decline"}},
            "publish_answer follows, and line",
        ),
        (EventKind.ANSWERED, "review_classification", {"outcome": {"review": "return"}}, "nothing waits for"),
        (EventKind.ANSWERED, "screen_demand", {}, "cannot be replayed"),
        (EventKind.TABLED, "open_type", {"outcome": {"table_type": "unconditional"}}, "open_type decides otherwise"),
    ],
)
def test_words_that_lead_elsewhere_are_found(walker, monkeypatch, kind, step, forged, fault):
    case = walker.take(walker.demand(), OPENED[1:])
    lines = journal.lines(case)
    next(line for line in lines if (line.kind, line.step) == (kind, step)).data = forged
    # The line is forged in memory alone; what the chain finds is tested elsewhere.
    monkeypatch.setattr(journal, "lines", lambda case: lines)
    definition = definitions.parsed(case.definition)
    stored = engine.load(definition, case.process, replay.nothing)
    assert [found for found in replay.replayed(case, definition, stored) if fault in found]


@pytest.mark.parametrize(
    ("kind", "step"), [(EventKind.SERVED, "record_classification"), (EventKind.ANSWERED, "assess_demand")]
)
def test_a_line_that_is_missing_is_found(walker, kind, step):
    case = walker.take(walker.demand(), OPENED[1:])
    rewrite(f"DELETE FROM event WHERE case_id = {case.id} AND kind = '{kind}' AND step = '{step}'")
    assert [fault for fault in replay.faults(case) if "cannot be replayed" in fault]


def test_a_journal_without_a_beginning_is_found(walker):
    case = walker.demand()
    rewrite(f"DELETE FROM event WHERE case_id = {case.id} AND number = 1")
    assert f"{case.reference} cannot be replayed: no line opens the case" in replay.faults(case)


def test_the_command_says_that_all_is_well(app, walker):
    walker.take(walker.demand(), OPENED[1:])
    walker.take(walker.listing(), LISTED)
    db.session.remove()
    result = app.test_cli_runner().invoke(args=["verify-cases"])
    assert result.exit_code == 0
    assert result.output == "2 cases: each journal is whole and leads to where its case stands.\n"


def test_the_command_names_each_fault_and_fails(app, walker):
    case, sound = walker.demand(), walker.demand()
    rewrite(f"UPDATE event SET step = 'forged' WHERE case_id = {case.id} AND number = 3")
    db.session.execute(db.update(WorkItem).where(WorkItem.case_id == sound.id).values(state=WorkState.DONE))
    db.session.commit()
    references = case.reference, sound.reference
    db.session.remove()
    result = app.test_cli_runner().invoke(args=["verify-cases"])
    assert result.exit_code == 1
    assert f"{references[0]} line 3 does not follow" in result.output
    assert f"{references[1]} has the step screen_demand in its process or on the work list" in result.output
