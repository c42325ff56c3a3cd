"""Ten lives of an application over JSON alone: granted and used, refused, completed, given up, renewed, shared out.

In the first life documents are made and signed, and data leave, as they do in earnest. In the others every code is
right and no document is made, since nothing about them hangs on it.
"""

import csv
import io
from datetime import timedelta
from types import SimpleNamespace

import pyarrow.parquet
import pyotp
import pytest

from api.worker import background_of
from models import Case, Clock, Factor, User, db
from tests.answers import ANSWERS, ASIDE, GRANT
from tests.applications import TERMS, conditional, form
from tests.conftest import people_of
from tests.samples import PDF
from workflow import background, calendar, conditions, documents, factors, passwords
from workflow.decisions import REMEDY

PASSWORD = "a door stands open"
ROWS = [f"2026-01-{day:02d},{line}号线,人民广场,{day},{line}" for day in range(1, 11) for line in (1, 2)]


class Life:
    """One application and the programs of those who work on it."""

    def __init__(self, app, program, walker) -> None:
        self.app, self.program, self.walker, self.reference = app, program, walker, ""
        with app.app_context():
            entry = walker.dataset()
            conditions.publish(entry, TERMS, walker.person("decider"))
            db.session.commit()
            self.entry, self.form = entry.code, self.form_for(entry)

    def form_for(self, *entries) -> dict:
        """Return a good application by which the citizen may use some data from today on."""
        today = calendar.today()
        email = people_of(self.app).citizen
        named = {"name": "演示市民一", "role": "数据工程师", "employer": "上海示例科技有限公司", "email": email}
        ends_on = (today + timedelta(days=90)).isoformat()
        return form(*entries, people=[named], starts_on=today.isoformat(), ends_on=ends_on)

    def open(self, said: dict | None = None, **more) -> dict:
        """Open the application: hand it in, or with `draft` keep it."""
        opened = self.program("citizen").post("/cases", {"kind": "application", "answer": said or self.form, **more})
        assert opened.status_code == 201, opened.json
        self.reference = opened.json["reference"]
        return opened.json["case"]

    def say(self, who: str, step: str, answer: dict | None = None, reference: str = "", **more) -> dict:
        """Answer a step, which must work; return the case as it is then."""
        said = {**(ANSWERS[step] if answer is None else answer), **more}
        response = self.program(who).answer(reference or self.reference, step, said)
        assert response.status_code == 200, (step, response.json)
        return response.json["case"]

    def read(self, what: str = "", who: str = "citizen", status: int = 200, reference: str = ""):
        """Read the case, or something of it."""
        found = self.program(who).get(f"/cases/{reference or self.reference}{what}")
        assert found.status_code == status, found.json
        return found.json

    def application(self, who: str = "citizen", reference: str = "") -> dict:
        return self.read("/application", who, reference=reference)

    def review(self, finding: str = "met", opinion: str = "support", reference: str = "", who: str = "reviewer"):
        """Find on every published condition as the reviewer reads them; the first one as is said."""
        read = self.read("/judging", who, reference=reference)["criteria"]
        found = [{"criterion": each["criterion"], "finding": "met", "reason": "材料齐全。"} for each in read]
        if found:
            found[0] |= {"finding": finding}
        self.say(who, "review_application", None, reference, opinion=opinion, findings=found)
        return [each["criterion"] for each in read]

    def judged(self, reference: str = "") -> None:
        """Accept the application and have it reviewed."""
        if not reference:
            self.say("desk", "check_application")
        self.review(reference=reference)

    def decide(self, answer: dict, reference: str = "") -> dict:
        """Draft a decision and take it."""
        self.say("clerk", "draft_decision", answer, reference)
        return self.say("decider", "decide_application", answer, reference)

    def agree(self, reference: str = "", code: str = "000000") -> dict:
        """Draft the agreement, agree to it, sign it and open access."""
        self.say("clerk", "draft_agreement", None, reference)
        self.say("citizen", "negotiate_clauses", None, reference)
        self.say("citizen", "sign_agreement", None, reference, code=code)
        self.say("decider", "countersign_agreement", None, reference, code=code)
        return self.say("operator", "provision_access", None, reference)

    def work(self) -> None:
        """Let the worker do what is due."""
        background_of(self.app).work()

    def expire(self, limit: str, reference: str = "") -> None:
        """Let a limit run out; time passes over no interface."""
        with self.app.app_context():
            self.walker.expire(self.case(reference), limit)
            db.session.remove()

    def case(self, reference: str = "") -> Case:
        return db.session.scalars(db.select(Case).where(Case.reference == (reference or self.reference))).one()

    def entitlement(self, who: str = "citizen") -> dict:
        """Return the one entitlement of the case."""
        items = self.program(who).get("/entitlements").json["items"]
        return next(each for each in items if each["case"] == self.reference)


