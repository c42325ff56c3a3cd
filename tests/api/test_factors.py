"""The pages of the second factor: set up after the password, its codes shown once, moved and switched off by a code."""

import re

import pyotp
import pytest
from lxml import html

from models import Factor, RecoveryCode, User, db
from workflow import factors, passwords

PLACE, PASSWORD = "/account/second-factor", "a door stands open"


@pytest.fixture
def client(app, people, client_of):
    """Return the client of a person who knows their password."""
    with app.app_context():
        person_of(people).password = passwords.kept(PASSWORD)
        db.session.commit()
    return client_of(people.citizen)


def person_of(people) -> User:
    return db.session.scalars(db.select(User).where(User.email == people.citizen)).one()


def send(client, verb, **form):
    """Send a form of the page as a browser does."""
    proof = re.search(r'name="csrf_token" value="([^"]+)"', client.get(PLACE).text)[1]
    return client.post(f"{PLACE}/{verb}", data={"csrf_token": proof, **form})


def begun(client) -> str:
    """Begin to set a device up, and return its secret as the page shows it."""
    assert send(client, "begin", password=PASSWORD).status_code == 303
    return html.fromstring(client.get(PLACE).text).xpath("string(//code)").replace(" ", "")


def code_of(secret: str, shift: int = 0) -> str:
    """Return the code of a device so many half minutes from now."""
    return pyotp.TOTP(secret).at(int(factors.now().timestamp()) + 30 * shift)


def shown(page) -> list[str]:
    """Return the recovery codes on a page."""
    return re.findall(r"<code>([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</code>", page.text)


def enrolled(client) -> tuple[str, list[str]]:
    secret = begun(client)
    return secret, shown(send(client, "confirm", code=code_of(secret)))


def used(app) -> None:
    """Forget which code was used last, as the next half minute would."""
    with app.app_context():
        db.session.execute(db.update(Factor).values(last_step=0))
        db.session.commit()


def test_whoever_has_not_signed_in_is_asked_to(app):
    for path in (PLACE, f"{PLACE}/code.svg"):
        response = app.test_client().get(path)
        assert (response.status_code, response.location) == (303, f"/sign-in?next={path}")


def test_the_account_says_how_it_stands_and_leads_there(client):
    assert f'href="{PLACE}"' in client.get("/account").text
    assert "还没有启用" in client.get("/account").text
    enrolled(client)
    assert "管理两步验证" in client.get("/account").text


def test_setting_up_takes_the_password(app, client):
    for form in ({}, {"password": "wrong"}):
        response = send(client, "begin", **form)
        assert response.status_code == 422
        assert 'aria-invalid="true"' in response.text
    with app.app_context():
        assert db.session.scalars(db.select(Factor)).all() == []


def test_the_picture_is_there_only_while_a_device_is_set_up_and_nobody_elses(client, client_of, people):
    assert client.get(f"{PLACE}/code.svg").status_code == 404
    secret = begun(client)
    picture = client.get(f"{PLACE}/code.svg")
    assert (picture.status_code, picture.mimetype) == (200, "image/svg+xml")
    assert "no-store" in picture.headers["Cache-Control"]
    assert client_of(people.stranger).get(f"{PLACE}/code.svg").status_code == 404
    send(client, "confirm", code=code_of(secret))
    assert client.get(f"{PLACE}/code.svg").status_code == 404


def test_the_picture_holds_the_secret_that_is_written_below_it(client, monkeypatch):
    secret, drawn = begun(client), []
    monkeypatch.setattr("api.factors.segno.make", lambda text, **_: drawn.append(text) or _Nothing())
    client.get(f"{PLACE}/code.svg")
    read = pyotp.parse_uri(drawn[0])
    assert (read.secret, read.issuer) == (secret, "Kaimen")


class _Nothing:
    def save(self, *_, **__):
        """Draw nothing."""


def test_recovery_codes_are_shown_once(client):
    secret, codes = enrolled(client)
    assert len(set(codes)) == factors.RECOVERY_CODES
    page = client.get(PLACE).text
    assert "还有 10 个恢复码" in page
    assert secret not in page.replace(" ", "")
    assert not any(code in page for code in codes)


def test_a_wrong_first_code_leaves_the_device_out_of_use(app, client):
    secret = begun(client)
    right = {code_of(secret, shift) for shift in range(-2, 3)}
    wrong = next(code for code in (str(digit) * 6 for digit in range(10)) if code not in right)
    response = send(client, "confirm", code=wrong)
    assert response.status_code == 422
    assert "验证码不对" in response.text
    assert wrong not in response.text
    assert "还没有启用" in client.get("/account").text


def test_another_device_takes_over_by_a_code_of_the_first(app, client):
    _, codes = enrolled(client)
    new = begun(client)
    assert send(client, "confirm", code=code_of(new)).status_code == 422
    assert send(client, "confirm", code=code_of(new), current="aaaa-aaaa-aaaa").status_code == 422
    page = send(client, "confirm", code=code_of(new), current=codes[0])
    assert len(shown(page)) == factors.RECOVERY_CODES
    used(app)
    assert send(client, "off", code=code_of(new)).status_code == 303


def test_new_recovery_codes_and_switching_off_take_a_code(app, client):
    _, codes = enrolled(client)
    for verb in ("codes", "off"):
        assert send(client, verb).status_code == 422
        assert send(client, verb, code="aaaa-aaaa-aaaa").status_code == 422
    again = shown(send(client, "codes", code=codes[0]))
    assert len(again) == factors.RECOVERY_CODES
    assert send(client, "off", code=codes[1]).status_code == 422
    assert send(client, "off", code=again[0]).status_code == 303
    with app.app_context():
        assert db.session.scalars(db.select(RecoveryCode)).all() == []
        assert db.session.scalars(db.select(Factor)).all() == []


def test_too_many_wrong_codes_close_it_for_a_while_and_the_page_says_how_long(client):
    enrolled(client)
    for _ in range(factors.FREE):
        send(client, "off", code="aaaa-aaaa-aaaa")
    response = send(client, "off", code="aaaa-aaaa-aaaa")
    assert response.status_code == 422
    assert "1 分钟后再试" in response.text


def test_a_person_who_came_to_sign_goes_back_there_and_nowhere_else(client):
    for target, there in (("/requester/cases/SQ-2026-000001/sign_agreement", True), ("https://evil.example/", False)):
        send(client, "begin", password=PASSWORD, next=target)
        page = client.get(f"{PLACE}?next={target}").text
        secret = html.fromstring(page).xpath("string(//code)").replace(" ", "")
        with_next = send(client, "confirm", code=code_of(secret), next=target)
        assert (f'href="{target}"' in with_next.text) is there
        used_codes = shown(with_next)
        assert send(client, "off", code=used_codes[0]).status_code == 303


def test_a_form_without_proof_of_origin_does_nothing(app, client):
    assert client.post(f"{PLACE}/begin", data={"password": PASSWORD}).status_code == 400
    with app.app_context():
        assert db.session.scalars(db.select(Factor)).all() == []
