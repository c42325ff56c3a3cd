"""What has changed between two versions of an answer: field by field, rows by their names, texts word by word."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from marshmallow import Schema, fields

from models import N_
from workflow.fields import Answer

# A Chinese character is a word of its own; Latin letters and digits hang together.
_WORDS = re.compile(r"[A-Za-z0-9_.@-]+|\s+|.", re.DOTALL)
KEPT, ADDED, REMOVED = "kept", "added", "removed"


@dataclass(frozen=True)
class Change:
    """A field that says something else than before, with both versions in words."""

    name: str
    label: str
    before: str
    after: str
    # Whether both versions are words of ours, to be translated.
    ours: bool = False
    # A text in pieces: kept, added or removed.
    pieces: tuple[tuple[str, str], ...] = ()
    # The rows of a group that differ.
    rows: tuple["RowChange", ...] = ()
    # How far the field may be read: empty, internal or restricted.
    private: str = ""


@dataclass(frozen=True)
class RowChange:
    """A row that was added, removed or changed."""

    kind: str
    name: str
    changes: tuple[Change, ...] = ()


def between(before: Mapping[str, Any], after: Mapping[str, Any], schema: type[Answer]) -> list[Change]:
    """Return the fields of an answer that differ between two versions, in the order of the form."""
    return list(_between(before, after, schema()))


def _between(before: Mapping[str, Any], after: Mapping[str, Any], schema: Schema) -> Iterator[Change]:
    for name, field in schema.load_fields.items():
        old, new = before.get(name), after.get(name)
        if (_blank(old) and _blank(new)) or old == new:
            continue
        label, private = str(field.metadata.get("label", name)), str(field.metadata.get("private", ""))
        if isinstance(field, fields.List) and isinstance(field.inner, fields.Nested):
            rows = tuple(_rows(old or (), new or (), field.inner.schema))
            if rows:
                yield Change(name, label, "", "", rows=rows, private=private)
            continue
        (old_text, ours), (new_text, ours_too) = shown(field, old), shown(field, new)
        pieces = () if ours or ours_too else tuple(word_by_word(old_text, new_text))
        yield Change(name, label, old_text, new_text, ours or ours_too, pieces, private=private)


def _rows(before: Sequence[Any], after: Sequence[Any], schema: Schema) -> Iterator[RowChange]:
    key = next(iter(schema.load_fields))
    old, new = _named(before, key), _named(after, key)
    for name, row in new.items():
        if name not in old:
            yield RowChange(ADDED, name[0], tuple(_between({}, row, schema)))
        elif changes := tuple(_between(old[name], row, schema)):
            yield RowChange("changed", name[0], changes)
    for name, row in old.items():
        if name not in new:
            yield RowChange(REMOVED, name[0], tuple(_between(row, {}, schema)))


def _named(rows: Sequence[Any], key: str) -> dict[tuple[str, int], Mapping[str, Any]]:
    """Return rows by the text of their first field; where several have the same, by their place among these."""
    named: dict[tuple[str, int], Mapping[str, Any]] = {}
    for row in rows:
        name = _text(row.get(key))
        named[name, sum(1 for known, _ in named if known == name)] = row
    return named


def shown(field: fields.Field[Any], value: Any) -> tuple[str, bool]:
    """Return what a person reads of a value, and whether it is a word of ours."""
    words = field.metadata.get("words", {})
    if isinstance(value, bool):
        return (N_("是") if value else N_("否")), True
    if isinstance(value, str | int) and str(value) in words:
        return str(words[str(value)]), True
    return _text(value), False


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return str(value.get("id", ""))
    if isinstance(value, list | tuple):
        return "\n".join(_text(each) for each in value)
    return str(value)


def _blank(value: Any) -> bool:
    return value is None or value is False or value in ("", [], ())


def word_by_word(before: str, after: str) -> list[tuple[str, str]]:
    """Return a text in pieces: what was kept, what was removed and what was added in its place."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces: list[tuple[str, str]] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            pieces.append((KEPT, "".join(old[a:b])))
            continue
        if a < b:
            pieces.append((REMOVED, "".join(old[a:b])))
        if c < d:
            pieces.append((ADDED, "".join(new[c:d])))
    return pieces