@pytest.fixture
def life(app, program, walker) -> Life:
    """Return a life that has not begun."""
    return Life(app, program, walker)


@pytest.fixture
def quick(monkeypatch) -> None:
    """Take every code for right, and make no documents; the first life is about them."""
    monkeypatch.setattr(factors, "demand", lambda person, code: None)
    monkeypatch.setattr(documents, "sign", lambda *_: SimpleNamespace(after="signed"))
    monkeypatch.setitem(background.JOBS, "render", lambda *_: None)


class Device:
    """The device of a person, set up over JSON."""

    def __init__(self, app, program, who: str) -> None:
        self.app, self.email = app, getattr(people_of(app), who)
        with app.app_context():
            db.session.execute(
                db.update(User).where(User.email == self.email).values(password=passwords.kept(PASSWORD))
            )
            db.session.commit()
        mine = program(who)
        assert mine.post("/me/second-factor/begin", {"password": "wrong"}).status_code == 422
        begun = mine.post("/me/second-factor/begin", {"password": PASSWORD})
        assert begun.status_code == 200
        self.secret = begun.json["secret"]
        assert self.secret in begun.json["uri"]
        assert not mine.get("/me/second-factor").json["on"]
        codes = mine.post("/me/second-factor/confirm", {"code": self.code()})
        assert len(codes.json["codes"]) == mine.get("/me/second-factor").json["codes_left"] == 10

    def code(self) -> str:
        """Return the code that the device shows; each counts, as if half a minute had passed."""
        with self.app.app_context():
            db.session.execute(db.update(Factor).values(last_step=0))
            db.session.commit()
            return pyotp.TOTP(self.secret).at(factors.now())


def rows_of(life: Life, entitlement: str) -> list[dict]:
    answer = life.program("citizen").get(f"/entitlements/{entitlement}/data.csv")
    assert answer.status_code == 200, answer.json
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True), newline="")))


def begun_together(life: Life, program) -> str:
    """Begin the draft of the first life with a colleague; return the number of a file handed in with it."""
    life.open({"applicant": "上海示例"}, draft=True)
    place = f"/cases/{life.reference}/steps/submit_application/draft"
    mine, his = program("citizen"), program("stranger")
    first = mine.get(place)
    assert first.headers["ETag"]
    assert his.get(place).status_code == 404
    invited = mine.post(f"/cases/{life.reference}/companions", {"email": people_of(life.app).stranger})
    assert invited.status_code == 201, invited.json
    assert his.post("/invitations/read", {"link": invited.json["link"]}).json["reference"] == life.reference
    assert his.post("/invitations/take-up", {"link": invited.json["link"]}).status_code == 200
    assert his.post("/invitations/take-up", {"link": invited.json["link"]}).status_code == 410
    kept = his.ask("PUT", place, {"answer": life.form}, headers={"If-Match": first.headers["ETag"]})
    assert kept.status_code == 200, kept.json
    late = mine.ask("PUT", place, {"answer": {"applicant": "别的公司"}}, headers={"If-Match": first.headers["ETag"]})
    assert late.status_code == 412
    read = mine.get(place)
    assert read.json["answer"]["applicant"] == life.form["applicant"]
    assert read.headers["ETag"] == kept.headers["ETag"] != first.headers["ETag"]
    files = f"/cases/{life.reference}/steps/submit_application/files?name=plan.pdf"
    handed = mine.ask("POST", files, data=PDF, content_type="application/octet-stream")
    assert handed.status_code == 201, handed.json
    assert mine.get(f"/cases/{life.reference}/files/{handed.json['id']}").data == PDF
    return handed.json["id"]


