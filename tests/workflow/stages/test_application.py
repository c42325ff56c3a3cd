"""Applications: who may do what, by which conditions they are judged, and how they may be decided."""

import pytest
from marshmallow import ValidationError

from models import (
    Case,
    CaseStatus,
    Clock,
    ClockState,
    Companion,
    Document,
    Event,
    EventKind,
    Letter,
    Membership,
    Role,
    db,
)
from tests.answers import ANSWERS, ASKED, GRANT, RETURNED, USED
from tests.applications import ITEMS, TERMS
from tests.one_mind import is_of_one_mind
from tests.walks import DELICATE
from workflow import access, applications, casework, conditions, history, journal
from workflow.errors import NotApart, NotOpen, NotYours
from workflow.worklist import open_items

pytestmark = pytest.mark.usefixtures("context")
TEXT = "经审核，理由如下，材料与公布的条件逐条核对，特此说明。"
REFUSAL = {"decision": "refuse", "text": TEXT}


def steps(case) -> set[str]:
    """Return what a case asks for, without what it only offers."""
    return {item.step for item in open_items(case) if not item.offered}


def clock_of(case, limit) -> Clock:
    """Return the latest clock of a limit on a case."""
    query = db.select(Clock).where(Clock.case_id == case.id, Clock.limit == limit)
    return db.session.scalars(query.order_by(Clock.started_at.desc())).first()


def holds(walker, word, role) -> None:
    """Give a person one more role in the transport commission."""
    person = walker.person(word)
    db.session.add(Membership(user_id=person.id, organisation_id=walker.body().id, role=role))
    db.session.commit()
    person.__dict__.pop("offices", None)
    db.session.expire_all()


def reviewed(walker, finding="met", **changes):
    """Return an application that waits for its draft, with every condition found alike."""
    entry = walker.dataset()
    if conditions.latest(entry) is None:
        conditions.publish(entry, TERMS, None)
        db.session.commit()
    case = walker.take(walker.application(entry, **changes), USED[1:2])
    found = [
        {"criterion": key, "finding": finding, "reason": "逐条核对的结果。"}
        for key in applications.criteria(case.application)
    ]
    opinion = "support" if finding == "met" else "oppose"
    answer = {"opinion": opinion, "grounds": TEXT, "findings": found}
    casework.submit(case, "review_application", answer, actor=walker.person("reviewer"))
    return case


# From the form to acceptance.


def test_an_application_is_checked_by_the_desk_and_by_nobody_else(walker):
    case = walker.application()
    assert (case.state, steps(case)) == ("submitted", {"check_application"})
    for word in ("citizen", "stranger", "clerk", "reviewer", "decider", "auditor", "steward", "operator"):
        with pytest.raises(NotYours):
            casework.submit(case, "check_application", {"checking": "accept"}, actor=walker.person(word))


def test_before_acceptance_no_body_reads_an_application(walker):
    case = walker.application()
    assert not access.may_see(walker.person("clerk"), case)
    walker.take(case, USED[1:2])
    assert access.may_see(walker.person("clerk"), case)
    assert not access.may_see(walker.person("other_clerk"), case)


@pytest.mark.parametrize(
    "answer",
    [
        {"checking": "return"},
        {"checking": "return", "defects": [{"field": "nothing of the form", "words": "请改正这一项。"}]},
        {"checking": "not_competent", "advice": "不收"},
    ],
)
def test_a_return_names_each_defect_and_a_rejection_where_to_go(walker, answer):
    case = walker.application()
    with pytest.raises(ValidationError):
        casework.submit(case, "check_application", answer, actor=walker.person("desk"))
    assert steps(case) == {"check_application"}


def test_what_does_not_belong_here_ends_with_advice(walker):
    case = walker.application()
    advice = {"checking": "not_competent", "advice": "请向国家主管部门的平台提出申请。"}
    casework.submit(case, "check_application", advice, actor=walker.person("desk"))
    assert (case.state, case.status) == ("advised", CaseStatus.ENDED)


