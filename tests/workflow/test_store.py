"""The store: the same bytes once, nothing half written, nothing changed unnoticed."""

import hashlib
import io
import threading
from pathlib import Path

import pytest

from workflow import site, store

CLEAN = "0" * 64


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(site, "_find", [lambda: site.Site("http://test", store=str(tmp_path / "store"))])
    return tmp_path / "store"


def files(folder):
    return [file for file in folder.rglob("*") if file.is_file()]


def test_what_is_put_is_found_under_its_hash(folder):
    key, size = store.put(b"content")
    assert (key, size) == (hashlib.sha256(b"content").hexdigest(), 7)
    assert store.get(key) == b"content"
    assert store.exists(key)
    assert store.verify(key)
    with store.reader(key) as file:
        assert file.read() == b"content"


@pytest.mark.parametrize("source", [b"same", io.BytesIO(b"same"), iter([b"sa", b"me"])], ids=["bytes", "file", "parts"])
def test_the_same_bytes_are_kept_once_however_they_come(folder, source):
    assert store.put(b"same") == store.put(source)
    assert len(files(folder)) == 1


def test_two_who_put_the_same_at_once_leave_one_file(folder):
    content, keys = b"x" * 3_000_000, []
    threads = [threading.Thread(target=lambda: keys.append(store.put(content)[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 4
    assert len(set(keys)) == 1
    assert len(files(folder)) == 1
    assert store.verify(keys[0])


def test_a_stream_that_breaks_off_leaves_nothing(folder):
    def broken():
        yield b"x" * 20_000_000
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.put(broken())
    assert files(folder) == []


def test_what_is_not_there_is_said_to_be_missing(folder):
    assert not store.exists(CLEAN)
    assert not store.verify(CLEAN)
    for read in (store.get, store.stream, store.reader):
        with pytest.raises(store.Missing):
            read(CLEAN)


@pytest.mark.parametrize("name", ["../../etc/passwd", "ABCD", "", CLEAN + "0", CLEAN[:-1] + "\n"])
def test_only_a_hash_names_a_file(folder, name):
    with pytest.raises(ValueError, match="SHA-256"):
        store.path(name)


def test_a_changed_byte_is_noticed(folder):
    key, _ = store.put(b"content")
    file = files(folder)[0]
    file.chmod(0o644)
    file.write_bytes(b"cOntent")
    assert not store.verify(key)
    with pytest.raises(store.Missing):
        store.get(key)


def test_large_files_come_in_pieces(folder):
    content = bytes(range(256)) * 40_000
    key, _ = store.put(content)
    pieces = list(store.stream(key, 1_000_000))
    assert len(pieces) > 5
    assert b"".join(pieces) == content
