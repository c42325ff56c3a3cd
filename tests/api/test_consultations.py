"""The committee's pages and interface: who may see what, and when; sealed, nothing tells how anybody has answered."""

import re

import pytest
from lxml import html

from models import Case, Consultation, Expert, Opinion, SealedOpinion, Seat, db
from tests.consulted import CONCLUSION, MEMBERS, NO_TIE, TIE, UNSURE, opinion
from workflow import casework, consultations, sealing, tokens

SECRET = "这一句话在启封以前谁也不能看到，包括秘书和审计员。"


@pytest.fixture
def life(app, walker, people, client_of):
    """Return a consultation on which seven members sit, and clients of everybody around it."""
    return Life(app, walker, people, client_of)


class Life:
    """A consultation, and the people who come to its pages."""

    def __init__(self, app, walker, people, client_of) -> None:
        self.app, self.walker, self.people, self.client_of = app, walker, people, client_of
        with app.app_context():
            case = walker.at("declare_interest")
            self.case, self.reference = case.reference, case.consultations[-1].reference
            db.session.remove()

    def take(self, step: str, who: str, answer: dict) -> None:
        """Let a person take a step."""
        with self.app.app_context():
            case = db.session.scalar(db.select(Case).where(Case.reference == self.case))
            casework.submit(case, step, answer, actor=self.walker.person(who))
            self.walker.open_ballot(case)
            db.session.remove()

    def declare(self, *members: str) -> None:
        """Let members declare that nothing ties them."""
        for who in members or MEMBERS:
            self.take("declare_interest", who, NO_TIE)

    def answer(self, **stances: str) -> None:
        """Let members hand in their opinions."""
        for who, stance in stances.items():
            self.take("give_opinion", who, opinion(stance) | {"reasons": SECRET + who})

    def get(self, path: str, who: str, **options):
        """Return what a person reads at an address; `{lz}` and `{case}` stand for the references."""
        return self.client(who).get(path.format(lz=self.reference, case=self.case), **options)

    def post(self, path: str, who: str, form: dict, page: str = ""):
        """Return the answer to a form that a person has sent."""
        path = path.format(lz=self.reference, case=self.case)
        proof = re.search(r'name="csrf_token" value="([^"]+)"', self.client(who).get("/account").text)[1]
        return self.client(who).post(path, data={"csrf_token": proof, **form})

    def client(self, who: str):
        """Return the client of a person."""
        return self.client_of(getattr(self.people, who))


SESSION = "/consultations/{lz}"
DECLARE, OPINION = "/expert/cases/{case}/declare_interest", "/expert/cases/{case}/give_opinion"
INSIDE = ("secretary", "authority", "auditor", "clerk", "reviewer", "decider", "security")
OUTSIDE = ("stranger", "citizen", "desk", "steward", "operator", "other_clerk", "other_reviewer", "expert9")


# Who may see a consultation


def test_the_secretary_the_overseers_and_the_body_read_it_and_nobody_else(life):
    for who in INSIDE:
        assert life.get(SESSION, who).status_code == 200, who
        assert life.get("/api/v1" + SESSION, who).status_code == 200, who
    for who in OUTSIDE:
        assert life.get(SESSION, who).status_code == 404, who
        assert life.get("/api/v1" + SESSION, who).status_code == 404, who
        assert life.get(SESSION + "/state", who).status_code == 404, who


def test_a_member_reads_it_with_the_file_and_a_recused_one_no_longer(life):
    assert life.get(SESSION, "expert2").status_code == 404
    life.declare("expert2")
    assert life.get(SESSION, "expert2").status_code == 200
    life.take("recuse", "expert2", {"interest_text": "刚刚接受了申请单位的委托。"})
    for path in (SESSION, "/api/v1" + SESSION, "/cases/{case}", OPINION):
        assert life.get(path, "expert2").status_code == 404
    assert life.reference not in life.get("/consultations", "expert2").text
    assert life.reference not in life.get("/api/v1/consultations", "expert2").text


def test_who_is_unsure_does_not_read_the_file(life):
    life.take("declare_interest", "expert2", UNSURE)
    for path in (SESSION, "/api/v1" + SESSION, "/cases/{case}"):
        assert life.get(path, "expert2").status_code == 404


def test_the_list_is_for_the_committee_and_the_offices(life):
    assert life.get("/consultations", "citizen").status_code == 404
    assert life.reference in life.get("/consultations", "secretary").text
    assert life.reference in life.get("/consultations", "expert1").text
    assert life.reference not in life.get("/consultations", "expert9").text
    assert life.reference not in life.get("/consultations", "other_clerk").text


# Declaring


