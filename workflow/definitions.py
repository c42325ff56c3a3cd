"""Diagrams and tables as immutable, versioned rows, and their parsed forms."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import orjson
from sqlalchemy import bindparam, select

from models import PREFIXES, db
from models import Definition as Row
from workflow.engine import Definition

FOLDER = Path(__file__).parent.parent / "bpmn"
CALLED = re.compile(rb'calledElement="([^"]+)"')
TABLE = re.compile(rb'<(?:\w+:)?businessRuleTask\b[^>]*\bid="([^"]+)"')

NEWEST = select(Row).where(Row.key == bindparam("kind")).order_by(Row.version.desc()).limit(1)


def bundle(kind: str, folder: Path = FOLDER) -> dict[str, bytes]:
    """Return a kind's diagram with every diagram it calls and every table these use, by file name."""
    files: dict[str, bytes] = {}
    waiting = [f"{kind}.bpmn"]
    while waiting:
        name = waiting.pop()
        if name not in files:
            files[name] = (folder / name).read_bytes()
            waiting += [f"{called.decode()}.bpmn" for called in CALLED.findall(files[name])]
            waiting += [f"{table.decode()}.dmn" for table in TABLE.findall(files[name])]
    return dict(sorted(files.items()))


def fingerprint(files: Mapping[str, bytes]) -> str:
    """Return the hash of a bundle: of each file's name and content."""
    return hashlib.sha256(orjson.dumps([[name, text.decode()] for name, text in sorted(files.items())])).hexdigest()


def deploy(folder: Path = FOLDER) -> list[Row]:
    """Add a version of each kind whose diagrams or tables have changed; return the rows added.

    Running cases stay on the version they began with.
    """
    added = []
    for kind in PREFIXES:
        files = bundle(kind, folder)
        sha256 = fingerprint(files)
        latest = current_row(kind)
        if latest is None or latest.sha256 != sha256:
            texts = {name: text.decode() for name, text in files.items()}
            added.append(
                Row(
                    key=kind,
                    version=latest.version + 1 if latest else 1,
                    sha256=sha256,
                    bpmn={name: text for name, text in texts.items() if name.endswith(".bpmn")},
                    dmn={name: text for name, text in texts.items() if name.endswith(".dmn")},
                )
            )
    db.session.add_all(added)
    db.session.commit()
    return added


def current_row(kind: str) -> Row | None:
    """Return the newest version of a kind, or None before the first deployment."""
    row: Row | None = db.session.scalar(NEWEST, {"kind": kind})
    return row


def current(kind: str) -> Row:
    """Return the newest version of a kind.

    Raises LookupError before the first deployment.
    """
    row = current_row(kind)
    if row is None:
        raise LookupError(f"No diagram is deployed for {kind}; run `flask deploy`.")
    return row


_parsed: dict[str, Definition] = {}


def parsed(row: Row) -> Definition:
    """Return the parsed form of a definition's row; rows never change, so each is parsed once."""
    if row.sha256 not in _parsed:
        _parsed[row.sha256] = Definition.parse(row.key, row.files)
    return _parsed[row.sha256]
