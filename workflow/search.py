"""Search: find rows by words in Chinese and other scripts, on both databases alike.

A text becomes tokens here, so that the databases need no language: a run of Chinese becomes its pairs of neighbouring
characters, anything else its words in small letters. A title's tokens are kept a second time with a mark, and so are
labels such as a body or an open type; a question that joins words and labels is then one look into one index.
"""

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    column,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session, scoped_session

from models import INDEXES, db
from models.base import Key

Writer = Session | scoped_session[Any] | Connection

# What is longer is cut: a text for the index, a word, a question, and the number of its words.
LONGEST_TEXT, LONGEST_WORD, LONGEST_QUERY, MOST_WORDS = 20_000, 40, 200, 24
TITLE, LABEL = "^", "="
KEY_BITS = 32

_CJK = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?P<word>[^\W_{_CJK}]+)")
_ACCENTS = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True, slots=True)
class Document:
    """What is to be found of a row."""

    key: int
    title: str
    text: str = ""
    labels: Iterable[str] = field(default=())
    # The newest stand first among the hits; rows without a day stand last.
    day: dt.date | None = None
    # The number under which the row is counted among the hits.
    bin: int = 0


def index(session: Writer, kind: str, *documents: Document) -> None:
    """Put rows into the index of their kind, in place of what it held of them."""
    for start in range(0, len(documents), 500):
        part = documents[start : start + 500]
        remove(session, kind, *(document.key for document in part))
        session.execute(
            insert(INDEXES[kind]),
            [
                {
                    "position": _position(document),
                    "key": document.key,
                    "bin": document.bin,
                    "tokens": " ".join(_tokens(document)),
                }
                for document in part
            ],
        )


def remove(session: Writer, kind: str, *keys: int) -> None:
    """Take rows out of the index of their kind."""
    if keys:
        session.execute(delete(INDEXES[kind]).where(INDEXES[kind].c.key.in_(keys)))


def matching(
    kind: str, query: str, *, labels: Sequence[Sequence[str]] = (), title_only: bool = False, dialect: str = ""
) -> Select[int]:
    """Return a selection of the keys of the rows that hold all words of a query, the newest first.

    :param query: what a person typed; empty asks for every row, a query of signs alone finds nothing
    :param labels: groups of labels; a row must bear one label of each group
    :param title_only: look for the words in titles alone
    :param dialect: `sqlite` or `postgresql`; empty for the database of the running service
    """
    asked = query_tokens(query, title_only=title_only)
    if asked is None:
        return select(INDEXES[kind].c.key).where(false())
    hits = _hits(kind, asked, labels, dialect)
    return select(hits.key).where(*hits.rules).order_by(hits.position.desc())


def counted(
    kind: str, query: str, most: int, *, labels: Sequence[Sequence[str]] = (), dialect: str = ""
) -> Select[int, int]:
    """Return a selection of the bins of the rows that `matching` finds, and how many there are in each.

    :param most: so many rows are counted, whichever the database comes upon first
    """
    asked = query_tokens(query)
    entry = INDEXES[kind]
    if asked is None:
        return select(entry.c.bin, literal(0)).where(false())
    hits = _hits(kind, asked, labels, dialect)
    found = select(hits.position.label("position"), *hits.bins).where(*hits.rules).limit(most).subquery()
    if hits.bins:
        return select(found.c.bin, func.count()).group_by(found.c.bin)
    joined = found.join(entry, entry.c.position == found.c.position)
    return select(entry.c.bin, func.count()).select_from(joined).group_by(entry.c.bin)


@dataclass(frozen=True)
class _Hits:
    """Where the hits of a question are read from: their key, their position, their bin if at hand, and the rules."""

    key: ColumnElement[int]
    position: ColumnElement[int]
    bins: tuple[ColumnElement[int], ...]
    rules: tuple[ColumnElement[bool], ...]


def _hits(kind: str, asked: list[tuple[str, bool]], labels: Sequence[Sequence[str]], dialect: str) -> _Hits:
    entry = INDEXES[kind]
    groups = [[label_token(label) for label in group] for group in labels if group]
    if not asked and not groups:
        return _Hits(entry.c.key, entry.c.position, (entry.c.bin,), ())
    if (dialect or db.engine.dialect.name) == "sqlite":
        question = _question(asked, groups, '"{}"', '"{}" *', " AND ", " OR ")
        index_name = f"search_{kind}_fts"
        found = table(index_name, column("rowid", Key), column(index_name))
        key = found.c.rowid.bitwise_and(2**KEY_BITS - 1).label("key")
        return _Hits(key, found.c.rowid, (), (found.c[index_name].op("MATCH", is_comparison=True)(question),))
    question = _question(asked, groups, "'{}'", "'{}':*", " & ", " | ")
    # The question stands in the statement itself: a plan made for any question suits neither rare nor common words.
    lexemes = cast(bindparam(None, question, Text, literal_execute=True), TSQUERY)
    rule = entry.c.tokens.op("@@", is_comparison=True)(lexemes)
    return _Hits(entry.c.key, entry.c.position, (entry.c.bin,), (rule,))


def tokens(words: str) -> Iterator[str]:
    """Yield the tokens of a text, in its order and with repeats."""
    for run in _RUN.finditer(_folded(words[:LONGEST_TEXT])):
        if run["cjk"]:
            # The last character begins no pair, and would not be found alone.
            yield from _pairs(run["cjk"])
            yield run["cjk"][-1]
        else:
            yield run["word"][:LONGEST_WORD]


def query_tokens(query: str, *, title_only: bool = False) -> list[tuple[str, bool]] | None:
    """Return the tokens a query asks for, each with whether longer ones that begin so count as well.

    Returns an empty list for an empty query, and nothing for one without letters or figures.
    """
    query = query[:LONGEST_QUERY].strip()
    mark = TITLE if title_only else ""
    asked: dict[str, bool] = {}
    for run in _RUN.finditer(_folded(query)):
        if run["cjk"]:
            asked |= {mark + pair: len(pair) == 1 for pair in _pairs(run["cjk"])}
        else:
            word = run["word"][:LONGEST_WORD]
            asked[mark + word] = len(word) >= 3 and not word.isdigit()
    if query and not asked:
        return None
    return list(asked.items())[:MOST_WORDS]


def label_token(label: str) -> str:
    """Return the token of a label: short, and free of signs whatever the label says."""
    return LABEL + hashlib.blake2b(label.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _tokens(document: Document) -> list[str]:
    title = set(tokens(document.title))
    plain = title | set(tokens(document.text))
    return sorted(plain | {TITLE + token for token in title} | {label_token(label) for label in document.labels})


def _pairs(run: str) -> list[str]:
    """Return the pairs of neighbouring characters of a run; a single character stands for itself."""
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def _folded(words: str) -> str:
    """Return a text without differences of width, case and accents."""
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", words.casefold()))
    return unicodedata.normalize("NFC", bare)


def _position(document: Document) -> int:
    """Return where a row stands among the hits: by its day, and by its key among those of one day."""
    day = document.day.toordinal() if document.day else 0
    return (day << KEY_BITS) | document.key


def _question(
    words: list[tuple[str, bool]], groups: list[list[str]], exact: str, prefix: str, both: str, either: str
) -> str:
    """Write the tokens that are asked for in the language of a database."""
    asked = [(prefix if longer else exact).format(word) for word, longer in words]
    asked += ["(" + either.join(exact.format(token) for token in group) + ")" for group in groups]
    return both.join(asked)
