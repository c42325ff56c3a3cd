"""The statements of the work list: each walks along an index and stops as soon as it has enough.

A statement is built once for each form that a question takes, and then kept; what differs from person to person, from
page to page and from day to day is bound when it runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from models import Case, Membership, Organisation, Role, User, WorkItem, WorkState
from workflow.access import BINDING

# Steps are counted up to this many.
MOST_COUNTED = 1_000
# So many steps are looked at for one page when only their cases can say whether they are meant.
MOST_EXAMINED = 500

Condition = ColumnElement[bool]
Columns = list[InstrumentedAttribute[Any]]


class View(StrEnum):
    """Whose steps are listed: the person's own and the group's, the person's own, or those nobody has taken."""

    ALL = "all"
    MINE = "mine"
    GROUP = "group"


class Tab(StrEnum):
    """How urgent the steps are that are listed."""

    ALL = "all"
    OVERDUE = "overdue"
    SOON = "soon"
    IN_TIME = "in_time"
    STOPPED = "stopped"


class Stretch(StrEnum):
    """A part of a view that one range of an index holds, in one order."""

    RUNNING = "r"
    STOPPED = "s"
    UNLIMITED = "u"
    NEWEST = "n"


class Place(StrEnum):
    """Where a role is held: in one body, in several, for the whole city, or wherever a step was opened for it."""

    BODY = "body"
    BODIES = "bodies"
    CITY = "city"
    ANYWHERE = "anywhere"


# The stretches of each tab, in their order.
STRETCHES = {
    Tab.ALL: (Stretch.RUNNING, Stretch.STOPPED, Stretch.UNLIMITED),
    Tab.OVERDUE: (Stretch.RUNNING,),
    Tab.SOON: (Stretch.RUNNING,),
    Tab.IN_TIME: (Stretch.RUNNING, Stretch.UNLIMITED),
    Tab.STOPPED: (Stretch.STOPPED,),
}


class Office(NamedTuple):
    """Roles and where they are held; the body or bodies are bound under a name."""

    roles: tuple[Role, ...]
    place: Place
    name: str = ""


@dataclass(frozen=True)
class Form:
    """What a statement is built for; two questions of one form differ in bound values alone."""

    view: View
    offices: tuple[Office, ...]
    tab: Tab = Tab.ALL
    step: bool = False
    kind: bool = False
    words: int = 0
    # Says that only some steps are meant, whose keys are bound.
    items: bool = False
    # Says that the person works on cases of others with their requesters, whose keys are bound.
    shared: bool = False

    @property
    def examines(self) -> bool:
        """Say whether only the cases can tell which steps are meant, so that no index can."""
        return self.kind or self.words > 0


@dataclass(frozen=True)
class Part:
    """Which part of a view a statement reads, in which direction, and how much of it."""

    stretch: Stretch
    backwards: bool = False
    size: int = 0
    # Says that the part begins behind a mark, whose moment and step are bound.
    marked: bool = False

    @property
    def key(self) -> InstrumentedAttribute[Any]:
        """Return the column by which the part is ordered before the steps' keys."""
        return WorkItem.opened_at if self.stretch is Stretch.NEWEST else WorkItem.due_at

    @property
    def falls(self) -> bool:
        """Say whether the order is a falling one."""
        return self.backwards != (self.stretch is Stretch.NEWEST)

    def order(self, columns: Columns) -> list[ColumnElement[Any]]:
        """Return the order by some columns in the part's direction."""
        return [column.desc() if self.falls else column.asc() for column in columns]


