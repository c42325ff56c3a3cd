"""Similar past cases: which are found, in what order, what a reader sees of them, and when a draft departs."""

from datetime import date

import pytest

from models import Case, User, db
from tests.applications import conditional, decided
from workflow import precedents
from workflow.precedents import departs, similar

OTHER = "上海市生态环境局"


def person(people, word: str) -> User:
    return db.session.scalars(db.select(User).where(User.email == getattr(people, word))).one()


@pytest.fixture
def entry(context):
    return conditional()


def found(case: Case, reader: User) -> list[str]:
    return [each.case.reference for each in similar(case, reader)]


def test_the_most_alike_stand_first(entry, people):
    reviewer, other = person(people, "reviewer"), conditional("另一个数据集")
    here = decided(entry, "")
    elsewhere = decided(other, "approve")
    purpose = decided(entry, "refuse", purpose="product")
    same = decided(entry, "approve")
    decided(other, "approve", purpose="product")
    decided(other, "approve", applicant_type="person")
    assert found(here, reviewer) == [same.reference, purpose.reference, elsewhere.reference]
    assert similar(here, reviewer)[0].alike == {"dataset", "purpose", "applicant"}


def test_what_is_not_decided_or_was_split_is_no_precedent(entry, people):
    here = decided(entry, "")
    for outcome in ("", "withdrawn", "mixed"):
        decided(entry, outcome)
    decided(entry, "approve", body_id=None)
    assert found(here, person(people, "reviewer")) == []


def test_of_another_bodys_cases_only_what_is_published_is_seen(entry, people):
    reviewer = person(people, "reviewer")
    there = conditional("别处的数据", body=OTHER)
    here = decided(entry, "")
    hidden = decided(there, "approve")
    public = decided(
        there, "approve", published_on=date(2026, 11, 1), summary="公开的摘要", decision={"text": "内部的理由"}
    )
    assert hidden.reference not in found(here, reviewer)
    (seen,) = similar(here, reviewer)
    assert (seen.case, seen.readable, seen.reasons, seen.unmet) == (public, False, "公开的摘要", [])
    # Whoever reads the cases of the whole city reads these too.
    everything = similar(here, person(people, "auditor"))
    assert {each.case for each in everything} == {hidden, public}
    assert everything[0].reasons == "内部的理由"


def test_of_another_bodys_refusal_nobody_learns_who_applied(entry, people):
    there = conditional("别处的数据", body=OTHER)
    decided(there, "refuse", published_on=date(2026, 11, 1))
    (seen,) = similar(decided(entry, ""), person(people, "reviewer"))
    assert (seen.readable, seen.reasons, seen.applicant) == (False, "", "")


def test_ones_own_bodys_reasons_are_seen(entry, people):
    decided(entry, "refuse", decision={"text": "安全保障不够。", "unmet": ["DS-000001.C2"]})
    (seen,) = similar(decided(entry, ""), person(people, "clerk"))
    assert (seen.reasons, seen.unmet) == ("安全保障不够。", ["DS-000001.C2"])


def test_no_more_than_a_few_are_shown(entry, people):
    for _ in range(precedents.MOST + 2):
        last = decided(entry, "approve")
    shown = found(decided(entry, ""), person(people, "reviewer"))
    assert (len(shown), shown[0]) == (precedents.MOST, last.reference)


@pytest.mark.parametrize(
    ("before", "draft", "warned"),
    [
        (["approve", "conditions"], "refuse", True),
        (["approve", "approve"], "part", True),
        (["approve", "approve"], "conditions", False),
        (["refuse", "refuse"], "approve", True),
        (["refuse", "refuse"], "part", True),
        (["refuse", "refuse"], "refuse", False),
        (["approve", "refuse"], "refuse", False),
        (["approve"], "refuse", False),
        (["part", "part"], "refuse", False),
        (["approve", "approve"], "", False),
        (["approve", "approve"], "nonsense", False),
    ],
)
def test_a_draft_that_departs_is_noticed(entry, people, before, draft, warned):
    for outcome in before:
        decided(entry, outcome)
    assert bool(departs(draft, similar(decided(entry, ""), person(people, "decider")))) is warned


def test_cases_for_another_purpose_measure_nothing(entry, people):
    for _ in range(3):
        decided(entry, "approve", purpose="product")
    assert departs("refuse", similar(decided(entry, ""), person(people, "decider"))) == []
