"""The journal: what happened to a case, line by line, append only and chained by hashes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DDL, ForeignKey, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Numbered
from models.user import User


class EventKind(StrEnum):
    """The facts that a journal line may state."""

    OPENED = "opened"
    AWAITED = "awaited"
    ANSWERED = "answered"
    SERVED = "served"
    TABLED = "tabled"
    CLAIMED = "claimed"
    RELEASED = "released"
    SIGNALLED = "signalled"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    SOON_DUE = "soon_due"
    OVERDUE = "overdue"
    INCIDENT = "incident"
    RETRIED = "retried"
    CHANGED = "changed"
    CONVENED = "convened"
    ADJOURNED = "adjourned"
    MIGRATED = "migrated"
    CANCELLED = "cancelled"
    INVITED = "invited"
    JOINED = "joined"
    LEFT = "left"
    ENDED = "ended"


class Event(Numbered, Base):
    """One line of a case's journal; it can be added and read, never changed or removed."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("case_id", "number"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[EventKind]
    step: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    # What was said, as dumped by the step's schema, and the words handed to the process.
    data: Mapped[dict[str, Any]]
    previous: Mapped[str]
    hash: Mapped[str]

    actor: Mapped[User | None] = relationship(lazy="joined")


REFUSAL = "the journal is append only"
SQLITE_TRIGGERS = [
    f"CREATE TRIGGER event_no_{verb.lower()} BEFORE {verb} ON event BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL_TRIGGERS = [
    f"CREATE OR REPLACE FUNCTION event_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
    "CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON event "
    "FOR EACH ROW EXECUTE FUNCTION event_append_only()",
    "CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event EXECUTE FUNCTION event_append_only()",
]
for dialect, statements in (("sqlite", SQLITE_TRIGGERS), ("postgresql", POSTGRESQL_TRIGGERS)):
    for statement in statements:
        event.listen(Event.__table__, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=dialect))
