"""Questions: what a schema's field asks, and what kind of control a page needs to ask it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import Enum
from functools import cache
from typing import Any

from marshmallow import Schema, fields, validate
from marshmallow.fields import Field

from models.base import N_
from workflow.fields import Attachments, Group, Reference

# Up to so many options are shown as cards side by side; a longer list becomes a drop-down.
CARDS = 6
YES_NO: Mapping[Any, Any] = {True: N_("是"), False: N_("否")}
KINDS: tuple[tuple[type[Field[Any]], str], ...] = (
    (fields.Date, "date"),
    (fields.Number, "number"),
    (fields.Email, "email"),
    (fields.Url, "url"),
    (fields.String, "text"),
    (Reference, "text"),
)
# A text that may be longer than this is written in several lines.
LINE = 200

Options = Sequence[tuple[Any, ...]]


def asked(schema: type[Schema] | Schema | Mapping[str, Field[Any]]) -> dict[str, Field[Any]]:
    """Return the fields a schema reads, under the names a form sends them by."""
    if isinstance(schema, Mapping):
        return dict(schema)
    instance = _instance(schema) if isinstance(schema, type) else schema
    return {question.data_key or name: question for name, question in instance.load_fields.items()}


def kind(question: Field[Any], options: Options | None = None) -> str:
    """Return the kind of control that asks a question.

    :param options: the answers to choose from, where they are known only now
    :raises TypeError: no control can ask it
    """
    widget = question.metadata.get("widget")
    offered = options if options is not None else closed(question)
    if isinstance(question, Group | Attachments):
        return "group" if isinstance(question, Group) else "files"
    if isinstance(question, fields.List):
        return "checks" if widget == "check" or (offered is not None and widget != "lines") else "lines"
    if isinstance(question, fields.Boolean):
        return "choice" if widget == "choice" else "check"
    if widget:
        return str(widget)
    if offered is not None:
        return "choice" if len(offered) <= CARDS else "select"
    if (longest(question) or 0) > LINE:
        return "textarea"
    for parent, control in KINDS:
        if isinstance(question, parent):
            return control
    raise TypeError(f"A form cannot ask for {type(question).__name__}.")


def closed(question: Field[Any]) -> list[Any] | None:
    """Return the values a field is confined to, or nothing where it is free."""
    if isinstance(question, fields.List):
        return closed(question.inner)
    if isinstance(question, fields.Enum):
        return list(question.enum.__members__.values())
    if isinstance(question, fields.Boolean):
        return [True, False]
    one_of = rule(question, validate.OneOf)
    return list(one_of.choices) if one_of else None


def choices(question: Field[Any], options: Options | None = None) -> Iterator[tuple[str, str, str]]:
    """Yield value, label and hint of each answer a field offers; labels are still to be translated.

    :param options: the answers to choose from, where they are known only now
    """
    if options is not None:
        for value, label, *hint in options:
            # A blank option means "none", which a control offers by itself.
            if text(value):
                yield text(value), str(label), str(hint[0]) if hint else ""
        return
    words = {text(value): label for value, label in question.metadata.get("words", YES_NO).items()}
    for value in closed(question) or ():
        label = words.get(text(value)) or getattr(value, "title", None)
        if isinstance(label, tuple):
            yield text(value), *label
        else:
            yield text(value), label if isinstance(label, str) else text(value), ""


def rule(question: Field[Any], wanted: type[Any]) -> Any:
    """Return the field's validator of a type, also where several are joined."""
    return next((found for found in _unfolded(question.validators) if isinstance(found, wanted)), None)


def longest(question: Field[Any]) -> int | None:
    """Return the greatest length of a text, or nothing where none is set."""
    length = rule(question, validate.Length)
    most = getattr(question, "most", None) or (length and (length.equal or length.max))
    return int(most) if most and isinstance(question, fields.String) else None


def listed(value: Any) -> list[Any]:
    """Return a value as a list: nothing as none, one as one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def text(value: Any) -> str:
    """Return a value as a form sends it."""
    if value is None:
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        return text(value.get("id"))
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


@cache
def _instance(schema: type[Schema]) -> Schema:
    """Return the one schema of a class that is only asked for its fields."""
    return schema()


def _unfolded(rules: Iterable[Any]) -> Iterator[Any]:
    for one in rules:
        if isinstance(one, validate.And):
            yield from _unfolded(one.validators)
        else:
            yield one
