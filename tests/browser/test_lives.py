"""Whole lives in a real browser: each person signs in, finds their step, and answers it as people do."""

import re

import pytest
from playwright.sync_api import expect

from tests.answers import ANSWERS, DEMAND, LISTED, OPENED, PROPOSAL

pytestmark = pytest.mark.browser
BODY = {"zh": "上海市交通委员会", "en": "Shanghai Municipal Transportation Commission"}


def submit(visitor, **changes):
    """Write a demand and hand it in; return its reference."""
    visitor.goto("/")
    visitor.click("header a[href='/demands/new']")
    visitor.fill(DEMAND | changes)
    visitor.send()
    visitor.accepted()
    return visitor.reference


def route(visitors, reference, **changes):
    """Let the desk give a demand to the transport commission."""
    desk = visitors.desk
    desk.goto("/work")
    desk.click(f"main a[href$='/{reference}/screen_demand']")
    desk.fill({"screening": "route"})
    desk.page.get_by_label(BODY[desk.language]).check()
    desk.fill({"public_subject": "充电桩空闲", "public_text": "充电桩实时空闲数量"} | changes)
    desk.send()
    desk.accepted()


def classify(visitors, reference):
    """Let three people classify what a case describes, the first with the tables' view."""
    clerk = visitors.clerk
    clerk.goto("/work")
    clerk.click(f"main a[href$='/{reference}/propose_classification']")
    clerk.fill({name: value for name, value in PROPOSAL.items() if name not in ("grounds", "conditions")})
    clerk.page.click("button[name=preview]")
    expect(clerk.page.locator("#advice-place #advice")).to_contain_text("DT1-08")
    expect(clerk.page.locator("#advice-place #advice .km-open")).to_be_visible()
    clerk.fill({"conditions": PROPOSAL["conditions"], "grounds": PROPOSAL["grounds"]})
    clerk.send()
    clerk.accepted()
    visitors.reviewer.answer(reference, "review_classification", ANSWERS["review_classification"])
    visitors.decider.answer(reference, "confirm_classification", ANSWERS["confirm_classification"])


