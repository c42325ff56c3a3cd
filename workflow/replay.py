"""Replay: a case's journal, played through a fresh engine, must lead to where the case stands.

The journal is thereby more than a record: it can rebuild what the engine knows of a case, and shows where the two have
come apart.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from models import Case, CaseStatus, Event, EventKind, db
from models import Definition as Row
from workflow import clock, definitions, engine, journal
from workflow.worklist import open_items

# What moves a case: a beginning, an answer, news from elsewhere, the end of a limit, a newer drawing.
MOVES = frozenset({EventKind.OPENED, EventKind.ANSWERED, EventKind.SIGNALLED, EventKind.OVERDUE, EventKind.MIGRATED})
# What follows of a move by itself: a service's words, a table's conclusion.
FOLLOWS = frozenset({EventKind.SERVED, EventKind.TABLED})

Kinds = Counter[tuple[str, str]]


class Unlike(engine.EngineError):
    """The journal says something that the drawing does not allow."""


def faults(case: Case) -> list[str]:
    """Return everything that is wrong with a case: with its journal's chain, its work list, or its replay."""
    found = journal.verify(case)
    try:
        definition = definitions.parsed(case.definition)
        stored = engine.load(definition, case.process, nothing)
    except engine.EngineError as error:
        return [*found, f"{case.reference} has a process that cannot be read: {error}"]
    rest = [*astray(case, stored), *replayed(case, definition, stored)]
    return found + [f"{case.reference} {fault}" for fault in rest]


def astray(case: Case, stored: engine.Process) -> Iterator[str]:
    """Yield where work items, clocks and status differ from what the stored process waits for."""
    waiting = stored.waiting()
    steps = {w.id: (w.step, w.kind == "offered") for w in waiting if w.kind != "timer"}
    items = {item.id: (item.step, item.offered) for item in open_items(case)}
    for name in sorted({step for _, (step, _) in steps.items() ^ items.items()}):
        yield f"has the step {name} in its process or on the work list, and not in both"
    limits = {w.id: w.limit or "" for w in waiting if w.kind == "timer"}
    clocks = {each.id: each.limit for each in clock.running(case)}
    for name in sorted({limit for _, limit in limits.items() ^ clocks.items()}):
        yield f"has the limit {name} in its process or among its clocks, and not in both"
    if stored.ended is not (case.status is CaseStatus.ENDED):
        yield f"is {case.status.value}, and its process has {'ended' if stored.ended else 'not'}"


def replayed(case: Case, definition: engine.Definition, stored: engine.Process) -> Iterator[str]:
    """Yield where the journal, played from its first line, leads elsewhere than to the stored process."""
    try:
        again = play(definition, journal.lines(case))
    except engine.EngineError as error:
        yield f"cannot be replayed: {error}"
        return
    there, here = kinds(stored), kinds(again)
    for kind, name in sorted((there - here) + (here - there)):
        yield f"waits for the {kind} {name} in its process or in its replay, and not in both"
    if again.ended is not stored.ended:
        yield "has ended in its process or in its replay, and not in both"


def play(definition: engine.Definition, lines: Iterable[Event]) -> engine.Process:
    """Return a fresh process, moved by the lines of a journal as the case was.

    Services and tables are not called: their words stand in the journal, in the order in which they were said.
    `definition` is the one the case runs by today; where it was moved to it, the replay begins with the one before.

    Raises EngineError where a line cannot follow from those before it.
    """
    told = list(lines)
    following = deque(line for line in told if line.kind in FOLLOWS)

    def said(kind: EventKind, name: str) -> Mapping[str, Any]:
        line = following.popleft() if following else None
        if line is None or (line.kind, line.step) != (kind, name):
            where = f"line {line.number} tells of {line.step}" if line else "the journal has ended"
            raise Unlike(f"{name} follows, and {where}")
        return outcome_of(line)

    def serve(name: str) -> Mapping[str, Any]:
        return said(EventKind.SERVED, name)

    def decided(name: str, inputs: dict[str, Any], decision: engine.Decision) -> None:
        if decision.outputs != said(EventKind.TABLED, name):
            raise Unlike(f"the table {name} decides otherwise than the journal says")

    moves = [line for line in told if line.kind in MOVES]
    if not moves or moves[0].kind is not EventKind.OPENED:
        raise Unlike("no line opens the case")
    migrations = [line for line in moves if line.kind is EventKind.MIGRATED]
    current = definition_of(migrations[0].data["from"]) if migrations else definition
    process = engine.start(current, serve, decided, outcome_of(moves[0]))
    for line in moves[1:]:
        if line.kind is EventKind.MIGRATED:
            newer = definition_of(line.data["to"])
            process = engine.load(newer, engine.migrate(process.dump(), current, newer), serve, decided)
            current = newer
        else:
            move(process, line)
    if following:
        raise Unlike(f"{following[0].step} does not follow, and line {following[0].number} tells of it")
    return process


def definition_of(key: int) -> engine.Definition:
    """Return the parsed definition with a key."""
    return definitions.parsed(db.session.get_one(Row, key))


def move(process: engine.Process, line: Event) -> None:
    """Move a process as a line of the journal says."""
    if line.kind is EventKind.ANSWERED:
        member = line.data.get("member")
        process.complete(waiting_for(process, line.step, {"step", "offered"}, member), outcome_of(line))
    elif line.kind is EventKind.OVERDUE:
        process.expire(waiting_for(process, line.step, {"timer"}, line.data.get("member")))
    elif line.kind is EventKind.OPENED or not process.signal(line.step, outcome_of(line)):
        raise Unlike(f"nothing waits for line {line.number}, {line.kind.value} {line.step}")


def waiting_for(process: engine.Process, name: str, wanted: set[str], member: str | None = None) -> str:
    """Return the engine's key of the step or limit with a name; a fresh process has given new keys.

    `member` names the one for whom the step waits, where it waits for several at once.
    """
    for each in process.waiting():
        if member is not None and str(each.assignee) != member:
            continue
        if each.kind in wanted and name == (each.limit if each.kind == "timer" else each.step):
            return each.id
    raise Unlike(f"nothing waits for {name}")


def kinds(process: engine.Process) -> Kinds:
    """Count what a process waits for, by kind and name."""
    return Counter((each.kind, each.limit or each.step) for each in process.waiting())


def outcome_of(line: Event) -> Mapping[str, Any]:
    """Return the words that a line has handed to the process."""
    outcome: Mapping[str, Any] = line.data.get("outcome") or {}
    return outcome


def nothing(name: str) -> None:
    """Serve nothing: a process that is only looked at calls no service."""
