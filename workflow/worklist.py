"""The work list follows the process: work items and clocks are exactly what it waits for."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from models import (
    CITY_ROLES,
    Case,
    CaseStatus,
    Clock,
    ClockState,
    EventKind,
    Role,
    User,
    WorkItem,
    WorkState,
    db,
)
from workflow import clock, engine, rows
from workflow.journal import record
from workflow.stages import STAGES, STEPS

# The stages in which a case stands still, each with the limits that run on.
STILL = {stage.name: stage.stands_still for stage in STAGES if stage.stands_still is not None}
OPEN = (
    select(WorkItem)
    .where(WorkItem.case_id == bindparam("case"), WorkItem.state == WorkState.OPEN)
    .order_by(WorkItem.opened_at, WorkItem.id)
)


def open_items(case: Case) -> list[WorkItem]:
    """Return what waits or is offered on a case."""
    return list(db.session.scalars(OPEN, {"case": case.id}))


def answered_item(case: Case, step: str, person: User) -> WorkItem:
    """Return the work item by which a person last answered a step; there must be one."""
    answered = (WorkItem.case_id == case.id, WorkItem.step == step, WorkItem.closed_by_id == person.id)
    query = select(WorkItem).where(*answered, WorkItem.state == WorkState.DONE).order_by(WorkItem.closed_at.desc())
    return db.session.scalars(query.limit(1)).one()


def due_with(clock: Clock, items: list[WorkItem]) -> list[str]:
    """Return the steps that a limit concerns: those that are due with it, else whatever is asked for meanwhile."""
    asked = [item for item in items if not item.offered and clock.member in (None, item.member)]
    return [item.step for item in asked if item.limit == clock.limit] or [item.step for item in asked]


def concerned(clock: Clock, items: list[WorkItem]) -> dict[str, Any]:
    """Return what a line about a limit says of it: its name, the steps, and for whom alone it runs, if for one."""
    said: dict[str, Any] = {"limit": clock.limit, "items": due_with(clock, items)}
    return said | ({"member": clock.member} if clock.member is not None else {})


def follow(case: Case, process: engine.Process, items: list[WorkItem], at: datetime) -> list[WorkItem]:
    """Open and close work items and clocks so that they are exactly what the process waits for.

    `items` are the case's open items as they were; returns them as they are.
    """
    waiting = {w.id: w for w in process.waiting()}
    known = {item.id for item in items}
    clocks = {c.id: c for c in clock.running(case)}
    gone = [item for item in items if item.id not in waiting and item.state is WorkState.OPEN]
    for item in gone:
        rows.change(item, state=WorkState.CANCELLED, closed_at=at)
    rows.forget_drafts(gone)
    for timer in clocks.keys() - waiting.keys():
        rows.change(clocks.pop(timer), state=ClockState.STOPPED)
    for new in waiting.values():
        if new.kind == "timer" and new.id not in clocks:
            member = None if new.assignee is None else str(new.assignee)
            clocks[new.id] = clock.start(case, new.id, new.limit or "", at, member)
    fresh = [open_item(case, w, at) for w in waiting.values() if w.kind != "timer" and w.id not in known]
    alive = [item for item in items if item.id in waiting] + fresh
    stand_still(case, process.stages(), alive, list(clocks.values()), at)
    clock.show_on(alive, list(clocks.values()))
    for item in fresh:
        await_answer(case, item, at)
    if process.ended and case.status is not CaseStatus.ENDED:
        case.status, case.ended_at = CaseStatus.ENDED, at
        record(case, EventKind.ENDED, case.state, at=at)
    return alive


def open_item(case: Case, waiting: engine.Waiting, at: datetime) -> WorkItem:
    """Open the work item of a step that the process now waits for or offers."""
    step = STEPS[waiting.step]
    # The requester's own steps, and a draft that nobody else may read yet.
    own = step.role is Role.REQUESTER or case.status is CaseStatus.DRAFT
    item = WorkItem(
        id=waiting.id,
        case_id=case.id,
        step=step.name,
        role=step.role,
        organisation_id=None if step.role is Role.REQUESTER or step.role in CITY_ROLES else case.body_id,
        offered=waiting.kind == "offered",
        state=WorkState.OPEN,
        opened_at=at,
        holder_id=case.requester_id if own else case.sitting_in(waiting.assignee) if step.role is Role.EXPERT else None,
        limit=step.limit,
        paused=False,
        member=None if waiting.assignee is None else str(waiting.assignee),
    )
    rows.add(item)
    return item


def await_answer(case: Case, item: WorkItem, at: datetime) -> None:
    """Write down that a step is awaited; an offered step is a possibility, not a wait."""
    if item.offered:
        return
    data = {
        "item": item.id,
        "role": item.role,
        "organisation": item.organisation_id,
        "user": item.holder_id,
        "due": item.due_at.isoformat() if item.due_at else None,
        "offered": False,
    }
    record(case, EventKind.AWAITED, item.step, data=data, at=at)


def stand_still(case: Case, stages: set[str], items: list[WorkItem], clocks: list[Clock], at: datetime) -> None:
    """Stop each clock that a waiting step stops, and let the others go on.

    :param stages: the stages at which the case is; one may be at work with nobody asked, as when a ballot is opened
    """
    asked = [STEPS[item.step] for item in items if not item.offered]
    stopped = {step.stops: step.name for step in asked if step.stops}
    for step in asked:
        going = STILL.get(step.stage)
        if going is not None:
            stopped |= {each.limit: step.name for each in clocks if each.limit not in going}
    still = [STILL[name] for name in stages if name in STILL]
    for each in clocks:
        if each.limit in stopped:
            clock.pause(case, each, stopped[each.limit], at)
        elif each.state is ClockState.PAUSED and not any(each.limit not in going for going in still):
            clock.resume(case, each, at)
