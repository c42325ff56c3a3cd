"""From an application to its first download, and what a pause, an end or a stranger changes about it."""

import csv
import io
from datetime import timedelta

import pytest

from models import EntitlementState, db
from tests.answers import PAUSED, USED
from workflow import calendar, downloads, entitlements, resources

pytestmark = pytest.mark.usefixtures("context")
ROWS = [f"2026-01-{day:02d},{line}号线,人民广场,{day},{line}" for day in range(1, 11) for line in (1, 2, 8)]


@pytest.fixture
def case(walker):
    """Return an application of the citizen's whose agreement is in force; the terms name the citizen."""
    today = calendar.today()
    named = {"name": "演示市民一", "role": "数据工程师", "employer": "上海示例科技有限公司"}
    wanted = {
        "people": [named | {"email": walker.person("citizen").email}],
        "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=60)).isoformat(),
    }
    entry = walker.dataset()
    resources.load(entry, io.BytesIO("\n".join([",".join(entry.items), *ROWS, ""]).encode("gb18030")), None)
    return walker.take(walker.application(entry, **wanted), USED[1:])


def take(case, person, form="csv"):
    [made] = entitlements.of(case)
    return b"".join(downloads.pieces(downloads.begin(made, person, form)))


def test_a_granted_application_leads_to_exactly_what_was_agreed(walker, case):
    [made] = entitlements.of(case)
    assert made.state is EntitlementState.ACTIVE
    rows = list(csv.DictReader(io.StringIO(take(case, walker.person("citizen")).decode(), newline="")))
    assert len(rows) == len(ROWS)
    assert set(rows[0]) - {"kaimen_entitlement"} == set(made.items) <= set(made.dataset.items)


def test_whoever_stops_the_access_stops_the_next_download(walker, case):
    citizen = walker.person("citizen")
    take(case, citizen)
    walker.take(case, [("suspend_access", "security", PAUSED)])
    with pytest.raises(downloads.Paused):
        take(case, citizen)
    walker.take(case, [("resume_access", "decider", {"reason": "经核实没有异常，恢复访问。"})])
    take(case, citizen)


def test_the_end_of_the_agreement_is_the_end_of_the_access(walker, case):
    walker.expire(case, "agreement_end")
    [made] = entitlements.of(case)
    db.session.refresh(made)
    assert made.state in entitlements.CLOSED
    with pytest.raises((downloads.Over, downloads.Closed)):
        take(case, walker.person("citizen"))
