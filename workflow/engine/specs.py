"""What the elements of a diagram do when a token reaches them.

Each class replaces one of SpiffWorkflow's, only where the library looks at a clock, runs code a diagram carries,
merges what it should replace, walks the whole history of a case, or keeps on the drawing what belongs to the case.
After reading a diagram nothing here changes any more, so that every case and every thread may share it.
"""

from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.control import SimpleBpmnTask
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent as StockBoundaryEvent
from SpiffWorkflow.bpmn.specs.defaults import CallActivity as StockCallActivity
from SpiffWorkflow.bpmn.specs.defaults import ExclusiveGateway as StockExclusiveGateway
from SpiffWorkflow.bpmn.specs.defaults import IntermediateCatchEvent as StockCatchEvent
from SpiffWorkflow.bpmn.specs.defaults import ParallelGateway as StockParallelGateway
from SpiffWorkflow.bpmn.specs.defaults import ParallelMultiInstanceTask
from SpiffWorkflow.bpmn.specs.defaults import StartEvent as StockStartEvent
from SpiffWorkflow.bpmn.specs.defaults import SubWorkflowTask as StockSubProcess
from SpiffWorkflow.bpmn.specs.defaults import UserTask as StockUserTask
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import SignalEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.bpmn.specs.mixins.script_task import ScriptEngineTask
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from .errors import NoBranch, UnknownName
from .grammar import expression
from .tables import Table

UNFINISHED = TaskState.NOT_FINISHED_MASK


class Limit(EventDefinition):
    """A timer that names a limit and waits until it is told that the limit has passed."""


class Signal(SignalEventDefinition):
    """A signal, which waits for `Process.signal` or, at the edge of an element, is a step somebody may take."""


class ServiceTask(ScriptEngineTask, BpmnSpecMixin):
    """Call the service whose name is the element's id."""

    def _execute(self, task: Task) -> bool:
        task.workflow.script_engine.serve(self.bpmn_id, task)
        return True


class BusinessRuleTask(ScriptEngineTask, BpmnSpecMixin):
    """Decide by the table whose name is the element's id."""

    table: Table

    def _execute(self, task: Task) -> bool:
        task.workflow.script_engine.decide(self.table, task)
        return True


class ExclusiveGateway(StockExclusiveGateway):
    """Take the first way out whose condition holds, or the default one."""

    def _predict_hook(self, my_task: Task) -> None:
        """Guess nothing: the way is chosen when the token is here."""

    def _run_hook(self, my_task: Task) -> bool:
        chosen = self.default_task_spec
        for condition, name in self.cond_task_specs:
            if condition is not None and expression(condition.args[0])(my_task.data):
                chosen = name
                break
        if chosen is None:
            raise NoBranch(f"no way out of {self.bpmn_id!r} fits what the case knows")
        my_task._sync_children([self._wf_spec.task_specs[chosen]], TaskState.FUTURE)
        return True


class Gathering(UnstructuredJoin):
    """Wait for several branches with one task, which takes over what arrived before it.

    The library leaves the tasks that arrived earlier in the tree and looks for them again, also in the next round of
    a loop, where they are no longer meant.
    """

    def _update_hook(self, my_task: Task) -> bool:
        if "arrived" not in my_task.internal_data:
            self._arrive(my_task)
        if not self._complete(my_task):
            my_task._set_state(TaskState.WAITING)
            return False
        return True

    def _arrive(self, my_task: Task) -> None:
        arrived = [my_task.parent.task_spec.name]
        workflow = my_task.workflow
        for other in [task for task in workflow.tasks.values() if task._state == TaskState.WAITING]:
            if other.task_spec is self and other is not my_task:
                arrived += other.internal_data["arrived"]
                my_task.take(other)
                workflow._remove_task(other.id)
        my_task.internal_data["arrived"] = sorted(set(arrived))
        my_task._inherit_data()

    def _complete(self, my_task: Task) -> bool:
        raise NotImplementedError

    def _run_hook(self, my_task: Task) -> bool:
        return True


class ParallelGateway(Gathering, StockParallelGateway):
    """Go on when a token has arrived on every way in."""

    def _complete(self, my_task: Task) -> bool:
        return len(my_task.internal_data["arrived"]) == len(set(self._inputs))


