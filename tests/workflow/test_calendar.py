"""Working days: what is counted, where a limit ends, and from when it is soon due."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Holiday, Unit, db
from workflow import calendar
from workflow.calendar import counted, due_day, soon_day, working_days_left

# The arrangement of the State Council for 2025, and the new year of 2026 with its worked Sunday.
ARRANGED = {
    **{date(2025, 1, 28) + timedelta(days=n): False for n in range(8)},
    **{date(2025, 10, 1) + timedelta(days=n): False for n in range(8)},
    **dict.fromkeys(
        [date(2025, 1, 26), date(2025, 2, 8), date(2025, 9, 28), date(2025, 10, 11), date(2026, 1, 4)], True
    ),
    **dict.fromkeys([date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)], False),
}
WORKING, CALENDAR = Unit.WORKING, Unit.CALENDAR
DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))


@pytest.fixture(autouse=True)
def _arranged(request, monkeypatch) -> None:
    """Let the calendar know the arranged days, without a database, unless a test asks for one."""
    if "context" not in request.fixturenames:
        monkeypatch.setattr(calendar, "holidays", lambda: ARRANGED)


def test_a_limit_of_fifteen_days_that_stood_still_from_5_to_11_november_ends_on_the_26th():
    accepted, stopped = date(2026, 10, 30), [(date(2026, 11, 5), date(2026, 11, 11))]
    days = list(islice(counted(accepted, WORKING, stopped), 15))
    assert not {date(2026, 11, day) for day in (6, 9, 10, 11)} & set(days)
    assert days[11] == date(2026, 11, 23)
    assert days[14] == date(2026, 11, 26) == due_day(accepted, 15, WORKING, stopped)
    assert due_day(accepted, 15, WORKING) == date(2026, 11, 20)


def test_the_day_of_the_beginning_is_not_counted():
    assert due_day(date(2026, 11, 2), 1, WORKING) == date(2026, 11, 3)
    assert due_day(date(2026, 11, 2), 1, CALENDAR) == date(2026, 11, 3)


def test_a_clock_that_stops_and_goes_on_within_a_day_loses_nothing():
    stopped = [(date(2026, 11, 5), date(2026, 11, 5))]
    assert due_day(date(2026, 10, 30), 15, WORKING, stopped) == date(2026, 11, 20)


def test_a_pause_over_a_weekend_stops_the_working_days_alone():
    stopped = [(date(2026, 11, 6), date(2026, 11, 9))]
    assert due_day(date(2026, 11, 4), 4, WORKING, stopped) == date(2026, 11, 11)


def test_two_pauses_are_both_left_out():
    stopped = [(date(2026, 11, 3), date(2026, 11, 4)), (date(2026, 11, 10), date(2026, 11, 12))]
    assert due_day(date(2026, 10, 30), 15, WORKING, stopped) == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("begin", "days", "due"),
    [
        # The Sunday before National Day is worked; then eight days are off.
        (date(2025, 9, 26), 1, date(2025, 9, 28)),
        (date(2025, 9, 26), 3, date(2025, 9, 30)),
        (date(2025, 9, 26), 4, date(2025, 10, 9)),
        (date(2025, 9, 26), 6, date(2025, 10, 11)),
        # The Spring Festival, with a worked Sunday before and a worked Saturday after it.
        (date(2025, 1, 24), 2, date(2025, 1, 27)),
        (date(2025, 1, 24), 3, date(2025, 2, 5)),
        (date(2025, 1, 24), 6, date(2025, 2, 8)),
    ],
)
def test_holidays_are_left_out_and_worked_weekend_days_count(begin, days, due):
    assert due_day(begin, days, WORKING) == due


def test_a_limit_runs_on_over_the_end_of_the_year():
    assert [due_day(date(2025, 12, 29), days, WORKING) for days in (2, 3, 4)] == [
        date(2025, 12, 31),
        date(2026, 1, 4),
        date(2026, 1, 5),
    ]


def test_calendar_days_count_weekends_and_holidays():
    assert due_day(date(2025, 9, 30), 90, CALENDAR) == date(2025, 12, 29)
    assert due_day(date(2024, 2, 28), 365, CALENDAR) == date(2025, 2, 27)


def test_a_limit_is_soon_due_three_days_before_its_end_or_when_seven_tenths_are_used():
    begin = date(2026, 10, 30)
    for days, day in ((1, 1), (3, 1), (5, 2), (10, 7), (15, 11), (20, 14)):
        assert soon_day(begin, days, WORKING) == due_day(begin, day, WORKING)


def test_days_left_are_counted_to_the_due_day_and_below_nothing_after_it():
    due = date(2026, 11, 26)
    left = {date(2026, 11, 23): 3, date(2026, 11, 26): 0, date(2026, 11, 27): -1, date(2026, 11, 30): -2}
    assert {day: working_days_left(due, day) for day in left} == left


def test_a_day_begins_and_ends_in_shanghai():
    assert calendar.local_day(datetime(2026, 11, 25, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 25)
    assert calendar.local_day(datetime(2026, 11, 25, 16, 0, tzinfo=UTC)) == date(2026, 11, 26)
    assert calendar.day_end(date(2026, 11, 26)) == datetime(2026, 11, 26, 15, 59, 59, tzinfo=UTC)
    assert calendar.day_start(date(2026, 11, 26)) == datetime(2026, 11, 25, 16, 0, tzinfo=UTC)


@given(begin=DAYS, days=st.integers(1, 60), unit=st.sampled_from(list(Unit)), data=st.data())
def test_a_limit_ends_on_the_day_that_makes_its_number_full(begin, days, unit, data):
    ends = data.draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), max_size=3))
    pauses = [(begin + timedelta(days=after), begin + timedelta(days=after + long)) for after, long in ends]
    due = due_day(begin, days, unit, pauses)
    span = [begin + timedelta(days=n) for n in range(1, (due - begin).days + 1)]
    open_days = [day for day in span if unit is CALENDAR or ARRANGED.get(day, day.weekday() < 5)]
    stopped = {start + timedelta(days=n) for start, end in pauses for n in range(1, (end - start).days + 1)}
    assert len([day for day in open_days if day not in stopped]) == days
    assert due in open_days
    assert due not in stopped
    assert due >= due_day(begin, days, unit)
    assert begin < soon_day(begin, days, unit, pauses) <= due


@pytest.mark.usefixtures("context")
def test_the_calendar_knows_the_published_days():
    for day, worked in ARRANGED.items():
        assert calendar.is_working(day) is worked
    assert calendar.is_working(date(2025, 9, 29))
    assert not calendar.is_working(date(2025, 9, 27))


@pytest.mark.usefixtures("context")
def test_a_year_without_published_holidays_is_provisional_until_they_are_published():
    last = db.session.scalar(db.select(db.func.max(Holiday.day)))
    new_year = date(last.year + 1, 1, 1)
    assert not calendar.is_provisional(last)
    assert calendar.is_provisional(new_year)
    row = Holiday(day=new_year, working=False, name="元旦（预计）", provisional=True)
    db.session.add(row)
    db.session.commit()
    calendar.forget()
    assert calendar.is_provisional(new_year)
    assert not calendar.is_working(new_year)
    row.provisional = False
    db.session.commit()
    calendar.forget()
    assert not calendar.is_provisional(new_year)


@pytest.mark.usefixtures("context")
def test_a_limit_without_a_row_in_force_has_no_default():
    with pytest.raises(LookupError, match="no row coffee_break"):
        calendar.limit_in_force("coffee_break", date(2026, 11, 2))
    with pytest.raises(LookupError, match="in force on 1999-01-01"):
        calendar.limit_in_force("demand_answer", date(1999, 1, 1))
