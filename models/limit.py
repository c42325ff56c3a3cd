"""The register of time limits, and the calendar of working days."""

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Numbered, now
from models.user import User


class Unit(StrEnum):
    """Whether a limit counts working days or all days."""

    WORKING = "working"
    CALENDAR = "calendar"


class Limit(Numbered, Base):
    """A time limit and its legal basis, in force from a day on; a row is never changed, another one follows it."""

    __tablename__ = "limit"
    __table_args__ = (UniqueConstraint("name", "since"),)

    name: Mapped[str]
    title: Mapped[str]
    days: Mapped[int]
    unit: Mapped[Unit]
    # The days by which the limit may be extended, once; 0 where it may not.
    extension: Mapped[int] = mapped_column(default=0)
    basis: Mapped[str]
    since: Mapped[dt.date]
    # Nobody where the row came with the service.
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    entered_at: Mapped[dt.datetime] = mapped_column(default=now)

    entered_by: Mapped[User | None] = relationship()


class Holiday(Base):
    """A day that differs from its weekday: a holiday, or a weekend day that is worked (调休)."""

    __tablename__ = "holiday"

    day: Mapped[dt.date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    name: Mapped[str]
    # Says that the official arrangement of this year has not been published yet.
    provisional: Mapped[bool] = mapped_column(default=False)


class Correction(Numbered, Base):
    """A day of the calendar that was set by a person: what it was, what it is, why, by whom and when."""

    __tablename__ = "correction"

    day: Mapped[dt.date] = mapped_column(index=True)
    was_working: Mapped[bool]
    was_name: Mapped[str] = mapped_column(default="")
    working: Mapped[bool]
    name: Mapped[str]
    provisional: Mapped[bool]
    reason: Mapped[str]
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    entered_at: Mapped[dt.datetime] = mapped_column(default=now)

    entered_by: Mapped[User] = relationship()
