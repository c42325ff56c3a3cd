"""What only a few may read of an application stands in no letter, on no public page, and in no program's hands."""

import json

import pytest

from models import Document, Letter, db
from tests.answers import USED
from workflow.applying import ApplicationForm
from workflow.fields import Text

# Written into each restricted text of the form; nothing else says it.
MARK = "甲乙丙丁戊己庚辛"
INSIDE = ("desk", "clerk", "auditor")
FEW = ("reviewer", "decider", "security", "citizen")


def restricted() -> dict[str, str]:
    """Return an answer to every restricted text that each application may give."""
    asked = ApplicationForm().fields
    texts = (name for name, field in asked.items() if isinstance(field, Text) and not field.metadata.get("when"))
    return {
        name: f"{MARK}，{name}，这里写的内容只有少数人可以看到。"
        for name in texts
        if asked[name].metadata.get("private") == "restricted"
    }


@pytest.fixture
def decided(app, walker) -> str:
    """Return the reference of an application that has just been decided."""
    with app.app_context():
        case = walker.application(**restricted())
        walker.take(case, USED[1:5])
        walker.make_documents(case)
        return case.reference


def test_the_form_has_such_fields():
    assert {"storage", "access_control", "incident_plan"} <= set(restricted())


def test_the_letter_of_decision_and_the_letters_by_mail_do_not_say_it(app, decided):
    with app.app_context():
        [letter] = db.session.scalars(db.select(Document).where(Document.kind == "decision"))
        assert MARK not in json.dumps(letter.facts, ensure_ascii=False)
        letters = db.session.scalars(db.select(Letter)).all()
        assert letters
        assert not [each.template for each in letters if MARK in each.text + each.subject]


def test_the_public_does_not_read_it(app, client_of, people, program, decided):
    browser = app.test_client()
    for path in ("/register", f"/register/{decided}", "/register.csv"):
        answer = browser.get(path)
        assert MARK not in answer.text, path
    assert browser.get(f"/register/{decided}").status_code == 200
    public = program().get(f"/register/{decided}")
    assert public.status_code == 200
    assert MARK not in json.dumps(public.json, ensure_ascii=False)


@pytest.mark.parametrize("who", INSIDE)
def test_the_offices_that_are_not_named_for_it_do_not_read_it(client_of, people, program, decided, who):
    for path in (f"/cases/{decided}", f"/cases/{decided}?history=all"):
        page = client_of(getattr(people, who)).get(path)
        assert page.status_code == 200
        assert MARK not in page.text, path
    for what in ("", "/application", "/events?limit=100", "/judging", "/files", "/documents"):
        answer = program(who).get(f"/cases/{decided}{what}")
        assert answer.status_code == 200, what
        assert MARK not in json.dumps(answer.json, ensure_ascii=False), what


@pytest.mark.parametrize("who", FEW)
def test_those_who_may_do_read_it(program, decided, who):
    form = program(who).get(f"/cases/{decided}/application").json["form"]
    assert {name: form[name] for name in restricted()} == restricted()
