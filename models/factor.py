"""The second factor: a time-based code from a person's own device, and codes for the day it is lost."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Numbered, now
from models.user import User


class Factor(Base):
    """A person's second factor; the secret is kept encrypted."""

    __tablename__ = "factor"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    # Empty until the person has shown a first code.
    secret: Mapped[str | None]
    # The secret of a device that is being set up, until it has shown its first code.
    pending: Mapped[str | None]
    begun_at: Mapped[datetime] = mapped_column(default=now)
    confirmed_at: Mapped[datetime | None]
    # The time step of the last code taken, so that none is taken twice.
    last_step: Mapped[int] = mapped_column(default=0)
    # Wrong codes since the last right one, and until when no code is taken for that.
    failures: Mapped[int] = mapped_column(default=0)
    closed_until: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class RecoveryCode(Numbered, Base):
    """A code that stands in once for the second factor; only its hash is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index(None, "user_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    hash: Mapped[str]
    used_at: Mapped[datetime | None]


class FactorReset(Numbered, Base):
    """A second factor that a steward has taken off an account whose owner had lost it: whose, by whom, when and why."""

    __tablename__ = "factor_reset"
    __table_args__ = (Index(None, "user_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(default=now)
    reason: Mapped[str]

    by: Mapped[User] = relationship(foreign_keys=by_id)
