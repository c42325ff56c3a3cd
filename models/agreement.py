"""Data-use agreements: the clauses, the terms as data, every change, and both signatures (article 15)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import N_, Base, Json, Numbered, now
from models.case import Case
from models.document import Document
from models.user import User


class AgreementState(StrEnum):
    """How far an agreement has got; from effective on its terms are never changed."""

    DRAFTED = "drafted"
    NEGOTIATING = "negotiating"
    AGREED = "agreed"
    SIGNED = "signed"
    EFFECTIVE = "effective"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    LAPSED = "lapsed"


AGREEMENT_STATES = {
    AgreementState.DRAFTED: N_("起草中"),
    AgreementState.NEGOTIATING: N_("协商中"),
    AgreementState.AGREED: N_("待申请方签署"),
    AgreementState.SIGNED: N_("待数据开放主体签署"),
    AgreementState.EFFECTIVE: N_("有效"),
    AgreementState.SUSPENDED: N_("暂停"),
    AgreementState.REPLACED: N_("已被新协议替代"),
    AgreementState.EXPIRED: N_("到期"),
    AgreementState.TERMINATED: N_("终止"),
    AgreementState.LAPSED: N_("逾期未签署"),
}


class AgreementTemplate(Numbered, Base):
    """A model agreement: of one data set, or of all that have none of their own."""

    __tablename__ = "agreement_template"
    __table_args__ = (UniqueConstraint("dataset_id", "version"),)

    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id"))
    version: Mapped[int]
    # Each clause: id, kind, title and text in both languages, and whether it may be negotiated.
    clauses: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    since: Mapped[date]


class Agreement(Numbered, Base):
    """The agreement of one body and one party."""

    __tablename__ = "agreement"
    __table_args__ = (Index(None, "state", "ends_on"),)

    # XY-2026-000012.
    reference: Mapped[str] = mapped_column(unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), unique=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("agreement_template.id"))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"))
    state: Mapped[AgreementState] = mapped_column(default=AgreementState.DRAFTED)
    # What the service itself enforces; see workflow/terms.py for the names.
    terms: Mapped[dict[str, Any]]
    clauses: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    round: Mapped[int] = mapped_column(default=1)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    effective_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # Why the agreement stands still or has ended.
    end_reason: Mapped[str] = mapped_column(default="")

    case: Mapped[Case] = relationship(back_populates="agreement", foreign_keys=case_id)
    template: Mapped[AgreementTemplate] = relationship()
    replaces: Mapped["Agreement | None"] = relationship(remote_side="Agreement.id")
    document: Mapped[Document | None] = relationship(foreign_keys=document_id)
    changes: Mapped[list["ClauseChange"]] = relationship(back_populates="agreement", order_by="ClauseChange.id")


class ClauseChange(Numbered, Base):
    """One line of the change log: who asked for which words, and what became of it."""

    __tablename__ = "clause_change"
    __table_args__ = (Index(None, "agreement_id"),)

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    clause: Mapped[str]
    round: Mapped[int]
    # override (the clerk departs from the template), proposed, accepted or declined.
    kind: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(default=now)

    agreement: Mapped[Agreement] = relationship(back_populates="changes")
    by: Mapped[User] = relationship()
