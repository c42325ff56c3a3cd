"""The diagrams and tables that a case runs on: immutable, versioned rows."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Json, Numbered, now


class Definition(Numbered, Base):
    """One version of a kind's diagrams and decision tables, as they stood when it was deployed."""

    __tablename__ = "definition"
    __table_args__ = (UniqueConstraint("key", "version"), UniqueConstraint("key", "sha256"))

    key: Mapped[str]
    version: Mapped[int]
    sha256: Mapped[str]
    # The texts are long and are read only when the definition is parsed or drawn.
    bpmn: Mapped[dict[str, str]] = mapped_column(Json, deferred=True)
    dmn: Mapped[dict[str, str]] = mapped_column(Json, deferred=True)
    deployed_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def files(self) -> dict[str, bytes]:
        """Return diagrams and tables by file name, as the engine reads them."""
        return {name: text.encode() for name, text in (self.bpmn | self.dmn).items()}