def test_granted_signed_and_used_until_the_agreement_is_terminated(app, life, program):
    number = begun_together(life, program)
    assert life.say("citizen", "submit_application", life.form, attachments=[number])["state"] == "submitted"
    life.judged()
    assert life.decide(GRANT)["state"] == "agreeing"
    life.work()
    letter = next(each for each in life.read("/documents")["items"] if each["kind"] == "decision")
    assert letter["state"] == "made"
    assert program("citizen").get(f"/cases/{life.reference}/documents/{letter['document']}.pdf").data[:4] == b"%PDF"
    assert program("clerk").get(f"/cases/{life.reference}/documents/{letter['document']}.pdf").status_code == 200

    life.say("clerk", "draft_agreement")
    open_to = next(each for each in life.read("/agreement")["clauses"] if each["negotiable"])
    words = {"text": open_to["text"] + "双方另有书面约定的，从其约定。", "reason": "与我方制度一致。"}
    proposals = [{"clause": open_to["id"], **words}]
    life.say("citizen", "negotiate_clauses", {"clauses": "change", "proposals": proposals})
    read = life.read("/agreement", "clerk")
    assert [each["id"] for each in read["clauses"] if each.get("proposal")] == [open_to["id"]]
    accepted = [{"clause": open_to["id"], "answer": "accept"}]
    life.say("clerk", "draft_agreement", {"answers": accepted})
    life.say("citizen", "negotiate_clauses")
    agreement = life.read("/agreement")
    assert [line["kind"] for line in agreement["changes"]] == ["proposed", "accepted"]
    assert agreement["state"] == "agreed"
    assert agreement["terms"]["datasets"][0]["items"] == life.form["datasets"][0]["items"]

    citizen, decider = Device(app, program, "citizen"), Device(app, program, "decider")
    life.work()
    wrong = program("citizen").answer(life.reference, "sign_agreement", {"agreed": True, "code": "000000"})
    assert [error["pointer"] for error in wrong.json["errors"]] == ["/answer/code"]
    his = program("stranger").answer(life.reference, "sign_agreement", {"agreed": True, "code": citizen.code()})
    assert his.status_code == 403, "a colleague who was not named for it must not sign"
    life.say("citizen", "sign_agreement", code=citizen.code())
    life.say("decider", "countersign_agreement", code=decider.code())
    paper = next(each for each in life.read("/documents")["items"] if each["kind"] == "agreement")
    assert [each["side"] for each in paper["signatures"]] == ["party", "body"]
    assert program("citizen").get(f"/cases/{life.reference}/documents/{paper['document']}.pdf").data[:4] == b"%PDF"
    policy = program("citizen").get(f"/agreements/{agreement['reference']}/terms.jsonld")
    assert policy.mimetype == "application/ld+json"
    assert policy.json["permission"][0]["target"]["kaimen:items"] == life.form["datasets"][0]["items"]
    assert program("other_clerk").get(f"/agreements/{agreement['reference']}/terms.jsonld").status_code == 404

    table = "\n".join(["日期,线路,车站,进站人次,出站人次", *ROWS, ""]).encode()
    loaded = program("clerk").ask("POST", f"/datasets/{life.entry}/data", data=table, content_type="text/csv")
    assert loaded.status_code == 201, loaded.json
    entitlement = life.entitlement()
    refused = program("citizen").get(f"/entitlements/{entitlement['reference']}/data.csv")
    assert (refused.status_code, entitlement["open"]) == (403, False), "nothing leaves before access is open"
    assert life.say("operator", "provision_access")["state"] == "in_force"
    reference = life.entitlement()["reference"]
    taken = rows_of(life, reference)
    assert len(taken) == len(ROWS)
    assert set(taken[0]) - {"kaimen_entitlement"} == set(agreement["terms"]["datasets"][0]["items"])
    assert "出站人次" not in taken[0]
    parquet = program("citizen").get(f"/entitlements/{reference}/data.parquet")
    columns = pyarrow.parquet.read_table(io.BytesIO(parquet.data))
    assert columns.num_rows == len(ROWS)
    assert "出站人次" not in columns.column_names
    assert program("other_clerk").get(f"/entitlements/{reference}/data.csv").status_code == 404
    assert program("stranger").get(f"/entitlements/{reference}/data.csv").status_code == 403

    life.say("security", "suspend_access")
    assert program("citizen").get(f"/entitlements/{reference}/data.csv").status_code == 403
    life.say("decider", "resume_access")
    rows_of(life, reference)
    assert life.say("decider", "terminate_agreement")["status"] == "ended"
    closed = program("citizen").get(f"/entitlements/{reference}/data.csv")
    assert (closed.status_code, closed.json["type"]) == (403, "/api/problems/closed")
    log = program("citizen").get(f"/entitlements/{reference}/accesses").json["items"]
    assert [line["outcome"] for line in log].count("finished") == 3
    assert [line["outcome"] for line in log].count("refused") == 4
    assert life.read("/journal/verify", "auditor")["whole"] is True


