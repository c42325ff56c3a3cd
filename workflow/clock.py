"""The clocks of a case: they start, stand still, go on, are extended, and run out."""

from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, select

from models import Case, Clock, ClockState, EventKind, Limit, Pause, User, WorkItem, db
from workflow import calendar, rows
from workflow.calendar import Stretch, local_day
from workflow.errors import NotOpen
from workflow.journal import record

# How long before a day that the case itself has set people are warned of it at the earliest.
WARNING = timedelta(days=30)
# A limit is due in the last second of its day, and that second is still part of it.
LAST_SECOND = timedelta(seconds=1)
ALIVE = (ClockState.RUNNING, ClockState.PAUSED)
RUNNING = select(Clock).where(Clock.case_id == bindparam("case"), Clock.state.in_(ALIVE))


def is_over(due: datetime, at: datetime) -> bool:
    """Say whether a limit is over at a moment: its last day has gone by."""
    return due + LAST_SECOND <= at


def start(case: Case, timer: str, limit: str, at: datetime, member: str | None = None) -> Clock:
    """Start the clock of a limit on a case; `timer` is the engine's key of the timer it stands for.

    :param member: the one for whom alone it runs, where it runs for each of several
    """
    clock = Clock(id=timer, case_id=case.id, limit=limit, started_at=at, extended=0, state=ClockState.RUNNING)
    clock.member = member
    clock.pauses = []
    if (day := case.day_of(limit)) is not None:
        run_until(clock, day)
    else:
        reckon(clock)
    rows.add(clock)
    return clock


def run_until(clock: Clock, day: date) -> None:
    """Let a clock run out with a day that the case itself has set; people are warned when most of the time is over."""
    most = (day - local_day(clock.started_at)) * 3 // 10
    clock.due_at = calendar.day_end(day)
    clock.soon_at = calendar.day_start(day - min(WARNING, most))


def register(clock: Clock) -> Limit:
    """Return the row of the register under which a clock runs: the one in force when it started."""
    return calendar.limit_in_force(clock.limit, local_day(clock.started_at))


def stretches(clock: Clock) -> list[Stretch]:
    """Return the days on which a clock stood still; an open pause has no end yet and is left out."""
    return [(local_day(p.began_at), local_day(p.ended_at)) for p in clock.pauses if p.ended_at]


def reckon(clock: Clock) -> None:
    """Work out when a clock is due and soon due, from its start, its pauses and its extension."""
    limit = register(clock)
    began, days = local_day(clock.started_at), limit.days + clock.extended
    clock.due_at = calendar.day_end(calendar.due_day(began, days, limit.unit, stretches(clock)))
    clock.soon_at = calendar.day_start(calendar.soon_day(began, days, limit.unit, stretches(clock)))


def pause(case: Case, clock: Clock, reason: str, at: datetime) -> None:
    """Let a clock stand still; `reason` is the step that is waited for."""
    if clock.state is ClockState.RUNNING:
        clock.state = ClockState.PAUSED
        clock.pauses.append(Pause(clock_id=clock.id, reason=reason, began_at=at))
        record(case, EventKind.PAUSED, reason, data={"limit": clock.limit}, at=at)


def resume(case: Case, clock: Clock, at: datetime) -> None:
    """Let a clock go on; the days it stood still are not counted."""
    if clock.state is ClockState.PAUSED:
        clock.state = ClockState.RUNNING
        clock.pauses[-1].ended_at = at
        before = clock.due_at
        reckon(clock)
        if clock.due_at != before:
            # The warning was of a day that is no longer true.
            clock.warned_at = None
        data = {"limit": clock.limit, "due": clock.due_at.isoformat()}
        record(case, EventKind.RESUMED, clock.pauses[-1].reason, data=data, at=at)


def extend(case: Case, limit: str, actor: User, reason: str, at: datetime) -> None:
    """Extend the running clock of a limit by the days the register grants, once.

    Raises NotOpen when no such clock runs, when it was extended before, or when the register grants none.
    """
    for clock in running(case):
        if clock.limit == limit and not clock.extended and register(clock).extension:
            clock.extended, clock.warned_at = register(clock).extension, None
            reckon(clock)
            data = {"limit": limit, "days": clock.extended, "reason": reason, "due": clock.due_at.isoformat()}
            record(case, EventKind.EXTENDED, limit, actor, data, at)
            return
    raise NotOpen(limit)


def running(case: Case) -> list[Clock]:
    """Return the clocks of a case that run or stand still."""
    if rows.begun(case):
        return []
    # A clock that has run out in this transaction still runs in the database.
    return [clock for clock in db.session.scalars(RUNNING, {"case": case.id}) if clock.state in ALIVE]


def each_limit(clocks: list[Clock]) -> list[Clock]:
    """Return one clock of each limit, the one that runs out first: a ballot has as many alike as it has members."""
    first: dict[str, Clock] = {}
    for clock in sorted(clocks, key=lambda clock: clock.due_at):
        first.setdefault(clock.limit, clock)
    return [clock for clock in clocks if first[clock.limit] is clock]


def show_on(items: list[WorkItem], clocks: list[Clock]) -> None:
    """Write the due dates of a case's clocks on its work items.

    A step that names no limit of its own is due with the case: with the clock that runs out first.
    """
    alive = sorted(clocks, key=lambda clock: clock.due_at)
    for item in items:
        # Where a limit runs for each of several, each has a clock of their own.
        own = [clock for clock in alive if clock.member in (None, item.member)]
        named = [clock for clock in own if clock.limit == item.limit]
        clock = next(iter(named or ([] if item.offered else own)), None)
        if clock is not None:
            due = {"limit": clock.limit, "due_at": clock.due_at, "soon_at": clock.soon_at}
            due["paused"] = clock.state is ClockState.PAUSED
            rows.change(item, **{name: value for name, value in due.items() if getattr(item, name) != value})
