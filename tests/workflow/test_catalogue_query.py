"""The open list as it is asked for: words, choices, counts, order and pages."""

import datetime as dt

import pytest

from models import Dataset, DatasetState, Frequency, OpenType, Organisation, OrganisationKind, db
from workflow.catalogue import query
from workflow.catalogue.query import Filters, search_datasets

pytestmark = pytest.mark.usefixtures("context")
DAY = dt.date(2026, 1, 1)


@pytest.fixture
def bodies() -> list[Organisation]:
    made = [Organisation(name=name, kind=OrganisationKind.BODY) for name in ("甲局", "乙局")]
    db.session.add_all(made)
    db.session.flush()
    return made


@pytest.fixture
def entry(bodies):
    made = 0

    def entry(name: str, open_type: str = "unconditional", body: int = 0, **fields) -> Dataset:
        nonlocal made
        made += 1
        fields = {"updated_on": DAY + dt.timedelta(days=made), "domain": "交通"} | fields
        one = Dataset(name=name, open_type=OpenType(open_type), provider_id=bodies[body].id, **fields)
        db.session.add(one)
        db.session.flush()
        return one

    return entry


def choose(**chosen: str | list[str]) -> Filters:
    return Filters({name: frozenset([one] if isinstance(one, str) else one) for name, one in chosen.items()})


def counts(result, facet: str) -> dict[str, int]:
    return {option.value: option.count for option in result.facets[facet]}


def test_names_that_hold_the_words_come_first_and_the_newest_first_among_equals(entry):
    old, named, newest = entry("公交线路"), entry("公交站点"), entry("轨道", summary="换乘公交")
    assert search_datasets("公交", Filters()).rows == [named, old, newest]
    assert search_datasets("公交", Filters(), "newest").rows == [newest, named, old]
    assert search_datasets("", Filters()).rows == [newest, named, old]


def test_an_entry_is_found_by_its_provider_code_items_and_tags(entry):
    one = entry("线路", items=["站点名称"], tags=["出行"], body=1)
    entry("别的")
    for words in ("乙局", one.code, "站点名称", "出行", f"线路 {one.code.lower()}"):
        assert search_datasets(words, Filters()).rows == [one], words


@pytest.mark.parametrize("words", ["", "公交"])
def test_choices_of_one_facet_widen_and_of_two_facets_narrow(entry, words):
    a = entry("公交一", "conditional", frequency=Frequency.DAILY)
    b = entry("公交二", "non_open", frequency=Frequency.DAILY)
    c = entry("公交三", "unconditional", frequency=Frequency.YEARLY, formats=["csv", "xls"])
    assert search_datasets(words, choose(open_type=["conditional", "non_open"])).rows == [b, a]
    assert search_datasets(words, choose(open_type=["conditional", "non_open"], frequency="yearly")).rows == []
    assert search_datasets(words, choose(format="xls")).rows == [c]
    assert search_datasets(words, choose(provider=str(a.provider_id))).total == 3
    assert search_datasets(words, choose(provider="0", domain="交通")).total == 0


@pytest.mark.parametrize("most", [1000, 2])
@pytest.mark.parametrize("words", ["", "公交"])
def test_a_facet_is_counted_as_if_it_were_not_chosen_and_the_others_as_they_are(entry, words, most, monkeypatch):
    # With more hits than are counted, each facet is asked for by itself.
    monkeypatch.setattr(query, "MOST", most)
    entry("公交一", "conditional", domain="交通")
    entry("公交二", "conditional", domain="城建")
    entry("公交三", "unconditional", domain="城建")
    result = search_datasets(words, choose(open_type="conditional"))
    assert result.total == 2
    assert counts(result, "open_type") == {"conditional": 2, "unconditional": 1}
    assert counts(result, "domain") == {"交通": 1, "城建": 1}
    assert [option.chosen for option in result.facets["open_type"]] == [True, False]


def test_the_counts_of_the_whole_list_are_exact_and_follow_every_change(entry):
    one = entry("公交", "conditional", formats=["csv"])
    entry("医院", "conditional", body=1)
    assert counts(search_datasets("", Filters()), "open_type") == {"conditional": 2}
    assert sorted(option.name for option in search_datasets("", Filters()).facets["provider"]) == ["乙局", "甲局"]
    one.open_type, one.formats = OpenType.UNCONDITIONAL, ["csv", "api"]
    db.session.flush()
    result = search_datasets("", Filters())
    assert counts(result, "open_type") == {"conditional": 1, "unconditional": 1}
    assert counts(result, "format") == {"csv": 1, "api": 1}


def test_a_choice_that_leaves_nothing_stays_visible_to_be_taken_back(entry):
    entry("公交")
    result = search_datasets("", choose(domain="没有这个"))
    assert (result.total, counts(result, "domain")["没有这个"]) == (0, 0)


def test_pages_follow_each_other_and_stop_at_the_last(entry, monkeypatch):
    monkeypatch.setattr(query, "PER_PAGE", 2)
    made = [entry(f"公交{number}") for number in range(5)][::-1]
    for words in ("", "公交"):
        pages = [search_datasets(words, Filters(), page=page) for page in (1, 2, 3, 9, -1)]
        assert [result.rows for result in pages] == [made[:2], made[2:4], made[4:], made[4:], made[:2]]
        assert [(result.page, result.pages, result.total) for result in pages][2:4] == [(3, 3, 5)] * 2
        assert pages[2].first == 5


def test_more_hits_than_are_counted_are_said_to_be_more(entry, monkeypatch):
    monkeypatch.setattr(query, "MOST", 3)
    monkeypatch.setattr(query, "PER_PAGE", 2)
    for number in range(5):
        entry(f"公交{number}")
    hits = search_datasets("公交", Filters(), page=99)
    assert (hits.total, hits.capped, hits.pages, len(hits.rows)) == (3, True, 2, 2)
    everything = search_datasets("", Filters())
    assert (everything.total, everything.capped, everything.pages) == (5, False, 2)
    for number in range(2):
        db.session.delete(db.session.scalars(db.select(Dataset)).all()[number])
    db.session.flush()
    assert (search_datasets("公交", Filters()).total, search_datasets("公交", Filters()).capped) == (3, False)


def test_suspended_entries_are_listed_and_withdrawn_ones_are_not(entry):
    suspended = entry("公交一", state=DatasetState.SUSPENDED)
    entry("公交二", state=DatasetState.WITHDRAWN)
    assert search_datasets("公交", Filters()).rows == search_datasets("", Filters()).rows == [suspended]


@pytest.mark.parametrize("value", ["", "\x00", "x" * 5000, "9" * 30, "²", "'", "\ud800"])
def test_choices_that_no_list_holds_find_nothing_and_harm_nothing(entry, value):
    entry("公交")
    for facet in query.FACETS:
        for words in ("", "公交"):
            assert search_datasets(words, choose(**{facet: value})).total == 0
