"""Choices on the open list: what the address asks for, how each choice is called, and how to take one back."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import url_for
from flask_babel import gettext
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict

from models import FREQUENCY_TITLES, N_, Frequency, OpenType
from workflow.catalogue.query import FACETS, SORTS, Filters, Option, Result

TITLES = {
    "open_type": N_("开放类型"),
    "domain": N_("数据领域"),
    "provider": N_("数据提供单位"),
    "frequency": N_("更新频率"),
    "format": N_("数据格式"),
}
OPEN_TYPES = {
    OpenType.UNCONDITIONAL: N_("无条件开放"),
    OpenType.CONDITIONAL: N_("有条件开放"),
    OpenType.NON_OPEN: N_("非开放（可查看理由）"),
}
FORMATS = {"api": N_("接口"), "database": N_("数据库"), "spreadsheet": N_("电子表格")}
MODES = {"download": N_("下载"), "api": N_("接口"), "sandbox": N_("数据沙箱")}
MOST_VALUES, LONGEST_VALUE = 20, 200
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Facet:
    """A group of choices with its title."""

    name: str
    title: str
    options: list[tuple[Option, str]]


@dataclass(frozen=True)
class Chip:
    """A choice that narrows the list, and the address of the list without it."""

    label: str
    address: str


def filters_asked(asked: MultiDict[str, str]) -> Filters:
    """Return the choices that an address makes; what no list can hold is left out."""
    chosen = {
        facet: frozenset(value for value in asked.getlist(facet)[:MOST_VALUES] if 0 < len(value) <= LONGEST_VALUE)
        for facet in FACETS
    }
    return Filters({facet: values for facet, values in chosen.items() if values})


def query_of(words: str, filters: Filters, sort: str) -> Pairs:
    """Return what an address must hold to lead to the same list."""
    pairs = [("q", words)] if words else []
    pairs += [(facet, value) for facet in filters.active for value in sorted(filters.chosen[facet])]
    return pairs + ([("sort", sort)] if sort != SORTS[0] else [])


def facets(result: Result) -> list[Facet]:
    """Return the groups of choices that hold any."""
    named = [
        Facet(name, gettext(TITLES[name]), [(option, label(name, option)) for option in options])
        for name, options in result.facets.items()
    ]
    return [facet for facet in named if facet.options]


def chips(result: Result, query: Pairs) -> list[Chip]:
    """Return the choices that are made, each with the way to take it back."""
    made = [(name, option) for name, options in result.facets.items() for option in options if option.chosen]
    return [Chip(label(name, option), without(query, (name, option.value))) for name, option in made]


def without(query: Pairs, pair: tuple[str, str]) -> str:
    """Return the address of the list without one choice."""
    left = [other for other in query if other != pair]
    return url_for("catalogue.index") + ("?" + urlencode(left) if left else "")


def label(facet: str, option: Option) -> str:
    """Return how a choice is called."""
    if facet == "open_type" and option.value in OPEN_TYPES:
        return str(gettext(OPEN_TYPES[OpenType(option.value)]))
    if facet == "frequency" and option.value in FREQUENCY_TITLES:
        return str(gettext(FREQUENCY_TITLES[Frequency(option.value)]))
    if facet == "format":
        return format_name(option.value)
    return option.name or option.value


def format_name(word: str) -> str:
    """Return how a format is called."""
    return str(gettext(FORMATS[word])) if word in FORMATS else word.upper()


def marker(words: str) -> Callable[[str], Markup]:
    """Return a function that marks some words wherever a text holds them."""
    parts = sorted({part for part in words.split() if part}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, parts)) or "(?!)", re.IGNORECASE)

    def marked(text: str) -> Markup:
        pieces, at = [], 0
        for hit in pattern.finditer(text):
            pieces += [escape(text[at : hit.start()]), Markup("<mark>%s</mark>") % hit[0]]
            at = hit.end()
        return Markup("").join([*pieces, escape(text[at:])])

    return marked
