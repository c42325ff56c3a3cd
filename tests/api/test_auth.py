"""Signing in and out over the web, accounts, and programs with tokens."""

import re

import pytest
from flask import url_for
from flask_login import login_required
from sqlalchemy import select

from api.auth import actor, links
from models import Job, db
from tests.conftest import lent
from workflow import passwords, people, tokens
from workflow.links import CONFIRM, RESET

EMAIL, PASSWORD, OTHER = "reader@office.example", "a door stands open", "another open door"


def add_pages(app):
    """Add a page and an address for programs that tell who asks."""

    @app.route("/who", endpoint="who", methods=["GET", "POST"])
    @app.route("/api/who", endpoint="api_who", methods=["GET", "POST"])
    @login_required
    def who():
        return actor().email


@pytest.fixture
def app(database_url, tmp_path, kept):
    """Return a service with pages of its own."""
    yield from lent(kept(database_url, tmp_path, add_pages))


@pytest.fixture
def site(app):
    """Return the service with somebody who signs in."""
    with app.app_context():
        people.invite(EMAIL, "读者").password = passwords.kept(PASSWORD)
        db.session.commit()
    return app


@pytest.fixture
def client(site):
    return site.test_client()


def send(client, path, page=None, **form):
    """Send the form of a page as a browser does, with what the page put into it."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page or path).text)
    return client.post(path, data={"csrf_token": token[1], **form} if token else form)


def sign_in(client, email=EMAIL, password=PASSWORD, **more):
    return send(client, "/sign-in", email=email, password=password, **more)


def secret_of(site, scopes=("read", "write")):
    """Make a token for the person and return its secret."""
    with site.app_context():
        return tokens.create_token(people.find(EMAIL), "a script", scopes, 30)[1]


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def newest_link(site):
    with site.app_context():
        link = db.session.scalars(select(Job).order_by(Job.id.desc())).first().data["link"]
    return link.removeprefix(site.config["PUBLIC_URL"])


def test_a_page_for_signed_in_people_sends_others_to_sign_in_and_back(client):
    asked = client.get("/who?page=2")
    assert asked.status_code == 303
    assert asked.location == "/sign-in?next=/who?page%3D2"
    assert sign_in(client, next="/who?page=2").location == "/who?page=2"
    assert client.get("/who").text == EMAIL


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "who"],
)
def test_signing_in_never_leads_to_another_site(client, target):
    with client.application.test_request_context():
        home = url_for("home")
    assert sign_in(client, next=target).location == home
    assert client.get("/sign-in", query_string={"next": target}).location == home


@pytest.mark.parametrize(("email", "password"), [(EMAIL, OTHER), ("x@office.example", PASSWORD), (EMAIL, ""), ("", "")])
def test_a_wrong_address_or_password_signs_nobody_in(client, email, password):
    refused = sign_in(client, email, password)
    assert refused.status_code == 422
    assert PASSWORD not in refused.text
    assert client.get("/who").status_code == 303


def test_a_wrong_address_is_refused_in_the_same_words_as_a_wrong_password(client):
    texts = {re.sub(r'value="[^"]*"', "", sign_in(client, email, OTHER).text) for email in (EMAIL, "x@office.example")}
    assert len(texts) == 1


def test_signing_in_begins_a_new_session(client):
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    before = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    assert sign_in(client).status_code == 303
    with client.session_transaction() as session:
        assert "planted" not in session
    assert client.post("/who", data={"csrf_token": before}).status_code == 400


def test_signing_out_needs_a_form_of_ours_and_ends_the_session(client):
    sign_in(client)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 400
    assert client.get("/who").status_code == 200
    assert send(client, "/sign-out", page="/account").status_code == 303
    assert client.get("/who").status_code == 303


@pytest.mark.parametrize("end", ["closed", "password", "everywhere"])
def test_a_session_ends_with_the_account_or_the_password(site, client, end):
    sign_in(client)
    elsewhere = site.test_client()
    sign_in(elsewhere)
    if end == "closed":
        with site.app_context():
            people.find(EMAIL).closed_at = people.now()
            db.session.commit()
    elif end == "password":
        send(elsewhere, "/account/password", page="/account", current=PASSWORD, password=OTHER)
    else:
        send(elsewhere, "/account/sign-out-everywhere", page="/account")
    assert client.get("/who").status_code == 303
    assert elsewhere.get("/who").status_code == (303 if end == "closed" else 200)


def test_the_password_is_not_changed_without_the_current_one(client):
    sign_in(client)
    wrong = send(client, "/account/password", page="/account", current=OTHER, password=OTHER)
    assert wrong.status_code == 422
    assert send(client, "/account/password", page="/account", current=PASSWORD, password=OTHER).status_code == 303
    assert sign_in(client.application.test_client(), password=OTHER).status_code == 303


def test_a_person_signs_up_confirms_and_enters(site, client):
    answer = {"name": "新人", "email": "new@office.example", "password": PASSWORD}
    assert send(client, "/sign-up", **{**answer, "password": "short"}).status_code == 422
    assert send(client, "/sign-up", **answer).location == "/sent/confirm"
    refused = sign_in(client, "new@office.example")
    assert refused.status_code == 403
    assert 'action="/letter"' in refused.text
    link = newest_link(site)
    assert client.get(link).status_code == 200
    assert sign_in(client, "new@office.example").status_code == 403, "opening the link must not confirm"
    assert send(client, link).status_code == 303
    assert sign_in(client, "new@office.example").status_code == 303


def test_sign_up_and_forgotten_passwords_do_not_tell_who_has_an_account(client):
    for path, form in (("/sign-up", {"name": "新人", "password": PASSWORD}), ("/forgot", {}), ("/letter", {})):
        answers = set()
        for email in (EMAIL, "nobody@office.example"):
            answer = send(client, path, page="/sign-up", email=email, **form)
            answers.add((answer.status_code, answer.location, client.get(answer.location).text.replace(email, "")))
        tokenless = {re.sub(r'value="[^"]*"', "", text) for _, _, text in answers}
        assert len(tokenless) == 1
        assert len({answer[:2] for answer in answers}) == 1


def test_a_forgotten_password_is_set_by_the_link_of_a_letter(site, client):
    send(client, "/forgot", email=EMAIL)
    link = newest_link(site)
    assert send(client, link, password="short").status_code == 422
    assert send(client, link, password=OTHER).status_code == 303
    assert client.get("/who").text == EMAIL
    assert client.get(link).status_code == 410
    assert sign_in(site.test_client(), password=PASSWORD).status_code == 422


def test_a_used_link_is_useless_whatever_password_is_sent_through_it(site, client):
    send(client, "/forgot", email=EMAIL)
    link = newest_link(site)
    assert send(client, link, password=OTHER).status_code == 303
    late = site.test_client()
    for password in ("short", OTHER + OTHER):
        assert send(late, link, page="/forgot", password=password).status_code == 410


def test_the_links_of_letters_lead_to_pages(site):
    with site.test_request_context():
        user = people.find(EMAIL)
        for purpose in (CONFIRM, RESET):
            made = links().make(purpose, user)
            assert made == site.config["PUBLIC_URL"] + url_for(f"auth.{purpose}", token=made.rpartition("/")[2])


def test_no_form_about_an_account_is_answered_without_proof_of_its_origin(site):
    client = site.test_client()
    sign_in(client)
    for rule in site.url_map.iter_rules():
        if rule.endpoint.startswith("auth.") and "POST" in rule.methods:
            path = rule.rule.replace("<token>", "x").replace("<int:number>", "1")
            assert client.post(path, data={"email": EMAIL, "password": PASSWORD}).status_code == 400, path


@pytest.mark.parametrize("path", ["/account", "/account/password", "/account/tokens", "/account/tokens/1/revoke"])
def test_an_account_is_shown_and_changed_by_its_person_alone(client, path):
    answer = send(client, path, page="/sign-in", name="陌生人")
    assert answer.status_code == 400
    assert 'href="/sign-in' in answer.text
    assert client.get("/account").location == "/sign-in?next=/account"


def test_a_tokens_secret_is_shown_once(client):
    sign_in(client)
    made = send(client, "/account/tokens", page="/account", token_name="脚本", scopes="read", days="30")
    secret = re.search(r"kaimen_[\w-]{40,}", made.text)[0]
    assert secret not in client.get("/account").text
    assert client.get("/api/who", headers=bearer(secret)).text == EMAIL


@pytest.mark.parametrize("path", ["/account/tokens", "/account/sign-out-everywhere"])
def test_a_session_carried_to_another_browser_makes_no_token_before_the_password_is_given_again(client, path):
    sign_in(client)
    form = {"token_name": "脚本", "scopes": "read", "days": "30"}
    client.environ_base["HTTP_USER_AGENT"] = "another browser"
    assert client.get("/account").status_code == 200
    refused = send(client, path, page="/account", **form)
    assert refused.location == "/sign-in?next=/account"
    assert "kaimen_" not in client.get("/account").text
    assert sign_in(client, next="/account").location == "/account"
    done = send(client, path, page="/account", **form)
    assert (done.status_code, done.location) in ((200, None), (303, "/account"))


def test_nobody_revokes_the_token_of_another(site, client):
    secret = secret_of(site)
    with site.app_context():
        people.invite("stranger@office.example", "他人").password = passwords.kept(OTHER)
        db.session.commit()
    sign_in(client, "stranger@office.example", OTHER)
    assert send(client, "/account/tokens/1/revoke", page="/account").status_code == 404
    assert site.test_client().get("/api/who", headers=bearer(secret)).status_code == 200


def test_a_token_opens_the_interface_for_programs_and_no_page(site, client):
    secret = secret_of(site)
    assert client.get("/api/who").status_code == 401
    assert client.get("/api/who", headers=bearer("kaimen_wrong")).status_code == 401
    assert client.get("/api/who", headers={"Authorization": f"Basic {secret}"}).status_code == 401
    assert client.get("/who", headers=bearer(secret)).status_code == 303
    assert client.get("/api/who", headers=bearer(secret)).text == EMAIL
    assert client.post("/api/who", headers=bearer(secret)).text == EMAIL


@pytest.mark.parametrize(("scopes", "reads", "writes"), [(["read"], 200, 403), (["write"], 403, 200)])
def test_a_token_does_what_its_scopes_allow(site, client, scopes, reads, writes):
    secret = secret_of(site, scopes)
    assert client.get("/api/who", headers=bearer(secret)).status_code == reads
    assert client.post("/api/who", headers=bearer(secret)).status_code == writes


def test_a_session_does_not_lend_its_rights_to_a_wrong_token(site, client):
    sign_in(client)
    assert client.get("/api/who").text == EMAIL
    assert client.get("/api/who", headers=bearer("kaimen_wrong")).status_code == 401
    assert client.post("/api/who", headers=bearer("kaimen_wrong")).status_code == 401
    assert client.post("/api/who").status_code == 400
