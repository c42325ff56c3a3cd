"""The public register for programs: page by page, and never more than the public may know."""

from datetime import date

from models import db
from tests.applications import FORM, conditional, decided

DAY = date(2026, 11, 2)


def test_programs_read_it_page_by_page(app, program):
    with app.app_context():
        entry = conditional()
        grant = {"starts_on": "2027-01-01", "ends_on": "2027-12-31", "mode": "download", "text": "同意。"}
        granted = decided(entry, "approve", published_on=DAY, decision=grant).reference
        refused = decided(entry, "refuse", published_on=DAY, decision={"text": "内部的话", "bar": "law"}).reference
        hidden = decided(entry, "approve").reference
        db.session.remove()
    visitor, seen, after = program(), [], ""
    for _ in range(3):
        page = visitor.get(f"/register?limit=1{after}").json
        seen += [each["reference"] for each in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [refused, granted]
    told = visitor.get(f"/register/{refused}").json
    assert (told["applicant"], told["summary"], told["bar"], told["unmet"]) == ("", "", "law", [])
    told = visitor.get(f"/register/{granted}").json
    assert (told["applicant"], told["ends_on"]) == (FORM["applicant"], "2027-12-31")
    assert visitor.get(f"/register/{hidden}").status_code == 404
    assert visitor.get("/register?outcome=nonsense").status_code == 422
    assert visitor.get("/register?dataset=DS-999999").json == {"items": [], "next": None}
    assert [each["reference"] for each in visitor.get("/register?outcome=refuse").json["items"]] == [refused]
