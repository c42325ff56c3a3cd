"""A whole life over JSON: from a demand to an entry of the open list, seen by everybody as they may see it."""

from tests.answers import ANSWERS, LISTED, OPENED


def live(program, body) -> str:
    """Take a demand from its form to a published entry, and return its reference."""
    opened = program("citizen").post("/cases", {"kind": "demand", "answer": ANSWERS["submit_demand"]})
    assert opened.status_code == 201
    reference = opened.json["reference"]
    assert opened.headers["Location"] == f"/api/v1/cases/{reference}"
    for step, who, answer in OPENED[1:]:
        full = {**answer, "body": body} if step == "screen_demand" else answer
        response = program(who).answer(reference, step, full)
        assert response.status_code == 200, (step, response.json)
        assert response.json["step"] == step
    return reference


def test_a_demand_becomes_a_published_entry(program, body):
    reference = live(program, body)
    case = program("citizen").get(f"/cases/{reference}").json
    assert case["state"] == "answered"
    assert case["demand"]["answer"] == "conditional"
    assert [turn["step"] for turn in case["offered"]] == ["dispute_answer"]
    entry = program().get(f"/datasets/{case['dataset']}")
    assert entry.json["open_type"] == "conditional"
    public = program().get(f"/demands/{reference}").json
    assert public["dataset"] == case["dataset"]
    assert "Answer the demand" in {
        step["title"]
        for step in program().get(f"/demands/{reference}", headers={"Accept-Language": "en"}).json["steps"]
    }
    found = program().get("/datasets?q=充电").json
    assert [row["code"] for row in found["items"]] == [case["dataset"]]


def test_a_body_lists_its_own_data(program, body):
    opened = program("clerk").post("/cases", {"kind": "listing", "answer": ANSWERS["describe_dataset"]})
    assert opened.status_code == 201, opened.json
    assert opened.json["case"]["body"]["id"] == body
    for step, who, _ in LISTED[1:]:
        assert program(who).answer(opened.json["reference"], step).status_code == 200
    assert program("clerk").get(f"/cases/{opened.json['reference']}").json["state"] == "listed"


def test_the_requester_reads_roles_and_what_is_meant_for_them(program, body, app, walker):
    reference = live(program, body)
    lines = program("citizen").get(f"/cases/{reference}/events?limit=100").json["items"]
    said = {line["step"]: line for line in lines if line["kind"] == "answered"}
    assert all(not line["name"] and not line["outcome"] and not line["rules"] for line in lines)
    assert {field["name"] for field in said["screen_demand"]["answer"]} >= {"screening", "body", "public_subject"}
    assert {field["name"] for field in said["answer_demand"]["answer"]} == {"answer", "opens_on", "text"}
    assert said["submit_demand"]["mine"]
    assert said["submit_demand"]["answer"]
    for inner in ("assess_demand", "propose_classification", "review_classification", "confirm_classification"):
        assert said[inner]["answer"] == []
        assert said[inner]["role"]
    assert not {"tabled", "claimed", "released"} & {line["kind"] for line in lines}


def test_the_offices_read_the_whole_journal_with_names(program, body):
    reference = live(program, body)
    lines = program("reviewer").get(f"/cases/{reference}/events?limit=100").json["items"]
    assert "tabled" in {line["kind"] for line in lines}
    proposed = next(line for line in lines if line["step"] == "propose_classification" and line["kind"] == "answered")
    assert proposed["name"]
    assert "grounds" in {field["name"] for field in proposed["answer"]}
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))


def test_the_public_reads_neither_names_nor_answers_of_the_offices(program, body):
    reference = live(program, body)
    text = program().get(f"/demands/{reference}").get_data(as_text=True)
    assert ANSWERS["propose_classification"]["grounds"] not in text
    assert ANSWERS["submit_demand"]["purpose"] not in text


def test_only_an_auditor_verifies_a_journal(program, body, demand):
    reference = demand.routed()
    assert program().get(f"/cases/{reference}/journal/verify").status_code == 401
    assert program("stranger").get(f"/cases/{reference}/journal/verify").status_code == 404
    assert program("citizen").get(f"/cases/{reference}/journal/verify").status_code == 403
    assert program("clerk").get(f"/cases/{reference}/journal/verify").status_code == 403
    whole = program("auditor").get(f"/cases/{reference}/journal/verify")
    assert whole.json["whole"] is True
    assert whole.json["faults"] == []
    assert whole.json["lines"] > 3
