"""The open list: data sets with their open type, conditions and state (Order 21, article 12)."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, N_, Numbered, now
from models.classification import OpenType
from models.user import Organisation


class DatasetState(StrEnum):
    """Whether an entry of the open list is in force."""

    PUBLISHED = "published"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


class Frequency(StrEnum):
    """How often a data set is updated; the codes are those of the Chinese portals."""

    REALTIME = "realtime"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"
    IRREGULAR = "irregular"
    STATIC = "static"
    OTHER = "other"


FREQUENCY_TITLES = {
    Frequency.REALTIME: N_("实时"),
    Frequency.DAILY: N_("每天"),
    Frequency.WEEKLY: N_("每周"),
    Frequency.MONTHLY: N_("每月"),
    Frequency.QUARTERLY: N_("每季度"),
    Frequency.HALF_YEARLY: N_("每半年"),
    Frequency.YEARLY: N_("每年"),
    Frequency.IRREGULAR: N_("不定期"),
    Frequency.STATIC: N_("静态数据"),
    Frequency.OTHER: N_("其他"),
}


class Dataset(Numbered, Base):
    """An entry of the open list; exactly one body answers for it (article 9)."""

    __tablename__ = "dataset"
    __table_args__ = (Index(None, "source", "source_key", unique=True), Index(None, "state", "updated_on"))

    # The word in the address of the entry's page, such as DS-000412.
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    provider_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    domain: Mapped[str] = mapped_column(default="")
    theme: Mapped[str] = mapped_column(default="")
    open_type: Mapped[OpenType]
    grade: Mapped[int | None]
    conditions: Mapped[str] = mapped_column(default="")
    supervision: Mapped[str] = mapped_column(default="")
    delivery_modes: Mapped[list[str]] = mapped_column(Json, default=list)
    ground: Mapped[str] = mapped_column(default="")
    frequency: Mapped[Frequency] = mapped_column(default=Frequency.OTHER)
    formats: Mapped[list[str]] = mapped_column(Json, default=list)
    items: Mapped[list[str]] = mapped_column(Json, default=list)
    tags: Mapped[list[str]] = mapped_column(Json, default=list)
    coverage: Mapped[str] = mapped_column(default="")
    sample: Mapped[str] = mapped_column(default="")
    state: Mapped[DatasetState] = mapped_column(default=DatasetState.PUBLISHED)
    state_reason: Mapped[str] = mapped_column(default="")
    first_published: Mapped[dt.date | None]
    updated_on: Mapped[dt.date | None]
    reevaluate_on: Mapped[dt.date | None] = mapped_column(index=True)
    # Where an imported entry came from, and the source's own name for it.
    source: Mapped[str | None]
    source_key: Mapped[str | None]
    source_page: Mapped[str | None]
    listed_at: Mapped[dt.datetime] = mapped_column(default=now)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)

    provider: Mapped[Organisation] = relationship(lazy="joined")