def test_before_the_declaration_a_member_sees_the_parties_and_nothing_of_the_file(life):
    page = life.get(DECLARE, "expert1")
    assert page.status_code == 200
    assert "上海市交通委员会" in page.text
    with life.app.app_context():
        case = db.session.scalar(db.select(Case).where(Case.reference == life.case))
        hidden = [case.consultations[-1].question, case.classification.grounds, case.listing.fields["summary"]]
        db.session.remove()
    assert not [text for text in hidden if text in page.text]
    assert life.get(OPINION, "expert1").status_code == 409


def test_a_member_declares_on_the_page_and_goes_on_to_the_file(life):
    sent = life.post(DECLARE, "expert1", {"interest": "none", "binding": "true"})
    assert sent.status_code == 303
    assert sent.headers["Location"] == OPINION.format(case=life.case)
    page = life.get(OPINION, "expert1")
    assert page.status_code == 200
    assert "重识别的风险" in page.text
    with life.app.app_context():
        assert db.session.scalar(db.select(Seat.opened_at).where(Seat.number == 1)) is not None


def test_a_declaration_that_says_nothing_of_the_tie_is_refused_and_kept(life):
    sent = life.post(DECLARE, "expert1", {"interest": "conflict", "interest_text": "有", "binding": "true"})
    assert sent.status_code == 422
    assert 'value="conflict"' in sent.text


def test_a_member_who_is_tied_goes_back_to_the_list(life):
    tie = {"interest": "conflict", "interest_text": TIE["interest_text"], "binding": "true"}
    sent = life.post(DECLARE, "expert3", tie)
    assert sent.headers["Location"] == "/consultations"
    assert life.get(DECLARE, "expert3").status_code == 404


def test_a_program_declares_and_hands_in_as_a_page_does(life, app):
    headers = token(life, "expert1")
    base = f"/api/v1/cases/{life.case}/steps/"
    client = app.test_client()
    assert client.post(base + "declare_interest", json={"answer": NO_TIE}, headers=headers).status_code == 200
    assert client.post(base + "give_opinion", json={"answer": opinion("oppose")}, headers=headers).status_code == 200
    again = opinion("support") | {"reasons": SECRET}
    assert client.post(base + "give_opinion", json={"answer": again}, headers=headers).status_code == 200
    told = client.get(f"/api/v1/consultations/{life.reference}", headers=headers).get_json()
    assert told["yours"]["opinion"]["stance"] == "support"
    assert told["yours"]["commitment"]


def token(life, who: str) -> dict[str, str]:
    """Return the headers with which a person's program signs in."""
    with life.app.app_context():
        _, secret = tokens.create_token(life.walker.person(who), "test", ["read", "write"], 1)
        db.session.remove()
    return {"Authorization": f"Bearer {secret}"}


# Sealed


def test_while_it_is_sealed_nobody_reads_how_anybody_has_answered(life):
    life.declare()
    life.answer(expert1="oppose", expert2="abstain")
    life.answer(expert2="conditions")
    readers = (*INSIDE, "desk", "citizen", "expert1", "expert3")
    places = [SESSION, SESSION + "/state", "/consultations", "/cases/{case}", "/work", "/letters", OPINION]
    places += ["/api/v1" + SESSION, "/api/v1/consultations", "/api/v1/cases/{case}", "/api/v1/cases/{case}/events"]
    for who in readers:
        for place in places:
            said = life.get(place, who).text
            assert SECRET + "expert2" not in said, (who, place)
            assert "数据沙箱" not in said, (who, place)
            assert who == "expert1" or SECRET not in said, (who, place)
            assert who == "expert1" or place == OPINION or "oppose" not in said, (who, place)


def test_while_it_is_sealed_the_session_tells_who_has_handed_in_and_not_when(life):
    life.declare()
    life.answer(expert1="oppose", expert2="support")
    told = life.get("/api/v1" + SESSION, "auditor").get_json()
    assert told["sealed"] is True
    assert [each["number"] for each in told["seats"] if each["handed_in"]] == [1, 2]
    assert set(told["seats"][0]) == {
        "number", "name", "chair", "stand_in", "declared", "handed_in", "present", "left",
    }  # fmt: skip
    assert (told["count"], told["opinions"], told["measures"]) == (None, [], [])
    assert "已提交 2 / 7" in life.get(SESSION, "auditor").text


def test_while_it_is_sealed_the_journal_tells_nobody_when_another_handed_in(life):
    life.declare()
    life.answer(expert1="oppose", expert2="support")
    for who, own in (("auditor", 0), ("reviewer", 0), ("secretary", 0), ("expert2", 1)):
        items = life.get("/api/v1/cases/{case}/events?limit=100", who).get_json()["items"]
        handed_in = [
            line for line in items if line["step"] == "give_opinion" and line["kind"] in ("answered", "changed")
        ]
        assert len(handed_in) == own, who
        assert all(line["mine"] for line in handed_in)
    life.answer(**{f"expert{number}": "support" for number in range(3, 8)})
    items = life.get("/api/v1/cases/{case}/events?limit=100", "auditor").get_json()["items"]
    assert sum(line["step"] == "give_opinion" and line["kind"] == "answered" for line in items) == 7


