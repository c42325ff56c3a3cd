"""Every reader is served in one whole language, and days are written as people write them."""

from datetime import UTC, date, datetime

import pytest
from babel.messages.pofile import read_po
from flask import Flask, render_template_string
from flask_babel import gettext
from flask_login import LoginManager, UserMixin

from api import language, sentences

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.fixture
def app(monkeypatch):
    monkeypatch.setattr(language, "now", lambda: NOW)
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "test"
    app.add_url_rule("/", "home", lambda: "home")
    app.register_blueprint(language.blueprint())
    language.register(app)
    LoginManager(app).request_loader(lambda request: reader(request.headers.get("X-Own-Language")))
    return app


def reader(own):
    """Return a person whose account has a language of its own."""
    person = UserMixin() if own else None
    if person:
        person.language = own
    return person


@pytest.mark.parametrize("code", language.LANGUAGES)
def test_every_sentence_is_in_the_catalogue_with_a_certain_translation(code):
    wanted = {text for text in sentences.collected() if sentences.foreign(text, code)}
    with language.source(code).open("rb") as file:
        catalogue = read_po(file, locale=code)
    kept = {message.id for message in catalogue if message.id}
    assert {text if isinstance(text, str) else text[0] for text in wanted} <= {
        text if isinstance(text, str) else text[0] for text in kept
    }, "run `python -m api.sentences`, then translate what it names"
    assert [message.id for message in sentences.untranslated(catalogue)] == []


@pytest.mark.parametrize("code", language.LANGUAGES)
def test_a_translation_fills_in_what_the_sentence_fills_in(code):
    with language.source(code).open("rb") as file:
        catalogue = read_po(file, locale=code)
    assert [(message.id, str(fault)) for message in catalogue for fault in message.check(catalogue)] == []


def test_no_sentence_stands_in_the_wrong_catalogue():
    for code in language.LANGUAGES:
        with language.source(code).open("rb") as file:
            strangers = [m.id for m in read_po(file, locale=code) if m.id and not sentences.foreign(m.id, code)]
        assert strangers == []


@pytest.mark.parametrize(
    ("cookie", "own", "header", "expected"),
    [
        (None, None, None, "zh"),
        (None, None, "de, fr", "zh"),
        (None, None, "en-GB, en;q=0.9", "en"),
        (None, "zh", "en", "zh"),
        (None, "xx", "en", "en"),
        ("zh", "en", "en", "zh"),
        ("en", "zh", "zh-CN", "en"),
        ("xx", None, "en", "en"),
    ],
)
def test_the_choice_comes_before_the_account_and_the_account_before_the_browser(app, cookie, own, header, expected):
    headers = {"Accept-Language": header} if header else {}
    if own:
        headers["X-Own-Language"] = own
    if cookie:
        headers["Cookie"] = f"{language.COOKIE}={cookie}"
    with app.test_request_context("/", headers=headers):
        assert language.locale_for() == expected


def test_choosing_a_language_is_remembered_and_leads_back(app):
    answer = app.test_client().get("/language/en?next=/cases?page=2")
    assert (answer.status_code, answer.location) == (303, "/cases?page=2")
    assert "lang=en" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("code", ["de", "EN", "zh-CN"])
def test_a_language_the_service_does_not_speak_is_not_found(app, code):
    assert app.test_client().get(f"/language/{code}").status_code == 404


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "", "/a\nb"]
)
def test_nobody_is_led_to_another_site(app, address):
    assert language.own_address(address) == ""
    assert app.test_client().get("/language/en", query_string={"next": address}).location == "/"


def test_chinese_stays_as_written_and_english_is_translated(app):
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert gettext("登录") == "Sign in"
    with app.test_request_context("/"):
        assert gettext("登录") == "登录"
        assert gettext("There is nothing here, or it is not for you.") != "There is nothing here, or it is not for you."


def test_a_sentence_can_be_said_where_no_reader_is_present():
    assert language.say("登录", "en") == "Sign in"
    assert language.say("登录", "zh") == "登录"


# 23:30 in UTC is already the next morning in Shanghai.
LATE = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        (LATE, "11月26日（周四）", "Thu 26 Nov"),
        (date(2026, 11, 26), "11月26日（周四）", "Thu 26 Nov"),
        (date(2027, 3, 1), "2027年3月1日（周一）", "Mon 1 Mar 2027"),
        (None, "", ""),
    ],
)
def test_a_day_is_the_day_in_shanghai_with_its_weekday(app, value, chinese, english):
    with app.test_request_context("/"):
        assert language.day(value) == chinese
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert language.day(value) == english


def test_the_year_is_left_out_only_in_the_same_year_of_shanghai(app, monkeypatch):
    monkeypatch.setattr(language, "now", lambda: datetime(2026, 12, 31, 17, 0, tzinfo=UTC))
    with app.test_request_context("/"):
        assert language.day(date(2027, 1, 4)) == "1月4日（周一）"
        assert language.day(date(2026, 12, 31)) == "2026年12月31日（周四）"


def test_a_moment_has_hours_and_minutes(app):
    with app.test_request_context("/"):
        assert language.moment(LATE) == "11月26日 07:30"
        assert language.moment(LATE.replace(year=2025)) == "2025年11月26日 07:30"
        assert language.moment(None) == ""
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert language.moment(LATE) == "26 Nov 07:30"


def test_machines_read_the_time_of_shanghai():
    assert language.iso(LATE) == "2026-11-26T07:30+08:00"
    assert language.iso(date(2026, 11, 26)) == "2026-11-26"


def test_what_a_sentence_names_cannot_become_markup(app):
    with app.test_request_context("/"):
        said = render_template_string(
            '{{ _("最多 %(most)d 个字", most=3) }}{{ _("%(what)s<br>", what=name) }}', name="<b>"
        )
    assert said == "最多 3 个字&lt;b&gt;<br>"
