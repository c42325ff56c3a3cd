"""The door: who may, what is valid, what happens, and nothing else."""

import pytest
from marshmallow import ValidationError

from models import Case, CaseStatus, Dataset, DatasetState, Draft, Event, EventKind, Membership, OpenType, Role, db
from tests.answers import ANSWERER, ANSWERS, LISTED, OPENED
from workflow import casework, journal
from workflow.errors import NotApart, NotOpen, NotYours, Repeated
from workflow.stages import STEPS
from workflow.worklist import open_items

pytestmark = pytest.mark.usefixtures("context")


def test_a_demand_becomes_an_entry_of_the_open_list(walker):
    case = walker.take(walker.demand(), OPENED[1:])
    entry = case.listing.dataset
    assert entry.open_type is OpenType.CONDITIONAL
    assert entry.state is DatasetState.PUBLISHED
    assert entry.provider.name == "上海市交通委员会"
    assert case.demand.dataset is entry
    assert journal.verify(case) == []


def test_a_body_lists_its_own_data(walker):
    case = walker.take(walker.listing(), LISTED)
    assert case.listing.dataset.open_type is OpenType.CONDITIONAL
    assert [item.step for item in open_items(case) if not item.offered] == []
    assert {item.step for item in open_items(case)} == {"amend_listing", "suspend_dataset", "withdraw_dataset"}


@pytest.mark.parametrize("step", sorted(STEPS))
def test_every_step_can_be_reached_and_answered(walker, step):
    case = walker.at(step)
    assert step in {item.step for item in open_items(case)}
    walker.take(case, [(step, ANSWERER[step], ANSWERS[step])])
    answered = [line.step for line in journal.lines(case) if line.kind is EventKind.ANSWERED]
    assert answered[-1] == step
    assert journal.verify(case) == []


def test_nobody_answers_a_step_twice(walker):
    case = walker.at("screen_demand")
    desk = walker.person("desk")
    casework.submit(case, "screen_demand", walker.answer("screen_demand"), actor=desk)
    with pytest.raises(NotOpen):
        casework.submit(case, "screen_demand", walker.answer("screen_demand"), actor=walker.person("desk"))


def test_only_the_role_of_a_step_answers_it(walker):
    case = walker.at("screen_demand")
    for word in ("citizen", "stranger", "clerk", "other_clerk", "auditor", "steward"):
        with pytest.raises(NotYours):
            casework.submit(case, "screen_demand", walker.answer("screen_demand"), actor=walker.person(word))


def test_another_bodys_people_do_not_answer(walker):
    case = walker.at("assess_demand")
    with pytest.raises(NotYours):
        casework.submit(case, "assess_demand", walker.answer("assess_demand"), actor=walker.person("other_clerk"))


def test_who_proposed_may_not_review(walker):
    case = walker.at("review_classification")
    clerk = walker.person("clerk")
    db.session.add(Membership(user_id=clerk.id, organisation_id=case.body_id, role=Role.REVIEWER))
    db.session.commit()
    clerk.__dict__.pop("offices", None)
    db.session.refresh(clerk)
    with pytest.raises(NotApart):
        casework.submit(case, "review_classification", ANSWERS["review_classification"], actor=clerk)


def test_a_faulty_answer_changes_nothing(walker):
    case = walker.at("assess_demand")
    before = (case.version, case.journal_length, case.process)
    with pytest.raises(ValidationError):
        casework.submit(case, "assess_demand", {"assessment": "held", "remark": "有"}, actor=walker.person("clerk"))
    db.session.refresh(case)
    assert (case.version, case.journal_length, case.process) == before


def test_a_form_that_comes_twice_takes_effect_once(walker):
    citizen, demand = walker.person("citizen"), OPENED[0][2]
    first = casework.start_once("demand", citizen, demand, "one key")
    second = casework.start_once("demand", walker.person("citizen"), demand, "one key")
    assert first.reference == second.reference
    assert db.session.scalar(db.select(db.func.count()).select_from(Case)) == 1


