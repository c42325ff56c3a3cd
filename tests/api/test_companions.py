"""Others are asked by letter to work on an application: a link works once, and only the requester asks."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from api.worker import background_of
from models import Case, Companion, Draft, EventKind, Job, Letter, db, now
from workflow import access, casework, journal


@pytest.fixture
def case(app, walker):
    """Return the reference of a draft application of the citizen."""
    with app.app_context():
        return walker.at("submit_application").reference


def page(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer


def send(client, path, status, **form):
    """Send a form with the proof of origin that the person's pages carry."""
    found = client.get("/account").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = client.post(path, data={"csrf_token": found, **form})
    assert answer.status_code == status, answer.text
    return answer


def invite(client, case, email, status=200, **more):
    """Ask somebody, and return the link that the page shows."""
    answer = send(client, f"/cases/{case}/companions", status, email=email, **more)
    return "/join/" + answer.text.partition("/join/")[2].partition("<")[0]


def kinds(app, case):
    with app.app_context():
        found = db.session.scalar(db.select(Case).where(Case.reference == case))
        assert journal.verify(found) == []
        return [line.kind for line in journal.lines(found)]


def test_whoever_takes_an_invitation_up_works_on_the_draft(app, case, client_of, people):
    form = f"/requester/cases/{case}/submit_application"
    his = client_of(people.stranger)
    page(his, f"/cases/{case}", 404)
    link = invite(client_of(people.citizen), case, people.stranger)
    page(his, f"/cases/{case}", 404)
    assert people.stranger in page(his, link).text
    send(his, link, 303)
    page(his, f"/cases/{case}")
    page(his, form)
    assert case in page(his, "/cases").text
    assert f'href="{form}"' in page(his, f"/cases/{case}").text
    send(his, form, 303, draft="1", applicant="示例公司")
    with app.app_context():
        draft = db.session.scalars(db.select(Draft)).one()
        assert draft.form["applicant"] == "示例公司"
        assert draft.saved_by.email == people.stranger
    assert "示例公司" in page(client_of(people.citizen), form).text
    assert kinds(app, case)[-2:] == [EventKind.INVITED, EventKind.JOINED]


def test_a_link_is_used_up_by_the_first_who_takes_it(app, case, client_of, people):
    link = invite(client_of(people.citizen), case, "somebody@example.org")
    send(client_of(people.stranger), link, 303)
    with app.app_context():
        assert db.session.scalars(db.select(Companion)).one().invitation is None
    page(client_of(people.stranger), link, 410)
    send(client_of(people.stranger), link, 410)


def test_an_invitation_can_be_renewed_withdrawn_and_grows_old(app, case, client_of, people):
    mine, his = client_of(people.citizen), client_of(people.stranger)
    first = invite(mine, case, people.stranger)
    second = invite(mine, case, people.stranger.upper())
    page(his, first, 410)
    page(his, second)
    with app.app_context():
        db.session.execute(update(Companion).values(invited_at=now() - timedelta(days=15)))
        db.session.commit()
    send(his, second, 410)
    third = invite(mine, case, people.stranger)
    with app.app_context():
        number = db.session.scalars(db.select(Companion)).one().id
    send(mine, f"/cases/{case}/companions/{number}/remove", 303)
    send(his, third, 410)
    page(his, f"/cases/{case}", 404)


@pytest.mark.parametrize("link", ["/join/x", "/join/" + "a" * 200, "/join/%F0%9F%92%A9"])
def test_a_link_that_nobody_was_sent_leads_nowhere(case, client_of, people, link):
    page(client_of(people.stranger), link, 410)
    send(client_of(people.stranger), link, 410)


def test_whoever_has_not_signed_in_is_asked_to(app, case, client_of, people):
    link = invite(client_of(people.citizen), case, people.stranger)
    assert app.test_client().get(link).status_code in (302, 303)


def test_only_the_requester_asks_others(app, case, client_of, people):
    mine, his = client_of(people.citizen), client_of(people.stranger)
    send(his, f"/cases/{case}/companions", 404, email="a@example.org")
    send(his, invite(mine, case, people.stranger), 303)
    send(his, f"/cases/{case}/companions", 403, email="a@example.org")
    send(client_of(people.desk), f"/cases/{case}/companions", 404, email="a@example.org")
    assert kinds(app, case).count(EventKind.INVITED) == 1