@pytest.mark.usefixtures("quick")
def test_granted_under_conditions_that_stand_in_the_agreement(life, program):
    life.open()
    life.judged()
    duty = "交付前完成网络安全等级保护测评。"
    without = program("clerk").answer(life.reference, "draft_decision", {**GRANT, "decision": "conditions"})
    assert [error["field"] for error in without.json["errors"]] == ["conditions"]
    assert life.application()["decision"] is None
    life.decide({**GRANT, "decision": "conditions", "conditions": [duty]})
    found = life.application()
    assert (found["outcome"], found["decision"]["conditions"]) == ("conditions", [duty])
    assert life.agree()["state"] == "in_force"
    assert life.read("/agreement")["terms"]["conditions"] == [duty]
    assert program().get(f"/register/{life.reference}").json["outcome"] == "conditions"


@pytest.mark.usefixtures("quick")
def test_granted_in_part_only_the_part_can_be_had(life, program):
    life.open()
    life.judged()
    part = {"dataset": life.entry, "items": ["日期", "线路"]}
    more = {"dataset": life.entry, "items": ["日期", "出站人次"]}
    ruling = {**GRANT, "decision": "part", "bar": "rights"}
    tried = program("clerk").answer(life.reference, "draft_decision", {**ruling, "granted": [more]})
    assert tried.status_code == 422, "more than was asked for is no part of it"
    life.decide({**ruling, "granted": [part]})
    assert life.application()["decision"]["datasets"][0]["items"] == ["日期", "线路"]
    life.agree()
    assert life.entitlement()["items"] == ["日期", "线路"]