def test_the_check_stands_still_while_the_applicant_completes_and_the_defects_are_kept(walker):
    case = walker.at("complete_application")
    assert clock_of(case, "formal_check").state is ClockState.PAUSED
    walker.take(case, [("complete_application", "citizen", {"storage": "上海市示例路 1 号三楼机房"})])
    assert clock_of(case, "formal_check").state is ClockState.RUNNING
    first, second = case.application.versions
    assert second.form["storage"] != first.form["storage"]
    assert [each["field"] for each in second.defects] == ["storage"]
    assert len(case.application.requests) == 1


def test_an_application_that_is_not_completed_lapses(walker):
    case = walker.at("complete_application")
    walker.expire(case, "completion")
    assert (case.state, case.status) == ("lapsed", CaseStatus.ENDED)


def test_a_draft_that_is_not_handed_in_lapses(walker):
    case = walker.at("submit_application")
    walker.expire(case, "draft")
    assert (case.state, case.status) == ("lapsed", CaseStatus.ENDED)


def test_an_overdue_check_grants_nothing(walker):
    case = walker.application()
    walker.expire(case, "formal_check")
    assert steps(case) == {"check_application"}


def test_an_application_is_judged_by_the_conditions_in_force_when_it_was_accepted(walker):
    entry = walker.dataset()
    conditions.publish(entry, TERMS, None)
    db.session.commit()
    case = walker.application(entry)
    second = conditions.publish(entry, {**TERMS, "people": 5}, None)
    db.session.commit()
    walker.take(case, USED[1:2])
    conditions.publish(entry, {**TERMS, "people": 1, "places": ["只能在本局办公楼内"]}, None)
    db.session.commit()
    assert case.application.requests[0].conditions_id == second.id
    texts = [criterion.text for _, criterion in applications.criteria(case.application).values()]
    assert not any("本局办公楼" in text for text in texts)


# Reviews.


def test_every_published_condition_is_found_on_once_and_no_other(walker):
    entry = walker.dataset()
    conditions.publish(entry, TERMS, None)
    db.session.commit()
    case, reviewer = walker.take(walker.application(entry), USED[1:2]), walker.person("reviewer")
    keys = list(applications.criteria(case.application))
    found = [{"criterion": key, "finding": "met", "reason": "核对无误。"} for key in keys]
    alien = {"criterion": "DS-000001.C99", "finding": "unmet", "reason": "没有公布过的条件。"}
    assert len(keys) > 3
    for wrong in (found[1:], [*found, found[0]], [*found, alien], []):
        answer = {"opinion": "support", "grounds": TEXT, "findings": wrong}
        with pytest.raises(ValidationError):
            casework.submit(case, "review_application", answer, actor=reviewer)
    answer = {"opinion": "oppose", "grounds": TEXT, "findings": found}
    with pytest.raises(ValidationError):
        casework.submit(case, "review_application", answer, actor=reviewer)
    casework.submit(case, "review_application", {**answer, "opinion": "support"}, actor=reviewer)
    assert applications.findings(case.application).keys() == set(keys)


def test_while_the_applicant_explains_the_decision_stands_still(walker):
    case = walker.at("clarify_application")
    assert clock_of(case, "decision").state is ClockState.PAUSED
    walker.take(case, [("clarify_application", "citizen", ANSWERS["clarify_application"])])
    assert clock_of(case, "decision").state is ClockState.RUNNING
    assert steps(case) == {"review_application"}


def test_whoever_does_not_explain_is_judged_on_the_file_as_it_is(walker):
    case = walker.at("clarify_application")
    walker.expire(case, "completion")
    assert steps(case) == {"review_application"}
    assert clock_of(case, "decision").state is ClockState.RUNNING


