"""A case: its reference, its process, and the people it belongs to."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import N_, Base, Numbered, now
from models.user import Organisation, User

if TYPE_CHECKING:
    from models.agreement import Agreement
    from models.application import Application
    from models.classification import Classification
    from models.consultation import Consultation
    from models.definition import Definition
    from models.demand import Demand
    from models.listing import Listing
    from models.work import WorkItem

# The letters with which a reference begins, by kind of case.
PREFIXES = {"demand": "XQ", "listing": "QD", "application": "SQ"}
KIND_TITLES = {"demand": N_("开放需求"), "listing": N_("开放清单条目"), "application": N_("有条件开放申请")}


class CaseStatus(StrEnum):
    """Whether a case is a draft, moves, stands still for an incident, or has ended."""

    DRAFT = "draft"
    OPEN = "open"
    INCIDENT = "incident"
    ENDED = "ended"


class Case(Numbered, Base):
    """One request on its way through its process."""

    __tablename__ = "case"
    __table_args__ = (
        Index(None, "requester_id", "id"),
        Index(None, "body_id", "id"),
        Index(None, "kind", "status", "id"),
        Index(None, "parent_id"),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    status: Mapped[CaseStatus] = mapped_column(default=CaseStatus.DRAFT)
    # The word that the status badge shows; the stage writes it, the page gives it its tone.
    state: Mapped[str] = mapped_column(default="draft")
    opened_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    requester_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    body_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    # The case of which this one is a part: an application to several bodies has a part for each.
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))

    # The engine's state, and the number of the codec that wrote it.
    process: Mapped[bytes] = mapped_column(default=b"")
    codec: Mapped[int] = mapped_column(default=1)
    # The journal's length and last hash stand here, so that a new line needs no look-up.
    journal_length: Mapped[int] = mapped_column(default=0)
    journal_hash: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    requester: Mapped[User] = relationship(foreign_keys=requester_id)
    body: Mapped[Organisation | None] = relationship(foreign_keys=body_id)
    definition: Mapped["Definition"] = relationship(lazy="joined", innerjoin=True)
    demand: Mapped["Demand | None"] = relationship(back_populates="case", uselist=False, foreign_keys="Demand.case_id")
    listing: Mapped["Listing | None"] = relationship(back_populates="case", uselist=False)
    classification: Mapped["Classification | None"] = relationship(back_populates="case", uselist=False)
    application: Mapped["Application | None"] = relationship(
        back_populates="case", uselist=False, foreign_keys="Application.case_id"
    )
    consultations: Mapped[list["Consultation"]] = relationship(back_populates="case", order_by="Consultation.id")
    agreement: Mapped["Agreement | None"] = relationship(
        back_populates="case", uselist=False, foreign_keys="Agreement.case_id"
    )
    parent: Mapped["Case | None"] = relationship(remote_side="Case.id", back_populates="parts")
    parts: Mapped[list["Case"]] = relationship(back_populates="parent", order_by="Case.id")
    work: Mapped[list["WorkItem"]] = relationship(back_populates="case", order_by="WorkItem.opened_at")

    __mapper_args__ = {"version_id_col": version}

    def give_to(self, body: Organisation | None) -> None:
        """Give the case to the body that answers for the data, or take it back to the desk."""
        self.body, self.body_id = body, body.id if body else None

    def sitting_in(self, seat: str | int | None) -> int | None:
        """Return who sits in a seat of the committee's consultation, and for no seat who chairs it."""
        taken = [each for each in self.consultations[-1].seats if each.left_at is None]
        meant = [each.user_id for each in taken if (each.chair if seat is None else str(each.number) == str(seat))]
        return meant[0] if meant else None

    def day_of(self, limit: str) -> date | None:
        """Return the day that the case itself sets for a limit, where the register does not count it out."""
        if limit == "agreement_end" and self.agreement:
            return self.agreement.ends_on
        if limit == "expert_opinion" and self.consultations:
            return self.consultations[-1].closes_on
        entry = self.listing.dataset if limit == "reevaluation" and self.listing else None
        return entry.reevaluate_on if entry else None


class Counter(Base):
    """The last number given to a kind of reference in a year."""

    __tablename__ = "counter"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class Answer(Base):
    """A request that has been carried out: its key, and where it led, so that a repeat does nothing."""

    __tablename__ = "answer"

    key: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    digest: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)
