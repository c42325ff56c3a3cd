"""Who must fail, and how: every refusal is a problem, and none says more than the reader may know."""

import json
import shutil

from api import create_app
from models import Case, CaseStatus, db
from tests.answers import ANSWERER, ANSWERS
from tests.conftest import settings
from workflow.stages import STEPS
from workflow.worklist import open_items

PRIVATE = ("/me", "/cases", "/worklist", "/cases/XQ-2026-000001", "/cases/XQ-2026-000001/events")


def kind(response) -> str:
    """Return the word of a problem, after checking its form."""
    assert response.mimetype == "application/problem+json"
    said = response.json
    assert said["status"] == response.status_code
    assert said["title"]
    return said["type"].removeprefix("/api/problems/")


def test_nobody_reads_cases_without_a_token(program):
    for path in PRIVATE:
        response = program().get(path)
        assert (response.status_code, kind(response)) == (401, "unauthorized"), path
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_nobody_answers_a_step_without_a_token(program):
    for step in STEPS:
        assert program().answer("XQ-2026-000001", step).status_code == 401, step


def test_a_wrong_token_is_refused_even_where_anybody_may_read(app):
    response = app.test_client().get("/api/v1/demands", headers={"Authorization": "Bearer kaimen_wrong"})
    assert response.status_code == 401
    assert "invalid_token" in response.headers["WWW-Authenticate"]


def test_a_token_for_reading_changes_nothing(program):
    reader = program("citizen", ("read",))
    assert reader.get("/cases").status_code == 200
    response = reader.post("/cases", {"kind": "demand", "answer": ANSWERS["submit_demand"]})
    assert (response.status_code, kind(response)) == (403, "out-of-scope")
    assert "insufficient_scope" in response.headers["WWW-Authenticate"]
    assert reader.get("/cases").json["items"] == []


def test_a_wrong_password_gives_no_token(program):
    for email in ("citizen1@demo.kaimen.example", "nobody@demo.kaimen.example", "no address"):
        response = program().post("/tokens", {"email": email, "password": "wrong"})
        assert (response.status_code, kind(response)) == (422, "wrong-password")


def test_a_stranger_finds_no_case_and_the_wrong_role_may_not_answer(app, walker, program):
    for step in sorted(STEPS):
        with app.app_context():
            case = walker.at(step)
            reference, draft = case.reference, case.status is CaseStatus.DRAFT
        here, nowhere = program("stranger").answer(reference, step), program("stranger").answer("XQ-2020-000001", step)
        assert here.status_code == nowhere.status_code == 404, step
        assert {**here.json, "instance": ""} == {**nowhere.json, "instance": ""}
        wrong = program("auditor").answer(reference, step)
        # Nobody reads another person's draft, so that for others there is none.
        assert (wrong.status_code, kind(wrong)) == ((404, "not-found") if draft else (403, "not-yours")), step
        assert draft or wrong.json["detail"]
        empty = program(ANSWERER[step]).answer(reference, step, {})
        required = {name for name, field in STEPS[step].answer().fields.items() if field.required}
        assert empty.status_code == (422 if required else 200), step
        if required:
            # What is asked for only where another field is blank may be missed as well.
            assert {error["field"] for error in empty.json["errors"]} >= required
            assert all(error["pointer"] == f"/answer/{error['field']}" for error in empty.json["errors"])
            assert all(error["message"] for error in empty.json["errors"])


def test_a_step_that_does_not_wait_is_refused(program, demand):
    reference = demand.opened()
    response = program("citizen").answer(reference, "clarify_demand")
    assert (response.status_code, kind(response)) == (409, "not-open")


def test_an_unknown_step_is_not_found(program, demand):
    assert program("citizen").post(f"/cases/{demand.opened()}/steps/grant_wish", {"answer": {}}).status_code == 404


def test_the_same_person_may_not_review_their_own_proposal(program, app, walker):
    with app.app_context():
        reference = walker.at("propose_classification").reference
    assert program("reviewer").answer(reference, "review_classification").status_code == 409
    assert program("clerk").answer(reference, "review_classification").status_code == 403


