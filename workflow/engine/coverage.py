"""Try a decision table on every case its lists of allowed values describe."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, product
from math import prod
from typing import Any

from .cells import same
from .tables import Row, Table

MOST_CASES = 200_000


def problems(table: Table) -> list[str]:
    """Return what is wrong with a table, one sentence each; none when it decides every case as its policy promises.

    Every table must answer each case its allowed values describe. A unique table may have one answer only. A rule
    that never decides anything is reported too, as it is a rule somebody believes in.
    """
    found = list(_form(table))
    if any(not column.domain for column in table.inputs):
        return found
    if prod(len(column.domain) for column in table.inputs) > MOST_CASES:
        return [*found, f"more than {MOST_CASES} cases to try: shorten the lists of allowed values"]
    return [*found, *_trials(table)]


def _form(table: Table) -> Iterator[str]:
    for name, times in Counter(rule.id for rule in table.rules).items():
        if not name:
            yield "a rule has no id"
        elif times > 1:
            yield f"the id {name!r} is given to {times} rules"
    for rule in table.rules:
        if not rule.reference:
            yield f"the rule {rule.id!r} has no legal reference"
    for index, column in enumerate(table.inputs):
        if not column.domain:
            yield f"the input {column.name!r} lists no allowed values"
        for row in table.rows:
            for value in row.cells[index].literals:
                if column.domain and not any(same(value, allowed) for allowed in column.domain):
                    yield f"the rule {row.rule.id!r} tests {column.name!r} for {value!r}, which is not allowed there"
    for index, column in enumerate(table.outputs):
        for row in table.rows:
            value = row.outputs[index]
            if column.domain and not any(same(value, allowed) for allowed in column.domain):
                yield f"the rule {row.rule.id!r} answers {value!r}, which {column.name!r} does not allow"
            if table.policy in ("C>", "C<", "C+") and (isinstance(value, bool) or not isinstance(value, int | float)):
                yield f"the rule {row.rule.id!r} answers {value!r}, which is not a number"


def _trials(table: Table) -> Iterator[str]:
    used: set[str] = set()
    open_cases: list[str] = []
    overlaps: dict[tuple[str, str], str] = {}
    for values in product(*(column.domain for column in table.inputs)):
        hits = [row for row in table.rows if row.fits(values)]
        if not hits:
            open_cases.append(_spell(table, values))
        used.update(row.rule.id for row in (hits[:1] if table.policy == "F" else hits))
        if table.policy == "U":
            for pair in _pairs(hits):
                overlaps.setdefault(pair, _spell(table, values))
    if open_cases:
        yield f"no rule fits {len(open_cases)} cases, for example {open_cases[0]}"
    for (first, second), example in overlaps.items():
        yield f"the rules {first!r} and {second!r} both fit, for example {example}"
    for rule in table.rules:
        if rule.id not in used:
            yield f"the rule {rule.id!r} never decides anything"


def _pairs(hits: list[Row]) -> Iterator[tuple[str, str]]:
    return combinations((row.rule.id for row in hits), 2)


def _spell(table: Table, values: tuple[Any, ...]) -> str:
    return ", ".join(f"{column.name}={value!r}" for column, value in zip(table.inputs, values, strict=True))
