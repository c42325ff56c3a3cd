"""An application is begun from a data set, gone on with, and takes over what an earlier one said."""

import pytest

from models import Case, CaseStatus, Dataset, DatasetState, Draft, OpenType, db
from tests.answers import USED
from tests.api.test_companions import page, send

KEPT = ("applicant", "contact", "people", "scenario", "network", "protection_level")
LEFT = ("truthful", "no_sanction", "attribution", "no_transfer", "rules", "attachments", "starts_on", "ends_on")


@pytest.fixture
def code(app, walker):
    """Return the code of an entry that is open under conditions."""
    with app.app_context():
        return walker.dataset().code


def cases(app):
    with app.app_context():
        return db.session.scalar(db.select(db.func.count()).select_from(Case))


def draft(app):
    with app.app_context():
        return db.session.scalars(db.select(Draft)).one().form


def test_looking_opens_nothing_and_the_button_opens_a_draft_for_the_data(app, code, client_of, people):
    mine = client_of(people.citizen)
    before = cases(app)
    page(mine, f"/applications/new?dataset={code}")
    assert cases(app) == before
    opened = send(mine, "/applications/new", 303, dataset=code)
    assert draft(app) == {"datasets": [{"dataset": code}]}
    form = page(mine, opened.location).text
    assert f'value="{code}"' in form
    with app.app_context():
        case = db.session.scalars(db.select(Case).order_by(Case.id.desc())).first()
        assert case.status is CaseStatus.DRAFT
        assert case.title


def test_a_draft_for_the_same_data_is_gone_on_with(app, code, client_of, people):
    mine = client_of(people.citizen)
    opened = send(mine, "/applications/new", 303, dataset=code)
    again = mine.get(f"/applications/new?dataset={code.lower()}")
    assert (again.status_code, again.location) == (302, opened.location)
    assert opened.location in page(mine, "/applications/new").text
    page(client_of(people.stranger), f"/applications/new?dataset={code}")


def test_one_button_pressed_twice_opens_one_draft(app, code, client_of, people):
    mine = client_of(people.citizen)
    nonce = {"dataset": code, "nonce": "n" * 22}
    assert (
        send(mine, "/applications/new", 303, **nonce).location == send(mine, "/applications/new", 303, **nonce).location
    )
    draft(app)


@pytest.mark.parametrize(("name", "value"), [("open_type", OpenType.UNCONDITIONAL), ("state", DatasetState.SUSPENDED)])
def test_only_data_that_are_open_under_conditions_are_applied_for(app, code, client_of, people, name, value):
    with app.app_context():
        entry = db.session.scalar(db.select(Dataset).where(Dataset.code == code))
        setattr(entry, name, value)
        db.session.commit()
    for word in (code, "DS-999999"):
        page(client_of(people.citizen), f"/applications/new?dataset={word}", 404)
        send(client_of(people.citizen), "/applications/new", 404, dataset=word)
    assert f"/applications/new?dataset={code}" not in page(client_of(people.citizen), f"/datasets/{code}").text


def test_an_earlier_application_is_taken_over_but_for_declarations_files_and_days(app, walker, client_of, people):
    with app.app_context():
        earlier = walker.application()
        reference, form, entry = earlier.reference, dict(earlier.application.form), walker.dataset().code
    mine = client_of(people.citizen)
    assert reference in page(mine, "/applications/new").text
    send(mine, "/applications/new", 303, dataset=entry, earlier=reference)
    taken = draft(app)
    assert [row["name"] for row in taken["people"]] == [row["name"] for row in form["people"]]
    assert {name: str(taken[name]) for name in KEPT if name != "people"} == {
        name: str(form[name]) for name in KEPT if name != "people"
    }
    assert not set(LEFT) & taken.keys()
    assert taken["datasets"] == [{"dataset": entry}]


def test_nobody_takes_over_what_somebody_else_has_written(app, walker, client_of, people):
    with app.app_context():
        reference, code = walker.application().reference, walker.dataset().code
    before = cases(app)
    assert reference not in page(client_of(people.stranger), "/applications/new").text
    send(client_of(people.stranger), "/applications/new", 404, dataset=code, earlier=reference)
    assert cases(app) == before


def test_the_page_of_conditional_data_leads_to_the_application(code, client_of, people):
    assert f"/applications/new?dataset={code}" in page(client_of(people.citizen), f"/datasets/{code}").text


def test_an_operator_reads_what_is_to_be_delivered_and_not_why_it_was_asked_for(app, walker, client_of, people):
    with app.app_context():
        case = walker.take(walker.application(walker.dataset()), USED[1:])
        case.application.question, case.application.clarification = "审核问的话", "申请人的说明"
        db.session.commit()
        reference = case.reference
        db.session.remove()
    for who, reads in ((people.operator, False), (people.reviewer, True)):
        client = client_of(who)
        for path in (f"/cases/{reference}", f"/api/v1/cases/{reference}/application"):
            answer = client.get(path)
            assert answer.status_code == 200
            said = answer.text if answer.mimetype == "text/html" else str(answer.json)
            assert [word for word in ("审核问的话", "申请人的说明") if (word in said) is not reads] == [], path
