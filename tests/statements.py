"""What an action asks of the database, so that tests count questions, which no busy machine changes, and never time."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from models import db


def statements(action: Callable[[], object]) -> list[tuple[str, Any]]:
    """Return the statements that an action sends, each with its values; needs an application context."""
    sent: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        sent.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        action()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return sent
