"""How long decisions usually take, out of the right cases and counted in working days."""

from datetime import date

import pytest

from models import Clock, ClockState, Pause, db
from tests.applications import conditional, decided, noon
from tests.statements import statements
from workflow import durations
from workflow.durations import ENOUGH, WorkingDays, quantile, usual

# The two weeks after the National Day of 2026; the tenth is worked.
DAYS = ["2026-10-13", "2026-10-14", "2026-10-15", "2026-10-16", "2026-10-19"]
OTHER = "上海市生态环境局"


@pytest.fixture
def entry(context):
    return conditional()


def stand_still(case, began: str, ended: str | None, limit: str = "decision") -> None:
    clock = Clock(id=f"{case.id}-{limit}", case_id=case.id, limit=limit, state=ClockState.STOPPED)
    clock.due_at, clock.pauses = noon("2026-11-30"), [Pause(reason="clarify_application", began_at=noon(began))]
    clock.pauses[0].ended_at = noon(ended) if ended else None
    db.session.add(clock)
    db.session.commit()


def test_without_past_cases_nothing_is_said(entry):
    assert usual(entry) is None


def test_half_and_nine_of_ten_are_counted_in_working_days(entry):
    for day in DAYS:
        decided(entry, "approve", "2026-10-12", day)
    found = usual(entry)
    assert (found.scope, found.cases, found.median, found.ninety) == ("dataset", 5, 3, 5)
    assert (found.median_whole, found.ninety_whole) == (3, 5)


def test_days_on_which_the_clock_stood_still_are_left_out_and_told(entry):
    cases = [decided(entry, "refuse", "2026-10-12", "2026-10-23") for _ in range(ENOUGH)]
    for case in cases:
        stand_still(case, "2026-10-13", "2026-10-16")
        stand_still(case, "2026-10-12", "2026-10-23", limit="completion")
    found = usual(entry)
    assert (found.median, found.median_whole) == (6, 9)


@pytest.mark.parametrize(
    ("began", "ended", "left"), [("2026-10-20", None, 6), ("2026-10-05", "2026-10-14", 7), ("2026-11-02", None, 9)]
)
def test_only_what_lies_before_the_decision_is_left_out(entry, began, ended, left):
    for _ in range(ENOUGH):
        stand_still(decided(entry, "approve", "2026-10-12", "2026-10-23"), began, ended)
    assert usual(entry).median == left


def test_with_too_few_of_its_own_the_bodys_cases_speak_and_then_all(entry):
    other, elsewhere = conditional("另一个"), conditional("别处的", body=OTHER)
    for _ in range(ENOUGH - 1):
        decided(entry, "approve")
    assert usual(entry).scope == "all"
    decided(elsewhere, "approve")
    assert (usual(entry).scope, usual(entry).cases) == ("all", ENOUGH)
    decided(other, "approve")
    assert (usual(entry).scope, usual(entry).cases) == ("body", ENOUGH)
    decided(entry, "approve")
    assert (usual(entry).scope, usual(entry).cases) == ("dataset", ENOUGH)


def test_cases_that_were_split_or_are_not_decided_do_not_count(entry):
    decided(entry, "mixed", body_id=None)
    decided(entry, "", decided_at=None)
    decided(entry, "withdrawn", accepted_at=None)
    assert usual(entry) is None


def test_only_the_latest_cases_are_looked_at(entry, monkeypatch):
    monkeypatch.setattr(durations, "RECENT", 5)
    for _ in range(5):
        decided(entry, "approve", "2026-10-12", "2026-10-30")
    for _ in range(5):
        decided(entry, "approve", "2026-10-12", "2026-10-13")
    assert (usual(entry).cases, usual(entry).ninety) == (5, 1)


def test_working_days_between_two_days_leave_out_holidays_and_count_worked_weekends(context):
    days = WorkingDays(date(2026, 9, 1), date(2026, 10, 31))
    assert days.between(date(2026, 9, 30), date(2026, 10, 8)) == 1
    assert days.between(date(2026, 10, 9), date(2026, 10, 12)) == 2
    assert days.between(date(2026, 10, 12), date(2026, 10, 12)) == 0


def test_a_quantile_is_one_of_the_numbers():
    assert quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.5) == 5
    assert quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9) == 9
    assert quantile([7], 0.9) == 7
    assert quantile([1, 100], 0.5) == 1


def test_the_number_of_questions_does_not_grow_with_the_cases(entry):
    numbers = []
    for day in DAYS:
        decided(entry, "approve", "2026-10-12", day)
        # The working days of the calendar are read once and kept.
        usual(entry)
        numbers.append(len(statements(lambda: usual(entry))))
    # With too few cases of its own a data set borrows those of its body, and then everybody's.
    assert numbers == [4, 4, 4, 4, 2]
