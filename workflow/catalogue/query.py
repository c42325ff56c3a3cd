"""Search the open list: the data sets that fit, how many there are, and how many each choice of a facet would leave.

Text and facets are one question to the search index, so that the rarest of them leads. Where there is a text, no more
than the first thousand hits are counted; without one, the counts come from `dataset_group` and are exact.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import String, select, type_coerce

from models import Dataset, DatasetGroup, Organisation, db
from workflow import search
from workflow.findable import labels

FACETS = ("open_type", "domain", "provider", "frequency", "format")
SORTS = ("relevance", "newest")
PER_PAGE = 20
MOST = 1000
MOST_OPTIONS = 12
# What the entries of a group say for each facet, in the order of `FACETS`, and how many of them there are. The formats
# are a list as the database writes it.
Group = Sequence[Any]
_GROUP = tuple(
    type_coerce(column, String)
    for column in (
        DatasetGroup.open_type,
        DatasetGroup.domain,
        DatasetGroup.provider_id,
        DatasetGroup.frequency,
        DatasetGroup.formats,
    )
)


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to: one of the values of each facet that has any."""

    chosen: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def labels(self, *, without: str = "") -> list[list[str]]:
        """Return the labels to look for, a group for each facet but one that is left out."""
        return [labels(facet, sorted(self.chosen[facet])) for facet in self.active if facet != without]

    @property
    def active(self) -> list[str]:
        """Return the facets that narrow the list."""
        return [facet for facet in FACETS if self.chosen.get(facet)]


@dataclass(frozen=True)
class Option:
    """A choice of a facet: its value, its words where it has a name of its own, and how many data sets it leaves."""

    value: str
    count: int
    chosen: bool
    name: str = ""


@dataclass(frozen=True)
class Result:
    """A page of the open list."""

    rows: list[Dataset]
    total: int
    # Whether there are more than `total`, which were not counted.
    capped: bool
    page: int
    pages: int
    facets: dict[str, list[Option]]

    @property
    def first(self) -> int:
        """Return the number of the page's first row among all."""
        return (self.page - 1) * PER_PAGE + 1


def search_datasets(query: str, filters: Filters, sort: str = "relevance", page: int = 1) -> Result:
    """Return a page of the data sets that hold all words of a query and pass the filters.

    :param sort: `relevance` puts hits in the name first; among equals, and by `newest`, the latest update stands first
    :param page: counted from 1; a page beyond the last one is the last one
    """
    query = query.strip()[: search.LONGEST_QUERY]
    tallies = _tallies(query, filters)
    total = _total(tallies[""])
    capped = bool(query) and total > MOST
    pages = max(-(-min(total, MOST) // PER_PAGE), 1)
    page = min(max(page, 1), pages)
    keys = _keys(query, filters, sort, page * PER_PAGE)
    facets = {facet: _options(facet, tallies.get(facet, tallies[""]), filters) for facet in FACETS}
    rows = _rows(keys[(page - 1) * PER_PAGE :])
    return Result(rows, MOST if capped else total, capped, page, pages, facets)


def _tallies(query: str, filters: Filters) -> dict[str, Sequence[Group]]:
    """Return the groups that fit, each with how many entries fit, under the empty word.

    A facet that narrows the list has a tally of its own, made as if it did not, to weigh its other values.
    """
    if not query:
        listed = select(*_GROUP, DatasetGroup.total).where(DatasetGroup.total > 0)
        return _sorted(db.session.execute(listed).all(), filters)
    unnarrowed = _tally(query, [])
    if not filters.active:
        return {"": unnarrowed}
    if _total(unnarrowed) <= MOST:
        return _sorted(unnarrowed, filters)
    tallies = {"": _tally(query, filters.labels())}
    for facet in filters.active:
        tallies[facet] = _tally(query, others) if (others := filters.labels(without=facet)) else unnarrowed
    return tallies


def _sorted(groups: Sequence[Group], filters: Filters) -> dict[str, Sequence[Group]]:
    """Return the tallies of `_tallies` out of all groups."""
    if not filters.active:
        return {"": groups}
    tallies: dict[str, list[Group]] = {facet: [] for facet in ("", *filters.active)}
    for group in groups:
        failed = [facet for facet in filters.active if filters.chosen[facet].isdisjoint(_values(group, facet))]
        for facet in tallies if not failed else failed if len(failed) == 1 else ():
            tallies[facet].append(group)
    return dict(tallies)


def _tally(query: str, labels: list[list[str]]) -> Sequence[Group]:
    """Return the groups among the hits, counting no more hits than are shown."""
    hits = search.counted("dataset", query, MOST + 1, labels=labels).subquery()
    group, count = hits.c
    return db.session.execute(select(*_GROUP, count).join(hits, group == DatasetGroup.id)).all()


def _total(groups: Sequence[Group]) -> int:
    return sum(group[-1] for group in groups)


def _values(group: Group, facet: str) -> Sequence[str]:
    said = group[FACETS.index(facet)]
    return _formats(said) if facet == "format" else (str(said),)


@lru_cache(maxsize=4096)
def _formats(said: str) -> tuple[str, ...]:
    return tuple(orjson.loads(said))


def _keys(query: str, filters: Filters, sort: str, most: int) -> list[int]:
    """Return the keys of the first hits in the order in which they are shown."""

    def first(title_only: bool) -> list[int]:
        hits = search.matching("dataset", query, labels=filters.labels(), title_only=title_only)
        return list(db.session.scalars(hits.limit(most)))

    keys = first(title_only=True) if query and sort == "relevance" else []
    if len(keys) < most:
        keys = list(dict.fromkeys([*keys, *first(title_only=False)]))
    return keys[:most]


def _rows(keys: list[int]) -> list[Dataset]:
    """Return the data sets with some keys, in their order."""
    found = {row.id: row for row in db.session.scalars(select(Dataset).where(Dataset.id.in_(keys)))}
    return [found[key] for key in keys if key in found]


def _options(facet: str, tally: Sequence[Group], filters: Filters) -> list[Option]:
    """Return the choices of a facet: those that leave most first, and those that are chosen in any case."""
    at, said = FACETS.index(facet), Counter[Any]()
    for group in tally:
        said[group[at]] += group[-1]
    counts: Counter[str] = Counter()
    for value, count in said.items():
        for word in _formats(value) if facet == "format" else (str(value),):
            counts[word] += count
    chosen = filters.chosen.get(facet, frozenset())
    shown = [value for value, _ in counts.most_common(MOST_OPTIONS) if value]
    shown += sorted(chosen.difference(shown))
    names = _providers(shown) if facet == "provider" else {}
    return [Option(value, counts[value], value in chosen, names.get(value, "")) for value in shown]


def _providers(keys: list[str]) -> dict[str, str]:
    """Return the names of some bodies."""
    numbers = [int(key) for key in keys if key.isascii() and key.isdigit() and len(key) < 19]
    rows = db.session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(numbers)))
    return {str(key): name for key, name in rows}