def test_a_key_is_good_for_one_answer_alone(walker):
    casework.start_once("demand", walker.person("citizen"), OPENED[0][2], "one key")
    with pytest.raises(Repeated):
        casework.start_once("demand", walker.person("citizen"), {**OPENED[0][2], "subject": "另一件事情"}, "one key")


def test_a_draft_is_kept_and_goes_with_its_answer(walker):
    case = walker.at("assess_demand")
    casework.save(case, "assess_demand", {"remark": "半句"}, actor=walker.person("clerk"))
    assert db.session.scalar(db.select(Draft.form)) == {"remark": "半句"}
    casework.submit(case, "assess_demand", walker.answer("assess_demand"), actor=walker.person("clerk"))
    assert db.session.scalar(db.select(db.func.count()).select_from(Draft)) == 0


@pytest.mark.parametrize("words", ["a\x00b", "half \ud800 a character", "长" * 100_000])
def test_a_draft_that_cannot_be_kept_is_refused(walker, words):
    case, clerk = walker.at("assess_demand"), walker.person("clerk")
    with pytest.raises(ValidationError):
        casework.save(case, "assess_demand", {"remark": words}, actor=clerk)
    with pytest.raises(ValidationError):
        casework.start("demand", walker.person("citizen"), draft={"subject": words})
    assert db.session.scalar(db.select(db.func.count()).select_from(Draft)) == 0
    assert db.session.scalar(db.select(db.func.count()).select_from(Case)) == 1


@pytest.mark.parametrize("word", ["\x00", "\ud800", 10**25, "XQ-2026-999999", ["XQ-2026-000001"]])
def test_what_names_no_row_is_a_fault_of_the_answer(walker, word):
    case, desk = walker.at("screen_demand"), walker.person("desk")
    for field in ("body", "twin", "dataset"):
        answer = {**walker.answer("screen_demand"), "screening": "decline", field: word}
        with pytest.raises(ValidationError):
            casework.submit(case, "screen_demand", answer, actor=desk, key="one key")


def test_the_journal_cannot_be_changed_or_removed(walker):
    walker.demand()
    for change in (db.update(Event).values(step="forged"), db.delete(Event)):
        with pytest.raises(Exception, match="append only"):
            db.session.execute(change)
        db.session.rollback()


def test_a_withdrawn_demand_has_ended(walker):
    case = walker.at("assess_demand")
    casework.submit(case, "withdraw_demand", {}, actor=walker.person("citizen"))
    assert case.status is CaseStatus.ENDED
    assert open_items(case) == []


def test_an_answer_looser_than_the_classification_is_refused(walker):
    case = walker.at("answer_demand")
    with pytest.raises(ValidationError):
        casework.submit(
            case, "answer_demand", {**ANSWERS["answer_demand"], "answer": "open"}, actor=walker.person("decider")
        )


def test_a_demand_is_sent_back_once_and_no_more(walker):
    case = walker.at("assess_demand")
    back = {"assessment": "not_ours", "remark": "不属于本单位的职责范围。"}
    casework.submit(case, "assess_demand", back, actor=walker.person("clerk"))
    walker.take(case, OPENED[1:2])
    with pytest.raises(ValidationError):
        casework.submit(case, "assess_demand", back, actor=walker.person("clerk"))


def test_a_listing_can_be_amended_suspended_and_withdrawn(walker):
    case = walker.take(walker.at("amend_listing"), [("amend_listing", "clerk", ANSWERS["amend_listing"])])
    walker.take(case, LISTED[4:])
    assert db.session.scalar(db.select(Dataset.name)) == "公共充电站空闲数量（新版）"
    walker.take(case, [("suspend_dataset", "security", ANSWERS["suspend_dataset"])])
    assert db.session.scalar(db.select(Dataset.state)) is DatasetState.SUSPENDED
    walker.take(case, [("resume_dataset", "decider", ANSWERS["resume_dataset"])])
    walker.take(case, [("withdraw_dataset", "decider", ANSWERS["withdraw_dataset"])])
    assert db.session.scalar(db.select(Dataset.state)) is DatasetState.WITHDRAWN
    assert case.status is CaseStatus.ENDED
