"""Survey diagrams: what is drawn in them, under which names."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from .errors import BadExpression
from .grammar import expression
from .xml import local, text_of

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
QUOTED = re.compile(r"""(['"])(?P<name>[a-z][a-z0-9_]*)\1""")


@dataclass
class Drawing:
    """The names in a set of diagrams, each with the file it was found in where that is needed later."""

    elements: dict[str, str] = field(default_factory=dict)
    steps: list[tuple[str, str]] = field(default_factory=list)
    offered: list[tuple[str, str]] = field(default_factory=list)
    services: list[tuple[str, str]] = field(default_factory=list)
    tables: list[tuple[str, str]] = field(default_factory=list)
    limits: dict[str, list[str]] = field(default_factory=dict)
    asked: dict[str, set[Any]] = field(default_factory=dict)


def survey(diagrams: Mapping[str, etree._Element]) -> Drawing:
    """Return what is drawn in diagrams, given by file name."""
    drawing = Drawing()
    for file, root in diagrams.items():
        for element in drawn(root):
            _note(drawing, file, element)
        for condition in root.iter(tag("conditionExpression")):
            for name, constants in _asked(condition).items():
                drawing.asked.setdefault(name, set()).update(constants)
    return drawing


def drawn(root: etree._Element) -> Iterator[etree._Element]:
    """Yield every element with an id that belongs to a process of a diagram."""
    for process in root.iter(tag("process")):
        for element in process.iterdescendants():
            if element.tag.startswith(f"{{{BPMN}}}") and element.get("id"):
                yield element


def tag(name: str) -> str:
    """Return the full name of an element of BPMN."""
    return f"{{{BPMN}}}{name}"


def events(element: etree._Element) -> list[etree._Element]:
    """Return what an event waits for or does: its event definitions."""
    return [child for child in element if local(child).endswith("EventDefinition")]


def limit_of(event: etree._Element) -> str | None:
    """Return the limit a timer names, in quotes, as its duration; nothing if it says anything else."""
    durations = [text_of(each) for each in event.iter(tag("timeDuration"))]
    others = [each for each in event if local(each) != "timeDuration"]
    found = QUOTED.fullmatch(durations[0]) if len(durations) == 1 and not others else None
    return found["name"] if found else None


def _asked(condition: etree._Element) -> dict[str, set[Any]]:
    """Return the words a condition asks for, with what it compares them with; none if it cannot be read."""
    try:
        return expression(text_of(condition)).asked
    except BadExpression:
        return {}


def _note(drawing: Drawing, file: str, element: etree._Element) -> None:
    kind, name = local(element), element.get("id", "")
    if kind.endswith(("Task", "Event", "Gateway", "sequenceFlow")) or kind in ("task", "subProcess", "callActivity"):
        drawing.elements[name] = kind
    match kind:
        case "userTask":
            drawing.steps.append((name, file))
        case "serviceTask":
            drawing.services.append((name, file))
        case "businessRuleTask":
            drawing.tables.append((name, file))
        case "boundaryEvent" | "intermediateCatchEvent":
            for event in events(element):
                limit = limit_of(event) if local(event) == "timerEventDefinition" else None
                if limit:
                    drawing.limits.setdefault(limit, []).append(element.get("attachedToRef", name))
                elif local(event) == "signalEventDefinition" and kind == "boundaryEvent":
                    drawing.offered.append((name, file))
