"""Whole lives of an application in a real browser: granted and used, in part, refused, completed, given up, renewed.

What a life is about is walked in the browser; the first one wholly, the others come to that point through the door.
"""

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pyotp
import pytest
from playwright.sync_api import expect

from api.language import iso
from models import Application, Case, Clock, ClockState, Dataset, Entitlement, db, now
from tests.answers import ANSWERS, GRANT, USED
from tests.applications import FORM, ITEMS, TERMS, conditional, decided
from tests.browser.visitors import PEOPLE, Visitor, Visitors
from tests.walks import Walker
from workflow import calendar, conditions

pytestmark = pytest.mark.browser
BODY, OTHER_BODY = "上海市交通委员会", "上海市生态环境局"
COMPANY = "requester.keji@demo.kaimen.example"
LINES = ["2026-03-01,2号线,人民广场,182000,179500", "2026-03-02,2号线,人民广场,190300,188100"]
CLAUSE = "乙方人员变动的，在变动后三个工作日内申请变更，并停止离开人员的权限。"
TEXT = "经审核，材料与公布的条件逐条核对，理由充分，特此决定。"
SAYS = {
    "zh": {
        "usual": "从受理到决定",
        "met": "没有发现不符合的条件",
        "changed": "已改",
        "unchanged": "未改",
        "conditions": "已附条件同意",
        "part": "已部分同意",
        "refused": "未同意",
        "remedy": "行政复议",
        "lapsed": "逾期失效",
        "withdrawn": "已撤回",
        "decided": "各单位已决定",
        "in force": "协议有效",
        "suspended": "已暂停",
        "terminated": "已终止",
        "replaced": "已被替代",
    },
    "en": {
        "usual": "From acceptance to decision",
        "met": "No condition found unmet",
        "changed": "Changed",
        "unchanged": "Not changed",
        "conditions": "Granted under conditions",
        "part": "Granted in part",
        "refused": "Refused",
        "remedy": "administrative reconsideration",
        "lapsed": "Lapsed",
        "withdrawn": "Withdrawn",
        "decided": "Decided by each body",
        "in force": "Agreement in force",
        "suspended": "Suspended",
        "terminated": "Terminated",
        "replaced": "Replaced",
    },
}
_numbers = itertools.count(1)


