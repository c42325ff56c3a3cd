"""The work list: exactly what may be answered, in order, page by page, counted and flat."""

from datetime import timedelta
from functools import partial
from itertools import chain, pairwise

import pytest
from sqlalchemy import text

from models import BODY_ROLES, Case, Role, User, WorkItem, WorkState, db
from tests.many_steps import crowd
from tests.statements import statements
from workflow import access, calendar, inbox, walks
from workflow.inbox import Mark, Question, Sort
from workflow.walks import Stretch, Tab, View

pytestmark = pytest.mark.usefixtures("context")
WHO = ["clerk.jiaotong", "reviewer.jiaotong", "decider.huanjing", "desk.hub", "authority.shuju", "auditor.shuju"]
WHO += ["citizen1"]
ALL = 1_000


@pytest.fixture
def items(context):
    return crowd()


@pytest.fixture(autouse=True)
def forget_statements():
    """Build statements anew after a test has changed a bound."""
    yield
    for kept in (walks.listed, walks.last_examined, walks.counted, walks.among):
        kept.cache_clear()


def named(word: str) -> User:
    return db.session.scalar(db.select(User).where(User.email == f"{word}@demo.kaimen.example"))


def keys(person: User, question: Question, size: int = ALL) -> list[str]:
    return [row.id for row in inbox.page(person, question, size).rows]


def waiting(person: User) -> set[str]:
    return set(db.session.scalars(db.select(WorkItem.id).where(access.waiting_for(person))))


def held_by_colleagues(person: User, items: list[WorkItem]) -> set[str]:
    """Say by the rule itself what colleagues hold: a step of an office that the person holds as well."""

    def ours(item: WorkItem) -> bool:
        if item.role in BODY_ROLES:
            return (item.role, item.organisation_id) in person.offices
        return item.role in person.roles and item.role is not Role.REQUESTER

    open_items = [item for item in items if item.state is WorkState.OPEN and not item.offered]
    return {item.id for item in open_items if item.holder_id not in (None, person.id) and ours(item)}


def everything(person: User, question: Question, size: int) -> list[str]:
    """Turn all pages from the first to the last."""
    found, mark = [], None
    while True:
        page = inbox.page(person, question, size, mark)
        found += [row.id for row in page.rows]
        mark = page.behind
        if mark is None:
            return found


@pytest.mark.parametrize("who", WHO)
def test_what_is_mine_or_free_is_exactly_what_may_be_answered(items, who):
    person = named(who)
    mine, free = keys(person, Question(View.MINE)), keys(person, Question(View.GROUP))
    assert set(mine) | set(free) == waiting(person)
    assert not set(mine) & set(free)


@pytest.mark.parametrize("who", WHO)
def test_all_adds_what_colleagues_hold_and_nothing_else(items, who):
    person = named(who)
    found = keys(person, Question())
    assert len(found) == len(set(found))
    assert set(found) == waiting(person) | held_by_colleagues(person, items)


def test_the_crowd_holds_what_the_rules_are_about(items):
    person = named("clerk.jiaotong")
    assert held_by_colleagues(person, items)
    assert keys(person, Question(View.MINE))
    assert keys(person, Question(View.GROUP))
    assert any(item.offered for item in items)
    assert any(item.holder_id and item.role is Role.REQUESTER for item in items)


def test_a_party_does_not_see_the_steps_of_other_requesters(items):
    member = db.session.scalar(db.select(User).where(User.email.like("requester%")))
    assert Role.REQUESTER in member.roles
    assert keys(member, Question()) == []


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("sort", Sort)
def test_each_step_stands_under_one_tab(items, view, sort):
    person = named("clerk.jiaotong")
    tabs = [keys(person, Question(view, tab, sort)) for tab in Tab if tab is not Tab.ALL]
    assert sorted(chain.from_iterable(tabs)) == sorted(keys(person, Question(view, sort=sort)))


