"""The work list: what waits for a person, the clocks that run over it, and half-written answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Numbered, now
from models.case import Case
from models.user import Organisation, Role, User


class WorkState(StrEnum):
    """Whether an item still waits, was answered, or is no longer asked for."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


# The columns with which the indexes of the work list begin.
WAITS = ("state", "offered")
OFFICE = ("role", "organisation_id")


class WorkItem(Base):
    """A step that waits for an answer, or is offered; its key is the engine's."""

    __tablename__ = "work_item"
    __table_args__ = (
        # One index for each way in which the work list walks; what it sorts by comes last, so that it can stop early.
        Index("ix_work_item_group", *WAITS, *OFFICE, "paused", "due_at", "id"),
        Index("ix_work_item_unclaimed", *WAITS, *OFFICE, "holder_id", "paused", "due_at", "id"),
        Index("ix_work_item_step", *WAITS, *OFFICE, "step", "paused", "due_at", "id", "holder_id"),
        Index("ix_work_item_newest", *WAITS, *OFFICE, "opened_at", "id", "holder_id", "paused", "due_at"),
        Index("ix_work_item_holder", *WAITS, "holder_id", "paused", "due_at", "id", *OFFICE, "step", "opened_at"),
        Index(None, "case_id", "state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    step: Mapped[str]
    role: Mapped[Role]
    # The body whose people may act; empty for the requester and for roles of the whole city.
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    offered: Mapped[bool] = mapped_column(default=False)
    state: Mapped[WorkState] = mapped_column(default=WorkState.OPEN)
    opened_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    # Who has taken the item, or for whom alone it was opened.
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    limit: Mapped[str | None]
    due_at: Mapped[datetime | None]
    soon_at: Mapped[datetime | None]
    paused: Mapped[bool] = mapped_column(default=False)
    # The member of a ballot for whom the step waits: the number of a seat.
    member: Mapped[str | None]

    case: Mapped[Case] = relationship(back_populates="work")
    organisation: Mapped[Organisation | None] = relationship()
    holder: Mapped[User | None] = relationship(foreign_keys=holder_id)
    closed_by: Mapped[User | None] = relationship(foreign_keys=closed_by_id)


class Draft(Base):
    """An answer that has been begun; those who act for the requester write on one, others on their own alone."""

    __tablename__ = "draft"

    work_item_id: Mapped[str] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    form: Mapped[dict[str, Any]]
    # Who wrote on it last; empty where that is the one it is kept for.
    saved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    saved_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    saved_by: Mapped[User | None] = relationship(foreign_keys=saved_by_id)


class ClockState(StrEnum):
    """Whether a clock runs, stands still, has run out, or is no longer needed."""

    RUNNING = "running"
    PAUSED = "paused"
    FIRED = "fired"
    STOPPED = "stopped"


class Clock(Base):
    """A limit that runs on a case; its key is that of the engine's timer."""

    __tablename__ = "clock"
    __table_args__ = (Index(None, "state", "due_at"), Index(None, "state", "soon_at"), Index(None, "case_id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    limit: Mapped[str]
    # The member of a ballot for whom alone the limit runs: the number of a seat.
    member: Mapped[str | None]
    state: Mapped[ClockState] = mapped_column(default=ClockState.RUNNING)
    started_at: Mapped[datetime] = mapped_column(default=now)
    # Days granted beyond the register's own, by an extension with a reason.
    extended: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    soon_at: Mapped[datetime | None]
    # Set once the people concerned have been told that the end is near.
    warned_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship()
    pauses: Mapped[list["Pause"]] = relationship(back_populates="clock", order_by="Pause.id")


class Pause(Numbered, Base):
    """A time in which a clock stood still, stored and never computed away."""

    __tablename__ = "pause"

    clock_id: Mapped[str] = mapped_column(ForeignKey("clock.id"), index=True)
    reason: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    clock: Mapped[Clock] = relationship(back_populates="pauses")
