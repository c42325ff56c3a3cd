"""The notice of limits and the calendar: everybody reads them, the steward alone changes them."""

import re
from datetime import date, timedelta

import pytest

from models import Correction, Holiday, Limit, db
from workflow import calendar

GOOD = {"days": "7", "unit": "working", "extension": "0", "basis": "平台规则：试行"}
OFF = {"kind": "off", "name": "特别假日", "reason": "市政府通告第9号"}


def send(client, path, page=None, **form):
    """Send a form from one of our pages."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page or path).text)[1]
    return client.post(path, data={"csrf_token": token, **form})


def counts(app) -> list[int]:
    """Return how many rows register and calendar hold."""
    with app.app_context():
        tables = (Limit, Holiday, Correction)
        return [db.session.scalar(db.select(db.func.count()).select_from(table)) for table in tables]


@pytest.fixture
def ahead(app) -> str:
    """Return a weekday next year, as a form sends it."""
    day = date(calendar.today().year + 1, 6, 1)
    return (day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)).isoformat()


def test_everybody_reads_the_limits_and_the_calendar_but_finds_no_form(app, people, client_of):
    for client in (app.test_client(), client_of(people.clerk), client_of(people.auditor)):
        for path in ("/limits", "/limits/decision", "/calendar", "/calendar?year=2026"):
            page = client.get(path)
            assert page.status_code == 200
            assert "km-form" not in page.text
    assert client_of(people.steward).get("/limits/decision").text.count("km-form") == 1
    assert client_of(people.steward).get("/calendar").text.count("km-form") == 1


def test_nobody_but_the_steward_changes_them(app, people, client_of, ahead):
    before = counts(app)
    for who in (people.citizen, people.clerk, people.auditor, people.desk):
        client = client_of(who)
        assert send(client, "/limits/decision", "/account", **GOOD, since=ahead).status_code == 404
        assert send(client, "/calendar", "/account", **OFF, day=ahead).status_code == 404
    assert counts(app) == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"since": "2020-01-01"}, "since"),
        ({"since": ""}, "since"),
        ({"days": "0"}, "days"),
        ({"days": "viele"}, "days"),
        ({"unit": "hours"}, "unit"),
        ({"extension": "-1"}, "extension"),
        ({"basis": "无"}, "basis"),
    ],
)
def test_a_faulty_version_names_the_field_and_keeps_what_was_written(app, people, client_of, ahead, change, field):
    before = counts(app)
    page = send(client_of(people.steward), "/limits/decision", **{**GOOD, "since": ahead, **change})
    assert page.status_code == 422
    assert re.search(rf'<[^>]*name="{field}"[^>]*aria-invalid="true"|href="#f-{field}"', page.text)
    assert change.get("basis", GOOD["basis"]) in page.text
    assert counts(app) == before


def test_a_version_still_to_come_stands_beside_the_one_in_force(app, people, client_of, ahead):
    steward = client_of(people.steward)
    assert send(steward, "/limits/decision", **GOOD, since=ahead).status_code == 303
    notice = app.test_client().get("/limits").text
    assert "15 个工作日" in notice
    assert "7 个工作日" in notice
    page = app.test_client().get("/limits/decision").text
    assert page.index("尚未施行") < page.index("施行中")
    # The public reads that the steward entered it; who that was is told to the offices that answer for it.
    with app.app_context():
        row = db.session.scalar(db.select(Limit).where(Limit.entered_by_id.is_not(None)))
        name = row.entered_by.name
        assert row.entered_by.email == people.steward
    assert name not in page
    assert name in client_of(people.auditor).get("/limits/decision").text


def test_a_day_set_otherwise_is_shown_to_everybody_with_its_reason(app, people, client_of, ahead):
    steward, year = client_of(people.steward), ahead[:4]
    for change, field in ({"reason": ""}, "reason"), ({"day": "2020-01-01"}, "day"), ({"kind": "worked"}, "kind"):
        page = send(steward, "/calendar", **{**OFF, "day": ahead, **change})
        assert page.status_code == 422
        assert f'href="#f-{field}"' in page.text
    before = counts(app)
    assert send(steward, "/calendar", **OFF, day=ahead, provisional="true").status_code == 303
    assert counts(app) == [before[0], before[1] + 1, before[2] + 1]
    page = app.test_client().get(f"/calendar?year={year}").text
    assert "特别假日" in page
    assert "市政府通告第9号" in page
    assert "暂定" in page


def test_a_year_that_is_not_kept_is_not_found_and_what_is_no_year_is_this_one(app):
    client, year = app.test_client(), calendar.today().year
    assert client.get("/calendar?year=1999").status_code == 404
    assert client.get(f"/calendar?year={year + 3}").status_code == 404
    assert client.get("/limits/grace").status_code == 404
    assert f"{year} 年工作日历" in client.get("/calendar?year=soon").text


def test_programs_read_the_same(app, people, client_of, ahead):
    send(client_of(people.steward), "/limits/decision", **GOOD, since=ahead)
    client = app.test_client()
    listed = {one["name"]: one for one in client.get("/api/v1/limits").json["items"]}
    found = [(each["since"], each["days"], each["in_force"]) for each in listed["decision"]["versions"]]
    assert found == [(ahead, 7, False), ("2019-10-01", 15, True)]
    year = client.get("/api/v1/calendar/2026").json
    days = {each["day"]: each for each in year["days"]}
    assert days["2026-10-01"] == {"day": "2026-10-01", "working": False, "name": "国庆节", "provisional": False}
    assert days["2026-10-10"]["working"] is True
    assert year["provisional"] is False
    assert client.get("/api/v1/calendar/1999").status_code == 404
    english = client.get("/api/v1/calendar/2026", headers={"Accept-Language": "en"}).json
    assert {each["name"] for each in english["days"] if each["day"] == "2026-10-01"} == {"National Day"}
