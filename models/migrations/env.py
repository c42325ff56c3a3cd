"""Run migrations with the service's own connection."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

from models import db
from models.base import Moment


def plain(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Write our own kinds of column as the plain ones that they are in the database."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Migrate the database of the running service, one transaction for each version."""
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=plain,
            transaction_per_migration=True,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
