"""Downloads: whoever may, as long as they may, as much as they may; and every try is written down."""

import io
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models import Access, EntitlementState, Incident, db
from tests.grants import granted
from workflow import calendar, downloads, entitlements, resources

pytestmark = pytest.mark.usefixtures("context")
HEAD = "站点名称,空闲枪数,采集时间"
ROWS = [f"站点{number},{number},2026-01-{number % 28 + 1:02d}" for number in range(50)]
RULE = {"item": "空闲枪数", "is": "<", "value": "10"}


@pytest.fixture
def dataset(walker):
    dataset = walker.at("suspend_dataset").listing.dataset
    resources.load(dataset, io.BytesIO("\n".join([HEAD, *ROWS, ""]).encode()), None)
    return dataset


@pytest.fixture
def citizen(walker):
    return walker.person("citizen")


def take(entitlement, person, form="csv"):
    return b"".join(downloads.pieces(downloads.begin(entitlement, person, form)))


def refused(entitlement, person, why, form="csv"):
    with pytest.raises(why):
        downloads.begin(entitlement, person, form)
    line = log(entitlement)[-1]
    assert (line.kind, line.reason, line.user_id) == ("refused", why.__name__, person.id)


def log(entitlement):
    return list(
        db.session.scalars(db.select(Access).where(Access.entitlement_id == entitlement.id).order_by(Access.id))
    )


def test_what_was_agreed_leaves_and_two_lines_say_so(walker, dataset, citizen):
    made = granted(walker, dataset, items=["采集时间", "站点名称"], rows=[RULE], watermark=True)
    said = take(made, citizen).decode().splitlines()
    assert said[0] == "采集时间,站点名称,kaimen_entitlement"
    assert said[1:] == [f"2026-01-{n % 28 + 1:02d},站点{n},{made.reference}" for n in range(10)]
    begun, finished = log(made)
    assert (begun.kind, begun.rows, finished.kind, finished.rows) == ("begun", 10, "finished", 10)
    assert begun.download == finished.download != ""
    [line] = downloads.history(made)
    assert (line.outcome, line.rows, line.format, line.user) == ("finished", 10, "csv", citizen)


def test_only_the_people_whom_the_terms_name_take_data_out(walker, dataset, citizen):
    made = granted(walker, dataset)
    for word in ("clerk", "decider", "desk", "auditor", "reviewer"):
        refused(made, walker.person(word), downloads.NotNamed)
    named = [{"email": walker.person("stranger").email.upper()}]
    refused(granted(walker, dataset, walker.at("screen_demand"), people=named), citizen, downloads.NotNamed)


def test_where_the_terms_name_nobody_the_requester_is_meant(walker, dataset, citizen):
    made = granted(walker, dataset, people=[{"name": "某人", "email": ""}])
    refused(made, walker.person("clerk"), downloads.NotNamed)
    take(made, citizen)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (EntitlementState.PROVISIONING, downloads.NotYet),
        (EntitlementState.LIMITED, downloads.Paused),
        (EntitlementState.SUSPENDED, downloads.Paused),
        (EntitlementState.REVOKED, downloads.Closed),
        (EntitlementState.EXPIRED, downloads.Over),
    ],
)
def test_only_what_is_active_is_open(walker, dataset, citizen, state, why):
    made = granted(walker, dataset)
    made.state = state
    db.session.commit()
    refused(made, citizen, why)


def test_the_days_count_whether_or_not_the_sweep_has_passed(walker, dataset, citizen):
    today = calendar.today()
    day = lambda days: (today + timedelta(days=days)).isoformat()  # noqa: E731
    refused(granted(walker, dataset, starts_on=day(1)), citizen, downloads.NotYet)
    over = granted(walker, dataset, walker.at("screen_demand"), ends_on=day(-1), starts_on=day(-5))
    refused(over, citizen, downloads.Over)
    take(granted(walker, dataset, walker.at("withdraw_demand"), starts_on=day(0), ends_on=day(0)), citizen)


def test_data_agreed_for_another_mode_are_not_downloaded(walker, dataset, citizen):
    refused(granted(walker, dataset, mode="sandbox"), citizen, downloads.OtherMode)


def test_a_pause_holds_from_the_next_moment_on(walker, dataset, citizen):
    made = granted(walker, dataset)
    take(made, citizen)
    entitlements.suspend_dataset(dataset, "收到权益主张")
    db.session.commit()
    refused(made, citizen, downloads.Paused)
    entitlements.resume_dataset(dataset)
    db.session.commit()
    take(made, citizen)


