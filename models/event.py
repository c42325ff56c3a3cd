"""The journal: what happened to a case, line by line, append only and chained by hashes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.append_only import append_only
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


append_only(Event.__table__, "the journal is append only")
