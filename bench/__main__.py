"""Measure everything and write bench/RESULTS.md: `make bench`.

Every figure stands beside what it is to be compared with, taken in the same run on the same machine.
"""

import argparse
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench import applications, cases, catalogue, databases, delivery, documents, door, engine, http, worklist

RESULTS = Path(__file__).parent / "RESULTS.md"
Row = tuple[str, float, float, float]


def machine() -> str:
    """Return a sentence about the machine."""
    memory = psutil.virtual_memory().total / 2**30
    load = " ".join(f"{part:.1f}" for part in psutil.getloadavg())
    return (
        f"{psutil.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; load before the run {load}; "
        f"{datetime.now(UTC):%Y-%m-%d}."
    )


def table(title: str, rows: Iterable[Row]) -> str:
    """Return rows of a comparison of few with many as a table in Markdown."""
    head = f"| {title} | at 1,000, ms | at 100,000, ms | ratio |\n|---|--:|--:|--:|\n"
    return head + "".join(f"| {label} | {few:.1f} | {lots:.1f} | {ratio:.2f} |\n" for label, few, lots, ratio in rows)


def lists(sqlite_only: bool) -> str:
    """Return the tables of work list, case page and open list, on both databases."""
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        parts.append(tables("SQLite", ("", ""), Path(folder)))
    if sqlite_only:
        return parts[0]
    with (
        tempfile.TemporaryDirectory() as folder,
        databases.server() as address,
        databases.postgresql(address) as (few, _),
        databases.postgresql(address) as (lots, _),
        databases.postgresql(address) as (few_entries, _),
        databases.postgresql(address) as (many_entries, _),
    ):
        parts.append(tables("PostgreSQL", (few, lots), Path(folder), (few_entries, many_entries)))
    return "\n".join(parts)


def tables(name: str, urls: tuple[str, str], folder: Path, entries: tuple[str, str] = ("", "")) -> str:
    """Return the tables of one database."""
    sizes = ((worklist.SMALL, "few"), (worklist.LARGE, "lots"))
    apps = [worklist.app_on(url, folder / word, size) for url, (size, word) in zip(urls, sizes, strict=True)]
    found = table(f"work list, {name}", worklist.compare(*apps))
    found += "\n" + table(f"pages of a case, {name}", cases.compare(*apps))
    lists = [
        catalogue.filled(folder / f"{word}_entries", url, size)
        for url, (size, word) in zip(entries, ((catalogue.SMALL, "few"), (catalogue.LARGE, "lots")), strict=True)
    ]
    return found + "\n" + table(f"open list, {name}", catalogue.results(*lists))


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--skip-lists", action="store_true", help="leave the runs with 100,000 rows out")
    parser.add_argument("--sqlite-only", action="store_true", help="measure the lists on SQLite alone")
    options = parser.parse_args()
    parts = [
        "# Results",
        "Written by `make bench`. Compare within a row; the figures of another machine are another matter.",
        machine(),
        "## Engine\n\nLoad, complete one step, store, on one core: SpiffWorkflow with its own storage, and ours.",
        engine.table(engine.rows()),
        "## Door\n\nSubmits of whole lives, each a transaction, beside the same rows written by the driver alone.",
        door.table(door.rows()),
        "## HTTP\n\nOne web process, one client.",
        http.table(http.rows()),
        "## Applications\n\nEach step a transaction; signing makes a key, a certificate and a signature.",
        applications.table(applications.rows()),
        "## Documents\n\nCPU of one core, without database and store.",
        documents.table(),
        "## Data in and out\n\nOne download at a time from one web process, beside a bare copy of the same file.",
        delivery.table(delivery.rows()),
    ]
    if not options.skip_lists:
        parts += [
            "## Lists and pages\n\nServer time through the whole application, median.",
            lists(options.sqlite_only),
        ]
    text = "\n\n".join(part.strip() for part in parts) + "\n"
    RESULTS.write_text(text, "utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
