"""A long application in a browser: begun from its data, saved while one writes, and written by two."""

import itertools
import re

import pytest
from playwright.sync_api import expect

from tests.applications import FORM, conditional

pytestmark = pytest.mark.browser
PDF = {
    "name": "方案.pdf",
    "mimeType": "application/pdf",
    "buffer": b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n",
}
SAVED = "[data-km-saved]"
WAIT = 20_000
_numbers = itertools.count(1)


@pytest.fixture
def entry(service) -> str:
    """Return the code of data that are open under conditions."""
    with service.app.app_context():
        return conditional(f"公交分线路客流 {next(_numbers)}").code


def begin(visitor, code):
    """Begin an application from the page of its data, and return its address."""
    visitor.goto(f"/datasets/{code}")
    visitor.click(f"main a[href*='/applications/new?dataset={code}']")
    visitor.click("form.km-form button[type=submit]")
    assert "/submit_application" in visitor.page.url
    return visitor.page.url.removeprefix(visitor.service.base)


def answer(code):
    """Return a whole application, each field under the name of its control."""
    rows = {"datasets": [{"dataset": code, "need": "研究客流的时间和空间变化，逐项都要用到。"}]}
    flat = {}
    for name, value in (FORM | rows).items():
        if isinstance(value, list):
            flat |= {f"{name}-{n}-{inner}": said for n, row in enumerate(value) for inner, said in row.items()}
        elif value not in ("", None):
            flat[name] = value
    return flat


def write(visitor, code):
    """Write a whole application; a second person has to be added first."""
    whole = answer(code)
    first = {name: whole.pop(name) for name in ("applicant_type", "purpose_class", "mode")}
    visitor.fill(first)
    visitor.fill(whole)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_long_application_is_written_saved_and_handed_in(service, come, entry, language):
    citizen = come(service, language).citizen
    begin(citizen, entry)
    page = citizen.page
    expect(page.locator("#f-datasets-0-dataset")).to_have_value(entry)
    # A row comes at once, has the focus, and goes again.
    page.click("button[name=add][value=people]")
    page.click("button[name=add][value=people]")
    expect(page.locator("#f-people-2-name")).to_be_focused()
    page.locator(".km-row", has=page.locator("#f-people-2-name")).locator("button[name=remove]").click()
    expect(page.locator("#f-people-2-name")).to_have_count(0)
    # What is half written is saved, and said to be not enough yet without being refused.
    page.fill("#f-people-0-email", "keine")
    expect(page.locator(SAVED)).to_contain_text("草稿保存于" if language == "zh" else "Draft saved", timeout=WAIT)
    expect(page.locator(".km-field", has=page.locator("#f-people-0-email")).locator(".km-soft").last).to_be_visible()
    citizen.look()
    page.reload()
    expect(page.locator("#f-people-0-email")).to_have_value("keine")
    # Handed in too early, it says what is missing, and leads there.
    page.set_input_files("input[type=file]", PDF)
    citizen.send()
    expect(page.locator(".km-summary")).to_be_focused()
    expect(page.locator(".km-files a")).to_have_text("方案.pdf")
    page.click(".km-summary a[href='#f-people-0-email']")
    expect(page.locator("#f-people-0-email")).to_be_focused()
    expect(page.locator("nav.km-progress ol.km-only-d li[data-state=wrong]").first).to_be_visible()
    page.click("button[name=add][value=people]")
    write(citizen, entry)
    citizen.send()
    citizen.accepted()
    expect(page.locator("main")).to_contain_text("公交分线路客流")


def test_two_people_write_on_one_application(service, come, entry):
    visitors = come(service)
    citizen, neighbour = visitors.citizen, visitors.neighbour
    path = begin(citizen, entry)
    reference = re.search(r"[A-Z]{2}-\d{4}-\d{6}", path)[0]
    citizen.goto(f"/cases/{reference}/companions")
    citizen.fill({"email": "citizen2@demo.kaimen.example"})
    citizen.send()
    link = citizen.page.locator("#link").inner_text()
    neighbour.goto(link[link.index("/join/") :])
    neighbour.click("main form button[type=submit]")
    citizen.goto(path)
    neighbour.goto(path)
    # Different fields: both stand.
    citizen.page.fill("#f-applicant", "上海示例公司")
    expect(citizen.page.locator(SAVED)).to_contain_text("草稿保存于", timeout=WAIT)
    neighbour.page.fill("#f-responsible", "人员甲")
    expect(neighbour.page.locator(SAVED)).to_contain_text("别人刚改过：申请人名称", timeout=WAIT)
    # One field: whoever comes second sees both and chooses.
    citizen.page.fill("#f-scenario", "她写的场景")
    expect(citizen.page.locator(SAVED)).to_contain_text("负责人", timeout=WAIT)
    neighbour.page.fill("#f-scenario", "他写的场景")
    expect(neighbour.page.locator(SAVED)).to_contain_text("您和别人都改了", timeout=WAIT)
    neighbour.send("button.btn:not(.visually-hidden)[name=draft] >> nth=-1")
    expect(neighbour.page.locator(".km-theirs")).to_have_text("她写的场景")
    expect(neighbour.page.locator("#f-scenario")).to_have_value("他写的场景")
    neighbour.page.check("input[name=theirs][value=scenario]")
    neighbour.send("button.btn:not(.visually-hidden)[name=draft] >> nth=-1")
    neighbour.accepted()
    expect(neighbour.page.locator("#f-scenario")).to_have_value("她写的场景")
    expect(neighbour.page.locator("#f-applicant")).to_have_value("上海示例公司")
    expect(neighbour.page.locator("#f-responsible")).to_have_value("人员甲")


def test_without_a_network_nothing_is_lost_and_it_is_saved_when_it_is_back(service, come, entry):
    citizen = come(service).citizen
    begin(citizen, entry)
    page = citizen.page
    page.context.set_offline(True)
    page.fill("#f-applicant", "离线时写的公司")
    expect(page.locator(SAVED)).to_contain_text("现在没有网络", timeout=WAIT)
    page.context.set_offline(False)
    expect(page.locator(SAVED)).to_contain_text("草稿保存于", timeout=WAIT)
    citizen.faults.clear()
    page.reload()
    expect(page.locator("#f-applicant")).to_have_value("离线时写的公司")


def test_an_application_is_written_without_script(service, come, entry):
    visitor = come(service).open(scripts=False)
    visitor.goto("/sign-in")
    visitor.page.fill("#f-email", "citizen1@demo.kaimen.example")
    visitor.page.fill("#f-password", service.password)
    visitor.send("[type=submit]")
    begin(visitor, entry)
    visitor.fill({"applicant": "还没写完的公司"})
    visitor.click("button[name=add][value=people]")
    expect(visitor.page.locator("#f-people-1-name")).to_have_count(1)
    expect(visitor.page.locator("#f-applicant")).to_have_value("还没写完的公司")
    visitor.page.set_input_files("input[type=file]", PDF)
    visitor.click("button:has-text('上传')")
    expect(visitor.page.locator(".km-files a")).to_have_text("方案.pdf")
    if visitor.page.locator("#f-people-1-name").count() == 0:
        visitor.click("button[name=add][value=people]")
    write(visitor, entry)
    visitor.send()
    expect(visitor.page.locator(".km-summary")).to_have_count(0)
    expect(visitor.page.locator("main")).to_contain_text("公交分线路客流")
