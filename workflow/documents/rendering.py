"""Rendering: a document's facts set by its template into a PDF/A-2b, the same bytes for the same facts."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import noto_cjk_sans_otc
import typst

TEMPLATES = Path(__file__).parents[2] / "templates" / "documents"
STANDARD: Final = "a-2b"
FONT = "Noto Sans CJK SC"
# A compiler is one thread's at a time.
_turn = threading.Lock()


@dataclass(frozen=True)
class Place:
    """Where on a page a side signs, in points from the page's lower left corner."""

    side: str
    page: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Rendition:
    """A document as it was set: its bytes, and where it is to be signed."""

    content: bytes
    places: tuple[Place, ...]


def document(kind: str, title: str, facts: Mapping[str, Any], fonts: str, demonstration: bool) -> Rendition:
    """Set a document.

    :param kind: the name of its template
    :param fonts: a folder with fonts; empty for those that come with the service

    Raises typst.TypstError when the template cannot be set with these facts.
    """
    given = {"title": title, "facts": dict(facts), "demonstration": demonstration}
    dated = datetime.fromisoformat(str(facts["dated"])).replace(tzinfo=UTC)
    with _turn:
        compiler = compiler_of(kind, fonts)
        content = _set(compiler, given, fonts, dated)
        marks = json.loads(compiler.query("<signature>", field="value"))
    return Rendition(content, tuple(_place(mark) for mark in marks))


def seal(words: Mapping[str, Any], fonts: str, at: datetime) -> bytes:
    """Set what is seen in the place of a signature, as a page as wide as that place."""
    with _turn:
        return _set(compiler_of("seal", fonts), words, fonts, at, tags=False)


@lru_cache(maxsize=16)
def compiler_of(kind: str, fonts: str) -> typst.Compiler:
    """Return the compiler of a template; it reads the fonts once."""
    return typst.Compiler(TEMPLATES / f"{kind}.typ", root=TEMPLATES, font_paths=fonts_in(fonts))


@lru_cache(maxsize=4)
def fonts_in(folder: str) -> typst.Fonts:
    """Return the fonts of a folder and no others, so that a document looks the same on every machine."""
    own = str(Path(noto_cjk_sans_otc.__file__).parent)
    return typst.Fonts(False, False, [folder, own] if folder else [own])


@lru_cache(maxsize=4)
def families(folder: str) -> list[str]:
    """Return the families to set a document in: those of the folder first, then the service's own."""
    given = typst.Fonts(False, False, [folder]).families() if folder else []
    return [*given, FONT]


def _set(compiler: typst.Compiler, given: Mapping[str, Any], fonts: str, at: datetime, tags: bool = True) -> bytes:
    """Return a template set with what is given to it, which reaches it as data and never as markup."""
    told = json.dumps({**given, "fonts": families(fonts)}, ensure_ascii=False)
    made = compiler.compile(
        format="pdf", sys_inputs={"given": told}, pdf_standards=STANDARD, timestamp=int(at.timestamp()), pdf_tags=tags
    )
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one piece of bytes")
    return made


def _place(mark: Mapping[str, Any]) -> Place:
    """Return where a mark of the template stands; Typst measures from the top of an A4 page, PDF from its foot."""
    height = 841.89
    left, top = mark["left"], height - mark["top"]
    box = (round(left), round(top - mark["height"]), round(left + mark["width"]), round(top))
    return Place(mark["side"], mark["page"] - 1, box)
