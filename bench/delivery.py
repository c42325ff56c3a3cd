"""Measure what data take on their way in and out: megabytes a second beside a bare copy of the same file, and memory.

A real server with one process sends to a real client on this machine; the greatest memory it ever held is read from
the process itself. `python -m bench.delivery` prints it; an argument says how many megabytes, 1000 if there is none.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.databases import app_on, prepare
from bench.http import free_port, signed_in, web_process
from models import db
from tests.conftest import people_of
from tests.grants import granted
from tests.walks import Walker
from workflow import resources

MEGABYTES = 1000
MB, CHUNK = 1_000_000, 1024 * 1024
RULE = {"item": "线路", "is": "in", "value": ["3", "7"]}
KINDS = (
    ("CSV, everything", "whole", "csv"),
    ("CSV, three of five items, a fifth of the rows", "part", "csv"),
    ("Parquet, everything", "whole", "parquet"),
)


@dataclass(frozen=True)
class Row:
    """What one way took."""

    label: str
    size: float
    seconds: float
    peak: int | None


def parts(megabytes: int) -> Iterator[bytes]:
    """Yield a table of about so many megabytes; no two of its parts are alike."""
    yield "日期,线路,车站,进站人次,出站人次\n".encode()
    lines = (
        f"2026-01-{n % 28 + 1:02d},{n % 10},人民广场{n * 7919 % 10**9},{n * 31 % 99991},{n}\n" for n in range(40_000)
    )
    block, digits = "".join(lines).encode(), b"0123456789"
    for number in range(max(1, megabytes * MB // len(block))):
        turned = number % 10
        yield block.translate(bytes.maketrans(digits, digits[turned:] + digits[:turned]))


def peak(pid: int) -> int:
    """Return the greatest memory that a process has held, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1000


def copied(source: Path, target: Path) -> Row:
    """Copy a file bit by bit and no more."""
    began = time.perf_counter()
    with source.open("rb") as read, target.open("wb") as write:
        while piece := read.read(CHUNK):
            write.write(piece)
    return Row("bare copy of the file", source.stat().st_size / MB, time.perf_counter() - began, None)


def loaded(folder: Path, source: Path) -> tuple[Row, dict[str, str]]:
    """Take a file in, and make two entitlements on it: to everything, and to a part."""
    app = app_on(folder)
    prepare(app)
    with app.app_context():
        walker = Walker(app, people_of(app))
        entry = walker.dataset()
        began = time.perf_counter()
        resources.from_path(entry, source, None)
        row = Row("taken in", source.stat().st_size / MB, time.perf_counter() - began, None)
        whole = granted(walker, entry)
        part = granted(walker, entry, walker.at("screen_demand"), items=["日期", "车站", "进站人次"], rows=[RULE])
        found = {"whole": whole.reference, "part": part.reference}
        db.session.remove()
        db.engine.dispose()
    return row, found


def rows(megabytes: int = MEGABYTES) -> list[Row]:
    """Return what each way took, on SQLite."""
    with tempfile.TemporaryDirectory() as place:
        folder, source = Path(place) / "data", Path(place) / "source.csv"
        folder.mkdir()
        with source.open("wb") as file:
            for part in parts(megabytes):
                file.write(part)
        bare = copied(source, Path(place) / "copy.csv")
        taken, references = loaded(folder, source)
        return [bare, taken, *(sent(folder, *kind, references) for kind in KINDS)]


def sent(folder: Path, label: str, which: str, form: str, references: dict[str, str]) -> Row:
    """Download once from a server of its own, and throw the bytes away."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = {"DATA_DIR": str(folder), "DATABASE_URL": "", "DEMO": "1", "SECRET_KEY": "for measuring alone"}
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "2"]
    command += ["--no-control-socket", "--log-level", "error", "--timeout", "600", "wsgi:app"]
    running = subprocess.Popen(command, env={**os.environ, **settings}, cwd=Path(__file__).parent.parent)
    try:
        process, client = web_process(running), signed_in(base, folder)
        size = taken_out(client, f"{base}/entitlements/{references[which]}/data.{form}")
        return Row(label, size[0] / MB, size[1], peak(process.pid))
    finally:
        running.terminate()
        running.wait()


def taken_out(client: requests.Session, address: str) -> tuple[int, float]:
    """Return how many bytes came, and in how many seconds."""
    began, size = time.perf_counter(), 0
    with client.get(address, stream=True) as answer:
        answer.raise_for_status()
        for piece in answer.iter_content(CHUNK):
            size += len(piece)
    return size, time.perf_counter() - began


def table(found: list[Row]) -> str:
    """Return the rows as a table in Markdown."""
    head = "| data in and out | MB | seconds | MB/s | greatest memory, MB |\n|---|--:|--:|--:|--:|\n"
    return head + "".join(
        f"| {row.label} | {row.size:,.0f} | {row.seconds:,.1f} | {row.size / row.seconds:,.0f} | {row.peak or ''} |\n"
        for row in found
    )


if __name__ == "__main__":
    print(table(rows(int(sys.argv[1]) if sys.argv[1:] else MEGABYTES)))
