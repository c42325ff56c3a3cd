"""Read the expressions of a diagram: comparisons of names with constants, joined by and, or, not.

An expression becomes a chain of small functions, once, and is then called with the words a case knows.
No part of it is ever handed to Python to run: a diagram can name a word and compare it, and do nothing else.

A word nobody has said yet is nothing (`None`), so that a diagram can tell a first round from a second. A misspelt word
would be nothing for ever: `Definition.asked` lists the words asked for and what they are compared with, to be held
against what can be said.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from .errors import BadExpression

Words = Mapping[str, Any]
Reader = Callable[[Words], Any]

CONSTANT_NAMES = {"true": True, "false": False, "null": None}

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, many: item in many,
    ast.NotIn: lambda item, many: item not in many,
}


class Expression:
    """Answer one question about the words a case knows.

    `asked` holds the words it asks for, each with the constants it compares them with.

    Raises:
        BadExpression: the text is not a comparison the grammar allows.

    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.asked: dict[str, set[Any]] = {}
        try:
            tree = ast.parse(self.text, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise BadExpression(f"cannot read {self.text!r}") from error
        self._answer = self._question(tree.body)

    def __call__(self, words: Words) -> bool:
        """Return the answer.

        Raises:
            BadExpression: two values of different kinds are put in an order.

        """
        try:
            return bool(self._answer(words))
        except TypeError as error:
            raise BadExpression(f"{self.text!r} compares what has no order") from error

    def _question(self, node: ast.expr) -> Reader:
        if isinstance(node, ast.BoolOp):
            parts = [self._question(value) for value in node.values]
            if isinstance(node.op, ast.And):
                return lambda words: all(part(words) for part in parts)
            return lambda words: any(part(words) for part in parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._question(node.operand)
            return lambda words: not inner(words)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        return self._value(node)

    def _comparison(self, node: ast.Compare) -> Reader:
        if len(node.ops) != 1 or type(node.ops[0]) not in COMPARISONS:
            raise BadExpression(f"{self.text!r} may compare two values at a time with == != < <= > >= in, not in")
        compare = COMPARISONS[type(node.ops[0])]
        left, right = self._value(node.left), self._value(node.comparators[0])
        for name, other in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
            if isinstance(name, ast.Name) and name.id in self.asked and not isinstance(other, ast.Name):
                constant = self._constant(other)
                self.asked[name.id].update(constant if isinstance(constant, tuple) else [constant])
        return lambda words: compare(left(words), right(words))

    def _value(self, node: ast.expr) -> Reader:
        if isinstance(node, ast.Name) and node.id not in CONSTANT_NAMES:
            return self._name(node.id)
        constant = self._constant(node)
        return lambda words: constant

    def _name(self, name: str) -> Reader:
        self.asked.setdefault(name, set())
        return lambda words: words.get(name)

    def _constant(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name) and node.id in CONSTANT_NAMES:
            return CONSTANT_NAMES[node.id]
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool | None):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self._constant(node.operand)
            if isinstance(number, int | float) and not isinstance(number, bool):
                return -number
        if isinstance(node, ast.List | ast.Tuple):
            return tuple(self._constant(item) for item in node.elts)
        raise BadExpression(f"{self.text!r} may only name words and compare them with constants")


@lru_cache(maxsize=4096)
def expression(text: str) -> Expression:
    """Return the expression a text spells, read once."""
    return Expression(text)
