"""Check that what is drawn is what is declared; the messages name file and id."""

from collections.abc import Iterable
from pathlib import Path

from models import PREFIXES
from workflow import definitions
from workflow.engine import Definition
from workflow.stages import SERVICES, STAGES, STEPS

TEMPLATES = Path(__file__).parent.parent / "templates"


def problems(folder: Path = definitions.FOLDER, limits: frozenset[str] | None = None) -> list[str]:
    """Return everything that is drawn and not declared, declared and not drawn, or faulty.

    `limits` are the names of the register, where there is a database to ask.
    """
    found: list[str] = []
    drawn = {kind: Definition.parse(kind, definitions.bundle(kind, folder)) for kind in PREFIXES}
    for kind, definition in drawn.items():
        found += [f"{kind}: {problem}" for problem in definition.problems()]
        found += compare(f"{kind}: step", definition.steps | definition.offered, STEPS.keys())
        found += compare(f"{kind}: service", definition.services, SERVICES.keys())
        if limits is not None:
            found += compare(f"{kind}: limit", definition.limits.keys(), limits)
    everywhere = list(drawn.values())
    steps = frozenset().union(*(each.steps | each.offered for each in everywhere))
    services = frozenset().union(*(each.services for each in everywhere))
    timers = frozenset().union(*(each.limits.keys() for each in everywhere))
    found += [f"step {name} is declared and drawn nowhere" for name in STEPS.keys() - steps]
    found += [f"service {name} is declared and drawn nowhere" for name in SERVICES.keys() - services]
    for step in STEPS.values():
        if step.limit and step.limit not in timers:
            found.append(f"step {step.name} has the limit {step.limit}, which no diagram draws")
        if step.stops and step.stops not in timers:
            found.append(f"step {step.name} stops the limit {step.stops}, which no diagram draws")
        if not (TEMPLATES / step.stage / f"{step.name}.html").is_file():
            found.append(f"step {step.name} has no template templates/{step.stage}/{step.name}.html")
        found += [
            f"step {step.name} stays apart from {name}, which is no step"
            for name in step.apart_from
            if name not in STEPS
        ]
        if not step.title:
            found.append(f"step {step.name} has no title: its docstring is empty")
    found += [f"stage {stage.name} has no steps" for stage in STAGES if not stage.steps]
    return sorted(found)


def compare(what: str, names: Iterable[str], declared: Iterable[str]) -> list[str]:
    """Return what is drawn and not declared."""
    return [f"{what} {name} is drawn and not declared" for name in sorted(set(names) - set(declared))]
