"""Offices: who holds which role in which organisation, from a day to a day."""

import logging
from collections.abc import Mapping
from datetime import date, timedelta

from marshmallow import ValidationError
from sqlalchemy import Select, func, or_, select

from models import BODY_ROLES, N_, Membership, Organisation, OrganisationKind, Role, User, db
from workflow import calendar
from workflow.errors import NotFound, Refused

log = logging.getLogger(__name__)

# Which roles there are in which organisation (domain.md, section 4; Order 21, articles 4, 5, 6 and 9).
OFFICES: Mapping[OrganisationKind, tuple[Role, ...]] = {
    OrganisationKind.BODY: tuple(role for role in Role if role in BODY_ROLES),
    OrganisationKind.HUB: (Role.DESK, Role.OPERATOR, Role.STEWARD),
    OrganisationKind.LEAD: (Role.SECRETARY, Role.EXPERT, Role.AUTHORITY, Role.SUPERVISOR, Role.AUDITOR),
    OrganisationKind.PARTY: (Role.REQUESTER,),
}


class OwnOffice(Refused):
    """Nobody changes their own roles; ask another steward."""

    status = 403


def organisation(
    name: str, kind: OrganisationKind, short: str | None = None, name_en: str | None = None
) -> Organisation:
    """Return the organisation with a name, made at the first call; the names it already has stay.

    :param kind: what it is to the opening of data; the catalogue, which brings organisations too, knows bodies alone
    """
    found = db.session.scalar(select(Organisation).where(Organisation.name == name))
    if found is None:
        found = Organisation(name=name, kind=kind)
        db.session.add(found)
    found.kind = kind
    found.short = found.short or short
    found.name_en = found.name_en or name_en
    db.session.flush()
    return found


def appoint(
    user: User, place: Organisation, role: Role, since: date | None, until: date | None, by: User | None
) -> Membership:
    """Give a person a role in an organisation.

    A role that has ended may be given again; each time it is held keeps a row of its own.

    :param since: the first day, or none when it has always been held
    :param until: the last day, or none while no end is foreseen
    :param by: who decides this; none for the command line
    :raises OwnOffice: people cannot appoint themselves
    :raises ValidationError: the organisation has no such role, the days are in the wrong order, or it is held already
    """
    _refuse_own(user, by)
    if role not in OFFICES[place.kind]:
        raise ValidationError({"role": [N_("这个单位没有这个角色")]})
    if since and until and until < since:
        raise ValidationError({"until": [N_("结束日期不能早于开始日期")]})
    where = (Membership.user_id == user.id, Membership.organisation_id == place.id, Membership.role == role)
    # Two stewards who appoint the same person at once come here one after the other.
    db.session.refresh(user, with_for_update={"of": User})
    begins = since or calendar.today()
    if any(row.until is None or row.until >= begins for row in db.session.scalars(select(Membership).where(*where))):
        raise ValidationError({"role": [N_("这个人已经有这个角色")]})
    held = Membership(user=user, organisation=place, role=role, since=since, until=until)
    db.session.add(held)
    db.session.commit()
    log.info("membership %s: person %s, %s of organisation %s, by %s", held.id, user.id, role, place.id, _key(by))
    return held


def dismiss(membership_id: int, last_day: date, by: User | None) -> Membership:
    """End a role; nothing is deleted, so that it stays known who held it when.

    :param last_day: the last day on which it is held
    :raises NotFound: there is no such membership
    :raises OwnOffice: people cannot dismiss themselves
    :raises ValidationError: the day lies before the first
    """
    held = db.session.get(Membership, membership_id)
    if held is None:
        raise NotFound()
    _refuse_own(held.user, by)
    if held.since and last_day < held.since - timedelta(days=1):
        raise ValidationError({"until": [N_("结束日期不能早于开始日期")]})
    held.until = last_day
    db.session.commit()
    log.info("membership %s ends on %s, by %s", held.id, last_day, _key(by))
    return held


def people(words: str = "", organisation_id: int | None = None) -> Select[User]:
    """Return the select of people by a part of name or address, and by an organisation in which they hold a role."""
    found = select(User).order_by(User.name, User.id)
    for word in words.split():
        columns = (User.name, User.email)
        found = found.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    if organisation_id is not None:
        members = select(Membership.user_id).where(Membership.organisation_id == organisation_id)
        found = found.where(User.id.in_(members))
    return found


def count(found: Select[User]) -> int:
    """Return how many people a select finds."""
    return db.session.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0


def _refuse_own(user: User, by: User | None) -> None:
    if by is not None and by.id == user.id:
        raise OwnOffice()


def _key(user: User | None) -> str:
    return str(user.id) if user else "the command line"
