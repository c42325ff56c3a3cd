"""How long decisions usually take: working days from acceptance to decision, out of past cases and nothing else."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import Select

from models import Application, Case, Clock, DataRequest, Dataset, Pause, db
from workflow.calendar import is_working, local_day

# The latest so many cases are looked at: experience that is years old tells nobody how long it takes today.
RECENT = 200
# From so many cases on, those of one data set or one body speak for themselves.
ENOUGH = 5
LIMIT = "decision"


@dataclass(frozen=True)
class Usual:
    """How many working days decisions took: in half the cases at most, and in nine of ten.

    `median` and `ninety` leave out the days on which the clock stood still; `median_whole` and `ninety_whole` do not.
    """

    # "dataset", "body" or "all": whose cases these are.
    scope: str
    cases: int
    median: int
    ninety: int
    median_whole: int
    ninety_whole: int


def usual(dataset: Dataset) -> Usual | None:
    """Return how long a decision on a data set usually takes: from its own cases, its body's, or everybody's."""
    own = _decided().join(DataRequest, DataRequest.case_id == Application.case_id)
    own = own.where(DataRequest.dataset_id == dataset.id).order_by(DataRequest.id.desc())
    body = _decided().where(Case.body_id == dataset.provider_id).order_by(Case.id.desc())
    return _measured("dataset", own, ENOUGH) or _measured("body", body, ENOUGH) or of_all()


def of_all() -> Usual | None:
    """Return how long a decision usually takes, whatever the data."""
    return _measured("all", _decided().order_by(Application.case_id.desc()), 1)


def _decided() -> Select[Any]:
    query: Select[Any] = db.select(Application.case_id, Application.accepted_at, Application.decided_at)
    # What was split among several bodies is decided part by part.
    return query.join(Case, Case.id == Application.case_id).where(
        Case.body_id.is_not(None), Application.accepted_at.is_not(None), Application.decided_at.is_not(None)
    )


def _measured(scope: str, query: Select[Any], enough: int) -> Usual | None:
    found = [tuple(row) for row in db.session.execute(query.limit(RECENT))]
    return _usual(scope, found) if len(found) >= enough else None


def _usual(scope: str, found: list[tuple[Any, ...]]) -> Usual:
    stood_still = pauses([case for case, _, _ in found])
    first = min(local_day(accepted) for _, accepted, _ in found)
    last = max(local_day(decided) for _, _, decided in found)
    days = WorkingDays(first, last)
    whole = sorted(days.between(local_day(accepted), local_day(decided)) for _, accepted, decided in found)
    counted = sorted(
        days.between(local_day(accepted), local_day(decided))
        - sum(days.between(*_within(stretch, accepted, decided)) for stretch in stood_still.get(case, ()))
        for case, accepted, decided in found
    )
    return Usual(
        scope, len(found), quantile(counted, 0.5), quantile(counted, 0.9), quantile(whole, 0.5), quantile(whole, 0.9)
    )


def _within(stretch: tuple[datetime, datetime | None], accepted: datetime, decided: datetime) -> tuple[date, date]:
    began, ended = stretch
    first, last = max(began, accepted), min(ended or decided, decided)
    return local_day(first), max(local_day(first), local_day(last))


def pauses(cases: Sequence[int]) -> dict[int, list[tuple[datetime, datetime | None]]]:
    """Return when the clock of the decision stood still on some cases."""
    query = db.select(Clock.case_id, Pause.began_at, Pause.ended_at).join(Clock, Clock.id == Pause.clock_id)
    query = query.where(Clock.case_id.in_(cases), Clock.limit == LIMIT).order_by(Pause.id)
    found: dict[int, list[tuple[datetime, datetime | None]]] = {}
    for case, began, ended in db.session.execute(query):
        found.setdefault(case, []).append((began, ended))
    return found


class WorkingDays:
    """The working days of a stretch of time, numbered once, so that counting between two days is a subtraction."""

    def __init__(self, first: date, last: date) -> None:
        every = (first + timedelta(days=n) for n in range((last - first).days + 1))
        self.days = [day for day in every if is_working(day)]

    def between(self, began: date, ended: date) -> int:
        """Return the working days after a day, up to and with another."""
        return bisect_right(self.days, ended) - bisect_right(self.days, began)


def quantile(ordered: Sequence[int], share: float) -> int:
    """Return the smallest of some ordered numbers that so large a share of them does not exceed."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
