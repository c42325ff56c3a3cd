"""What a form or an address may hold that no page of ours sends: refused on both databases, and nothing changed."""

import logging

import pytest

from tests.answers import ANSWERER, DEMAND
from tests.house import Page, checked

MARK = "只有写的人知道"
NEW = "/demands/new"
# No number that a database keeps is this great.
HUGE = 10**25
WORDLESS = {
    "NUL": "公交\x00客流数据",
    "a control character": "公交\x07客流数据",
    "an escape": "公交\x1b[2J客流数据",
    "half a character": "公交\ud800客流数据",
    "no character": "公交\uffff客流数据",
}


@pytest.fixture
def unchanged(each_house, caplog):
    """Return the house; afterwards its tables hold what they held, and nothing that was written stands in the log."""
    before = each_house.counts()
    caplog.set_level(logging.INFO)
    yield each_house
    assert each_house.counts() == before
    assert MARK not in caplog.text


def refused(page, *wrong):
    """Look at a page that gives a form back: it names what is wrong."""
    assert page.status == 422
    assert len(page.all("//h1")) == 1
    assert set(wrong) <= page.wrong
    return page


@pytest.mark.parametrize("step", ["screen_demand", "answer_demand", "propose_classification", "describe_dataset"])
def test_a_field_sent_twice_is_refused(unchanged, step):
    good = unchanged.answers[step]
    name = next(name for name, value in good.items() if isinstance(value, str))
    refused(unchanged.post(unchanged.step(step), ANSWERER[step], [*good.items(), (name, MARK)]), name)


def test_a_demand_sent_twice_over_is_refused(unchanged):
    refused(unchanged.post(NEW, "citizen", [*DEMAND.items(), *DEMAND.items()]), *DEMAND)


@pytest.mark.parametrize("text", WORDLESS.values(), ids=WORDLESS)
@pytest.mark.parametrize("field", ["subject", "description"])
def test_characters_that_nobody_can_read_are_refused(unchanged, field, text):
    sent = (text + MARK * 4).encode("utf-8", "surrogatepass")
    assert unchanged.post(NEW, "citizen", {**DEMAND, field: "x"}).status == 422
    page = unchanged.post_bytes(NEW, "citizen", {**DEMAND, field: sent})
    assert page.status in (400, 422)
    assert page.all("//h1")


def test_bytes_that_are_no_text_are_refused(unchanged):
    page = unchanged.post_bytes(NEW, "citizen", {**DEMAND, "subject": b"\xff\xfe\x80 " + MARK.encode()})
    assert page.status in (400, 422)
    assert page.all("//h1")


def test_ten_megabytes_are_refused_with_a_page(unchanged):
    for word in ("citizen", ""):
        client = unchanged.client(word)
        page = Page(checked(client.post(NEW, data={**DEMAND, "description": MARK * 500_000})))
        assert page.status == 413
        assert page.all("//h1")
        assert page.all("//html/@lang") == ["zh-CN"]


def test_more_fields_than_any_form_has_are_refused(unchanged):
    page = unchanged.post(NEW, "citizen", [(f"f{number}", MARK) for number in range(5000)])
    assert page.status in (413, 422)
    assert page.all("//h1")


@pytest.mark.parametrize(
    "day", ["2027-02-30", "tomorrow", "0001-01-01", "9999-12-31", "2027-1-1T00:00", "明天", "1" * 500]
)
def test_a_day_that_is_none_is_refused(unchanged, day):
    answer = {**unchanged.answers["answer_demand"], "opens_on": day}
    page = refused(unchanged.post(unchanged.step("answer_demand"), "decider", answer), "opens_on")
    assert day in page.kept


def screening(house, **answer):
    return house.post(house.step("screen_demand"), "desk", {**house.answers["screen_demand"], **answer})


@pytest.mark.parametrize("body", ["0", "-1", "999999", str(HUGE), "１", "1e3", MARK])
def test_a_body_that_does_not_exist_is_refused(unchanged, body):
    refused(screening(unchanged, body=body), "body")


def test_a_party_is_no_body(unchanged):
    refused(screening(unchanged, body=str(unchanged.known["party"])), "body")


