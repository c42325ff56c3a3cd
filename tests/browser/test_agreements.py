"""Whole lives of an application in a real browser: from the data to the agreement, its use and its end; and renewed.

The first one is walked wholly, the others come to the point they are about through the door.
"""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from models import Application, Case, Dataset, db
from tests.answers import ANSWERS, GRANT, USED
from tests.applications import FORM, ITEMS, decided
from tests.browser.office import Office
from workflow import calendar

pytestmark = pytest.mark.browser
COMPANY = "requester.keji@demo.kaimen.example"
LINES = ["2026-03-01,2号线,人民广场,182000,179500", "2026-03-02,2号线,人民广场,190300,188100"]
CLAUSE = "乙方人员变动的，在变动后三个工作日内申请变更，并停止离开人员的权限。"


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


def hand_over(office: Office, code: str) -> None:
    """Let the body hand its data over."""

    def before() -> None:
        entry = db.session.scalars(db.select(Dataset).where(Dataset.code == code)).one()
        for _ in range(5):
            decided(entry, "approve")

    # So many applications for these data have been decided that the page tells how long it usually takes.
    office.inside(before)
    clerk = office.visitors.clerk
    clerk.goto(f"/datasets/{code}/data")
    rows = "\n".join([",".join(ITEMS), *LINES, ""]).encode()
    clerk.page.set_input_files("#f-file", {"name": "客流.csv", "mimeType": "text/csv", "buffer": rows})
    clerk.click("main form[enctype] button[type=submit]")
    expect(clerk.page.locator(".km-flashes [data-tone=done]")).to_be_visible()
    clerk.look("-loaded")


def find(office: Office, code: str) -> None:
    """Let the company find the data, and see by what it would be judged."""
    company, says = office.visitors.company, office.says
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


def apply(office: Office, code: str) -> str:
    """Let the company apply for the data it has found; return the reference of its application."""
    company, today = office.visitors.company, calendar.today()
    company.click(f"main a[href*='/applications/new?dataset={code}']")
    company.send("[type=submit]")
    reference = re.search(r"SQ-\d{4}-\d{6}", company.page.url)[0]
    company.page.click("button[name=add][value=people]")
    me = {"name": "演示企业经办人", "role": "数据工程师", "employer": FORM["applicant"], "email": COMPANY}
    dates = {"starts_on": today.isoformat(), "ends_on": (today + timedelta(days=60)).isoformat()}
    whole = written(code, people=[me, FORM["people"][1]], overseas=True, **dates)
    first = {name: whole.pop(name) for name in ("applicant_type", "purpose_class", "mode")}
    company.fill(first)
    company.fill(whole)
    company.send()
    company.accepted()
    return reference


def decide(office: Office, reference: str) -> None:
    """Let the application be accepted, reviewed by three, and granted by two people."""
    visitors, company = office.visitors, office.visitors.company
    visitors.desk.answer(reference, "check_application", {"checking": "accept"})
    office.judge(visitors.reviewer, reference)
    visitors.security.answer(reference, "review_security", ANSWERS["review_security"])
    asked = {**ANSWERS["consult_right_holder"], "asked_on": calendar.today().isoformat()}
    visitors.clerk.answer(reference, "consult_right_holder", asked)
    visitors.clerk.answer(reference, "draft_decision", GRANT)
    visitors.decider.answer(reference, "decide_application", GRANT)
    office.work()
    letter = office.case(company, reference, "decided").locator("section[aria-labelledby=papers-t] a").first
    paper = company.page.request.get(office.service.base + letter.get_attribute("href"))
    assert paper.body().startswith(b"%PDF")


def agree(office: Office, reference: str) -> None:
    """Let both sides settle the agreement with one clause changed, and sign it with a second factor."""
    clerk, company, decider = office.visitors.clerk, office.visitors.company, office.visitors.decider
    clerk.answer(reference, "draft_agreement", {"remark": "请在十个工作日内签署。"})
    company.goto(f"/cases/{reference}")
    company.click(f"main a[href$='/{reference}/negotiate_clauses']")
    company.fill({"clauses": "change"})
    change = {"clause": "5", "text": CLAUSE, "reason": "研究人员流动较多。"}
    company.page.click("button[name=add][value=proposals]")
    company.fill({f"proposals-0-{name}": said for name, said in change.items()})
    company.send()
    company.accepted()
    office.begin(clerk, reference, "draft_agreement")
    clerk.look("-proposed")
    expect(clerk.page.locator("main")).to_contain_text(CLAUSE)
    clerk.fill({"answers-0-answer": "accept", "answers-0-reason": "可以接受。"})
    clerk.send()
    clerk.accepted()
    company.offered(reference, "negotiate_clauses", {"clauses": "agreed"})
    company.goto(f"/requester/cases/{reference}/sign_agreement")
    company.look("-unmade")
    office.work()
    office.sign(company, reference, "sign_agreement", "requester")
    office.sign(decider, reference, "countersign_agreement", "decider")


def use(office: Office, reference: str) -> str:
    """Let the company take what was agreed and nothing else; return the reference of what it is entitled to."""
    company, page = office.visitors.company, office.visitors.company.page
    office.visitors.operator.answer(reference, "provision_access", {"ready": True})
    office.work()
    expect(office.case(company, reference, "in-force")).to_contain_text(office.says["in force"])
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
    return granted


def test_an_application_is_granted_agreed_on_signed_used_and_terminated(office):
    code = office.entry("轨道交通站点客流", extra={"consent_ground": True})
    hand_over(office, code)
    find(office, code)
    reference = apply(office, code)
    decide(office, reference)
    agree(office, reference)
    granted = use(office, reference)
    # With the agreement ends the use, in the same moment.
    company = office.visitors.company
    termination = {**ANSWERS["terminate_agreement"], "heard_on": calendar.today().isoformat()}
    office.visitors.decider.offered(reference, "terminate_agreement", termination)
    refused = company.page.goto(f"{office.service.base}/entitlements/{granted}/data.csv")
    assert refused.status == 403
    company.look("-ended")
    expect(company.page.locator("main [role=alert]")).to_be_visible()
    shown = office.case(company, reference, "terminated")
    expect(shown.locator("h1")).to_contain_text(office.says["terminated"])


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
    first = calendar.today()
    citizen.fill({"starts_on": first.isoformat(), "ends_on": (first + timedelta(days=365)).isoformat()})
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
