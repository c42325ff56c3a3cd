"""Move a running case to a newer version of its diagrams.

A state holds only what is open, so a newer drawing fits when everything open is still drawn, in the same place and
of the same kind. What comes after is read from the new drawing when the case gets there. Ids, timers and the members
of a ballot stay as they are.
"""

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.util.task import TaskState

from . import codec
from .definition import Definition
from .errors import BadState
from .process import Hands
from .specs import BoundaryEvent, Limit
from .tree import OPEN, Flat, Node, Tree


def migrate(state: bytes, old: Definition, new: Definition) -> bytes:
    """Return a state that runs by a newer definition.

    An event newly drawn at the edge of an element that is open is added to it. Nothing is executed; play a copy of the
    case to its end before storing the state, where the way to the end matters.

    Raises:
        BadDefinition: the new definition has problems.
        BadState: something open is not drawn any more, or is drawn as something else.

    """
    document = codec.read(state)
    if {document["k"], old.key} != {new.key}:
        raise BadState(f"a {document['k']!r} cannot become a {new.key!r}")
    obstacles = list(_obstacles(document, old.sound(), new.sound()))
    if obstacles:
        raise BadState("; ".join(obstacles))
    tree = Tree(new.spec, new.inner_specs, Hands(lambda name: None, None))
    codec.fill(tree, document)
    for process in tree.processes():
        _attach(process, _specs(old, process.spec.name))  # type: ignore[attr-defined]
    return codec.dump(new.key, tree)


def _specs(definition: Definition, process: str) -> dict[str, Any]:
    """Return what is drawn in one process of a definition, by name."""
    spec = definition.spec if process == definition.key else definition.inner_specs.get(process)
    specs: dict[str, Any] = spec.task_specs if spec is not None else {}
    return specs


def _obstacles(document: dict[str, Any], old: Definition, new: Definition) -> Iterator[str]:
    """Yield what stands in the way of reading a state with a new definition."""
    processes: dict[str | None, str] = {None: old.key}
    for host, rows in document["p"]:
        process = processes.get(host, "")
        before, after = _specs(old, process), _specs(new, process)
        for task_id, name, *_ in rows:
            if name not in after:
                yield f"{name!r} is open in {process!r} and not drawn any more"
            elif _kind(before.get(name)) != _kind(after[name]):
                yield f"{name!r} is open in {process!r} and drawn as something else now"
            if hasattr(before.get(name), "spec"):
                processes[task_id] = before[name].spec


def _kind(spec: Any) -> tuple[Any, ...]:
    """Return what must stay the same in an element while it is open."""
    event = getattr(spec, "event_definition", None)
    limit = event.name if isinstance(event, Limit) else None
    return type(spec), type(event), limit, getattr(spec, "spec", None), getattr(spec, "host", None)


def _attach(process: Flat, before: dict[str, Any]) -> None:
    """Add the events that the new drawing attaches to open elements and the old one did not."""
    specs = process.spec.task_specs  # type: ignore[attr-defined]
    for task in list(process.tasks.values()):
        split = specs.get(f"{task.task_spec.bpmn_id}.BoundaryEventSplit")
        if not task._state & OPEN or split is None or isinstance(task.task_spec, BoundaryEvent) or task.triggered:
            continue
        if not isinstance(task.parent.task_spec, BoundaryEventSplit):
            _hang(task, Node(process, split, process.task_tree, TaskState.COMPLETED))
        for event in split.outputs:
            if isinstance(event, BoundaryEvent) and event.name not in before:
                node = Node(process, event, task.parent, TaskState.WAITING)
                node.take(task)


def _hang(task: Node, split: Node) -> None:
    """Put a task under a split it did not have before."""
    task.parent._children.remove(task.id)
    task._parent = split.id
    split._children.append(task.id)
