"""The pages on which a steward gives and ends roles."""

import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import func, select

from api.worker import background_of
from models import Letter, Membership, OrganisationKind, Role, User, db
from workflow import calendar, factors, offices, passwords, people

PASSWORD = "a door stands open"
PLACES = {Role.STEWARD: OrganisationKind.HUB, Role.AUDITOR: OrganisationKind.LEAD, Role.CLERK: OrganisationKind.BODY}


@pytest.fixture
def numbers(app):
    """Return the keys of a steward, an auditor, a clerk and a citizen, and of the clerk's body and membership."""
    made = {}
    with app.app_context():
        hashed = passwords.kept(PASSWORD)
        for role in (*PLACES, None):
            word = role.value if role else "citizen"
            user = people.invite(f"{word}@office.example", word)
            user.password = hashed
            if role:
                place = offices.organisation(f"示例{word}", PLACES[role])
                made["place"], made["held"] = place.id, offices.appoint(user, place, role, None, None, by=None).id
            made[word] = user.id
        db.session.commit()
    return made


@pytest.fixture
def as_(app, numbers):
    """Return a function that signs somebody in."""

    def enter(word):
        client = app.test_client()
        assert send(client, "/sign-in", email=f"{word}@office.example", password=PASSWORD).status_code == 303
        return client

    return enter


def send(client, path, page=None, **form):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page or path).text)[1]
    return client.post(path, data={"csrf_token": token, **form})


def roles_of(app, number):
    with app.app_context():
        return db.session.get(User, number).roles


def test_who_holds_which_role_is_shown_to_steward_and_auditor_alone(app, numbers, as_):
    for path in ("/people", f"/people/{numbers['clerk']}"):
        assert app.test_client().get(path).status_code == 303
        for word, status in (("citizen", 404), ("clerk", 404), ("auditor", 200), ("steward", 200)):
            assert as_(word).get(path).status_code == status, (word, path)


def test_only_a_steward_gives_and_ends_roles(app, numbers, as_):
    citizen = f"/people/{numbers['citizen']}"
    ending = f"/people/{numbers['clerk']}/memberships/{numbers['held']}/end"
    form = {"organisation": numbers["place"], "role": "reviewer"}
    for word in ("citizen", "clerk", "auditor"):
        client = as_(word)
        assert send(client, citizen, page="/account", **form).status_code == 404
        assert send(client, ending, page="/account", until="2020-01-01").status_code == 404
    assert roles_of(app, numbers["citizen"]) == set()
    client = as_("steward")
    assert send(client, citizen, **form).status_code == 303
    assert roles_of(app, numbers["citizen"]) == {Role.REVIEWER}
    yesterday = (calendar.today() - timedelta(days=1)).isoformat()
    assert send(client, ending, page=citizen, until=yesterday).status_code == 303
    assert roles_of(app, numbers["clerk"]) == set()
    with app.app_context():
        assert db.session.get(Membership, numbers["held"]) is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"role": "desk"},
        {"role": "king"},
        {"organisation": "99"},
        {"organisation": "x"},
        {"since": "soon"},
        {"since": "2026-02-01", "until": "2026-01-01"},
    ],
)
def test_a_role_is_not_given_where_it_cannot_be(app, numbers, as_, wrong):
    form = {"organisation": numbers["place"], "role": "reviewer", **wrong} if wrong else {}
    refused = send(as_("steward"), f"/people/{numbers['citizen']}", **form)
    assert refused.status_code == 422
    assert "km-summary" in refused.text
    assert roles_of(app, numbers["citizen"]) == set()


def test_a_steward_cannot_change_their_own_roles(app, numbers, as_):
    client, own = as_("steward"), f"/people/{numbers['steward']}"
    assert "<form" not in client.get(own).text.partition("<main")[2].partition("</main>")[0]
    assert send(client, own, page="/account", organisation=numbers["place"], role="clerk").status_code == 403
    assert roles_of(app, numbers["steward"]) == {Role.STEWARD}


def test_a_role_is_ended_under_its_own_person_alone(app, numbers, as_):
    path = f"/people/{numbers['citizen']}/memberships/{numbers['held']}/end"
    assert send(as_("steward"), path, page=f"/people/{numbers['citizen']}", until="2020-01-01").status_code == 404
    assert roles_of(app, numbers["clerk"]) == {Role.CLERK}


