"""The process map: a kind's diagrams with tokens, and the steps that lie ahead, read from the same drawing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from models import Definition
from workflow.history import Passed
from workflow.stages import STEPS

SAFE = etree.XMLParser(resolve_entities=False, no_network=True)
NODES = frozenset(
    {"userTask", "serviceTask", "businessRuleTask", "callActivity", "subProcess", "exclusiveGateway", "parallelGateway",
     "startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent"}
)  # fmt: skip
ORDER = {name: place for place, name in enumerate(STEPS)}
LAST = len(ORDER)
# The committee is heard where a reviewer asks for it, and a data set let go on where it has been suspended.
ASKED_FOR = frozenset({"consultation", "resume_dataset"})
# What is asked for under this limit mends an earlier answer, and the case goes back to that.
MENDING = "completion"


@dataclass(frozen=True)
class Node:
    """An element of a diagram: what it is, what it is called, and where its flows lead, the usual one first."""

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


@dataclass(frozen=True)
class Drawing:
    """What a definition's diagrams draw: the elements by their ids, and the title of each diagram."""

    nodes: dict[str, Node]
    titles: dict[str, str]


def maps_of(definition: Definition, waiting: Iterable[str], passed: Iterable[Passed]) -> list[Map]:
    """Return the diagrams of a case: the innermost with a token first, then the kind's own."""
    drawing = drawn(definition)
    nodes = drawing.nodes
    here = {name for name in waiting if name in nodes}
    # A token inside a called diagram also stands on the activity that calls it.
    outer = {node.id for node in nodes.values() if node.calls and any(nodes[h].diagram == node.calls for h in here)}
    done = {each.step for each in passed if each.step in nodes}
    inner = {nodes[name].diagram for name in here}
    maps = []
    for name in sorted(drawing.titles, key=lambda name: (name not in inner, name != definition.key)):
        inside = {node.id for node in nodes.values() if node.diagram == name}
        marked = tuple(sorted((here | outer) & inside)), tuple(sorted(done & inside))
        maps.append(Map(name, drawing.titles[name], *marked))
    return maps


def ways_ahead(definition: Definition, waiting: Iterable[str]) -> list[str]:
    """Return the steps that may still come on the longest way ahead, the next first.

    Whether each comes depends on the answers; the diagram says so, and the page says "may".
    """
    nodes = drawn(definition).nodes
    starts = [name for name in waiting if name in nodes]
    longest = max((chain(definition.sha256, name) for name in starts), key=len, default=())
    return [name for name in longest if name not in starts]


def next_after(definition: Definition, step: str) -> tuple[str, bool]:
    """Return the next step on the longest way ahead, empty if none follows, and whether every answer leads there."""
    if step not in drawn(definition).nodes:
        return "", False
    following = next(iter(chain(definition.sha256, step)), "")
    return following, len(exits(definition.sha256, step)) == 1


_drawings: dict[str, Drawing] = {}


def drawn(definition: Definition) -> Drawing:
    """Return what a definition's diagrams draw; a definition never changes, so it is read once."""
    if definition.sha256 not in _drawings:
        nodes: dict[str, Node] = {}
        titles: dict[str, str] = {}
        for file, xml in definition.bpmn.items():
            root = etree.fromstring(xml.encode(), SAFE)
            name = file.removesuffix(".bpmn")
            titles[name] = next((process.get("name", "") for process in root.iter("{*}process")), name)
            nodes |= {node.id: node for node in read(name, root)}
        _drawings[definition.sha256] = Drawing(nodes, titles)
    return _drawings[definition.sha256]


def read(diagram: str, root: etree._Element) -> list[Node]:
    """Return the elements that a diagram draws."""
    usual = {element.get("default") for element in root.iter() if isinstance(element.tag, str)}
    flows: dict[str, list[str]] = {}
    for flow in sorted(root.iter("{*}sequenceFlow"), key=lambda flow: flow.get("id") not in usual):
        flows.setdefault(flow.get("sourceRef", ""), []).append(flow.get("targetRef", ""))
    return [
        Node(
            id=element.get("id", ""),
            tag=etree.QName(element).localname,
            name=element.get("name", ""),
            diagram=diagram,
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
    """Return the longest chain of steps behind one, through whatever lies between.

    The steps of a stage follow each other as they are declared: a way that leads back is no way ahead, unless the step
    asks for what was missing. Nor is what a case goes to only when somebody asks for it, unless it is there. A step
    that begins the next round is the last one.
    """
    nodes = _drawings[sha256].nodes
    starts = starts_of(nodes)

    def follow(name: str, seen: frozenset[str], reached: Mapping[str, int]) -> tuple[str, ...]:
        node, been = nodes[name], seen | {name}
        back = ORDER.get(name, LAST) < reached.get(node.diagram, 0)
        if name in seen or back or {name, node.calls} & ASKED_FOR:
            return ()
        if name in ORDER:
            further = {**reached, node.diagram: ORDER[name]}
            return name, *(() if STEPS[name].begins_round else onward(node, been, further))
        inside = starts.get(node.calls or name, "")
        return follow(inside, been, reached) if inside and inside not in seen else onward(node, been, reached)

    def onward(node: Node, seen: frozenset[str], reached: Mapping[str, int]) -> tuple[str, ...]:
        if not node.leads_to:
            outer = around(nodes, node)
            return onward(nodes[outer], seen, reached) if outer else ()
        ways = [follow(target, seen, reached) for target in node.leads_to]
        longest = max(ways, key=len)
        return side_by_side(longest, ways) if node.tag == "parallelGateway" else longest

    first = {} if STEPS[start].limit == MENDING else {nodes[start].diagram: ORDER[start]}
    return onward(nodes[start], frozenset({start}), first)


def side_by_side(longest: tuple[str, ...], ways: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the longest of some ways that are all gone at once, with what the others do before they meet it."""
    for way in ways:
        own = tuple(name for name in way if name not in longest)
        meeting = next((longest.index(name) for name in way if name in longest), len(longest))
        longest = (*longest[:meeting], *own, *longest[meeting:])
    return longest


@lru_cache(maxsize=512)
def exits(sha256: str, start: str) -> frozenset[str]:
    """Return to which steps the answers of one lead at once, and an empty name if one of them ends the case.

    Of steps that begin side by side one stands for all.
    """
    nodes = _drawings[sha256].nodes
    starts = starts_of(nodes)
    found, seen, open_ends = set(), set(), [nodes[start]]
    while open_ends:
        node = open_ends.pop()
        outer = around(nodes, node)
        ahead = node.leads_to[:1] if node.tag == "parallelGateway" else node.leads_to
        for name in ahead or ((outer,) if outer else ()):
            inside = starts.get(nodes[name].calls or name, "") if ahead else ""
            if name in ORDER:
                found.add(name)
            elif (inside or name) not in seen:
                seen.add(inside or name)
                open_ends.append(nodes[inside or name])
        if not ahead and not outer:
            found.add("")
    return frozenset(found)


def starts_of(nodes: Mapping[str, Node]) -> dict[str, str]:
    """Return where each process and sub-process begins."""
    return {node.parent: node.id for node in nodes.values() if node.tag == "startEvent"}


def around(nodes: Mapping[str, Node], node: Node) -> str:
    """Return the activity that an element is within, drawn around it or in the diagram that calls its own, if any."""
    callers = {each.calls: each.id for each in nodes.values() if each.calls}
    return node.parent if node.parent in nodes else callers.get(node.parent, "")
