"""The register's pages and interface: they tell what was granted and refused, and never who was refused."""

import csv
import io
from datetime import date

import pytest

from models import db
from tests.applications import FORM, conditional, decided

DAY = date(2026, 11, 2)
REFUSAL = {"text": "内部的话", "bar": "law"}


@pytest.fixture
def cases(app) -> dict[str, str]:
    with app.app_context():
        entry = conditional()
        grant = {"starts_on": "2027-01-01", "ends_on": "2027-12-31", "mode": "download", "text": "同意。"}
        person = {"applicant_type": "person", "applicant": "演示市民一", "summary": "演示市民一研究客流。"}
        made = {
            "granted": decided(entry, "approve", published_on=DAY, decision=grant).reference,
            "refused": decided(
                entry, "refuse", published_on=DAY, decision={"text": "内部的话", "bar": "law"}
            ).reference,
            "person": decided(entry, "approve", published_on=DAY, **person).reference,
            "hidden": decided(entry, "approve").reference,
            "code": entry.code,
        }
        db.session.remove()
    return made


def test_the_list_names_organisations_that_were_granted_and_nobody_else(app, cases):
    page = app.test_client().get("/register").text
    assert cases["granted"] in page
    assert cases["refused"] in page
    assert cases["hidden"] not in page
    assert page.count(FORM["applicant"]) == 1
    assert "演示市民一" not in page


def test_an_entry_says_why_it_was_refused_and_not_who_was(app, cases):
    visitor = app.test_client()
    refused = visitor.get(f"/register/{cases['refused']}").text
    assert "法律、行政法规禁止" in refused
    assert FORM["applicant"] not in refused
    assert "内部的话" not in refused
    granted = visitor.get(f"/register/{cases['granted']}").text
    assert FORM["applicant"] in granted
    assert FORM["summary"] in granted
    person = visitor.get(f"/register/{cases['person']}").text
    assert "演示市民一" not in person
    assert "自然人" in person
    for nothing in (cases["hidden"], "SQ-2026-000000", "x" * 300):
        assert visitor.get(f"/register/{nothing}").status_code == 404


def test_the_list_is_narrowed_by_what_the_address_asks_for(app, cases):
    visitor = app.test_client()
    assert cases["refused"] not in visitor.get("/register?outcome=approve").text
    assert cases["granted"] in visitor.get(f"/register?dataset={cases['code'].lower()}").text
    assert "没有符合的登记" in visitor.get("/register?q=没有这样的数据").text
    for odd in (
        "?outcome=nonsense",
        "?body=x",
        f"?body={10**30}",
        "?page=-3",
        f"?page={10**20}",
    ):
        assert visitor.get(f"/register{odd}").status_code == 200


def test_the_table_holds_what_the_list_shows(app, cases):
    answer = app.test_client().get("/register.csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert {row["reference"] for row in rows} == {cases["granted"], cases["refused"], cases["person"]}
    named = {row["reference"]: row["applicant"] for row in rows}
    assert named == {cases["granted"]: FORM["applicant"], cases["refused"]: "法人", cases["person"]: "自然人"}
    assert "演示市民一" not in answer.text
    narrowed = app.test_client().get("/register.csv?outcome=refuse").text
    assert cases["refused"] in narrowed
    assert cases["granted"] not in narrowed
