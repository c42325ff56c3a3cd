"""People, the bodies they belong to, and the roles they hold there."""

from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import N_, Base, Numbered, local_day, now


class Role(StrEnum):
    """Who acts on a case; the words are those of the processes."""

    REQUESTER = "requester"
    DESK = "desk"
    OPERATOR = "operator"
    CLERK = "clerk"
    REVIEWER = "reviewer"
    DECIDER = "decider"
    SECURITY = "security"
    SECRETARY = "secretary"
    EXPERT = "expert"
    AUTHORITY = "authority"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    STEWARD = "steward"

    @property
    def title(self) -> str:  # type: ignore[override] # the word is a text, and titled here
        """Return the role's name, to be translated where it is shown."""
        return ROLE_TITLES[self]


ROLE_TITLES = {
    Role.REQUESTER: N_("申请人"),
    Role.DESK: N_("平台受理员"),
    Role.OPERATOR: N_("平台运维"),
    Role.CLERK: N_("经办人"),
    Role.REVIEWER: N_("审核员"),
    Role.DECIDER: N_("决定人"),
    Role.SECURITY: N_("数据安全员"),
    Role.SECRETARY: N_("专家委员会秘书"),
    Role.EXPERT: N_("专家委员"),
    Role.AUTHORITY: N_("主管部门"),
    Role.SUPERVISOR: N_("监督检查员"),
    Role.AUDITOR: N_("审计员"),
    Role.STEWARD: N_("配置管理员"),
}

# Roles of the opening body act on that body's cases alone (article 9); roles of the hub and
# of the lead authority act on the cases of every body.
BODY_ROLES = frozenset({Role.CLERK, Role.REVIEWER, Role.DECIDER, Role.SECURITY})
CITY_ROLES = frozenset(
    {Role.DESK, Role.OPERATOR, Role.SECRETARY, Role.AUTHORITY, Role.SUPERVISOR, Role.AUDITOR, Role.STEWARD}
)


class OrganisationKind(StrEnum):
    """What an organisation is to the opening of data."""

    HUB = "hub"
    BODY = "body"
    LEAD = "lead"
    PARTY = "party"


class Organisation(Numbered, Base):
    """A body that holds data, the hub, the lead authority, or a party that asks."""

    __tablename__ = "organisation"

    name: Mapped[str] = mapped_column(unique=True)
    name_en: Mapped[str | None]
    short: Mapped[str | None]
    kind: Mapped[OrganisationKind] = mapped_column(index=True)

    @property
    def label(self) -> str:
        """Return the short name where there is one."""
        return self.short or self.name


class User(Numbered, Base):
    """A person who signs in."""

    __tablename__ = "user"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password: Mapped[str]
    language: Mapped[str] = mapped_column(default="zh")
    created_at: Mapped[datetime] = mapped_column(default=now)
    confirmed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    # Raised at each change of password and at "sign out everywhere"; older sessions then end.
    epoch: Mapped[int] = mapped_column(default=0)

    memberships: Mapped[list["Membership"]] = relationship(back_populates="user", lazy="selectin")

    # Whoever has a row here is somebody; the edge has a class of its own for nobody.
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    @property
    def is_active(self) -> bool:
        """Say whether the person may sign in: the address is confirmed and the account open."""
        return self.confirmed_at is not None and self.closed_at is None

    def get_id(self) -> str:
        """Return what the session keeps: the key and the epoch of the password."""
        return f"{self.id}.{self.epoch}"

    @cached_property
    def offices(self) -> frozenset[tuple[Role, int]]:
        """Return the roles held today, each with the key of its organisation."""
        today = local_day(now())
        return frozenset((m.role, m.organisation_id) for m in self.memberships if m.holds_on(today))

    @property
    def roles(self) -> frozenset[Role]:
        """Return the roles held today in any organisation."""
        return frozenset(role for role, _ in self.offices)

    def bodies(self, *roles: Role) -> frozenset[int]:
        """Return the keys of the organisations in which the person holds one of these roles."""
        return frozenset(organisation for role, organisation in self.offices if role in roles)

    @property
    def is_staff(self) -> bool:
        """Say whether the person works for a body, the hub or the lead authority."""
        return bool(self.roles & (BODY_ROLES | CITY_ROLES | {Role.EXPERT}))


class Membership(Numbered, Base):
    """A role that a person holds in an organisation, from a day to a day."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("user_id", "organisation_id", "role", "since"),
        Index(None, "organisation_id", "role"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[Role]
    since: Mapped[date | None]
    until: Mapped[date | None]

    user: Mapped[User] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship(lazy="joined")

    def holds_on(self, day: date) -> bool:
        """Say whether the role is held on a day; both ends count."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Token(Numbered, Base):
    """A key with which a program signs in for a person; only its hash is kept."""

    __tablename__ = "token"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    name: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()