class Office:
    """A service, the people who come to it, and what brings a case to the point that a life is about."""

    def __init__(self, browser, service, language: str) -> None:
        self.service, self.language, self.says = service, language, SAYS[language]
        self.visitors = Visitors(browser, service, language)
        people = {word: f"{name}@demo.kaimen.example" for word, name in PEOPLE.items()}
        people |= {"stranger": people["neighbour"]}
        self.walker = Walker(service.app, SimpleNamespace(**people))
        self.secrets: dict[str, str] = {}

    def inside(self, act: Callable[[], Any]) -> Any:
        """Do something with the service itself, in a thread without a browser's loop; rows are not handed out."""

        def within() -> Any:
            with self.service.app.app_context():
                try:
                    return act()
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(1) as one:
            return one.submit(within).result()

    def work(self) -> None:
        """Let the worker do what is due."""
        self.inside(self.walker.work)

    def entry(self, name: str, **more: Any) -> str:
        """Return the code of new data that are open under published conditions."""

        def made() -> str:
            found = conditional(f"{name} {next(_numbers)}", **more)
            conditions.publish(found, TERMS, None)
            db.session.commit()
            return found.code

        return self.inside(made)

    def application(self, *codes: str, steps=(), **changes: Any) -> str:
        """Return the reference of an application of the citizen's, with some steps behind it."""

        def made() -> str:
            entries = [db.session.scalars(db.select(Dataset).where(Dataset.code == code)).one() for code in codes]
            return self.walker.take(self.walker.application(*entries, **changes), steps).reference

        return self.inside(made)

    def take(self, reference: str, *steps) -> None:
        """Walk a case on."""
        self.inside(lambda: self.walker.take(case_of(reference), steps))

    def expire(self, reference: str, limit: str) -> None:
        """Let a limit of a case run out."""
        self.inside(lambda: self.walker.expire(case_of(reference), limit))

    def due(self, reference: str, limit: str) -> str:
        """Return the day on which a running limit of a case is due."""

        def found() -> str:
            running = Clock.limit == limit, Clock.state == ClockState.RUNNING
            query = db.select(Clock).join(Case, Case.id == Clock.case_id).where(Case.reference == reference, *running)
            return iso(db.session.scalars(query).one().due_at)

        return self.inside(found)

    def entitlements(self, reference: str) -> list[tuple[str, str]]:
        """Return the references and states of a case's entitlements."""
        query = db.select(Entitlement).join(Case, Case.id == Entitlement.case_id).where(Case.reference == reference)
        return self.inside(lambda: [(each.reference, each.state.value) for each in db.session.scalars(query)])

    def stranger(self) -> Visitor:
        """Return somebody who has not signed in, and reads the language of this service's people."""
        found = self.visitors.open()
        found.goto("/")
        return found

    def begin(self, who: Visitor, reference: str, step: str) -> Any:
        """Open a step from the list of what waits for a person of the office."""
        who.goto("/work")
        who.click(f"main a[href$='/{reference}/{step}']")
        return who.page

    def case(self, who: Visitor, reference: str, state: str = "") -> Any:
        """Open a case's page, look at it in a state of its own, and return what stands on it."""
        who.goto(f"/cases/{reference}")
        if state:
            who.look(f"-{state}")
        return who.page.locator("main")

    def judge(
        self, who: Visitor, reference: str, opinion: str = "support", unmet: Callable[[str], bool] = bool
    ) -> None:
        """Let a reviewer find on every published condition."""
        page = self.begin(who, reference, "review_application")
        keys = page.locator("input[type=hidden][name$='-criterion']")
        assert keys.count() >= 10
        for number in range(keys.count()):
            missed = keys.nth(number).get_attribute("value") == unmet
            page.locator(f"label:has([name=findings-{number}-finding][value={'unmet' if missed else 'met'}])").click()
            page.fill(f"[name=findings-{number}-reason]", "材料里没有写明。" if missed else "材料齐全，核对无误。")
        who.fill({"opinion": opinion, "grounds": TEXT})
        who.send("button.btn-primary")
        who.accepted()

    def sign(self, who: Visitor, reference: str, step: str, role: str) -> None:
        """Let a person sign with a second factor, which is set up on the way where there is none yet."""
        path = f"/{role}/cases/{reference}/{step}"
        who.goto(path)
        page = who.page
        if role not in self.secrets:
            who.click("main a[href*='/account/second-factor']")
            who.fill({"password": self.service.password})
            who.send("[type=submit]")
            who.look("-device")
            secret = page.locator("main code").first.inner_text().replace(" ", "")
            # A code is taken once: the device begins with that of the half minute before, and signs with the next.
            who.fill({"code": pyotp.TOTP(secret).at(now() - timedelta(seconds=30))})
            who.send("[type=submit]")
            who.look("-codes")
            self.secrets[role] = secret
            who.click("main a.btn-primary")
            assert page.url.endswith(path)
        paper = page.locator("main a[href$='.pdf']").first.get_attribute("href")
        assert page.request.get(self.service.base + paper).body().startswith(b"%PDF")
        who.fill({"agreed": True, "code": pyotp.TOTP(self.secrets[role]).at(now())})
        who.send()
        who.accepted()


def case_of(reference: str) -> Case:
    """Return a case by its reference; must be called inside an application context."""
    return db.session.scalars(db.select(Case).where(Case.reference == reference)).one()


@pytest.fixture(scope="module", params=["zh", "en"])
def office(request, browser) -> Iterator[Office]:
    """Return a service in Chinese on SQLite, or in English on PostgreSQL; nobody may have met a fault."""
    name = "service" if request.param == "zh" else "service_on_postgresql"
    made = Office(browser, request.getfixturevalue(name), request.param)
    yield made
    made.visitors.leave()


def written(code: str, **changes: Any) -> dict[str, Any]:
    """Return a whole application for some data, each field under the name of its control."""
    rows = {"datasets": [{"dataset": code, "items": ITEMS[:4], "need": "研究客流的时间和空间变化，逐项都要用到。"}]}
    flat: dict[str, Any] = {}
    for name, value in (FORM | rows | changes).items():
        if isinstance(value, list):
            flat |= {f"{name}-{n}-{inner}": said for n, row in enumerate(value) for inner, said in row.items()}
        elif value not in ("", None):
            flat[name] = value
    return flat


