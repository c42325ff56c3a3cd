"""Enclosures: files that a member hands in with a sealed opinion, locked away with it and opened with the ballot.

The bytes lie in the store in a box of their own, and what the file is called in a small one beside its row. The sealed
opinion says which files it has and which hash each must have, so that its commitment binds them too.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from models import N_, Case, File, db
from workflow import sealing, store
from workflow.sealing import BrokenSeal

# What is shown of a sealed file to whoever looks at its row.
NAME, MEDIA_TYPE = N_("密封附件"), "application/octet-stream"
# Who may read it once it is open: everybody who reads the opinions.
MARK = "committee"


@dataclass(frozen=True)
class Facts:
    """What a file is: its name, type, size and hash."""

    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Enclosure:
    """A file of an opinion that has been taken out of its box, and is still to be laid open."""

    file: File
    facts: Facts
    content: bytes


def lock_away(place: str, name: str, media_type: str, content: bytes) -> File:
    """Return the row of a file that has been locked away in the store, for the caller to complete."""
    facts = Facts(name, media_type, len(content), hashlib.sha256(content).hexdigest())
    sha256, size = store.put(sealing.lock(inside(place), content))
    small = sealing.lock(inside(place), orjson.dumps(asdict(facts)), sealing.SMALL_BOX)
    return File(name=NAME, media_type=MEDIA_TYPE, size=size, sha256=sha256, mark=MARK, box=small)


def inside(place: str) -> str:
    """Return what binds a file to the opinion at a place."""
    return f"{place}/files"


def facts_of(file: File, place: str) -> Facts:
    """Return what a sealed file of an opinion really is."""
    return Facts(**orjson.loads(sealing.unlock(inside(place), file.box or b"")))


def content_of(file: File, place: str) -> bytes:
    """Return the bytes of a sealed file.

    :raises BrokenSeal: the box has been taken away, exchanged or changed
    """
    try:
        return sealing.unlock(inside(place), store.get(file.sha256))
    except store.Missing as error:
        raise BrokenSeal(f"a file at {place} is not where it was put") from error


def named(files: Iterable[File], place: str) -> dict[str, dict[str, Any]]:
    """Return what an opinion says of its files: by the number of each, what it is."""
    return {str(file.id): asdict(facts_of(file, place)) for file in files}


def taken_out(case: Case, answer: Mapping[str, Any], person: int, place: str) -> list[Enclosure]:
    """Return the files of an opinion, each as the opinion says that it must be.

    :raises BrokenSeal: one is not, or is gone
    """
    found = []
    for number, said in answer.get("files", {}).items():
        facts, file = Facts(**said), db.session.get(File, int(number), populate_existing=True)
        if file is None or (file.case_id, file.uploaded_by_id) != (case.id, person) or file.box is None:
            raise BrokenSeal(f"a file at {place} is not where it was put")
        content = content_of(file, place)
        if hashlib.sha256(content).hexdigest() != facts.sha256:
            raise BrokenSeal(f"a file at {place} is not the one that was handed in")
        found.append(Enclosure(file, facts, content))
    return found


def lay_open(enclosures: Iterable[Enclosure]) -> None:
    """Keep files that have been taken out of their boxes as every other file is kept."""
    for each in enclosures:
        store.put(each.content)
        for name, value in asdict(each.facts).items():
            setattr(each.file, name, value)
        each.file.box = None
