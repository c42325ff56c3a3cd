"""Leftovers: files in the store that no row names, because a draft was given up or whoever wrote them was stopped."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from models import Document, File, Resource, Signature, db, now
from workflow import store

log = logging.getLogger("kaimen.leftovers")
# What was put less than so long ago may still get its row.
AGE = timedelta(days=1)
# Wherever a row names a file by its hash.
NAMES = (File.sha256, Document.sha256, Resource.sha256, Resource.source, Signature.before, Signature.after)


def clean(dry: bool = False) -> tuple[int, int]:
    """Remove the files that are older than a day and named by no row; return how many there were, and their bytes.

    :param dry: only count them
    """
    before, number, size = now() - AGE, 0, 0
    for names in store.old(before):
        for name in unnamed(names):
            # A row may have come meanwhile; it is looked for once more, and then the file's age.
            if not dry and not unnamed([name]):
                continue
            removed = store.size(name) if dry else store.remove_old(name, before)
            number, size = number + (removed >= 0), size + max(removed, 0)
    if number and not dry:
        log.info("%s files of %s bytes were removed that no row names", number, size)
    return number, size


def unnamed(names: Iterable[str]) -> list[str]:
    """Return the names of files in the store whose hash no row names, half-written ones among them."""
    hashes = {name: name.rpartition("/")[2] for name in names}
    known: set[str] = set()
    for column in NAMES:
        known |= set(db.session.scalars(select(column).where(column.in_(sorted(set(hashes.values()))))))
    # Each look is a fresh one, at what others have written since.
    db.session.rollback()
    return [name for name, key in hashes.items() if key not in known]
