"""An entry of the open list goes round every year: within a round four eyes, from round to round people may swap."""

import pytest

from models import Case, Role, User
from tests.answers import ANSWERS, LISTED, PROPOSAL
from workflow import casework, offices
from workflow.errors import NotApart, NotOpen

pytestmark = pytest.mark.usefixtures("context")
ANEW = {"reevaluation": "reclassify", "grounds": "数据项增加，须要重新分类分级。"}
REVIEW = ANSWERS["review_classification"]


@pytest.fixture
def listed(walker) -> Case:
    """Return an entry on the list, whose clerk is a reviewer too and whose reviewer is a clerk too."""
    for who, role in (("clerk", Role.REVIEWER), ("reviewer", Role.CLERK), ("clerk", Role.DECIDER)):
        offices.appoint(walker.person(who), walker.body(), role, None, None, by=None)
    return walker.take(walker.listing(), LISTED)


def answer(case: Case, step: str, person: User, raw: dict) -> None:
    """Answer a step."""
    casework.submit(case, step, raw, actor=person)


def evaluated_anew(walker, case: Case) -> None:
    """Let the year pass, and the reviewer of last time find that the entry must be classified anew."""
    walker.expire(case, "reevaluation")
    answer(case, "reevaluate_dataset", walker.person("reviewer"), ANEW)


def test_within_a_round_nobody_reviews_what_they_have_proposed(walker, listed):
    evaluated_anew(walker, listed)
    clerk = walker.person("clerk")
    answer(listed, "propose_classification", clerk, PROPOSAL)
    with pytest.raises(NotApart):
        answer(listed, "review_classification", clerk, REVIEW)


def test_from_year_to_year_the_people_may_change_places(walker, listed):
    evaluated_anew(walker, listed)
    clerk, reviewer = walker.person("clerk"), walker.person("reviewer")
    answer(listed, "propose_classification", reviewer, PROPOSAL)
    with pytest.raises(NotApart):
        answer(listed, "review_classification", reviewer, REVIEW)
    answer(listed, "review_classification", clerk, REVIEW)
    with pytest.raises(NotApart):
        answer(listed, "confirm_classification", clerk, ANSWERS["confirm_classification"])
    answer(listed, "confirm_classification", walker.person("decider"), ANSWERS["confirm_classification"])


def test_what_was_returned_is_still_the_same_round(walker):
    for who in ("clerk", "reviewer"):
        offices.appoint(walker.person(who), walker.body(), Role.DECIDER, None, None, by=None)
    case = walker.take(walker.listing(), LISTED[:5])
    returned = {"approval": "return", "remark": "请把时间和空间范围写得更清楚。"}
    answer(case, "approve_listing", walker.person("decider"), returned)
    walker.take(case, LISTED[:5])
    for who in ("clerk", "reviewer"):
        with pytest.raises(NotApart):
            answer(case, "approve_listing", walker.person(who), ANSWERS["approve_listing"])


def test_whoever_amends_an_entry_does_not_approve_it(walker, listed):
    clerk = walker.person("clerk")
    answer(listed, "amend_listing", clerk, walker.answer("amend_listing"))
    answer(listed, "check_listing", walker.person("desk"), ANSWERS["check_listing"])
    with pytest.raises(NotApart):
        answer(listed, "approve_listing", clerk, ANSWERS["approve_listing"])


def test_whoever_suspends_an_entry_does_not_open_it_again(walker, listed):
    security = walker.person("security")
    offices.appoint(security, walker.body(), Role.DECIDER, None, None, by=None)
    answer(listed, "suspend_dataset", security, ANSWERS["suspend_dataset"])
    with pytest.raises(NotApart):
        answer(listed, "resume_dataset", security, ANSWERS["resume_dataset"])
    # Not even when the change that was wanted meanwhile has been given up.
    decider = walker.person("decider")
    answer(listed, "resume_dataset", decider, {"resumption": "amend", "reason": "先更正数据项再恢复开放。"})
    answer(listed, "drop_listing", walker.person("clerk"), ANSWERS["drop_listing"])
    with pytest.raises(NotApart):
        answer(listed, "resume_dataset", security, ANSWERS["resume_dataset"])
    answer(listed, "resume_dataset", decider, ANSWERS["resume_dataset"])
    with pytest.raises(NotOpen):
        answer(listed, "resume_dataset", decider, ANSWERS["resume_dataset"])


def test_whoever_suspended_an_entry_once_may_open_it_when_another_has_suspended_it(walker, listed):
    security, other = walker.person("security"), walker.person("other_security")
    for who, role in ((security, Role.DECIDER), (other, Role.SECURITY)):
        offices.appoint(who, walker.body(), role, None, None, by=None)
    answer(listed, "suspend_dataset", security, ANSWERS["suspend_dataset"])
    answer(listed, "resume_dataset", walker.person("decider"), ANSWERS["resume_dataset"])
    answer(listed, "suspend_dataset", other, ANSWERS["suspend_dataset"])
    answer(listed, "resume_dataset", security, ANSWERS["resume_dataset"])
