"""Working days: weekdays that are no holiday, and weekend days that are worked (调休)."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from models import SHANGHAI as SHANGHAI
from models import Holiday, Limit, Unit, db, now
from models import local_day as local_day

# The register and the calendar change a few times a year; a process looks again after this many seconds.
FRESH = 30.0
_kept: dict[str, tuple[float, object]] = {}

# A stretch in which a clock stood still: the day it stopped, and the day it went on.
Stretch = tuple[date, date]


def today() -> date:
    """Return today's date in Shanghai."""
    return local_day(now())


def day_start(day: date) -> datetime:
    """Return the moment at which a day begins in Shanghai, in UTC."""
    return datetime.combine(day, datetime.min.time(), SHANGHAI).astimezone(UTC)


def day_end(day: date) -> datetime:
    """Return the last second of a day in Shanghai, in UTC."""
    return day_start(day + timedelta(days=1)) - timedelta(seconds=1)


def forget() -> None:
    """Read the register and the calendar anew at the next question; call it after changing them."""
    _kept.clear()


def holidays() -> dict[date, bool]:
    """Return the days that differ from their weekday: True where the day is worked."""
    seconds, kept = _kept.get("holidays", (0.0, None))
    if not isinstance(kept, dict) or time.monotonic() - seconds > FRESH:
        kept = {row.day: row.working for row in db.session.execute(db.select(Holiday.day, Holiday.working))}
        _kept["holidays"] = (time.monotonic(), kept)
    return kept


def is_provisional(day: date) -> bool:
    """Say whether a day lies in a year whose holidays have not been published yet."""
    seconds, years = _kept.get("published", (0.0, None))
    if not isinstance(years, frozenset) or time.monotonic() - seconds > FRESH:
        published = db.session.scalars(db.select(Holiday.day).where(Holiday.provisional.is_(False)))
        years = frozenset(day.year for day in published)
        _kept["published"] = (time.monotonic(), years)
    # What was arranged before the first year that is kept is over.
    return day.year not in years and day.year > min(years, default=0)


def limit_in_force(name: str, day: date) -> Limit:
    """Return the row of the limit register that is in force on a day.

    Raises LookupError when the register has none: a limit is law, and has no default.
    """
    seconds, kept = _kept.get("limits", (0.0, None))
    if not isinstance(kept, list) or time.monotonic() - seconds > FRESH:
        kept = list(db.session.scalars(db.select(Limit).order_by(Limit.since.desc())))
        for row in kept:
            db.session.expunge(row)
        _kept["limits"] = (time.monotonic(), kept)
    for row in kept:
        if row.name == name and row.since <= day:
            found: Limit = row
            return found
    raise LookupError(f"The limit register has no row {name} in force on {day}.")


def is_working(day: date) -> bool:
    """Say whether a day is worked."""
    worked = holidays().get(day)
    return day.weekday() < 5 if worked is None else worked


def counted(start: date, unit: Unit, pauses: Iterable[Stretch]) -> Iterator[date]:
    """Yield the days that count, from the day after a start on.

    The day on which a clock stops still counts; the days after it, up to and with the day on which
    it goes on, do not.
    """
    stretches = list(pauses)
    day = start
    while True:
        day += timedelta(days=1)
        if unit is Unit.WORKING and not is_working(day):
            continue
        if not any(stopped < day <= resumed for stopped, resumed in stretches):
            yield day


def due_day(start: date, days: int, unit: Unit, pauses: Iterable[Stretch] = ()) -> date:
    """Return the last day of a limit that starts to count on the next day."""
    return [start, *islice(counted(start, unit, pauses), days)][-1]


def soon_day(start: date, days: int, unit: Unit, pauses: Iterable[Stretch] = ()) -> date:
    """Return the day from which a limit is soon due: three days or fewer left, or 70 % used."""
    return due_day(start, max(1, min(days - 3, -(-days * 7 // 10))), unit, pauses)


def working_days_left(due: date, since: date) -> int:
    """Return the working days after a day, up to and with the due day; negative once it has passed."""
    step = 1 if due >= since else -1
    first, last = (since, due) if step > 0 else (due, since)
    return step * sum(is_working(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))