def test_what_a_colleague_has_taken_is_held(app, walker, program, demand):
    reference = demand.opened()
    with app.app_context():
        case = db.session.scalar(db.select(Case).where(Case.reference == reference))
        item = next(item for item in open_items(case) if item.step == "screen_demand")
        item.holder_id = walker.person("authority").id
        db.session.commit()
    response = program("desk").answer(reference, "screen_demand")
    assert (response.status_code, kind(response)) == (409, "held")
    taken = program("desk").post(f"/cases/{reference}/steps/screen_demand/claim", {"take_over": True})
    assert taken.status_code == 200
    assert taken.json["case"]["waiting"][0]["yours"]


LONG = "长" * 3_000
WRONG = [
    ({"wish": "更多"}, "/answer/wish"),
    ({"subject": LONG}, "/answer/subject"),
    ({"subject": ["各区", "充电桩"]}, "/answer/subject"),
    ({"subject": {"zh": "充电桩"}}, "/answer/subject"),
    ({"subject": 7}, "/answer/subject"),
    ({"subject": None}, "/answer/subject"),
    ({"subject": True}, "/answer/subject"),
    ({"description": "短"}, "/answer/description"),
    ({"description": "充电桩的位置和实时空闲数量，每五分钟\u0000更新一次"}, "/answer/description"),
    ({"description": "充电桩的位置和实时空闲数量，每五分钟\u0007更新一次"}, "/answer/description"),
    ({"description": "充电桩的位置和实时空闲数量，每五分钟\ud800更新一次"}, "/answer/description"),
    ({"frequency": "sometimes"}, "/answer/frequency"),
    ({"frequency": ["daily"]}, "/answer/frequency"),
    ({"wish": 10**40}, "/answer/wish"),
]


def test_a_wrong_field_is_named_by_its_place(program):
    for change, pointer in WRONG:
        said = {"kind": "demand", "answer": {**ANSWERS["submit_demand"], **change}}
        response = program("citizen").post("/cases", said)
        assert (response.status_code, kind(response)) == (422, "invalid"), change
        assert [error["pointer"] for error in response.json["errors"]] == [pointer], change
    assert program("citizen").get("/cases").json["items"] == []


def test_a_wrong_date_is_refused(app, walker, program):
    with app.app_context():
        reference = walker.at("answer_demand").reference
    for day in ("2027-02-30", "31.3.2027", "1066-01-01", 20270331, "", "2027-03-31T00:00:00Z\u0000"):
        response = program("decider").answer(reference, "answer_demand", {**ANSWERS["answer_demand"], "opens_on": day})
        assert response.status_code == 422, day
        assert response.json["errors"][0]["pointer"] == "/answer/opens_on"


def test_a_forged_body_is_not_found(program, demand):
    reference = demand.opened()
    for forged in ("999999", "0", "-1", "1e3", "²", "1 OR 1=1", "9" * 30, "", {"id": 1}, [1], 2**62, 10.5):
        answer = {**ANSWERS["screen_demand"], "screening": "route", "body": forged}
        response = program("desk").answer(reference, "screen_demand", answer)
        assert response.status_code == 422, forged
        assert response.json["errors"][0]["field"] == "body"


def test_a_forged_reference_is_not_found(program):
    for forged in ("XQ-2026-999999", "1", "%00", "XQ-2026-000001%00", "..%2fme", "' OR 1=1", "x" * 5000):
        for path in (f"/cases/{forged}", f"/cases/{forged}/events", f"/demands/{forged}", f"/datasets/{forged}"):
            assert program("citizen").get(path).status_code == 404, path


BODIES = [
    (b'{"kind": "demand", "kind": "listing", "answer": {}}', 400),
    (b'{"kind": "demand", "answer": {"subject": "a", "subject": "b"}}', 400),
    (b'{"kind": "demand"', 400),
    (b"kind=demand", 400),
    (b'{"kind": NaN}', 400),
    (b'{"kind": 1e999}', 422),
    (b'{"kind": ' + b"9" * 5000 + b"}", 400),
    ('{"kind": "需求"}'.encode("gb18030"), 400),
    ('{"kind": "demand"}'.encode("utf-16"), 400),
    (b"\xef\xbb\xbf{}", 400),
    (b"[" * 100_000, 400),
    (b"[]", 422),
    (b'"demand"', 422),
    (b"null", 422),
    (b"", 422),
    (json.dumps({"kind": "demand", "answer": {"subject": "长" * 10_000_000}}, ensure_ascii=False).encode(), 413),
]