@pytest.mark.usefixtures("quick")
def test_refused_with_its_ground_and_remedy_and_without_a_name_in_public(life, program):
    life.open()
    life.say("desk", "check_application")
    keys = life.review("unmet", "oppose")
    refusal = {"decision": "refuse", "text": "申请人的技术能力不符合公布的条件，不能保证数据安全。"}
    none = program("clerk").answer(life.reference, "draft_decision", refusal)
    assert [error["field"] for error in none.json["errors"]] == ["unmet"]
    other = program("clerk").answer(life.reference, "draft_decision", {**refusal, "unmet": [keys[1]]})
    assert other.status_code == 422, "what was found met is no ground"
    assert life.decide({**refusal, "unmet": [keys[0]]})["status"] == "ended"
    decision = life.application()["decision"]
    assert decision["unmet"]
    assert decision["remedy"] == REMEDY[0]
    english = program("citizen").get(f"/cases/{life.reference}/application", headers={"Accept-Language": "en"})
    assert english.json["decision"]["remedy"] == REMEDY[1]
    public = program().get(f"/register/{life.reference}").json
    assert (public["outcome"], public["applicant"], public["summary"]) == ("refuse", "", "")
    assert public["unmet"][0]["text"] in decision["unmet"]
    assert life.form["applicant"] not in str(public)
    assert program("citizen").answer(life.reference, "withdraw_application").status_code == 409


@pytest.mark.usefixtures("quick")
def test_returned_once_with_its_defects_and_completed(life, program):
    life.open()
    defects = [
        {"field": "storage", "words": "请写明机房的详细地址。"},
        {"field": "staff", "words": "请写明人员的数量。"},
    ]
    life.say("desk", "check_application", {"checking": "return", "defects": defects})
    read = life.application()["defects"]
    assert [(each["field"], each["words"]) for each in read] == [(each["field"], each["words"]) for each in defects]
    assert all(each["label"] for each in read)
    before = life.application()["form"]
    assert before["storage"]
    assert "storage" not in life.application("desk")["form"], "the desk reads nothing of what only a few may"
    assert program("stranger").get(f"/cases/{life.reference}/application").status_code == 404
    completed = {
        **before,
        "storage": "上海市示例路 1 号机房二楼 203 室",
        "staff": "数据工程师 3 人，均有三年以上经验。",
    }
    life.say("citizen", "complete_application", {key: value for key, value in completed.items() if value is not None})
    found = life.application()
    assert (found["version"], found["form"]["storage"]) == (2, "上海市示例路 1 号机房二楼 203 室")
    life.say("desk", "check_application")
    changed = {each["field"] for each in life.read("/judging", "reviewer")["differences"]}
    assert changed == {"storage", "staff"}
    assert {each["field"] for each in life.read("/judging", "clerk")["differences"]} == {"staff"}


@pytest.mark.usefixtures("quick")
def test_what_is_not_completed_in_time_lapses(life, program):
    life.open()
    life.say(
        "desk", "check_application", {"checking": "return", "defects": [{"field": "staff", "words": "请写明。。"}]}
    )
    assert program("desk").answer(life.reference, "check_application").status_code == 409
    life.expire("completion")
    assert (life.read()["state"], life.read()["status"]) == ("lapsed", "ended")
    assert program("citizen").answer(life.reference, "complete_application", life.form).status_code == 409
    assert program().get(f"/register/{life.reference}").status_code == 404


@pytest.mark.usefixtures("quick")
def test_withdrawn_by_the_requester_alone(life, program):
    life.open()
    assert program("clerk").answer(life.reference, "withdraw_application").status_code == 404
    life.say("desk", "check_application")
    assert program("clerk").answer(life.reference, "withdraw_application").status_code == 403
    assert [turn["step"] for turn in life.read()["offered"]] == ["withdraw_application"]
    assert life.say("citizen", "withdraw_application")["state"] == "withdrawn"
    assert program("reviewer").answer(life.reference, "review_application").status_code == 409
    assert program().get(f"/register/{life.reference}").status_code == 404


