"""The public register: what stands on it, in what order, and what it never tells."""

from datetime import date

import pytest

from models import DataRequest, db
from tests.applications import TERMS, conditional, decided
from workflow import conditions, register
from workflow.register import Asked

DAY = date(2026, 11, 2)
OTHER = "上海市生态环境局"


@pytest.fixture
def entry(context):
    return conditional()


def listed(**asked) -> list[str]:
    return [each.case.reference for each in db.session.scalars(register.entries(Asked(**asked)))]


def published(entry, outcome: str, day: date = DAY, **more):
    return decided(entry, outcome, published_on=day, **more)


def test_only_published_decisions_stand_on_it_the_latest_first(entry):
    first = published(entry, "approve", date(2026, 11, 1))
    third = published(entry, "refuse", date(2026, 11, 3))
    second = published(entry, "part", date(2026, 11, 2))
    decided(entry, "approve")
    published(entry, "withdrawn")
    published(entry, "mixed", body_id=None)
    assert listed() == [case.reference for case in (third, second, first)]
    assert register.counts() == {"approve": 1, "conditions": 0, "part": 1, "refuse": 1}


def test_it_can_be_searched(entry):
    there = conditional("空气质量小时值", body=OTHER)
    here, elsewhere = published(entry, "approve"), published(there, "refuse")
    assert listed(outcome="refuse") == [elsewhere.reference]
    assert listed(body=entry.provider_id) == [here.reference]
    assert listed(dataset=there.id) == [elsewhere.reference]
    assert listed(words="空气") == [elsewhere.reference]
    assert listed(words=here.reference.lower()) == [here.reference]
    assert listed(words="没有这样的数据") == []
    assert listed(words="空气", outcome="approve") == []


def test_an_entry_is_found_by_its_number_once_it_is_published(entry):
    case, hidden = published(entry, "approve"), decided(entry, "approve")
    assert register.entry(case.reference) is case.application
    assert register.entry(hidden.reference) is None
    assert register.entry("SQ-2026-000000") is None


def test_of_a_partial_grant_only_what_was_granted_is_named(entry):
    there = conditional("空气质量小时值")
    case = published(entry, "part", decision={"text": "部分同意。", "grounds": [], "datasets": [{"code": there.code}]})
    case.application.requests.append(DataRequest(dataset=there, items=[]))
    db.session.commit()
    assert register.datasets(case.application) == [there]
    case.application.outcome = "refuse"
    assert register.datasets(case.application) == [entry, there]


def test_a_person_is_named_by_category_alone(entry):
    told = {"applicant_type": "person", "applicant": "演示市民", "summary": "演示市民研究站点客流。"}
    case = published(entry, "approve", **told)
    assert register.applicant(case.application) == ""
    assert register.summary(case.application) == "申请人研究站点客流。"


def test_an_organisation_is_named_where_it_was_granted_and_never_where_it_was_refused(entry):
    granted, refused = published(entry, "conditions"), published(entry, "refuse")
    name = granted.application.applicant
    assert register.applicant(granted.application) == name
    assert name in register.summary(granted.application)
    assert register.applicant(refused.application) == ""
    assert register.summary(refused.application) == ""


def test_a_refusal_says_which_published_condition_was_not_met(entry):
    version = conditions.publish(entry, TERMS, None)
    key = next(line.id for line in conditions.criteria(version) if line.bound == "protection_level:2")
    case = published(entry, "refuse", decision={"text": "内部的话", "unmet": [f"{entry.code}.{key}"], "bar": "law"})
    request = db.session.scalars(db.select(DataRequest).where(DataRequest.case_id == case.id)).one()
    request.conditions = version
    db.session.commit()
    ((name, line),) = register.unmet(case.application)
    assert (name, line.id) == (entry.name, key)
    assert register.bar(case.application) == "law"


def test_a_grant_says_from_when_until_when(entry):
    decision = {"starts_on": "2027-01-01", "ends_on": "2027-12-31"}
    granted = published(entry, "approve", decision=decision)
    refused = published(entry, "refuse", decision=decision)
    assert register.period(granted.application) == (date(2027, 1, 1), date(2027, 12, 31))
    assert register.period(refused.application) == (None, None)
