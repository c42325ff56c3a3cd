"""Turn the elements of a diagram into what they do; an element that is not listed here cannot be drawn."""

from collections.abc import Mapping
from typing import Any, ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.event_parsers import (
    BoundaryEventParser,
    EndEventParser,
    EventDefinitionParser,
    IntermediateCatchEventParser,
    StartEventParser,
)
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.task_parsers import (
    CallActivityParser,
    ConditionalGatewayParser,
    GatewayParser,
    SubWorkflowParser,
)
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs.defaults import EndEvent
from SpiffWorkflow.specs.base import TaskSpec

from . import specs
from .drawing import limit_of
from .tables import Table


class _Events(EventDefinitionParser):
    """Read a timer as the name of a limit."""

    def parse_timer_event(self, event: etree._Element) -> specs.Limit:
        return specs.Limit(limit_of(event), description="Timer")

    def parse_signal_event(self, signal_event: etree._Element) -> specs.Signal:
        return specs.Signal(super().parse_signal_event(signal_event).name, description="Signal")


class _BoundaryEvents(_Events, BoundaryEventParser):
    def create_task(self) -> specs.BoundaryEvent:
        event: specs.BoundaryEvent = super().create_task()
        event.host = self.node.get("attachedToRef")
        return event


class _CatchEvents(_Events, IntermediateCatchEventParser):
    pass


class _UserTasks(TaskParser):
    PARALLEL_MI_CLASS = specs.Ballot


class _SubProcesses(SubWorkflowParser):
    PARALLEL_MI_CLASS = specs.Ballot


class _RuleTasks(TaskParser):
    def create_task(self) -> TaskSpec:
        task = super().create_task()
        task.table = self.process_parser.parser.tables[self.bpmn_id]
        return task


class _Processes(ProcessParser):
    def create_spec(self) -> specs.ProcessSpec:
        stock = super().create_spec()
        return specs.ProcessSpec(name=stock.name, description=stock.description, filename=stock.file)


class Parser(BpmnParser):
    """Read the elements a diagram may use."""

    PROCESS_PARSER_CLASS = _Processes
    PARSER_CLASSES: ClassVar[dict[str, tuple[type[TaskParser], type[TaskSpec]]]] = {
        full_tag("startEvent"): (StartEventParser, specs.StartEvent),
        full_tag("endEvent"): (EndEventParser, EndEvent),
        full_tag("userTask"): (_UserTasks, specs.UserTask),
        full_tag("serviceTask"): (TaskParser, specs.ServiceTask),
        full_tag("businessRuleTask"): (_RuleTasks, specs.BusinessRuleTask),
        full_tag("exclusiveGateway"): (ConditionalGatewayParser, specs.ExclusiveGateway),
        full_tag("parallelGateway"): (GatewayParser, specs.ParallelGateway),
        full_tag("subProcess"): (_SubProcesses, specs.SubProcess),
        full_tag("callActivity"): (CallActivityParser, specs.CallActivity),
        full_tag("boundaryEvent"): (_BoundaryEvents, specs.BoundaryEvent),
        full_tag("intermediateCatchEvent"): (_CatchEvents, specs.CatchEvent),
    }

    def __init__(self, tables: Mapping[str, Table], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tables = tables
