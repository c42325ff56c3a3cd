"""Hold the tokens of one running case.

SpiffWorkflow keeps a tree of everything that happened and of everything it guesses will happen, and walks it after
each step. Here a case holds what is open and little else: nothing is guessed, nothing is walked. Ready work stands
in a queue, and what waits is found by looking at the few tasks there are.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from secrets import token_hex
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from .specs import Gathering

READY, WAITING, STARTED = TaskState.READY, TaskState.WAITING, TaskState.STARTED
OPEN, UNFINISHED = READY | WAITING | STARTED, TaskState.NOT_FINISHED_MASK


class Node(Task):
    """A task: one element of a diagram in one case.

    The library's own class logs each change, notes the time of it and merges lists element by element; this one
    does not, and makes its children when it is run instead of guessing them long before. `stamps` says in which order
    the words in `data` were written; a word without a stamp is older than any with one.
    """

    def __init__(
        self,
        workflow: Any,
        task_spec: Any,
        parent: "Node | None" = None,
        state: int = TaskState.MAYBE,
        task_id: str | None = None,
    ) -> None:
        self.id = task_id or token_hex(16)
        self.workflow = workflow
        self.task_spec = task_spec
        self._parent = parent.id if parent is not None else None
        self._children: list[str] = []
        self._state = state
        self.triggered = False
        self.thread_id = 0
        self.last_state_change = 0.0
        self.data: dict[str, Any] = {}
        self.stamps: dict[str, int] = {}
        self.internal_data: dict[str, Any] = {}
        workflow.tasks[self.id] = self
        if parent is not None:
            parent._children.append(self.id)

    def run(self) -> bool | None:
        """Make the tasks that follow, then do what the element does."""
        self.task_spec._predict_hook(self)
        done: bool | None = super().run()
        return done

    def find_ancestor(self, spec_name: str) -> "Node | None":
        """Return the nearest task above with the given element."""
        node: Node | None = self.parent
        while node is not None and node.task_spec.name != spec_name:
            node = node.parent
        return node

    def _add_child(self, task_spec: Any, state: int = TaskState.MAYBE) -> "Node":
        return Node(self.workflow, task_spec, self, state)

    def _set_state(self, value: int) -> None:
        self._state = value
        if value == READY and not self.task_spec.manual:
            self.workflow.top_workflow.ready.append(self)

    def write(self, outcome: Mapping[str, Any]) -> None:
        """Note words, and that they are the newest."""
        top = self.workflow.top_workflow
        top.tick += 1
        self.data.update(outcome)
        self.stamps.update(dict.fromkeys(outcome, top.tick))

    def take(self, other: "Node") -> None:
        """Take over every word another task knows, except those written here later.

        A word is replaced whole, a list is never merged with another; and a branch that comes last does not bring
        back what it knew of a word when it set out.
        """
        if not self.data:
            self.data, self.stamps = dict(other.data), dict(other.stamps)
            return
        for name, value in other.data.items():
            stamp = other.stamps.get(name, 0)
            if name not in self.data or stamp >= self.stamps.get(name, 0):
                self.data[name], self.stamps[name] = value, stamp

    def _inherit_data(self) -> None:
        self.take(self.parent)


class Flat:
    """What the whole case and each process inside it have in common."""

    tasks: dict[str, Node]
    completed: bool
    success: bool

    def plant(self) -> Node:
        """Make the first task of a process and return it, not yet run."""
        root = Node(self, self.spec.start, state=TaskState.FUTURE)  # type: ignore[attr-defined]
        self.task_tree = root
        root._state = READY
        return root

    def get_tasks_iterator(
        self, first_task: Task | None = None, state: int = TaskState.ANY_MASK, **kwargs: Any
    ) -> Iterator[Node]:
        """Return the tasks in a state, in the order they were made."""
        return iter([task for task in self.tasks.values() if task._state & state])

    def cancel(self, workflow: Any = None) -> list[Node]:
        """Cancel everything open, and all that runs inside it."""
        self.completed, self.success = True, False
        cancelled = list(self.get_tasks_iterator(state=UNFINISHED))
        for task in cancelled:
            if task._state & UNFINISHED:
                task.cancel()
        return cancelled

    def settle(self) -> bool:
        """Let joins go on for which nothing is left to wait, and say whether any did."""
        moved = False
        for task in self.get_tasks_iterator(state=WAITING):
            if isinstance(task.task_spec, Gathering) and task.id in self.tasks:
                task.task_spec._update(task)
                moved = moved or task._state == READY
        return moved

    def _mark_complete(self, task: Node) -> None:
        self.completed = True

    def _task_completed_notify(self, task: Node) -> None:
        self.last_task = task
        if task.task_spec.name == "End":
            self.completed = True
        if self.completed:
            self._over()

    def _over(self) -> None:
        """Do what follows from the end of the process."""


class Inner(Flat, BpmnSubWorkflow):
    """A process that runs inside another, for the task that hosts it."""

    def __init__(self, spec: Any, host: Node, top: "Tree") -> None:
        super().__init__(spec, host.id, top, deserializing=True)
        self.host = host

    def _calculate_depth(self) -> int:
        return 0

    def _over(self) -> None:
        self.host.task_spec._on_subworkflow_completed(self, self.host)


class Tree(Flat, BpmnWorkflow):
    """A running case."""

    def __init__(self, spec: Any, subprocess_specs: dict[str, Any], hands: Any) -> None:
        self.ready: deque[Node] = deque()
        self.tick = 0
        super().__init__(spec, subprocess_specs, hands, deserializing=True)

    def create_subprocess(self, my_task: Node, spec_name: str) -> Inner:
        """Start a process inside a task."""
        inner = self.nest(my_task, spec_name)
        inner.plant()
        return inner

    def nest(self, host: Node, spec_name: str) -> Inner:
        """Make an empty process inside a task."""
        inner = Inner(self.subprocess_specs[spec_name], host, self)
        self.subprocesses[host.id] = inner
        return inner

    def processes(self) -> list[Flat]:
        """Return the case and every process that runs in it, outer before inner."""
        return [self, *(inner for inner in self.subprocesses.values() if not inner.completed)]

    def advance(self) -> None:
        """Run everything that needs nobody, until all that is open waits for somebody."""
        while True:
            while self.ready:
                task = self.ready.popleft()
                if task._state == READY:  # else it was cancelled while it stood in the queue
                    task.run()
            if not any(process.settle() for process in self.processes()):
                return

    def catch(self, event: Any) -> None:
        """Hear nothing: a diagram sends no signals, and the end of a process needs no message."""
