"""Published conditions for programs: read, check, write and publish, as the description says."""

from models import db
from tests.applications import TERMS, conditional
from workflow import conditions


def published(app) -> str:
    """Return the code of an entry with published conditions."""
    with app.app_context():
        entry = conditional()
        conditions.publish(entry, TERMS, None)
        db.session.commit()
        code = entry.code
        db.session.remove()
    return code


def test_programs_read_check_write_and_publish(app, program):
    visitor, base = program(), f"/datasets/{published(app)}"
    (first,) = visitor.get(f"{base}/conditions").json["items"]
    assert first["version"] == 1
    assert first["lines"][0] == {
        "id": "C1",
        "kind": "applicants",
        "text": "法人、非法人组织可以申请。",
        "bound": "",
        "duty": False,
    }
    assert visitor.get(f"{base}/conditions/1").json == first
    assert visitor.get(f"{base}/conditions/9").status_code == 404
    checked = visitor.get(f"{base}/self-check?people=30&applicant_type=legal_person").json
    results = {line["kind"]: line["result"] for line in checked["items"]}
    assert (results["people"], results["applicants"], results["places"]) == ("unmet", "met", "ask")
    assert visitor.get(f"{base}/self-check?people=many").status_code == 422
    said = {"people": 7, "reason": "人员上限改为七人，其他不变。"}
    assert visitor.ask("PUT", f"{base}/conditions/draft", said).status_code == 401
    assert program("reviewer").ask("PUT", f"{base}/conditions/draft", said).status_code == 403
    assert program("clerk").ask("PUT", f"{base}/conditions/draft", {"people": 7}).status_code == 422
    assert program("clerk").ask("PUT", f"{base}/conditions/draft", said).json["version"] == 0
    assert program("clerk").post(f"{base}/conditions/publish").status_code == 403
    made = program("decider").post(f"{base}/conditions/publish")
    assert (made.json["version"], made.json["terms"]) == (2, {"people": 7})
    assert program("decider").post(f"{base}/conditions/publish").status_code == 409
    assert visitor.get(f"{base}/conditions/1").json == first
