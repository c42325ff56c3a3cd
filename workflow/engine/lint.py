"""Hold diagrams to the rules of drawing, before any case runs by them."""

from collections.abc import Iterable, Iterator, Mapping

from lxml import etree

from .drawing import drawn, events, limit_of, tag
from .errors import BadExpression
from .grammar import expression
from .xml import local, text_of

NODES = {
    "startEvent",
    "endEvent",
    "userTask",
    "serviceTask",
    "businessRuleTask",
    "exclusiveGateway",
    "parallelGateway",
    "subProcess",
    "callActivity",
    "boundaryEvent",
    "intermediateCatchEvent",
}
HOSTS = {"userTask", "subProcess", "callActivity"}
NAMED = {"userTask", "serviceTask", "businessRuleTask", "boundaryEvent"}
PARTS = {
    "incoming",
    "outgoing",
    "documentation",
    # The word that holds the list of a ballot's members; drawing software asks for it.
    "property",
    "sequenceFlow",
    "conditionExpression",
    "laneSet",
    "lane",
    "flowNodeRef",
    "childLaneSet",
    "signalEventDefinition",
    "timerEventDefinition",
    "timeDuration",
    "terminateEventDefinition",
    "multiInstanceLoopCharacteristics",
    "loopDataInputRef",
    "inputDataItem",
    "textAnnotation",
    "text",
    "association",
    "group",
}
EVENTS: dict[str, list[list[str]]] = {
    "startEvent": [[]],
    "endEvent": [[], ["terminateEventDefinition"]],
    "boundaryEvent": [["signalEventDefinition"], ["timerEventDefinition"]],
    "intermediateCatchEvent": [["signalEventDefinition"], ["timerEventDefinition"]],
}


def faults(file: str, root: etree._Element) -> Iterator[str]:
    """Yield what is wrong with one diagram, each line naming the file and the id."""
    processes = list(root.iter(tag("process")))
    key = file.removesuffix(".bpmn")
    if [process.get("id") for process in processes] != [key]:
        yield f"{file}: must hold one process, with the id {key!r}"
        return
    if processes[0].get("isExecutable") != "true":
        yield f'{file}: {key}: must say isExecutable="true"'
    seen: set[str] = set()
    for element in drawn(root):
        if element.get("id") in seen:
            yield f"{file}: {element.get('id')}: the id is used twice"
        seen.add(element.get("id", ""))
    for element in processes[0].iterdescendants():
        yield from (f"{file}: {_place(element)}: {fault}" for fault in _element(element))
    for scope in [processes[0], *processes[0].iter(tag("subProcess"))]:
        yield from (f"{file}: {fault}" for fault in _scope(scope))


