"""People: who may enter, by what they prove, and what a letter may do."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from marshmallow import ValidationError
from sqlalchemy import func, select

from models import Job, User, db, now
from workflow import passwords, people, tokens
from workflow.errors import NotFound, Refused
from workflow.links import CONFIRM, HOURS, RESET, LinkExpired, Links

EMAIL, PASSWORD, OTHER = "reader@office.example", "a door stands open", "another open door"
LINKS = Links("a secret of the tests", "https://kaimen.example/")


pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def person():
    """Return a person whose address is confirmed."""
    people.sign_up(EMAIL, "读者", PASSWORD, "zh", LINKS)
    return people.confirm(token_of("confirm_address"), LINKS)


def letters(template=None):
    """Return what the letters in the outbox say, in their order."""
    written = [job.data for job in db.session.scalars(select(Job).where(Job.kind == "letter").order_by(Job.id))]
    return [data for data in written if template in (None, data["template"])]


def token_of(template):
    """Return the token in the link of the newest letter of a sort."""
    return letters(template)[-1]["link"].rpartition("/")[2]


def accounts():
    """Return how many people have an address that the tests make up."""
    return db.session.scalar(select(func.count()).select_from(User).where(User.email.endswith("@office.example")))


@pytest.mark.parametrize(
    "password", ["too short", "1234567890", "PASSWORD123", "aaaaaaaaaaaa", EMAIL, EMAIL.upper(), "x" * 201]
)
def test_a_password_that_is_easily_guessed_is_refused(password):
    with pytest.raises(ValidationError) as refused:
        people.sign_up(EMAIL, "读者", password, "zh", LINKS)
    assert list(refused.value.normalized_messages()) == ["password"]
    assert accounts() == 0


@pytest.mark.parametrize("password", ["        ten", "我家门前有两棵树哦", "aaaaaaaaab"])
def test_a_password_needs_no_mixture_of_characters(password):
    if len(password) < passwords.LEAST:
        password += "！"
    people.sign_up(EMAIL, "读者", password, "zh", LINKS)
    assert accounts() == 1


@pytest.mark.parametrize("email", ["", "reader", "reader@", "@office.example", "a b@office.example", "r@localhost"])
def test_what_cannot_be_an_address_is_refused(email):
    with pytest.raises(ValidationError):
        people.sign_up(email, "读者", PASSWORD, "zh", LINKS)
    assert accounts() == 0


def test_an_account_cannot_be_used_before_its_address_is_confirmed():
    people.sign_up(EMAIL, "读者", PASSWORD, "zh", LINKS)
    with pytest.raises(people.NotConfirmed):
        people.sign_in(EMAIL, PASSWORD)
    people.confirm(token_of("confirm_address"), LINKS)
    assert people.sign_in(EMAIL, PASSWORD).email == EMAIL


def test_that_an_address_is_unconfirmed_is_told_to_its_owner_alone():
    people.sign_up(EMAIL, "读者", PASSWORD, "zh", LINKS)
    with pytest.raises(people.WrongPassword):
        people.sign_in(EMAIL, OTHER)


@pytest.mark.parametrize(("email", "password"), [(EMAIL, OTHER), (EMAIL, ""), ("x@office.example", PASSWORD), ("", "")])
def test_nobody_enters_with_a_wrong_address_or_password(person, email, password):
    with pytest.raises(people.WrongPassword):
        people.sign_in(email, password)


def test_an_address_is_the_same_however_it_is_written(person):
    assert people.sign_in("  Reader@OFFICE.example ", PASSWORD) is person


def test_a_closed_account_looks_like_none(person):
    person.closed_at = now()
    db.session.commit()
    with pytest.raises(people.WrongPassword):
        people.sign_in(EMAIL, PASSWORD)
    people.ask_reset(EMAIL, LINKS)
    assert not letters("reset_password")


@pytest.mark.parametrize("email", [EMAIL, "nobody@office.example"])
def test_a_password_is_compared_once_whether_or_not_there_is_an_account(person, monkeypatch, email):
    compared = []
    monkeypatch.setattr(passwords, "HASHER", Counting(compared))
    monkeypatch.setattr(passwords, "_NOBODYS", [])
    with pytest.raises(people.WrongPassword):
        people.sign_in(email, OTHER)
    assert len(compared) == 1


class Counting:
    """A hasher that notes what is compared and finds nothing right."""

    def __init__(self, compared):
        self.compared = compared

    def hash(self, password):
        return "of nobody"

    def verify(self, hashed, password):
        self.compared.append(hashed)
        return False


def test_a_password_kept_with_weaker_parameters_is_kept_anew_at_sign_in(person, monkeypatch):
    weak = person.password
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
    assert passwords.outdated(weak)
    user = people.sign_in(EMAIL, PASSWORD)
    assert not passwords.outdated(user.password)
    assert user.epoch == person.epoch
    assert people.sign_in(EMAIL, PASSWORD)


def test_sign_up_with_a_known_address_changes_nothing_and_writes_to_its_owner(person):
    people.sign_up(EMAIL, "他人", OTHER, "en", LINKS)
    assert (person.name, person.language) == ("读者", "zh")
    assert people.sign_in(EMAIL, PASSWORD) is person
    assert letters()[-1] == {"template": "address_known", "audience": {"user": person.id}}


def test_whoever_confirms_gets_the_account_they_opened_and_not_one_that_was_prepared_for_them():
    people.sign_up(EMAIL, "他人", OTHER, "zh", LINKS)
    prepared = token_of("confirm_address")
    people.sign_up(EMAIL, "读者", PASSWORD, "zh", LINKS)
    with pytest.raises(LinkExpired):
        people.confirm(prepared, LINKS)
    people.confirm(token_of("confirm_address"), LINKS)
    with pytest.raises(people.WrongPassword):
        people.sign_in(EMAIL, OTHER)
    assert people.sign_in(EMAIL, PASSWORD).name == "读者"
    assert accounts() == 1


def test_a_person_gets_one_letter_of_a_sort_within_minutes(person, monkeypatch):
    for _ in range(3):
        people.ask_reset(EMAIL, LINKS)
    assert len(letters("reset_password")) == 1
    later = now() + timedelta(seconds=people.QUIET)
    monkeypatch.setattr(people, "now", lambda: later)
    people.ask_reset(EMAIL, LINKS)
    assert len(letters("reset_password")) == 2


def test_no_letter_is_written_for_an_unknown_or_a_confirmed_address(person):
    before = len(letters())
    people.ask_reset("nobody@office.example", LINKS)
    people.ask_reset("not an address", LINKS)
    people.ask_confirmation("nobody@office.example", LINKS)
    people.ask_confirmation(EMAIL, LINKS)
    assert len(letters()) == before


def test_a_link_leads_to_the_public_address_and_does_what_it_was_made_for_alone(person):
    people.ask_reset(EMAIL, LINKS)
    assert letters("reset_password")[0]["link"].startswith("https://kaimen.example/reset/")
    token = token_of("reset_password")
    for wrong in (token[:-1], token + "x", "", "…", token.replace(".", "")):
        with pytest.raises(LinkExpired):
            LINKS.read(RESET, wrong)
    with pytest.raises(LinkExpired):
        LINKS.read(CONFIRM, token)
    with pytest.raises(LinkExpired):
        Links("another secret", "https://kaimen.example").read(RESET, token)
    assert LINKS.read(RESET, token) is person


@pytest.mark.parametrize("purpose", [CONFIRM, RESET])
def test_a_link_ends_with_its_time(person, monkeypatch, purpose):
    token = LINKS.make(purpose, person).rpartition("/")[2]
    monkeypatch.setitem(HOURS, purpose, -1)
    with pytest.raises(LinkExpired):
        LINKS.read(purpose, token)


def test_a_reset_ends_sessions_and_tokens_and_its_own_link(person):
    _made, secret = tokens.create_token(person, "a script", ["read"], 30)
    people.ask_reset(EMAIL, LINKS)
    token, before = token_of("reset_password"), person.get_id()
    with pytest.raises(ValidationError):
        people.reset(token, "short", LINKS)
    people.reset(token, OTHER, LINKS)
    assert person.get_id() != before
    assert tokens.token_for(secret) is None
    with pytest.raises(LinkExpired):
        people.reset(token, "a third open door", LINKS)
    with pytest.raises(people.WrongPassword):
        people.sign_in(EMAIL, PASSWORD)
    assert people.sign_in(EMAIL, OTHER) is person


def test_a_reset_proves_the_address():
    people.sign_up(EMAIL, "读者", PASSWORD, "zh", LINKS)
    people.ask_reset(EMAIL, LINKS)
    people.reset(token_of("reset_password"), OTHER, LINKS)
    assert people.sign_in(EMAIL, OTHER).is_active


def test_a_password_is_changed_by_whoever_knows_it(person):
    before = person.get_id()
    with pytest.raises(ValidationError) as refused:
        people.change_password(person, OTHER, OTHER)
    assert list(refused.value.normalized_messages()) == ["current"]
    with pytest.raises(ValidationError):
        people.change_password(person, PASSWORD, "short")
    assert person.get_id() == before
    people.change_password(person, PASSWORD, OTHER)
    assert person.get_id() != before
    assert people.sign_in(EMAIL, OTHER) is person


def test_sign_out_everywhere_ends_the_sessions_that_there_are(person):
    before = person.get_id()
    people.sign_out_everywhere(person)
    assert person.get_id() != before


def test_a_tokens_secret_is_nowhere_kept(person):
    made, secret = tokens.create_token(person, "a script", ["write", "read"], 30)
    kept = {column.name: str(getattr(made, column.name)) for column in made.__table__.columns}
    assert not [name for name, value in kept.items() if secret in value or secret.removeprefix(tokens.PREFIX) in value]
    assert made.scopes == ["read", "write"]


@pytest.mark.parametrize(
    ("scopes", "days"), [([], 30), (["admin"], 30), (["read", "admin"], 30), (["read"], 0), (["read"], 367)]
)
def test_a_token_has_known_scopes_and_an_end(person, scopes, days):
    with pytest.raises(ValidationError):
        tokens.create_token(person, "a script", scopes, days)


def test_a_token_acts_until_it_is_revoked_or_its_time_or_its_person_ends(person):
    made, secret = tokens.create_token(person, "a script", ["read"], 30)
    assert tokens.token_for("") is None
    assert tokens.token_for(made.hash) is None
    assert tokens.token_for(secret) is made
    made.expires_at = now() - timedelta(seconds=1)
    assert tokens.token_for(secret) is None
    made.expires_at = now() + timedelta(days=1)
    person.closed_at = now()
    assert tokens.token_for(secret) is None
    person.closed_at = None
    assert tokens.token_for(secret) is made
    tokens.revoke(person, made.id)
    assert tokens.token_for(secret) is None


def test_nobody_revokes_the_token_of_another(person):
    made, secret = tokens.create_token(person, "a script", ["read"], 30)
    stranger = people.invite("stranger@office.example", "他人")
    for user, number in ((stranger, made.id), (person, made.id + 1)):
        with pytest.raises(NotFound):
            tokens.revoke(user, number)
    assert tokens.token_for(secret) is made


def test_an_account_that_a_stranger_opened_in_advance_is_not_theirs_once_its_owner_is_invited():
    people.sign_up(EMAIL, "陌生人", PASSWORD, "zh", LINKS)
    owner = people.invite(EMAIL, "管理员")
    assert (owner.name, owner.is_active) == ("管理员", True)
    with pytest.raises(Refused):
        people.sign_in(EMAIL, PASSWORD)


def test_an_invitation_changes_nothing_of_an_account_in_use(person):
    people.invite(EMAIL, "别的名字")
    assert people.sign_in(EMAIL, PASSWORD).name == "读者"
