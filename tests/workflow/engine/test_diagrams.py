"""The diagrams and tables of the service itself: drawn by the rules, and no walk through them gets stuck."""

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from workflow.engine import Definition, Process, load, start

FOLDER = Path(__file__).parents[3] / "bpmn"
FILES = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in (".bpmn", ".dmn")}
KINDS = sorted(name.removesuffix(".bpmn") for name in FILES if name.endswith(".bpmn"))


@cache
def drawn(kind: str) -> Definition:
    """Return a definition of the service, read once."""
    return Definition.parse(kind, FILES)


def said(definition: Definition, rnd: random.Random) -> dict[str, Any]:
    """Return a value for every word that gateways and tables ask for: one that is asked about, or another."""
    words: dict[str, list[Any]] = {"seats": [["1"], ["1", "2", "3"]]}
    words |= {name: [*sorted(constants, key=str), None] for name, constants in definition.asked.items()}
    words |= {name: [[], ["1"], ["1", "2", "3"]] for name in ("answered", "declared")}
    words["reviews"] = [[], ["expert"], ["security", "right_holder"]]
    for table in definition.tables.values():
        words |= {column.name: list(column.domain) for column in table.inputs}
    return {name: rnd.choice(values) for name, values in words.items()}


def walk(kind: str, rnd: random.Random, acts: int, reached: set[str]) -> Iterator[tuple[Process, str]]:
    """Yield a case after each of some acts, with the name of what is done next."""
    definition = drawn(kind)
    process = start(definition, lambda name: None, outcome=said(definition, rnd))
    for _ in range(acts):
        if process.ended:
            return
        waiting, heard = process.waiting(), process.listening()
        assert waiting or heard, "the case waits for nothing and has not ended"
        if heard and (not waiting or rnd.random() < 0.1):
            process.signal(rnd.choice(heard), said(definition, rnd))
            process = load(definition, process.dump(), lambda name: None)
            continue
        # What ends everything is drawn less often, so that a walk sees more than its first steps.
        likely = [each for each in waiting if not (each.kind == "offered" and each.interrupting)]
        # A long process is seen to its end because walks turn to what none has reached before.
        unseen = [each for each in waiting if each.step not in reached and each.kind != "timer"]
        usual = waiting if rnd.random() < 0.1 else likely or waiting
        chosen = rnd.choice(unseen if unseen and rnd.random() < 0.3 else usual)
        yield process, chosen.step
        if chosen.kind == "timer":
            process.expire(chosen.id)
        else:
            process.complete(chosen.id, said(definition, rnd))
        process = load(definition, process.dump(), lambda name: None)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_keeps_the_rules_of_drawing(kind: str) -> None:
    assert drawn(kind).problems() == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_walk_gets_stuck_and_every_element_that_waits_is_reached(kind: str) -> None:
    reached: set[str] = set()
    sizes: list[int] = []
    definition = drawn(kind)
    # The steps of a stage that is called are reached by the walks through the stage itself.
    own = FILES[f"{kind}.bpmn"].decode()
    drawn_waiting = {name for name in definition.steps | definition.offered if f'id="{name}"' in own}
    for seed in range(800):
        if seed > 40 and drawn_waiting <= reached:
            break
        for process, step in walk(kind, random.Random(f"{kind} {seed}"), 80, reached):
            reached.add(step)
            sizes.append(len(process.dump()))
    assert drawn_waiting - reached == set()
    # Here every word of every table is said at each act, which no case does: real ones stay below two kilobytes.
    assert max(sizes) < 4096