def repeated(names: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the steps that are drawn in more than one diagram, given with the file of each."""
    files: dict[str, list[str]] = {}
    for name, file in names:
        files.setdefault(name, []).append(file)
    for name, found in files.items():
        if len(set(found)) > 1:
            yield f"{', '.join(found)}: {name}: the step is drawn more than once"


def circles(diagrams: Mapping[str, etree._Element]) -> Iterator[str]:
    """Yield the diagrams that call themselves, directly or by others."""
    calls = {
        file: {f"{activity.get('calledElement')}.bpmn" for activity in root.iter(tag("callActivity"))}
        for file, root in diagrams.items()
    }
    for file in diagrams:
        reached = set(calls[file])
        for _ in diagrams:
            reached |= {further for called in reached for further in calls.get(called, ())}
        if file in reached:
            yield f"{file}: {file.removesuffix('.bpmn')}: the process calls itself"


def _place(element: etree._Element) -> str:
    """Return the id of an element, or of the nearest one around it that has an id."""
    around = element
    while not around.get("id") and around.getparent() is not None:
        around = around.getparent()
    return str(around.get("id"))


def _element(element: etree._Element) -> Iterator[str]:
    kind = local(element)
    if not element.tag.startswith(tag("")) or kind == "extensionElements":
        yield "carries a vendor's extension"
        return
    if any(name.startswith("{") for name in element.attrib if "XMLSchema-instance" not in name):
        yield "carries a vendor's attribute"
    if kind not in NODES and kind not in PARTS:
        yield f"a {kind} may not be drawn"
    if kind in NODES and not element.get("id"):
        yield f"a {kind} has no id"
    if kind in NAMED and not element.get("id", "").isidentifier():
        yield "the id must be a plain name, as it is used in the code"
    if kind in EVENTS:
        yield from _event(element, kind)
    if kind == "multiInstanceLoopCharacteristics":
        yield from _ballot(element)
    if kind == "subProcess" and element.get("triggeredByEvent") == "true":
        yield "an event sub-process may not be drawn; use an event at the edge of a sub-process"
    if kind == "conditionExpression":
        yield from _condition(element)


def _event(element: etree._Element, kind: str) -> Iterator[str]:
    kinds = [local(event) for event in events(element)]
    if kinds not in EVENTS[kind]:
        yield f"a {kind} may not have {' and '.join(kinds) or 'nothing to wait for'}"
        return
    for event in events(element):
        if local(event) == "timerEventDefinition" and limit_of(event) is None:
            yield "a timer must name a limit in quotes as its duration"
        if local(event) == "signalEventDefinition":
            signals = {each.get("id"): each.get("name") for each in element.getroottree().iter(tag("signal"))}
            if not signals.get(event.get("signalRef")):
                yield "the signal must be one with a name"


def _ballot(element: etree._Element) -> Iterator[str]:
    host = element.getparent()
    if host is None or local(host) not in ("userTask", "subProcess") or element.get("isSequential") == "true":
        yield "only a user task or a sub-process may be given to several people, and only to all at once"
    parts = {local(part): part for part in element}
    if set(parts) != {"loopDataInputRef", "inputDataItem"} or not text_of(parts["loopDataInputRef"]).isidentifier():
        yield "a ballot must name the list of its members and the word for one member, and nothing else"
    elif not parts["inputDataItem"].get("id"):
        yield "the word for one member must be the id of the inputDataItem"


def _condition(element: etree._Element) -> Iterator[str]:
    try:
        expression(text_of(element))
    except BadExpression as error:
        yield str(error)


def _scope(scope: etree._Element) -> Iterator[str]:
    """Yield what is wrong with the way the elements of one process or sub-process are connected."""
    nodes = {child.get("id", ""): child for child in scope if local(child) in NODES}
    flows = [child for child in scope if local(child) == "sequenceFlow"]
    ways: dict[str, list[etree._Element]] = {name: [] for name in nodes}
    for flow in flows:
        if flow.get("sourceRef") not in nodes or flow.get("targetRef") not in nodes:
            yield f"{flow.get('id')}: the flow does not join two elements of {scope.get('id')!r}"
            return
        ways[flow.get("sourceRef", "")].append(flow)
    for name, node in nodes.items():
        yield from (f"{name}: {fault}" for fault in _ways_out(node, ways[name], nodes))
    starts = [name for name, node in nodes.items() if local(node) == "startEvent"]
    if len(starts) != 1 or not any(local(node) == "endEvent" for node in nodes.values()):
        yield f"{scope.get('id')}: must have one start and an end"
    reached, front = set(starts), list(starts)
    while front:
        name = front.pop()
        following = {flow.get("targetRef", "") for flow in ways[name]}
        following |= {event for event, node in nodes.items() if node.get("attachedToRef") == name}
        front += following - reached
        reached |= following
    yield from (f"{name}: cannot be reached" for name in nodes if name not in reached)


def _ways_out(node: etree._Element, ways: list[etree._Element], nodes: Mapping[str, etree._Element]) -> Iterator[str]:
    kind = local(node)
    conditional = [flow for flow in ways if flow.find(tag("conditionExpression")) is not None]
    if kind == "endEvent":
        if ways:
            yield "nothing may follow an end"
        return
    if not ways:
        yield "leads nowhere"
    host = nodes.get(node.get("attachedToRef", ""))
    if kind == "boundaryEvent" and (host is None or local(host) not in HOSTS):
        yield "must be attached to a user task, a sub-process or a call activity"
    if kind == "exclusiveGateway":
        if len(ways) > 1 and any(flow not in conditional and flow.get("id") != node.get("default") for flow in ways):
            yield "every way out needs a condition, except one default"
    elif conditional:
        yield "only the ways out of an exclusive gateway may have conditions"
    elif len(ways) > 1 and kind != "parallelGateway":
        yield "several ways out need a gateway"