@lru_cache(maxsize=1_000)
def listed(form: Form, part: Part) -> Select[Any]:
    """Return the statement that reads the rows of a part of a view, with all that the list shows of them."""
    inner = _merged(form, part, MOST_EXAMINED if form.examines else part.size)
    holder, body = aliased(User), aliased(Organisation)
    party = exists().where(Membership.user_id == Case.requester_id, Membership.role == Role.REQUESTER)
    columns = (
        WorkItem.id, WorkItem.case_id, WorkItem.step, WorkItem.role, WorkItem.holder_id, WorkItem.limit,
        WorkItem.opened_at, WorkItem.due_at, WorkItem.soon_at, WorkItem.paused,
        Case.reference, Case.title, Case.kind, Case.status, Case.state,
        holder.name.label("holder"), party.label("for_party"), inner.c.moment,
        func.coalesce(body.short, body.name).label("body"), func.coalesce(body.name_en, body.name).label("body_en"),
    )  # fmt: skip
    found = (
        select(*columns)
        .select_from(inner)
        .join(WorkItem, WorkItem.id == inner.c.id)
        .join(Case, Case.id == WorkItem.case_id)
        .outerjoin(holder, holder.id == WorkItem.holder_id)
        .outerjoin(body, body.id == Case.body_id)
    )
    return found.where(*_of_the_case(form)).order_by(*_outer(inner, part)).limit(_exactly(part.size))


@lru_cache(maxsize=1_000)
def last_examined(form: Form, part: Part) -> Select[Any]:
    """Return the statement that finds where looking was broken off; nothing where the part was looked at to its end."""
    inner = _merged(form, part, MOST_EXAMINED)
    last = select(inner.c.moment, inner.c.id).order_by(*_outer(inner, part))
    return last.limit(_exactly(1)).offset(_exactly(MOST_EXAMINED - 1))


@lru_cache(maxsize=1_000)
def counted(asked: tuple[tuple[str, Form, str], ...]) -> Select[Any]:
    """Return the statement that counts several things at once, each up to the most that is counted.

    :param asked: under which name what is counted, and the one step it is narrowed to; an empty one narrows nothing
    """
    return select(*(_number(form, step).label(name) for name, form, step in asked))


@lru_cache(maxsize=200)
def among(form: Form) -> Select[Any]:
    """Return the statement that finds which of the steps whose keys are bound a form lists."""
    return select(_united([select(WorkItem.id).where(*where) for where, _ in _ranges(form)], "listed").c.id)


def _number(form: Form, step: str) -> Any:
    """Return the number of steps of a form, or of one step of it."""
    one: ColumnElement[Any] = literal_column("1").label("one")
    urgent = [[]] if form.tab is Tab.ALL else [_within(stretch, form.tab) for stretch in STRETCHES[form.tab]]
    wanted = [WorkItem.step == step] if step else []
    ranges = [select(one).where(*where, *wanted, *narrow) for where, _ in _ranges(form) for narrow in urgent]
    if not ranges:
        return literal_column("0")
    few = select(_united(ranges, "ones").c.one).limit(_exactly(MOST_COUNTED)).subquery("few")
    return select(func.count()).select_from(few).scalar_subquery()


def _merged(form: Form, part: Part, size: int) -> Subquery:
    """Return the first rows of all ranges of a view, in the order of the part."""
    ranges = []
    for number, (where, empty) in enumerate(_ranges(form)):
        if form.step or part.stretch is Stretch.NEWEST:
            # The indexes for these orders do not part what is held from what is free.
            empty = [column for column in empty if column is not WorkItem.holder_id]
        behind = [_behind(part)] if part.marked else []
        order = part.order([*empty, part.key, WorkItem.id])
        few = select(WorkItem.id, part.key.label("moment"))
        few = few.where(*where, *_within(part.stretch, form.tab), *behind)
        ranges.append(select(few.order_by(*order).limit(_exactly(size)).subquery(f"range_{number}")))
    united = _united(ranges, "united")
    return select(united).order_by(*_outer(united, part)).limit(_exactly(size)).subquery("first")


def _exactly(number: int) -> ColumnElement[int]:
    """Write a number into the statement itself, so that the database can plan for it."""
    return literal_column(str(number), Integer)


def _united(ranges: list[Select[Any]], name: str) -> Subquery:
    return ranges[0].subquery(name) if len(ranges) == 1 else union_all(*ranges).subquery(name)


def _outer(inner: Subquery, part: Part) -> list[ColumnElement[Any]]:
    return [inner.c.moment.desc(), inner.c.id.desc()] if part.falls else [inner.c.moment, inner.c.id]


def _behind(part: Part) -> Condition:
    if part.stretch is Stretch.UNLIMITED:
        return WorkItem.id < bindparam("item") if part.falls else WorkItem.id > bindparam("item")
    key, mark = tuple_(part.key, WorkItem.id), tuple_(bindparam("moment", type_=part.key.type), bindparam("item"))
    return key < mark if part.falls else key > mark