def test_tabs_are_told_apart_by_the_due_day(items):
    today = calendar.today()
    third = calendar.due_day(today, 3, inbox.Unit.WORKING)
    person = named("clerk.jiaotong")
    for tab in Tab:
        for row in inbox.page(person, Question(tab=tab), ALL).rows:
            due = row.due_at and calendar.local_day(row.due_at)
            if row.paused:
                expected = Tab.STOPPED
            elif due is None or due > third:
                expected = Tab.IN_TIME
            else:
                expected = Tab.OVERDUE if due < today else Tab.SOON
            assert tab in (Tab.ALL, expected)


@pytest.mark.parametrize("who", ["clerk.jiaotong", "authority.shuju"])
def test_the_earliest_due_stands_first_then_stopped_clocks_then_no_limit(items, who):
    rows = inbox.page(named(who), Question(), ALL).rows
    places = [(row.due_at is None, row.paused, row.due_at or row.opened_at.max, row.id) for row in rows]
    ranked = [(unlimited, stopped, due if not unlimited else 0, key) for unlimited, stopped, due, key in places]
    assert ranked == sorted(ranked, key=lambda place: (place[0], place[1], str(place[2]), place[3]))
    assert {place[:2] for place in places} == {(False, False), (False, True), (True, False)}


def test_the_newest_stands_first_where_it_is_asked_for(items):
    rows = inbox.page(named("clerk.jiaotong"), Question(sort=Sort.NEWEST), ALL).rows
    assert all(one.opened_at >= two.opened_at for one, two in pairwise(rows))


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("tab", [Tab.ALL, Tab.IN_TIME, Tab.STOPPED])
@pytest.mark.parametrize("view", View)
def test_turning_pages_meets_every_step_once_in_both_directions(items, view, tab, sort):
    person, question = named("clerk.jiaotong"), Question(view, tab, sort)
    whole = keys(person, question)
    assert everything(person, question, 3) == whole
    last = inbox.page(person, question, ALL).rows[-1:]
    if not last:
        return
    stretch = Stretch.NEWEST
    if sort is Sort.DUE:
        dated = Stretch.STOPPED if last[0].paused else Stretch.RUNNING
        stretch = dated if last[0].due_at else Stretch.UNLIMITED
    mark, found = Mark(stretch, last[0].moment, last[0].id), [last[0].id]
    while mark is not None:
        page = inbox.page(person, question, 3, mark, backwards=True)
        fresh = [row.id for row in page.rows if row.id not in found]
        found, mark = fresh + found, page.before
    assert found == whole


def test_a_page_says_what_lies_before_and_behind_it(items):
    person = named("clerk.jiaotong")
    first = inbox.page(person, Question(), 3)
    assert first.before is None
    assert first.behind is not None
    second = inbox.page(person, Question(), 3, first.behind)
    assert second.before is not None
    back = inbox.page(person, Question(), 3, second.before, backwards=True)
    assert [row.id for row in back.rows] == [row.id for row in first.rows]
    assert back.before is None


@pytest.mark.parametrize("view", View)
def test_one_step_is_found_by_its_name(items, view):
    person = named("clerk.jiaotong")
    whole = inbox.page(person, Question(view), ALL).rows
    for step in {row.step for row in whole}:
        expected = [row.id for row in whole if row.step == step]
        assert keys(person, Question(view, step=step)) == expected
    assert keys(named("security.jiaotong"), Question(step="screen_demand")) == []


@pytest.mark.parametrize(
    "question", [{"kind": "listing"}, {"text": "客流"}, {"text": "100%"}, {"text": "空气_质"}, {"text": "xq-2020"}]
)
def test_kind_and_words_are_found_on_the_case(items, monkeypatch, question):
    person = named("clerk.jiaotong")
    whole = inbox.page(person, Question(), ALL).rows

    def meant(row) -> bool:
        if "kind" in question:
            return row.kind == question["kind"]
        return question["text"] in f"{row.title} {row.reference}".lower()

    expected = [row.id for row in whole if meant(row)]
    assert 0 < len(expected) < len(whole)
    assert keys(person, Question(**question)) == expected
    monkeypatch.setattr(walks, "MOST_EXAMINED", 4)
    walks.listed.cache_clear()
    assert everything(person, Question(**question), 3) == expected


def test_looking_is_broken_off_and_says_so(items, monkeypatch):
    monkeypatch.setattr(walks, "MOST_EXAMINED", 4)
    walks.listed.cache_clear()
    page = inbox.page(named("clerk.jiaotong"), Question(text="没有这样的标题"), 3)
    assert (list(page.rows), page.broken_off, page.behind is not None) == ([], True, True)


