"""Decisions on an application in a real browser: granted in part or under conditions, refused, completed, given up.

What a life is about is walked in the browser; to that point it comes through the door.
"""

import pytest
from playwright.sync_api import expect

from tests.answers import ANSWERS, GRANT, USED
from tests.applications import FORM, ITEMS
from tests.browser.office import TEXT, case_of

pytestmark = pytest.mark.browser
BODY, OTHER_BODY = "上海市交通委员会", "上海市生态环境局"


def test_a_grant_under_conditions_binds_the_agreement_and_stands_in_the_register(office):
    visitors = office.visitors
    reference = office.application(office.entry("公交到站时刻"), steps=USED[1:3])
    named = ["交付前完成等级保护测评。", "结果发表前送本单位阅知。"]
    ruling = {"decision": "conditions", "conditions": named, "text": TEXT}
    visitors.clerk.answer(reference, "draft_decision", ruling)
    page = office.begin(visitors.decider, reference, "decide_application")
    # What the clerk has drafted stands in the form already, and is changed where the decider sees it otherwise.
    expect(page.locator("[name=decision][value=conditions]")).to_be_checked()
    expect(page.locator("[name=conditions]")).to_have_value("\n".join(named))
    visitors.decider.fill({"conditions": named[:1]})
    visitors.decider.send()
    visitors.decider.accepted()
    office.work()
    expect(office.case(visitors.citizen, reference)).to_contain_text(office.says["conditions"])
    stranger = office.stranger()
    stranger.goto(f"/register/{reference}")
    expect(stranger.page.locator("main")).to_contain_text(named[0])
    expect(stranger.page.locator("main")).to_contain_text(FORM["summary"])
    office.begin(visitors.clerk, reference, "draft_agreement")
    visitors.clerk.send()
    visitors.clerk.accepted()
    visitors.citizen.goto(f"/requester/cases/{reference}/negotiate_clauses")
    expect(visitors.citizen.page.locator("main")).to_contain_text(named[0])
    expect(visitors.citizen.page.locator("main")).not_to_contain_text(named[1])


def test_one_data_set_is_granted_and_one_is_not(office):
    visitors = office.visitors
    yes, no = office.entry("道路断面流量"), office.entry("道路卡口过车")
    reference = office.application(yes, no, steps=USED[1:2])
    office.judge(visitors.reviewer, reference, "support_conditions", f"{no}.C3")
    page = office.begin(visitors.clerk, reference, "draft_decision")
    visitors.clerk.fill({"decision": "part", "text": TEXT})
    page.click("button[name=add][value=granted]")
    visitors.clerk.fill({"granted-0-dataset": yes, "granted-0-items": ITEMS[:2]})
    page.locator(f"[name=unmet][value='{no}.C3']").check()
    visitors.clerk.look("-part")
    visitors.clerk.send()
    visitors.clerk.accepted()
    office.begin(visitors.decider, reference, "decide_application")
    visitors.decider.send()
    visitors.decider.accepted()
    office.work()
    expect(office.case(visitors.citizen, reference)).to_contain_text(office.says["part"])
    stranger = office.stranger()
    stranger.goto(f"/register/{reference}")
    shown = stranger.page.locator("main")
    expect(shown).to_contain_text("C3")
    office.take(reference, *USED[5:6])
    agreed = office.case(visitors.citizen, reference).locator(
        "section", has=visitors.citizen.page.locator("#agreement-t")
    )
    expect(agreed).to_contain_text(yes)
    expect(agreed).not_to_contain_text(no)


def test_a_refusal_names_the_unmet_condition_and_the_remedy(office):
    visitors, says = office.visitors, office.says
    code = office.entry("公交车辆轨迹")
    reference = office.application(code, steps=USED[1:2])
    office.judge(visitors.reviewer, reference, "oppose", f"{code}.C3")
    clerk = visitors.clerk
    page = office.begin(clerk, reference, "draft_decision")
    clerk.fill({"decision": "refuse", "text": TEXT})
    # Only what the reviewer has found unmet can be named, and without a ground nothing is refused.
    expect(page.locator("[name=unmet]")).to_have_count(1)
    clerk.send()
    expect(page.locator(".km-summary")).to_be_focused()
    page.locator(f"[name=unmet][value='{code}.C3']").check()
    clerk.send()
    clerk.accepted()
    office.begin(visitors.decider, reference, "decide_application")
    visitors.decider.send()
    visitors.decider.accepted()
    office.work()
    citizen = visitors.citizen
    shown = office.case(citizen, reference, "refused")
    expect(shown.locator("h1")).to_contain_text(says["refused"])
    expect(shown).to_contain_text(says["remedy"])
    stranger = office.stranger()
    stranger.goto("/register?outcome=refuse")
    stranger.click(f"main a[href$='/{reference}']")
    stranger.look("-refused")
    expect(stranger.page.locator("main")).to_contain_text("C3")
    expect(stranger.page.locator("main")).not_to_contain_text(FORM["applicant"])


