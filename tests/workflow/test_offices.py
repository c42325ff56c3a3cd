"""Offices: who may be given which role, by whom, and for how long."""

from datetime import timedelta

import pytest
from marshmallow import ValidationError
from sqlalchemy import select

from models import Membership, OrganisationKind, Role, db
from workflow import calendar, offices, people
from workflow.errors import NotFound

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def person():
    """Return somebody without a role."""
    return people.invite("reader@office.example", "读者")


@pytest.fixture
def body():
    """Return a body that opens data."""
    return offices.organisation("示例局", OrganisationKind.BODY)


def test_an_organisation_gives_its_own_roles_alone(person, body):
    for role in set(Role) - {Role.CLERK, Role.REVIEWER, Role.DECIDER, Role.SECURITY}:
        with pytest.raises(ValidationError):
            offices.appoint(person, body, role, None, None, by=None)
    offices.appoint(person, body, Role.CLERK, None, None, by=None)
    assert person.offices == {(Role.CLERK, body.id)}


def test_every_role_is_given_by_exactly_one_kind_of_organisation():
    given = [role for roles in offices.OFFICES.values() for role in roles]
    assert sorted(given) == sorted(Role)


def test_nobody_changes_their_own_roles(person, body):
    with pytest.raises(offices.OwnOffice):
        offices.appoint(person, body, Role.CLERK, None, None, by=person)
    held = offices.appoint(person, body, Role.CLERK, None, None, by=None)
    with pytest.raises(offices.OwnOffice):
        offices.dismiss(held.id, calendar.today(), by=person)
    assert held.until is None


def test_a_role_is_held_once_and_ends_without_being_forgotten(person, body):
    today = calendar.today()
    with pytest.raises(ValidationError):
        offices.appoint(person, body, Role.CLERK, today, today - timedelta(days=1), by=None)
    held = offices.appoint(person, body, Role.CLERK, today, None, by=None)
    with pytest.raises(ValidationError):
        offices.appoint(person, body, Role.CLERK, today, None, by=None)
    with pytest.raises(NotFound):
        offices.dismiss(held.id + 1, today, by=None)
    offices.dismiss(held.id, today, by=None)
    assert held.holds_on(today)
    assert not held.holds_on(today + timedelta(days=1))
    assert db.session.scalars(select(Membership).where(Membership.user_id == person.id)).one() is held


def test_people_are_found_by_every_word_of_name_or_address(person, body):
    other = people.invite("clerk@bureau.example", "经办 甲")
    assert list(db.session.scalars(offices.people("读者"))) == [person]
    everybody = offices.count(offices.people())
    assert list(db.session.scalars(offices.people("经办 BUREAU"))) == [other]
    assert list(db.session.scalars(offices.people("经办 office"))) == []
    assert list(db.session.scalars(offices.people("%"))) == []
    assert everybody > offices.count(offices.people("office.example")) == 1
    offices.appoint(other, body, Role.CLERK, None, None, by=None)
    assert list(db.session.scalars(offices.people(organisation_id=body.id))) == [other]


def test_a_role_given_again_keeps_the_time_before_it(person, body):
    today = calendar.today()
    offices.appoint(person, body, Role.CLERK, today - timedelta(days=9), today - timedelta(days=5), by=None)
    offices.appoint(person, body, Role.CLERK, today, None, by=None)
    begun = db.session.scalars(
        select(Membership.since).where(Membership.user_id == person.id).order_by(Membership.since)
    )
    assert list(begun) == [today - timedelta(days=9), today]
