"""Published conditions: versions that never change, lines that are judged, and the check before applying."""

import pytest
from marshmallow import ValidationError

from models import Conditions, Dataset, OpenType, User, db
from tests.applications import ITEMS, TERMS, conditional, form
from tests.walks import Walker
from workflow import conditions
from workflow.catalogue import entry as entries
from workflow.conditions import ASK, UNMET, Terms
from workflow.errors import NotApart, NotFound, NotOpen

SAID = {"reason": "第一次按结构公布条件，内容不变。", "applicants": ["legal_person"], "people": 5}


def person(people, word: str) -> User:
    return db.session.scalars(db.select(User).where(User.email == getattr(people, word))).one()


def texts(version) -> list[str]:
    return [line.text for line in conditions.lines(version)]


def said(version) -> dict[str, str]:
    """Return what the first lines of each kind say."""
    return {line.kind: line.text for line in conditions.lines(version)}


@pytest.fixture
def entry(context) -> Dataset:
    return conditional()


def test_lines_are_numbered_in_order_and_duties_are_not_judged(entry):
    version = conditions.publish(entry, TERMS, None)
    lines = conditions.lines(version)
    assert [line.id for line in lines] == [f"C{n}" for n in range(1, len(lines) + 1)]
    judged = conditions.criteria(version)
    assert {line.kind for line in lines} - {line.kind for line in judged} == {"quota", "reports"}
    assert {line.id for line in judged} < {line.id for line in lines}
    assert said(version)["applicants"] == "法人、非法人组织可以申请。"
    assert said(version)["months"] == "一次不超过 12 个月，到期前可以续期。"


def test_a_version_is_never_changed(entry):
    version = conditions.publish(entry, TERMS, None)
    db.session.commit()
    version.terms = {**version.terms, "people": 100}
    with pytest.raises(RuntimeError):
        db.session.commit()
    db.session.rollback()
    db.session.delete(version)
    with pytest.raises(RuntimeError):
        db.session.commit()
    db.session.rollback()


def test_the_words_that_were_published_stay_whatever_the_service_says_later(entry, monkeypatch):
    version = conditions.publish(entry, TERMS, None)
    before = texts(version)
    monkeypatch.setitem(conditions.SENTENCES, "people", "至多 %(people)d 人。")
    assert texts(version) == before


def test_a_new_version_takes_the_place_of_the_one_before(entry):
    first = conditions.publish(entry, TERMS, None)
    second = conditions.publish(entry, {**TERMS, "people": 3}, None)
    assert (first.version, second.version) == (1, 2)
    assert conditions.in_force(entry) is second
    assert conditions.version(entry, 1) is first
    assert [each.version for each in conditions.versions(entry)] == [2, 1]
    with pytest.raises(NotFound):
        conditions.version(entry, 3)
    told = [(what, line.kind) for what, line in conditions.changes(first, second) if what != "kept"]
    assert told == [("added", "people"), ("removed", "people")]


def test_only_words_become_a_version_when_first_needed(entry):
    entry.conditions = "申请主体：法人或者非法人组织。\n\n用途：写明场景。"
    assert texts(conditions.shown(entry)) == ["申请主体：法人或者非法人组织。", "用途：写明场景。"]
    assert conditions.versions(entry) == []
    version = conditions.in_force(entry)
    assert version.version == 1
    assert texts(version) == texts(conditions.shown(entry))
    assert conditions.in_force(entry) is version
    assert [result for _, result in conditions.selfcheck(version, form(entry))] == [ASK, ASK]
    entry.conditions = "申请主体：法人。"
    assert conditions.in_force(entry).version == 2
    assert texts(version) == ["申请主体：法人或者非法人组织。", "用途：写明场景。"]


def test_an_import_does_not_undo_what_people_have_published(entry, people):
    version = conditions.publish(entry, TERMS, person(people, "decider"))
    entry.conditions = "来源的旧说法。"
    assert conditions.in_force(entry) is version
    assert conditions.shown(entry) is version


@pytest.mark.parametrize("kind", [OpenType.UNCONDITIONAL, OpenType.NON_OPEN])
def test_data_that_are_not_conditional_have_no_conditions(entry, kind):
    conditions.publish(entry, TERMS, None)
    entry.open_type = kind
    assert conditions.in_force(entry) is None
    assert conditions.shown(entry) is None


def test_a_classification_publishes_its_words(app, people, context):
    case = Walker(app, people).at("suspend_dataset")
    version = conditions.latest(case.listing.dataset)
    assert texts(version) == ["具备接口对接能力，按约定频率调用，不缓存超过一天。"]
    assert version.case_id == case.id
    entries.write(case)
    assert conditions.latest(case.listing.dataset) is version


