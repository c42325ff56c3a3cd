"""Agreements: drafted from the template, negotiated clause by clause, signed by the right people, and then fixed."""

import pytest
from marshmallow import ValidationError

from models import (
    AgreementState,
    AgreementTemplate,
    CaseStatus,
    Companion,
    DocumentState,
    Entitlement,
    EntitlementState,
    db,
)
from tests.answers import SIGNED, USED
from tests.one_mind import is_of_one_mind
from workflow import casework, terms
from workflow.errors import NotYours
from workflow.worklist import open_items

pytestmark = pytest.mark.usefixtures("context")
OTHER = "乙方人员变动的，在变动后三个工作日内申请变更，并停止离开人员的权限。"
CHANGE = {"clauses": "change", "proposals": [{"clause": "5", "text": OTHER, "reason": "研究人员流动较多。"}]}


def steps(case) -> set[str]:
    """Return what a case asks for, without what it only offers."""
    return {item.step for item in open_items(case) if not item.offered}


def submit(walker, case, step, who, answer) -> None:
    """Answer a step as a person."""
    casework.submit(case, step, answer, actor=walker.person(who))


def test_the_agreement_follows_the_template_and_the_decision(walker):
    case = walker.at("negotiate_clauses")
    agreement, template = case.agreement, db.session.scalars(db.select(AgreementTemplate)).one()
    assert agreement.reference.startswith("XY-")
    assert [clause["text"] for clause in agreement.clauses] == [clause["text"] for clause in template.clauses]
    form = case.application.form
    assert agreement.terms["people"] == form["people"]
    assert agreement.terms["datasets"][0]["items"] == form["datasets"][0]["items"]
    assert (agreement.terms["starts_on"], agreement.terms["ends_on"]) == (form["starts_on"], form["ends_on"])


def test_a_data_set_with_a_template_of_its_own_gets_it(walker):
    case = walker.at("draft_agreement")
    dataset = case.application.requests[0].dataset
    clause = {"id": "1", "kind": "own", "negotiable": True, "title": "自有", "text": "本数据集自己的条款。"}
    first = db.session.scalars(db.select(AgreementTemplate)).one()
    db.session.add(AgreementTemplate(dataset_id=dataset.id, version=1, clauses=[clause], since=first.since))
    db.session.commit()
    walker.take(case, [USED[5]])
    assert [each["text"] for each in case.agreement.clauses] == [clause["text"]]


def test_a_clause_that_departs_from_the_template_is_marked_and_logged(walker):
    case = walker.at("draft_agreement")
    row = {"clause": "8", "text": "甲方每月更新一次数据，逾期三日内补足。", "reason": "按数据集的实际频度。"}
    with pytest.raises(ValidationError):
        submit(walker, case, "draft_agreement", "clerk", {"overrides": [{**row, "clause": "99"}]})
    submit(walker, case, "draft_agreement", "clerk", {"overrides": [row]})
    assert [each["id"] for each in case.agreement.clauses if each.get("overridden")] == ["8"]
    assert [(each.kind, each.clause) for each in case.agreement.changes] == [("override", "8")]


def test_only_clauses_that_may_be_negotiated_are_negotiated(walker):
    case = walker.at("negotiate_clauses")
    fixed = {"clause": "3", "text": "乙方可以为任何用途使用数据，不受限制。", "reason": "希望更灵活。"}
    same = {"clause": "5", "text": case.agreement.clauses[4]["text"], "reason": "没有修改。"}
    for proposals in ([], [fixed], [same]):
        answer = {"clauses": "change", "proposals": proposals}
        with pytest.raises(ValidationError):
            submit(walker, case, "negotiate_clauses", "citizen", answer)
    assert case.agreement.changes == []


@pytest.mark.parametrize(("answer", "text"), [("accept", OTHER), ("decline", None)])
def test_each_proposed_change_is_answered_and_kept_in_the_log(walker, answer, text):
    case = walker.at("negotiate_clauses")
    before = case.agreement.clauses[4]["text"]
    submit(walker, case, "negotiate_clauses", "citizen", CHANGE)
    assert steps(case) == {"draft_agreement"}
    for answers in ([], [{"clause": "6", "answer": "accept"}]):
        with pytest.raises(ValidationError):
            submit(walker, case, "draft_agreement", "clerk", {"answers": answers})
    submit(walker, case, "draft_agreement", "clerk", {"answers": [{"clause": "5", "answer": answer}]})
    assert case.agreement.clauses[4]["text"] == (text or before)
    log = [(each.kind, each.before) for each in case.agreement.changes]
    assert log == [("proposed", before), ({"accept": "accepted", "decline": "declined"}[answer], before)]
    submit(walker, case, "negotiate_clauses", "citizen", {"clauses": "agreed"})
    assert steps(case) == {"sign_agreement"}


