"""What classification leaves on a case: the evidence, what the tables say, and what people concluded."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import N_, Base, Json
from models.case import Case


class OpenType(StrEnum):
    """How far data are open (Order 21, article 11); the strictest stands first."""

    OUT_OF_SCOPE = "out_of_scope"
    NON_OPEN = "non_open"
    CONDITIONAL = "conditional"
    UNCONDITIONAL = "unconditional"

    @property
    def title(self) -> str:  # type: ignore[override] # the word is a text, and titled here
        """Return the type's name, to be translated where it is shown."""
        return OPEN_TYPE_TITLES[self]

    def looser_than(self, other: "OpenType") -> bool:
        """Say whether this type opens more than another."""
        order = list(OpenType)
        return order.index(self) > order.index(other)


OPEN_TYPE_TITLES = {
    OpenType.OUT_OF_SCOPE: N_("不适用本办法"),
    OpenType.NON_OPEN: N_("非开放"),
    OpenType.CONDITIONAL: N_("有条件开放"),
    OpenType.UNCONDITIONAL: N_("无条件开放"),
}


class Classification(Base):
    """The classification of the data a case is about: its latest round."""

    __tablename__ = "classification"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    round: Mapped[int] = mapped_column(default=1)
    # The facts the clerk established, the rules they matched, and what the tables conclude of them.
    evidence: Mapped[dict[str, Any]]
    tables: Mapped[dict[str, Any]]
    proposed: Mapped[OpenType]
    reviewed: Mapped[OpenType | None]
    open_type: Mapped[OpenType | None]
    grade: Mapped[int | None]
    delivery_modes: Mapped[list[str]] = mapped_column(Json, default=list)
    grounds: Mapped[str] = mapped_column(default="")
    conditions: Mapped[str] = mapped_column(default="")
    supervision: Mapped[str] = mapped_column(default="")
    review_grounds: Mapped[str] = mapped_column(default="")
    security_opinion: Mapped[str | None]
    security_grounds: Mapped[str] = mapped_column(default="")
    # Why the result is looser than the tables say; empty where it is not.
    override: Mapped[str] = mapped_column(default="")
    reevaluate_on: Mapped[dt.date | None]

    case: Mapped[Case] = relationship(back_populates="classification")

    def keep_table(self, name: str, outputs: dict[str, Any], rules: list[str]) -> None:
        """Keep what a decision table concluded, and by which rules."""
        self.tables = {**self.tables, **outputs, "rules": {**self.tables.get("rules", {}), name: rules}}
