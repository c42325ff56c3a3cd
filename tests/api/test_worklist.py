"""The page of the work list: what it shows to whom, what its addresses keep, and how steps are taken."""

import csv
import io
import re
from itertools import chain

import pytest

from api import spreadsheets, work_csv, worklist
from models import Case, Event, EventKind, Membership, User, WorkItem, WorkState, db
from tests.many_steps import crowd
from tests.statements import statements
from workflow import casework


@pytest.fixture
def asked(app, walker) -> str:
    """Return the reference of a demand that waits for the clerks of the transport commission."""
    with app.app_context():
        return walker.at("assess_demand").reference


@pytest.fixture
def many(app) -> None:
    """Add many steps to the database."""
    with app.app_context():
        crowd()


def send(client, path, page="/work", **form):
    """Send a form of a page as a browser does."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    return client.post(path, data={"csrf_token": token[1], **form})


def holder_of(app, reference, step="assess_demand") -> str | None:
    with app.app_context():
        case = db.session.scalar(db.select(Case).where(Case.reference == reference))
        item = next(item for item in case.work if item.step == step and item.state is WorkState.OPEN)
        return item.holder.email if item.holder else None


def user_of(email) -> User:
    return db.session.scalar(db.select(User).where(User.email == email))


def second_clerk(app, people) -> str:
    """Give the transport commission's reviewer the clerk's role as well, and return their address."""
    with app.app_context():
        reviewer, clerk = (user_of(email) for email in (people.reviewer, people.clerk))
        held = clerk.memberships[0]
        db.session.add(Membership(user=reviewer, organisation=held.organisation, role=held.role))
        db.session.commit()
    return people.reviewer


def test_a_stranger_is_sent_to_sign_in(app):
    answer = app.test_client().get("/work?due=overdue")
    assert answer.status_code == 303
    assert "/sign-in?next=" in answer.location


def test_the_list_shows_the_case_and_not_who_asks(app, asked, people, client_of):
    with app.app_context():
        citizen = db.session.scalar(db.select(User).where(User.email == people.citizen)).name
    page = client_of(people.clerk).get("/work").text
    assert asked in page
    assert "申请人（个人）" in page
    assert "评估" in page
    assert citizen not in page
    assert people.citizen not in page


@pytest.mark.parametrize("who", ["other_clerk", "decider", "steward", "stranger"])
def test_a_step_of_others_is_not_shown(asked, people, client_of, who):
    assert asked not in client_of(getattr(people, who)).get("/work").text


def test_an_empty_list_says_so(people, client_of):
    page = client_of(people.auditor).get("/work").text
    assert "没有待办" in page
    assert "<table" not in page


def test_an_empty_hand_points_to_what_is_free(asked, people, client_of):
    page = client_of(people.clerk).get("/work?view=mine").text
    assert "您手里没有待办" in page
    assert "view=group" in page


def test_filters_that_find_nothing_can_be_taken_off(asked, people, client_of):
    page = client_of(people.clerk).get("/work?q=没有这样的标题&due=overdue").text
    assert "没有符合条件的待办" in page
    assert "去掉全部筛选" in page


def test_every_filter_stays_in_the_address(many, people, client_of):
    page = client_of(people.clerk).get("/work?view=all&due=in_time&sort=newest&kind=demand&q=2020").text
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/work\?[^"]+)"', page)]
    tabs = [link for link in links if "due=overdue" in link]
    assert tabs
    assert all(part in tabs[0] for part in ("sort=newest", "kind=demand", "q=2020"))
    assert 'value="2020"' in page
    assert 'aria-sort="descending"' in page


NONSENSE = ["view=x", "due=x", "step=x", "kind=x", "sort=x", "after=x", "after=r.x.y", "before=u..%C3%A9", "q=%20"]


@pytest.mark.parametrize("query", NONSENSE)
def test_an_address_that_makes_no_sense_is_read_as_far_as_it_does(asked, people, client_of, query):
    answer = client_of(people.clerk).get(f"/work?{query}")
    assert answer.status_code == 200
    assert asked in answer.text


def test_pages_can_be_turned_on_and_back(app, many, people, client_of, monkeypatch):
    monkeypatch.setattr(worklist, "PAGE", 4)
    client = client_of(people.clerk)
    address, seen = "/work", []
    while address:
        page = client.get(address).text
        seen.append(re.findall(r'<tr id="w-(\w+)"', page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        back = re.search(r'rel="prev" href="([^"]+)"', page)
        assert (back is None) == (len(seen) == 1)
        address = following[1].replace("&amp;", "&") if following else None
    assert len(seen) > 3
    met = list(chain.from_iterable(seen))
    assert len(met) == len(set(met))
    before = client.get(back[1].replace("&amp;", "&")).text
    assert re.findall(r'<tr id="w-(\w+)"', before) == seen[-2]


def test_a_step_is_taken_and_given_back(app, asked, people, client_of):
    client, here = client_of(people.clerk), "/work?sort=newest"
    answer = send(client, f"/work/{asked}/assess_demand/claim", next=here)
    assert answer.status_code == 303
    assert answer.location.startswith(here + "#w-")
    assert holder_of(app, asked) == people.clerk
    assert f"已认领 {asked}" in client.get(here).text
    assert asked in client.get("/work?view=mine").text
    send(client, f"/work/{asked}/assess_demand/release", next=here)
    assert holder_of(app, asked) is None


def test_nothing_is_taken_without_proof_of_origin(app, asked, people, client_of):
    assert client_of(people.clerk).post(f"/work/{asked}/assess_demand/claim").status_code == 400
    assert client_of(people.clerk).post("/work/claim", data={"item": f"{asked}/assess_demand"}).status_code == 400
    assert holder_of(app, asked) is None


@pytest.mark.parametrize("who", ["other_clerk", "decider", "stranger", "citizen", "auditor"])
def test_nobody_takes_what_is_not_on_their_list(app, asked, people, client_of, who):
    client = client_of(getattr(people, who))
    for form in ({}, {"take_over": "1"}):
        assert send(client, f"/work/{asked}/assess_demand/claim", page="/account", **form).status_code == 303
        assert holder_of(app, asked) is None
    assert client.get(f"/work/{asked}/assess_demand/take-over").status_code in (403, 404)


def test_a_requesters_step_is_not_taken_over_even_by_staff_of_a_party(app, walker, people, client_of):
    with app.app_context():
        reference = walker.at("clarify_demand").reference
        desk = db.session.scalar(db.select(User).where(User.email == people.desk))
        member = db.session.scalar(db.select(User).where(User.email.like("requester%"))).memberships[0]
        db.session.add(Membership(user=desk, organisation=member.organisation, role=member.role))
        db.session.commit()
    send(client_of(people.desk), f"/work/{reference}/clarify_demand/claim", page="/account", take_over="1")
    assert holder_of(app, reference, "clarify_demand") == people.citizen


def test_a_colleagues_step_is_seen_and_taken_over_only_after_confirming(app, asked, people, client_of):
    colleague = second_clerk(app, people)
    send(client_of(people.clerk), f"/work/{asked}/assess_demand/claim")
    client = client_of(colleague)
    page = client.get("/work").text
    assert f"/work/{asked}/assess_demand/take-over" in page
    assert f'formaction="/work/{asked}/assess_demand/claim"' not in page
    assert asked not in client.get("/work?view=group").text
    refused = send(client, f"/work/{asked}/assess_demand/claim", page="/account")
    assert refused.status_code == 303
    assert holder_of(app, asked) == people.clerk
    asking = f"/work/{asked}/assess_demand/take-over?next=/work?view=all"
    assert 'name="take_over"' in client.get(asking).text
    send(client, f"/work/{asked}/assess_demand/claim", page=asking, take_over="1")
    assert holder_of(app, asked) == colleague
    with app.app_context():
        line = db.session.scalars(db.select(Event).where(Event.kind == EventKind.CLAIMED).order_by(Event.id)).all()[-1]
        assert line.actor.email == colleague
        assert line.data["from"] is not None


def test_several_are_taken_at_once_and_the_others_are_explained(app, walker, people, client_of):
    with app.app_context():
        free, gone, foreign = (walker.at("assess_demand").reference for _ in range(3))
        case = db.session.scalar(db.select(Case).where(Case.reference == gone))
        answer = {"assessment": "not_ours", "remark": "不属于本单位职责，请另行转送。"}
        casework.submit(case, "assess_demand", answer, actor=walker.person("clerk"))
    keys = [f"{free}/assess_demand", f"{gone}/assess_demand", f"{foreign}/screen_demand", "XQ-1999-000001/x", "?"]
    client = client_of(people.clerk)
    answer = send(client, "/work/claim", item=keys, next="/work?due=in_time")
    assert answer.location == "/work?due=in_time"
    page = client.get("/work").text
    assert "勾选 5 件，认领了 1 件" in page
    assert gone in page
    assert "没有认领" in page
    assert holder_of(app, free) == people.clerk
    assert holder_of(app, foreign) is None


def test_choosing_nothing_is_said(people, client_of, asked):
    client = client_of(people.clerk)
    send(client, "/work/claim")
    assert "没有勾选任何办件" in client.get("/work").text


def test_a_form_leads_back_to_this_service_alone(asked, people, client_of):
    answer = send(client_of(people.clerk), f"/work/{asked}/assess_demand/claim", next="https://elsewhere.example/")
    assert answer.location.startswith("/work#w-")


def test_the_table_holds_the_rows_of_the_view_and_no_formulas(app, many, people, client_of, monkeypatch):
    monkeypatch.setattr(work_csv, "AT_ONCE", 3)
    with app.app_context():
        db.session.execute(db.update(Case).values(title="=1+1"))
        db.session.commit()
    client = client_of(people.clerk)
    answer = client.get("/work/export.csv?due=in_time")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.text.startswith("\ufeff")
    head, *rows = csv.reader(io.StringIO(answer.text[1:]))
    listed = re.findall(r'value="([^"]+)/[^"]+" form="km-take"', client.get("/work?due=in_time").text)
    assert set(listed) <= {row[0] for row in rows}
    assert len(rows) > 3
    assert all(row[1] == "'=1+1" for row in rows)
    assert len(head) == len(rows[0])


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\ta", "\ra", "  =1", "＝1"])
def test_a_cell_that_would_run_is_made_harmless(cell):
    assert spreadsheets.harmless(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "XQ-2026-000001", "1=1", "公交"])
def test_a_harmless_cell_is_left_alone(cell):
    assert spreadsheets.harmless(cell) == cell


def test_the_number_of_questions_does_not_grow_with_the_rows(app, many, people, client_of, monkeypatch):
    client, numbers = client_of(people.clerk), []
    for size in (2, 20):
        monkeypatch.setattr(worklist, "PAGE", size)
        client.get("/work")
        with app.app_context():
            numbers.append(len(statements(lambda: client.get("/work"))))
    # A page that the steps with a day do not fill asks for those without as well.
    assert numbers[1] <= numbers[0] + 1 < 12


def test_items_are_taken_in_transactions_of_their_own(app, walker, people, client_of, monkeypatch):
    """What was taken stays taken when a later step of the selection is refused."""
    with app.app_context():
        one, two = (walker.at("assess_demand").reference for _ in range(2))
        of_two = db.select(WorkItem).join(Case).where(Case.reference == two, WorkItem.step == "assess_demand")
        held = db.session.scalar(of_two)
        held.holder = walker.person("other_clerk")
        db.session.commit()
    client = client_of(people.clerk)
    send(client, "/work/claim", item=[f"{one}/assess_demand", f"{two}/assess_demand"])
    assert holder_of(app, one) == people.clerk
    assert holder_of(app, two) == people.other_clerk
