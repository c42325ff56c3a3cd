"""The people whom a requester has named on a case."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Numbered, now
from models.case import Case
from models.user import User


class Companion(Numbered, Base):
    """Somebody who works on a requester's case with them, or has been asked to by a letter."""

    __tablename__ = "companion"
    __table_args__ = (UniqueConstraint("case_id", "email"), Index(None, "user_id", "case_id"))

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    email: Mapped[str]
    # Empty until the invitation is taken up.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    # Whether this person may sign the agreement for the party.
    signs: Mapped[bool] = mapped_column(default=False)
    # The hash of the key in the letter of invitation.
    invitation: Mapped[str | None] = mapped_column(unique=True)
    invited_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    invited_at: Mapped[datetime] = mapped_column(default=now)
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship(foreign_keys=case_id)
    user: Mapped[User | None] = relationship(foreign_keys=user_id)
    invited_by: Mapped[User] = relationship(foreign_keys=invited_by_id)
