"""Turn a running case into a few hundred bytes, and back.

Stored is what cannot be read from the drawing: which elements are open, under which ids, and the words each of them
knows. Nothing of the drawing is stored and nothing of the past: that is in the journal. A state has a version number
in its first byte; another codec's state is refused, never guessed at.

Layout, before compression, as JSON:
`{"k": key of the definition, "d": [[words, order], ...], "p": [[host, [row, ...]], ...]}`.
A host is the id of the task a process runs in, none for the case itself; outer processes come before inner ones.
A row is `[id, element, state, row it hangs under (0: the first task), words, branches arrived]`; the first row of each
process is number 1. Equal words are stored once; where tasks know different values of a word, the order says which
value is newer.
"""

import zlib
from typing import Any

import orjson
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.util.task import TaskState

from .errors import BadState
from .specs import Ballot, Gathering
from .tree import OPEN, Flat, Node, Tree

CODEC = 1


def dump(key: str, tree: Tree) -> bytes:
    """Return the state of a case."""
    words = _Words()
    processes = [[getattr(process, "parent_task_id", None), _rows(process, words)] for process in tree.processes()]
    if tree.completed:
        processes = []
    document = {"k": key, "d": words.pieces(), "p": processes}
    return bytes([CODEC]) + zlib.compress(orjson.dumps(document), 1)


def read(state: bytes) -> dict[str, Any]:
    """Return the document in a state.

    Raises:
        BadState: another codec wrote it, or it is damaged.

    """
    if not state or state[0] != CODEC:
        raise BadState(f"this state was written by codec {state[0] if state else None}, this is codec {CODEC}")
    try:
        document: dict[str, Any] = orjson.loads(zlib.decompress(memoryview(state)[1:]))
    except (zlib.error, orjson.JSONDecodeError) as error:
        raise BadState("this state is damaged") from error
    return document


def fill(tree: Tree, document: dict[str, Any]) -> None:
    """Put what is open in a case back into an empty tree."""
    if not document["p"]:
        tree.completed = True
    hosts: dict[str | None, Node] = {}
    for host, rows in document["p"]:
        process = tree if host is None else tree.nest(hosts[host], hosts[host].task_spec.spec)
        for node in _grow(process, rows, document["d"]):
            hosts[node.id] = node
            tree.tick = max(tree.tick, *node.stamps.values(), 0)


class _Words:
    """Collect the words of all open tasks, equal ones once."""

    def __init__(self) -> None:
        self._known: list[tuple[dict[str, Any], dict[str, int]]] = []
        self._places: dict[bytes, int] = {}

    def place(self, task: Node) -> int:
        """Return where the words of a task stand in the collection."""
        piece = orjson.dumps(task.data)
        place = self._places.setdefault(piece, len(self._places))
        if place == len(self._known):
            self._known.append((task.data, dict(task.stamps)))
        else:
            stamps = self._known[place][1]
            stamps.update((name, stamp) for name, stamp in task.stamps.items() if stamp > stamps.get(name, 0))
        return place

    def pieces(self) -> list[Any]:
        """Return the words, each with the order in which the words that differ between tasks were written."""
        if len(self._known) < 2:
            return [[orjson.Fragment(piece), {}] for piece in self._places]
        first: dict[str, Any] = {}
        disputed: set[str] = set()
        for data, _ in self._known:
            disputed.update(name for name, value in data.items() if first.setdefault(name, value) != value)
        orders = [
            {name: stamps.get(name, 0) for name in sorted(disputed) if name in data} for data, stamps in self._known
        ]
        rank = {stamp: place for place, stamp in enumerate(sorted({0}.union(*(order.values() for order in orders))))}
        return [
            [orjson.Fragment(piece), {name: rank[stamp] for name, stamp in order.items()}]
            for piece, order in zip(self._places, orders, strict=True)
        ]


def _rows(process: Flat, words: _Words) -> list[list[Any]]:
    """Return a row for each open task, and for each split whose host is still open."""
    rows: list[list[Any]] = []
    places: dict[str, int] = {}
    for task in process.tasks.values():
        if not task._state & OPEN or isinstance(task.task_spec, BoundaryEventJoin):
            continue
        parent = task.parent
        if isinstance(parent.task_spec, BoundaryEventSplit) and parent.id not in places:
            rows.append([None, parent.task_spec.name, parent._state, 0, None, None])
            places[parent.id] = len(rows)
        # Only a split and a ballot still look at the tasks below them; any other open task may hang under the first.
        rows.append(
            [
                task.id,
                task.task_spec.name,
                task._state,
                places.get(parent.id, 0),
                words.place(task),
                task.internal_data.get("arrived"),
            ]
        )
        if isinstance(task.task_spec, Ballot):
            places[task.id] = len(rows)
    return rows


def _grow(process: Flat, rows: list[list[Any]], words: list[Any]) -> list[Node]:
    specs = process.spec.task_specs  # type: ignore[attr-defined]
    nodes = [Node(process, process.spec.start, state=TaskState.COMPLETED, task_id="first")]  # type: ignore[attr-defined]
    process.task_tree = nodes[0]
    for number, (task_id, name, state, parent, place, arrived) in enumerate(rows, 1):
        above = nodes[parent]
        try:
            node = Node(process, specs[name], above, state, task_id or f"split {number}")
        except KeyError:
            raise BadState(f"nothing called {name!r} is drawn any more") from None
        node.triggered = isinstance(above.task_spec, Ballot)
        if place is not None:
            known, stamps = words[place]
            node.data, node.stamps = dict(known), dict(stamps)
        if isinstance(node.task_spec, Gathering):
            node.internal_data["arrived"] = arrived
        nodes.append(node)
    return nodes
