"""What every table shares: the database handle, moments in time, and marks for words to be translated."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, DateTime, Enum, Integer, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A moment in time: always aware and in UTC, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Write a moment: SQLite keeps no time zone, and gets it in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment needs a time zone.")
        return value.astimezone(UTC) if dialect.name != "sqlite" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read a moment, in UTC whatever the zone of the connection."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only in a column of type INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")
# A word of a closed list is kept as the word itself, which a reader of the table understands.
Word = Enum(StrEnum, native_enum=False, length=20, values_callable=lambda words: [word.value for word in words])
Json = JSON().with_variant(JSONB, "postgresql")


class Base(DeclarativeBase):
    """The parent of every model; names its constraints so that migrations can find them."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={datetime: Moment, dict[str, Any]: Json, list[str]: Json, str: Text, StrEnum: Word},
    )


class Numbered:
    """Give a table a number as its key."""

    id: Mapped[int] = mapped_column(Key, primary_key=True)


# The time zone in which days are counted, shown and lapse.
SHANGHAI = ZoneInfo("Asia/Shanghai")

# Nothing is written behind one's back: what a query must see is flushed by whoever asks it.
db = SQLAlchemy(model_class=Base, session_options={"autoflush": False, "expire_on_commit": False})


def now() -> datetime:
    """Return this moment in UTC."""
    return datetime.now(UTC)


def local_day(moment: datetime) -> date:
    """Return the day in Shanghai on which a moment falls; every day that the law counts is one of these."""
    return moment.astimezone(SHANGHAI).date()


def N_(text: str) -> str:  # noqa: N802 - the name gettext's tools look for
    """Mark a text for translation; the edge translates it when it is shown."""
    return text
