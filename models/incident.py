"""Incidents: a service or table that failed, kept as a row until a person has dealt with it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Numbered, now
from models.case import Case
from models.user import User


class Resolution(StrEnum):
    """What a person did about an incident."""

    RETRIED = "retried"
    CANCELLED = "cancelled"


class Incident(Numbered, Base):
    """A failure that stopped a case or a job: where, why, and what became of it."""

    __tablename__ = "incident"
    __table_args__ = (Index(None, "resolved_at", "opened_at"),)

    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    step: Mapped[str]
    error: Mapped[str]
    # What was being attempted, so that it can be tried again: the verb and its arguments.
    attempt: Mapped[dict[str, Any]]
    case_version: Mapped[int | None]
    opened_at: Mapped[datetime] = mapped_column(default=now)
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    resolution: Mapped[Resolution | None]

    case: Mapped[Case | None] = relationship()
    resolved_by: Mapped[User | None] = relationship()