def test_an_open_page_is_told_when_something_has_changed_and_only_then(life):
    life.declare("expert1")
    page = life.get(SESSION, "secretary").text
    address = re.search(r'hx-get="([^"]+)"', page)[1].replace("&amp;", "&")
    assert life.get(address, "secretary").status_code == 204
    life.answer(expert1="oppose")
    fresh = life.get(address, "secretary")
    assert fresh.status_code == 200
    assert "已提交 1 / 7" in fresh.text
    assert "<html" not in fresh.text
    life.declare(*MEMBERS[1:])
    life.answer(**dict.fromkeys(MEMBERS[1:], "support"))
    over = life.get(address, "secretary")
    assert (over.status_code, over.headers["HX-Refresh"]) == (204, "true")


# One's own opinion


def test_a_member_reads_their_own_opinion_and_changes_it(life):
    life.declare("expert1", "expert2")
    form = opinion("oppose") | {"reasons": SECRET}
    assert life.post(OPINION, "expert1", form).headers["Location"] == OPINION.format(case=life.case)
    page = life.get(OPINION, "expert1").text
    assert "意见已经密封提交" in page
    assert SECRET in page
    with life.app.app_context():
        consultation = db.session.scalar(db.select(Consultation).where(Consultation.reference == life.reference))
        bound = consultations.commitments(consultation)[1]
        db.session.remove()
    assert bound[:4] in page
    again = life.get(OPINION + "?change=1", "expert1").text
    assert f"{SECRET}</textarea>" in again
    wrong = life.post(OPINION, "expert1", form | {"reasons": "太短"})
    assert wrong.status_code == 422
    assert "太短" in wrong.text
    assert life.post(OPINION, "expert1", form | {"stance": "support"}).status_code == 303
    told = life.get("/api/v1" + SESSION, "expert1").get_json()
    assert told["yours"]["opinion"]["stance"] == "support"
    assert life.get("/api/v1" + SESSION, "expert2").get_json()["yours"]["opinion"] is None


def test_an_opinion_that_cannot_be_opened_is_said_so_and_can_be_handed_in_again(life):
    life.declare("expert1")
    life.answer(expert1="oppose")
    with life.app.app_context():
        row = db.session.scalar(db.select(SealedOpinion))
        row.box = row.box[:-1] + bytes([row.box[-1] ^ 1])
        db.session.commit()
        db.session.remove()
    page = life.get(OPINION, "expert1")
    assert page.status_code == 200
    assert "现在打不开" in page.text
    assert life.post(OPINION, "expert1", opinion("support") | {"reasons": SECRET}).status_code == 303
    assert SECRET in life.get(OPINION, "expert1").text


def test_after_the_close_nothing_is_changed(life):
    life.declare()
    life.answer(**dict.fromkeys(MEMBERS, "support"))
    assert life.get(OPINION, "expert2").status_code == 409
    assert life.post(OPINION, "expert2", opinion("oppose") | {"reasons": SECRET}).status_code == 409


# After the close


@pytest.fixture
def closed(life):
    """Return a consultation whose ballot has been opened: four for, two against, one with conditions."""
    life.declare()
    stances = ["support"] * 3 + ["oppose"] * 2 + ["conditions"] * 2
    life.answer(**dict(zip(MEMBERS, stances, strict=True)))
    return life


def test_after_the_close_everybody_inside_reads_the_same(closed):
    for who in (*INSIDE, *MEMBERS):
        told = closed.get("/api/v1" + SESSION, who).get_json()
        assert told["count"]["stances"] == {"support": 3, "oppose": 2, "conditions": 2, "abstain": 0}
        assert [each["seat"] for each in told["opinions"]] == list(range(1, 8))
        assert all(each["matches"] for each in told["opinions"])
        assert told["measures"] == [{"words": "只在数据沙箱内使用", "support": 2}]
    page = closed.get(SESSION, "expert5").text
    assert "您的意见" in page
    assert "密封码全部一致" in page
    assert closed.get(SESSION, "citizen").status_code == 404


def test_a_commitment_can_be_worked_out_from_what_is_given(closed):
    for each in closed.get("/api/v1" + SESSION, "expert1").get_json()["opinions"]:
        made = sealing.commitment(each["place"], each["answer"], each["salt"])
        assert made == each["commitment"]


