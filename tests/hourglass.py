"""The time that the service believes it is, set by a test."""

import sys
from datetime import date, datetime, timedelta

import models
from workflow import calendar


class Hourglass:
    """A moment that stands still until a test lets time pass."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Return the moment."""
        return self.moment

    def today(self) -> date:
        """Return the day on which the moment falls in Shanghai."""
        return calendar.local_day(self.moment)

    def turn(self, moment: datetime) -> datetime:
        """Set the moment."""
        self.moment = moment
        return moment

    def noon(self, year: int, month: int, day: int) -> datetime:
        """Set the moment to noon of a day in Shanghai."""
        return self.turn(datetime(year, month, day, 12, tzinfo=calendar.SHANGHAI))

    def let_pass(self, **time: float) -> datetime:
        """Let time pass."""
        return self.turn(self.moment + timedelta(**time))


def install(monkeypatch, moment: datetime) -> Hourglass:
    """Let the whole service ask an hourglass for the time."""
    glass = Hourglass(moment)
    clocks = {"now": (models.now, glass.now), "today": (calendar.today, glass.today)}
    for name, module in list(sys.modules.items()):
        if name != "models" and name.startswith(("workflow", "models.", "api")):
            for word, (real, ours) in clocks.items():
                if getattr(module, word, None) is real:
                    monkeypatch.setattr(module, word, ours)
    return glass
