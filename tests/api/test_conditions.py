"""The pages of published conditions: who reads, writes and publishes them, and the check before applying."""

import re

import pytest

from models import Conditions, Dataset, OpenType, db
from tests.applications import TERMS, conditional
from workflow import conditions

FORM = {
    "applicants": ["legal_person", "organisation"],
    "people": "5",
    "capability-0-text": "有专门的数据处理人员。",
    "safeguards-0-text": "系统通过二级以上测评。",
    "safeguards-0-bound": "protection_level:2",
    "barred": "识别个人",
    "reason": "第一次按结构公布条件，写明人数。",
}


@pytest.fixture
def code(app) -> str:
    with app.app_context():
        entry = conditional(conditions="申请主体：法人。")
        made = entry.code
        db.session.remove()
    return made


@pytest.fixture
def published(app, code) -> str:
    with app.app_context():
        entry = db.session.scalars(db.select(Dataset).where(Dataset.code == code)).one()
        conditions.publish(entry, TERMS, None)
        db.session.commit()
        db.session.remove()
    return code


def send(client, path: str, form=()):
    """Send a form from one of our pages."""
    proof = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/account").text)[1]
    return client.post(path, data={"csrf_token": proof, **dict(form)})


def versions(app) -> int:
    with app.app_context():
        return db.session.scalar(db.select(db.func.count()).select_from(Conditions))


def test_anybody_reads_every_version_and_what_it_changed(app, client_of, people, code):
    assert send(client_of(people.clerk), f"/datasets/{code}/conditions/edit", FORM).status_code == 303
    assert send(client_of(people.decider), f"/datasets/{code}/conditions/publish").status_code == 303
    visitor = app.test_client()
    page = visitor.get(f"/datasets/{code}/conditions/2").text
    assert "使用数据的人员不超过 5 人。" in page
    assert "<del>" in page
    assert FORM["reason"] in page
    assert "申请主体：法人。" in visitor.get(f"/datasets/{code}/conditions/1").text
    assert visitor.get(f"/datasets/{code}/conditions").status_code == 200
    for nothing in (f"{code}/conditions/3", f"{code}/conditions/{10**30}", "DS-999999/conditions"):
        assert visitor.get(f"/datasets/{nothing}").status_code == 404


@pytest.mark.parametrize("who", ["citizen", "other_clerk", "reviewer", "decider", "desk"])
def test_only_a_clerk_of_the_body_writes_the_next_version(app, client_of, people, code, who):
    client = client_of(getattr(people, who))
    assert client.get(f"/datasets/{code}/conditions/edit").status_code == 403
    assert send(client, f"/datasets/{code}/conditions/edit", FORM).status_code == 403
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(conditions.ConditionsDraft)) == 0


@pytest.mark.parametrize("who", ["citizen", "clerk", "other_decider", "reviewer"])
def test_only_a_decider_of_the_body_publishes(app, client_of, people, code, who):
    send(client_of(people.clerk), f"/datasets/{code}/conditions/edit", FORM)
    assert send(client_of(getattr(people, who)), f"/datasets/{code}/conditions/publish").status_code == 403
    assert versions(app) == 0


def test_without_a_draft_nothing_is_published(app, client_of, people, code):
    assert send(client_of(people.decider), f"/datasets/{code}/conditions/publish").status_code == 409
    assert client_of(people.decider).get(f"/datasets/{code}/conditions/draft").status_code == 303
    assert versions(app) == 0


def test_a_draft_is_given_back_and_nothing_changes(app, client_of, people, code):
    send(client_of(people.clerk), f"/datasets/{code}/conditions/edit", FORM)
    assert "待公布的条件" in client_of(people.decider).get(f"/datasets/{code}/conditions/draft").text
    assert send(client_of(people.decider), f"/datasets/{code}/conditions/give-back").status_code == 303
    assert send(client_of(people.decider), f"/datasets/{code}/conditions/publish").status_code == 409
    assert versions(app) == 0


def test_faulty_conditions_come_back_with_what_was_written(app, client_of, people, code):
    faulty = {**FORM, "reason": "短", "safeguards-0-bound": "nothing"}
    page = send(client_of(people.clerk), f"/datasets/{code}/conditions/edit", faulty)
    assert page.status_code == 422
    assert "有专门的数据处理人员。" in page.text
    assert 'aria-invalid="true"' in page.text


def test_rows_are_added_and_removed_without_a_script_and_nothing_is_lost(app, client_of, people, code):
    path, client = f"/datasets/{code}/conditions/edit", client_of(people.clerk)
    more = send(client, path, {**FORM, "reason": "短", "add": "safeguards"})
    assert more.status_code == 200
    assert 'name="safeguards-1-text"' in more.text
    fewer = send(client, path, {**FORM, "safeguards-1-text": "保留访问记录。", "remove": "safeguards-0"})
    assert "保留访问记录。" in fewer.text
    assert FORM["safeguards-0-text"] not in fewer.text
    assert FORM["reason"] in fewer.text
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(conditions.ConditionsDraft)) == 0


def test_data_that_are_not_conditional_get_no_conditions(app, client_of, people, code):
    with app.app_context():
        entry = db.session.scalars(db.select(Dataset).where(Dataset.code == code)).one()
        entry.open_type = OpenType.UNCONDITIONAL
        db.session.commit()
        db.session.remove()
    assert client_of(people.clerk).get(f"/datasets/{code}/conditions/edit").status_code == 409
    assert send(client_of(people.clerk), f"/datasets/{code}/conditions/edit", FORM).status_code == 409


def test_anybody_checks_themselves_and_nothing_is_kept(app, published):
    visitor = app.test_client()
    assert "不符合" not in visitor.get(f"/datasets/{published}").text
    page = visitor.get(f"/datasets/{published}?applicant_type=person&people=30&mode=download").text
    assert "有 2 条不符合" in page
    page = visitor.get(f"/datasets/{published}?applicant_type=legal_person&people=3&protection_level=3").text
    assert "没有发现不符合的条件" in page


@pytest.mark.parametrize(
    "faulty", ["people=many", "people=0", "applicant_type=nobody", "months=99999", "people=1&people=2"]
)
def test_a_faulty_check_says_what_to_mend(app, published, faulty):
    page = app.test_client().get(f"/datasets/{published}?{faulty}").text
    assert 'role="alert"' in page
    assert "没有发现不符合的条件" not in page
