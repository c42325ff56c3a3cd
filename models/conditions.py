"""The published conditions of a conditional data set: by these, and no others, an application is judged."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Numbered, now
from models.dataset import Dataset
from models.user import User


class Conditions(Numbered, Base):
    """One version of a data set's conditions; a version is never changed, a new one takes its place (article 15)."""

    __tablename__ = "conditions"
    __table_args__ = (UniqueConstraint("dataset_id", "version"),)

    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"))
    version: Mapped[int]
    # Who may apply, for what, with which capability and safeguards, how, where, how long; see workflow/conditions.py.
    terms: Mapped[dict[str, Any]]
    published_at: Mapped[dt.datetime] = mapped_column(default=now)
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    # The case that led to this version; empty where a clerk put imported words in order.
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))

    dataset: Mapped[Dataset] = relationship()
    published_by: Mapped[User | None] = relationship()
