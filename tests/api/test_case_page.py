"""The page of a case that has grown long: it stays short, and whoever wants the whole history asks for it."""

from types import SimpleNamespace

import pytest

from workflow import casework
from workflow.history import LATEST

TIMES = LATEST // 2 + 3


@pytest.fixture
def case(app, walker) -> SimpleNamespace:
    """Return the reference and the length of a demand whose screening has been taken and given back many times."""
    with app.app_context():
        case, desk = walker.at("screen_demand"), walker.person("desk")
        for _ in range(TIMES):
            casework.claim(case, "screen_demand", actor=desk)
            casework.release(case, "screen_demand", actor=desk)
        return SimpleNamespace(reference=case.reference, journal_length=case.journal_length)


def shown(page: str) -> int:
    """Return how many lines of the history a page shows."""
    history = page[page.index('id="history-t"') :]
    return history[: history.index("</ol>")].count('<time class="when"')


def test_the_page_shows_the_latest_lines_and_leads_to_all_of_them(case, people, client_of):
    client, path = client_of(people.desk), f"/cases/{case.reference}"
    page = client.get(path).text
    assert shown(page) == LATEST
    assert f"{path}?history=all#history-t" in page
    whole = client.get(f"{path}?history=all").text
    assert shown(whole) == case.journal_length > LATEST
    assert "history=all#" not in whole


def test_what_has_been_done_stays_on_the_way_of_the_case_though_its_line_is_an_old_one(case, people, client_of):
    page = client_of(people.desk).get(f"/cases/{case.reference}").text
    way = page[page.index('id="path-t"') :]
    assert "提交需求" in way[: way.index("</section>")]


def test_a_short_history_leads_nowhere(app, walker, people, client_of):
    with app.app_context():
        reference = walker.at("screen_demand").reference
    assert "history=all" not in client_of(people.desk).get(f"/cases/{reference}").text
