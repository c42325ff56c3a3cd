"""Delivery: access is opened by the operator, stopped at once, and closed when the agreement ends; what replaces it."""

from datetime import date, timedelta

import pytest
from marshmallow import ValidationError

from models import (
    AgreementState,
    Application,
    Case,
    CaseStatus,
    Clock,
    ClockState,
    Draft,
    Entitlement,
    EntitlementState,
    Job,
    Letter,
    Role,
    db,
    now,
)
from tests.answers import ANSWERS, PAUSED, USED
from tests.one_mind import is_of_one_mind
from tests.workflow.stages.test_application import holds, steps
from workflow import access, calendar, casework, sweep
from workflow.errors import NotApart, NotOpen, NotYours
from workflow.worklist import open_items

pytestmark = pytest.mark.usefixtures("context")


def states(case) -> set[EntitlementState]:
    """Return the states of a case's entitlements."""
    return set(db.session.scalars(db.select(Entitlement.state).where(Entitlement.case_id == case.id)))


def offered(case) -> set[str]:
    """Return what a case offers."""
    return {item.step for item in open_items(case) if item.offered}


def test_an_operator_opens_the_access_and_nobody_else(walker):
    case = walker.at("provision_access")
    for word in ("citizen", "clerk", "decider", "desk", "steward", "other_clerk"):
        with pytest.raises(NotYours):
            walker.take(case, [(USED[9][0], word, USED[9][2])])
    with pytest.raises(ValidationError):
        walker.take(case, [("provision_access", "operator", {"ready": False})])
    assert states(case) == {EntitlementState.PROVISIONING}
    walker.take(case, [USED[9]])
    assert states(case) == {EntitlementState.ACTIVE}
    assert case.state == "in_force"


def test_an_operator_reads_an_application_only_once_its_data_are_to_be_delivered(walker):
    operator = walker.person("operator")
    assert not access.may_see(operator, walker.at("decide_application"))
    case = walker.at("provision_access")
    assert access.may_see(operator, case)
    found = db.session.scalars(access.visible_to(operator)).all()
    assert found == [case]


def test_access_that_is_late_is_not_opened_by_itself(walker):
    case = walker.at("provision_access")
    walker.expire(case, "delivery")
    assert steps(case) == {"provision_access"}
    assert states(case) == {EntitlementState.PROVISIONING}


def test_security_stops_the_access_at_once_and_another_person_lets_it_go_on(walker):
    holds(walker, "security", Role.DECIDER)
    case = walker.at("suspend_access")
    with pytest.raises(NotYours):
        walker.take(case, [("suspend_access", "decider", PAUSED)])
    walker.take(case, [("suspend_access", "security", PAUSED)])
    assert states(case) == {EntitlementState.SUSPENDED}
    assert case.agreement.state is AgreementState.SUSPENDED
    assert offered(case) == {"terminate_agreement"}
    with pytest.raises(NotApart):
        walker.take(case, [("resume_access", "security", ANSWERS["resume_access"])])
    walker.take(case, [("resume_access", "decider", ANSWERS["resume_access"])])
    assert states(case) == {EntitlementState.ACTIVE}
    # What was done once can be done again.
    walker.take(case, [("suspend_access", "security", PAUSED)])
    assert states(case) == {EntitlementState.SUSPENDED}
    is_of_one_mind(case)


def test_an_agreement_is_terminated_only_after_the_other_side_was_heard(walker):
    case, answer = walker.at("terminate_agreement"), ANSWERS["terminate_agreement"]
    for missing in ("heard_on", "hearing", "reason", "ground"):
        rest = {name: value for name, value in answer.items() if name != missing}
        with pytest.raises(ValidationError):
            walker.take(case, [("terminate_agreement", "decider", rest)])
    walker.take(case, [("terminate_agreement", "decider", answer)])
    assert states(case) == {EntitlementState.REVOKED}
    assert (case.state, case.status) == ("terminated", CaseStatus.ENDED)
    assert case.agreement.end_reason == answer["reason"]


