"""What stands beside a form: the tables' advice comes from the version of the tables that the case runs on."""

import pytest

from api.language import spoken
from api.strips import lengthened
from models import Case, EventKind, db
from tests.answers import DEMAND
from workflow import casework, clock, journal
from workflow.calendar import local_day

CHANNELS = {
    "unlisted": ("DT8-04", "demand"),
    "single_document": ("DT8-01", "disclosure"),
    "listed_unconditional": ("DT8-02", "download"),
    "listed_conditional": ("DT8-03", "application"),
    "for_duties": ("DT8-05", "sharing"),
    "raw_product": ("DT8-06", "authorised_operation"),
}


@pytest.mark.parametrize("asks_for", CHANNELS)
def test_the_desk_sees_which_channel_the_table_proposes(app, walker, people, client_of, asks_for):
    rule, channel = CHANNELS[asks_for]
    with app.app_context():
        case = casework.start("demand", walker.person("citizen"), {**DEMAND, "asks_for": asks_for})
        reference = case.reference
        tabled = [line for line in journal.lines(case) if line.kind is EventKind.TABLED]
        assert [(line.step, line.data["rules"], line.data["outcome"]) for line in tabled] == [
            ("channel", [rule], {"channel": channel})
        ]
    page = client_of(people.desk).get(f"/desk/cases/{reference}/screen_demand").get_data(as_text=True)
    shown = {each for each, _ in CHANNELS.values() if each in page}
    assert shown == {rule}


def test_the_proposed_channel_decides_nothing(app, walker):
    with app.app_context():
        case = casework.start("demand", walker.person("citizen"), {**DEMAND, "asks_for": "single_document"})
        routed = walker.answer("screen_demand")
        casework.submit(case, "screen_demand", routed, actor=walker.person("desk"))
        assert case.state == "assessing"


def test_the_form_stands_after_what_it_is_about_and_before_what_happened(app, walker, people, client_of):
    with app.app_context():
        reference = walker.at("review_classification").reference
    page = client_of(people.reviewer).get(f"/reviewer/cases/{reference}/review_classification").get_data(as_text=True)
    assert 0 < page.index('id="sheet-t"') < page.index('name="grounds"') < page.index('id="history-t"')


def test_a_rule_and_its_law_are_read_in_the_readers_language(app, walker, people, client_of):
    with app.app_context():
        reference = walker.at("review_classification").reference
    client, address = client_of(people.reviewer), f"/reviewer/cases/{reference}/review_classification"
    chinese = client.get(address).get_data(as_text=True)
    client.set_cookie("lang", "en")
    english = client.get(address).get_data(as_text=True)
    assert "时效性较强的数据，有条件开放。" in chinese
    assert "时效性较强的数据，有条件开放。" not in english
    assert "Data that age quickly: conditional." in english
    assert "Order 21, article 11(2)" in english


def test_a_rule_without_a_translation_says_which_language_it_is_in(app):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert spoken("从前的<规则>") == '<span lang="zh-CN">从前的&lt;规则&gt;</span>'
    with app.test_request_context(headers={"Accept-Language": "zh"}):
        assert spoken("从前的规则") == "从前的规则"


def test_whoever_extends_a_limit_sees_when_it_would_be_due_and_so_it_is(app, walker, people, client_of):
    with app.app_context():
        case = walker.at("extend_answer")
        (running,) = (each for each in clock.running(case) if each.limit == "demand_answer")
        before, then = local_day(running.due_at), lengthened(running)
        reference = case.reference
    page = client_of(people.decider).get(f"/decider/cases/{reference}/extend_answer").get_data(as_text=True)
    assert before.strftime("到期 %m-%d") in page
    assert then.isoformat() in page
    with app.app_context():
        case = db.session.scalar(db.select(Case).where(Case.reference == reference))
        walker.take(case, [("extend_answer", "decider", walker.answer("extend_answer"))])
        (running,) = (each for each in clock.running(case) if each.limit == "demand_answer")
        assert local_day(running.due_at) == then
        assert then > before
