"""Load the entries of a catalogue into the open list, so that loading twice changes nothing."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import insert, select, update

from models import Dataset, Listing, Organisation, OrganisationKind, db, take_codes
from workflow.catalogue.entry import a_year_after
from workflow.catalogue.row import Refusal, Row
from workflow.findable import index_datasets

CHUNK = 500
Item = TypeVar("Item")
Progress = Callable[[int], None]
_OURS = {"number", "key", "provider", "page", "reevaluate_on"}


@dataclass
class Report:
    """What became of the rows of a catalogue."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    bodies: int = 0
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    """An entry of the open list that came from a source before."""

    id: int
    digest: str | None
    taken_over: bool


def load(rows: Sequence[Row | Refusal], today: dt.date, progress: Progress = lambda count: None) -> Report:
    """Bring entries into the open list within the caller's transaction, and say what became of each row.

    An entry whose body has taken it over in a case of its own is left to that body.

    :param today: the day of the import; new entries are to be evaluated again a year later
    :param progress: told how many further rows are done
    """
    report = Report(rows=len(rows), refused=[row for row in rows if isinstance(row, Refusal)])
    entries = _distinct((row for row in rows if isinstance(row, Row)), report)
    progress(len(rows) - len(entries))
    providers = _providers({entry.provider for entry in entries}, report)
    known = _known({entry.source for entry in entries})
    new: list[Row] = []
    changed: list[tuple[int, Row]] = []
    for entry in entries:
        before = known.get((entry.source, entry.key))
        if entry.provider not in providers:
            reason = f"“{entry.provider}” is registered here as a party that asks for data, not as a body."
            report.refused.append(Refusal(entry.number, entry.name, reason))
        elif before is None:
            new.append(entry)
        elif before.taken_over:
            report.refused.append(Refusal(entry.number, entry.name, "Its body has taken the entry over here."))
        elif before.digest == entry.digest():
            report.unchanged += 1
        else:
            changed.append((before.id, entry))
    report.added, report.changed = len(new), len(changed)
    report.refused.sort(key=lambda refusal: refusal.number)
    progress(len(entries) - len(new) - len(changed))
    _add(new, providers, today, progress)
    _change(changed, providers, progress)
    return report


def _distinct(entries: Iterable[Row], report: Report) -> list[Row]:
    """Return the entries without repeats; two that share a name and a provider but differ are both kept."""
    first: dict[tuple[str, str], Row] = {}
    for entry in entries:
        key, number = entry.key, 1
        while (twin := first.get((entry.source, key))) and twin.digest() != replace(entry, key=key).digest():
            number += 1
            key = f"{entry.key}#{number}"
        if twin:
            report.refused.append(Refusal(entry.number, entry.name, f"The row repeats row {twin.number}."))
        else:
            first[entry.source, key] = replace(entry, key=key)
    return list(first.values())


def _providers(names: set[str], report: Report) -> dict[str, int]:
    """Return the keys of the bodies with some names; those not known yet are entered."""
    found = {
        name: (key, kind)
        for part in _chunks(sorted(names))
        for key, name, kind in db.session.execute(
            select(Organisation.id, Organisation.name, Organisation.kind).where(Organisation.name.in_(part))
        )
    }
    fresh = [Organisation(name=name, kind=OrganisationKind.BODY) for name in sorted(names - found.keys())]
    db.session.add_all(fresh)
    db.session.flush()
    report.bodies = len(fresh)
    return {organisation.name: organisation.id for organisation in fresh} | {
        name: key for name, (key, kind) in found.items() if kind is not OrganisationKind.PARTY
    }


def _known(sources: set[str]) -> dict[tuple[str, str], _Known]:
    """Return the entries that came from some sources before, by source and key."""
    taken_over = set(db.session.scalars(select(Listing.dataset_id).where(Listing.dataset_id.is_not(None))))
    columns = (Dataset.source, Dataset.source_key, Dataset.id, Dataset.source_digest)
    rows = db.session.execute(select(*columns).where(Dataset.source.in_(sources)))
    return {
        (source or "", key or ""): _Known(id=number, digest=digest, taken_over=number in taken_over)
        for source, key, number, digest in rows
    }


def _add(entries: list[Row], providers: dict[str, int], today: dt.date, progress: Progress) -> None:
    """Add new entries under the next codes."""
    if not entries:
        return
    codes = iter(take_codes(db.session.connection(), len(entries)))
    for part in _chunks(entries):
        rows = [
            _columns(entry, providers)
            | {"code": next(codes), "reevaluate_on": entry.reevaluate_on or a_year_after(today)}
            for entry in part
        ]
        keys = db.session.scalars(insert(Dataset).returning(Dataset.id), rows).all()
        index_datasets(db.session, keys)
        progress(len(part))


def _change(entries: list[tuple[int, Row]], providers: dict[str, int], progress: Progress) -> None:
    """Write what a source says over what it said before; what it leaves empty stays, as does the state."""
    for part in _chunks(entries):
        for key, entry in part:
            said = _columns(entry, providers) | {"reevaluate_on": entry.reevaluate_on}
            db.session.execute(
                update(Dataset),
                [{"id": key} | {name: value for name, value in said.items() if value or value == 0}],
            )
        index_datasets(db.session, [key for key, _ in part])
        progress(len(part))


def _columns(entry: Row, providers: dict[str, int]) -> dict[str, Any]:
    """Return what an entry says, by the columns of a data set."""
    said = {name: getattr(entry, name) for name in Row.__slots__ if name not in _OURS}
    return said | {
        "provider_id": providers[entry.provider],
        "source_key": entry.key,
        "source_page": entry.page or None,
        "source_digest": entry.digest(),
    }


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
