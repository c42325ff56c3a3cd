"""What can be found, by which words, on both databases."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import db
from workflow import search
from workflow.search import Document

pytestmark = pytest.mark.usefixtures("context")
DAY = dt.date(2026, 11, 23)


def found(query: str, **how) -> list[int]:
    return list(db.session.scalars(search.matching("demand", query, **how)))


def put(*documents: Document) -> None:
    search.index(db.session, "demand", *documents)


def test_two_chinese_characters_find_a_row_wherever_they_stand():
    put(Document(1, "公交刷卡客流"), Document(2, "轨道交通", "含换乘公交的记录"), Document(3, "医院名单"))
    assert sorted(found("公交")) == [1, 2]
    assert found("客流") == [1]
    assert found("卡客") == [1]
    assert found("交公") == []


@pytest.mark.parametrize("character", ["公", "刷", "流"])
def test_a_single_chinese_character_is_found_also_as_the_last_of_its_run(character):
    put(Document(1, "公交刷卡客流"), Document(2, "医院名单"))
    assert found(character) == [1]


def test_every_word_of_a_question_must_be_there():
    put(Document(1, "空气质量 监测"), Document(2, "空气质量"))
    assert found("空气质量 监测") == [1]
    assert found("空气质量 噪声") == []


def test_latin_words_are_found_without_regard_to_case_accents_and_endings():
    put(Document(1, "Popolazione e società", "PM2.5 Schools 2015"))
    for query in ("SOCIETA", "società", "school", "pm2.5", "2015", "ｐｍ２"):
        assert found(query) == [1], query
    for query in ("201", "chools", "pm3"):
        assert found(query) == [], query


def test_the_newest_stand_first_and_those_without_a_day_last():
    put(Document(1, "公交", day=DAY), Document(2, "公交"), Document(3, "公交", day=DAY + dt.timedelta(days=1)))
    assert found("公交") == [3, 1, 2]
    assert found("") == [3, 1, 2]


def test_words_can_be_looked_for_in_titles_alone():
    put(Document(1, "公交"), Document(2, "轨道", "公交"))
    assert found("公交", title_only=True) == [1]


def test_labels_narrow_to_one_of_each_group():
    put(Document(1, "公交", labels=["a=1", "b=x y"]), Document(2, "公交", labels=["a=2"]), Document(3, "公交"))
    assert sorted(found("公交", labels=[["a=1", "a=2"]])) == [1, 2]
    assert found("公交", labels=[["a=1", "a=2"], ["b=x y"]]) == [1]
    assert found("", labels=[["a=2"]]) == [2]
    assert found("", labels=[["a=3"]]) == []


def test_a_label_cannot_be_reached_by_typing_it():
    put(Document(1, "公交", labels=["a=1"]))
    for query in ("a=1", search.label_token("a=1"), search.label_token("a=1")[1:]):
        assert found(query) == []


def test_indexing_a_row_again_replaces_what_was_known_of_it():
    put(Document(1, "公交", day=DAY))
    put(Document(1, "医院"))
    assert found("公交") == []
    assert found("医院") == [1]
    search.remove(db.session, "demand", 1)
    assert found("医院") == found("") == []


def test_hits_are_counted_by_their_bins_up_to_a_limit():
    put(*(Document(number, "公交", bin=number % 2) for number in range(1, 8)))
    assert dict(db.session.execute(search.counted("demand", "公交", 100)).all()) == {0: 3, 1: 4}
    assert dict(db.session.execute(search.counted("demand", "", 100)).all()) == {0: 3, 1: 4}
    assert sum(count for _, count in db.session.execute(search.counted("demand", "公交", 5))) == 5
    assert db.session.execute(search.counted("demand", "!?", 5)).all() == []


@pytest.mark.parametrize(
    "query",
    ['"', "'", "' OR 1=1", "a AND", "NEAR(", "公交 OR", "*", "^", ":*", "&|!()<->", "\\", "%", "\x00", "\ud800", " "],
)
def test_signs_and_operators_are_no_part_of_a_question(query):
    put(Document(1, "公交"))
    assert found(query) in ([], [1])
    assert found(query + "公交 " + query) in ([], [1])


def test_a_question_of_signs_alone_finds_nothing_and_an_empty_one_everything():
    put(Document(1, "公交"))
    assert found("，。？！") == []
    assert found("") == found("   ") == [1]


def test_a_question_of_ten_megabytes_is_cut():
    put(Document(1, "公交"))
    assert found("公交" * 2_500_000) == []
    assert found("公交 " * 2_500_000) == [1]
    assert len(search.query_tokens("公交站点 " * 1000)) <= search.MOST_WORDS


def test_a_text_of_ten_megabytes_and_a_word_without_end_are_cut():
    put(Document(1, "公交", "x" * 10_000_000 + " 末尾"))
    assert found("公交") == [1]
    assert found("末尾") == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_whatever_is_typed_is_found_where_it_was_written(text):
    with db.session.begin_nested() as point:
        put(Document(1, text, text))
        assert found(text) == ([1] if search.query_tokens(text) or not text.strip() else [])
        point.rollback()
