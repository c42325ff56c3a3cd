"""Language: which one a reader gets, the sentences in it, and how days and moments are written.

Chinese is the language the service is written in, so a Chinese text is its own msgid and is translated into English;
titles of steps and refusals stand in the code as English sentences and are translated into Chinese. The catalogues are
compiled in memory when the service starts; `python -m api.sentences` brings them up to date.
"""

from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Blueprint, Flask, Response, g, has_request_context, redirect, request, url_for
from flask_babel import Babel, Domain, get_locale
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound

from models.base import SHANGHAI, local_day, now

LANGUAGES = ("zh", "en")
CATALOGUES = Path(__file__).parent / "translations"
COOKIE = "lang"
# Where programs ask.
PROGRAMS = "/api/"
YEAR = 365 * 24 * 3600


class Catalogues(Domain):
    """The sentences of both languages, read from their sources when the service starts."""

    def __init__(self) -> None:
        super().__init__(domain="messages")
        self.languages = {language: compiled(language) for language in LANGUAGES}

    def get_translations(self) -> NullTranslations:
        """Return the sentences of the reader's language."""
        locale = get_locale()
        return self.languages.get(locale.language if locale else LANGUAGES[0], self.languages[LANGUAGES[0]])


@cache
def compiled(language: str) -> Translations:
    """Return the catalogue of a language, compiled from its source."""
    with source(language).open("rb") as text:
        catalogue = read_po(text, locale=language)
    memory = BytesIO()
    write_mo(memory, catalogue)
    memory.seek(0)
    return Translations(memory)


def source(language: str) -> Path:
    """Return the file that holds the sentences of a language."""
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


def register(app: Flask) -> None:
    """Give the service its languages, and the templates their filters for days and moments."""
    babel = Babel()
    babel.init_app(app, default_locale=LANGUAGES[0], default_timezone=str(SHANGHAI), locale_selector=locale_for)
    babel.domain_instance = Catalogues()
    app.jinja_env.filters.update(day=day, moment=moment, iso=iso, called=called, spoken=spoken)
    app.jinja_env.globals.update(get_locale=get_locale)
    # A page asks for a hundred sentences, so templates ask the catalogue itself and not the extensions around it.
    app.jinja_env.globals.update(_=sentence)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda sentence: catalogue().gettext(sentence),
        lambda one, many, number: catalogue().ngettext(one, many, number),
        newstyle=True,
    )


def catalogue() -> NullTranslations:
    """Return the sentences of the reader's language, looked up once in a request."""
    if not has_request_context():
        return compiled(LANGUAGES[0])
    found: NullTranslations | None = g.get("catalogue")
    if found is None:
        locale = get_locale()
        found = g.catalogue = compiled(locale.language if locale else LANGUAGES[0])
    return found


def sentence(text: str, /, **variables: Any) -> Markup:
    """Return a sentence in the reader's language as HTML, with what it names made harmless."""
    found = Markup(catalogue().gettext(text))  # noqa: S704 - our own words, as jinja2.ext.i18n takes them
    return found % variables if "%" in found else found


def spoken(text: str) -> str:
    """Return a text that is kept as data, in the reader's language; where it is Chinese alone, the page says so."""
    # An empty sentence is the catalogue's own head.
    found = catalogue().gettext(text) if text else ""
    return Markup('<span lang="zh-CN">{}</span>').format(text) if text and found == text and _english() else found


def locale_for() -> str:
    """Return the reader's language: the one chosen here, the one of the account, the browser's, else Chinese.

    A program says which one it wants with each request.
    """
    if not has_request_context():
        return LANGUAGES[0]
    if request.path.startswith(PROGRAMS) and request.accept_languages:
        return request.accept_languages.best_match(LANGUAGES, LANGUAGES[0])
    chosen = request.cookies.get(COOKIE)
    if chosen not in LANGUAGES:
        chosen = _own_language()
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, LANGUAGES[0])


def say(text: str, language: str) -> str:
    """Return a sentence in a language, wherever no reader is present."""
    return compiled(language).gettext(text) if language in LANGUAGES else text


def blueprint() -> Blueprint:
    """Return the address at which a reader chooses the language."""
    language = Blueprint("language", __name__)

    @language.get("/language/<code>")
    def choose(code: str) -> Response:
        """Choose the language of the pages."""
        if code not in LANGUAGES:
            raise NotFound
        response = redirect(own_address(request.args.get("next", "")) or url_for("home"), 303)
        response.set_cookie(COOKIE, code, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure)
        return response  # type: ignore[return-value]

    return language


def own_address(address: str) -> str:
    """Return an address if it is a path of this service, and nothing if it leads elsewhere."""
    leads_here = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address.rstrip("?") if leads_here and address.isprintable() else ""


def day(value: date | datetime | None) -> str:
    """Write a day as people do: 11月26日（周四） or Thu 26 Nov, with the year only when it is not this one."""
    if value is None:
        return ""
    local = _local(value)
    this_year = local.year == now().astimezone(SHANGHAI).year
    if _english():
        return str(format_date(local, "EEE d MMM" if this_year else "EEE d MMM y", locale="en"))
    return str(format_date(local, "M月d日（EEE）" if this_year else "y年M月d日（EEE）", locale="zh"))


def called(place: Any, short: bool = True) -> str:
    """Return what an organisation is called in the reader's language."""
    own: str = place.label if short else place.name
    return (place.name_en or own) if _english() else own


def moment(value: datetime | None) -> str:
    """Write a moment as people do: 11月26日 14:03 or 26 Nov 14:03, with the year only when it is not this one."""
    if value is None:
        return ""
    local = value.astimezone(SHANGHAI)
    this_year = local.year == now().astimezone(SHANGHAI).year
    if _english():
        written = format_date(local, "d MMM" if this_year else "d MMM y", locale="en")
    else:
        written = format_date(local, "M月d日" if this_year else "y年M月d日", locale="zh")
    return f"{written} {local:%H:%M}"


def iso(value: date | datetime | None) -> str:
    """Write a day or moment for machines; moments in the time of Shanghai."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).isoformat(timespec="minutes")
    return value.isoformat()


def _local(value: date | datetime) -> date:
    return local_day(value) if isinstance(value, datetime) else value


def _english() -> bool:
    locale: Any = get_locale()
    return locale is not None and locale.language == "en"


def _own_language() -> str | None:
    """Return the language of the account; none for a stranger, or while the database cannot be asked.

    The page that says that the database is out of reach must still find its language.
    """
    try:
        return getattr(current_user, "language", None) if current_user else None
    except SQLAlchemyError:
        return None
