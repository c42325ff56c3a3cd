"""The page about the interface for programs: whole, in both languages, and without scripts."""

import re
from html import unescape

import pytest

from api import create_app
from api.v1.problems import TABLE
from models import db
from tests.conftest import settings

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Return a client of a service that has nothing in it."""
    app = create_app(settings(tmp_path_factory.mktemp("docs"), ""))
    with app.app_context():
        db.create_all()
    return app.test_client()


@pytest.fixture(params=["zh", "en"])
def page(browser, request) -> str:
    """Return the page in each language."""
    response = browser.get("/api", headers={"Accept-Language": request.param})
    assert response.status_code == 200
    return unescape(response.get_data(as_text=True))


def test_every_operation_is_on_the_page(browser, page):
    for path, operations in browser.get("/api/v1/openapi.json").json["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                assert f"<code>{method.upper()} {path}</code>" in page
                assert f'id="op-{operation["operationId"]}"' in page


def test_every_link_inside_the_page_leads_somewhere(page):
    places = re.findall(r' id="([^"]+)"', page)
    assert len(places) == len(set(places))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(places)


def test_the_address_of_a_problem_leads_to_its_explanation(browser, page):
    for word in TABLE:
        response = browser.get(f"/api/problems/{word}")
        assert response.headers["Location"] == f"/api#problem-{word}"
        assert f'id="problem-{word}"' in page
    assert browser.get("/api/problems/wish").status_code == 404


def test_the_page_needs_neither_scripts_nor_styles_of_its_own(page):
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    assert not re.search(r"<script(?![^>]*src=)", page)


def test_operations_are_told_in_the_readers_language(browser):
    for language, chinese in (("zh", True), ("en", False)):
        page = unescape(browser.get("/api", headers={"Accept-Language": language}).get_data(as_text=True))
        titles = re.findall(r'<span class="km-strong">([^<]+)</span>', page)
        assert len(titles) > 40
        assert [title for title in titles if bool(CHINESE.search(title)) is not chinese] == []
