"""What a page must do for everybody: with a keyboard alone, without script, half done and taken up again."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from models import Case, Incident, Role, db
from tests.answers import ANSWERER, DEMAND, LISTED
from tests.conftest import people_of
from tests.walks import Walker
from workflow import casework, clock, incidents, offices
from workflow.stages import STEPS
from workflow.worklist import open_items

pytestmark = pytest.mark.browser
# Whether what has the focus, or the card around it, has a ring that can be seen.
RING = """() => [document.activeElement, document.activeElement.closest(".km-choice")]
  .some((element) => element && getComputedStyle(element).outlineStyle !== "none")"""
# What of the header can be seen stands beside each other, within the header and the screen.
CROWDED = """() => {
  const header = document.querySelector(".km-header").getBoundingClientRect();
  const parts = [...document.querySelectorAll(".km-brand, .km-brand-sub, .km-header .nav-link, .km-tool, .km-who b")]
    .map((part) => ({part, box: part.getBoundingClientRect()}))
    .filter(({box}) => box.width && box.top < header.bottom - 1);
  const apart = (one, other) => one.right < other.left + 1 || other.right < one.left + 1
    || one.bottom < other.top + 1 || other.bottom < one.top + 1;
  return parts.filter(({part, box}, at) => box.right > innerWidth + 1 || box.left < 0
    || parts.slice(at + 1).some((other) => !part.contains(other.part) && !apart(box, other.box)))
    .map(({part}) => part.textContent.trim());
}"""


def test_a_draft_is_kept_and_taken_up_again(service, come):
    citizen = come(service).citizen
    citizen.goto("/demands/new")
    citizen.fill({"subject": "公交首末班时间", "description": "半句话"})
    citizen.send("button[name=draft]")
    citizen.accepted()
    citizen.click("section[aria-labelledby=g-draft] .km-rows a")
    citizen.click("main a[href$='/submit_demand']")
    expect(citizen.page.locator("#f-description")).to_have_value("半句话")
    citizen.send()
    expect(citizen.page.locator(".km-summary")).to_be_focused()
    expect(citizen.page.locator("#f-subject")).to_have_value("公交首末班时间")
    citizen.page.click(".km-summary a[href='#f-purpose']")
    expect(citizen.page.locator("#f-purpose")).to_be_focused()
    citizen.fill(DEMAND | {"subject": "公交首末班时间"})
    citizen.send()
    citizen.accepted()


def test_a_form_is_filled_in_with_the_keyboard_alone(service, come):
    citizen = come(service).citizen
    citizen.goto("/demands/new")
    keyboard, page = citizen.page.keyboard, citizen.page
    keyboard.press("Tab")
    expect(page.locator(".km-skip")).to_be_focused()
    keyboard.press("Enter")
    steps = 0
    while not page.evaluate("document.activeElement.matches('form.km-form [type=submit]')"):
        keyboard.press("Tab")
        steps += 1
        assert steps < 60, "the button is out of the keyboard's reach"
        assert page.evaluate(RING), page.evaluate("document.activeElement.outerHTML")
        name = page.evaluate("document.activeElement.name")
        if name in DEMAND:
            keyboard.insert_text(DEMAND[name])
        elif name == "asks_for":
            keyboard.press("ArrowDown")
    with page.expect_navigation():
        keyboard.press("Enter")
    citizen.accepted()


def test_a_demand_is_handed_in_without_script(service, come):
    visitor = come(service).open(scripts=False)
    visitor.goto("/sign-in")
    visitor.page.fill("#f-email", "citizen1@demo.kaimen.example")
    visitor.page.fill("#f-password", service.password)
    visitor.send("[type=submit]")
    visitor.goto("/demands/new")
    visitor.send()
    expect(visitor.page.locator(".km-summary")).to_be_visible()
    visitor.fill(DEMAND)
    visitor.send()
    expect(visitor.page.locator(".km-flashes")).to_contain_text("XQ-")
    expect(visitor.page.locator("main")).to_contain_text("初审需求")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_header_has_room_for_every_place(service, come, language):
    visitors = come(service, language)
    for visitor in (visitors.open(), visitors.citizen, visitors.clerk, visitors.steward, visitors.auditor):
        visitor.goto("/catalogue")
        for width in range(1000, 1601, 50):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            assert visitor.page.evaluate(CROWDED) == [], f"{width} pixels"


def test_a_map_that_cannot_be_drawn_leaves_its_words(service, come):
    walker = Walker(service.app, people_of(service.app))
    with service.app.app_context():
        reference = walker.at("screen_demand").reference
    citizen = come(service).citizen
    citizen.page.route("**/bpmn-navigated-viewer*", lambda route: route.abort())
    citizen.page.goto(f"{service.base}/cases/{reference}")
    citizen.page.locator("#map").scroll_into_view_if_needed()
    expect(citizen.page.locator("#map + details")).to_have_attribute("open", "")
    expect(citizen.page.locator("#map")).to_contain_text("画不出来")
    expect(citizen.page.locator("[data-km-map]").first).to_be_hidden()
    # The console tells of it; that is meant here.
    assert len(citizen.faults) == 2
    citizen.faults.clear()


def test_similar_demands_are_shown_while_one_writes(service, come):
    citizen = come(service).citizen
    citizen.goto("/demands/new")
    citizen.page.locator("#f-subject").press_sequentially("公交车辆", delay=20)
    expect(citizen.page.locator("#similar a").first).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_other_page_can_be_read_by_everybody(service, come, language):
    visitors = come(service, language)
    visitors.citizen.goto("/account")
    visitors.citizen.goto("/cases")
    visitors.citizen.goto("/demands/new")
    visitors.citizen.send()
    visitors.steward.goto("/people")
    visitors.steward.click("main table a, main .km-rows a")
    visitors.steward.goto("/incidents")
    visitors.clerk.goto("/work")
    visitors.clerk.goto("/listings/new")
    nobody = visitors.open()
    for path in (
        "/",
        "/sign-in",
        "/sign-up",
        "/forgot",
        "/datasets?q=nothing-of-this-name",
        "/demands",
        "/api",
        "/nowhere",
    ):
        nobody.goto(path)


@pytest.fixture(scope="session")
def seldom(service) -> dict[str, str]:
    """Return the addresses of pages that no straight life comes by, and who reads each."""
    walker = Walker(service.app, people_of(service.app))
    with service.app.app_context():
        steps = {step: walker.at(step).reference for step in ("give_security_opinion", "extend_answer", "drop_listing")}
        steps["reevaluate_dataset"] = evaluated(walker).reference
        pages = {step_page(name, reference): ANSWERER[name] for name, reference in steps.items()}
        desk, failed = walker.person("desk"), walker.at("screen_demand")
        attempt = {"verb": "submit", "step": "screen_demand", "item": open_items(failed)[0].id, "actor": desk.id}
        incidents.open_for(failed.id, attempt, RuntimeError("no rule fits"), walker.answer("screen_demand"), desk)
        number = db.session.scalar(db.select(db.func.max(Incident.id)))
        held = walker.at("review_classification")
        offices.appoint(walker.person("other_reviewer"), walker.body(), Role.REVIEWER, None, None, by=None)
        casework.claim(held, "review_classification", actor=walker.person("reviewer"))
        pages[f"/incidents/{number}"] = "steward"
        pages[f"/work/{held.reference}/review_classification/take-over"] = "other_reviewer"
        db.session.remove()
    return pages


def step_page(name: str, reference: str) -> str:
    """Return the address of a step's page."""
    return f"/{STEPS[name].role}/cases/{reference}/{name}"


