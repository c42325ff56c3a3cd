"""A public demand for data that are not on the open list yet, and the people who support it."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now
from models.case import Case
from models.user import Organisation, User

if TYPE_CHECKING:
    from models.dataset import Dataset


class Demand(Base):
    """What somebody asks to be opened, and what the office answered (Order 21, article 10)."""

    __tablename__ = "demand"
    __table_args__ = (Index(None, "published_at"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    subject: Mapped[str]
    description: Mapped[str]
    purpose: Mapped[str]
    value: Mapped[str] = mapped_column(default="")
    asks_for: Mapped[str] = mapped_column(default="unlisted")
    suspected_holder: Mapped[str] = mapped_column(default="")
    frequency: Mapped[str] = mapped_column(default="")
    delivery: Mapped[str] = mapped_column(default="")
    clarification: Mapped[str] = mapped_column(default="")

    # The public page shows a demand once the desk has read it; the words shown are the desk's to moderate.
    published_at: Mapped[datetime | None]
    public_subject: Mapped[str] = mapped_column(default="")
    public_text: Mapped[str] = mapped_column(default="")
    supporters: Mapped[int] = mapped_column(default=0)

    rerouted: Mapped[bool] = mapped_column(default=False)
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    twin_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id"))
    answer: Mapped[str] = mapped_column(default="")
    answer_text: Mapped[str] = mapped_column(default="")
    answer_ground: Mapped[str] = mapped_column(default="")
    opens_on: Mapped[date | None]
    coordination: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship(back_populates="demand", foreign_keys=case_id)
    twin: Mapped[Case | None] = relationship(foreign_keys=twin_id)
    holder: Mapped[Organisation | None] = relationship()
    dataset: Mapped["Dataset | None"] = relationship()


class Support(Base):
    """A person's support for a demand."""

    __tablename__ = "support"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped[User] = relationship()
