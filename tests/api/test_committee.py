"""The register of the committee: public as far as names and fields, kept by the secretary, every change on record."""

import re

import pytest

from models import Expert, ExpertChange, Role, User, db
from tests.consulted import to_seat
from workflow import calendar, casework, seating

ENTRY = {
    "email": "citizen2@demo.kaimen.example",
    "employer": "示例大学",
    "fields": "统计\n道路交通",
    "away": "2027-02-01 至 2027-02-10",
    "conflicts": "上海市交通委员会",
}


@pytest.fixture
def post(client_of, people):
    """Return a function that sends a form for a person."""

    def send(path, who, form):
        client = client_of(getattr(people, who))
        proof = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/account").text)[1]
        return client.post(path, data={"csrf_token": proof, **form})

    return send


@pytest.fixture
def get(client_of, people, app):
    """Return a function that reads an address for a person, or for somebody who has not signed in."""

    def read(path, who=""):
        return (client_of(getattr(people, who)) if who else app.test_client()).get(path)

    return read


def number(app, people, who) -> int:
    """Return the key of a person."""
    with app.app_context():
        key = db.session.scalar(db.select(User.id).where(User.email == getattr(people, who)))
        db.session.remove()
        return key


def test_the_public_reads_names_and_fields_and_nothing_else(get):
    page = get("/committee").text
    assert "专家委员（法律）" in page
    assert "个人信息保护" in page
    assert "示例律师事务所" not in page
    assert "@" not in re.sub(r"<head>.*</head>", "", page, flags=re.DOTALL)
    told = get("/api/v1/committee").get_json()
    assert len(told["items"]) == 9
    assert all(each["entry"] is None for each in told["items"])
    assert set(told["items"][0]) == {"name", "fields", "entry"}


def test_the_register_is_read_by_those_who_oversee_and_kept_by_the_secretary_alone(app, people, get, post):
    key = number(app, people, "expert1")
    for who in ("secretary", "authority", "auditor"):
        assert get(f"/committee/{key}", who).status_code == 200
        assert "示例律师事务所" in get("/committee", who).text
        assert get("/api/v1/committee", who).get_json()["items"][0]["entry"]["in_office"] is True
    for who in ("citizen", "clerk", "desk", "expert1", "steward"):
        assert get(f"/committee/{key}", who).status_code == 404
        assert "示例律师事务所" not in get("/committee", who).text
        assert get("/api/v1/committee", who).get_json()["items"][0]["entry"] is None
    for who in ("citizen", "authority", "auditor", "expert1", "steward"):
        assert get("/committee/new", who).status_code == 404
        assert post("/committee/new", who, ENTRY).status_code == 404
        assert post(f"/committee/{key}", who, {"employer": "别处"}).status_code == 404
        assert post(f"/committee/{key}/end", who, {"until": "2026-12-31"}).status_code == 404


def test_a_person_with_an_account_becomes_a_member_and_can_be_seated(app, people, get, post, walker):
    for wrong in ("nobody@example.org", people.expert1):
        refused = post("/committee/new", "secretary", ENTRY | {"email": wrong})
        assert refused.status_code == 422
        assert 'value="示例大学"' in refused.text
    sent = post("/committee/new", "secretary", ENTRY)
    assert sent.status_code == 303
    key = number(app, people, "stranger")
    assert sent.headers["Location"] == f"/committee/{key}"
    with app.app_context():
        member = db.session.get(Expert, key)
        assert (member.fields, member.away) == (["统计", "道路交通"], [["2027-02-01", "2027-02-10"]])
        assert Role.EXPERT in member.user.roles
        case = walker.at("seat_experts")
        proposed = {each.expert.user_id: each for each in seating.candidates(case)}
        assert proposed[key].bars == ("登记的利益关系：上海市交通委员会",)
        db.session.remove()


@pytest.mark.parametrize("away", ["明年二月", "2027-02-10 至 2027-02-01", "2027-02-30 至 2027-03-01"])
def test_days_away_that_cannot_be_read_are_refused_and_kept(post, away):
    refused = post("/committee/new", "secretary", ENTRY | {"away": away})
    assert refused.status_code == 422
    assert away in refused.text


def test_every_change_is_kept_with_what_stood_there_before(app, people, get, post):
    key = number(app, people, "expert2")
    form = {"employer": "示例新单位", "fields": "数据安全", "away": "", "conflicts": "示例数据有限公司"}
    assert post(f"/committee/{key}", "secretary", form).status_code == 303
    assert post(f"/committee/{key}", "secretary", form).status_code == 303
    with app.app_context():
        changes = list(db.session.scalars(db.select(ExpertChange).where(ExpertChange.expert_id == key)))
        assert len(changes) == 1
        assert changes[0].data["employer"] == ["示例网络安全研究院", "示例新单位"]
        assert changes[0].by.email == people.secretary
        db.session.remove()
    page = get(f"/committee/{key}", "auditor").text
    assert "示例网络安全研究院" in page
    assert "示例新单位" in page


def test_who_is_no_longer_in_office_is_neither_proposed_nor_seated_and_may_return(app, people, get, post, walker):
    key = number(app, people, "expert3")
    with app.app_context():
        yesterday = calendar.today().fromordinal(calendar.today().toordinal() - 1).isoformat()
        db.session.remove()
    assert post(f"/committee/{key}/end", "secretary", {"until": yesterday}).status_code == 303
    assert "专家委员（交通）" not in get("/committee").text
    assert "专家委员（交通）" in get("/committee", "secretary").text
    with app.app_context():
        case = walker.at("seat_experts")
        assert key not in {each.expert.user_id for each in seating.candidates(case)}
        with pytest.raises(Exception, match="专家委员（交通）"):
            casework.submit(case, "seat_experts", to_seat(walker), actor=walker.person("secretary"))
        db.session.remove()
    again = post("/committee/new", "secretary", ENTRY | {"email": people.expert3, "conflicts": ""})
    assert again.status_code == 303
    assert "专家委员（交通）" in get("/committee").text


def test_a_term_ends_with_a_day_or_not_at_all(app, people, post):
    key = number(app, people, "expert3")
    assert post(f"/committee/{key}/end", "secretary", {}).status_code == 303
    with app.app_context():
        assert db.session.get(Expert, key).until is None
        db.session.remove()


def test_a_secretary_does_not_enter_themselves(people, post):
    assert post("/committee/new", "secretary", ENTRY | {"email": people.secretary}).status_code == 403


def test_the_load_counts_ballots_that_wait(app, people, get, walker):
    with app.app_context():
        case = walker.at("declare_interest")
        assert case.reference
        db.session.remove()
    told = {each["name"]: each["entry"]["busy"] for each in get("/api/v1/committee", "secretary").get_json()["items"]}
    assert told["专家委员（法律）"] == 1
    assert told["专家委员（密码）"] == 0
