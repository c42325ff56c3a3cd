"""The work list: what waits for you, and what your group may take."""

import datetime as dt
from typing import Any

from api.v1 import case_schemas, shown
from api.v1.paging import cursor
from api.v1.problems import BadParameter
from api.v1.reading import Section, person
from models import N_, Case, WorkItem, db
from workflow import inbox
from workflow.inbox import Mark, Question
from workflow.walks import Stretch, Tab, View

section = Section("worklist", "/worklist", N_("待办"))
EPOCH, TICK = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(microseconds=1)


@section.route("", methods=["GET"])
@section.arguments(case_schemas.WorklistFilter, location="query")
@section.response(200, case_schemas.Worklist)
def list_work(asked: dict[str, Any]) -> dict[str, Any]:
    """List the steps that wait for you or for your group.

    The earliest due stands first; what has no limit stands last.
    """
    someone = person()
    question = Question(
        View(asked["view"]), Tab(asked["tab"]), step=asked["step"], kind=asked["kind"] or "", text=asked["q"]
    )
    found = inbox.page(someone, question, asked["limit"], mark_of(asked["after"]))
    keys = [row.id for row in found.rows]
    shown_of = (db.joinedload(WorkItem.case).joinedload(Case.body), db.joinedload(WorkItem.organisation))
    query = db.select(WorkItem).where(WorkItem.id.in_(keys)).options(*shown_of, db.joinedload(WorkItem.holder))
    items = {item.id: item for item in db.session.scalars(query)}
    return {
        "items": [
            shown.turn(item.case, item, someone) | {"case": shown.summary(item.case, someone)}
            for item in (items[key] for key in keys)
        ],
        "next": cursor_of(found.behind) if found.behind else None,
    }


def cursor_of(mark: Mark) -> str:
    """Return the cursor that names a place in the work list."""
    return cursor(mark.stretch.value, -1 if mark.moment is None else (mark.moment - EPOCH) // TICK, mark.item)


def mark_of(after: list[Any] | None) -> Mark | None:
    """Return the place that a cursor names.

    :raises BadParameter: there is no such part of the list
    """
    if after is None:
        return None
    stretch, ticks, item = after
    if stretch not in list(Stretch):
        raise BadParameter({"after": [N_("请原样使用上一页给出的 next。")]})
    return Mark(Stretch(stretch), None if ticks < 0 else EPOCH + ticks * TICK, item)