def evaluated(walker: Walker) -> Case:
    """Return a listed entry whose yearly evaluation is due; for every other case the year has not passed."""
    case = walker.take(walker.listing(), LISTED)
    (running,) = (each for each in clock.running(case) if each.limit == "reevaluation")
    casework.expire(case, running.id, running.due_at + timedelta(seconds=1))
    return case


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_that_is_seldom_needed_can_be_read_by_everybody_too(service, come, seldom, language):
    visitors = come(service, language)
    for path, who in seldom.items():
        visitor = getattr(visitors, who)
        visitor.goto(path)
        expect(visitor.page.locator("main form button.btn-primary").first).to_be_attached()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_limits_and_calendar_can_be_read_by_everybody(service, come, language):
    steward = come(service, language).steward
    for path in ("/limits", "/limits/decision", "/calendar"):
        steward.goto(path)
    steward.send()
    expect(steward.page.locator(".km-summary")).to_be_visible()
    steward.click(".km-head nav a[rel=next]")
    expect(steward.page.locator(".km-months .km-month")).to_have_count(12)


def test_the_choice_of_dark_and_light_lasts(service, come):
    visitor = come(service).open()
    visitor.goto("/")
    visitor.page.click("[data-km=theme]")
    expect(visitor.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    visitor.page.reload()
    expect(visitor.page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_looking_would_find_a_fault(service, come):
    visitor = come(service).open()
    visitor.goto("/sign-in")
    visitor.page.evaluate("document.querySelector('label[for=f-email]').remove()")
    visitor.page.evaluate("document.body.setAttribute('onclick', 'alert(1)')")
    visitor.examine("a page without a label")
    assert any("label" in fault for fault in visitor.faults)
    assert any("Content Security Policy" in fault for fault in visitor.faults)
    visitor.faults.clear()
