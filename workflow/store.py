"""The store: files by the hash of their bytes, in a folder of DATA_DIR or in a bucket; none is ever changed."""

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from workflow import site

CHUNK = 1024 * 1024
# What is being written lies here until its hash is known.
INCOMING = "incoming"
# What else lies beside the files is none of ours.
OWN = re.compile(rf"{INCOMING}/[0-9a-f]{{32}}|([0-9a-f]{{2}}/){{2}}[0-9a-f]{{64}}")
# Files are looked through so many at a time.
BATCH = 500


class Missing(Exception):
    """The store does not hold a file that a row names, or holds other bytes under its name."""


def put(source: bytes | BinaryIO | Iterable[bytes]) -> tuple[str, int]:
    """Keep a file and return the hash and the number of its bytes; the same bytes are kept once.

    Whoever is killed here leaves nothing under the file's name, and whoever comes twice finds it there.
    """
    store, digest, size = opened(), hashlib.sha256(), 0
    name = f"{INCOMING}/{secrets.token_hex(16)}"
    try:
        with obstore.open_writer(store, name, buffer_size=8 * CHUNK) as writer:
            for piece in pieces(source):
                digest.update(piece)
                size += len(piece)
                writer.write(piece)
        key = digest.hexdigest()
        # Bytes that lie here already take their place as new ones: nobody removes as left over what has just been put.
        obstore.rename(store, name, path(key))
        settle(store, path(key))
    except BaseException:
        forget(store, name)
        raise
    return key, size


def get(sha256: str) -> bytes:
    """Return a file whole, after looking at whether its bytes are still the same.

    :raises Missing: they are not, or there is no such file
    """
    content = b"".join(stream(sha256))
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Missing(sha256)
    return content


def stream(sha256: str, chunk: int = CHUNK) -> Iterator[bytes]:
    """Return the bytes of a file, piece by piece; whether there is such a file is known before the first piece.

    :raises Missing: there is none
    """
    try:
        found = obstore.get(opened(), path(sha256))
    except (FileNotFoundError, ValueError) as error:
        raise Missing(sha256) from error
    return (bytes(piece) for piece in found.stream(min_chunk_size=chunk))


def reader(sha256: str) -> BinaryIO:
    """Return a file for reading here and there, as columns need it.

    :raises Missing: there is none
    """
    store = opened()
    try:
        if isinstance(store, LocalStore):
            return Path(str(store.prefix), path(sha256)).open("rb")
        return obstore.open_reader(store, path(sha256))  # type: ignore[return-value] # reads and seeks as a file does
    except (FileNotFoundError, ValueError) as error:
        raise Missing(sha256) from error


def exists(sha256: str) -> bool:
    """Say whether a file is in the store."""
    try:
        obstore.head(opened(), path(sha256))
    except FileNotFoundError:
        return False
    return True


def verify(sha256: str) -> bool:
    """Say whether a file is there and has the bytes that its name says."""
    digest = hashlib.sha256()
    try:
        for piece in stream(sha256):
            digest.update(piece)
    except Missing:
        return False
    return digest.hexdigest() == sha256


def path(sha256: str) -> str:
    """Return where a file lies; no folder holds too many."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError("this is no SHA-256")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def opened() -> ObjectStore:
    """Return the store of this installation."""
    return at(site.current().store)


@lru_cache(maxsize=32)
def at(url: str) -> ObjectStore:
    """Open the store at an address; a path is a folder, made at its first use."""
    if "://" in url:
        return from_url(url)
    return LocalStore(url, mkdir=True)


def pieces(source: bytes | BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    """Return what is to be kept, piece by piece."""
    if isinstance(source, bytes):
        yield source
    elif hasattr(source, "read"):
        while piece := source.read(CHUNK):
            yield piece
    else:
        yield from source


def old(before: datetime) -> Iterator[list[str]]:
    """Return where the files lie that were put before a moment, the half-written ones among them, some at a time."""
    for batch in obstore.list(opened(), chunk_size=BATCH):
        if names := [each["path"] for each in batch if each["last_modified"] < before and OWN.fullmatch(each["path"])]:
            yield names


def size(name: str) -> int:
    """Return how many bytes a file has, or -1 where there is none."""
    try:
        return int(obstore.head(opened(), name)["size"])
    except FileNotFoundError:
        return -1


def remove_old(name: str, before: datetime) -> int:
    """Remove a file unless it has been put again since a moment; return how many bytes it had, or -1 where it stays."""
    store = opened()
    try:
        found = obstore.head(store, name)
    except FileNotFoundError:
        return -1
    if found["last_modified"] >= before:
        return -1
    obstore.delete(store, name)
    return int(found["size"])


def settle(store: ObjectStore, name: str) -> None:
    """Have a folder's disk hold a file before a row names it; a bucket does so by itself."""
    if not isinstance(store, LocalStore):
        return
    file = Path(str(store.prefix), name)
    for place in (file, file.parent):
        number = os.open(place, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def forget(store: ObjectStore, name: str) -> None:
    """Remove what was half written, if anything was."""
    try:
        obstore.delete(store, name)
    except (BaseError, FileNotFoundError, OSError):
        return