def test_an_application_is_granted_agreed_on_signed_used_and_terminated(office):
    visitors, says = office.visitors, office.says
    code = office.entry("轨道交通站点客流", extra={"consent_ground": True})

    def before() -> None:
        entry = db.session.scalars(db.select(Dataset).where(Dataset.code == code)).one()
        for _ in range(5):
            decided(entry, "approve")

    office.inside(before)
    # The body hands its data over; the company finds them, and sees by what it would be judged.
    clerk = visitors.clerk
    clerk.goto(f"/datasets/{code}/data")
    rows = "\n".join([",".join(ITEMS), *LINES, ""]).encode()
    clerk.page.set_input_files("#f-file", {"name": "客流.csv", "mimeType": "text/csv", "buffer": rows})
    clerk.click("main form[enctype] button[type=submit]")
    expect(clerk.page.locator(".km-flashes [data-tone=done]")).to_be_visible()
    clerk.look("-loaded")
    company = visitors.company
    page = company.page
    company.goto("/datasets")
    page.fill("main input[name=q]", "轨道交通站点客流")
    page.press("main input[name=q]", "Enter")
    page.wait_for_url("**/datasets?*q=*")
    company.click(f"main a[href$='/datasets/{code}']")
    expect(page.locator("main")).to_contain_text(says["usual"])
    page.click("#check summary")
    company.fill({"applicant_type": "legal_person", "purpose_class": "research", "mode": "download"})
    company.send()
    company.look("-checked")
    expect(page.locator("#check [role=status]")).to_contain_text(says["met"])
    # The application.
    company.click(f"main a[href*='/applications/new?dataset={code}']")
    company.send("[type=submit]")
    reference = re.search(r"SQ-\d{4}-\d{6}", page.url)[0]
    page.click("button[name=add][value=people]")
    today = calendar.today()
    me = {"name": "演示企业经办人", "role": "数据工程师", "employer": FORM["applicant"], "email": COMPANY}
    dates = {"starts_on": today.isoformat(), "ends_on": (today + timedelta(days=60)).isoformat()}
    whole = written(code, people=[me, FORM["people"][1]], overseas=True, **dates)
    first = {name: whole.pop(name) for name in ("applicant_type", "purpose_class", "mode")}
    company.fill(first)
    company.fill(whole)
    company.send()
    company.accepted()
    # Acceptance, three reviews, two people's decision.
    visitors.desk.answer(reference, "check_application", {"checking": "accept"})
    office.judge(visitors.reviewer, reference)
    visitors.security.answer(reference, "review_security", ANSWERS["review_security"])
    visitors.clerk.answer(
        reference, "consult_right_holder", {**ANSWERS["consult_right_holder"], "asked_on": today.isoformat()}
    )
    visitors.clerk.answer(reference, "draft_decision", GRANT)
    visitors.decider.answer(reference, "decide_application", GRANT)
    office.work()
    letter = office.case(company, reference, "decided").locator("section[aria-labelledby=papers-t] a").first
    assert page.request.get(office.service.base + letter.get_attribute("href")).body().startswith(b"%PDF")
    # The agreement: one clause changed, signed by both with a second factor.
    visitors.clerk.answer(reference, "draft_agreement", {"remark": "请在十个工作日内签署。"})
    company.goto(f"/cases/{reference}")
    company.click(f"main a[href$='/{reference}/negotiate_clauses']")
    company.fill({"clauses": "change"})
    change = {"clause": "5", "text": CLAUSE, "reason": "研究人员流动较多。"}
    page.click("button[name=add][value=proposals]")
    company.fill({f"proposals-0-{name}": said for name, said in change.items()})
    company.send()
    company.accepted()
    office.begin(visitors.clerk, reference, "draft_agreement")
    visitors.clerk.look("-proposed")
    expect(visitors.clerk.page.locator("main")).to_contain_text(CLAUSE)
    visitors.clerk.fill({"answers-0-answer": "accept", "answers-0-reason": "可以接受。"})
    visitors.clerk.send()
    visitors.clerk.accepted()
    company.offered(reference, "negotiate_clauses", {"clauses": "agreed"})
    company.goto(f"/requester/cases/{reference}/sign_agreement")
    company.look("-unmade")
    office.work()
    office.sign(company, reference, "sign_agreement", "requester")
    office.sign(visitors.decider, reference, "countersign_agreement", "decider")
    visitors.operator.answer(reference, "provision_access", {"ready": True})
    office.work()
    # The use: what was agreed and nothing else, and not a moment longer.
    expect(office.case(company, reference, "in-force")).to_contain_text(says["in force"])
    company.goto("/entitlements")
    [(granted, _)] = office.entitlements(reference)
    company.click(f"main a[href$='/entitlements/{granted}']")
    with page.expect_download() as waiting:
        page.locator("main a[href$='.csv']").click()
    taken = list(csv.DictReader(io.StringIO(waiting.value.path().read_text("utf-8-sig"))))
    assert set(taken[0]) - {"kaimen_entitlement"} == set(ITEMS[:4])
    assert [row["进站人次"] for row in taken] == ["182000", "190300"]
    company.goto(f"/entitlements/{granted}")
    company.look("-taken")
    termination = {**ANSWERS["terminate_agreement"], "heard_on": today.isoformat()}
    visitors.decider.offered(reference, "terminate_agreement", termination)
    refused = page.goto(f"{office.service.base}/entitlements/{granted}/data.csv")
    assert refused.status == 403
    company.look("-ended")
    expect(page.locator("main [role=alert]")).to_be_visible()
    expect(office.case(company, reference, "terminated").locator("h1")).to_contain_text(says["terminated"])


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


