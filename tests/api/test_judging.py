"""What stands beside an application: for each reader what they may see, what has changed, and where a draft departs."""

import re

import pytest

from models import Case, db
from tests.applications import FORM, TERMS, decided, form
from workflow import applications, casework, conditions

SECRET, PLACE = "发现异常后十分钟内断开，代号白玉兰。", "上海市示例路 9 号地下机房"


@pytest.fixture
def waits(app, walker):
    """Return a maker of applications that wait for a step, on data with published conditions."""

    def made(step: str, **changes) -> str:
        with app.app_context():
            entry = walker.dataset()
            if conditions.latest(entry) is None:
                conditions.publish(entry, TERMS, walker.person("decider"))
            case = walker.application(entry, incident_plan=SECRET, storage=PLACE, **changes)
            if step == "check_application":
                return case.reference
            casework.submit(case, "check_application", {"checking": "accept"}, actor=walker.person("desk"))
            if step == "review_application":
                return case.reference
            found = [finding(key, line) for key, (_, line) in applications.criteria(case.application).items()]
            said = {"opinion": "oppose", "findings": found, "grounds": "安全保障不符合公布的条件。"}
            casework.submit(case, "review_application", said, actor=walker.person("reviewer"))
            if step == "draft_decision":
                return case.reference
            unmet = [each["criterion"] for each in found if each["finding"] == "unmet"]
            draft = {"decision": "refuse", "unmet": unmet, "text": "系统没有通过等级保护二级测评，不符合公布的条件。"}
            casework.submit(case, "draft_decision", draft, actor=walker.person("clerk"))
            return case.reference

    return made


def finding(key: str, line: conditions.Criterion) -> dict[str, str]:
    if line.bound == "protection_level:2":
        return {"criterion": key, "finding": "unmet", "reason": "系统只备案一级。"}
    return {"criterion": key, "finding": "met", "reason": "材料齐全。"}


def page(client_of, people, who: str, reference: str, step: str):
    return client_of(getattr(people, who)).get(f"/{who}/cases/{reference}/{step}")


def test_what_only_a_few_may_read_is_kept_from_the_desk(client_of, people, waits):
    answer = page(client_of, people, "desk", waits("check_application"), "check_application")
    assert answer.status_code == 200
    assert FORM["scenario"] in answer.text
    assert SECRET not in answer.text
    assert PLACE not in answer.text
    answer = page(client_of, people, "reviewer", waits("review_application"), "review_application")
    assert SECRET in answer.text
    assert PLACE in answer.text


def test_the_clerk_who_drafts_reads_the_findings_and_not_what_only_a_few_may(client_of, people, waits):
    answer = page(client_of, people, "clerk", waits("draft_decision"), "draft_decision")
    assert "系统只备案一级。" in answer.text
    assert SECRET not in answer.text
    # The conditions that were found unmet are offered, and no others.
    offered = re.findall(r'name="unmet" value="([^"]+)"', answer.text)
    assert len(offered) == 1


def test_every_published_condition_is_asked_for_and_checked_as_far_as_a_machine_can(client_of, people, waits):
    reference = waits("review_application", protection_level=1)
    answer = page(client_of, people, "reviewer", reference, "review_application")
    asked = re.findall(r'name="findings-\d+-criterion" value="([^"]+)"', answer.text)
    judged = sum(1 for line in conditions._made(TERMS) if not line.duty)
    assert len(asked) == len(set(asked)) == judged
    assert answer.text.count("自动核对：不符合") == 1


def test_a_review_without_a_finding_comes_back_with_what_was_judged(app, client_of, people, waits):
    client, reference = client_of(people.reviewer), waits("review_application")
    path = f"/reviewer/cases/{reference}/review_application"
    text = client.get(path).text
    keys = re.findall(r'name="(findings-\d+)-criterion" value="([^"]+)"', text)
    form = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', text)[1], "opinion": "support"}
    form |= {"nonce": re.search(r'name="nonce" value="([^"]+)"', text)[1], "grounds": "材料齐全，符合公布的条件。"}
    for row, key in keys:
        form |= {f"{row}-criterion": key, f"{row}-finding": "met", f"{row}-reason": f"已核对 {key}"}
    missing = {name: value for name, value in form.items() if name != "findings-3-finding"}
    refused = client.post(path, data=missing)
    assert refused.status_code == 422
    assert f"已核对 {keys[3][1]}" in refused.text
    assert client.post(path, data=form).status_code == 303


def test_the_next_reader_sees_what_was_completed_and_how(app, walker, client_of, people, waits):
    reference = waits("check_application")
    with app.app_context():
        case = db.session.scalar(db.select(Case).where(Case.reference == reference))
        named = ("scenario", "请写明结果给谁使用。"), ("storage", "地址不完整。"), ("method", "请写明模型。")
        defects = [{"field": name, "words": words} for name, words in named]
        said = {"checking": "return", "defects": defects}
        casework.submit(case, "check_application", said, actor=walker.person("desk"))
        changed = {
            "scenario": FORM["scenario"] + "结果交研究单位。",
            "storage": PLACE + "二层",
            "incident_plan": SECRET,
        }
        answer = form(walker.dataset(), **changed)
        casework.submit(case, "complete_application", answer, actor=walker.person("citizen"))
        db.session.remove()
    shown = page(client_of, people, "desk", reference, "check_application").text
    assert "<ins>结果交研究单位。</ins>" in shown
    assert all(words in shown for _, words in named)
    assert "没有改动" in shown
    assert PLACE not in shown
    assert "二层" not in shown


def test_a_draft_that_departs_from_like_cases_is_warned_of(app, walker, client_of, people, waits):
    with app.app_context():
        for _ in range(2):
            decided(walker.dataset(), "approve")
        db.session.remove()
    reference = waits("decide_application")
    shown = page(client_of, people, "decider", reference, "decide_application").text
    assert "与相近先例不一致" in shown
    assert "SQ-2026-9" in shown
    with app.app_context():
        decided(walker.dataset(), "refuse")
        db.session.remove()
    assert "与相近先例不一致" not in page(client_of, people, "decider", reference, "decide_application").text
