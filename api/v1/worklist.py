"""The work list: what waits for you, and what your group may take."""

from typing import Any

from api.v1 import case_schemas, shown
from api.v1.paging import page
from api.v1.reading import Section, person
from models import N_, WorkItem, db
from workflow import access

section = Section("worklist", "/worklist", N_("待办"))


@section.route("", methods=["GET"])
@section.arguments(case_schemas.WorklistFilter, location="query")
@section.response(200, case_schemas.Worklist)
def list_work(asked: dict[str, Any]) -> dict[str, Any]:
    """List the steps that wait for you or for your group.

    The earliest due stands first.
    """
    someone = person()
    query = db.select(WorkItem).where(access.waiting_for(someone))
    query = query.order_by(WorkItem.due_at, WorkItem.id).limit(asked["limit"] + 1)
    items, following = page(db.session.scalars(query).all(), asked["limit"], lambda item: (0,))
    return {
        "items": [shown.turn(item.case, item, someone) | {"case": shown.summary(item.case, someone)} for item in items],
        "next": following,
    }