@pytest.mark.parametrize("code", ["DS-999999", "ds-'--", MARK, "x" * 5000])
def test_an_entry_that_does_not_exist_is_refused(unchanged, code):
    refused(screening(unchanged, screening="already_open", dataset=code), "dataset")


def test_only_another_demand_that_is_public_can_be_joined(unchanged):
    own, hidden = unchanged.at["screen_demand"], unchanged.at["clarify_demand"]
    for twin in (own, hidden, unchanged.at["check_listing"], "XQ-2026-999999", MARK):
        refused(screening(unchanged, screening="join", twin=twin), "twin")


def test_a_field_of_another_step_is_not_read(unchanged):
    page = unchanged.post(NEW, "citizen", {**DEMAND, "subject": "x", "state": "listed", "requester_id": "1"})
    refused(page, "subject")


def test_a_level_that_is_none_is_refused(unchanged):
    for level in ("5", "-1", str(HUGE), "1.5", "一"):
        answer = {**unchanged.answers["propose_classification"], "person": level}
        refused(unchanged.post(unchanged.step("propose_classification"), "clerk", answer), "person")


def test_another_bodys_entries_are_out_of_reach(unchanged):
    for who in ("citizen", "stranger", "other_clerk", "desk"):
        assert unchanged.post(f"/listings/of/{unchanged.entry}", who).status == 404
    own = {"body": str(unchanged.known["body"])}
    assert unchanged.post("/listings/new", "other_clerk", own).status == 403
    for body in (str(unchanged.known["party"]), str(HUGE), "", MARK):
        assert unchanged.post("/listings/new", "clerk", {"body": body}).status == 403


def test_another_persons_things_are_out_of_reach(unchanged):
    known = unchanged.known
    for who in ("stranger", "clerk"):
        assert unchanged.get(f"/cases/{unchanged.at['submit_demand']}", who).status == 404
    for path in (f"/people/{known['clerk']}", f"/people/{known['clerk']}/memberships/{known['membership']}/end"):
        assert unchanged.post(path, "citizen", {"role": "steward"}).status == 404
    assert unchanged.post(f"/incidents/{known['incident']}/cancel", "desk").status == 404
    assert unchanged.post("/account/tokens/1/revoke", "stranger").status in (303, 404)


ADDRESSES = [
    "/datasets?q={}",
    "/datasets?provider={}&domain={}&page={}&sort={}",
    "/datasets?open_type={}&format={}&frequency={}&after={}&cursor={}",
    "/datasets/{}",
    "/datasets/{}.jsonld",
    "/demands?q={}&page={}&sort={}&state={}",
    "/demands/{}",
    "/demands/similar?subject={}",
    "/demands/new?subject={}",
    "/cases?before={}",
    "/cases/{}",
    "/cases/{}?map={}",
    "/letters?before={}",
    "/letters/{}",
    "/people?q={}&page={}",
    "/people/{}",
    "/incidents/{}",
    "/process/{}/demand.bpmn",
    "/process/1/{}.bpmn",
    "/work?q={}&view={}&tab={}&step={}&kind={}&sort={}&before={}&after={}",
    "/desk/cases/{}/screen_demand",
    "/reset/{}",
    "/confirm/{}",
    "/sent/{}",
    "/language/{}",
    "/api/problems/{}",
    "/sign-in?next={}",
]
ODD = {
    "NUL": "%00",
    "no text": "%ff%fe",
    "huge": str(HUGE),
    "negative": "-1",
    "quotes": "%27%22%3B--",
    "long": "x" * 3000,
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_address_never_breaks_the_service(unchanged, odd):
    for who in ("", "steward", "desk"):
        for path in ADDRESSES:
            page = unchanged.get(path.replace("{}", odd), who)
            assert page.status in (200, 303, 400, 403, 404, 405, 409, 410, 414), (path, who)
            if page.status >= 400 and not path.startswith("/api/"):
                assert page.all("//h1"), (path, who)


@pytest.mark.parametrize(
    "onward", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:x"]
)
def test_nobody_is_led_to_another_site(unchanged, onward):
    page = unchanged.get(f"/language/en?next={onward}")
    assert page.response.headers["Location"] == "/"
    assert "elsewhere" not in "".join(unchanged.get(f"/sign-in?next={onward}").all("//input/@value | //a/@href"))[:10]