def test_the_table_says_who_reviews(walker):
    plain = walker.take(walker.application(), USED[1:2])
    assert steps(plain) == {"review_application"}
    assert plain.application.route["reviews"] == ["substance"]
    delicate = walker.take(walker.application(walker.dataset(**DELICATE)), USED[1:2])
    assert steps(delicate) == {"review_application", "review_security", "consult_right_holder"}
    assert {"security", "expert", "right_holder"} <= set(delicate.application.route["reviews"])
    abroad = walker.application(overseas=True)
    walker.take(abroad, USED[1:2])
    assert steps(abroad) == {"review_application", "review_security"}


def test_no_draft_before_every_review_is_in(walker):
    # Nothing here asks for the committee.
    shared = walker.dataset(name="出租车营运", extra={"consent_ground": True})
    case = walker.take(walker.application(shared, overseas=True), USED[1:3])
    assert steps(case) == {"review_security", "consult_right_holder"}
    walker.take(case, [("review_security", "security", ANSWERS["review_security"])])
    assert clock_of(case, "decision").state is ClockState.PAUSED
    walker.take(case, [("consult_right_holder", "clerk", ANSWERS["consult_right_holder"])])
    assert steps(case) == {"draft_decision"}
    assert clock_of(case, "decision").state is ClockState.RUNNING
    assert [each.part for each in case.application.reviews] == ["substance", "security", "right_holder"]


def test_a_right_holder_who_is_silent_has_not_agreed(walker):
    case = walker.at("consult_right_holder")
    walker.expire(case, "right_holder_opinion")
    assert "consult_right_holder" in steps(case)


# The decision: three people, and reasons.


def test_who_reviewed_may_not_draft_and_who_drafted_may_not_decide(walker):
    for role in (Role.CLERK, Role.DECIDER):
        holds(walker, "reviewer", role)
    holds(walker, "clerk", Role.DECIDER)
    case = reviewed(walker)
    with pytest.raises(NotApart):
        casework.submit(case, "draft_decision", GRANT, actor=walker.person("reviewer"))
    casework.submit(case, "draft_decision", GRANT, actor=walker.person("clerk"))
    for word in ("clerk", "reviewer"):
        with pytest.raises(NotApart):
            casework.submit(case, "decide_application", GRANT, actor=walker.person(word))
    casework.submit(case, "decide_application", GRANT, actor=walker.person("decider"))
    assert case.application.outcome == "approve"


def test_a_refusal_names_an_unmet_published_condition_or_a_legal_bar(walker):
    case, clerk = reviewed(walker), walker.person("clerk")
    key = next(iter(applications.criteria(case.application)))
    wrong = (
        REFUSAL,
        {**REFUSAL, "unmet": ["DS-000001.C99"]},
        # The reviewer has found this one met.
        {**REFUSAL, "unmet": [key]},
        {**REFUSAL, "bar": "不喜欢"},
    )
    for answer in wrong:
        with pytest.raises(ValidationError):
            casework.submit(case, "draft_decision", answer, actor=clerk)
    walker.take(case, [USED[3]])
    for answer in wrong:
        with pytest.raises(ValidationError):
            casework.submit(case, "decide_application", answer, actor=walker.person("decider"))
    casework.submit(case, "decide_application", {**REFUSAL, "bar": "law"}, actor=walker.person("decider"))
    assert (case.state, case.status, case.application.outcome) == ("refused", CaseStatus.ENDED, "refuse")


def test_a_refusal_for_an_unmet_condition_says_which_and_what_can_be_done(walker):
    case = reviewed(walker, finding="unmet")
    key = next(iter(applications.criteria(case.application)))
    refusal = {**REFUSAL, "unmet": [key]}
    walker.take(case, [("draft_decision", "clerk", refusal), ("decide_application", "decider", refusal)])
    letter = db.session.scalars(db.select(Document).where(Document.case_id == case.id)).one()
    _, criterion = applications.criteria(case.application)[key]
    assert criterion.text in letter.facts["text"]
    assert "行政复议" in letter.facts["remedy"]
    assert letter.facts["outcome"] == "refuse"
    assert case.application.published_on is not None


