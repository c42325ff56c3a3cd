"""Read a decision table in standard DMN 1.3 or later, and decide by it.

A table is one decision in one file; the decision's id is the table's name. Every rule has an id and a legal
reference: the rule's first annotation, or its description where the table has no annotations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from lxml import etree

from .cells import Cell, Value, domain, literal
from .errors import BadTable, ManyRules, NoRule, UnknownName
from .xml import local, read, text_of

POLICIES = {"UNIQUE": "U", "FIRST": "F", "RULE ORDER": "R", "COLLECT": "C"}
AGGREGATIONS = {"MAX": "C>", "MIN": "C<", "SUM": "C+", "COUNT": "C#"}


@dataclass(frozen=True)
class Rule:
    """One rule of a table, as the journal quotes it."""

    id: str
    reference: str
    description: str = ""


@dataclass(frozen=True)
class Decision:
    """What a table answered, and the rules that said so."""

    outputs: dict[str, Any]
    rules: list[Rule]


@dataclass(frozen=True)
class Column:
    """An input or output of a table; `domain` is empty where the table lists no allowed values."""

    name: str
    domain: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Row:
    """A rule with its tests and literals."""

    rule: Rule
    cells: tuple[Cell, ...]
    outputs: tuple[Value, ...]

    def fits(self, values: tuple[Any, ...]) -> bool:
        """Say whether every test of the rule holds."""
        return all(cell(value) for cell, value in zip(self.cells, values, strict=True))


@dataclass(frozen=True)
class Table:
    """A decision table.

    `policy` is one of U (unique, and checked), F (first), R (all, in order), C (all), C> C< C+ C# (largest,
    smallest, sum, number of all).
    """

    name: str
    policy: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rows: tuple[Row, ...] = field(repr=False)

    @classmethod
    def parse(cls, xml: bytes) -> Self:
        """Read a table.

        Raises:
            BadFile: the file is not XML that may be read.
            BadTable: it is not one decision table of the kind described above.

        """
        root = read(xml)
        decisions = [each for each in root if local(each) == "decision"]
        if len(decisions) != 1:
            raise BadTable(f"a file holds one decision, not {len(decisions)}")
        table = _child(decisions[0], "decisionTable")
        if table is None:
            raise BadTable("a decision must be a decision table")
        inputs = tuple(_input(each) for each in _children(table, "input"))
        outputs = tuple(_output(each, decisions[0]) for each in _children(table, "output"))
        if not outputs:
            raise BadTable("a table needs an output")
        rows = tuple(_row(each, len(inputs), len(outputs)) for each in _children(table, "rule"))
        return cls(decisions[0].get("id", ""), _policy(table), inputs, outputs, rows)

    @property
    def rules(self) -> list[Rule]:
        """Return the rules in the order they are written."""
        return [row.rule for row in self.rows]

    def read(self, words: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the table asks for, out of all that is known.

        Raises:
            UnknownName: the table asks for a word that is not there.

        """
        try:
            return {column.name: words[column.name] for column in self.inputs}
        except KeyError as missing:
            raise UnknownName(f"nobody has said {missing} yet, which the table {self.name!r} asks for") from None

    def decide(self, inputs: Mapping[str, Any]) -> Decision:
        """Return what the table answers.

        Raises:
            NoRule: no rule fits.
            ManyRules: more than one rule of a unique table fits.
            UnknownName: an input is missing.

        """
        values = tuple(self.read(inputs).values())
        hits = [row for row in self.rows if row.fits(values)]
        if not hits:
            raise NoRule(f"no rule of the table {self.name!r} fits {dict(inputs)!r}")
        if self.policy == "U" and len(hits) > 1:
            rules = ", ".join(row.rule.id for row in hits)
            raise ManyRules(f"the rules {rules} of the table {self.name!r} all fit {dict(inputs)!r}")
        if self.policy in "UF":
            hits = hits[:1]
        outputs = {
            column.name: self._gather([row.outputs[index] for row in hits]) for index, column in enumerate(self.outputs)
        }
        return Decision(outputs, [row.rule for row in hits])

    def _gather(self, values: list[Any]) -> Any:
        match self.policy:
            case "U" | "F":
                return values[0]
            case "C>":
                return max(values)
            case "C<":
                return min(values)
            case "C+":
                return sum(values)
            case "C#":
                return len(values)
        return values


def _children(element: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in element if local(child) == name]


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next(iter(_children(element, name)), None)


def _policy(table: etree._Element) -> str:
    written, aggregation = table.get("hitPolicy", "UNIQUE"), table.get("aggregation")
    policy = POLICIES.get(written)
    if policy is None or (aggregation and (policy != "C" or aggregation not in AGGREGATIONS)):
        raise BadTable(f"the hit policy {written} {aggregation or ''} is not supported".replace("  ", " "))
    return AGGREGATIONS[aggregation] if aggregation else policy


def _allowed(column: etree._Element, name: str) -> tuple[Value, ...]:
    return tuple(domain(text_of(_child(column, name))))


def _input(column: etree._Element) -> Column:
    name = text_of(_child(column, "inputExpression"))
    if not name.isidentifier():
        raise BadTable(f"an input must be a plain name, not {name!r}")
    return Column(name, _allowed(column, "inputValues"))


def _output(column: etree._Element, decision: etree._Element) -> Column:
    name = column.get("name") or decision.get("id", "")
    if not name.isidentifier():
        raise BadTable(f"an output must have a plain name, not {name!r}")
    return Column(name, _allowed(column, "outputValues"))


def _row(rule: etree._Element, inputs: int, outputs: int) -> Row:
    name = rule.get("id", "")
    cells = _children(rule, "inputEntry")
    results = _children(rule, "outputEntry")
    if len(cells) != inputs or len(results) != outputs:
        raise BadTable(
            f"the rule {name!r} has {len(cells)} tests and {len(results)} outputs, the table {inputs} and {outputs}"
        )
    try:
        tests = tuple(Cell(text_of(cell)) for cell in cells)
        values = tuple(literal(text_of(result)) for result in results)
    except BadTable as error:
        raise BadTable(f"the rule {name!r}: {error}") from error
    notes = [text_of(note) for note in _children(rule, "annotationEntry")]
    description = text_of(_child(rule, "description"))
    reference = next((note for note in notes if note), description)
    return Row(Rule(name, reference, description), tests, values)
