"""Run what a test does inside one transaction that is undone at its end, so that many short lives share a database."""

from collections.abc import Iterator
from contextlib import contextmanager

from models import db


@contextmanager
def undone(app) -> Iterator[None]:
    """Hold an application context in which every commit is kept until the end of the block, and then undone."""
    with app.app_context():
        engine = db.engine
        with engine.connect() as connection:
            whole = connection.begin()
            db.session.remove()
            db.session.configure(join_transaction_mode="create_savepoint")
            db.engines[None] = connection
            try:
                yield
            finally:
                db.session.remove()
                db.session.configure(join_transaction_mode="conditional_savepoint")
                db.engines[None] = engine
                whole.rollback()
