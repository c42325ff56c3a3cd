"""Strips: a limit drawn day by day, so that everybody can count along."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from models import Clock, ClockState, Unit
from workflow import calendar
from workflow import clock as clocks
from workflow.calendar import Stretch, is_working, local_day, today

# A limit over more days than this is told in words alone.
LONGEST = 70
# The limits that some steps offer to extend, by the step.
EXTENDS = {"extend_answer": "demand_answer", "ask_extension": "decision", "extend_decision": "decision"}


@dataclass(frozen=True)
class Day:
    """One day of a strip: `off`, `used`, `stop` or `left`."""

    date: date
    kind: str
    today: bool = False
    due: bool = False


@dataclass(frozen=True)
class Strip:
    """A limit from the first day that counts to the day it is due."""

    days: tuple[Day, ...]
    first: date
    due: date
    used: int
    stopped: int
    left: int
    unit: Unit
    paused: bool = False

    @property
    def drawn(self) -> bool:
        """Say whether the strip is short enough to be drawn."""
        return len(self.days) <= LONGEST


def strip_of(clock: Clock) -> Strip:
    """Return the strip of a clock, up to today where it stands still or is overdue."""
    began, due = local_day(clock.started_at), local_day(clock.due_at)
    stretches = [*clocks.stretches(clock), *((local_day(p.began_at), today()) for p in clock.pauses if not p.ended_at)]
    unit = clocks.register(clock).unit
    last = max(due, today()) if clock.state is ClockState.PAUSED else due
    days = tuple(drawn(began, last, due, unit, stretches))
    kinds = Counter(day.kind for day in days)
    first = next((day.date for day in days if day.kind in ("used", "left")), due)
    paused = clock.state is ClockState.PAUSED
    return Strip(days, first, due, kinds["used"], kinds["stop"], kinds["left"], unit, paused)


def lengthened(clock: Clock) -> date:
    """Return the day on which a clock would be due after an extension, as far as it can be told today."""
    limit, began = clocks.register(clock), local_day(clock.started_at)
    return calendar.due_day(began, limit.days + limit.extension, limit.unit, clocks.stretches(clock))


def drawn(began: date, last: date, due: date, unit: Unit, stretches: Iterable[Stretch]) -> Iterable[Day]:
    """Yield the days of a strip, from the day after the beginning.

    :param stretches: when the clock stood still: the day it stopped, which still counts, and the day it went on
    """
    stood_still = list(stretches)
    for number in range(1, (last - began).days + 1):
        day = began + timedelta(days=number)
        if unit is Unit.WORKING and not is_working(day):
            kind = "off"
        elif any(stopped < day <= resumed for stopped, resumed in stood_still):
            kind = "stop"
        else:
            kind = "used" if day <= today() else "left"
        yield Day(day, kind, day == today(), day == due)