def test_an_opened_opinion_that_was_changed_afterwards_shows(closed):
    with closed.app.app_context():
        row = db.session.scalar(db.select(Opinion).where(Opinion.seat == 4))
        row.answer = row.answer | {"reasons": "换成了别的话，看上去像是本来就有的理由。"}
        db.session.commit()
        db.session.remove()
    told = closed.get("/api/v1" + SESSION, "secretary").get_json()["opinions"]
    assert [each["seat"] for each in told if not each["matches"]] == [4]
    assert "有密封码不一致" in closed.get(SESSION, "secretary").text


def test_the_conclusion_stands_apart_from_the_count_and_dissent_is_marked(closed):
    closed.take("conclude_consultation", "expert1", CONCLUSION)
    told = closed.get("/api/v1" + SESSION, "reviewer").get_json()
    assert (told["advice"], told["count"]["result"]) == ("support", "conditions")
    assert [each["seat"] for each in told["opinions"] if each["dissent"]] == [4, 5]
    assert told["minutes"]
    assert "还没有作出决定" in closed.get(SESSION, "reviewer").text


def test_the_minutes_are_for_those_who_may_read_the_consultation(closed):
    closed.take("conclude_consultation", "expert1", CONCLUSION)
    number = closed.get("/api/v1" + SESSION, "secretary").get_json()["minutes"]
    path = f"/cases/{{case}}/documents/{number}.pdf"
    for who in ("secretary", "reviewer", "expert2", "auditor"):
        assert closed.get(path, who).status_code in (200, 202), who
    assert closed.get(path, "desk").status_code == 404
    assert [each["kind"] for each in closed.get("/api/v1/cases/{case}/documents", "desk").get_json()["items"]] == []


def test_what_became_of_the_advice_is_counted(closed):
    closed.take("conclude_consultation", "expert1", CONCLUSION)
    assert closed.client("stranger").get("/api/v1/committee").get_json()["advice"]["undecided"] == 1
    agreed = {"review": "agree", "grounds": "事实清楚，依据正确，同意经办人的建议，无补充意见。"}
    closed.take("review_classification", "reviewer", agreed)
    closed.take("confirm_classification", "decider", {"confirmation": "confirm"})
    advice = closed.client("stranger").get("/api/v1/committee").get_json()["advice"]
    assert (advice["concluded"], advice["followed"], advice["undecided"]) == (1, 1, 0)
    assert "决定采纳了论证意见" in closed.get(SESSION, "authority").text


# What is said about the procedure


def test_members_and_the_secretary_speak_about_the_procedure_without_names(life):
    life.declare("expert1", "expert2")
    assert life.post(SESSION, "expert1", {"text": "附件二打不开，请重新上传。"}).status_code == 303
    assert life.post(SESSION, "secretary", {"text": "已经请经办人重新上传。"}).status_code == 303
    page = life.get(OPINION, "expert2").text
    assert "附件二打不开" in page
    assert "已经请经办人重新上传" in page
    words = life.get("/api/v1" + SESSION, "expert2").get_json()["words"]
    assert [each["by"] for each in words] == ["member", "secretary"]
    assert all(set(each) == {"at", "by", "text"} for each in words)


def test_nobody_else_speaks_and_nobody_afterwards(life):
    life.declare("expert1")
    for who, status in (("reviewer", 403), ("auditor", 403), ("expert2", 404), ("citizen", 404)):
        assert life.post(SESSION, who, {"text": "我也想说一句话。"}).status_code == status, who
    assert life.post(SESSION, "expert1", {"text": "短"}).status_code == 422
    life.declare(*MEMBERS[1:])
    life.answer(**dict.fromkeys(MEMBERS, "support"))
    assert life.post(SESSION, "secretary", {"text": "启封以后就不再说了。"}).status_code == 409


# Seating


def test_a_proposal_is_ticked_with_its_reasons_and_who_is_barred_cannot_be(app, walker, people, client_of):
    with app.app_context():
        case = walker.at("seat_experts")
        tied = db.session.get(Expert, walker.person("expert3").id)
        tied.conflicts = [case.body.name]
        db.session.commit()
        page = f"/secretary/cases/{case.reference}/seat_experts"
        db.session.remove()
    tree = html.fromstring(client_of(people.secretary).get(page).text)
    boxes = tree.xpath("//input[@name='experts']")
    barred = tree.xpath("//tr[@data-barred]")
    assert len(tree.xpath("//input[@name='experts'][@checked]")) == 7
    assert len(tree.xpath("//input[@name='stand_ins'][@checked]")) == 1
    assert len(boxes) == 9
    assert len(barred) == 1
    assert "登记的利益关系：上海市交通委员会" in barred[0].text_content()
    assert len(barred[0].xpath(".//input[@disabled]")) == 3
    assert "专业相符" in tree.text_content()
    assert tree.xpath("//textarea[@name='question']")[0].text.strip()