class EndJoin(Gathering, BpmnTaskSpec):
    """Go on when nothing else in the process can still happen."""

    def _complete(self, my_task: Task) -> bool:
        return not any(
            task._state & UNFINISHED
            for task in my_task.workflow.tasks.values()
            if task is not my_task and task._parent != my_task.id
        )


class ProcessSpec(BpmnProcessSpec):
    """A process whose end is our own join."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        name = f"{self.name}.EndJoin"
        del self.task_specs[name], self.task_specs["End"]
        self.end: EndJoin = EndJoin(self, name)
        self.end.connect(SimpleBpmnTask(self, "End"))


class Hosting:
    """Run another process inside, with a copy of the words known so far, and take over what is known at its end."""

    def start_workflow(self, my_task: Task) -> None:
        """Start the process inside."""
        inner = my_task.workflow.top_workflow.create_subprocess(my_task, self.spec)  # type: ignore[attr-defined]
        inner.task_tree.take(my_task)
        inner.task_tree.run()

    def update_data(self, my_task: Task, subworkflow: Any) -> None:
        """Take over the words known at its end."""
        my_task.take(subworkflow.last_task)


class Member:
    """What may be given to every member of a ballot."""

    def _on_complete_hook(self, my_task: Task) -> None:
        super()._on_complete_hook(my_task)  # type: ignore[misc]
        ballot = my_task.parent
        if my_task.triggered and isinstance(ballot.task_spec, Ballot):
            ballot.task_spec.count(ballot, my_task)


class SubProcess(Member, Hosting, StockSubProcess):
    """A process drawn inside another, alone or one for each member of a ballot."""


class CallActivity(Hosting, StockCallActivity):
    """A process drawn in a diagram of its own."""


class UserTask(Member, StockUserTask):
    """A step a person completes, alone or as one member of a ballot."""


class Ballot(ParallelMultiInstanceTask):
    """A step, or a process, given to every member of a list at once; over when all have completed theirs.

    The outcomes of the members are merged, the last one wins; the member's own word is not. What each member said is
    kept by whoever completes the steps, so that an interrupting timer loses nothing.
    """

    def _update_hook(self, my_task: Task) -> bool:
        BpmnTaskSpec._update_hook(self, my_task)
        members = my_task.data.get(self.data_input.bpmn_id)
        if not isinstance(members, list):
            raise UnknownName(f"{self.data_input.bpmn_id!r} is not a list, which {self.bpmn_id!r} asks for")
        spec = my_task.workflow.spec.task_specs[self.task_spec]
        my_task._set_state(TaskState.STARTED)
        for member in members:
            child = my_task._add_child(spec, TaskState.WAITING)
            child.triggered = True
            child._inherit_data()
            child.write({self.input_item.bpmn_id: member})
            spec._update(child)
        return not members

    def count(self, my_task: Task, child: Task) -> None:
        """Take over what one member said, and go on when nobody is left."""
        child.data.pop(self.input_item.bpmn_id, None)
        my_task.take(child)
        if not any(other.triggered and other._state & UNFINISHED for other in my_task.children):
            my_task._set_state(TaskState.READY)


class Catching:
    """Wait until `Process` says that the event has happened; look at nothing meanwhile."""

    def _update_hook(self, my_task: Task) -> bool:
        my_task._inherit_data()
        my_task._set_state(TaskState.WAITING)
        return False

    def _on_ready_hook(self, my_task: Task) -> None:
        """Leave no trace: the library would keep a list of waiting events beside the tree."""

    def _run_hook(self, my_task: Task) -> bool:
        return True

    def _on_cancel(self, my_task: Task) -> None:
        """Leave no trace either."""


class BoundaryEvent(Catching, StockBoundaryEvent):
    """An event at the edge of another element, its `host`."""

    host: str


class CatchEvent(Catching, StockCatchEvent):
    """An event the flow waits for."""


class StartEvent(Catching, StockStartEvent):
    """The plain start of a process."""

    def _update_hook(self, my_task: Task) -> bool:
        my_task._inherit_data()
        return True