@pytest.mark.parametrize("basis", ["amendment", "renewal"])
def test_the_old_agreement_is_in_force_until_the_new_one_is(office, basis):
    visitors, says = office.visitors, office.says
    citizen = visitors.citizen
    old = office.application(office.entry("站点客流预测"), steps=USED[1:])
    citizen.offered(old, f"request_{basis}", ANSWERS[f"request_{basis}"])
    office.work()
    wish = db.select(Case.reference).join(Application, Application.case_id == Case.id).where(Application.basis == basis)
    new = office.inside(lambda: db.session.scalars(wish.order_by(Case.id.desc())).first())
    citizen.goto("/cases")
    citizen.click(f"main a[href$='/cases/{new}']")
    citizen.click(f"main a[href$='/{new}/submit_application']")
    page = citizen.page
    # What was said before stands there already; days and declarations are written anew.
    expect(page.locator("[name=scenario]")).to_have_value(FORM["scenario"])
    citizen.look("-again")
    citizen.fill({"starts_on": "2028-01-01", "ends_on": "2028-12-31"})
    ticks = dict.fromkeys(("truthful", "no_sanction", "attribution", "no_transfer", "rules"), True)
    citizen.fill(ticks)
    citizen.send()
    citizen.accepted()
    office.take(new, *USED[1:9])
    expect(office.case(citizen, old)).to_contain_text(says["in force"])
    assert [state for _, state in office.entitlements(old)] == ["active"]
    visitors.operator.answer(new, "provision_access", {"ready": True})
    office.work()
    assert [state for _, state in office.entitlements(old)] == ["revoked"]
    expect(office.case(citizen, old).locator("h1")).to_contain_text(says["replaced"])
    expect(office.case(citizen, new)).to_contain_text(says["in force"])


def test_access_is_stopped_and_let_go_on_by_two_people(office):
    visitors, citizen = office.visitors, office.visitors.citizen
    reference = office.application(office.entry("枢纽客流"), steps=USED[1:])
    [(granted, _)] = office.entitlements(reference)
    visitors.security.offered(reference, "suspend_access", ANSWERS["suspend_access"])
    expect(office.case(citizen, reference).locator("h1")).to_contain_text(office.says["suspended"])
    citizen.goto(f"/entitlements/{granted}")
    citizen.look("-suspended")
    expect(citizen.page.locator("main a[href$='.csv']")).to_have_count(0)
    visitors.decider.answer(reference, "resume_access", ANSWERS["resume_access"])
    expect(office.case(citizen, reference).locator("h1")).to_contain_text(office.says["in force"])


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
