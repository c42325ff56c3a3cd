"""Answers to each step, good ones in all their variety and faulty ones."""

from hypothesis import strategies as st

from tests.answers import ANSWERS, ASKED, DATASET, DEMAND, RETURNED
from tests.applications import FORM, ITEMS
from workflow.stages.classification import OPEN_TYPES, Proposal
from workflow.stages.demand import ASKS_FOR
from workflow.stages.demand import GROUNDS as BARS

WORDS = "经过认真核对事实和依据，情况清楚，理由充分，特此写明，没有其他意见。"
STRANGE = [
    None, "", "\x00", "\ud800", "nobody", "长" * 9000, 17, -1, 10**25, True, [], ["a", None], ["\x00"], {"a": 1},
]  # fmt: skip
FACTS = {
    name: st.booleans() if "words" not in field.metadata else st.sampled_from(sorted(field.metadata["words"]))
    for name, field in Proposal._declared_fields.items()
    if name not in ("open_type", "grounds", "conditions", "supervision")
}


def one(**words) -> st.SearchStrategy[dict]:
    """Return a strategy of answers: each word a strategy, or always the same."""
    fixed = {name: word if isinstance(word, st.SearchStrategy) else st.just(word) for name, word in words.items()}
    return st.fixed_dictionaries(fixed)


def screenings(bodies, twins, datasets) -> st.SearchStrategy[dict]:
    """Return a strategy of screenings, among what there is to send a demand to."""
    shown = {"public_subject": DEMAND["subject"], "public_text": DEMAND["description"]}
    return st.one_of(
        one(screening="route", body=st.sampled_from(bodies), **shown),
        one(screening="route", body=st.sampled_from(bodies), **shown),
        one(screening="ask", message=WORDS),
        one(screening=st.sampled_from(["other_channel", "decline"]), message=WORDS),
        one(screening="join", twin=st.sampled_from(twins), **shown),
        one(screening="already_open", dataset=st.sampled_from(datasets)),
    )


def applications(conditional) -> st.SearchStrategy[dict]:
    """Return a strategy of applications for one data set, or for several bodies' at once."""
    rows = {code: {"dataset": code, "items": ITEMS[:3], "need": WORDS} for code in conditional}
    asked = [[rows[code]] for code in conditional] + [list(rows.values())]
    facts = {"overseas": st.booleans(), "mode": st.sampled_from(["download", "download", "sandbox"]), "tools": "Python"}
    return one(**FORM | facts, datasets=st.sampled_from(asked))


def rulings(conditional) -> list[st.SearchStrategy[dict]]:
    """Return strategies of decisions on applications; what may be decided on which one, the application says."""
    part = [{"dataset": code, "items": ITEMS[:1]} for code in conditional[:1]]
    return [
        one(decision="approve", text=WORDS),
        one(decision="approve", text=WORDS, ends_on=st.sampled_from([None, "2027-02-01"])),
        one(decision="conditions", text=WORDS, conditions=[WORDS]),
        one(decision="part", text=WORDS, granted=part),
        one(decision="refuse", text=WORDS, bar=st.sampled_from([None, "law", "rights"])),
    ]


def good(bodies, twins, datasets, conditional) -> dict[str, st.SearchStrategy[dict]]:
    """Return a strategy of good answers for each step; the case may still forbid one or the other."""
    some = {
        "submit_demand": one(**DEMAND | {"asks_for": st.sampled_from(sorted(ASKS_FOR))}),
        "screen_demand": screenings(bodies, twins, datasets),
        "assess_demand": st.one_of(
            one(assessment="held", remark=WORDS, **DATASET),
            one(assessment="held", remark=WORDS, **DATASET),
            one(assessment=st.sampled_from(["not_held", "alternative", "not_ours"]), remark=WORDS),
        ),
        "answer_demand": st.one_of(
            one(answer=st.sampled_from(["open", "conditional"]), opens_on="2027-03-01", text=WORDS),
            one(answer="conditional", opens_on="2027-03-01", text=WORDS),
            one(answer="alternative", dataset=st.sampled_from(datasets), text=WORDS),
            one(answer="other_channel", text=WORDS),
            one(answer="decline", ground=st.sampled_from(sorted(BARS)), text=WORDS),
        ),
        "coordinate_demand": one(coordination=st.sampled_from(["uphold", "reassess"]), text=WORDS),
        "propose_classification": st.one_of(
            st.just(ANSWERS["propose_classification"]),
            one(**FACTS, open_type=st.sampled_from(sorted(OPEN_TYPES)), grounds=WORDS, conditions=WORDS),
        ),
        "review_classification": st.one_of(
            one(review="agree", grounds=WORDS),
            one(review="return", grounds=WORDS),
            one(review="change", open_type=st.sampled_from(sorted(OPEN_TYPES)), grounds=WORDS),
        ),
        "give_security_opinion": one(security_opinion=st.sampled_from(["support", "object"]), grounds=WORDS),
        "confirm_classification": one(
            confirmation=st.sampled_from(["confirm", "confirm", "return"]), override=st.sampled_from(["", WORDS])
        ),
        "submit_application": applications(conditional),
        "complete_application": applications(conditional),
        "check_application": st.one_of(
            one(checking="accept"),
            one(checking="accept"),
            st.just(RETURNED),
            one(checking="not_competent", advice=WORDS),
        ),
        "review_application": st.one_of(one(opinion="support", grounds=WORDS), st.just(ASKED)),
        "draft_decision": st.one_of(rulings(conditional)),
        "decide_application": st.one_of([*rulings(conditional), one(decision="return", text=WORDS)]),
        "extend_decision": one(extension=st.sampled_from(["grant", "decline"]), text=WORDS),
        "draft_agreement": st.one_of(st.just({}), one(answers=[{"clause": "5", "answer": "accept"}])),
        "negotiate_clauses": st.one_of(
            one(clauses="agreed"), one(clauses="change", proposals=[{"clause": "5", "text": WORDS, "reason": WORDS}])
        ),
        "sign_agreement": one(agreed=True, code="123456"),
        "countersign_agreement": one(agreed=True, code="123456"),
        "check_listing": one(checking=st.sampled_from(["pass", "pass", "return"]), remark=WORDS),
        "approve_listing": one(approval=st.sampled_from(["approve", "approve", "return"]), remark=WORDS),
        "resume_dataset": one(resumption=st.sampled_from(["resume", "amend", "withdraw"]), reason=WORDS),
        "reevaluate_dataset": one(reevaluation=st.sampled_from(["keep", "reclassify"]), grounds=WORDS),
    }
    return {step: some.get(step, st.just(answer)) for step, answer in ANSWERS.items()}


@st.composite
def faulty(draw, good_answer: dict) -> dict:
    """Return an answer in which something is missing, unknown, or not of its kind."""
    fault = draw(st.sampled_from(["empty", "unknown", "missing", "strange"]))
    if fault == "empty" or not good_answer:
        return {"nobody asked": "for this"} if draw(st.booleans()) else {}
    name = draw(st.sampled_from(sorted(good_answer)))
    if fault == "unknown":
        return {**good_answer, "nobody asked": "for this"}
    if fault == "missing":
        return {key: value for key, value in good_answer.items() if key != name}
    strange = draw(st.sampled_from(STRANGE))
    return {**good_answer, name: strange}