def test_people_are_found_by_name_and_by_organisation(numbers, as_):
    client = as_("steward")
    found = client.get("/people", query_string={"q": "clerk"}).text
    assert "clerk@office.example" in found
    assert "auditor@office.example" not in found
    found = client.get("/people", query_string={"organisation": numbers["place"]}).text
    assert "clerk@office.example" in found
    assert "auditor@office.example" not in found
    for nonsense in ({"page": "0"}, {"page": "x"}, {"organisation": "x"}, {"q": "x" * 101}, {"page": "9999"}):
        assert client.get("/people", query_string=nonsense).status_code == 200, nonsense


def test_long_lists_are_turned_page_by_page(app, numbers, as_):
    with app.app_context():
        db.session.add_all(User(email=f"{n}@x.example", name=f"{n:03}", password="-") for n in range(20))
        db.session.commit()
        total = db.session.scalar(select(func.count()).select_from(User))
    client = as_("steward")
    first, second = client.get("/people").text, client.get("/people?page=2").text
    listed = [re.findall(r'class="km-title" href="/people/(\d+)"', page) for page in (first, second)]
    assert len(listed[0]) == 30
    assert len({*listed[0], *listed[1]}) == total
    assert 'rel="next"' in first
    assert 'rel="next"' not in second


LOST = {"reason": "本人持身份证到窗口提出，已核对。", "checked": "true"}


def enrolled(app, number) -> list[str]:
    """Give a person a second factor, and return its recovery codes."""
    with app.app_context():
        person = db.session.get(User, number)
        factors.begin(person)
        return factors.confirm(person, pyotp.TOTP(factors.pending(person)).at(factors.now()))


def has_factor(app, number) -> bool:
    with app.app_context():
        return factors.enrolled(db.session.get(User, number))


def test_only_a_steward_resets_a_lost_second_factor_and_nobody_their_own(app, numbers, as_):
    for word in ("clerk", "steward"):
        enrolled(app, numbers[word])
    path = f"/people/{numbers['clerk']}"
    for word in ("citizen", "clerk", "auditor"):
        assert send(as_(word), f"{path}/second-factor", page="/account", **LOST).status_code == 404, word
    assert app.test_client().post(f"{path}/second-factor", data=LOST).status_code in (303, 400)
    own = f"/people/{numbers['steward']}"
    assert send(as_("steward"), f"{own}/second-factor", page="/account", **LOST).status_code == 403
    for word in ("clerk", "steward"):
        assert has_factor(app, numbers[word])
    assert "second-factor" not in as_("auditor").get(path).text


@pytest.mark.parametrize("left_out", ["reason", "checked"])
def test_a_reset_without_a_reason_or_without_making_sure_changes_nothing(app, numbers, as_, left_out):
    enrolled(app, numbers["clerk"])
    path = f"/people/{numbers['clerk']}"
    said = {name: value for name, value in LOST.items() if name != left_out}
    answer = send(as_("steward"), f"{path}/second-factor", page=path, **said)
    assert answer.status_code == 422
    assert f'id="f-{left_out}"' in answer.text
    assert left_out == "reason" or LOST["reason"] in answer.text
    assert has_factor(app, numbers["clerk"])
    with app.app_context():
        assert factors.resets(db.session.get(User, numbers["clerk"])) == []


def test_a_reset_is_written_down_told_and_leads_to_a_new_device(app, numbers, as_):
    old = enrolled(app, numbers["clerk"])
    path, steward = f"/people/{numbers['clerk']}", as_("steward")
    assert send(steward, f"{path}/second-factor", page=path, **LOST).status_code == 303
    assert not has_factor(app, numbers["clerk"])
    background_of(app).work()
    with app.app_context():
        person = db.session.get(User, numbers["clerk"])
        [done] = factors.resets(person)
        assert (done.by_id, done.reason) == (numbers["steward"], LOST["reason"])
        letter = db.session.scalars(select(Letter).where(Letter.template == "factor_reset")).one()
        assert letter.user_id == person.id
        assert LOST["reason"] in letter.text
        with pytest.raises(factors.NotEnrolled):
            factors.demand(person, old[0])
    for word in ("steward", "auditor"):
        assert LOST["reason"] in as_(word).get(path).text
    assert send(steward, f"{path}/second-factor", page=path, **LOST).status_code == 409
    assert len(enrolled(app, numbers["clerk"])) == factors.RECOVERY_CODES
