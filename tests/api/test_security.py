"""Guards: forged and expired forms, too many attempts, and what browsers are told."""

import os
import re

import pytest
from flask import render_template_string, url_for
from flask_login import login_required

from api import create_app
from api.security import POLICY, FormView
from models import db
from tests.conftest import lent
from workflow import passwords, people

EMAIL, PASSWORD = "reader@office.example", "a door stands open"
TEXT = "公交刷卡客流，按站点和小时，用于研究换乘"


class Note(FormView):
    """A page whose form keeps its text."""

    written: list[str] = []

    def get(self):
        return "form"

    def post(self):
        self.written.append("post")
        return "written"

    def expired(self):
        return "once more"


def add_pages(app):
    """Add a page of each sort: one whose form keeps its text, and one that only takes a form."""
    app.add_url_rule("/note", view_func=Note.as_view("note"))
    app.add_url_rule("/plain", "plain", lambda: "written", methods=["GET", "POST"])
    app.add_url_rule("/mine", "mine", login_required(lambda: "mine"), methods=["GET", "POST"])


@pytest.fixture
def app(database_url, tmp_path, kept):
    """Return a service with pages of its own."""
    yield from lent(kept(database_url, tmp_path, add_pages))


@pytest.fixture(autouse=True)
def unwritten(monkeypatch):
    """Forget what other tests have written."""
    monkeypatch.setattr(Note, "written", [])


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def counting(tmp_path):
    """Return a service that counts attempts, with one person."""
    app = create_app({"DATA_DIR": str(tmp_path), "SIGN_IN_RATE": "3 per minute", "ACCOUNT_RATE": "2 per minute"})
    with app.app_context():
        db.create_all()
        people.invite(EMAIL, "读者").password = passwords.kept(PASSWORD)
        db.session.commit()
    yield app
    with app.app_context():
        db.engine.dispose()


def proof(client):
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]


def send(client, path, **form):
    return client.post(path, data={"csrf_token": proof(client), **form})


def sign_up_and_in(client):
    with client.application.app_context():
        people.invite(EMAIL, "读者").password = passwords.kept(PASSWORD)
        db.session.commit()
    assert send(client, "/sign-in", email=EMAIL, password=PASSWORD).status_code == 303


@pytest.mark.parametrize("path", ["/note", "/plain"])
@pytest.mark.parametrize("wrong", [None, "", "x", "of another session"])
def test_a_form_without_proof_of_its_origin_is_never_answered(client, path, wrong):
    token = proof(client.application.test_client()) if wrong == "of another session" else wrong
    answer = client.post(path, data={} if token is None else {"csrf_token": token})
    assert answer.status_code == 400
    assert answer.text != "written"
    assert Note.written == []
    assert client.post(path, data={"csrf_token": proof(client)}).text == "written"


def test_a_page_shows_its_form_again_when_its_time_has_run_out(client):
    client.application.config["WTF_CSRF_TIME_LIMIT"] = -1
    answer = send(client, "/note", text=TEXT)
    assert (answer.status_code, answer.text) == (400, "once more")
    assert Note.written == []


def test_every_other_form_gives_the_text_back_and_no_secret(client):
    answer = client.post("/plain", data={"text": TEXT, "password": PASSWORD, "current": PASSWORD, "csrf_token": "x"})
    assert answer.status_code == 400
    assert TEXT in answer.text
    assert PASSWORD not in answer.text
    assert 'href="/plain"' in answer.text


def test_whoever_is_signed_out_while_writing_gets_the_text_back(client):
    answer = send(client, "/mine", text=TEXT)
    assert answer.status_code == 400
    assert TEXT in answer.text
    assert 'href="/sign-in?next=/mine"' in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Referer": "https://evil.example/"},
        {"Referer": "http://localhost.evil.example/"},
    ],
)
def test_another_site_cannot_write_words_into_a_page_of_ours(client, headers):
    answer = client.post("/plain", data={"text": TEXT}, headers=headers)
    assert answer.status_code == 400
    assert TEXT not in answer.text


def test_text_given_back_cannot_become_part_of_the_page(client):
    answer = client.post("/plain", data={"text": "</textarea><script src=//evil.example></script>"})
    assert "<script src=//evil" not in answer.text
    assert "&lt;script" in answer.text


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/plain", "/static/app.css"])
def test_every_answer_tells_the_browser_what_it_may_do(client, path):
    headers = client.get(path, buffered=True).headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere():
    allowed = dict(part.split(" ", 1) for part in POLICY.split("; "))
    assert allowed["default-src"] == "'none'"
    assert allowed["frame-ancestors"] == "'none'"
    assert set(" ".join(allowed.values()).split()) == {"'none'", "'self'", "data:"}