def test_a_body_that_is_not_what_it_should_be_is_refused(program):
    for body, status in BODIES:
        response = program("citizen").ask("POST", "/cases", data=body, content_type="application/json")
        assert response.status_code == status, (body[:40], response.json)
        kind(response)


def test_what_is_not_sent_as_json_is_refused(program):
    form = "application/x-www-form-urlencoded"
    for content_type in ("text/plain", form, "multipart/form-data", "application/json; charset=gbk", None):
        response = program("citizen").ask("POST", "/cases", data=b'{"kind": "demand"}', content_type=content_type)
        assert (response.status_code, kind(response)) == (415, "unsupported"), content_type


def test_a_wrong_parameter_is_named(program):
    for query in (
        "limit=0", "limit=101", "limit=many", "limit=1&limit=2", "after=x", "after=WzFd&after=WzFd", "knd=demand",
        "kind=wish", "after=WyJhIl0", "after=WzFlMzBd", "after=" + "A" * 300, "state=%00",
    ):  # fmt: skip
        response = program("citizen").get(f"/cases?{query}")
        assert (response.status_code, kind(response)) == (422, "invalid"), query
        assert response.json["errors"][0]["parameter"] == query.partition("=")[0]


def test_a_method_that_is_not_offered_is_refused(program):
    response = program("citizen").ask("DELETE", "/cases")
    assert (response.status_code, kind(response)) == (405, "method-not-allowed")
    assert "GET" in response.headers["Allow"]


def test_what_does_not_exist_under_the_interface_is_a_problem(app):
    for path in ("/api/", "/api/v2/cases", "/api/v1", "/api/v1/wish"):
        assert kind(app.test_client().get(path)) == "not-found"
    assert app.test_client().get("/nowhere").mimetype == "text/html"


def test_what_nobody_foresaw_says_nothing_of_the_inside(app, program, monkeypatch):
    def broken(*_):
        raise RuntimeError("the inside")

    monkeypatch.setattr("api.v1.tokens.facts", broken)
    response = program("citizen").get("/me")
    assert (response.status_code, kind(response)) == (500, "failure")
    assert "inside" not in response.get_data(as_text=True)
    assert response.json["number"]


def test_a_failing_service_changes_nothing(program, demand, monkeypatch, body):
    reference = demand.opened()

    def broken(*_):
        raise RuntimeError("the inside")

    monkeypatch.setattr("workflow.casework.follow", broken)
    response = program("desk").answer(reference, "screen_demand", {**ANSWERS["screen_demand"], "body": body})
    assert (response.status_code, kind(response)) == (503, "failed")
    monkeypatch.undo()
    assert [turn["step"] for turn in program("citizen").get(f"/cases/{reference}").json["waiting"]] == ["screen_demand"]


def test_a_session_of_a_browser_needs_the_proof_of_a_form(app, people, client_of):
    browser = client_of(people.citizen)
    assert browser.get("/api/v1/me").status_code == 200
    response = browser.post("/api/v1/cases", json={"kind": "demand", "answer": ANSWERS["submit_demand"]})
    assert response.status_code == 400
    assert browser.get("/api/v1/cases").json["items"] == []


def test_titles_are_in_the_readers_language(program):
    english = program().get("/me", headers={"Accept-Language": "en"}).json["title"]
    chinese = program().get("/me", headers={"Accept-Language": "zh"}).json["title"]
    assert english != chinese


def test_sign_in_is_refused_after_too_many_attempts(tmp_path, sqlite_template):
    shutil.copy(sqlite_template, tmp_path / "kaimen.sqlite")
    few = {"RATELIMIT_ENABLED": True, "SIGN_IN_RATE": "3 per minute"}
    client = create_app({**settings(tmp_path, ""), **few}).test_client()
    sent = {"email": "citizen1@demo.kaimen.example", "password": "wrong"}
    assert [client.post("/api/v1/tokens", json=sent).status_code for _ in range(4)] == [422, 422, 422, 429]
    response = client.post("/api/v1/tokens", json=sent)
    assert kind(response) == "too-many"
    assert int(response.headers["Retry-After"]) <= 60