def test_an_agreement_ends_on_its_own_day_also_while_it_is_suspended(walker):
    for pause in ([], [("suspend_access", "security", PAUSED)]):
        case = walker.take(walker.at("suspend_access"), pause)
        clock = db.session.scalars(
            db.select(Clock).where(Clock.case_id == case.id, Clock.limit == "agreement_end")
        ).one()
        last = date.fromisoformat(case.agreement.terms["ends_on"])
        assert clock.due_at == calendar.day_end(last)
        assert clock.state is ClockState.RUNNING
        casework.expire(case, clock.id, clock.due_at + timedelta(seconds=1))
        assert (case.state, case.status) == ("expired", CaseStatus.ENDED)
        assert case.agreement.state is AgreementState.EXPIRED
        assert states(case) <= {EntitlementState.REVOKED, EntitlementState.EXPIRED}


def test_the_user_is_told_that_the_end_is_near(walker):
    case = walker.at("request_renewal")
    clock = db.session.scalars(db.select(Clock).where(Clock.case_id == case.id, Clock.limit == "agreement_end")).one()
    sweep.sweep(clock.soon_at)
    walker.work()
    told = db.select(Letter.user_id).where(Letter.case_id == case.id, Letter.template == "ending_soon")
    assert db.session.scalars(told).all() == [case.requester_id]


# Amendments and renewals.


def smaller(case) -> list[Case]:
    """Return the cases that would replace a case's agreement."""
    query = db.select(Case).join(Application, Application.case_id == Case.id)
    return list(db.session.scalars(query.where(Application.replaces_id == case.agreement.id)))


@pytest.mark.parametrize("basis", ["amendment", "renewal"])
def test_a_wish_opens_one_smaller_case_as_a_draft_of_the_same_person(walker, basis):
    case = walker.at(f"request_{basis}")
    walker.take(case, [(f"request_{basis}", "citizen", ANSWERS[f"request_{basis}"])])
    walker.work()
    # A worker that died after the case was opened runs the job again.
    db.session.execute(db.update(Job).where(Job.kind == "smaller_case").values(state="ready"))
    db.session.commit()
    walker.work()
    new = smaller(case)
    assert [(each.application.basis, each.status, each.requester_id) for each in new] == [
        (basis, CaseStatus.DRAFT, case.requester_id)
    ]
    draft = db.session.scalars(db.select(Draft)).one()
    assert draft.form["scenario"] == case.application.form["scenario"]
    assert not {"starts_on", "ends_on", "truthful", "rules"} & set(draft.form)
    assert states(case) == {EntitlementState.ACTIVE}
    assert {"request_amendment", "request_renewal"} <= offered(case)
    with pytest.raises(ValidationError):
        walker.take(case, [("request_renewal", "citizen", ANSWERS["request_renewal"])])


def test_after_a_renewal_was_withdrawn_another_may_be_asked_for(walker):
    case = walker.at("request_renewal")
    wish = [("request_renewal", "citizen", ANSWERS["request_renewal"])]
    walker.take(case, wish)
    walker.work()
    walker.take(smaller(case)[0], [("withdraw_application", "citizen", {})])
    walker.take(case, wish)
    walker.work()
    assert len(smaller(case)) == 2


def renewed(walker, first: date) -> tuple[Case, Case]:
    """Return a case whose renewal was agreed and provisioned, and the case of the renewal, which begins on a day."""
    case = walker.at("request_renewal")
    walker.take(case, [("request_renewal", "citizen", ANSWERS["request_renewal"])])
    walker.work()
    new = smaller(case)[0]
    period = {"starts_on": first.isoformat(), "ends_on": (first + timedelta(days=365)).isoformat()}
    walker.take(new, [("submit_application", "citizen", period)])
    walker.take(new, USED[1:9])
    assert case.agreement.state is AgreementState.EFFECTIVE
    assert states(case) == {EntitlementState.ACTIVE}
    walker.take(new, USED[9:])
    assert new.state == "in_force"
    return case, new


