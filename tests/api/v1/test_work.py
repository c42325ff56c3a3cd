"""Sign-in, drafts, claims, the work list, public demands and the open list."""

from models import Dataset, DatasetState, OpenType, db
from tests.answers import ANSWERS
from workflow import passwords, people
from workflow.stages import STEPS

DRAFT = {"answer": {"subject": "半句"}}


def test_a_program_signs_in_acts_and_signs_out(app, program):
    with app.app_context():
        citizen = people.find("citizen1@demo.kaimen.example")
        citizen.password = passwords.kept("一句只有本人知道的话")
        db.session.commit()
    sent = {"email": "Citizen1@demo.kaimen.example", "password": "一句只有本人知道的话", "scopes": ["read"], "days": 7}
    made = program().post("/tokens", sent)
    assert made.status_code == 201
    assert made.json["scopes"] == ["read"]
    bearer = {"Authorization": f"Bearer {made.json['token']}"}
    me = program().get("/me", headers=bearer).json
    assert me["email"] == sent["email"].lower()
    assert me["token"]["expires_at"] == made.json["expires_at"]
    # A token for reading ends nothing, not even itself.
    assert program().ask("DELETE", "/tokens/current", headers=bearer).status_code == 403
    full = program().post("/tokens", {**sent, "scopes": ["read", "write"]}).json["token"]
    bearer = {"Authorization": f"Bearer {full}"}
    assert program().ask("DELETE", "/tokens/current", headers=bearer).status_code == 204
    assert program().get("/me", headers=bearer).status_code == 401


def test_a_draft_is_kept_for_its_writer_alone(program, demand):
    opened = program("citizen").post("/cases", {"kind": "demand", "draft": True, **DRAFT})
    assert opened.status_code == 201, opened.json
    reference = opened.json["reference"]
    place = f"/cases/{reference}/steps/submit_demand/draft"
    assert opened.json["case"]["status"] == "draft"
    assert program("desk").get(f"/cases/{reference}").status_code == 404
    assert program("desk").get(place).status_code == 404
    assert program("citizen").get(place).json["answer"] == DRAFT["answer"]
    longer = {"answer": {**DRAFT["answer"], "purpose": "还没想好"}}
    assert program("citizen").ask("PUT", place, longer).status_code == 200
    assert program("citizen").get(place).json["answer"] == longer["answer"]
    for wrong in ({"wish": "x"}, {"subject": {"a": 1}}, {"subject": [["a"]]}, {"subject": "a\u0000"}):
        assert program("citizen").ask("PUT", place, {"answer": wrong}).status_code == 422, wrong
    assert program("citizen").ask("DELETE", place).status_code == 204
    assert program("citizen").get(place).status_code == 404
    assert program("citizen").answer(reference, "submit_demand").status_code == 200
    assert program("desk").get(f"/cases/{reference}").status_code == 200


def test_a_step_is_taken_and_given_back(program, demand):
    reference = demand.opened()
    place = f"/cases/{reference}/steps/screen_demand"
    assert program("clerk").post(f"{place}/claim").status_code == 404
    assert program("citizen").post(f"{place}/claim").status_code == 403
    assert program("desk").post(f"{place}/claim", {}).json["case"]["waiting"][0]["holder"]
    assert program("citizen").get(f"/cases/{reference}").json["waiting"][0]["holder"] is None
    assert program("desk").post(f"{place}/release").json["case"]["waiting"][0]["held"] is False


def test_the_work_list_holds_what_one_may_answer(program, demand):
    opened = [demand.opened() for _ in range(3)]
    assert program("stranger").get("/worklist?view=group").json["items"] == []
    assert program("clerk").get("/worklist?view=group").json["items"] == []
    assert program("desk").get("/worklist").json["items"] == []
    seen, after = [], ""
    while after is not None:
        page = program("desk").get(f"/worklist?view=group&limit=2{after}").json
        seen += [row["case"]["reference"] for row in page["items"]]
        after = f"&after={page['next']}" if page["next"] else None
    assert sorted(seen) == sorted(opened)
    assert all(row["yours"] and row["due_at"] for row in page["items"])
    program("desk").post(f"/cases/{opened[1]}/steps/screen_demand/claim")
    assert [row["case"]["reference"] for row in program("desk").get("/worklist").json["items"]] == [opened[1]]
    assert program("desk").get("/worklist?after=WyJ6IiwxLCJ4Il0").status_code == 422


