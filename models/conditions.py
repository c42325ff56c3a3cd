"""The published conditions of a conditional data set: by these, and no others, an application is judged."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, event
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
    # Who wrote the version that somebody else published; empty where words were taken over as they stood.
    drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    # What has changed since the version before, and why; the public reads it.
    reason: Mapped[str] = mapped_column(default="")
    # The case that led to this version; empty where a clerk put imported words in order.
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))

    dataset: Mapped[Dataset] = relationship()
    published_by: Mapped[User | None] = relationship(foreign_keys=published_by_id)
    drafted_by: Mapped[User | None] = relationship(foreign_keys=drafted_by_id)


class ConditionsDraft(Base):
    """The next version of a data set's conditions, as the clerk has written it and the decider is to publish it."""

    __tablename__ = "conditions_draft"

    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"), primary_key=True)
    terms: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(default="")
    drafted_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    drafted_at: Mapped[dt.datetime] = mapped_column(default=now, onupdate=now)

    dataset: Mapped[Dataset] = relationship()
    drafted_by: Mapped[User] = relationship()


@event.listens_for(Conditions, "before_update")
@event.listens_for(Conditions, "before_delete")
def _never_changed(mapper: object, connection: object, version: Conditions) -> None:
    raise RuntimeError(f"Version {version.version} of published conditions is never changed.")