def test_the_old_agreement_is_replaced_when_the_data_of_the_new_one_can_be_had(walker):
    case, new = renewed(walker, calendar.today())
    assert case.agreement.state is AgreementState.REPLACED
    assert states(case) == {EntitlementState.REVOKED}
    assert states(new) == {EntitlementState.ACTIVE}
    walker.work()
    assert (case.state, case.status) == ("replaced", CaseStatus.ENDED)
    for each in (case, new):
        is_of_one_mind(each)


def test_the_old_agreement_stays_in_force_until_the_first_day_of_the_new_one(walker):
    first = calendar.today() + timedelta(days=200)
    case, new = renewed(walker, first)
    walker.work()
    assert case.agreement.state is AgreementState.EFFECTIVE
    assert states(case) == {EntitlementState.ACTIVE}
    job = db.session.scalars(db.select(Job).where(Job.kind == "replace_agreement")).one()
    assert job.run_at == calendar.day_start(first)
    job.run_at = now()
    db.session.commit()
    walker.work()
    walker.work()
    assert states(case) == {EntitlementState.REVOKED}
    assert (case.state, case.status) == ("replaced", CaseStatus.ENDED)
    for each in (case, new):
        is_of_one_mind(each)


def test_an_agreement_that_ends_before_its_first_day_replaces_nothing(walker):
    case, new = renewed(walker, calendar.today() + timedelta(days=200))
    walker.take(new, [("terminate_agreement", "decider", ANSWERS["terminate_agreement"])])
    db.session.execute(db.update(Job).where(Job.kind == "replace_agreement").values(run_at=now()))
    db.session.commit()
    walker.work()
    assert case.agreement.state is AgreementState.EFFECTIVE
    assert states(case) == {EntitlementState.ACTIVE}


@pytest.mark.parametrize("step", ["suspend_access", "terminate_agreement", "request_amendment", "request_renewal"])
def test_an_agreement_that_was_replaced_is_over_also_before_its_case_has_heard_of_it(walker, step):
    case, _ = renewed(walker, calendar.today())
    who = {"suspend_access": "security", "terminate_agreement": "decider"}.get(step, "citizen")
    with pytest.raises(NotOpen):
        walker.take(case, [(step, who, PAUSED if step == "suspend_access" else ANSWERS[step])])
    walker.work()
    assert case.agreement.state is AgreementState.REPLACED
    assert (case.state, case.status) == ("replaced", CaseStatus.ENDED)


def test_a_smaller_case_asks_the_body_of_the_agreement_and_no_other(walker):
    case = walker.at("request_amendment")
    walker.take(case, [("request_amendment", "citizen", ANSWERS["request_amendment"])])
    walker.work()
    new = smaller(case)[0]
    elsewhere = walker.dataset(name="空气质量监测", body="上海市生态环境局")
    wrong = {"datasets": [{"dataset": elsewhere.code, "need": "结合空气质量研究客流变化。"}]}
    with pytest.raises(ValidationError):
        walker.take(new, [("submit_application", "citizen", wrong)])


# Several bodies.


def two_bodies(walker, **changes) -> Case:
    """Return an accepted application to two bodies, with its parts not opened yet."""
    entries = (walker.dataset(), walker.dataset(name="空气质量监测", body="上海市生态环境局"))
    return walker.take(walker.application(*entries, **changes), USED[1:2])


