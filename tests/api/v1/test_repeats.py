"""Requests that come twice, requests about a case that has changed, and pages of lists that grow meanwhile."""

from concurrent.futures import ThreadPoolExecutor

from tests.answers import ANSWERS

KEY = {"Idempotency-Key": "7d3f6a52-open"}
NEW = {"kind": "demand", "answer": ANSWERS["submit_demand"]}


def test_a_repeat_leads_to_the_same_case_once(program):
    first, second = (program("citizen").post("/cases", NEW, headers=KEY) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json["reference"] == second.json["reference"]
    assert len(program("citizen").get("/cases").json["items"]) == 1


def test_the_same_key_for_something_else_is_refused(program):
    program("citizen").post("/cases", NEW, headers=KEY)
    other = {**NEW, "answer": {**NEW["answer"], "subject": "另一项数据的需求"}}
    response = program("citizen").post("/cases", other, headers=KEY)
    assert response.status_code == 409
    assert response.json["type"] == "/api/problems/repeated"
    assert len(program("citizen").get("/cases").json["items"]) == 1


def test_a_key_belongs_to_one_person(program):
    mine = program("citizen").post("/cases", NEW, headers=KEY).json["reference"]
    theirs = program("stranger").post("/cases", NEW, headers=KEY)
    assert theirs.status_code == 201
    assert theirs.json["reference"] != mine


def test_a_key_that_is_none_is_refused(program):
    for key in ("short", "x" * 201, "ein Schlüssel"):
        assert program("citizen").post("/cases", NEW, headers={"Idempotency-Key": key}).status_code == 400, key
    assert program("citizen").get("/cases").json["items"] == []


def test_requests_at_the_same_moment_open_one_case(program):
    clients = [program("citizen"), program("citizen", ("read", "write"))]
    with ThreadPoolExecutor(2) as at_once:
        found = list(at_once.map(lambda client: client.post("/cases", NEW, headers=KEY), clients))
    assert {response.status_code for response in found} == {201}
    assert len({response.json["reference"] for response in found}) == 1
    assert len(program("citizen").get("/cases").json["items"]) == 1


def test_a_repeated_answer_is_recorded_once_even_where_the_case_has_left_the_person(program, demand):
    reference = demand.routed()
    sent = {"assessment": "not_ours", "remark": "停车数据由公安部门汇总，请转办。"}
    first, second = (program("clerk").answer(reference, "assess_demand", sent, headers=KEY) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.json == second.json
    assert first.json["case"] is None
    lines = program("desk").get(f"/cases/{reference}/events?limit=100").json["items"]
    assert len([line for line in lines if line["kind"] == "answered" and line["step"] == "assess_demand"]) == 1
    assert program("clerk").answer(reference, "assess_demand", sent).status_code == 404


def test_an_unchanged_case_is_not_sent_again(program, demand, body):
    reference = demand.opened()
    tag = program("citizen").get(f"/cases/{reference}").headers["ETag"]
    again = program("citizen").get(f"/cases/{reference}", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert not again.data
    # Another reader, another language and another version are given something else.
    assert program("desk").get(f"/cases/{reference}", headers={"If-None-Match": tag}).status_code == 200
    english = {"If-None-Match": tag, "Accept-Language": "en"}
    assert program("citizen").get(f"/cases/{reference}", headers=english).status_code == 200
    program("desk").answer(reference, "screen_demand", {**ANSWERS["screen_demand"], "body": body})
    assert program("citizen").get(f"/cases/{reference}", headers={"If-None-Match": tag}).status_code == 200


def test_an_answer_to_an_earlier_version_is_refused(program, demand, body):
    reference = demand.opened()
    answer = {**ANSWERS["screen_demand"], "body": body}
    old = program("desk").get(f"/cases/{reference}").headers["ETag"]
    program("desk").post(f"/cases/{reference}/steps/screen_demand/claim")
    for tag in (old, '"0"', "nonsense"):
        response = program("desk").answer(reference, "screen_demand", answer, headers={"If-Match": tag})
        assert response.status_code == 412
        assert response.json["type"] == "/api/problems/outdated"
    tag = program("desk").get(f"/cases/{reference}").headers["ETag"]
    current = {"If-Match": tag, **KEY}
    assert program("desk").answer(reference, "screen_demand", answer, headers=current).status_code == 200
    # The repeat names the version before its own effect, and is still the same request.
    assert program("desk").answer(reference, "screen_demand", answer, headers=current).status_code == 200


def test_pages_leave_nothing_out_and_show_nothing_twice(program, demand):
    program_ = program("citizen")
    opened = [demand.opened() for _ in range(7)]
    seen, after = [], ""
    while True:
        page = program_.get(f"/cases?limit=3{after}").json
        seen += [case["reference"] for case in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
        # A case opened meanwhile stands before the first page, and moves nothing.
        demand.opened()
    assert seen == opened[::-1]


def test_a_list_holds_what_is_asked_for_and_what_one_may_read(program, demand):
    mine, routed = demand.opened(), demand.routed()
    assert program("stranger").get("/cases").json["items"] == []
    assert [case["reference"] for case in program("clerk").get("/cases").json["items"]] == [routed]
    assert {case["reference"] for case in program("desk").get("/cases").json["items"]} == {mine, routed}
    assert program("desk").get("/cases?mine=true").json["items"] == []
    assert program("desk").get("/cases?kind=listing").json["items"] == []
    assert [c["reference"] for c in program("desk").get("/cases?state=assessing").json["items"]] == [routed]
    assert program("other_clerk").get("/cases").json["items"] == []


def test_the_journal_is_read_in_pages(program, demand):
    reference = demand.routed()
    whole = [line["number"] for line in program("desk").get(f"/cases/{reference}/events?limit=100").json["items"]]
    seen, after = [], ""
    while after is not None:
        page = program("desk").get(f"/cases/{reference}/events?limit=2{after}").json
        seen += [line["number"] for line in page["items"]]
        after = f"&after={page['next']}" if page["next"] else None
    assert seen == whole
    assert len(whole) > 4
