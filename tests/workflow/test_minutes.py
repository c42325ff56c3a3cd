"""The minutes: what they set down of a consultation, and that the office signs them."""

import hashlib
from io import BytesIO

import pytest
from pypdf import PdfReader

from models import DocumentState
from tests import archivable
from tests.consulted import CONCLUSION, MEMBERS, NO_TIE, TIE, UNSURE, opinion, to_seat
from workflow import casework, consultations, documents, files
from workflow.stages import STEPS

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def act(walker):
    """Return a function that lets a person take a step."""

    def take(case, step, who, answer):
        casework.submit(case, step, answer, actor=walker.person(who))
        walker.open_ballot(case)

    return take


def test_they_set_down_who_sat_what_was_ruled_the_count_and_each_dissent(walker, act, tmp_path):
    case = walker.at("declare_interest")
    for who in MEMBERS[:1] + MEMBERS[3:]:
        act(case, "declare_interest", who, NO_TIE)
    act(case, "declare_interest", "expert2", TIE)
    act(case, "declare_interest", "expert8", NO_TIE)
    act(case, "declare_interest", "expert3", UNSURE)
    ruling = {"seat": 3, "ruling": "cleared", "reason": "一次讲课不影响公正，可以参加。"}
    act(case, "rule_on_interest", "secretary", ruling)
    stances = ["support", "conditions", "conditions", "support", "oppose", "support", "support"]
    for who, stance in zip(("expert1", "expert8", *MEMBERS[2:]), stances, strict=True):
        act(case, "give_opinion", who, opinion(stance))
    act(case, "conclude_consultation", "expert1", CONCLUSION)
    said = consultations.current(case).minutes.facts
    assert [(each["number"], each["left"]) for each in said["seats"]][:3] == [(1, ""), (2, "recused"), (2, "")]
    assert said["seats"][1]["interest_text"] == TIE["interest_text"]
    assert [(each["step"], each["reason"]) for each in said["acts"]] == [("rule_on_interest", ruling["reason"])]
    assert [each["seat"] for each in said["opinions"] if each["dissent"]] == [5]
    assert said["measures"] == [["只在数据沙箱内使用", 2]]
    assert said["body"] == "上海市数据局"
    assert (said["advice"], said["count"]["result"]) == ("support", "support")
    walker.work()
    made = consultations.current(case).minutes
    assert made.state is DocumentState.MADE
    assert [each.side for each in made.signatures] == ["office"]
    assert archivable.faults(documents.content(made), folder=tmp_path) == [[]]


def test_they_name_what_was_taken_back_and_the_files_of_each_opinion(walker, act):
    case = walker.at("declare_interest")
    for who in MEMBERS:
        act(case, "declare_interest", who, NO_TIE)
    paper = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
    expert, step = walker.person("expert2"), STEPS["give_opinion"]
    kept = files.keep(BytesIO(paper), "[反对] #理由.pdf", case, expert, step, "attachments")
    act(case, "give_opinion", "expert2", opinion("oppose") | {"attachments": [kept.id]})
    act(case, "give_opinion", "expert3", opinion("support"))
    act(case, "recuse", "expert3", {"interest_text": "刚刚接受了申请单位的委托。"})
    act(case, "declare_interest", "expert8", NO_TIE)
    for who in ("expert1", "expert8", *MEMBERS[3:]):
        act(case, "give_opinion", who, opinion("support"))
    act(case, "conclude_consultation", "expert1", CONCLUSION)
    said = consultations.current(case).minutes.facts
    assert next((each["left"], each["answered"]) for each in said["seats"] if each["number"] == 3) == ("recused", True)
    sha256 = hashlib.sha256(paper).hexdigest()
    assert [each["files"] for each in said["opinions"]][:3] == [[], [["[反对] #理由.pdf", sha256]], []]
    walker.work()
    made = consultations.current(case).minutes
    assert made.state is DocumentState.MADE
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(documents.content(made))).pages)
    text = "".join(text.split())
    assert "已提交的意见收回" in text
    assert "[反对]#理由.pdf" in text


def test_without_a_quorum_they_set_down_the_end_and_no_opinion(walker, act):
    case = walker.at("extend_ballot")
    why = "多名委员出差在外，不再延长。"
    act(case, "extend_ballot", "secretary", {"extension": "end", "reason": why})
    said = consultations.current(case).minutes.facts
    assert (said["advice"], said["count"], said["opinions"]) == ("", {}, [])
    assert [each["reason"] for each in said["acts"]] == [why]
    walker.work()
    assert consultations.current(case).minutes.state is DocumentState.MADE


def test_an_attempt_that_was_given_up_is_not_set_down(walker, act):
    case = walker.at("extend_ballot")
    act(case, "extend_ballot", "secretary", {"extension": "reseat", "reason": "委员大多不能参加，重新组成。"})
    act(case, "seat_experts", "secretary", to_seat(walker, (*MEMBERS[:4], "expert9"), ("expert8",)))
    for who in (*MEMBERS[:4], "expert9"):
        act(case, "declare_interest", who, NO_TIE)
    for who in (*MEMBERS[:4], "expert9"):
        act(case, "give_opinion", who, opinion("support"))
    act(case, "conclude_consultation", "expert1", CONCLUSION)
    said = consultations.current(case).minutes.facts
    assert len(said["seats"]) == 5
    assert [each["extension"] for each in said["acts"]] == ["reseat"]