def test_each_body_gets_its_part_once_and_sees_no_more(walker):
    whole = two_bodies(walker)
    assert whole.state == "parted"
    assert steps(whole) == set()
    for _ in range(3):
        walker.work()
        db.session.execute(db.update(Job).where(Job.kind == "part").values(state="ready"))
        db.session.commit()
    walker.work()
    first, second = whole.parts
    assert {first.body.name, second.body.name} == {"上海市交通委员会", "上海市生态环境局"}
    for part in whole.parts:
        assert [request.dataset.provider_id for request in part.application.requests] == [part.body_id]
        assert [row["dataset"] for row in part.application.form["datasets"]] == [
            request.dataset.code for request in part.application.requests
        ]
        assert part.application.requests[0].conditions_id is not None
        assert "joint" in part.application.route["reviews"]
        assert steps(part) == {"review_application"}
        is_of_one_mind(part)
    mine = next(part for part in whole.parts if part.body_id == walker.body().id)
    assert access.may_see(walker.person("clerk"), mine)
    assert not access.may_see(walker.person("other_clerk"), mine)
    assert not access.may_see(walker.person("clerk"), whole)
    assert access.may_see(walker.person("citizen"), mine)


def decide(walker, part, outcome) -> None:
    """Decide a part as its own body does."""
    other = "" if part.body_id == walker.body().id else "other_"
    answer = {"decision": outcome, "text": "经审核，材料与公布的条件逐条核对，特此决定。"}
    answer |= {"bar": "law"} if outcome == "refuse" else {}
    walker.take(part, [(USED[2][0], f"{other}reviewer", USED[2][2])])
    walker.take(part, [("draft_decision", f"{other}clerk", answer), ("decide_application", f"{other}decider", answer)])


@pytest.mark.parametrize(
    ("outcomes", "whole_outcome"), [(("approve", "refuse"), "mixed"), (("approve",) * 2, "approve")]
)
def test_the_whole_waits_for_every_part_and_comes_out_as_they_do(walker, outcomes, whole_outcome):
    whole = two_bodies(walker)
    walker.work()
    decide(walker, whole.parts[0], outcomes[0])
    walker.work()
    assert (whole.state, whole.status) == ("parted", CaseStatus.OPEN)
    decide(walker, whole.parts[1], outcomes[1])
    walker.work()
    assert (whole.state, whole.status, whole.application.outcome) == ("decided", CaseStatus.ENDED, whole_outcome)
    # The part that was granted goes on to an agreement of its own.
    assert steps(whole.parts[0]) == {"draft_agreement"}
    for case in (whole, *whole.parts):
        is_of_one_mind(case)


@pytest.mark.parametrize("opened", [False, True], ids=["before", "after"])
def test_parts_stay_with_their_bodies_although_a_data_set_passes_to_another(walker, opened):
    whole = two_bodies(walker)
    if opened:
        walker.work()
    here, there = (request.dataset for request in whole.application.requests)
    asked = {here.provider_id, there.provider_id}
    there.provider_id = here.provider_id
    db.session.commit()
    walker.work()
    assert {part.body_id for part in whole.parts} == asked
    for part in whole.parts:
        decide(walker, part, "refuse")
    walker.work()
    assert whole.application.outcome == "refuse"


def test_whoever_withdraws_the_whole_withdraws_the_parts_that_are_not_decided(walker):
    whole = two_bodies(walker)
    walker.work()
    decide(walker, whole.parts[0], "approve")
    walker.take(whole, [("withdraw_application", "citizen", {})])
    walker.work()
    assert whole.status is CaseStatus.ENDED
    assert [part.state for part in whole.parts] == ["agreeing", "withdrawn"]


def test_a_whole_that_was_withdrawn_before_its_parts_were_opened_gets_none(walker):
    whole = two_bodies(walker)
    walker.take(whole, [("withdraw_application", "citizen", {})])
    walker.work()
    assert whole.parts == []
    assert db.session.scalars(db.select(Job.state).where(Job.kind == "part").distinct()).all() == ["done"]


def test_a_part_that_is_withdrawn_counts_as_ended(walker):
    whole = two_bodies(walker)
    walker.work()
    for part in whole.parts:
        walker.take(part, [("withdraw_application", "citizen", {})])
    walker.work()
    assert (whole.status, whole.application.outcome) == (CaseStatus.ENDED, "none")
    with pytest.raises(NotOpen):
        walker.take(whole, [("withdraw_application", "citizen", {})])
