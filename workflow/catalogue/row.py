"""A row of somebody else's catalogue, put into our words, or the reason why it cannot be."""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import orjson

from models import Frequency, OpenType
from workflow.catalogue import words

# What a reader finds in a row, by the names of the fields of `Row`: a text, or a list where the source has one.
Raw = Mapping[str, str | list[str]]

LONGEST = {"name": 300, "provider": 200, "domain": 200, "theme": 200, "source": 100, "key": 500, "page": 2000}
LONGEST_OTHER = 20_000
MODES = ("download", "api", "sandbox")
_SEVERAL_LINES = ("summary", "open_conditions", "supervision", "ground")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"\s+")
_PARTED = re.compile(r"[;；、，,|]")
_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)?(\d{1,2})(?:-|/|\.|月)?(\d{1,2})日?(?:[T ].*)?")


class CatalogueError(Exception):
    """The file is not a catalogue that can be read; the text says why."""


class RowError(Exception):
    """A row cannot become an entry of the open list; the text says why."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was left out: where it stands, what it is called, and why."""

    number: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Defaults:
    """What is taken where a row does not say it; a source that is given stands even where a row names its own."""

    source: str = ""
    provider: str = ""
    open_type: OpenType | None = None
    # Where the rows come from, for those that name no source.
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a catalogue in our words."""

    number: int
    source: str
    key: str
    name: str
    provider: str
    open_type: OpenType
    summary: str = ""
    domain: str = ""
    theme: str = ""
    frequency: Frequency = Frequency.OTHER
    conditions: str = ""
    supervision: str = ""
    ground: str = ""
    coverage: str = ""
    grade: int | None = None
    delivery_modes: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    first_published: dt.date | None = None
    updated_on: dt.date | None = None
    reevaluate_on: dt.date | None = None
    page: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    def digest(self) -> str:
        """Return a fingerprint of what the row says, wherever it stands in its file."""
        return hashlib.blake2b(orjson.dumps(asdict(replace(self, number=0))), digest_size=16).hexdigest()


def understand(number: int, raw: Raw, defaults: Defaults) -> Row | Refusal:
    """Return a row in our words, or the reason why it cannot be taken."""
    try:
        return _row(number, raw, defaults)
    except RowError as error:
        name = _UNSEEN.sub("", _joined(raw.get("name", "")))
        return Refusal(number, _one_line(name)[:80], str(error))


def _row(number: int, raw: Raw, defaults: Defaults) -> Row:
    texts = {name: _text(name, value) for name, value in raw.items()}
    name, provider = texts.get("name", ""), texts.get("provider", "") or defaults.provider
    if not name:
        raise RowError("The row has no name.")
    if not provider:
        raise RowError("The row names no provider.")
    conditions = texts.get("open_conditions", "")
    domain, *domains = _listed(raw.get("domain", "")) or [""]
    return Row(
        number=number,
        source=defaults.source or texts.get("source", "") or defaults.origin,
        key=texts.get("key", "") or hashlib.blake2b(f"{provider}\n{name}".encode(), digest_size=12).hexdigest(),
        name=name,
        provider=provider,
        open_type=_open_type(texts, defaults),
        summary=texts.get("summary", ""),
        domain=domain,
        theme=texts.get("theme", ""),
        frequency=words.frequency(texts.get("frequency", "")),
        conditions="" if words.open_type(conditions) else conditions,
        supervision=texts.get("supervision", ""),
        ground=texts.get("ground", ""),
        coverage=texts.get("coverage", ""),
        grade=_grade(texts.get("grade", "")),
        delivery_modes=_modes(_listed(raw.get("delivery_modes", ""))),
        formats=words.formats(_listed(raw.get("formats", ""))),
        items=_listed(raw.get("items", "")),
        tags=list(dict.fromkeys([*_listed(raw.get("tags", "")), *domains])),
        first_published=_date("first_published", texts),
        updated_on=_date("updated_on", texts),
        reevaluate_on=_date("reevaluate_on", texts),
        page=_page(texts.get("page", "")),
        extra={key.removeprefix("extra_"): text for key, text in texts.items() if key.startswith("extra_") and text},
    )


def _text(name: str, value: str | list[str]) -> str:
    text = words.something(_joined(value))
    if _UNSEEN.search(text):
        raise RowError(f"The {_said(name)} holds control characters.")
    if len(text) > LONGEST.get(name, LONGEST_OTHER):
        raise RowError(f"The {_said(name)} is longer than {LONGEST.get(name, LONGEST_OTHER):,} characters.")
    return text if name in _SEVERAL_LINES else _one_line(text)


def _open_type(texts: Mapping[str, str], defaults: Defaults) -> OpenType:
    """Return the open type a row states, or implies by its conditions where it states none."""
    stated, conditions = texts.get("open_attribute", ""), texts.get("open_conditions", "")
    known = words.open_type(stated) if stated else words.open_type(conditions) or defaults.open_type
    if known:
        return known
    if stated:
        raise RowError(f"The open type “{stated[:60]}” is not known.")
    if conditions:
        raise RowError(f"The row states no open type, and the conditions “{conditions[:60]}” do not tell it.")
    raise RowError("The row states no open type.")


def _grade(text: str) -> int | None:
    if not text:
        return None
    if text not in ("0", "1", "2", "3", "4"):
        raise RowError(f"The grade “{text[:20]}” is not a number from 0 to 4.")
    return int(text)


def _modes(modes: list[str]) -> list[str]:
    if unknown := [mode for mode in modes if mode not in MODES]:
        raise RowError(f"The delivery mode “{unknown[0][:20]}” is not known; it is one of {', '.join(MODES)}.")
    return modes


def _date(name: str, texts: Mapping[str, str]) -> dt.date | None:
    text = texts.get(name, "")
    found = _DATE.fullmatch(text)
    try:
        if found:
            return dt.date(*map(int, found.groups()))
    except ValueError:
        pass
    if text:
        raise RowError(f"The {_said(name)} “{text[:30]}” is not a date.")
    return None


def _page(address: str) -> str:
    """Return an address that a browser may be led to; any other kind is dropped."""
    return address if address.lower().startswith(("https://", "http://")) else ""


def _listed(value: str | list[str]) -> list[str]:
    """Return the parts of a list, however the source parts them, in order and without repeats."""
    parts = value if isinstance(value, list) else _PARTED.split(value)
    return list(dict.fromkeys(part for part in (words.something(_one_line(part)) for part in parts) if part))


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "、".join(value)


def _one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _said(name: str) -> str:
    return name.removeprefix("extra_").replace("_", " ")