def test_a_partial_grant_gives_less_than_was_asked_and_more_than_nothing(walker):
    case, clerk = reviewed(walker), walker.person("clerk")
    code = case.application.requests[0].dataset.code
    asked, other = ITEMS[:4], walker.dataset(name="公共停车场泊位", items=ITEMS).code
    part = {"decision": "part", "text": TEXT}
    for granted in ([], [{"dataset": code, "items": asked}], [{"dataset": code, "items": ["出站人次"]}],
                    [{"dataset": other, "items": ITEMS[:1]}]):  # fmt: skip
        with pytest.raises(ValidationError):
            casework.submit(case, "draft_decision", {**part, "granted": granted}, actor=clerk)
    less = {**part, "granted": [{"dataset": code, "items": asked[:2]}]}
    walker.take(case, [("draft_decision", "clerk", less), ("decide_application", "decider", less), USED[5]])
    assert [each["items"] for each in case.agreement.terms["datasets"]] == [asked[:2]]
    assert case.agreement.terms["datasets"][0]["quota"] == TERMS["quota"]


def test_a_grant_under_conditions_names_them_and_the_agreement_holds_them(walker):
    case, clerk = reviewed(walker), walker.person("clerk")
    bare = {"decision": "conditions", "text": TEXT}
    with pytest.raises(ValidationError):
        casework.submit(case, "draft_decision", bare, actor=clerk)
    full = {**bare, "conditions": ["交付前完成等级保护测评。"]}
    walker.take(case, [("draft_decision", "clerk", full), ("decide_application", "decider", full), USED[5]])
    assert case.agreement.terms["conditions"] == ["交付前完成等级保护测评。"]


def test_the_decider_may_send_the_draft_back(walker):
    case = walker.take(reviewed(walker), [USED[3]])
    back = {"decision": "return", "text": TEXT}
    casework.submit(case, "decide_application", back, actor=walker.person("decider"))
    assert steps(case) == {"draft_decision"}
    assert case.application.outcome == ""


def test_an_overdue_decision_grants_nothing(walker):
    case = walker.at("decide_application")
    walker.expire(case, "decision")
    assert steps(case) == {"decide_application"}
    assert case.application.outcome == ""


def test_more_time_is_asked_by_one_person_and_given_by_another_once(walker):
    holds(walker, "clerk", Role.DECIDER)
    case = walker.at("extend_decision")
    before = clock_of(case, "decision").due_at
    grant = ANSWERS["extend_decision"]
    with pytest.raises(NotApart):
        casework.submit(case, "extend_decision", grant, actor=walker.person("clerk"))
    casework.submit(case, "extend_decision", grant, actor=walker.person("decider"))
    assert clock_of(case, "decision").due_at > before
    with pytest.raises(NotOpen):
        casework.submit(case, "ask_extension", ANSWERS["ask_extension"], actor=walker.person("clerk"))


def test_more_time_that_is_not_granted_changes_no_day(walker):
    case = walker.at("extend_decision")
    before = clock_of(case, "decision").due_at
    no = {**ANSWERS["extend_decision"], "extension": "decline"}
    casework.submit(case, "extend_decision", no, actor=walker.person("decider"))
    assert clock_of(case, "decision").due_at == before


def test_a_decision_ends_the_question_of_more_time(walker):
    case = walker.at("extend_decision")
    walker.take(case, USED[2:5])
    assert steps(case) == {"draft_agreement"}
    is_of_one_mind(case)


def test_an_application_is_withdrawn_before_the_decision_and_not_after(walker):
    case = walker.at("decide_application")
    with pytest.raises(NotYours):
        casework.submit(case, "withdraw_application", {}, actor=walker.person("stranger"))
    other = walker.at("draft_agreement")
    with pytest.raises(NotOpen):
        casework.submit(other, "withdraw_application", {}, actor=walker.person("citizen"))
    casework.submit(case, "withdraw_application", {}, actor=walker.person("citizen"))
    assert (case.state, case.status) == ("withdrawn", CaseStatus.ENDED)


