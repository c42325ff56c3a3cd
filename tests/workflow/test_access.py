"""Who may read which case: one rule, asked of the database for lists and of a case at hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import (
    BODY_ROLES,
    CITY_ROLES,
    Case,
    CaseStatus,
    Membership,
    Organisation,
    OrganisationKind,
    Role,
    User,
    WorkItem,
    WorkState,
    db,
)
from tests import hourglass
from tests.undone import undone
from workflow import access, audience, calendar, casework, definitions
from workflow.errors import NotFound

STATES = st.sampled_from(list(CaseStatus))
# A role's first and last day, counted from today.
TIMES = st.tuples(st.none() | st.integers(-2, 2), st.none() | st.integers(-2, 2))
OFFICES = st.tuples(st.sampled_from(list(Role)), st.integers(0, 3), TIMES)
POPULATIONS = st.lists(st.lists(OFFICES, max_size=4, unique_by=lambda office: office[:2]), min_size=2, max_size=5)
CASES = st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 3), STATES), min_size=1, max_size=8)


def settle(population, cases) -> tuple[list[User], list[Case]]:
    """Put people with their offices, and cases, into four bodies."""
    today, definition = calendar.today(), definitions.current("demand")
    kind = OrganisationKind.BODY
    bodies = [Organisation(name=f"单位 {number}", kind=kind) for number in range(4)]
    people = [User(email=f"{number}@random.example", name="人", password="") for number in range(len(population))]
    db.session.add_all([*bodies, *people])
    db.session.flush()
    for person, offices in zip(people, population, strict=True):
        for role, body, (since, until) in offices:
            days = [None if day is None else today + timedelta(days=day) for day in (since, until)]
            office = {"user_id": person.id, "organisation_id": bodies[body].id, "role": role}
            db.session.add(Membership(**office, since=days[0], until=days[1]))
    opened = [
        Case(
            reference=f"XQ-1-{number}",
            kind="demand",
            status=status,
            requester_id=people[requester % len(people)].id,
            body_id=None if body is None else bodies[body].id,
            definition=definition,
        )
        for number, (requester, body, status) in enumerate(cases)
    ]
    db.session.add_all(opened)
    db.session.commit()
    for person in people:
        db.session.refresh(person, ["memberships"])
    return people, opened


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(population=POPULATIONS, cases=CASES)
def test_the_list_and_the_case_at_hand_agree_for_everybody(app, population, cases):
    with undone(app):
        people, opened = settle(population, cases)
        for person in people:
            listed = set(db.session.scalars(access.visible_to(person)))
            assert listed & set(opened) == {case for case in opened if access.may_see(person, case)}
            for case in opened:
                if case in listed:
                    assert access.find(case.reference, person) is case
                else:
                    with pytest.raises(NotFound):
                        access.find(case.reference, person)
                drafted = case.status is CaseStatus.DRAFT and case.requester_id != person.id
                assert not (drafted and access.may_see(person, case))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(population=POPULATIONS, cases=CASES)
def test_a_person_acts_in_the_roles_held_today_and_of_a_body_on_its_cases_alone(app, population, cases):
    with undone(app):
        people, opened = settle(population, cases)
        for person, offices in zip(people, population, strict=True):
            held = {
                (role, f"单位 {body}") for role, body, (since, until) in offices if (since or 0) <= 0 <= (until or 0)
            }
            for case in opened:
                own = {role for role, body in held if role in BODY_ROLES and case.body and body == case.body.name}
                city = {role for role, _ in held if role in CITY_ROLES}
                asked = {Role.REQUESTER} if case.requester_id == person.id else set()
                assert access.roles_on(person, case) == own | city | asked


@pytest.mark.usefixtures("context")
def test_nobody_reads_anything_without_signing_in(walker):
    case = walker.at("assess_demand")
    assert db.session.scalars(access.visible_to(None)).all() == []
    with pytest.raises(NotFound):
        access.find(case.reference, None)


EVERYBODY = (
    "stranger", "desk", "steward", "authority", "auditor", "clerk", "reviewer", "decider", "security", "other_clerk",
    "other_reviewer", "other_decider",
)  # fmt: skip


@pytest.mark.usefixtures("context")
def test_a_draft_is_read_by_nobody_but_its_requester(walker):
    demand, listing = walker.at("submit_demand"), walker.listing()
    for word in EVERYBODY:
        person = walker.person(word)
        assert not access.may_see(person, demand)
        with pytest.raises(NotFound):
            access.find(demand.reference, person)
        assert access.may_see(person, listing) is (word == "clerk")
        waits = db.select(WorkItem.case_id).where(access.waiting_for(person))
        assert demand.id not in db.session.scalars(waits).all()
    assert access.find(demand.reference, walker.person("citizen")) is demand
    assert access.find(listing.reference, walker.person("clerk")) is listing


@pytest.mark.usefixtures("context")
def test_a_draft_is_not_given_back_to_the_group(walker):
    listing = walker.listing()
    clerk = walker.person("clerk")
    casework.release(listing, "describe_dataset", actor=clerk)
    holder = db.select(WorkItem.holder_id).where(WorkItem.case_id == listing.id, WorkItem.state == WorkState.OPEN)
    assert set(db.session.scalars(holder)) == {clerk.id}


READS = {
    "stranger": False, "steward": False, "other_clerk": False, "other_reviewer": False, "other_decider": False,
    "citizen": True, "desk": True, "authority": True, "auditor": True,
    "clerk": True, "reviewer": True, "decider": True, "security": True,
}  # fmt: skip


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("word", READS)
def test_a_case_is_read_by_its_requester_its_body_and_those_who_serve_the_city(walker, word):
    case = walker.at("assess_demand")
    assert access.may_see(walker.person(word), case) is READS[word]


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("days", [{"until": -1}, {"since": 1}])
@pytest.mark.parametrize("word", ["clerk", "desk"])
def test_who_no_longer_or_does_not_yet_hold_an_office_reads_nothing(walker, word, days):
    case, person = walker.at("assess_demand"), walker.person(word)
    assert access.may_see(person, case)
    for name, day in days.items():
        setattr(person.memberships[0], name, calendar.today() + timedelta(days=day))
    db.session.commit()
    db.session.expunge_all()
    person, case = walker.person(word), db.session.get_one(Case, case.id)
    assert not access.may_see(person, case)
    assert access.roles_on(person, case) == frozenset()
    with pytest.raises(NotFound):
        access.find(case.reference, person)


@pytest.mark.usefixtures("context")
def test_an_office_is_held_from_midnight_to_midnight_in_shanghai(walker, monkeypatch):
    case, person = walker.at("assess_demand"), walker.person("clerk")
    body, day = person.memberships[0].organisation_id, date(2026, 11, 24)
    person.memberships[0].since = person.memberships[0].until = day
    db.session.commit()
    glass = hourglass.install(monkeypatch, datetime(2026, 11, 23, 15, 59, tzinfo=UTC))
    for minutes, held in ((0, False), (1, True), (24 * 60 - 1, True), (1, False)):
        glass.let_pass(minutes=minutes)
        db.session.expunge_all()
        assert bool(walker.person("clerk").roles) is held
        told = audience.persons(db.session, [{"role": "clerk", "organisation": body}], "task_waiting", case)
        assert (walker.person("clerk") in told) is held


@pytest.mark.usefixtures("context")
def test_who_asks_for_one_party_is_not_the_requester_of_another_case(walker):
    case, other = walker.at("clarify_demand"), walker.person("stranger")
    party = db.session.scalar(db.select(Organisation.id).where(Organisation.kind == OrganisationKind.PARTY))
    db.session.add(Membership(user_id=other.id, organisation_id=party, role=Role.REQUESTER))
    db.session.commit()
    db.session.expunge_all()
    other, case = walker.person("stranger"), db.session.get_one(Case, case.id)
    assert (Role.REQUESTER, party) in other.offices
    assert access.roles_on(other, case) == frozenset()
