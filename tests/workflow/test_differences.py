"""What has changed between two versions of an application, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from tests.applications import FORM
from workflow.applying import ApplicationForm
from workflow.differences import ADDED, KEPT, REMOVED, between, word_by_word

ROW = {"dataset": "DS-000001", "items": ["日期", "线路"], "rows": [], "need": "研究客流的变化，都要用到。"}
BEFORE = {**FORM, "datasets": [ROW]}


def changed(**changes):
    return between(BEFORE, {**BEFORE, **changes}, ApplicationForm)


def test_the_same_answer_has_no_differences():
    assert changed() == []
    assert between({**BEFORE, "unpublished": "", "personal": False}, BEFORE, ApplicationForm) == []


def test_a_text_differs_word_by_word():
    (change,) = changed(storage="上海市示例路 2 号机房")
    assert (change.name, change.label) == ("storage", "存储和使用数据的地点")
    assert change.pieces == ((KEPT, "上海市示例路 "), (REMOVED, "1"), (ADDED, "2"), (KEPT, " 号机房"))
    assert change.private == "restricted"


def test_a_word_of_ours_is_said_in_words():
    (mode,) = changed(mode="api")
    assert (mode.before, mode.after, mode.ours, mode.pieces) == ("下载", "接口", True, ())
    (tick,) = changed(overseas=True)
    assert (tick.before, tick.after, tick.ours) == ("否", "是", True)
    (level,) = changed(protection_level=3)
    assert (level.before, level.after) == ("二级", "三级")


def test_fields_come_in_the_order_of_the_form():
    names = [change.name for change in changed(ends_on="2027-06-30", applicant="另一个名称", storage="别处的机房")]
    assert names == ["applicant", "storage", "ends_on"]


def test_rows_are_known_by_their_name():
    first, second = FORM["people"]
    newcomer = {**second, "name": "人员丙", "email": "c@example.org"}
    (change,) = changed(people=[newcomer, {**first, "role": "负责人"}])
    assert [(row.kind, row.name) for row in change.rows] == [
        (ADDED, "人员丙"),
        ("changed", "人员甲"),
        (REMOVED, "人员乙"),
    ]
    (role,) = change.rows[1].changes
    assert (role.name, role.before, role.after) == ("role", "数据工程师", "负责人")


def test_rows_that_only_change_places_are_the_same():
    assert changed(people=FORM["people"][::-1]) == []


def test_of_rows_with_one_name_each_is_compared_with_its_own():
    twice = [ROW, {**ROW, "need": "另一个用处，也要用到。"}]
    once_changed = [ROW, {**ROW, "need": "另一个用处，不再用到。"}]
    (change,) = between({"datasets": twice}, {"datasets": once_changed}, ApplicationForm)
    assert [row.kind for row in change.rows] == ["changed"]


def test_items_of_a_list_differ_line_by_line():
    (change,) = changed(datasets=[{**ROW, "items": ["日期", "车站"]}])
    (items,) = change.rows[0].changes
    assert items.pieces == ((KEPT, "日期\n"), (REMOVED, "线路"), (ADDED, "车站"))


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_hold_both_texts(before, after):
    pieces = word_by_word(before, after)
    assert "".join(text for what, text in pieces if what != ADDED) == before
    assert "".join(text for what, text in pieces if what != REMOVED) == after
