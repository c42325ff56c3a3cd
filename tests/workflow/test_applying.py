"""What an application must say, and what it may not say at once."""

from datetime import date

import pytest
from marshmallow import ValidationError

from models import OpenType, db
from tests.applications import FORM, conditional, form
from workflow.applying import ApplicationForm, credit_code_is_right, filters, months_between

pytestmark = pytest.mark.usefixtures("context")


def wrong(answer) -> set[str]:
    """Return the fields that are found wrong in an answer."""
    return set(ApplicationForm().validate(answer))


def test_a_good_application_is_taken():
    entry = conditional()
    loaded = ApplicationForm().load(form(entry))
    assert loaded["datasets"][0]["dataset"] is entry
    again = ApplicationForm().load({**form(entry), "unpublished": "", "legal_basis": None, "calls": None})
    assert again == loaded


def test_everything_missing_is_named_at_once():
    missing = wrong({})
    assert {"datasets", "applicant_type", "people", "scenario", "starts_on", "storage"} <= missing
    assert {"truthful", "no_sanction", "attribution", "no_transfer", "rules"} <= missing


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"ends_on": "2027-01-01"}, {"ends_on"}),
        ({"ends_on": "2026-12-31"}, {"ends_on"}),
        ({"ends_on": "2029-01-02"}, {"ends_on"}),
        ({"credit_code": ""}, {"credit_code"}),
        ({"credit_code": "91310000MA1KTE8T0X"}, {"credit_code"}),
        ({"credit_code": "913100"}, {"credit_code"}),
        ({"representative": ""}, {"representative"}),
        ({"personal": True}, {"legal_basis", "deidentification"}),
        ({"personal": True, "legal_basis": "consent", "deidentification": "需要去标识化后的明细记录。"}, {"consent"}),
        (
            {
                "personal": True,
                "sensitive": True,
                "legal_basis": "statute",
                "deidentification": "需要去标识化后的明细记录。",
            },
            {"assessment"},
        ),
        ({"cross_border": True}, {"assessment"}),
        ({"joined": [{"name": "自有订单", "source": "own", "risk": "不会认出个人"}]}, {"reidentification"}),
        ({"mode": "api"}, {"calls"}),
        ({"mode": "sandbox"}, {"tools"}),
        ({"summary": ""}, {"summary"}),
        ({"summary": "太短"}, {"summary"}),
        ({"summary": "", "unpublished": "保密"}, {"unpublished"}),
        ({"truthful": False}, {"truthful"}),
        ({"people": []}, {"people"}),
        ({"people": [{"name": "人员甲"}]}, {"people"}),
        ({"people": [{**FORM["people"][0], "email": "nobody"}]}, {"people"}),
        ({"protection_level": 9}, {"protection_level"}),
        ({"nobody_asked": 1}, {"nobody_asked"}),
    ],
)
def test_what_contradicts_itself_is_refused_by_name(changes, fields):
    assert wrong(form(conditional(), **changes)) == fields


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_on": "2028-12-31"},
        {"ends_on": "2029-01-01"},
        {"applicant_type": "person", "credit_code": "", "representative": ""},
        {"summary": "", "unpublished": "涉及尚未公开的研究计划。"},
        {"mode": "api", "calls": 100},
        {"personal": True, "legal_basis": "statute", "deidentification": "需要去标识化后的明细记录。"},
    ],
)
def test_what_goes_together_is_taken(changes):
    assert wrong(form(conditional(), **changes)) == set()


def row(entry, **changes):
    return {"datasets": [{"dataset": entry.code, "need": "逐项都与研究的问题有关。", **changes}]}


def test_only_conditional_data_and_items_they_have_are_asked_for():
    entry = conditional()
    assert wrong({**FORM, **row(entry)}) == set()
    assert wrong({**FORM, **row(entry, items=["没有的"])}) == {"datasets"}
    assert wrong({**FORM, **row(entry, rows=["没有的 = 1"])}) == {"datasets"}
    assert wrong({**FORM, **row(entry, rows=["线路"])}) == {"datasets"}
    assert wrong({**FORM, **row(entry, period_from="2026-05-01", period_until="2026-04-01")}) == {"datasets"}
    assert wrong(form(entry, entry)) == {"datasets"}
    entry.open_type = OpenType.UNCONDITIONAL
    db.session.commit()
    assert wrong({**FORM, **row(entry)}) == {"datasets"}


def test_rows_are_read_as_item_comparison_and_value():
    assert filters(["区 = 浦东新区", "年份>=2020", "线路 属于 1号线、2号线", "日期 介于 2026-01-01 至 2026-06-30"]) == [
        {"item": "区", "is": "=", "value": "浦东新区"},
        {"item": "年份", "is": ">=", "value": "2020"},
        {"item": "线路", "is": "in", "value": ["1号线", "2号线"]},
        {"item": "日期", "is": "between", "value": ["2026-01-01", "2026-06-30"]},
    ]
    assert filters(["Year between 2020 and 2024", "Line in 1, 2", "inland = yes"]) == [
        {"item": "Year", "is": "between", "value": ["2020", "2024"]},
        {"item": "Line", "is": "in", "value": ["1", "2"]},
        {"item": "inland", "is": "=", "value": "yes"},
    ]
    for unread in ("区", "= 浦东", "年份 介于 2020", "线路 属于"):
        with pytest.raises(ValidationError):
            filters([unread])


def test_the_check_digit_of_a_credit_code_is_the_standards():
    assert credit_code_is_right("91110000600037341L")
    assert not credit_code_is_right("91110000600037342L")
    assert not credit_code_is_right("91110000600O37341L")
    assert not credit_code_is_right("91110000600037341")


def test_a_month_that_has_begun_counts():
    assert months_between(date(2027, 1, 1), date(2027, 12, 31)) == 12
    assert months_between(date(2027, 1, 1), date(2028, 1, 1)) == 12
    assert months_between(date(2027, 1, 15), date(2027, 1, 20)) == 1
