"""What no row names is removed from the store after a day, and nothing else ever is."""

import os
import time
from pathlib import Path

import pytest

from models import Document, DocumentState, File, Resource, Signature, db
from tests.papers import ordered
from workflow import leftovers, site, store

pytestmark = pytest.mark.usefixtures("context")
OLD = 2 * 24 * 3600
NAMED = ("file", "removed file", "document", "resource", "source", "before", "after")


def put(content: bytes, age: float = OLD) -> str:
    """Put a file as if it had been put some time ago."""
    key, _ = store.put(content)
    grow_old(store.path(key), age)
    return key


def grow_old(name: str, age: float = OLD) -> None:
    then = time.time() - age
    os.utime(Path(site.current().store, name), (then, then))


def name(walker, where: str, key: str) -> None:
    """Let a row name a file."""
    case, citizen = walker.at("submit_application"), walker.person("citizen")
    if where.endswith("file"):
        row = File(case_id=case.id, step="submit_application", field="attachments", name="a.pdf", size=1)
        row.media_type, row.sha256, row.uploaded_by_id = "application/pdf", key, citizen.id
        row.removed_at = citizen.created_at if where.startswith("removed") else None
        db.session.add(row)
    elif where in ("resource", "source"):
        entry = walker.dataset()
        hashes = {"sha256": "0" * 64, "source": "0" * 64} | {"sha256" if where == "resource" else "source": key}
        db.session.add(Resource(dataset_id=entry.id, version=1, media_type="", size=1, columns=[], rows=0, **hashes))
    else:
        document: Document = ordered(case)
        document.state = DocumentState.MADE
        if where == "document":
            document.sha256 = key
        else:
            hashes = {"before": "0" * 64, "after": "0" * 64, where: key}
            db.session.add(Signature(document_id=document.id, side="party", name="", certificate="", **hashes))
    db.session.commit()


@pytest.mark.parametrize("where", NAMED)
def test_what_a_row_names_stays_however_old(walker, where):
    key = put(b"wanted")
    name(walker, where, key)
    assert leftovers.clean() == (0, 0)
    assert store.get(key) == b"wanted"


def test_every_column_that_may_name_a_file_is_looked_at():
    columns = {
        column
        for table in db.metadata.tables.values()
        for column in table.columns
        if column.name in ("sha256", "source", "before", "after")
    }
    elsewhere = {"definition.sha256", "dataset.source", "clause_change.before", "clause_change.after"}
    looked_at = {str(each.property.columns[0]) for each in leftovers.NAMES}
    assert {str(column) for column in columns} - elsewhere == looked_at


def test_what_is_not_a_day_old_stays():
    key = put(b"just handed in", age=23 * 3600)
    assert leftovers.clean() == (0, 0)
    assert store.exists(key)


def test_what_nobody_names_is_removed_and_counted(walker):
    kept, left = put(b"wanted"), put(b"left over")
    name(walker, "file", kept)
    assert leftovers.clean(dry=True) == (1, len(b"left over"))
    assert store.exists(left)
    assert leftovers.clean() == (1, len(b"left over"))
    assert not store.exists(left)
    assert store.exists(kept)
    assert leftovers.clean() == (0, 0)


def test_what_was_half_written_is_removed_and_what_is_not_ours_stays():
    put(b"begin")
    folder = Path(site.current().store)
    for place in ("incoming/" + "a" * 32, "notes.txt", "ab/cd/readme"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(b"x")
        grow_old(place)
    assert leftovers.clean()[0] == 2
    assert not (folder / "incoming" / ("a" * 32)).exists()
    assert (folder / "notes.txt").exists()
    assert (folder / "ab/cd/readme").exists()


def test_what_is_put_again_is_new_again():
    key = put(b"the same")
    assert store.put(b"the same")[0] == key
    assert leftovers.clean() == (0, 0)
    assert store.get(key) == b"the same"


def test_what_gets_its_row_at_the_last_moment_stays(walker, monkeypatch):
    key, looks = put(b"late"), []
    look = leftovers.unnamed

    def late(names):
        found = look(names)
        if not looks:
            name(walker, "file", key)
        looks.append(found)
        return found

    monkeypatch.setattr(leftovers, "unnamed", late)
    assert leftovers.clean() == (0, 0)
    assert store.exists(key)


def test_the_command_says_what_it_removes(app):
    key = put(b"left over")
    dry = app.test_cli_runner().invoke(args=["clean-store", "--dry-run"])
    assert dry.output == "1 files, 9 bytes would be removed.\n"
    assert store.exists(key)
    assert app.test_cli_runner().invoke(args=["clean-store"]).output == "1 files, 9 bytes removed.\n"
    assert not store.exists(key)
