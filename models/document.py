"""Documents that the service itself makes: letters of decision, agreements, minutes; and the signatures in them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Numbered, now
from models.case import Case
from models.user import User


class DocumentState(StrEnum):
    """Whether a document is still to be made, or is there."""

    ORDERED = "ordered"
    MADE = "made"


class Document(Numbered, Base):
    """A PDF of a case: the facts it was made from, and where its bytes are."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("case_id", "kind", "number"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    # decision, agreement, minutes …: the name of its template.
    kind: Mapped[str]
    number: Mapped[int] = mapped_column(default=1)
    title: Mapped[str]
    # Everything the document says, frozen when it was ordered.
    facts: Mapped[dict[str, Any]]
    state: Mapped[DocumentState] = mapped_column(default=DocumentState.ORDERED)
    # The key of the bytes in the store: the SHA-256 of the file as it stands now.
    sha256: Mapped[str | None]
    size: Mapped[int | None]
    ordered_at: Mapped[datetime] = mapped_column(default=now)
    made_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship()
    signatures: Mapped[list["Signature"]] = relationship(back_populates="document", order_by="Signature.id")


class Signature(Numbered, Base):
    """One signature in a document: who signed, when, and the file before and after."""

    __tablename__ = "signature"
    __table_args__ = (UniqueConstraint("document_id", "side"),)

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    # party, body or office.
    side: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    # The name in the certificate, and the certificate's own fingerprint.
    name: Mapped[str]
    certificate: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)

    document: Mapped[Document] = relationship(back_populates="signatures")
    user: Mapped[User | None] = relationship()
