"""Run the same diagrams by SpiffWorkflow as it comes, to compare with.

The library has no services without extensions of its own and reads a timer as a duration. So a service task becomes a
script task that does nothing, a business rule task one that runs a given script, and a limit thirty days.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import ParallelMultiInstanceTask
from SpiffWorkflow.bpmn.specs.mixins.script_task import ScriptTask
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SERIALIZER = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))


class Stock:
    """One case run by the library alone."""

    def __init__(self, key: str, files: Mapping[str, bytes], rules: Mapping[str, str] | None = None) -> None:
        """Read the diagrams; `rules` gives the script that stands for each business rule task."""
        parser = SpiffBpmnParser()
        for name, data in files.items():
            if name.endswith(".bpmn"):
                parser.add_bpmn_xml(etree.fromstring(_translated(data, rules or {})), filename=name)
        self.spec = parser.get_spec(key)
        self.inner_specs = parser.get_subprocess_specs(key)
        self.served: list[str] = []

    def start(self, outcome: Mapping[str, Any] | None = None) -> None:
        """Start a case."""
        self.case = BpmnWorkflow(self.spec, self.inner_specs)
        self.case.task_tree.data.update(outcome or {})
        self._advance()

    def load(self, state: str) -> None:
        """Read a case."""
        self.case = SERIALIZER.deserialize_json(state)

    def dump(self) -> str:
        """Write the case."""
        state: str = SERIALIZER.serialize_json(self.case)
        return state

    @property
    def ended(self) -> bool:
        """Say whether the case is over."""
        return bool(self.case.is_completed())

    def open(self) -> list[Task]:
        """Return what the case waits for: user tasks, and events at the edge of an element."""
        steps = self.case.get_tasks(state=TaskState.READY, manual=True)
        events = [
            task for task in self.case.get_tasks(state=TaskState.WAITING) if isinstance(task.task_spec, BoundaryEvent)
        ]
        return [*steps, *events]

    def complete(self, task: Task, outcome: Mapping[str, Any]) -> None:
        """Complete a user task, or let a signal at the edge of an element happen."""
        if not task.task_spec.manual:
            task.task_spec.catch(task, BpmnEvent(task.task_spec.event_definition))
            task.task_spec._update(task)
        task.data.update(outcome)
        task.run()
        self._advance()

    def expire(self, task: Task) -> None:
        """Let a timer have run out yesterday."""
        yesterday = datetime.now(UTC) - timedelta(days=1)
        task._set_internal_data(event_value=yesterday.isoformat())
        self.case.refresh_timers()
        self._advance()

    def _advance(self) -> None:
        self.case.do_engine_steps(did_complete_task=self._note)

    def _note(self, task: Task) -> None:
        if isinstance(task.task_spec, ScriptTask):
            self.served.append(task.task_spec.bpmn_id)


def is_timer(task: Task) -> bool:
    """Say whether a waiting task is a timer."""
    return isinstance(getattr(task.task_spec, "event_definition", None), TimerEventDefinition)


def member_of(task: Task) -> Any:
    """Return the member a user task of a ballot belongs to, if it belongs to one."""
    ballot = task.parent.task_spec
    return task.data[ballot.input_item.bpmn_id] if isinstance(ballot, ParallelMultiInstanceTask) else None


def _translated(data: bytes, rules: Mapping[str, str]) -> bytes:
    root = etree.fromstring(data)
    for element in [*root.iter(f"{BPMN}serviceTask"), *root.iter(f"{BPMN}businessRuleTask")]:
        element.tag = f"{BPMN}scriptTask"
        etree.SubElement(element, f"{BPMN}script").text = rules.get(element.get("id", ""), "pass")
    for duration in root.iter(f"{BPMN}timeDuration"):
        duration.text = re.sub(r"'\w+'", '"P30D"', duration.text or "")
    return etree.tostring(root)