def test_what_is_missing_is_named_field_by_field_and_completed(office):
    visitors, says = office.visitors, office.says
    reference = office.application(office.entry("公共停车场泊位"))
    desk, citizen = visitors.desk, visitors.citizen
    page = office.begin(desk, reference, "check_application")
    desk.fill({"checking": "return"})
    for _ in range(2):
        page.click("button[name=add][value=defects]")
    desk.fill({"defects-0-field": "contact", "defects-0-words": "请写明联系人的手机号码。"})
    desk.fill({"defects-1-field": "scenario", "defects-1-words": "请写明调整哪些接驳线路。"})
    desk.send()
    desk.accepted()
    office.case(citizen, reference, "returned")
    citizen.click(f"main a[href$='/{reference}/complete_application']")
    expect(citizen.page.locator("main")).to_contain_text("请写明调整哪些接驳线路。")
    citizen.fill({"scenario": FORM["scenario"] + "涉及 5 条接驳线路。"})
    citizen.send()
    citizen.accepted()
    office.begin(desk, reference, "check_application")
    desk.look("-completed")
    done = page.locator("section[aria-labelledby=defects-t]")
    expect(done.locator("li", has_text="手机号码")).to_contain_text(says["unchanged"])
    expect(done.locator("li", has_text="接驳线路")).to_contain_text(says["changed"])
    expect(done.locator("ins")).to_contain_text("涉及 5 条接驳线路。")
    desk.fill({"checking": "accept"})
    desk.send()
    desk.accepted()
    # The reviewer asks; the applicant explains; the clock stands still meanwhile.
    page = office.begin(visitors.reviewer, reference, "review_application")
    visitors.reviewer.fill({"opinion": "ask", "question": "请说明模型训练完成后数据保存多久。", "grounds": TEXT})
    visitors.reviewer.send("button.btn-primary")
    visitors.reviewer.accepted()
    citizen.offered(reference, "clarify_application", ANSWERS["clarify_application"])
    page = office.begin(visitors.reviewer, reference, "review_application")
    expect(page.locator("main")).to_contain_text(ANSWERS["clarify_application"]["text"])


def test_an_application_that_is_not_completed_in_time_lapses(office):
    returned = (
        "check_application",
        "desk",
        {"checking": "return", "defects": [{"field": "contact", "words": "请写明手机号码。"}]},
    )
    reference = office.application(office.entry("道路养护计划"), steps=[returned])
    office.expire(reference, "completion")
    citizen = office.visitors.citizen
    shown = office.case(citizen, reference)
    expect(shown.locator("h1")).to_contain_text(office.says["lapsed"])
    assert citizen.page.goto(f"{office.service.base}/requester/cases/{reference}/complete_application").status == 409


def test_an_application_is_withdrawn(office):
    visitors = office.visitors
    reference = office.application(office.entry("货运通行证"), steps=USED[1:2])
    visitors.citizen.offered(reference, "withdraw_application", ANSWERS["withdraw_application"])
    shown = office.case(visitors.citizen, reference)
    expect(shown.locator("h1")).to_contain_text(office.says["withdrawn"])
    expect(shown.locator("a[href$='withdraw_application']")).to_have_count(0)
    visitors.reviewer.goto("/work")
    expect(visitors.reviewer.page.locator(f"main a[href*='{reference}']")).to_have_count(0)


def test_the_time_for_the_decision_is_extended_by_a_second_person(office):
    visitors = office.visitors
    reference = office.application(office.entry("水上客运班次"), steps=USED[1:2])
    before = office.due(reference, "decision")
    expect(office.case(visitors.citizen, reference).locator(f"time[datetime='{before}']").first).to_be_visible()
    visitors.clerk.offered(reference, "ask_extension", ANSWERS["ask_extension"])
    page = office.begin(visitors.decider, reference, "extend_decision")
    expect(page.locator("main")).to_contain_text(ANSWERS["ask_extension"]["reason"])
    visitors.decider.fill(ANSWERS["extend_decision"])
    visitors.decider.send()
    visitors.decider.accepted()
    after = office.due(reference, "decision")
    assert after > before
    shown = office.case(visitors.citizen, reference)
    expect(shown.locator(f"time[datetime='{after}']").first).to_be_visible()
    expect(shown).to_contain_text(ANSWERS["extend_decision"]["text"])


def test_two_bodies_decide_each_on_its_own_data(office):
    visitors, says = office.visitors, office.says
    citizen = visitors.citizen
    mine, theirs = office.entry("公交分线路客流"), office.entry("空气质量小时值", body=OTHER_BODY)
    whole = office.application(mine, theirs)
    visitors.desk.answer(whole, "check_application", {"checking": "accept"})
    office.work()

    def parts() -> dict[str, str]:
        return {part.body.name: part.reference for part in case_of(whole).parts}

    references = office.inside(parts)
    granted, refused = references[BODY], references[OTHER_BODY]
    shown = office.case(citizen, whole, "parted")
    for each in (granted, refused):
        expect(shown.locator(f"a[href$='/cases/{each}']").first).to_be_visible()
    office.judge(visitors.reviewer, granted)
    visitors.clerk.answer(granted, "draft_decision", GRANT)
    visitors.decider.answer(granted, "decide_application", GRANT)
    office.judge(visitors.other_reviewer, refused, "oppose", f"{theirs}.C3")
    refusal = {"decision": "refuse", "text": TEXT, "bar": "rights"}
    visitors.other_clerk.answer(refused, "draft_decision", refusal)
    visitors.other_decider.answer(refused, "decide_application", refusal)
    office.work()
    expect(office.case(citizen, whole).locator("h1")).to_contain_text(says["decided"])
    assert visitors.clerk.page.goto(f"{office.service.base}/cases/{refused}").status == 404
    visitors.clerk.answer(granted, "draft_agreement", {})
    agreed = office.case(citizen, granted).locator("section[aria-labelledby=agreement-t]")
    expect(agreed).to_contain_text(mine)
    expect(agreed).not_to_contain_text(theirs)
    expect(office.case(citizen, refused).locator("h1")).to_contain_text(says["refused"])
