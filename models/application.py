"""An application for conditional data: what is asked, what reviewers found, and what was decided (articles 14, 15)."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, Numbered, now
from models.case import Case
from models.conditions import Conditions
from models.dataset import Dataset
from models.user import User

if TYPE_CHECKING:
    from models.agreement import Agreement


class Application(Base):
    """What an applicant asks for, and how far the office has got with it."""

    __tablename__ = "application"
    # For the public register: the order of its entries, and how many of each outcome there are.
    __table_args__ = (Index(None, "published_on", "case_id"), Index(None, "outcome", "published_on"))

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    # new, part (one body's share of a larger one), amendment or renewal.
    basis: Mapped[str] = mapped_column(default="new")
    # The agreement that an amendment or a renewal would replace.
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"))
    # The answer as it was handed in last; the versions keep the earlier ones.
    form: Mapped[dict[str, Any]] = mapped_column(default=dict)
    applicant_type: Mapped[str] = mapped_column(default="")
    applicant: Mapped[str] = mapped_column(default="")
    purpose: Mapped[str] = mapped_column(default="")
    submitted_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    # What must be completed: a list of field, words and, once given, the applicant's answer.
    defects: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    # Which reviews the table review_route asks for, and by which of its rules.
    route: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Why the clerk asks for more time.
    extension: Mapped[str] = mapped_column(default="")
    question: Mapped[str] = mapped_column(default="")
    clarification: Mapped[str] = mapped_column(default="")
    # The decision as it is drafted, and once decided as it stands: outcome, items, conditions, period, grounds.
    decision: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # approve, conditions, part, refuse; for a parent whose bodies differ, mixed.
    outcome: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    # The summary that stands on the public register, or why there is none.
    summary: Mapped[str] = mapped_column(default="")
    unpublished: Mapped[str] = mapped_column(default="")
    published_on: Mapped[date | None]

    case: Mapped[Case] = relationship(back_populates="application", foreign_keys=case_id)
    replaces: Mapped["Agreement | None"] = relationship(foreign_keys=replaces_id)
    requests: Mapped[list["DataRequest"]] = relationship(
        back_populates="application", order_by="DataRequest.id", cascade="all, delete-orphan"
    )
    versions: Mapped[list["ApplicationVersion"]] = relationship(
        back_populates="application", order_by="ApplicationVersion.number"
    )
    reviews: Mapped[list["Review"]] = relationship(back_populates="application", order_by="Review.id")

    def keep_table(self, name: str, outputs: dict[str, Any], rules: list[str]) -> None:
        """Keep what a table concluded, and by which of its rules."""
        self.route = {**outputs, "rules": rules}


class DataRequest(Numbered, Base):
    """One data set that an application asks for, and the conditions in force when it was accepted."""

    __tablename__ = "data_request"
    __table_args__ = (UniqueConstraint("case_id", "dataset_id"), Index(None, "dataset_id", "id"))

    case_id: Mapped[int] = mapped_column(ForeignKey("application.case_id"))
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"))
    conditions_id: Mapped[int | None] = mapped_column(ForeignKey("conditions.id"))
    items: Mapped[list[str]] = mapped_column(Json, default=list)
    # Which rows: a list of item, comparison and value.
    rows: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    need: Mapped[str] = mapped_column(default="")

    application: Mapped[Application] = relationship(back_populates="requests")
    dataset: Mapped[Dataset] = relationship(lazy="joined")
    conditions: Mapped[Conditions | None] = relationship()


class ApplicationVersion(Numbered, Base):
    """An application as it was handed in or completed once; never changed."""

    __tablename__ = "application_version"
    __table_args__ = (UniqueConstraint("case_id", "number"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("application.case_id"))
    number: Mapped[int]
    form: Mapped[dict[str, Any]]
    # The defects that this version answers.
    defects: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    at: Mapped[datetime] = mapped_column(default=now)
    by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))

    application: Mapped[Application] = relationship(back_populates="versions")
    by: Mapped[User] = relationship()


class Review(Numbered, Base):
    """One reviewer's findings on an application, criterion by criterion."""

    __tablename__ = "review"
    __table_args__ = (Index(None, "case_id"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("application.case_id"))
    # substance, security or right_holder.
    part: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(default=now)
    # For each criterion its id, whether it is met (met, unmet, not_applicable), and why.
    findings: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    opinion: Mapped[str]
    grounds: Mapped[str]

    application: Mapped[Application] = relationship(back_populates="reviews")
    by: Mapped[User] = relationship()