def test_a_case_says_who_must_act_by_when(program, demand):
    case = program("citizen").get(f"/cases/{demand.opened()}").json
    (turn,) = case["waiting"]
    assert (turn["step"], turn["role"], turn["yours"]) == ("screen_demand", "desk", False)
    (clock,) = [clock for clock in case["clocks"] if clock["limit"] == turn["limit"]]
    assert clock["used"] + clock["left"] == clock["days"] + clock["extended"]
    assert clock["basis"]
    assert [offered["step"] for offered in case["offered"]] == ["withdraw_demand"]


def test_a_listing_is_opened_by_a_clerk_for_their_own_body(program, body):
    new = {"kind": "listing", "answer": ANSWERS["describe_dataset"]}
    assert program("citizen").post("/cases", new).status_code == 403
    assert program("desk").post("/cases", new).status_code == 403
    assert program("other_clerk").post("/cases", {**new, "body": body}).status_code == 403
    assert program("clerk").post("/cases", {**new, "body": body}).status_code == 201
    assert program("citizen").post("/cases", {"kind": "demand", "answer": {}, "body": body}).status_code == 422


def test_support_is_counted_once_and_taken_back(program, demand):
    hidden, shown = demand.opened(), demand.routed()
    assert program("stranger").post(f"/demands/{hidden}/support").status_code == 404
    assert program().post(f"/demands/{shown}/support").status_code == 401
    assert program("citizen").post(f"/demands/{shown}/support").status_code == 409
    for _ in range(2):
        supported = program("stranger").post(f"/demands/{shown}/support")
        assert (supported.json["supporters"], supported.json["supported"]) == (1, True)
    assert program().get(f"/demands/{shown}").json["supported"] is False
    back = program("stranger").ask("DELETE", f"/demands/{shown}/support")
    assert (back.json["supporters"], back.json["supported"]) == (0, False)


def test_only_published_demands_are_found(program, demand):
    demand.opened()
    shown = [demand.routed() for _ in range(3)]
    seen, after = [], ""
    while after is not None:
        page = program().get(f"/demands?limit=2{after}").json
        seen += [row["reference"] for row in page["items"]]
        after = f"&after={page['next']}" if page["next"] else None
    assert seen == shown[::-1]
    assert len(program().get("/demands?q=充电").json["items"]) == 3
    assert program().get("/demands?q=地铁").json["items"] == []
    assert program().get("/demands?state=answered").json["items"] == []
    assert {row["reference"] for row in program().get("/demands/similar?q=充电桩空闲").json["items"]} == set(shown)
    assert program().get("/demands/similar?q=x").status_code == 422


def test_the_open_list_is_searched_and_read(app, program, body):
    with app.app_context():
        entries = [
            Dataset(name=f"公共停车场{place}", provider_id=int(body), open_type=OpenType.CONDITIONAL, domain="道路交通")
            for place in ("浦东", "徐汇", "静安")
        ]
        entries[2].state = DatasetState.WITHDRAWN
        db.session.add_all(entries)
        db.session.commit()
        code = entries[0].code
    found = program().get("/datasets?q=停车场").json["items"]
    assert {row["name"] for row in found} == {"公共停车场浦东", "公共停车场徐汇"}
    assert program().get("/datasets?q=停车场&open_type=unconditional").json["items"] == []
    assert program().get("/datasets?q=停车场&open_type=conditional,unconditional").json["total"] == 2
    assert program().get(f"/datasets/{code}").json["provider"]["id"] == body
    assert program().get("/datasets/DS-999999").status_code == 404
    for wrong in ("page=0", "page=51", "sort=wish", "q=%00", "colour=red"):
        assert program().get(f"/datasets?{wrong}").status_code == 422, wrong


def test_steps_are_told_in_both_languages(program):
    told = {step["name"]: step for step in program().get("/steps").json["items"]}
    assert set(told) == set(STEPS)
    assert told["submit_demand"]["title"]["zh"] != told["submit_demand"]["title"]["en"]
    assert told["withdraw_demand"]["offered"]
    assert not told["submit_demand"]["offered"]
    assert told["review_classification"]["kinds"] == ["demand", "listing"]
    (subject,) = [field for field in told["submit_demand"]["fields"] if field["name"] == "subject"]
    assert (subject["required"], subject["maxLength"], subject["type"]) == (True, 80, "string")
    assert program().get("/steps/screen_demand").json == told["screen_demand"]
    assert program().get("/steps/grant_wish").status_code == 404