# Who reads what, and who is told.


def test_a_companion_reads_the_draft_and_answers_for_the_requester(walker):
    case, friend = walker.at("submit_application"), walker.person("stranger")
    assert not access.may_see(friend, case)
    with pytest.raises(NotYours):
        walker.take(case, [("submit_application", "stranger", {})])
    me = walker.person("citizen")
    named = Companion(case_id=case.id, email=friend.email, user_id=friend.id, invited_by_id=me.id)
    db.session.add(named)
    db.session.commit()
    assert access.may_see(friend, case)
    assert db.session.scalar(access.visible_to(friend).where(Case.id == case.id)) is case
    walker.take(case, [("submit_application", "stranger", {})])
    told = history.history(case, friend)
    assert any(said.name == "storage" for line in told for said in line.answer)
    named.left_at = case.opened_at
    db.session.commit()
    assert not access.may_see(friend, case)
    assert Role.REQUESTER not in access.roles_on(friend, case)


def test_restricted_answers_are_read_by_those_who_judge_and_nobody_else(walker):
    case = walker.take(walker.application(), USED[1:2])

    def sees(word):
        lines = history.history(case, walker.person(word))
        return {said.name for line in lines for said in line.answer} & {"storage", "scenario"}

    for word in ("citizen", "reviewer", "decider", "security"):
        assert sees(word) == {"storage", "scenario"}, word
    for word in ("clerk", "desk", "auditor", "authority"):
        assert sees(word) == {"scenario"}, word


def test_the_applicant_is_told_of_receipt_acceptance_and_decision(walker):
    case = walker.at("draft_agreement")
    walker.work()
    query = db.select(Letter.template).where(Letter.case_id == case.id, Letter.user_id == case.requester_id)
    assert {"received", "accepted", "decided"} <= set(db.session.scalars(query))


def test_the_applicant_reads_the_question_and_not_what_the_reviewer_thinks(walker):
    case = walker.at("clarify_application")
    said = {each.name for line in history.history(case, walker.person("citizen")) for each in line.answer}
    assert "question" in said
    assert "grounds" not in said


def test_a_returned_application_shows_its_defects_to_the_applicant(walker):
    case = walker.at("complete_application")
    said = [each for line in history.history(case, walker.person("citizen")) for each in line.answer]
    assert any(each.name == "defects" for each in said)
    assert RETURNED["defects"][0]["words"] in str([each.value for each in said])


def test_the_journal_of_a_whole_life_can_be_replayed(walker):
    case = walker.take(
        walker.at("clarify_application"), [("clarify_application", "citizen", ANSWERS["clarify_application"])]
    )
    walker.take(case, USED[2:])
    is_of_one_mind(case)
    kinds = {(line.kind, line.step) for line in journal.lines(case)}
    assert (EventKind.TABLED, "review_route") in kinds
    assert db.session.scalar(db.select(db.func.count()).select_from(Event).where(Event.case_id == case.id)) > 20
    assert ASKED["question"] in str([line.data for line in journal.lines(case)])


@pytest.mark.parametrize(("who", "until"), [("desk", 1), ("reviewer", 2), ("clerk", 3), ("decider", 4)])
def test_nobody_acts_for_an_office_on_their_own_application(walker, who, until):
    case = walker.take(walker.application(walker.dataset(), who=who), USED[1:until])
    step, role, answer = USED[until]
    assert role == who
    with pytest.raises(NotApart):
        walker.take(case, [(step, role, answer)])


def test_nobody_answers_their_own_demand(walker):
    case = casework.start("demand", walker.person("clerk"), ANSWERS["submit_demand"])
    casework.submit(case, "screen_demand", walker.answer("screen_demand"), actor=walker.person("desk"))
    with pytest.raises(NotApart):
        casework.submit(case, "assess_demand", walker.answer("assess_demand"), actor=walker.person("clerk"))