def test_the_office_neither_joins_nor_asks(app, case, walker, client_of, people):
    link = invite(client_of(people.citizen), case, people.reviewer)
    send(client_of(people.reviewer), link, 403)
    with app.app_context():
        reference = walker.application().reference
    page(client_of(people.desk), f"/cases/{reference}/companions", 403)
    send(client_of(people.desk), f"/cases/{reference}/companions", 403, email="a@example.org")


def test_the_requester_does_not_join_their_own_application(case, client_of, people):
    mine = client_of(people.citizen)
    link = invite(mine, case, "somebody@example.org")
    send(mine, link, 409)
    invite(mine, case, people.citizen, 422)


@pytest.mark.parametrize("email", ["", "keine", "a@b@c", "x" * 300 + "@example.org"])
def test_a_letter_goes_to_an_address_or_not_at_all(app, case, client_of, people, email):
    answer = send(client_of(people.citizen), f"/cases/{case}/companions", 422, email=email, signs="true")
    assert 'name="signs"' in answer.text
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(Companion)) == 0
        assert db.session.scalar(db.select(db.func.count()).select_from(Job).where(Job.kind != "letter")) == 0


def test_only_applications_that_go_on_are_shared(app, walker, client_of, people):
    with app.app_context():
        demand, ended = walker.demand().reference, walker.application()
        casework.submit(ended, "withdraw_application", {"reason": "不再需要了"}, actor=walker.person("citizen"))
        ended = ended.reference
    for reference in (demand, ended):
        send(client_of(people.citizen), f"/cases/{reference}/companions", 409, email="a@example.org")


def test_whoever_leaves_or_is_taken_off_is_a_stranger_again(app, case, client_of, people):
    mine, his = client_of(people.citizen), client_of(people.stranger)
    for leaver in (his, mine):
        send(his, invite(mine, case, people.stranger), 303)
        page(his, f"/cases/{case}")
        with app.app_context():
            number = db.session.scalars(db.select(Companion)).one().id
        send(leaver, f"/cases/{case}/companions/{number}/remove", 303)
        page(his, f"/cases/{case}", 404)
        page(his, f"/requester/cases/{case}/submit_application", 404)
        send(mine, f"/cases/{case}/companions/{number}/remove", 404)
    assert kinds(app, case).count(EventKind.LEFT) == 2


def test_one_companion_does_not_take_another_off(app, case, walker, client_of, people):
    mine, his = client_of(people.citizen), client_of(people.stranger)
    send(his, invite(mine, case, people.stranger), 303)
    invite(mine, case, "third@example.org")
    with app.app_context():
        third = db.session.scalar(db.select(Companion.id).where(Companion.email == "third@example.org"))
    send(his, f"/cases/{case}/companions/{third}/remove", 403)


def test_the_letter_reaches_an_account_among_its_letters_and_names_the_link(app, case, client_of, people):
    link = invite(client_of(people.citizen), case, people.stranger)
    background_of(app).work()
    with app.app_context():
        letter = db.session.scalars(db.select(Letter).where(Letter.template == "invitation")).one()
        assert letter.user.email == people.stranger
        assert link in letter.text
        assert case in letter.text


def test_a_stranger_without_an_account_is_written_to_by_mail_alone(app, case, client_of, people, monkeypatch):
    sent = []
    monkeypatch.setattr("workflow.companions.send", lambda message, server: sent.append(message))
    app.config["SMTP_HOST"], app.config["MAIL_FROM"] = "mail.example.org", "Kaimen <kaimen@example.org>"
    vars(background_of(app)).pop("site", None)
    link = invite(client_of(people.citizen), case, "new@example.org")
    background_of(app).work()
    (message,) = sent
    assert "new@example.org" in message["To"]
    assert link in message.get_body(("plain",)).get_content()
    with app.app_context():
        assert db.session.scalars(db.select(Letter).where(Letter.template == "invitation")).first() is None


def test_two_people_cannot_take_one_link_up(app, case, walker, client_of, people):
    link = invite(client_of(people.citizen), case, "somebody@example.org").removeprefix("/join/")
    with app.app_context():
        found = db.session.scalar(db.select(Case).where(Case.reference == case))
        assert not access.is_companion(walker.person("stranger"), found)
    send(client_of(people.stranger), f"/join/{link}", 303)
    with app.app_context():
        found = db.session.scalar(db.select(Case).where(Case.reference == case))
        assert access.is_companion(walker.person("stranger"), found)
