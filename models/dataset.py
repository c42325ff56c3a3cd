"""The open list: data sets with their open type, conditions and state (Order 21, article 12)."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import DDL, Connection, ForeignKey, Index, UniqueConstraint, event, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import N_, Base, Json, Key, Numbered, now
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


_TAKE = text(
    "INSERT INTO counter(prefix, year, last) VALUES ('DS', 0, :count) "
    "ON CONFLICT (prefix, year) DO UPDATE SET last = counter.last + excluded.last RETURNING last"
)


def take_codes(connection: Connection, count: int = 1) -> list[str]:
    """Take the next codes for data sets; two who take at once get different ones."""
    last = connection.execute(_TAKE, {"count": count}).scalar_one()
    return [f"DS-{number:06d}" for number in range(last - count + 1, last + 1)]


def _next_code(context: DefaultExecutionContext) -> str:
    return take_codes(context.root_connection)[0]


class Dataset(Numbered, Base):
    """An entry of the open list; exactly one body answers for it (article 9)."""

    __tablename__ = "dataset"
    __table_args__ = (Index(None, "source", "source_key", unique=True), Index(None, "state", "updated_on"))

    # The word in the address of the entry's page, such as DS-000412.
    code: Mapped[str] = mapped_column(unique=True, default=_next_code)
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
    # What the source said at the last import, so that a row that has not changed is left alone.
    source_digest: Mapped[str | None]
    listed_at: Mapped[dt.datetime] = mapped_column(default=now)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)

    provider: Mapped[Organisation] = relationship(lazy="joined")


class DatasetGroup(Numbered, Base):
    """Entries that share all their facets, and how many of them are on the list; the database keeps the number."""

    __tablename__ = "dataset_group"
    __table_args__ = (UniqueConstraint("open_type", "domain", "provider_id", "frequency", "formats"),)

    open_type: Mapped[str]
    domain: Mapped[str]
    provider_id: Mapped[int] = mapped_column(Key)
    frequency: Mapped[str]
    # The list of formats as the database writes it.
    formats: Mapped[str]
    total: Mapped[int]


def _counted(row: str, by: int, formats: str) -> str:
    """Return the statement that adds a row's weight to the group it belongs to."""
    return (
        "INSERT INTO dataset_group(open_type, domain, provider_id, frequency, formats, total) "
        f"SELECT {row}.open_type, {row}.domain, {row}.provider_id, {row}.frequency, {formats.format(row=row)}, {by} "
        f"WHERE {row}.state <> 'withdrawn' "
        "ON CONFLICT (open_type, domain, provider_id, frequency, formats) "
        "DO UPDATE SET total = dataset_group.total + excluded.total;"
    )


MORE, FEWER = ("new", 1), ("old", -1)
SQLITE_COUNTS = [
    f"CREATE TRIGGER dataset_counted_{verb.lower()} AFTER {verb} ON dataset BEGIN "
    + " ".join(_counted(*change, "{row}.formats") for change in changes)
    + " END"
    for verb, changes in (("INSERT", [MORE]), ("UPDATE", [FEWER, MORE]), ("DELETE", [FEWER]))
]
POSTGRESQL_COUNTS = [
    "CREATE OR REPLACE FUNCTION dataset_counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF TG_OP <> 'INSERT' THEN {_counted(*FEWER, '{row}.formats::text')} END IF; "
    f"IF TG_OP <> 'DELETE' THEN {_counted(*MORE, '{row}.formats::text')} END IF; "
    "RETURN NULL; END $$",
    "CREATE TRIGGER dataset_counted AFTER INSERT OR UPDATE OR DELETE ON dataset "
    "FOR EACH ROW EXECUTE FUNCTION dataset_counted()",
]
for dialect, statements in (("sqlite", SQLITE_COUNTS), ("postgresql", POSTGRESQL_COUNTS)):
    for statement in statements:
        event.listen(Dataset.__table__, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=dialect))