@pytest.mark.usefixtures("quick")
def test_extended_once_by_a_second_person(app, life, program):
    life.open()
    life.say("desk", "check_application")
    due = {each["limit"]: each for each in life.read()["clocks"]}["decision"]
    asked = ASIDE["ask_extension"]
    life.say("clerk", "ask_extension", asked)
    assert program("clerk").answer(life.reference, "extend_decision").status_code == 403
    life.say("decider", "extend_decision")
    later = {each["limit"]: each for each in life.read()["clocks"]}["decision"]
    assert later["due_day"] > due["due_day"]
    assert later["extended"] > 0
    again = program("clerk").answer(life.reference, "ask_extension", asked)
    if again.status_code == 200:
        again = program("decider").answer(life.reference, "extend_decision")
    assert again.status_code == 409, "an office extends its own time once"
    with app.app_context():
        assert db.session.scalars(db.select(Clock.extended).where(Clock.limit == "decision")).one() == later["extended"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("basis", ["amendment", "renewal"])
def test_amended_or_renewed_while_the_old_agreement_stays_in_force(life, program, basis):
    life.open()
    life.judged()
    life.decide(GRANT)
    life.agree()
    old, first = life.reference, life.entitlement()
    assert program("clerk").answer(old, f"request_{basis}").status_code == 403
    life.say("citizen", f"request_{basis}")
    assert program("citizen").answer(old, f"request_{basis}").status_code == 422, "one at a time"
    life.work()
    cases = program("citizen").get("/cases?kind=application&status=draft").json["items"]
    [life.reference] = [each["reference"] for each in cases]
    draft = program("citizen").get(f"/cases/{life.reference}/steps/submit_application/draft").json["answer"]
    assert draft["applicant"] == life.form["applicant"]
    assert "truthful" not in draft
    life.say("citizen", "submit_application", life.form)
    found = life.application()
    assert (found["basis"], found["replaces"]) == (basis, life.read("/agreement", reference=old)["reference"])
    life.judged()
    life.decide(GRANT)
    life.say("clerk", "draft_agreement")
    life.say("citizen", "negotiate_clauses")
    life.say("citizen", "sign_agreement", code="000000")
    life.say("decider", "countersign_agreement", code="000000")
    assert life.read(reference=old)["state"] == "in_force", "the old one holds until the new one is open"
    life.say("operator", "provision_access")
    life.work()
    assert life.read(reference=old)["state"] == "replaced"
    states = {each["reference"]: each["state"] for each in program("citizen").get("/entitlements").json["items"]}
    assert states == {first["reference"]: "revoked", life.entitlement()["reference"]: "active"}


@pytest.mark.usefixtures("quick")
def test_two_bodies_decide_each_on_its_own_part(app, life, program, walker):
    with app.app_context():
        other = conditional("空气质量监测点位", "上海市生态环境局")
        said = life.form_for(walker.dataset(), other)
    life.open(said)
    life.say("desk", "check_application")
    life.work()
    parts = life.application()["parts"]
    assert len(parts) == 2
    by_body = {life.read(reference=part)["body"]["name"]: part for part in parts}
    transport, air = by_body["上海市交通委员会"], by_body["上海市生态环境局"]
    assert life.application(reference=air)["whole"] == life.reference
    assert [each["name"] for each in life.application(reference=air)["datasets"]] == ["空气质量监测点位"]
    assert program("reviewer").get(f"/cases/{air}").status_code == 404
    assert program("other_reviewer").get(f"/cases/{transport}").status_code == 404
    life.judged(transport)
    life.decide(GRANT, transport)
    life.work()
    assert life.read()["state"] == "parted"
    refusal = {"decision": "refuse", "bar": "law", "text": "法律禁止提供这项数据，依法不予开放，特此说明。"}
    life.review(reference=air, who="other_reviewer")
    assert program("clerk").answer(air, "draft_decision", refusal).status_code == 404
    life.say("other_clerk", "draft_decision", refusal, air)
    life.say("other_decider", "decide_application", refusal, air)
    life.work()
    assert (life.read()["state"], life.application()["outcome"]) == ("decided", "mixed")
    assert life.application(reference=air)["decision"]["bar"]
    assert program().get(f"/register/{transport}").json["outcome"] == "approve"
    assert program().get(f"/register/{air}").json["outcome"] == "refuse"
    assert life.agree(transport)["state"] == "in_force"