def test_over_https_the_browser_is_told_to_stay_there(client):
    assert "max-age" in client.get("/sign-in", base_url="https://localhost").headers["Strict-Transport-Security"]


def test_pages_of_signed_in_people_are_kept_nowhere(client):
    assert client.get("/plain").headers["Cache-Control"] == "private, no-cache"
    sign_up_and_in(client)
    for path in ("/plain", "/account", "/nowhere"):
        assert client.get(path).headers["Cache-Control"] == "private, no-store", path


def test_a_static_file_is_kept_for_long_under_the_name_of_its_version_alone(client):
    with client.application.test_request_context():
        named = url_for("static", filename="app.css")
        assert url_for("static", filename="missing.css") == "/static/missing.css"
        assert url_for("static", filename="img") == "/static/img"
    assert re.fullmatch(r"/static/app\.css\?v=[0-9a-f]{12}", named)
    assert "immutable" in client.get(named, buffered=True).headers["Cache-Control"]
    for other in ("/static/app.css", "/static/app.css?v=", "/static/app.css?v=000000000000", "/static/missing.css?v="):
        assert "immutable" not in client.get(other, buffered=True).headers["Cache-Control"], other


def test_a_static_file_sets_no_cookie(client):
    sign_up_and_in(client)
    assert "Set-Cookie" not in client.get("/static/app.css", buffered=True).headers


def test_failed_attempts_on_one_account_are_counted_wherever_they_come_from(counting):
    client = counting.test_client()
    for number, expected in enumerate((422, 422, 429)):
        place = {"REMOTE_ADDR": f"192.0.2.{number}"}
        form = {"csrf_token": proof(client), "email": EMAIL.upper() + " " * number, "password": "wrong"}
        refused = client.post("/sign-in", data=form, environ_base=place)
        assert refused.status_code == expected
    assert int(refused.headers["Retry-After"]) == 60
    assert "/forgot" in refused.text


def test_failed_attempts_from_one_place_are_counted_whichever_account_they_are_on(counting):
    client = counting.test_client()
    tried = [send(client, "/sign-in", email=f"{n}@office.example", password="wrong").status_code for n in range(4)]
    assert tried == [422, 422, 422, 429]


def test_signing_in_rightly_is_not_counted(counting):
    for _ in range(5):
        assert send(counting.test_client(), "/sign-in", email=EMAIL, password=PASSWORD).status_code == 303


@pytest.mark.parametrize("path", ["/forgot", "/letter", "/sign-up"])
def test_letters_are_not_asked_for_without_end(counting, path):
    client = counting.test_client()
    form = {"email": EMAIL, "name": "读者", "password": PASSWORD}
    assert [send(client, path, **form).status_code for _ in range(3)] == [303, 303, 429]


def test_reading_the_form_is_not_counted(counting):
    client = counting.test_client()
    assert {client.get("/sign-in").status_code for _ in range(6)} == {200}


def test_the_visitors_address_is_taken_from_proxies_of_ours_alone(tmp_path):
    seen = []
    for hops in (0, 1):
        app = create_app({"DATA_DIR": str(tmp_path), "PROXIES": hops})
        with app.app_context():
            db.create_all()
        for number in range(12):
            answer = app.test_client().post(
                "/sign-in", data={"email": f"{number}@office.example"}, headers={"X-Forwarded-For": f"192.0.2.{number}"}
            )
        seen.append(answer.status_code)
        with app.app_context():
            db.engine.dispose()
    assert seen == [429, 400]


def test_pages_name_a_file_anew_when_it_changes_and_wherever_the_service_stands(own_app, tmp_path):
    app = own_app
    app.static_folder = tmp_path
    say = "{{ url_for('static', filename='a.css') }} {{ url_for('home') }} {{ url_for('plain', next='/mine') }}"
    add_pages(app)

    def said(**place):
        with app.test_request_context(**place):
            return render_template_string(say).split()

    (tmp_path / "a.css").write_text("one")
    first = said()
    (tmp_path / "a.css").write_text("another")
    os.utime(tmp_path / "a.css", (1, 1))
    second = said()
    assert first[0].startswith("/static/a.css?v=")
    assert first[0] != second[0]
    assert first[1:] == second[1:] == ["/", "/plain?next=/mine"]
    assert said(base_url="http://localhost/below/")[1:] == ["/below/", "/below/plain?next=/mine"]
    assert said() == second
