"""Entitlements: what may be taken out, by whom, until when; and a line for every access (article 22, 行为记录)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.agreement import Agreement
from models.append_only import append_only
from models.base import N_, Base, Json, Key, Numbered, now
from models.case import Case
from models.dataset import Dataset
from models.user import User


class EntitlementState(StrEnum):
    """Whether data may be taken out; only an active entitlement opens the door."""

    PROVISIONING = "provisioning"
    ACTIVE = "active"
    LIMITED = "limited"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"


ENTITLEMENT_STATES = {
    EntitlementState.PROVISIONING: N_("开通中"),
    EntitlementState.ACTIVE: N_("有效"),
    EntitlementState.LIMITED: N_("受限"),
    EntitlementState.SUSPENDED: N_("暂停"),
    EntitlementState.REVOKED: N_("已关闭"),
    EntitlementState.EXPIRED: N_("到期"),
}


class Resource(Numbered, Base):
    """A version of a data set's data, as the body has handed it over for delivery."""

    __tablename__ = "resource"
    __table_args__ = (UniqueConstraint("dataset_id", "version"),)

    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"))
    version: Mapped[int]
    # What the body handed over: its kind and its hash, by which the same file is known again.
    media_type: Mapped[str]
    source: Mapped[str]
    # What is kept of it, in columns.
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(Key)
    # The names of the columns, in their order, and how many rows there are.
    columns: Mapped[list[str]] = mapped_column(Json)
    rows: Mapped[int] = mapped_column(Key)
    loaded_at: Mapped[datetime] = mapped_column(default=now)
    loaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    dataset: Mapped[Dataset] = relationship()


class Entitlement(Numbered, Base):
    """What an agreement lets a party take out of one data set."""

    __tablename__ = "entitlement"
    __table_args__ = (Index(None, "case_id"), Index(None, "dataset_id", "state"), Index(None, "state", "ends_on"))

    # QX-2026-000031.
    reference: Mapped[str] = mapped_column(unique=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"))
    state: Mapped[EntitlementState] = mapped_column(default=EntitlementState.PROVISIONING)
    state_reason: Mapped[str] = mapped_column(default="")
    # Why it stands still, by who holds it (case, dataset); it goes on when nobody does.
    holds: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # download, api or sandbox.
    mode: Mapped[str]
    items: Mapped[list[str]] = mapped_column(Json)
    rows: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    # How many downloads and rows may be taken a month; empty means no bound.
    quota: Mapped[dict[str, Any]] = mapped_column(default=dict)
    watermarked: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(default=now)

    agreement: Mapped[Agreement] = relationship()
    case: Mapped[Case] = relationship()
    dataset: Mapped[Dataset] = relationship()


# A download ends once: whole, or broken off.
ENDED = text("kind IN ('finished', 'broken')")


class Access(Numbered, Base):
    """One attempt to take data out, granted or not; a line can be added and read, never changed or removed."""

    __tablename__ = "access"
    __table_args__ = (
        Index(None, "entitlement_id", "at"),
        Index("ix_access_end", "download", unique=True, sqlite_where=ENDED, postgresql_where=ENDED),
    )

    entitlement_id: Mapped[int] = mapped_column(ForeignKey("entitlement.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))
    at: Mapped[datetime] = mapped_column(default=now)
    # begun, finished, broken off or refused; the first two are two lines of one download.
    kind: Mapped[str]
    format: Mapped[str] = mapped_column(default="")
    rows: Mapped[int] = mapped_column(Key, default=0)
    size: Mapped[int] = mapped_column(Key, default=0)
    reason: Mapped[str] = mapped_column(default="")
    # Joins the lines of one download.
    download: Mapped[str] = mapped_column(default="")

    entitlement: Mapped[Entitlement] = relationship()
    user: Mapped[User | None] = relationship()


append_only(Access.__table__, "the access log is append only")
