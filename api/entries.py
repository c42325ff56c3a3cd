"""Rows of the work list as a page shows them: whose turn, how much time is left, who holds the step, where it leads.

Many rows of a page say the same: the same step, the same day. What is translated, written or looked up for one of them
is kept for the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from flask import url_for
from flask_babel import get_locale, gettext
from sqlalchemy import Row

from api.language import day
from api.marks import INCIDENT, Deadline, Mark, deadline_of, state_mark
from models import KIND_TITLES, N_, CaseStatus, Role, Unit, User
from workflow import inbox
from workflow.calendar import limit_in_force, local_day, today, working_days_left
from workflow.stages import STEPS

# Stands for a case's reference in an address that is written once for all rows; no reference needs escaping.
ANY = "ANY-REFERENCE"


@dataclass(frozen=True)
class Bar:
    """How much of a limit has been used, in its own unit."""

    used: int
    whole: int


@dataclass(frozen=True)
class Addresses:
    """Where the links and buttons of a row lead."""

    case: str
    # Where the step is answered; for a colleague's step where the case is read.
    work: str
    claim: str = ""
    release: str = ""
    take_over: str = ""


@dataclass(frozen=True)
class Entry:
    """A row of the work list."""

    item: Row[Any]
    step: str
    kind: str
    badge: Mark
    requester: str
    body: str
    deadline: Deadline | None
    # The due day and the day it came in, written for people.
    due: str
    came: str
    came_on: date
    bar: Bar | None
    address: Addresses

    @property
    def title(self) -> str:
        """Return the case's title; a draft may not have one yet."""
        return self.item.title or self.kind

    @property
    def key(self) -> str:
        """Return by what a form names the step: the case and the step."""
        return f"{self.item.reference}/{self.item.step}"


def entries(rows: Sequence[Row[Any]], person: User, back: str = "") -> list[Entry]:
    """Return the rows of a page of the work list.

    :param back: where a page on which something is confirmed leads back to
    """
    locale = get_locale()
    english = locale is not None and locale.language == "en"
    said, written, badge, bars = cache(gettext), cache(day), cache(_badge), bars_of(rows)
    deadlines: dict[tuple[Any, ...], Deadline | None] = {}
    pattern = cache(lambda endpoint, **values: url_for(endpoint, reference=ANY, **values))

    def entry(row: Row[Any]) -> Entry:
        when = (row.due_at, row.soon_at, row.paused)
        if when not in deadlines:
            deadlines[when] = deadline_of(row)
        deadline, came_on = deadlines[when], local_day(row.opened_at)
        return Entry(
            item=row,
            step=said(STEPS[row.step].title),
            kind=said(KIND_TITLES[row.kind]),
            badge=badge(row.status, row.state),
            requester=said(_requester(row)),
            body=(row.body_en if english else row.body) or "",
            deadline=deadline,
            due=written(deadline.due) if deadline else "",
            came=written(came_on),
            came_on=came_on,
            bar=bars.get(row.id),
            address=_addresses(row, person, pattern, back),
        )

    return [entry(row) for row in rows]


def bars_of(rows: Sequence[Row[Any]]) -> dict[str, Bar]:
    """Return how much of its limit each step has used; a clock that stands still counts up to the day it stopped."""
    clocks = {(clock.case_id, clock.limit): clock for clock in inbox.clocks_of(rows)}
    left_of, bars, now = cache(_left), {}, today()
    for row in rows:
        clock = clocks.get((row.case_id, row.limit))
        if clock is not None and row.due_at is not None:
            limit = limit_in_force(clock.limit, local_day(clock.started_at))
            whole = limit.days + clock.extended
            since = local_day(clock.stopped_at) if clock.stopped_at else now
            bars[row.id] = Bar(min(max(whole - left_of(local_day(row.due_at), since, limit.unit), 0), whole), whole)
    return bars


def _left(due: date, since: date, unit: Unit) -> int:
    return working_days_left(due, since) if unit is Unit.WORKING else (due - since).days


def _addresses(row: Row[Any], person: User, pattern: Any, back: str) -> Addresses:
    """Return where a row leads; a requester's step is neither given back nor taken over."""

    def at(endpoint: str, **values: str) -> str:
        return str(pattern(endpoint, **values)).replace(ANY, row.reference)

    case, answer = at("cases.show"), f"{row.role}.{row.step}"
    if row.role is Role.REQUESTER:
        return Addresses(case, at(answer))
    if row.holder_id is None:
        return Addresses(case, at(answer), claim=at("worklist.claim", step=row.step))
    if row.holder_id != person.id:
        return Addresses(case, case, take_over=at("worklist.take_over", step=row.step, next=back))
    return Addresses(case, at(answer), release=at("worklist.release", step=row.step))


def _badge(status: CaseStatus, state: str) -> Mark:
    if status is CaseStatus.INCIDENT:
        return Mark(INCIDENT.tone, INCIDENT.icon, gettext(INCIDENT.words))
    return state_mark(state)


def _requester(row: Row[Any]) -> str:
    """Say what sort of requester a case has; who it is, the list does not tell."""
    if row.kind != "demand":
        return N_("主管单位")
    return N_("申请人（单位）") if row.for_party else N_("申请人（个人）")
