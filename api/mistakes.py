"""Mistakes: what marshmallow finds wrong with an answer, said so that the reader knows how to mend it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from flask_babel import gettext

from models.base import N_


class Named(Protocol):
    """What a sentence about a field must know of it."""

    @property
    def label(self) -> str:
        """Return what the page calls the field."""

    @property
    def kind(self) -> str:
        """Return the kind of its control."""


MISSING = re.compile(
    r"Missing data for required field\.|Field may not be null\.|Must be equal to True\.|请填写这一项。|请选一项。"
)
# Marshmallow's own words → ours. A schema may bring a sentence of its own instead, which is then the msgid.
SENTENCES = [
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"Must be one of: .*|Not a valid choice\.|Invalid value\.|Not a valid boolean\.", N_("从列出的选项里选。")),
        (r"Shorter than minimum length (?P<least>\d+)\.", N_("写得再具体些，至少 %(least)s 个字。")),
        (r"Longer than maximum length (?P<most>\d+)\.", N_("写短些，最多 %(most)s 个字。")),
        (r"Length must be between (?P<least>\d+) and (?P<most>\d+)\.", N_("写 %(least)s 至 %(most)s 个字。")),
        (r"Length must be (?P<exact>\d+)\.", N_("写 %(exact)s 个字。")),
        (r"Must be greater than or equal to (?P<least>[\w.-]+)\.", N_("不能小于 %(least)s。")),
        (r"Must be less than or equal to (?P<most>[\w.-]+)\.", N_("不能大于 %(most)s。")),
        (
            r"Must be greater than or equal to (?P<least>[\w.-]+) and less than or equal to (?P<most>[\w.-]+)\.",
            N_("在 %(least)s 和 %(most)s 之间。"),
        ),
        (r"Not a valid date\.", N_("写成 2026-11-26 这样的日期。")),
        (r"Not a valid (integer|number)\.", N_("写成数字。")),
        (r"Not a valid email address\.", N_("写成 name@example.cn 这样的邮箱。")),
        (r"Not a valid URL\.", N_("写成 https:// 开头的网址。")),
        (r"Unknown field\.", N_("这一项不在本表里。")),
        (r"Not a valid .*\.|String does not match expected pattern\.", N_("这一项的写法不对，请重新填写。")),
    )
]
# A list is counted in items, not in characters.
COUNTED = {
    N_("写得再具体些，至少 %(least)s 个字。"): N_("至少要 %(least)s 项。"),
    N_("写短些，最多 %(most)s 个字。"): N_("最多 %(most)s 项。"),
    N_("写 %(least)s 至 %(most)s 个字。"): N_("要 %(least)s 至 %(most)s 项。"),
    N_("写 %(exact)s 个字。"): N_("要正好 %(exact)s 项。"),
}


def explained(messages: Any, field: Named | None = None) -> tuple[str, ...]:
    """Return what is wrong with a field, in the reader's language and without repeats.

    :param messages: marshmallow's messages: a sentence, a list of them, or a mapping of them for the items of a list;
        a mapping that follows a sentence holds what is to be filled into it
    :param field: the field they are about; without one they are about the answer as a whole
    """
    return tuple(dict.fromkeys(_said(sentence, filling, field) for sentence, filling in _flat(messages)))


def _said(sentence: str, filling: Mapping[str, Any], field: Named | None) -> str:
    if field and MISSING.fullmatch(sentence):
        return _missing(field)
    for pattern, ours in SENTENCES:
        if found := pattern.fullmatch(sentence):
            counted = field is not None and field.kind in ("checks", "lines")
            return str(gettext(COUNTED.get(ours, ours) if counted else ours, **found.groupdict()))
    return str(gettext(sentence, **filling))


def _missing(field: Named) -> str:
    if field.kind == "check":
        return str(gettext("请勾选“%(field)s”。", field=field.label))
    if field.kind in ("choice", "select", "checks"):
        return str(gettext("请选择“%(field)s”。", field=field.label))
    return str(gettext("请填写“%(field)s”。", field=field.label))


def _flat(messages: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(messages, Mapping):
        for inner in messages.values():
            yield from _flat(inner)
    elif isinstance(messages, list | tuple):
        for place, inner in enumerate(messages):
            before, after = messages[place - 1 : place], messages[place + 1 : place + 2]
            if isinstance(inner, str):
                yield inner, after[0] if after and isinstance(after[0], Mapping) else {}
            elif not (isinstance(inner, Mapping) and before and isinstance(before[0], str)):
                yield from _flat(inner)
    elif messages:
        yield str(messages), {}
