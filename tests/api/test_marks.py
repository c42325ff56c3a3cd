"""What a badge, a deadline and the strip of days tell is what the case and its clock say."""

import ast
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from api import marks, strips
from models import Clock, ClockState, OpenType, Pause, Unit
from workflow import calendar

STAGES = Path(marks.__file__).parent.parent / "workflow" / "stages"
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def monday(monkeypatch):
    """Let it be Monday 23 November 2026, in a year without holidays."""
    monkeypatch.setattr(calendar, "holidays", dict)
    monkeypatch.setattr(strips.clocks, "register", lambda clock: SimpleNamespace(unit=Unit(clock.limit)))
    for module in (marks, strips):
        monkeypatch.setattr(module, "today", lambda: TODAY)
    monkeypatch.setattr(marks, "now", lambda: at(11, 23))


def at(month, day):
    """Return noon in Shanghai."""
    return datetime(2026, month, day, 4, tzinfo=UTC)


def written_states():
    """Return every word that a stage writes as a case's state."""
    for path in STAGES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assign) and any("case.state" in ast.unparse(target) for target in node.targets):
                yield from words(node.value)


def words(node):
    """Return the words a value may be; what is only looked up or compared is not one of them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif not isinstance(node, ast.Subscript | ast.Compare | ast.Call):
        for part in ast.iter_child_nodes(node):
            yield from words(part)


def test_every_state_that_a_stage_writes_has_a_badge():
    states = set(written_states())
    assert {"assessing", "answered", "listed", "returned"} <= states
    assert states <= marks.STATES.keys()


def test_every_open_type_has_a_sign():
    assert {each.value for each in OpenType} <= marks.OPEN_TYPES.keys()


def test_an_unknown_word_is_shown_as_it_is():
    assert marks.state_mark("sleeping").words == "sleeping"


def test_tones_say_whose_turn_it_is_and_nothing_else():
    tones = {"neutral", "progress", "action", "paused", "done", "stopped"}
    assert {mark.tone for mark in (*marks.STATES.values(), *marks.OPEN_TYPES.values())} <= tones


@pytest.mark.parametrize(
    ("due", "soon", "paused", "words", "tone"),
    [
        (at(12, 4), at(12, 1), False, "剩 9 个工作日", ""),
        (at(11, 26), at(11, 23), False, "剩 3 个工作日", "action"),
        (at(11, 23), None, False, "今天到期", "action"),
        (at(11, 20), at(11, 17), False, "超期 1 个工作日", "stopped"),
        (at(11, 20), at(11, 17), True, "停计", "paused"),
    ],
)
def test_a_deadline_counts_working_days_after_today(due, soon, paused, words, tone):
    told = marks.deadline_of(SimpleNamespace(due_at=due, soon_at=soon, paused=paused))
    assert (told.words, told.tone) == (words, tone)


def test_a_limit_passed_on_a_weekend_is_overdue_by_no_working_day(monkeypatch):
    monkeypatch.setattr(marks, "today", lambda: date(2026, 11, 22))
    assert marks.deadline_of(SimpleNamespace(due_at=at(11, 20), soon_at=None)).words == "已过期"


def test_without_a_limit_there_is_no_deadline():
    assert marks.deadline_of(SimpleNamespace(due_at=None)) is None


def clock(due, *pauses, state=ClockState.RUNNING, unit=Unit.WORKING, began=(10, 30)):
    made = Clock(id="1", started_at=at(*began), due_at=at(*due), state=state, limit=unit.value)
    made.pauses = [
        Pause(began_at=at(*first), ended_at=at(*last) if last else None, reason="") for first, last in pauses
    ]
    return made


def test_a_strip_shows_the_arithmetic_of_a_limit_that_stood_still():
    strip = strips.strip_of(clock((11, 26), ((11, 5), (11, 11))))
    assert (strip.used, strip.stopped, strip.left) == (12, 4, 3)
    assert (strip.first, strip.due) == (date(2026, 11, 2), date(2026, 11, 26))
    assert [day.date.day for day in strip.days if day.kind == "stop"] == [6, 9, 10, 11]
    assert [day.date for day in strip.days if day.today] == [TODAY]
    assert [day.date for day in strip.days if day.due] == [date(2026, 11, 26)]


def test_a_clock_that_stands_still_is_drawn_up_to_today():
    strip = strips.strip_of(clock((11, 20), ((11, 18), None), state=ClockState.PAUSED, began=(11, 10)))
    assert strip.paused
    assert strip.days[-1].date == TODAY
    assert [day.date.day for day in strip.days if day.kind == "stop"] == [19, 20, 23]


def test_a_limit_in_calendar_days_counts_weekends():
    strip = strips.strip_of(clock((11, 9), unit=Unit.CALENDAR))
    assert (strip.used, strip.left) == (10, 0)
    assert all(day.kind != "off" for day in strip.days)


def test_a_long_limit_is_told_in_words_alone():
    made = clock((11, 26))
    made.due_at = datetime(2027, 11, 26, 4, tzinfo=UTC)
    assert not strips.strip_of(made).drawn
