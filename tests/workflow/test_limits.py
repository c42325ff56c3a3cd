"""The register of limits grows and never changes; a day of the calendar may be set otherwise, and what it was stays."""

from datetime import date, timedelta

import pytest
from marshmallow import ValidationError

from models import Correction, Holiday, Limit, Unit, db
from tests import hourglass
from workflow import calendar, clock, limits
from workflow.calendar import day_start, local_day
from workflow.errors import NotFound

pytestmark = pytest.mark.usefixtures("context")
TODAY = date(2026, 10, 30)
CHANGE = {"days": 7, "unit": Unit.WORKING, "extension": 0, "basis": "平台规则：试行"}
OFF = {"working": False, "name": "特别假日", "provisional": False, "reason": "市政府通告"}


@pytest.fixture(autouse=True)
def glass(monkeypatch) -> hourglass.Hourglass:
    """Return the hourglass of the service; it is Friday, 30 October 2026."""
    glass = hourglass.install(monkeypatch, day_start(TODAY))
    glass.noon(2026, 10, 30)
    return glass


def rows(table) -> list[tuple]:
    """Return every row of a table as it stands in the database."""
    return [tuple(row) for row in db.session.execute(db.select(table.__table__))]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"since": TODAY - timedelta(days=1)}, "since"),
        ({"since": TODAY}, "since"),
        ({"days": 0}, "days"),
        ({"days": -3}, "days"),
        ({"extension": -1}, "extension"),
    ],
)
def test_an_impossible_version_is_refused_and_nothing_is_changed(walker, change, field):
    before = rows(Limit)
    with pytest.raises(ValidationError) as refusal:
        limits.enact("decision", **{**CHANGE, "since": date(2027, 1, 1), **change}, by=walker.person("steward"))
    assert set(refusal.value.messages) == {field}
    assert rows(Limit) == before


def test_a_limit_that_the_register_does_not_know_cannot_be_entered(walker):
    with pytest.raises(NotFound):
        limits.enact("grace", **CHANGE, since=date(2027, 1, 1), by=walker.person("steward"))


def test_a_new_version_changes_no_earlier_one_and_says_who_entered_it(walker, glass):
    before = rows(Limit)
    steward = walker.person("steward")
    made = limits.enact("decision", **CHANGE, since=date(2027, 1, 1), by=steward)
    after = rows(Limit)
    assert [row for row in after if row in before] == before
    assert len(after) == len(before) + 1
    assert (made.entered_by_id, made.entered_at) == (steward.id, glass.moment)
    assert [row.since for row in limits.versions("decision")] == [date(2027, 1, 1), date(2019, 10, 1)]


def test_a_day_has_one_version_of_a_limit(walker):
    steward = walker.person("steward")
    limits.enact("decision", **CHANGE, since=date(2027, 1, 1), by=steward)
    with pytest.raises(ValidationError) as refusal:
        limits.enact("decision", **{**CHANGE, "days": 8}, since=date(2027, 1, 1), by=steward)
    assert set(refusal.value.messages) == {"since"}
    assert limits.versions("decision")[0].days == 7


def test_whoever_comes_second_at_the_same_moment_is_told_so(walker, monkeypatch):
    steward, known = walker.person("steward"), limits.versions("decision")
    limits.enact("decision", **CHANGE, since=date(2027, 1, 1), by=steward)
    # The second steward has read the versions before the first one's was written.
    monkeypatch.setattr(limits, "versions", lambda name: known)
    with pytest.raises(ValidationError) as refusal:
        limits.enact("decision", **CHANGE, since=date(2027, 1, 1), by=walker.person("steward"))
    assert set(refusal.value.messages) == {"since"}


def test_a_clock_that_runs_keeps_the_version_it_began_under(walker, glass):
    case = walker.at("assess_demand")
    limits.enact("demand_answer", **{**CHANGE, "days": 3}, since=date(2026, 11, 2), by=walker.person("steward"))
    glass.noon(2026, 11, 2)
    (running,) = (each for each in clock.running(case) if each.limit == "demand_answer")
    assert clock.register(running).days == 15
    clock.reckon(running)
    assert local_day(running.due_at) == date(2026, 11, 20)
    (later,) = (each for each in clock.running(walker.at("assess_demand")) if each.limit == "demand_answer")
    assert local_day(later.due_at) == date(2026, 11, 5)


def test_a_day_set_otherwise_is_counted_so_at_once_and_what_it_was_is_kept(walker, glass):
    day, steward = date(2026, 11, 4), walker.person("steward")
    assert calendar.is_working(day)
    limits.correct(day, **OFF, by=steward)
    assert not calendar.is_working(day)
    limits.correct(day, **{**OFF, "working": True, "name": "", "reason": "通告已撤销"}, by=steward)
    assert calendar.is_working(day)
    found = [(row.was_working, row.was_name, row.working, row.reason) for row in limits.corrections(2026)]
    assert found == [(False, "特别假日", True, "通告已撤销"), (True, "", False, "市政府通告")]
    assert {(row.entered_by_id, row.entered_at) for row in limits.corrections(2026)} == {(steward.id, glass.moment)}


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2029, 1, 1)])
def test_a_year_that_is_over_or_far_ahead_is_left_alone(walker, day):
    before = rows(Holiday), rows(Correction)
    with pytest.raises(ValidationError) as refusal:
        limits.correct(day, **OFF, by=walker.person("steward"))
    assert set(refusal.value.messages) == {"day"}
    assert (rows(Holiday), rows(Correction)) == before


def test_a_correction_that_changes_nothing_is_refused(walker):
    steward = walker.person("steward")
    limits.correct(date(2026, 11, 4), **OFF, by=steward)
    for day, change in ((date(2026, 11, 4), {}), (date(2026, 11, 5), {"working": True})):
        with pytest.raises(ValidationError) as refusal:
            limits.correct(day, **{**OFF, **change}, by=steward)
        assert set(refusal.value.messages) == {"working"}
    assert len(rows(Correction)) == 1


def test_a_year_stays_provisional_until_one_of_its_days_is_official(walker):
    steward = walker.person("steward")
    assert calendar.is_provisional(date(2027, 12, 31))
    limits.correct(date(2027, 1, 1), **{**OFF, "provisional": True}, by=steward)
    assert calendar.is_provisional(date(2027, 12, 31))
    limits.correct(date(2028, 1, 3), **OFF, by=steward)
    assert not calendar.is_provisional(date(2028, 12, 31))
    assert calendar.is_provisional(date(2027, 12, 31))
    limits.correct(date(2027, 1, 1), **OFF, by=steward)
    assert not calendar.is_provisional(date(2027, 12, 31))