def test_two_people_publish(entry, people):
    clerk, decider = person(people, "clerk"), person(people, "decider")
    with pytest.raises(NotOpen):
        conditions.publish_draft(entry, decider)
    entry.conditions = "申请主体：法人。"
    draft = Terms().load(SAID)
    conditions.write(entry, draft, clerk)
    assert conditions.in_force(entry).version == 1
    with pytest.raises(NotApart):
        conditions.publish_draft(entry, clerk)
    version = conditions.publish_draft(entry, decider)
    assert (version.version, version.drafted_by, version.published_by) == (2, clerk, decider)
    assert version.reason == SAID["reason"]
    assert entry.conditions == "申请主体：法人可以申请。\n人员：使用数据的人员不超过 5 人。"
    assert conditions.in_force(entry) is version
    with pytest.raises(NotOpen):
        conditions.publish_draft(entry, decider)


def test_a_draft_can_be_given_back(entry, people):
    conditions.write(entry, Terms().load(SAID), person(people, "clerk"))
    conditions.give_back(entry)
    assert conditions.drafted(entry) is None
    with pytest.raises(NotOpen):
        conditions.publish_draft(entry, person(people, "decider"))


def test_conditions_in_several_lines_are_still_the_ones_in_force(entry, people):
    terms = {"capability": [{"text": "第一行\n第二行"}]}
    version = conditions.publish(entry, terms, None)
    db.session.commit()
    assert conditions.in_force(entry) is version


@pytest.mark.parametrize(
    "faulty",
    [
        {},
        {"reason": SAID["reason"]},
        {**SAID, "reason": "短"},
        {**SAID, "people": 0},
        {**SAID, "months": 25},
        {**SAID, "applicants": ["nobody"]},
        {**SAID, "safeguards": [{"text": "二级以上测评", "bound": "nothing:1"}]},
    ],
)
def test_faulty_conditions_are_refused(faulty):
    with pytest.raises(ValidationError):
        Terms().load(faulty)


def test_a_form_of_terms_gives_the_terms_back():
    again = {**conditions.form_of(TERMS), "reason": SAID["reason"]}
    assert conditions.terms_of(Terms().load(again)) == TERMS


def results(version, said) -> dict[str, str]:
    return {line.kind + line.bound: result for line, result in conditions.selfcheck(version, said)}


def test_a_good_application_meets_what_a_machine_can_tell(entry):
    version = conditions.publish(entry, TERMS, None)
    found = results(version, conditions.claims(form(entry), entry))
    assert UNMET not in found.values()
    assert {kind for kind, result in found.items() if result == ASK} == {"capability", "barred", "places"}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"applicant_type": "person"}, "applicants"),
        ({"purpose_class": "operation"}, "purposes"),
        ({"people": [{}] * 11}, "people"),
        ({"people": 11}, "people"),
        ({"ends_on": "2028-01-02"}, "months"),
        ({"months": 13}, "months"),
        ({"mode": "api"}, "modes"),
        ({"protection_level": 1}, "safeguardsprotection_level:2"),
        ({"protection_level": "0"}, "safeguardsprotection_level:2"),
        ({"logging": "0"}, "safeguardslogging:6"),
        ({"items": [*ITEMS, "身份证号"]}, "items"),
    ],
)
def test_what_misses_a_condition_is_named(entry, changes, kind):
    version = conditions.publish(entry, TERMS, None)
    found = results(version, {**conditions.claims(form(entry), entry), **changes})
    assert {kind for kind, result in found.items() if result == UNMET} == {kind}


def test_nothing_said_leaves_everything_to_be_asked(entry):
    version = conditions.publish(entry, TERMS, None)
    assert set(results(version, {}).values()) == {ASK}
    assert set(results(version, {"people": "many", "ends_on": "soon", "starts_on": 3}).values()) == {ASK}


def test_the_check_asks_only_what_the_conditions_turn_on(entry):
    assert list(conditions.asked(conditions.publish(entry, TERMS, None))) == [
        "applicant_type",
        "purpose_class",
        "people",
        "months",
        "mode",
        "protection_level",
        "logging",
    ]
    assert list(conditions.asked(conditions.publish(entry, {"words": ["有能力"]}, None))) == []


def test_versions_count_up_for_each_data_set(entry):
    other = conditional("另一个数据集")
    conditions.publish(entry, TERMS, None)
    conditions.publish(other, TERMS, None)
    conditions.publish(other, TERMS, None)
    db.session.commit()
    query = db.select(Conditions.dataset_id, db.func.max(Conditions.version)).group_by(Conditions.dataset_id)
    assert dict(map(tuple, db.session.execute(query))) == {entry.id: 1, other.id: 2}
