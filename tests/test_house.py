"""The house rules, over every step and every page: who gets in, what a form keeps, and how a page is made."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from api.commands.office import step_table
from tests.answers import ANSWERER
from tests.house import CHINESE, FIELDS
from workflow.check import problems
from workflow.fields import Group, Text
from workflow.stages import STEPS

README = Path(__file__).parent.parent / "README.md"
EVERY_STEP = pytest.mark.parametrize("step", list(STEPS))
# Whatever makes the page's own script or style; the browser would refuse it.
INLINE = (
    "//script[not(@src) and not(@type='application/json')] | //style | //*[@style] | //@*[starts-with(name(), 'on')]"
)
# The pages besides the steps': by the name of their route, who reads them and what their address names.
PAGES = {
    "home": "",
    "auth.sign_in": "",
    "auth.sign_up": "",
    "auth.forgot": "",
    "auth.reset": "",
    "auth.confirm": "",
    "auth.sent": "",
    "auth.account": "citizen",
    "applications.new": "citizen",
    "cases.index": "citizen",
    "cases.show": "citizen",
    "data.index": "clerk",
    "calendar.show": "steward",
    "catalogue.index": "",
    "catalogue.dataset": "clerk",
    "committee.index": "",
    "committee.new": "secretary",
    "committee.show": "secretary",
    "companions.index": "citizen",
    "companions.join": "stranger",
    "conditions.draft": "decider",
    "conditions.edit": "clerk",
    "conditions.index": "",
    "conditions.version": "",
    "consultations.index": "secretary",
    "consultations.show": "secretary",
    "demands.index": "",
    "demands.new": "citizen",
    "demands.show": "stranger",
    "docs.api": "",
    "documents.verify": "",
    "factors.show": "citizen",
    "entitlements.index": "citizen",
    "entitlements.show": "citizen",
    "incidents.index": "steward",
    "incidents.show": "steward",
    "letters.index": "citizen",
    "letters.show": "citizen",
    "limits.index": "",
    "limits.show": "steward",
    "listings.new": "clerk",
    "meetings.edit": "secretary",
    "meetings.index": "secretary",
    "meetings.new": "secretary",
    "meetings.show": "secretary",
    "people.index": "steward",
    "people.show": "steward",
    "register.index": "",
    "register.show": "",
    "worklist.index": "clerk",
    "worklist.take_over": "other_reviewer",
}
# What is read by programs, by scripts of ours, or leads on to a page.
NO_PAGES = {
    "static", "api-docs.openapi_json", "cases.diagram", "catalogue.catalogue_csv", "catalogue.catalogue_ld",
    "catalogue.dataset_ld", "demands.similar", "docs.problem", "language.choose", "worklist.export",
}  # fmt: skip
NO_PAGES |= {"entitlements.download", "files.show"}
NO_PAGES |= {"documents.authority", "documents.show", "factors.picture"}
# What everybody may read.
PUBLIC = NO_PAGES - {"worklist.export"} | {"home", "docs.api", "catalogue.index", "catalogue.dataset", "demands.index"}
PUBLIC |= {"conditions.index", "conditions.version", "register.index", "register.show", "register.table"}
PUBLIC |= {"v1_conditions.list_conditions", "v1_conditions.show_conditions", "v1_conditions.check_conditions"}
PUBLIC |= {"v1_public_register.list_register", "v1_public_register.show_register_entry"}
NO_PAGES |= {"register.table", "agreements.odrl", "consultations.state", "meetings.entry"}
PUBLIC |= {"committee.index", "v1_committee.show_committee"}
PUBLIC |= {"demands.show", "auth.sign_in", "auth.sign_up", "auth.forgot", "auth.reset", "auth.confirm", "auth.sent"}
PUBLIC |= {"v1_steps.list_steps", "v1_steps.show_step", "v1_datasets.list_datasets", "v1_datasets.show_dataset"}
PUBLIC |= {"calendar.show", "limits.index", "limits.show", "v1_limits.list_limits", "v1_calendar.show_year"}
PUBLIC |= {"v1_demands.list_demands", "v1_demands.list_similar", "v1_demands.show_demand"}
PUBLIC |= {"documents.verify"}
PUBLIC -= {"entitlements.download", "files.show", "documents.show", "factors.picture"}
# What everybody may send.
FOR_ALL = {"v1_tokens.create_token", "documents.examine"}
# What a demonstration shows to everybody.
SHOWN = {"letters.index", "letters.show"}
VERBS = {
    "Amend", "Answer", "Approve", "Ask", "Assess", "Check", "Clarify", "Complete", "Conclude", "Confirm", "Consult",
    "Coordinate", "Countersign", "Decide", "Declare", "Describe", "Dispute", "Draft", "Extend", "Give", "Negotiate",
    "Propose", "Provision", "Re-evaluate", "Recuse", "Replace", "Request", "Resume", "Review", "Rule", "Screen", "Seat",
    "Sign", "Submit", "Suspend", "Terminate", "Withdraw",
}  # fmt: skip


def address(house, endpoint, method="GET"):
    """Return the address of a route, its places filled with what there is in the house."""
    known = house.known
    code = known["definition"] if endpoint == "cases.diagram" else house.entry
    number = known[
        {
            "letters": "letter",
            "people": "clerk",
            "incidents": "incident",
            "conditions": "version",
            "committee": "expert",
            "meetings": "meeting",
        }.get(endpoint.removeprefix("v1_").split(".")[0], "letter")
    ]
    step = "review_classification" if endpoint.startswith("worklist.") else "assess_demand"
    places = {
        "reference": house.answered if endpoint in PUBLIC else house.at[step],
        "code": "en" if endpoint == "language.choose" else code,
        "number": number,
        "token": known["confirm" if endpoint.startswith("auth.confirm") else "reset"],
        "purpose": "reset",
        "word": "not-found",
        "form": "csv",
        "definition": known["definition"],
        "name": "demand",
        "limit": "decision",
        "year": 2026,
        "filename": "app.css",
        "membership": known["membership"],
        "step": step,
    }
    if endpoint.removeprefix("v1_").startswith("consultations."):
        places["reference"] = known["consultation"]
    if endpoint.removeprefix("v1_").startswith("entitlements."):
        places["reference"] = known["entitlement"]
    if endpoint.startswith("companions."):
        places["reference"] = house.at["submit_application"]
        places |= {"number": known["companion"], "secret": known["invitation"]}
    if endpoint.removeprefix("v1_").startswith(("register.", "public_register.")):
        places["reference"] = house.at["provision_access"]
    rule = next(rule for rule in house.app.url_map.iter_rules(endpoint) if method in rule.methods)
    with house.app.test_request_context():
        return house.app.url_for(endpoint, _method=method, **{name: places[name] for name in rule.arguments})


def text_answer(step):
    """Return the fields of an answer that are required, by name; a group of rows has no control of its own."""
    fields = STEPS[step].answer().fields
    return [name for name, field in fields.items() if field.required and not isinstance(field, Group)]


def too_long(step):
    """Return an answer in which the first text is one character too long."""
    fields = STEPS[step].answer().fields
    name, text = next((name, field) for name, field in fields.items() if isinstance(field, Text))
    return {name: "长" * (text.most + 1)}


def test_what_is_drawn_is_what_is_declared():
    assert problems() == []


def test_the_table_of_steps_in_the_readme_is_the_one_of_the_service():
    if not README.exists():
        pytest.skip("there is no README yet")
    shown = re.search(r"<!-- steps -->\n(.*?)\n<!-- /steps -->", README.read_text("utf-8"), re.DOTALL)
    assert shown, "README.md lacks the marks of the table"
    assert shown[1].strip() == step_table()


@EVERY_STEP
def test_a_steps_title_says_what_to_do(step):
    title = STEPS[step].title
    assert title.split()[0] in VERBS
    assert not title.endswith(".")
    assert "\n" not in title


@EVERY_STEP
def test_whoever_may_not_see_a_case_is_told_that_there_is_none(house, step):
    assert house.get(house.step(step), "stranger").status == 404
    assert house.post(house.step(step), "stranger", house.answers[step]).status == 404
    assert house.get(house.step(step, "XQ-2026-999999"), ANSWERER[step]).status == 404


@EVERY_STEP
def test_whoever_holds_another_role_is_refused_before_the_form(house, step):
    before = house.counts()
    allowed = 404 if house.at[step] in house.drafts else 403
    assert house.get(house.step(step), "auditor").status == allowed
    assert house.post(house.step(step), "auditor", house.answers[step]).status == allowed
    assert house.counts() == before


@EVERY_STEP
def test_a_step_that_does_not_wait_is_refused(house, step):
    before, kind = house.counts(), house.at[step][:2]
    tried = []
    for reference in (ref for ref, steps in house.waiting.items() if ref.startswith(kind) and step not in steps):
        page = house.get(house.step(step, reference), ANSWERER[step])
        if page.status == 409:
            assert house.post(house.step(step, reference), ANSWERER[step], house.answers[step]).status == 409
            assert page.all("//h1"), "a refusal is a page"
        tried.append(page.status)
        if tried.count(409) == 2:
            break
    assert 409 in tried
    assert set(tried) <= {403, 404, 409}
    assert house.counts() == before


@EVERY_STEP
def test_a_faulty_answer_names_the_field_and_keeps_the_text(house, step):
    before, needed = house.counts(), text_answer(step)
    empty = house.post(house.step(step), ANSWERER[step], {} if needed else too_long(step))
    assert empty.status == 422
    assert set(needed) <= empty.wrong
    assert empty.all("//title/text()")[0].startswith("错误：")
    links = set(empty.all("//*[@role='alert']//a/@href"))
    ids = set(empty.all("//@id"))
    assert links
    assert {link[1:] for link in links} <= ids
    for left_out in needed:
        rest = {name: value for name, value in house.answers[step].items() if name != left_out}
        page = house.post(house.step(step), ANSWERER[step], rest)
        assert page.status == 422
        assert left_out in page.wrong
        written = {value for value in rest.values() if isinstance(value, str)}
        assert written <= page.kept, f"lost: {written - page.kept}"
    assert house.counts() == before


@EVERY_STEP
def test_a_form_without_proof_of_origin_is_refused_and_keeps_the_text(house, step):
    before, client = house.counts(), house.client(ANSWERER[step])
    form = {name: value for name, value in house.answers[step].items() if isinstance(value, str)}
    page = type(house.get("/"))(client.post(house.step(step), data=form))
    assert page.status == 400
    assert set(form.values()) <= page.kept
    assert house.counts() == before


def pages(house):
    """Yield every page of the house: its address, and who reads it."""
    for step in STEPS:
        yield house.step(step), ANSWERER[step]
        yield f"/cases/{house.at[step]}", ANSWERER[step]
    for endpoint, who in PAGES.items():
        yield address(house, endpoint), who
    yield "/nowhere", ""
    yield house.step("screen_demand"), "auditor"
    yield house.step("withdraw_dataset", house.at["describe_dataset"]), "decider"


def test_every_page_is_looked_at(house):
    shown = {rule.endpoint for rule in house.app.url_map.iter_rules() if "GET" in rule.methods}
    steps = {f"{step.role}.{name}" for name, step in STEPS.items()}
    programs = {endpoint for endpoint in shown if endpoint.startswith("v1_")}
    assert shown - steps - programs - NO_PAGES == set(PAGES)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_is_made_by_the_rules_of_the_house(house, language):
    faults = []
    for path, who in pages(house):
        page = house.get(path, who, language)
        faults += [f"{path} ({who}): {fault}" for fault in faults_of(page, language, house.data)]
    assert not faults, "\n".join(faults)


def faults_of(page, language, data):
    """Yield what is wrong with a page as a page."""
    if page.status not in (200, 403, 404, 409):
        yield f"status {page.status}"
    if page.all("/html/@lang") != [{"zh": "zh-CN", "en": "en"}[language]]:
        yield "the page's language is not said"
    if not page.all("normalize-space(//title)"):
        yield "no title"
    if len(page.all("//h1")) != 1:
        yield f"{len(page.all('//h1'))} h1"
    levels = [int(heading.tag[1]) for heading in page.all("//h1|//h2|//h3|//h4|//h5|//h6")]
    if any(below > above + 1 for above, below in pairwise(levels)):
        yield f"a level of headings is left out: {levels}"
    for control in page.all(FIELDS):
        named = (
            control.get("aria-label")
            or control.xpath("ancestor::label")
            or page.all(f"//label[@for='{control.get('id')}']")
        )
        if not named:
            yield f"no label for {control.get('name')}"
    for form in page.all("//form[translate(@method, 'POST', 'post')='post']"):
        if not form.xpath(".//input[@name='csrf_token']/@value"):
            yield f"a form without proof of origin: {form.get('action')}"
    for found in page.all(INLINE):
        yield f"inline: {found}"
    ids = page.all("//@id")
    if len(ids) != len(set(ids)):
        yield f"an id twice: {sorted({name for name in ids if ids.count(name) > 1})}"
    for pointing in page.all("//@aria-describedby | //@aria-labelledby | //@aria-controls | //label/@for"):
        if not set(pointing.split()) <= set(ids):
            yield f"points to nothing: {pointing}"
    if language == "en":
        yield from (f"Chinese: {words}" for words in page.words if still_chinese(words, data))


def still_chinese(words, data):
    """Say whether a text is Chinese that is neither data nor a part of it."""
    for text in data:
        if not CHINESE.search(words):
            break
        words = words.replace(text, "")
    return CHINESE.search(words) and words != "中文 (Chinese)"


def test_the_readers_own_words_stand_in_no_page_unescaped(house):
    page = house.post("/demands/new", "citizen", {"subject": "<b id=own>\"'", "description": "</textarea><i id=own>"})
    assert page.status == 422
    assert page.all("//*[@id='own']") == []
    assert "</textarea><i id=own>" in page.kept


def routes(house):
    for rule in house.app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method


def test_whoever_has_not_signed_in_gets_only_what_is_public(house):
    before, seen = house.counts(), set()
    for endpoint, method in routes(house):
        path = address(house, endpoint, method)
        if method == "GET":
            page = house.get(path)
            # A question that lacks its words is answered too, if only to say so.
            if page.status in (200, 303, 422) and "/sign-in" not in page.response.headers.get("Location", ""):
                seen.add(endpoint)
            else:
                assert page.status in (303, 401, 404), (endpoint, page.status)
        elif not endpoint.startswith("auth.") and endpoint not in FOR_ALL:
            page = house.post(path, method=method) if method == "POST" else None
            status = page.status if page else house.client().open(path, method=method).status_code
            assert status in (400, 401, 403, 404), (endpoint, method, status)
    assert seen == PUBLIC | SHOWN
    assert house.counts() == before


def test_nothing_is_changed_without_proof_of_origin(house):
    before = house.counts()
    for endpoint, method in routes(house):
        if method != "GET" and endpoint != "v1_tokens.create_token":
            for who in ("citizen", "clerk", "steward"):
                status = house.client(who).open(address(house, endpoint, method), method=method).status_code
                assert status in (400, 404, 403, 409), (endpoint, method, who, status)
    assert house.counts() == before


def test_what_a_signed_in_person_reads_is_kept_by_no_cache(house):
    for path in ("/cases", "/", f"/cases/{house.at['assess_demand']}"):
        assert "no-store" in house.get(path, "citizen").response.headers["Cache-Control"]


def test_a_draft_is_read_by_nobody_else(house):
    assert house.at["submit_demand"] in house.drafts
    for reference in house.drafts:
        owner = "clerk" if reference.startswith("QD") else "citizen"
        assert house.get(f"/cases/{reference}", owner).status == 200
        for who in {"desk", "auditor", "steward", "authority", "reviewer", "decider", "clerk", "citizen"} - {owner}:
            assert house.get(f"/cases/{reference}", who).status == 404
