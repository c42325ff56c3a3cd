"""Migrations: they lead to the tables that the models describe, and back to none, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from api import create_app
from models import db
from tests.conftest import settings


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """Return an app whose database holds nothing."""
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgresql")
    return create_app(settings(tmp_path, url))


def objects() -> set[str]:
    """Return the names of the triggers and indexes that the database has beyond tables and constraints."""
    if db.engine.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = """SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
                   UNION SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%gin%'"""
    with db.engine.connect() as connection:
        return set(connection.scalars(text(query)))


def test_migrations_lead_to_what_the_models_describe_and_back(empty):
    with empty.app_context():
        upgrade()
        with db.engine.connect() as connection:
            wanted = MigrationContext.configure(connection, opts={"include_object": ours})
            assert compare_metadata(wanted, db.metadata) == []
        migrated = objects()
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) - {"alembic_version"} == set()
        db.create_all()
        assert objects() == migrated
        db.session.remove()
        db.engine.dispose()


def ours(item, name, kind, reflected, compared) -> bool:
    """Leave the databases' own search tables out, which no model describes."""
    return not (kind == "table" and "_fts" in name) and not (kind == "index" and "tokens" in (name or ""))
