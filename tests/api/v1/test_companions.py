"""Invitations and the second factor for programs: the same doors as the pages', and who must fail at them."""

import pyotp
import pytest

from models import User, db
from tests.applications import conditional, form
from tests.conftest import people_of
from workflow import factors, passwords

PASSWORD = "a door stands open"


@pytest.fixture
def case(app, walker) -> str:
    """Return the reference of a draft application of the citizen."""
    with app.app_context():
        return walker.at("submit_application").reference


def invite(program, case, email, who="citizen", status=201):
    answer = program(who).post(f"/cases/{case}/companions", {"email": email})
    assert answer.status_code == status, answer.json
    return answer.json


def test_only_the_requester_asks_others(app, program, case, walker):
    invite(program, case, "a@example.org", "stranger", 404)
    invite(program, case, "a@example.org", "desk", 404)
    invite(program, case, "no address", status=422)
    invite(program, case, people_of(app).citizen, status=422)
    with app.app_context():
        handed_in = walker.application().reference
    invite(program, handed_in, "a@example.org", "desk", 403)
    assert program("desk").get(f"/cases/{handed_in}/companions").status_code == 403
    assert program("citizen").get(f"/cases/{case}/companions").json["items"] == []


def test_a_demand_is_shared_with_nobody(program, demand):
    invite(program, demand.opened(), "a@example.org", status=409)


def test_an_invitation_is_taken_up_once_and_never_by_an_office(app, program, case):
    link = invite(program, case, people_of(app).stranger)["link"]
    assert program().post("/invitations/take-up", {"link": link}).status_code == 401
    assert program("reviewer").post("/invitations/take-up", {"link": link}).status_code == 403
    assert program("citizen").post("/invitations/take-up", {"link": link}).status_code == 409
    assert (
        program("stranger").post("/invitations/take-up", {"link": "https://other.example/join/xyz"}).status_code == 410
    )
    assert program("stranger").get(f"/cases/{case}").status_code == 404
    shown = program("stranger").post("/invitations/read", {"link": link}).json
    assert (shown["reference"], shown["signs"]) == (case, False)
    assert program("stranger").post("/invitations/take-up", {"link": link}).json["case"]["reference"] == case
    assert program("stranger").post("/invitations/take-up", {"link": link}).status_code == 410


def test_whoever_has_joined_sees_what_waits_until_they_leave(app, program, case):
    link = invite(program, case, people_of(app).stranger)["link"]
    his = program("stranger")
    his.post("/invitations/take-up", {"link": link.rpartition("/")[2]})
    waiting = his.get(f"/cases/{case}").json["waiting"]
    assert [(turn["step"], turn["yours"]) for turn in waiting] == [("submit_application", True)]
    assert [row["case"]["reference"] for row in his.get("/worklist").json["items"]] == [case]
    assert [row["reference"] for row in his.get("/cases?mine=true").json["items"]] == [case]
    invite(program, case, "third@example.org", "stranger", 403)
    [mine] = his.get(f"/cases/{case}/companions").json["items"]
    assert his.ask("DELETE", f"/cases/{case}/companions/{mine['id'] + 1}").status_code == 404
    assert his.ask("DELETE", f"/cases/{case}/companions/{mine['id']}").status_code == 204
    assert his.get(f"/cases/{case}").status_code == 404
    assert his.get("/worklist").json["items"] == his.get("/cases?mine=true").json["items"] == []
    assert program("citizen").get(f"/cases/{case}/companions").json["items"] == []


def test_a_draft_is_not_kept_over_one_that_was_not_read(app, program, case):
    place = f"/cases/{case}/steps/submit_application/draft"
    mine = program("citizen")
    with app.app_context():
        said = form(conditional("另一项数据"))
    assert mine.ask("PUT", place, {"answer": said}, headers={"If-Match": '"unknown"'}).status_code == 412
    kept = mine.ask("PUT", place, {"answer": said})
    assert mine.get(place).headers["ETag"] == kept.headers["ETag"]
    assert mine.ask("PUT", place, {"answer": {}}, headers={"If-Match": '"unknown"'}).status_code == 412
    assert mine.get(place).json["answer"]["applicant"] == said["applicant"]
    assert mine.ask("PUT", place, {"answer": {}}, headers={"If-Match": kept.headers["ETag"]}).status_code == 200
    assert mine.get(place).json["answer"] == {}


def test_what_there_is_not_is_not_found(program, case):
    for what in ("application", "agreement"):
        assert program("citizen").get(f"/cases/{case}/{what}").status_code == 404
        assert program().get(f"/cases/{case}/{what}").status_code == 401
    assert program("citizen").get("/agreements/XY-2026-999999/terms.jsonld").status_code == 404


def test_a_second_factor_takes_the_password_and_each_change_of_it_a_code(app, program):
    with app.app_context():
        mine = User.email == people_of(app).citizen
        db.session.execute(db.update(User).where(mine).values(password=passwords.kept(PASSWORD)))
        db.session.commit()
    me = program("citizen")
    assert program().get("/me/second-factor").status_code == 401
    assert me.post("/me/second-factor/confirm", {"code": "000000"}).status_code == 422
    assert me.post("/me/second-factor/begin", {"password": "wrong"}).status_code == 422
    secret = me.post("/me/second-factor/begin", {"password": PASSWORD}).json["secret"]
    right = pyotp.TOTP(secret).at(factors.now())
    assert me.get("/me/second-factor").json == {"on": False, "confirmed_at": None, "codes_left": 0, "pending": True}
    codes = me.post("/me/second-factor/confirm", {"code": right}).json["codes"]
    assert me.get("/me/second-factor").json["on"]
    assert me.post("/me/second-factor/off", {"code": right}).status_code == 422, "no code is taken twice"
    fresh = me.post("/me/second-factor/codes", {"code": codes[0]}).json["codes"]
    assert not set(fresh) & set(codes)
    other = me.post("/me/second-factor/begin", {"password": PASSWORD}).json["secret"]
    first = pyotp.TOTP(other).at(factors.now())
    assert me.post("/me/second-factor/confirm", {"code": first}).status_code == 422, "the old device is asked too"
    moved = me.post("/me/second-factor/confirm", {"code": first, "current": fresh[0]})
    assert moved.status_code == 200, moved.json
    assert me.post("/me/second-factor/off", {"code": codes[1]}).status_code == 422
    assert me.post("/me/second-factor/off", {"code": moved.json["codes"][0]}).status_code == 204
    assert not me.get("/me/second-factor").json["on"]


def test_a_token_for_reading_sets_no_device_up(program):
    reader = program("citizen", ("read",))
    assert reader.post("/me/second-factor/begin", {"password": PASSWORD}).status_code == 403
