"""The page of letters: everybody reads their own, and in a demonstration visitors read all."""

import re

import pytest
from sqlalchemy import select

from api.worker import background_of
from models import Letter, User, db
from workflow import outbox

LINK = "http://127.0.0.1:8000/confirm/a-secret"


@pytest.fixture
def strict(app):
    """Make the service one that is no demonstration."""
    app.config["DEMO"] = False
    return app


@pytest.fixture
def letters(app, people):
    """Write a letter to the steward and one with a secret link to a citizen; return their numbers by address."""
    with app.app_context():
        for address, template in ((people.steward, "incident"), (people.citizen, "confirm_address")):
            reader = db.session.scalars(select(User).where(User.email == address)).one()
            data = {"template": template, "audience": {"user": reader.id}, "number": "XQ-1", "link": LINK, "hours": 48}
            outbox.put(db.session, "letter", data)
        db.session.commit()
        background_of(app).work()
        return {letter.user.email: letter.id for letter in db.session.scalars(select(Letter))}


def read_at(app, number):
    with app.app_context():
        return db.session.get(Letter, number).read_at


def token(client, path="/letters"):
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[1]


def test_a_stranger_is_asked_to_sign_in(strict, letters, people):
    client = strict.test_client()
    for path in ("/letters", f"/letters/{letters[people.citizen]}"):
        response = client.get(path)
        assert (response.status_code, response.location) == (303, f"/sign-in?next={path}")


@pytest.mark.parametrize("who", ["stranger", "steward", "auditor", "desk"])
def test_nobody_reads_another_persons_letter(strict, letters, people, client_of, who):
    client = client_of(getattr(people, who))
    number = letters[people.citizen]
    assert client.get(f"/letters/{number}").status_code == 404
    for path in ("/letters", "/letters?all=1"):
        assert "确认您的邮箱" not in client.get(path).text
    assert client.get(f"/letters/{number + 1000}").status_code == 404


def test_the_recipient_reads_the_letter_and_follows_its_link(strict, letters, people, client_of):
    client = client_of(people.citizen)
    assert "确认您的邮箱" in client.get("/letters").text
    text = client.get(f"/letters/{letters[people.citizen]}").text
    assert 'href="/confirm/a-secret"' in text


def test_the_secret_of_a_letter_is_on_no_page_of_the_steward(strict, letters, people, client_of):
    client = client_of(people.steward)
    for path in ("/letters", "/incidents", f"/letters/{letters[people.steward]}"):
        response = client.get(path)
        assert response.status_code == 200
        assert "a-secret" not in response.text


def test_in_a_demonstration_every_visitor_reads_every_letter(app, letters, people):
    client = app.test_client()
    page = client.get("/letters").text
    for number in letters.values():
        assert f'href="/letters/{number}"' in page
    assert 'href="/confirm/a-secret"' in client.get(f"/letters/{letters[people.citizen]}").text


def test_a_demonstration_that_sends_mail_keeps_letters_to_their_readers(app, letters, people, client_of):
    app.config["SMTP_HOST"] = "mail.office.example"
    assert app.test_client().get("/letters").status_code == 303
    assert client_of(people.desk).get(f"/letters/{letters[people.citizen]}").status_code == 404


def test_a_letter_counts_as_read_when_its_reader_opens_it_and_nobody_else(app, letters, people, client_of):
    number = letters[people.citizen]
    for visitor in (app.test_client(), client_of(people.desk)):
        visitor.get(f"/letters/{number}")
    assert read_at(app, number) is None
    client = client_of(people.citizen)
    client.get("/letters")
    assert read_at(app, number) is None
    client.get(f"/letters/{number}")
    first = read_at(app, number)
    assert first is not None
    client.get(f"/letters/{number}")
    assert read_at(app, number) == first


def test_unread_letters_come_first_and_can_be_marked_together(app, letters, people, client_of):
    client = client_of(people.citizen)
    assert "未读" in client.get("/letters").text
    assert client.post("/letters/read").status_code == 400
    assert read_at(app, letters[people.citizen]) is None
    assert client.post("/letters/read", data={"csrf_token": token(client)}).status_code == 303
    assert "未读" not in client.get("/letters").text
    assert read_at(app, letters[people.citizen]) is not None
    assert read_at(app, letters[people.steward]) is None


def test_older_letters_stand_on_further_pages(app, people, client_of):
    with app.app_context():
        reader = db.session.scalars(select(User).where(User.email == people.steward)).one()
        for number in range(35):
            data = {"template": "incident", "audience": {"user": reader.id}, "number": f"XQ-{number:03}"}
            outbox.put(db.session, "letter", data)
        db.session.commit()
        background_of(app).work()
    client = client_of(people.steward)
    client.post("/letters/read", data={"csrf_token": token(client)})
    seen, path = [], "/letters"
    while path:
        page = client.get(path).text
        seen += re.findall(r"XQ-\d{3}", page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        path = older and older[1].replace("&amp;", "&")
    assert seen == [f"XQ-{number:03}" for number in reversed(range(35))]


def test_an_empty_page_says_what_will_come(strict, people, client_of):
    assert "还没有信" in client_of(people.stranger).get("/letters").text
