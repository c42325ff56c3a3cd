"""The work list of a person: what waits for them, for the offices they hold, and in the hands of their colleagues."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, bindparam, select

from models import (
    BODY_ROLES,
    CITY_ROLES,
    Case,
    Clock,
    ClockState,
    Companion,
    Pause,
    Role,
    Unit,
    User,
    WorkItem,
    WorkState,
    db,
)
from workflow import access, calendar, walks
from workflow.stages import STEPS
from workflow.walks import STRETCHES, Form, Office, Part, Place, Stretch, Tab, View

# Where a person holds more offices than this, those of one role are walked together and then sorted.
MOST_OFFICES = 60
MOST_WORDS = 5
# Steps are soon due with so many working days left, or fewer.
SOON = 3
# The roles for which a step can wait; a requester's steps are held by the requester from the beginning.
STAFF = frozenset(step.role for step in STEPS.values()) - {Role.REQUESTER}
# The kind of case on which others work with the requester.
SHARED = "application"
# The statements are built once; what differs from person to person and from page to page is bound.
TOGETHER = select(Companion.case_id, Companion.signs).where(
    Companion.user_id == bindparam("person"),
    Companion.left_at.is_(None),
    Companion.case_id == Case.id,
    Case.kind == SHARED,
)
CLOCKS = (
    select(
        Clock.case_id, Clock.limit, Clock.state, Clock.started_at, Clock.extended, Pause.began_at.label("stopped_at")
    )
    .outerjoin(Pause, and_(Pause.clock_id == Clock.id, Pause.ended_at.is_(None)))
    .where(Clock.case_id.in_(bindparam("cases", expanding=True)))
)
REFERENCE = re.compile(r"[A-Z]{2}-\d{4}-\d{6}")


class Sort(StrEnum):
    """What comes first: the earliest due day, or what came in last."""

    DUE = "due"
    NEWEST = "newest"


@dataclass(frozen=True)
class Question:
    """What of the work list is asked for."""

    view: View = View.ALL
    tab: Tab = Tab.ALL
    sort: Sort = Sort.DUE
    step: str = ""
    kind: str = ""
    text: str = ""

    @property
    def words(self) -> list[str]:
        """Return the words that title or reference must hold; a whole reference is looked up instead."""
        return [] if self.reference else self.text.lower().split()[:MOST_WORDS]

    @property
    def reference(self) -> str:
        """Return the reference that is asked for, if the text is one."""
        text = self.text.strip().upper()
        return text if REFERENCE.fullmatch(text) else ""

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Return the parts of the answer, in their order."""
        return (Stretch.NEWEST,) if self.sort is Sort.NEWEST else STRETCHES[self.tab]


class Mark(NamedTuple):
    """A place in a list: a page begins behind it, or ends before it."""

    stretch: Stretch
    moment: datetime | None
    item: str


@dataclass(frozen=True)
class Page:
    """The rows of a page, and the marks from which one goes back and on."""

    rows: Sequence[Row[Any]] = ()
    before: Mark | None = None
    behind: Mark | None = None
    # Says that looking was broken off: what lies further on has not been looked at.
    broken_off: bool = False


@dataclass(frozen=True)
class Counts:
    """How many steps there are, each counted up to `walks.MOST_COUNTED`."""

    views: Mapping[View, int] = field(default_factory=dict)
    tabs: Mapping[Tab, int] = field(default_factory=dict)
    steps: Mapping[str, int] = field(default_factory=dict)


def page(user: User, question: Question, size: int, mark: Mark | None = None, backwards: bool = False) -> Page:
    """Return a page of a person's work list.

    :param mark: the page begins behind this place or, where `backwards` is asked for, ends before it
    """
    offices, values = bound(user, question)
    form = Form(question.view, offices, question.tab, bool(question.step), bool(question.kind), len(question.words))
    form = replace(form, shared=bool(values["shared"]))
    if question.reference:
        form = replace(form, items=True)
        values["items"] = waiting_on(Case.reference == question.reference)
    if question.view is View.GROUP and not offices:
        return Page()
    found: list[tuple[Stretch, Row[Any]]] = []
    rest = None
    for stretch in _onward(question.stretches, mark, backwards):
        here = mark if mark is not None and mark.stretch is stretch else None
        part = Part(stretch, backwards, size + 1 - len(found), here is not None)
        values |= {"moment": here.moment, "item": here.item} if here else {}
        found += [(stretch, row) for row in db.session.execute(walks.listed(form, part), values)]
        if len(found) > size:
            break
        if form.examines and (last := db.session.execute(walks.last_examined(form, part), values).first()):
            rest = Mark(stretch, last.moment, last.id)
            break
    more, found = len(found) > size, found[:size]
    if backwards:
        if not more and rest is None:
            # Less than a page lies before the mark, so the first page is shown instead.
            return page(user, question, size)
        found.reverse()
    first, last_mark = (_mark(*found[0]), _mark(*found[-1])) if found else (None, None)
    rows = [row for _, row in found]
    if backwards:
        return Page(rows, first if more else rest, last_mark or mark, rest is not None)
    return Page(rows, first if mark else None, last_mark if more else rest, rest is not None)