def test_nobody_signs_before_the_document_is_made(walker):
    case = walker.at("sign_agreement")
    code = walker.code(walker.person("citizen"))
    with pytest.raises(ValidationError):
        submit(walker, case, "sign_agreement", "citizen", {**SIGNED, "code": code})
    assert case.agreement.document.state is DocumentState.ORDERED
    assert case.agreement.state is AgreementState.AGREED


def test_a_signature_needs_the_will_and_the_second_factor(walker):
    case = walker.at("sign_agreement")
    walker.make_documents(case)
    code = walker.code(walker.person("citizen"))
    for answer in ({"code": code}, SIGNED, {**SIGNED, "code": "000000"}, {**SIGNED, "code": "abc"}):
        with pytest.raises(ValidationError):
            submit(walker, case, "sign_agreement", "citizen", answer)
    assert case.agreement.document.signatures == []
    walker.take(case, [USED[7]])
    assert [each.side for each in case.agreement.document.signatures] == ["party"]


def test_only_those_named_for_it_sign_for_the_requester(walker):
    case, friend, me = walker.at("sign_agreement"), walker.person("stranger"), walker.person("citizen")
    walker.make_documents(case)
    named = Companion(case_id=case.id, email=friend.email, user_id=friend.id, invited_by_id=me.id, signs=False)
    db.session.add(named)
    db.session.commit()
    with pytest.raises(NotYours):
        walker.take(case, [("sign_agreement", "stranger", SIGNED)])
    named.signs = True
    db.session.commit()
    walker.take(case, [("sign_agreement", "stranger", SIGNED)])
    assert case.agreement.document.signatures[0].user_id == friend.id


def test_a_decider_signs_for_the_body_and_nobody_else(walker):
    case = walker.at("countersign_agreement")
    for word in ("citizen", "clerk", "reviewer", "other_decider", "operator"):
        with pytest.raises(NotYours):
            walker.take(case, [("countersign_agreement", word, SIGNED)])
    walker.take(case, [USED[8]])
    assert case.agreement.state is AgreementState.EFFECTIVE
    assert [each.side for each in case.agreement.document.signatures] == ["party", "body"]
    entitlements = db.session.scalars(db.select(Entitlement).where(Entitlement.case_id == case.id)).all()
    assert [each.state for each in entitlements] == [EntitlementState.PROVISIONING]
    is_of_one_mind(case)


def test_an_agreement_that_is_not_signed_in_time_lapses(walker):
    case = walker.at("countersign_agreement")
    walker.expire(case, "agreement_signing")
    assert (case.state, case.status) == ("unsigned", CaseStatus.ENDED)
    assert case.agreement.state is AgreementState.LAPSED
    assert db.session.scalar(db.select(db.func.count()).select_from(Entitlement)) == 0


def test_the_document_says_what_was_agreed(walker):
    case = walker.at("sign_agreement")
    facts = case.agreement.document.facts
    assert facts["digest"] == terms.digest(case.agreement.terms)
    assert facts["reference"] == case.agreement.reference
    assert len(facts["clauses"]) == len(case.agreement.clauses)
    assert any(case.application.form["scenario"] in value for _, _, value in facts["terms"])


def test_terms_are_the_same_whatever_the_order_of_their_names(walker):
    agreed = walker.at("sign_agreement").agreement.terms
    assert terms.digest(dict(reversed(agreed.items()))) == terms.digest(agreed)
    assert terms.digest({**agreed, "reports": agreed["reports"] + 1}) != terms.digest(agreed)


def test_the_terms_can_be_read_by_programs(walker):
    agreement = walker.at("sign_agreement").agreement
    policy = terms.odrl(agreement, "https://kaimen.example")
    permission = policy["permission"][0]
    assert policy["@type"] == "Agreement"
    assert permission["target"]["uid"].endswith(agreement.terms["datasets"][0]["code"])
    last = [each["rightOperand"] for each in permission["constraint"] if each["operator"] == "lteq"]
    assert {"@value": agreement.terms["ends_on"], "@type": "http://www.w3.org/2001/XMLSchema#date"} in last
