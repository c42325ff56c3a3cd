"""The way ahead of a case: what may still come, as the diagrams draw it, and nothing that is already behind."""

import pytest

from api.process_map import drawn, exits, next_after, ways_ahead
from workflow import definitions
from workflow.stages import STEPS

TO_ANSWER = ["review_classification", "give_security_opinion", "confirm_classification", "answer_demand"]
TO_ACCESS = ["draft_agreement", "negotiate_clauses", "sign_agreement", "countersign_agreement", "provision_access"]
REVIEWS = ["review_application", "review_security", "consult_right_holder"]
KINDS = ("demand", "listing", "application")


def ahead(kind: str, *waiting: str) -> list[str]:
    """Return the steps that lie ahead of those that wait, as a case's page shows them."""
    return ways_ahead(definitions.current(kind), waiting)


@pytest.mark.parametrize(
    ("kind", "step", "way"),
    [
        ("demand", "submit_demand", ["screen_demand", "assess_demand", "propose_classification", *TO_ANSWER]),
        ("demand", "answer_demand", []),
        ("demand", "dispute_answer", ["coordinate_demand"]),
        ("listing", "confirm_classification", ["check_listing", "approve_listing", "reevaluate_dataset"]),
        ("listing", "approve_listing", ["reevaluate_dataset"]),
        (
            "application",
            "check_application",
            [*REVIEWS, "draft_decision", "decide_application", *TO_ACCESS],
        ),
        ("application", "decide_application", TO_ACCESS),
    ],
)
def test_a_case_goes_on_as_it_usually_does(context, kind, step, way):
    assert ahead(kind, step) == way


def test_who_has_mended_an_answer_sees_the_step_that_asked_for_it_next(context):
    assert ahead("demand", "clarify_demand")[0] == "screen_demand"
    assert ahead("application", "complete_application")[0] == "check_application"
    assert ahead("application", "clarify_application")[0] == "review_application"


def test_the_committee_lies_ahead_only_where_it_has_been_asked(context):
    for kind in KINDS:
        for name in set(STEPS) & set(drawn(definitions.current(kind)).nodes):
            heard = {STEPS[each].stage for each in ahead(kind, name)}
            assert ("consultation" in heard) <= (STEPS[name].stage == "consultation"), name
    way = ahead("demand", "give_opinion")
    assert way == ["conclude_consultation", *TO_ANSWER]


def test_no_way_ahead_leads_back(context):
    order = list(STEPS)
    for kind in KINDS:
        for name in set(STEPS) & set(drawn(definitions.current(kind)).nodes):
            way = ahead(kind, name)
            assert len(way) == len(set(way)), name
            own = [each for each in way if STEPS[each].stage == STEPS[name].stage]
            mended = STEPS[name].limit == "completion"
            assert own == sorted(own, key=order.index), name
            assert mended or all(order.index(each) > order.index(name) for each in own), name


@pytest.mark.parametrize(
    ("kind", "step", "name", "surely"),
    [
        ("demand", "submit_demand", "screen_demand", True),
        ("demand", "screen_demand", "assess_demand", False),
        ("demand", "review_classification", "give_security_opinion", False),
        ("demand", "give_security_opinion", "confirm_classification", True),
        ("demand", "withdraw_demand", "", True),
        ("listing", "check_listing", "approve_listing", False),
        ("application", "sign_agreement", "countersign_agreement", True),
        ("application", "decide_application", "draft_agreement", False),
        ("application", "provision_access", "", True),
    ],
)
def test_what_comes_next_is_said_to_be_sure_only_where_every_answer_leads_there(context, kind, step, name, surely):
    assert next_after(definitions.current(kind), step) == (name, surely)


def test_answers_that_end_a_case_or_send_it_back_are_ways_out_as_well(context):
    definition = definitions.current("demand")
    drawn(definition)
    assert exits(definition.sha256, "screen_demand") == {"assess_demand", "clarify_demand", ""}
    assert exits(definition.sha256, "give_security_opinion") == {"confirm_classification"}


def test_reviews_side_by_side_all_lie_ahead_before_the_step_that_waits_for_them(context):
    way = ahead("application", "complete_application")
    assert way[: 1 + len(REVIEWS) + 1] == ["check_application", *REVIEWS, "draft_decision"]
