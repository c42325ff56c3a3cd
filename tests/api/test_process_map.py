"""The way ahead of a case: what may still come, as the diagrams draw it, and nothing that is already behind."""

import pytest

from api.process_map import drawn, ways_ahead
from workflow import definitions
from workflow.stages import STEPS

TO_ANSWER = ["review_classification", "give_security_opinion", "confirm_classification", "answer_demand"]
TO_ACCESS = ["draft_agreement", "negotiate_clauses", "sign_agreement", "countersign_agreement", "provision_access"]
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
            ["review_application", "draft_decision", "decide_application", *TO_ACCESS],
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
