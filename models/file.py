"""Files that people hand in with a case; their bytes lie in the store under their own hash."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Numbered, now
from models.case import Case
from models.user import User


class File(Numbered, Base):
    """An attachment of a case."""

    __tablename__ = "file"
    __table_args__ = (Index(None, "case_id"), Index(None, "sha256"))

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    # The step and the field it was handed in for.
    step: Mapped[str]
    field: Mapped[str]
    name: Mapped[str]
    # What the bytes are, whatever the name says.
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column()
    sha256: Mapped[str]
    # Who may read it: publishable, internal, restricted, or committee where it belongs to an opinion.
    mark: Mapped[str] = mapped_column(default="internal")
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    uploaded_at: Mapped[datetime] = mapped_column(default=now)
    # Set when an answer names it; until then it belongs to a draft and its writer may take it back.
    attached_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    # While the file is sealed, what it is really called and what it is, locked up; the bytes in the store are locked up
    # too, and name, type, size and hash are those of the box.
    box: Mapped[bytes | None] = mapped_column(LargeBinary)

    case: Mapped[Case] = relationship()
    uploaded_by: Mapped[User] = relationship()
