"""Sharing: a draft on which several people write, put together field by field so that nothing is overwritten unseen.

A form carries, beside its answers, a mark of what each field said when it was shown. A field that differs from its mark
was changed by whoever sends the form; one whose kept value differs was changed by somebody else. What one side changed
is taken; where both did, the kept value stays, and both are shown to whoever came second. The rows of a group and the
files of a list are marked one by one, and both sides' are kept.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Any

from marshmallow import Schema, missing
from marshmallow.fields import Boolean, Field, List

from models import Role, User, WorkItem
from workflow.fields import Attachments, Group

# What each field said: one mark, or one for each row.
Base = Mapping[str, str | list[str]]
LONGEST = 50_000


@dataclass(frozen=True)
class Merged:
    """A draft put together: what is kept, what both sides changed, and what somebody else alone changed."""

    form: dict[str, Any]
    # What is kept of the fields that both sides changed.
    clashes: dict[str, Any]
    news: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Say whether the one who sent the form has seen all that is kept."""
        return not self.clashes and not self.news


def keeper(item: WorkItem, actor: User) -> int:
    """Return under whose name a draft is kept: those who act for the requester share one, others have their own."""
    return item.case.requester_id if item.role is Role.REQUESTER else actor.id


def base_of(answer: type[Schema], form: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Return the marks of a form's fields."""
    return {name: _mark(field, form.get(name)) for name, field in _fields(answer).items()}


def read_base(text: str | None) -> Base | None:
    """Return the marks that a form has brought along; nothing where it brought none that can be read."""
    if not text or len(text) > LONGEST:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    return {name: mark for name, mark in found.items() if isinstance(mark, str | list)}


def merge(answer: type[Schema], base: Base, kept: Mapping[str, Any], sent: Mapping[str, Any]) -> Merged:
    """Put together what is kept and what was sent, by the marks of what the sender began with.

    A field that the form did not know is taken to have been blank.
    """
    form: dict[str, Any] = {}
    clashes: dict[str, Any] = {}
    news: list[str] = []
    for name, field in _fields(answer).items():
        theirs, mine = (_mark(field, side.get(name)) for side in (kept, sent))
        before = base.get(name)
        if not isinstance(before, type(mine)):
            before = _mark(field, None)
        ours = kept if mine == before and theirs != before else sent
        if theirs not in (before, mine):
            if mine == before:
                news.append(name)
            elif isinstance(before, list):
                form[name] = _both(field, before, kept.get(name), sent.get(name))
                news.append(name)
                continue
            elif name not in sent and field.metadata.get("when"):
                # The sender's other answers have ruled the field out; what somebody wrote there is kept all the same.
                ours = kept
                news.append(name)
            else:
                ours, clashes[name] = kept, kept.get(name)
        if name in ours:
            form[name] = ours[name]
    return Merged(form, clashes, tuple(news))


@cache
def _fields(answer: type[Schema]) -> dict[str, Field[Any]]:
    return {field.data_key or name: field for name, field in answer().load_fields.items()}


def _both(field: Field[Any], before: list[str], kept: Any, sent: Any) -> list[Any]:
    """Return the rows of both sides: those kept and not taken out by the sender, then those that the sender added."""
    mine, theirs = _rows(field, sent), _rows(field, kept)
    stay = [row for mark, row in theirs if mark in dict(mine) or mark not in before]
    return stay + [row for mark, row in mine if mark not in before and mark not in dict(theirs)]


def _mark(field: Field[Any], value: Any) -> str | list[str]:
    if isinstance(field, Group | Attachments):
        return [mark for mark, _ in _rows(field, value)]
    return _digest(_said(field, value))


def _rows(field: Field[Any], value: Any) -> list[tuple[str, Any]]:
    """Return the rows of a group or the numbers of files, each with its mark."""
    if not isinstance(value, Iterable) or isinstance(value, str | Mapping):
        return []
    if not isinstance(field, Group):
        return [(_digest(_plain(each)), each) for each in value]
    inner = _fields(field.answer)
    rows = []
    for row in value:
        given = row if isinstance(row, Mapping) else {}
        said = {name: _said(asked, given.get(name)) for name, asked in inner.items()}
        rows.append((_digest(said), row))
    return rows


def _said(field: Field[Any], value: Any) -> Any:
    """Return a value as a form would send it back, so that what was stored and what was sent can be compared."""
    if value in (None, "", []):
        default = field.load_default
        value = None if default is missing or callable(default) else default
    if isinstance(field, Boolean):
        said = _plain(value)
        return said if said or field.metadata.get("widget") == "choice" else "false"
    if isinstance(field, List):
        return [said for each in (value if isinstance(value, Iterable) else []) if (said := _plain(each))]
    return _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return _plain(value.get("id"))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    return value.isoformat() if isinstance(value, date) else str(value).replace("\r\n", "\n").strip()


def _digest(said: Any) -> str:
    text = json.dumps(said, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=6).hexdigest()