def see_map(visitor, steps):
    """See the process drawn, a token on each of some steps, and the mark of those who made the drawing's software."""
    page = visitor.page
    page.wait_for_selector("#map[data-drawn=yes]")
    expect(page.locator("#map svg").first).to_be_visible()
    for step in steps:
        expect(page.locator(f"#map [data-element-id={step}].km-n-here")).to_have_count(1)
    expect(page.locator("#map .km-token").first).to_be_visible()
    expect(page.locator("#map .bjs-powered-by")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_demand_becomes_an_entry_that_everybody_finds(request, come, language):
    service = request.getfixturevalue("service" if language == "zh" else "service_on_postgresql")
    visitors = come(service, language)
    reference = submit(visitors.citizen)
    see_map(visitors.citizen, ["screen_demand"])
    visitors.desk.answer(reference, "screen_demand", {"screening": "ask", "message": "请写明需要哪些区的数据。"})
    citizen = visitors.citizen
    citizen.goto("/cases")
    citizen.click(f"main a[href$='/{reference}']")
    citizen.click(f"main a[href$='/{reference}/clarify_demand']")
    citizen.fill(ANSWERS["clarify_demand"])
    citizen.send()
    citizen.accepted()
    route(visitors, reference)
    visitors.clerk.answer(reference, "assess_demand", dict(OPENED[2][2]))
    classify(visitors, reference)
    visitors.decider.answer(reference, "answer_demand", dict(OPENED[6][2]))
    stranger = visitors.open()
    stranger.goto("/datasets")
    stranger.page.fill("main input[name=q]", "充电站 空闲")
    stranger.page.press("main input[name=q]", "Enter")
    stranger.page.wait_for_url("**/datasets?*q=*")
    stranger.click("main a:text('公共充电站'), main a:has-text('公共充电站')")
    expect(stranger.page.locator("main")).to_contain_text("具备接口对接能力")
    stranger.goto(f"/demands/{reference}")
    expect(stranger.page.locator("main")).to_contain_text(OPENED[6][2]["text"])
    stranger.click("main a[href*='/datasets/']")
    stranger.goto("/demands")
    citizen.goto(f"/cases/{reference}")
    citizen.goto("/letters")


def test_an_entry_is_listed_amended_suspended_opened_again_and_withdrawn(service, come):
    visitors = come(service, "en")
    clerk = visitors.clerk
    clerk.goto("/listings/new")
    clerk.page.select_option("#body", label=BODY["en"])
    clerk.send()
    reference = clerk.reference
    clerk.fill(dict(LISTED[0][2]) | {"name": "公共停车场实时余位"})
    clerk.send()
    clerk.accepted()
    classify(visitors, reference)
    visitors.desk.answer(reference, "check_listing", ANSWERS["check_listing"])
    visitors.decider.answer(reference, "approve_listing", ANSWERS["approve_listing"])
    clerk.offered(reference, "amend_listing", ANSWERS["amend_listing"] | {"name": "公共停车场余位（新版）"})
    visitors.desk.answer(reference, "check_listing", ANSWERS["check_listing"])
    visitors.decider.answer(reference, "approve_listing", ANSWERS["approve_listing"])
    visitors.security.offered(reference, "suspend_dataset", ANSWERS["suspend_dataset"])
    stranger = visitors.open()
    clerk.goto(f"/cases/{reference}")
    code = clerk.page.locator("main a[href*='/datasets/']").first.get_attribute("href")
    stranger.goto(code)
    expect(stranger.page.locator("[data-tone=paused]").first).to_be_visible()
    visitors.decider.answer(reference, "resume_dataset", ANSWERS["resume_dataset"])
    stranger.goto(code)
    expect(stranger.page.locator("main [data-tone=paused]")).to_have_count(0)
    visitors.decider.offered(reference, "withdraw_dataset", ANSWERS["withdraw_dataset"])
    stranger.goto(code)
    expect(stranger.page.locator("main .km-callout[data-tone=stopped]")).to_be_visible()


def test_a_demand_is_withdrawn(service, come):
    visitors = come(service)
    reference = submit(visitors.citizen, subject="公交车辆无障碍设施")
    visitors.citizen.offered(reference, "withdraw_demand", ANSWERS["withdraw_demand"])
    expect(visitors.citizen.page.locator("h1")).to_contain_text("已撤回")
    assert visitors.citizen.page.locator("main a[href$='withdraw_demand']").count() == 0


def test_a_demand_is_joined_to_its_twin_with_all_who_support_it(service, come):
    visitors = come(service)
    twin = submit(visitors.citizen, subject="共享单车停放点位与容量")
    route(visitors, twin, public_subject="共享单车停放点位")
    second = submit(visitors.company, subject="共享单车停放点的位置")
    supporter = visitors.neighbour
    supporter.goto(f"/demands/{twin}")
    supporter.click("main form[action$='/support'] button")
    expect(supporter.page.locator("#sup-t")).to_contain_text("1")
    visitors.desk.goto(f"/desk/cases/{second}/screen_demand")
    expect(visitors.desk.page.locator("main")).to_contain_text(twin)
    visitors.desk.answer(second, "screen_demand", {"screening": "join", "twin": twin})
    supporter.goto(f"/demands/{twin}")
    expect(supporter.page.locator("#sup-t")).to_contain_text("2")


def test_an_answer_is_disputed_and_coordinated(service, come):
    visitors = come(service)
    reference = submit(visitors.citizen, subject="道路停车泊位占用情况")
    route(visitors, reference, public_subject="道路停车泊位占用")
    remark = "本单位没有这项数据，也没有可以替代的。"
    visitors.clerk.answer(reference, "assess_demand", {"assessment": "not_held", "remark": remark})
    declined = {"answer": "decline", "ground": "not_held", "text": "经核实，目前没有单位采集这项数据，暂不能开放。"}
    visitors.decider.answer(reference, "answer_demand", declined)
    visitors.citizen.offered(reference, "dispute_answer", ANSWERS["dispute_answer"])
    visitors.authority.answer(reference, "coordinate_demand", ANSWERS["coordinate_demand"])
    stranger = visitors.open()
    stranger.goto(f"/demands/{reference}")
    expect(stranger.page.locator("main")).to_contain_text(ANSWERS["coordinate_demand"]["text"])
    assert re.search("不予开放", stranger.page.locator("main").inner_text())