def _ranges(form: Form) -> Iterator[tuple[list[Condition], Columns]]:
    """Yield the conditions of each index range of a view, and the columns that are empty throughout the range.

    PostgreSQL sees that an index has the order only where these columns are named in it.
    """
    waits = [WorkItem.state == WorkState.OPEN, WorkItem.offered.is_(False)]
    waits += [WorkItem.step == bindparam("step")] if form.step else []
    waits += [WorkItem.id.in_(bindparam("items", expanding=True))] if form.items else []
    mine = WorkItem.holder_id == bindparam("me")
    if form.view is not View.MINE:
        for office in form.offices:
            where, empty = [*waits, *_in_office(office)], [WorkItem.organisation_id]
            if form.view is View.GROUP or office.place is Place.ANYWHERE:
                where, empty = [*where, WorkItem.holder_id.is_(None)], [*empty, WorkItem.holder_id]
            yield where, empty if office.place is not Place.BODIES else []
        waits += [_outside(office) for office in form.offices if office.place is not Place.ANYWHERE]
    if form.view is not View.GROUP:
        yield [*waits, mine], []
        if form.shared:
            yield [*waits, *_together()], []


def _together() -> list[Condition]:
    """Return the conditions under which a step waits for a person beside the requester who is asked."""
    free = or_(WorkItem.step.not_in(sorted(BINDING)), WorkItem.case_id.in_(bindparam("signing", expanding=True)))
    others = WorkItem.holder_id.is_distinct_from(bindparam("me"))
    return [WorkItem.role == Role.REQUESTER, WorkItem.case_id.in_(bindparam("shared", expanding=True)), free, others]


def _in_office(office: Office) -> list[Condition]:
    """Return the conditions under which a step belongs to an office."""
    alone, body = len(office.roles) == 1, WorkItem.organisation_id
    where = [WorkItem.role == office.roles[0] if alone else WorkItem.role.in_(office.roles)]
    if office.place is Place.CITY:
        where.append(body.is_(None))
    elif office.place is not Place.ANYWHERE:
        several = office.place is Place.BODIES
        where.append(body.in_(bindparam(office.name, expanding=True)) if several else body == bindparam(office.name))
    return where


def _outside(office: Office) -> Condition:
    """Return the condition under which a step does not belong to an office; one without a body belongs to no body's."""
    without_body = [WorkItem.organisation_id.is_(None)] if office.place is not Place.CITY else []
    return or_(not_(and_(*_in_office(office))), *without_body)


def _within(stretch: Stretch, tab: Tab) -> list[Condition]:
    """Return the conditions of a stretch, as far as a tab shows it.

    A clock that stands still always has a due day: the one it had before it stopped.
    """
    if stretch is Stretch.NEWEST:
        parts = [and_(*_within(part, tab)) for part in STRETCHES[tab]]
        return [or_(*parts)] if tab is not Tab.ALL else []
    if stretch is Stretch.UNLIMITED:
        return [WorkItem.paused.is_(False), WorkItem.due_at.is_(None)]
    if stretch is Stretch.STOPPED:
        return [WorkItem.paused.is_(True), WorkItem.due_at.is_not(None)]
    today, later = (bindparam(name, type_=WorkItem.due_at.type) for name in ("today", "later"))
    urgent: dict[Tab, list[Condition]] = {
        Tab.OVERDUE: [WorkItem.due_at < today],
        Tab.SOON: [WorkItem.due_at >= today, WorkItem.due_at < later],
        Tab.IN_TIME: [WorkItem.due_at >= later],
    }
    return [WorkItem.paused.is_(False), *urgent.get(tab, [WorkItem.due_at.is_not(None)])]


def _of_the_case(form: Form) -> list[Condition]:
    """Return the conditions that only a case can meet: its kind, and the words in its title or reference."""
    where = [Case.kind == bindparam("kind")] if form.kind else []
    for number in range(form.words):
        word = bindparam(f"word_{number}", type_=Case.title.type)
        where.append(or_(*(func.lower(column).like(word, escape="/") for column in (Case.title, Case.reference))))
    return where