def test_whoever_is_shut_out_meanwhile_gets_no_further_piece(walker, dataset, citizen, monkeypatch):
    monkeypatch.setattr(downloads, "EVERY", -1.0)
    made = granted(walker, dataset)
    sending = downloads.pieces(downloads.begin(made, citizen, "csv"))
    assert next(sending).decode().strip() == HEAD
    entitlements.suspend(made.case, "发现异常")
    db.session.commit()
    with pytest.raises(downloads.Interrupted):
        next(sending)
    [line] = downloads.history(made)
    assert (line.outcome, line.reason) == ("broken", "Interrupted")


def test_a_download_that_is_broken_off_is_written_down_and_counts(walker, dataset, citizen):
    made = granted(walker, dataset, quota={"downloads": 1})
    sending = downloads.pieces(downloads.begin(made, citizen, "csv"))
    next(sending)
    sending.close()
    [line] = downloads.history(made)
    assert (line.outcome, line.rows) == ("broken", 0)
    assert line.size > 0
    refused(made, citizen, downloads.UsedUp)


def test_downloads_and_rows_are_counted_by_the_month(walker, dataset, citizen):
    later = (calendar.today() + timedelta(days=62)).isoformat()
    made = granted(walker, dataset, rows=[RULE], quota={"downloads": 3, "rows": 25}, ends_on=later)
    take(made, citizen)
    take(made, citizen, "parquet")
    assert downloads.used(made, calendar.today()) == downloads.Used(2, 20)
    refused(made, citizen, downloads.UsedUp)
    following = calendar.local_day(downloads.month_ends(calendar.today()))
    assert downloads.used(made, following) == downloads.Used(0, 0)
    assert downloads.shut(made, citizen, following, 10) is None


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE access SET rows = 0",
        "UPDATE access SET user_id = NULL WHERE kind = 'begun'",
        "UPDATE access SET size = size + 1 WHERE kind = 'finished'",
        "DELETE FROM access WHERE kind = 'refused'",
        "DELETE FROM access",
    ],
)
def test_a_line_of_the_access_log_is_never_changed_or_removed(walker, dataset, citizen, tampering):
    made = granted(walker, dataset, quota={"downloads": 1})
    take(made, citizen)
    refused(made, citizen, downloads.UsedUp)
    before = downloads.history(made)
    with pytest.raises(DBAPIError, match="append only"):
        db.session.execute(text(tampering))
    db.session.rollback()
    assert downloads.history(made) == before


def test_the_access_log_cannot_be_emptied_at_once(walker, dataset, citizen):
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite empties a table by deleting its lines")
    take(granted(walker, dataset), citizen)
    with pytest.raises(DBAPIError, match="append only"):
        db.session.execute(text("TRUNCATE access"))
    db.session.rollback()


@pytest.mark.parametrize("ended", ["finished", "broken"])
def test_a_download_ends_once(walker, dataset, citizen, ended):
    made = granted(walker, dataset)
    begun = downloads.begin(made, citizen, "csv")
    b"".join(downloads.pieces(begun))
    with pytest.raises(IntegrityError):
        downloads.end(begun, ended, 0, 0, "")
    db.session.rollback()
    assert [line.outcome for line in downloads.history(made)] == ["finished"]


def test_a_refusal_takes_nothing_off_the_quota(walker, dataset, citizen):
    made = granted(walker, dataset, quota={"downloads": 1})
    refused(made, walker.person("clerk"), downloads.NotNamed)
    take(made, citizen)


def test_where_there_are_no_data_yet_the_page_says_so(walker, citizen):
    made = granted(walker, walker.at("amend_listing").listing.dataset)
    refused(made, citizen, downloads.NotLoaded)


def test_data_that_lack_what_was_agreed_are_not_sent_and_the_office_is_told(walker, dataset, citizen):
    made = granted(walker, dataset, rows=[{"item": "没有的列", "is": "=", "value": "1"}])
    refused(made, citizen, downloads.NotAsAgreed)
    refused(made, citizen, downloads.NotAsAgreed)
    [incident] = db.session.scalars(db.select(Incident))
    assert incident.case_id == made.case_id


def test_what_is_lost_from_the_store_is_not_sent_as_something_else(walker, dataset, citizen, tmp_path):
    made = granted(walker, dataset)
    for file in (tmp_path / "store").rglob("*"):
        if file.is_file():
            file.unlink()
    refused(made, citizen, downloads.NotAsAgreed)


def test_the_month_ends_with_the_month():
    assert downloads.month_ends(date(2026, 12, 5)) == calendar.day_start(date(2027, 1, 1))
    assert downloads.month_ends(date(2026, 1, 31)) == calendar.day_start(date(2026, 2, 1))
