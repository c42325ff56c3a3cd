"""The expert committee: its members, the seats of a consultation, and opinions that stay sealed (article 8)."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import N_, Base, Json, Numbered, now
from models.case import Case
from models.user import User

if TYPE_CHECKING:
    from models.document import Document


class Interest(StrEnum):
    """What a member has declared before the file opens to them."""

    NONE = "none"
    CONFLICT = "conflict"
    UNSURE = "unsure"


class Stance(StrEnum):
    """The direction of an opinion."""

    SUPPORT = "support"
    CONDITIONS = "conditions"
    OPPOSE = "oppose"
    ABSTAIN = "abstain"


STANCES = {
    Stance.SUPPORT: N_("赞成"),
    Stance.CONDITIONS: N_("附条件赞成"),
    Stance.OPPOSE: N_("反对"),
    Stance.ABSTAIN: N_("弃权"),
}


class Expert(Base):
    """A member of the committee, as the register knows them."""

    __tablename__ = "expert"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    employer: Mapped[str] = mapped_column(default="")
    fields: Mapped[list[str]] = mapped_column(Json, default=list)
    # Days on which the member is not available: pairs of first and last day, as ISO dates.
    away: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    # Organisations with which the member is connected for good.
    conflicts: Mapped[list[str]] = mapped_column(Json, default=list)
    since: Mapped[date | None]
    until: Mapped[date | None]

    user: Mapped[User] = relationship(lazy="joined")


class ExpertChange(Numbered, Base):
    """One change of the register of members: who made it, when, and what was there before; it is never changed."""

    __tablename__ = "expert_change"
    __table_args__ = (Index(None, "expert_id", "id"),)

    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.user_id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(default=now)
    # By the name of what has changed: what it was, and what it is.
    data: Mapped[dict[str, Any]]

    by: Mapped[User] = relationship(lazy="joined")


class Consultation(Numbered, Base):
    """One question put to the committee on a case, and its answer."""

    __tablename__ = "consultation"
    __table_args__ = (Index(None, "case_id"),)

    # LZ-2026-000014.
    reference: Mapped[str] = mapped_column(unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    # seating, hearing, closing, short, closed, no_quorum or concluded.
    state: Mapped[str] = mapped_column(default="seating")
    # written, or meeting: opinions given on the members' own devices while they meet.
    procedure: Mapped[str] = mapped_column(default="written")
    question: Mapped[str] = mapped_column(default="")
    # The keys of the case's files and documents that are put before the committee.
    documents: Mapped[list[str]] = mapped_column(Json, default=list)
    # The keys of people who take an empty seat, in their order.
    stand_ins: Mapped[list[int]] = mapped_column(Json, default=list)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    seated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    # Raised when the ballot is held again for want of a quorum.
    round: Mapped[int] = mapped_column(default=1)
    # The day on which the ballot closes, where it is set before the limit of the register.
    closes_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    # What the count says: entitled, quorum, valid, each stance, result.
    count: Mapped[dict[str, Any]] = mapped_column(default=dict)
    advice: Mapped[str] = mapped_column(default="")
    advice_text: Mapped[str] = mapped_column(default="")
    # Whether the decision that followed kept to the advice, and if not, why; empty until there is one.
    followed: Mapped[bool | None]
    departure: Mapped[str] = mapped_column(default="")
    minutes_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    opened_at: Mapped[datetime] = mapped_column(default=now)

    case: Mapped[Case] = relationship(back_populates="consultations")
    seats: Mapped[list["Seat"]] = relationship(back_populates="consultation", order_by="Seat.id")
    opinions: Mapped[list["Opinion"]] = relationship(back_populates="consultation", order_by="Opinion.seat")
    remarks: Mapped[list["Remark"]] = relationship(back_populates="consultation", order_by="Remark.id")
    minutes: Mapped["Document | None"] = relationship()
    meeting: Mapped["Meeting | None"] = relationship(back_populates="agenda")


class Seat(Numbered, Base):
    """A person in a seat of a consultation; whoever follows in the seat has a row of their own."""

    __tablename__ = "seat"
    __table_args__ = (Index(None, "consultation_id"), Index(None, "user_id"))

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    number: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    chair: Mapped[bool] = mapped_column(default=False)
    stand_in: Mapped[bool] = mapped_column(default=False)
    interest: Mapped[Interest | None]
    interest_text: Mapped[str] = mapped_column(default="")
    declared_at: Mapped[datetime | None]
    # When the file was opened for the first time, and when an opinion was last handed in; never which.
    opened_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    # Set when the person no longer sits here: recused, or replaced by the secretary.
    left_at: Mapped[datetime | None]
    left_because: Mapped[str] = mapped_column(default="")
    present: Mapped[bool | None]

    consultation: Mapped[Consultation] = relationship(back_populates="seats")
    user: Mapped[User] = relationship(lazy="joined")


class SealedOpinion(Numbered, Base):
    """An opinion that nobody can read before the ballot closes; the last one of a seat counts."""

    __tablename__ = "sealed_opinion"
    __table_args__ = (Index(None, "consultation_id", "seat"),)

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    round: Mapped[int] = mapped_column(default=1)
    seat: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    box: Mapped[bytes] = mapped_column(LargeBinary)
    # The hash that stands in the journal: of the opinion and a number nobody can guess, which is in the box.
    commitment: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)


class Opinion(Base):
    """An opinion as it was opened at the close."""

    __tablename__ = "opinion"

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), primary_key=True)
    seat: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    stance: Mapped[Stance]
    answer: Mapped[dict[str, Any]]
    commitment: Mapped[str]
    # The number of the commitment, with which its author and anybody else can now check it.
    salt: Mapped[str]
    given_at: Mapped[datetime]

    consultation: Mapped[Consultation] = relationship(back_populates="opinions")
    user: Mapped[User] = relationship(lazy="joined")


class Remark(Numbered, Base):
    """What a member asks about the procedure or the papers, and what the secretary says to it; all members read it."""

    __tablename__ = "remark"
    __table_args__ = (Index(None, "consultation_id"),)

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    # A member's words bear no name where they are shown.
    by_secretary: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)

    consultation: Mapped[Consultation] = relationship(back_populates="remarks")


class Meeting(Numbered, Base):
    """A meeting of the committee, with several consultations on its agenda."""

    __tablename__ = "meeting"
    __table_args__ = (Index(None, "starts_at"),)

    title: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    called_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    called_at: Mapped[datetime] = mapped_column(default=now)
    cancelled_at: Mapped[datetime | None]
    # Raised with each change, as calendars need to tell an invitation from a newer one.
    sequence: Mapped[int] = mapped_column(default=0)

    agenda: Mapped[list[Consultation]] = relationship(back_populates="meeting", order_by="Consultation.id")
