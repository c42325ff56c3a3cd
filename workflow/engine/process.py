"""Move one case: say what waits, take an answer, let a limit pass, and hand back the state."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from SpiffWorkflow.util.task import TaskState

from . import codec
from .errors import BadOutcome, EngineError, NoScript, NotWaiting
from .specs import Ballot, BoundaryEvent, CatchEvent, Limit, Signal
from .tables import Decision, Table
from .tree import Node, Tree

Word = str | int | float | bool | None
Outcome = Mapping[str, Word | list[Word]]
Call = Callable[[str], Outcome | None]
Decided = Callable[[str, dict[str, Any], Decision], None]


@dataclass(frozen=True)
class Waiting:
    """One thing a case waits for.

    `kind` is "step" for a step somebody must take, "offered" for one somebody may take meanwhile, "timer" for a limit
    that may pass; `host` is the element an offered step or a timer is attached to, and `interrupting` says that it
    ends everything in its host. `assignee` is the member of a ballot it waits for.
    """

    id: str
    step: str
    kind: Literal["step", "offered", "timer"]
    limit: str | None = None
    host: str | None = None
    interrupting: bool = False
    assignee: str | int | None = None


class Hands:
    """Do for a diagram the two things it may ask for: call a service, decide by a table."""

    def __init__(self, call: Call, decided: Decided | None) -> None:
        self._call = call
        self._decided = decided

    def serve(self, name: str, task: Node) -> None:
        """Call a service and note its outcome."""
        task.write(checked(self._call(name) or {}))

    def decide(self, table: Table, task: Node) -> None:
        """Decide by a table, note what it answers, and tell whoever keeps the journal."""
        inputs = table.read(task.data)
        decision = table.decide(inputs)
        task.write(decision.outputs)
        if self._decided is not None:
            self._decided(table.name, inputs, decision)

    def execute(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to run a script."""
        raise NoScript("a diagram may not carry a script")

    evaluate = execute


class Process:
    """A running case.

    When a service, a table or a condition fails, the exception goes to the caller as it is, and the process is half
    run: it refuses everything from then on. Load it again from its last state.
    """

    def __init__(self, key: str, tree: Tree) -> None:
        self._key = key
        self._tree = tree
        self._broken = False

    @property
    def ended(self) -> bool:
        """Say whether the case is over."""
        return bool(self._tree.completed)

    def waiting(self) -> list[Waiting]:
        """Return what the case waits for, outer processes first, in the order it was reached."""
        return [waiting for task in self._open() if (waiting := _waiting(task)) is not None]

    def stages(self) -> set[str]:
        """Return the keys of the diagrams in which the case is: its own, and those that are called from there."""
        return {str(process.spec.name) for process in self._tree.processes()}  # type: ignore[attr-defined]

    def listening(self) -> list[str]:
        """Return the signals for which the case waits, and which nobody in it can give."""
        return sorted(
            {name for task in self._open() if isinstance(task.task_spec, CatchEvent) and (name := _signal_of(task))}
        )

    def complete(self, waiting_id: str, outcome: Outcome) -> None:
        """Take a step, offered or not, with its outcome.

        Raises:
            NotWaiting: no step waits under this id.
            BadOutcome: the outcome is not flat, plain data.

        """
        task = self._find(waiting_id, "step", "offered")
        self._move(task, checked(outcome))

    def expire(self, waiting_id: str) -> None:
        """Let the limit of a timer pass.

        Raises:
            NotWaiting: no timer waits under this id.

        """
        self._move(self._find(waiting_id, "timer"), {})

    def signal(self, name: str, outcome: Outcome | None = None) -> bool:
        """Tell everything in the case that waits for a signal, outermost first; say whether anything did."""
        heard = [task for task in self._open() if _signal_of(task) == name]
        for task in heard:
            if task._state == TaskState.WAITING:
                self._move(task, checked(outcome or {}))
        return bool(heard)

    def dump(self) -> bytes:
        """Return the state, to be stored beside the number `CODEC`."""
        with self._moving():
            return codec.dump(self._key, self._tree)

    def _open(self) -> list[Node]:
        return [
            task
            for process in self._tree.processes()
            for task in process.get_tasks_iterator(state=TaskState.WAITING | TaskState.READY)
        ]

    def _find(self, waiting_id: str, *kinds: str) -> Node:
        for task in self._open():
            if task.id == waiting_id:
                waiting = _waiting(task)
                if waiting is not None and waiting.kind in kinds:
                    return task
        raise NotWaiting(f"nothing waits under {waiting_id!r}")

    def _move(self, task: Node, outcome: Mapping[str, Any]) -> None:
        with self._moving():
            task.write(outcome)
            if task._state == TaskState.WAITING:
                task._ready()
            else:
                task.run()
            self._tree.advance()

    @contextmanager
    def _moving(self) -> Iterator[None]:
        if self._broken:
            raise EngineError("this process is half run; load it again from its last state")
        self._broken = True
        yield
        self._broken = False


def checked(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as data of our own.

    Raises:
        BadOutcome: it is not flat: words, numbers, true, false, nothing, and lists of them, under plain names.

    """
    data: dict[str, Any] = {}
    for name, value in outcome.items():
        many = value if isinstance(value, list | tuple) else [value]
        if not isinstance(name, str) or not all(isinstance(each, Word) for each in many):
            raise BadOutcome(f"an outcome holds plain words only, not {name!r}: {value!r}")
        data[name] = list(value) if isinstance(value, list | tuple) else value
    return data


def _waiting(task: Node) -> Waiting | None:
    spec = task.task_spec
    if task._state == TaskState.READY:
        return Waiting(task.id, spec.bpmn_id, "step", assignee=_assignee(task))
    if isinstance(spec, BoundaryEvent | CatchEvent):
        host = getattr(spec, "host", None)
        interrupting = bool(getattr(spec, "cancel_activity", False))
        if isinstance(spec.event_definition, Limit):
            limit = spec.event_definition.name
            return Waiting(task.id, spec.bpmn_id, "timer", limit, host, interrupting, _assignee(task))
        if host is not None:
            return Waiting(task.id, spec.bpmn_id, "offered", None, host, interrupting, _assignee(task))
    return None


def _assignee(task: Node) -> str | int | None:
    """Return the member of a ballot for whom a task waits: its own, or that of the process it is in."""
    each: Node | None = task
    while each is not None:
        ballot = each.parent.task_spec if each.parent is not None else None
        if each.triggered and isinstance(ballot, Ballot):
            member: str | int | None = task.data.get(ballot.input_item.bpmn_id)
            return member
        each = getattr(each.workflow, "host", None)
    return None


def _signal_of(task: Node) -> str | None:
    definition = getattr(task.task_spec, "event_definition", None)
    waits = task._state == TaskState.WAITING and isinstance(definition, Signal)
    return definition.name if waits and definition is not None else None
