"""What is to be written into the open list when a case gets there."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.case import Case

if TYPE_CHECKING:
    from models.dataset import Dataset


class Listing(Base):
    """The catalogue fields a clerk has described, and the entry they belong to once it exists."""

    __tablename__ = "listing"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id"), index=True)
    fields: Mapped[dict[str, Any]]
    # Why the entry was amended, suspended or withdrawn, in words the public may read.
    reason: Mapped[str] = mapped_column(default="")
    narrowing: Mapped[bool] = mapped_column(default=False)

    case: Mapped[Case] = relationship(back_populates="listing")
    dataset: Mapped["Dataset | None"] = relationship()
