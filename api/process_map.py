"""The process map: a kind's diagrams with tokens, and the steps that lie ahead, read from the same drawing."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from models import Definition
from workflow.history import Line

SAFE = etree.XMLParser(resolve_entities=False, no_network=True)
NODES = frozenset(
    {"userTask", "serviceTask", "businessRuleTask", "callActivity", "subProcess", "exclusiveGateway", "startEvent",
     "endEvent", "boundaryEvent", "intermediateCatchEvent"}
)  # fmt: skip


@dataclass(frozen=True)
class Node:
    """An element of a diagram: what it is, what it is called, and where its flows lead."""

    id: str
    tag: str
    name: str
    diagram: str
    parent: str
    calls: str
    host: str
    leads_to: tuple[str, ...]


@dataclass(frozen=True)
class Map:
    """A diagram to be drawn, and where the case stands in it."""

    name: str
    title: str
    here: tuple[str, ...]
    done: tuple[str, ...]


def maps_of(definition: Definition, waiting: Iterable[str], told: Iterable[Line]) -> list[Map]:
    """Return the diagrams of a case: those in which a token stands first."""
    nodes = graph(definition)
    here = {name for name in waiting if name in nodes}
    # A token inside a called diagram also stands on the activity that calls it.
    outer = {node.id for node in nodes.values() if node.calls and any(nodes[h].diagram == node.calls for h in here)}
    done = {line.step for line in told if line.kind in ("answered", "served", "tabled") and line.step in nodes}
    maps = []
    inner = [node.diagram for node in nodes.values() if node.id in here]
    # The innermost diagram with a token comes first, then the kind's own.
    order = sorted(definition.bpmn.items(), key=lambda item: (item[0][:-5] not in inner, item[0] != f"{definition.key}.bpmn"))
    for file, xml in order:
        name = file.removesuffix(".bpmn")
        inside = {node.id for node in nodes.values() if node.diagram == name}
        title = next((node.name for node in nodes.values() if node.calls == name), "") or process_name(xml)
        maps.append(Map(name, title, tuple(sorted((here | outer) & inside)), tuple(sorted(done & inside))))
    return maps


def process_name(xml: str) -> str:
    """Return the name of the process that a diagram draws."""
    root = etree.fromstring(xml.encode(), SAFE)
    return next((element.get("name", "") for element in root.iter("{*}process")), "")


def ways_ahead(definition: Definition, waiting: Iterable[str]) -> list[str]:
    """Return the steps that may still come on the longest way ahead, the next first.

    Whether each comes depends on the answers; the diagram says so, and the page says "may".
    """
    nodes = graph(definition)
    starts = [name for name in waiting if name in nodes]
    longest = max((chain(definition.sha256, name) for name in starts), key=len, default=())
    return [name for name in longest if name not in starts]


def graph(definition: Definition) -> dict[str, Node]:
    """Return the elements of a definition's diagrams by their ids."""
    if definition.sha256 not in _graphs:
        found = {node.id: node for file, xml in definition.bpmn.items() for node in read(file, xml)}
        _graphs[definition.sha256] = found
    return _graphs[definition.sha256]


_graphs: dict[str, dict[str, Node]] = {}


def read(file: str, xml: str) -> list[Node]:
    """Return the elements that a diagram draws."""
    root = etree.fromstring(xml.encode(), SAFE)
    flows: dict[str, list[str]] = {}
    for flow in root.iter("{*}sequenceFlow"):
        flows.setdefault(flow.get("sourceRef", ""), []).append(flow.get("targetRef", ""))
    return [
        Node(
            id=element.get("id", ""),
            tag=etree.QName(element).localname,
            name=element.get("name", ""),
            diagram=file.removesuffix(".bpmn"),
            parent=parent_of(element),
            calls=element.get("calledElement", ""),
            host=element.get("attachedToRef", ""),
            leads_to=tuple(flows.get(element.get("id", ""), ())),
        )
        for element in root.iter()
        if isinstance(element.tag, str) and etree.QName(element).localname in NODES
    ]


def parent_of(element: etree._Element) -> str:
    """Return the id of the sub-process or process around an element."""
    parent = element.getparent()
    return "" if parent is None else parent.get("id", "")


@lru_cache(maxsize=512)
def chain(sha256: str, start: str) -> tuple[str, ...]:
    """Return the longest chain of steps from one on, through whatever lies between, each step once."""
    nodes = _graphs[sha256]
    starts = {node.parent: node.id for node in nodes.values() if node.tag == "startEvent"}
    callers = {node.calls: node.id for node in nodes.values() if node.calls}

    def follow(name: str, seen: frozenset[str]) -> tuple[str, ...]:
        if name in seen:
            return ()
        node, been = nodes[name], seen | {name}
        own = (name,) if node.tag == "userTask" else ()
        if node.tag == "callActivity" and node.calls in starts and starts[node.calls] not in seen:
            return own + follow(starts[node.calls], been)
        if node.tag == "subProcess" and name in starts and starts[name] not in seen:
            return own + follow(starts[name], been)
        return own + onward(node, been)

    def onward(node: Node, seen: frozenset[str]) -> tuple[str, ...]:
        if node.tag == "endEvent" or not node.leads_to:
            outer = node.parent if node.parent in nodes else callers.get(node.parent, "")
            return onward(nodes[outer], seen) if outer else ()
        return max((follow(target, seen) for target in node.leads_to), key=len)

    return follow(start, frozenset())