def test_a_reference_is_looked_up_whoever_else_waits(items, monkeypatch):
    monkeypatch.setattr(walks, "MOST_EXAMINED", 1)
    clerk, other = named("clerk.jiaotong"), named("security.jiaotong")
    for row in inbox.page(clerk, Question(), ALL).rows[:5]:
        assert row.id in keys(clerk, Question(text=row.reference.lower()))
        assert keys(other, Question(text=row.reference)) == []


@pytest.mark.parametrize("who", WHO)
def test_counts_are_those_of_the_lists(items, who):
    person = named(who)
    for view in View:
        counts = inbox.counts(person, Question(view))
        assert counts.views == {each: len(keys(person, Question(each))) for each in View}
        assert counts.tabs == {tab: len(keys(person, Question(view, tab))) for tab in Tab}
        assert counts.steps == {step: len(keys(person, Question(view, step=step))) for step in counts.steps}


def test_counting_stops(items, monkeypatch):
    monkeypatch.setattr(walks, "MOST_COUNTED", 2)
    walks.counted.cache_clear()
    assert inbox.counts(named("clerk.jiaotong"), Question()).views == dict.fromkeys(View, 2)


def test_a_person_of_very_many_offices_gets_the_same_list(items, monkeypatch):
    person = named("clerk.jiaotong")
    apart = [keys(person, Question(view, tab)) for view in View for tab in Tab]
    monkeypatch.setattr(inbox, "MOST_OFFICES", 0)
    assert [keys(person, Question(view, tab)) for view in View for tab in Tab] == apart


@pytest.mark.parametrize("who", ["clerk.jiaotong", "desk.hub"])
def test_what_is_listed_can_be_told_for_one_step(items, who):
    person = named(who)
    found = set(keys(person, Question()))
    for item in items:
        if item.state is WorkState.OPEN and not item.offered:
            assert inbox.is_listed(person, db.session.get_one(Case, item.case_id), item.step) == (item.id in found)


def test_every_question_is_answered_along_an_index(items):
    person = named("clerk.jiaotong")
    if db.engine.dialect.name == "postgresql":
        # Small tables are read whole unless that is forbidden.
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
    for view in View:
        for tab in Tab:
            for sort in Sort:
                for step in ("", "assess_demand"):
                    question = Question(view, tab, sort, step)
                    for statement, values in about_items(partial(inbox.page, person, question, 25)):
                        assert walked(statement, values), statement


def test_the_newest_are_found_in_their_index_alone(items):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL takes other ways where there is little to read")
    for view in (View.ALL, View.GROUP):
        for tab in Tab:
            action = partial(inbox.page, named("clerk.jiaotong"), Question(view, tab, Sort.NEWEST), 25)
            for statement, values in about_items(action):
                lines = [line for line in plan(statement, values) if "ix_work_item_newest" in line]
                assert lines, statement
                assert all("COVERING INDEX" in line for line in lines), lines


def about_items(action) -> list[tuple]:
    """Return the statements about work items that an action sends."""
    return [(statement, values) for statement, values in statements(action) if "work_item" in statement]


def walked(statement: str, values) -> bool:
    """Say whether no plan reads the work items whole."""
    lines = plan(statement, values)
    return bool(lines) and not any("SCAN work_item" in line or "Seq Scan on work_item" in line for line in lines)


def plan(statement: str, values) -> list[str]:
    """Return how the database would answer a statement, line by line."""
    explain = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    return [str(row) for row in db.session.connection().exec_driver_sql(explain + statement, values)]


def test_clocks_that_stand_still_are_told_with_the_day_they_stopped(walker):
    case = walker.at("clarify_demand")
    row = inbox.page(walker.person("citizen"), Question(View.MINE, text=case.reference), 5).rows[0]
    stopped = {clock.limit: clock.stopped_at for clock in inbox.clocks_of([row])}
    assert stopped["demand_screening"] is not None
    assert stopped["completion"] is None
    assert stopped["demand_screening"] < row.due_at + timedelta(days=1)
