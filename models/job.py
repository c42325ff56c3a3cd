"""The outbox: work that may fail, written in the case's own transaction and done afterwards."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Numbered, now
from models.case import Case
from models.user import User


class JobState(StrEnum):
    """Whether a job waits, is being done, is done, or was given up."""

    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class Job(Numbered, Base):
    """A piece of work for the worker; it may run twice, so its effect must not."""

    __tablename__ = "job"
    __table_args__ = (Index(None, "state", "run_at"),)

    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    # Two rows with one key are one piece of work.
    key: Mapped[str | None] = mapped_column(unique=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    state: Mapped[JobState] = mapped_column(default=JobState.READY)
    run_at: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    error: Mapped[str | None]
    done_at: Mapped[datetime | None]


class Letter(Numbered, Base):
    """A letter to one person about one event."""

    __tablename__ = "letter"
    __table_args__ = (UniqueConstraint("job_id", "user_id"), Index(None, "user_id", "id"), Index(None, "case_id"))

    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    template: Mapped[str]
    language: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    message_id: Mapped[str] = mapped_column(unique=True)
    # The entry for calendars that goes with the letter, as it stood when the letter was written.
    calendar: Mapped[str | None]
    written_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()
    case: Mapped[Case | None] = relationship()