def bound(user: User, question: Question, apart: bool = True) -> tuple[tuple[Office, ...], dict[str, Any]]:
    """Return the offices in which a person is waited for, and the values that a question's statements bind.

    :param apart: name each body of a role on its own, as an order by due days needs it
    """
    today = calendar.today()
    later = calendar.due_day(today, SOON, Unit.WORKING) + timedelta(days=1)
    values = {"me": user.id, "today": calendar.day_start(today), "later": calendar.day_start(later)}
    values |= {"step": question.step, "kind": question.kind, **together(user)}
    for number, word in enumerate(question.words):
        values[f"word_{number}"] = "%" + re.sub(r"([%_/])", r"/\1", word) + "%"
    working = STAFF & {STEPS[question.step].role} if question.step else STAFF
    held = [(role, bodies) for role, bodies in access.offices_by_role(user.offices) if role in working]
    few = sum(len(bodies) for _, bodies in held) <= MOST_OFFICES
    offices, places = _apart(held) if apart and few else _together(held)
    return offices, values | places


def together(user: User) -> dict[str, list[int]]:
    """Return the cases on which a person works with their requesters, and those on which they may sign for them."""
    found = db.session.connection().execute(TOGETHER, {"person": user.id}).all()
    return {"shared": [row.case_id for row in found], "signing": [row.case_id for row in found if row.signs]}


def _apart(held: list[tuple[Role, list[int]]]) -> tuple[tuple[Office, ...], dict[str, Any]]:
    """Return an office for each role and body, and the bodies by the names under which they are bound."""
    offices: list[Office] = []
    places: dict[str, Any] = {}
    for role, bodies in held:
        if role in BODY_ROLES:
            named = {f"{role}_{number}": body for number, body in enumerate(bodies)}
            offices += [Office((role,), Place.BODY, name) for name in named]
            places |= named
        else:
            offices.append(Office((role,), Place.CITY if role in CITY_ROLES else Place.ANYWHERE))
    return tuple(offices), places


def _together(held: list[tuple[Role, list[int]]]) -> tuple[tuple[Office, ...], dict[str, Any]]:
    """Return an office for all roles that are held in the same bodies, and one for those of the whole city."""
    places = {f"bodies_{role}": bodies for role, bodies in held if role in BODY_ROLES}
    alike: dict[tuple[Place, tuple[int, ...]], list[Role]] = {}
    for role, bodies in held:
        if role in BODY_ROLES:
            alike.setdefault((Place.BODIES, tuple(bodies)), []).append(role)
        else:
            alike.setdefault((Place.CITY if role in CITY_ROLES else Place.ANYWHERE, ()), []).append(role)
    return tuple(Office(tuple(roles), place, f"bodies_{roles[0]}") for (place, _), roles in alike.items()), places


def counts(user: User, question: Question) -> Counts:
    """Return how many steps each view, each tab of the view and each step of the view holds.

    Tabs are counted without regard to kind and words, which only the cases know.
    """
    offices, values = bound(user, Question(), apart=False)
    shared = bool(values["shared"])
    asked = [(view.value, Form(view, offices, shared=shared), "") for view in View]
    asked += [(f"tab_{tab}", Form(question.view, offices, tab, bool(question.step), shared=shared), "") for tab in Tab]
    for name in steps_of(user):
        role = STEPS[name].role
        of_the_role = tuple(office._replace(roles=(role,)) for office in offices if role in office.roles)
        asked.append((f"step_{name}", Form(question.view, of_the_role), name))
    found = db.session.execute(walks.counted(tuple(asked)), values | {"step": question.step}).one()._mapping
    return Counts(
        {view: found[view.value] for view in View},
        {tab: found[f"tab_{tab}"] for tab in Tab},
        {name: found[f"step_{name}"] for name in steps_of(user)},
    )


def steps_of(user: User) -> list[str]:
    """Return the steps that may wait for the offices a person holds, in the order of the stages."""
    roles = user.roles & STAFF
    return [name for name, step in STEPS.items() if step.role in roles]


def is_listed(user: User, case: Case, step: str) -> bool:
    """Say whether a step of a case stands on a person's work list."""
    offices, values = bound(user, Question(step=step), apart=False)
    form = Form(View.ALL, offices, step=True, items=True, shared=bool(values["shared"]))
    found = db.session.execute(walks.among(form), values | {"items": waiting_on(Case.id == case.id)})
    return found.first() is not None


def waiting_on(case: ColumnElement[bool]) -> list[str]:
    """Return the keys of the steps that wait on a case."""
    waits = WorkItem.state == WorkState.OPEN, WorkItem.offered.is_(False)
    return list(db.session.scalars(select(WorkItem.id).join(WorkItem.case).where(case, *waits)))


def clocks_of(rows: Sequence[Row[Any]]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the clocks that run or stand still on the cases of a page, each with when it was stopped."""
    # The state is looked at here: a database might prefer its index to that of the few cases.
    found = db.session.connection().execute(CLOCKS, {"cases": sorted({row.case_id for row in rows if row.due_at})})
    return [clock for clock in found if clock.state in (ClockState.RUNNING, ClockState.PAUSED)]


def _onward(stretches: tuple[Stretch, ...], mark: Mark | None, backwards: bool) -> Sequence[Stretch]:
    """Return the stretches that are still to be read, from the one in which the mark lies."""
    order = stretches[::-1] if backwards else stretches
    return order[order.index(mark.stretch) :] if mark and mark.stretch in order else order


def _mark(stretch: Stretch, row: Row[Any]) -> Mark:
    return Mark(stretch, row.moment, row.id)
