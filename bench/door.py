"""Measure submits through the door, beside the very same rows written by bare SQL, one transaction for each submit.

The limit is the database's own: every INSERT, UPDATE and DELETE that a submit caused is written down with its values,
and carried out again by the driver alone on a copy of the database as it was before. Between the two stands what the
door cannot do without: the same statements, those that read as well, handed to SQLAlchemy as finished text, and what
they found fetched, without a rule, a process or an object. `python -m bench.door` prints it.
"""

import contextlib
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine

from bench.databases import app_on, postgresql, prepare, server
from models import User, db
from models.sqlite import PRAGMAS
from models.sqlite import prepare as prepare_sqlite
from tests.answers import OPENED
from tests.conftest import people_of
from tests.walks import Walker
from workflow import casework

LIVES, ROUNDS = 40, 3
WRITES = ("INSERT", "UPDATE", "DELETE")
# Beginning and ending a transaction is no statement of a submit's.
WORDS = (*WRITES, "SELECT")
Statement = tuple[str, Any, bool]
# Submits a second: through the door, by SQLAlchemy alone, by the driver alone.
Figures = tuple[float, float, float]


def lives(app: Flask, number: int, submitted: Callable[[], None] = lambda: None) -> float:
    """Walk demands from their forms to published entries; return the seconds that the submits took."""
    seconds = 0.0
    with app.app_context():
        walker = Walker(app, people_of(app))
        people: dict[str, User] = {who: walker.person(who) for _, who, _ in OPENED}
        body = str(walker.body().id)
        # What has been read until now belongs to no submit.
        submitted()
        for _ in range(number):
            case = None
            for step, who, answer in OPENED:
                said = {"body": body, **answer} if step == "screen_demand" else answer
                began = time.perf_counter()
                if case is None:
                    case = casework.start("demand", people[who], said)
                else:
                    casework.submit(case, step, said, actor=people[who])
                seconds += time.perf_counter() - began
                submitted()
        db.session.remove()
    return seconds


@contextlib.contextmanager
def written(app: Flask) -> Iterator[list[list[Statement]]]:
    """Write down what each submit asks of the database: a list of statements for each, begun by a call."""
    submits: list[list[Statement]] = [[]]

    def executed(connection: Any, cursor: Any, sql: str, values: Any, context: Any, many: bool) -> None:
        if sql.lstrip().upper().startswith(WORDS):
            submits[-1].append((sql, values, many))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", executed)
    yield submits
    event.remove(engine, "before_cursor_execute", executed)


def writes(sql: str) -> bool:
    """Say whether a statement writes."""
    return sql.lstrip().upper().startswith(WRITES)


def replay(connection: Any, submits: list[list[Statement]], begin: str) -> float:
    """Carry out what each submit writes by the driver alone; return the seconds it took."""
    cursor = connection.cursor()
    writing = [[each for each in submit if writes(each[0])] for submit in submits]
    began = time.perf_counter()
    for statements in writing:
        cursor.execute(begin)
        for sql, values, many in statements:
            if many and isinstance(values[0], tuple | dict):
                cursor.executemany(sql, values)
            else:
                cursor.execute(sql, values)
        cursor.execute("COMMIT")
    return time.perf_counter() - began


def through_sqlalchemy(engine: Engine, submits: list[list[Statement]]) -> float:
    """Carry out the statements of each submit by SQLAlchemy, and fetch what they find; return the seconds it took."""
    with engine.connect() as connection:
        began = time.perf_counter()
        for statements in submits:
            with connection.begin():
                for sql, values, _ in statements:
                    found = connection.exec_driver_sql(sql, values)
                    if found.returns_rows:
                        found.all()
        seconds = time.perf_counter() - began
    engine.dispose()
    return seconds


def on_sqlite(folder: Path) -> Figures:
    """Return submits a second through the door, by SQLAlchemy and by bare SQL, on SQLite."""
    app = app_on(folder)
    prepare(app)
    lives(app, 2)
    with contextlib.closing(sqlite3.connect(folder / "kaimen.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for copy in ("bare", "library"):
        shutil.copy(folder / "kaimen.sqlite", folder / f"{copy}.sqlite")
    with written(app) as submits:
        lives(app, LIVES, lambda: submits.append([]))
    submits = [each for each in submits if any(writes(sql) for sql, _, _ in each)]
    with contextlib.closing(sqlite3.connect(folder / "bare.sqlite", isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        bare = replay(connection, submits, "BEGIN IMMEDIATE")
    engine = create_engine(f"sqlite:///{folder / 'library.sqlite'}")
    prepare_sqlite(engine)
    library = through_sqlalchemy(engine, submits)
    count = LIVES * len(OPENED)
    return count / lives(app, LIVES), count / library, count / bare


def on_postgresql(folder: Path, address: str) -> Figures:
    """Return submits a second through the door, by SQLAlchemy and by bare SQL, on PostgreSQL."""
    with postgresql(address) as (url, name):
        app = app_on(folder, url)
        prepare(app)
        lives(app, 2)
        with app.app_context():
            db.engine.dispose()
        with postgresql(address, name) as (copy, _), postgresql(address, name) as (other, _):
            with written(app) as submits:
                lives(app, LIVES, lambda: submits.append([]))
            submits = [each for each in submits if any(writes(sql) for sql, _, _ in each)]
            with psycopg.connect(copy, autocommit=True) as connection:
                bare = replay(connection, submits, "BEGIN")
            library = through_sqlalchemy(create_engine(other.replace("postgresql:", "postgresql+psycopg:", 1)), submits)
        door = lives(app, LIVES)
        with app.app_context():
            db.engine.dispose()
    count = LIVES * len(OPENED)
    return count / door, count / library, count / bare


def rows(rounds: int = ROUNDS) -> list[SimpleNamespace]:
    """Return a row for each database: submits a second each way, and how they compare to bare SQL (medians)."""
    found: dict[str, list[Figures]] = {"SQLite": [], "PostgreSQL": []}
    with server() as address:
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                found["SQLite"].append(on_sqlite(Path(folder)))
            with tempfile.TemporaryDirectory() as folder:
                found["PostgreSQL"].append(on_postgresql(Path(folder), address))
    return [
        SimpleNamespace(
            database=name,
            door=statistics.median(door for door, _, _ in figures),
            library=statistics.median(library for _, library, _ in figures),
            bare=statistics.median(bare for _, _, bare in figures),
            ratio=statistics.median(door / bare for door, _, bare in figures),
            most=statistics.median(library / bare for _, library, bare in figures),
        )
        for name, figures in found.items()
    ]


def table(found: list[SimpleNamespace]) -> str:
    """Return the rows as a table in Markdown."""
    head = "| submits a second | door | its statements by SQLAlchemy alone | its writes by the driver alone "
    head += "| door to driver | SQLAlchemy to driver |\n|---|--:|--:|--:|--:|--:|\n"
    return head + "".join(
        f"| {r.database} | {r.door:.0f} | {r.library:.0f} | {r.bare:.0f} | {r.ratio:.2f} | {r.most:.2f} |\n"
        for r in found
    )


if __name__ == "__main__":
    print(table(rows()))
