"""Read the cells of a decision table: unary tests and literals of DMN's expression language FEEL.

Understood are `-`, literals (`"open"`, `3`, `-1.5`, `true`, `null`), orders (`>= 3`), ranges (`[1..3]`, `(0..1]`),
lists of these joined by commas, and `not(...)` around such a list.
"""

import re
from collections.abc import Callable
from typing import Any

from .errors import BadTable

Value = str | int | float | bool | None
Test = Callable[[Any], bool]

NUMBER = r"-?\d+(?:\.\d+)?"
TEST = re.compile(
    rf"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*") |
        (?P<open>[\[\](])\s*(?P<low>{NUMBER})\s*\.\.\s*(?P<high>{NUMBER})\s*(?P<close>[\[\])]) |
        (?P<order><=|>=|<|>)\s*(?P<bound>{NUMBER}) |
        (?P<number>{NUMBER}) |
        (?P<word>true|false|null)(?!\w)
    )\s*(?:,|$)""",
    re.VERBOSE,
)
NEGATION = re.compile(r"\s*not\s*\((?P<inner>.*)\)\s*", re.DOTALL)
WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda value, bound: bool(value < bound),
    "<=": lambda value, bound: bool(value <= bound),
    ">": lambda value, bound: bool(value > bound),
    ">=": lambda value, bound: bool(value >= bound),
}


class Cell:
    """Test one value.

    Raises:
        BadTable: the text is none of the tests this table language knows.

    """

    def __init__(self, text: str | None) -> None:
        self.text = (text or "-").strip() or "-"
        self.literals: list[Value] = []
        self._tests: list[Test] = []
        negated = NEGATION.fullmatch(self.text)
        self.negated = negated is not None
        self.any = self.text == "-"
        if not self.any:
            self._read(negated["inner"] if negated else self.text)

    def __call__(self, value: Any) -> bool:
        """Say whether a value fits."""
        if self.any:
            return True
        return any(test(value) for test in self._tests) is not self.negated

    def _read(self, text: str) -> None:
        place = 0
        while place < len(text):
            found = TEST.match(text, place)
            if found is None:
                raise BadTable(f"cannot read the cell {self.text!r}")
            self._tests.append(self._test(found))
            place = found.end()
        if not self._tests or text.rstrip().endswith(","):
            raise BadTable(f"cannot read the cell {self.text!r}")

    def _test(self, found: re.Match[str]) -> Test:
        if found["order"]:
            order, bound = ORDERS[found["order"]], number(found["bound"])
            return lambda value: _is_number(value) and order(value, bound)
        if found["open"]:
            low, high = number(found["low"]), number(found["high"])
            above = ORDERS[">=" if found["open"] == "[" else ">"]
            below = ORDERS["<=" if found["close"] == "]" else "<"]
            return lambda value: _is_number(value) and above(value, low) and below(value, high)
        wanted = _literal(found)
        self.literals.append(wanted)
        return lambda value: same(value, wanted)


def literal(text: str | None) -> Value:
    """Return the value an output cell spells.

    Raises:
        BadTable: the text is not one literal.

    """
    found = TEST.fullmatch((text or "").strip())
    if found is None or found["open"] or found["order"] or found.group().rstrip().endswith(","):
        raise BadTable(f"an output must be one literal, not {text!r}")
    return _literal(found)


def domain(text: str) -> list[Value]:
    """Return every value an input may take, as its list of allowed values spells it.

    Raises:
        BadTable: a part is neither a literal nor a range of whole numbers.

    """
    values: list[Value] = []
    place = 0
    while place < len(text):
        found = TEST.match(text, place)
        if found is None or found["order"]:
            raise BadTable(f"allowed values must be literals or [n..m], not {text!r}")
        if found["open"]:
            low, high = number(found["low"]), number(found["high"])
            if not isinstance(low, int) or not isinstance(high, int):
                raise BadTable(f"a range of allowed values must have whole ends, not {text!r}")
            values.extend(range(low + (found["open"] != "["), high + (found["close"] == "]")))
        else:
            values.append(_literal(found))
        place = found.end()
    return values


def same(left: Any, right: Any) -> bool:
    """Say whether two values are equal and of one kind, so that `true` is not `1`."""
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


def number(text: str) -> int | float:
    """Return the number a text spells, whole when it has no point."""
    return float(text) if "." in text else int(text)


def _literal(found: re.Match[str]) -> Value:
    if found["text"]:
        return re.sub(r"\\(.)", r"\1", found["text"][1:-1])
    return number(found["number"]) if found["number"] else WORDS[found["word"]]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
