"""Guards at the door of the service: forged and expired forms, too many attempts, and what browsers are told."""

import hashlib
import os
import stat
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import unquote_to_bytes

from flask import Flask, Response, current_app, g, make_response, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import BadRequest, Forbidden, NotFound, Unauthorized
from werkzeug.middleware.proxy_fix import ProxyFix

from workflow.tokens import READ, WRITE

API = "/api/"
FORM = "application/x-www-form-urlencoded"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Nothing is loaded from elsewhere, nothing runs or is styled that is not a file of ours, and no site may frame a page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
YEAR = 365 * 24 * 3600
# Where a program signs in; it has no token yet, and gets no session that another site could misuse.
SIGN_IN = "v1_tokens.create_token"
# Shorter answers in plain letters are keys, days and words of a list, quickly chosen again.
WORDY = 20

View = TypeVar("View", bound=Callable[..., Any])
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address, strategy="moving-window")


class FormExpired(BadRequest):
    """A form was sent without its proof of origin, or with one that is too old."""


class FormView(MethodView):
    """A page with a form whose text outlives the form's time.

    A subclass says in `expired` how the same form is shown again; it is never answered with an expired proof.
    """

    def dispatch_request(self, **places: Any) -> ResponseReturnValue:
        """Show the form again if its proof of origin does not hold, else do what was asked."""
        if request.method not in SAFE and not csrf_ok():
            response = make_response(self.expired(**places))
            response.status_code = 400
            return response
        return super().dispatch_request(**places)

    def expired(self, *_: Any, **places: Any) -> ResponseReturnValue:
        """Show the form again with what was written in it."""
        raise FormExpired()


def register(app: Flask) -> None:
    """Set up the guards."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf.init_app(app)
    limiter.init_app(app)
    if app.config["PROXIES"]:
        hops = app.config["PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.before_request(guard)
    app.after_request(tell_browser)
    app.url_defaults(name_version)
    app.jinja_env.globals.update(url_for=partial(address, {}))
    app.register_error_handler(FormExpired, show_expired)
    app.register_error_handler(RateLimitExceeded, show_too_many)


def limited(failures_only: bool = False) -> Callable[[View], View]:
    """Limit how often a form about accounts is sent, by network address and by the e-mail address in it.

    :param failures_only: count only what was refused, so that an office behind one network address can sign in
    """
    sent: dict[str, Any] = {"methods": ["POST"], "deduct_when": _refused if failures_only else None}
    by_place = limiter.limit(lambda: current_app.config["SIGN_IN_RATE"], **sent)
    by_email = limiter.limit(lambda: current_app.config["ACCOUNT_RATE"], key_func=_email, **sent)

    def guarded(view: View) -> View:
        return cast(View, by_place(by_email(view)))

    return guarded


def csrf_ok() -> bool:
    """Say whether the request comes from a form of ours whose time has not run out."""
    if not current_app.config["WTF_CSRF_ENABLED"] or g.get("token") is not None:
        return True
    try:
        csrf.protect()
    except CSRFError:
        return False
    return True


def guard() -> None:
    """Refuse what must not reach a page or the interface for programs.

    :raises Unauthorized: a program's token is not valid, or it wants to change something without one
    :raises NotFound: the address is none of ours
    :raises Forbidden: the token does not allow this
    :raises BadRequest: the form is no text, or the proof of origin is missing or too old; `FormExpired` where a page
        was to answer
    """
    of_program = request.path.startswith(API)
    # No address of ours holds this character, and one of the databases refuses to look for it.
    if "\x00" in request.path or (b"%00" in request.query_string and not of_program):
        raise NotFound()
    if of_program:
        _check_program()
    if request.method in SAFE or request.endpoint is None:
        return
    if request.mimetype == FORM:
        _check_text(request.get_data())
    view = getattr(current_app.view_functions[request.endpoint], "view_class", object)
    if issubclass(view, FormView) or request.endpoint == SIGN_IN or csrf_ok():
        return
    if request.path.startswith(API):
        raise BadRequest("A change asked for with a session needs the header X-CSRFToken.")
    raise FormExpired()


def tell_browser(response: Response) -> Response:
    """Add the headers that tell a browser what it may load, show and keep."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
    if request.endpoint == "static":
        asked_for = request.args.get("v")
        if asked_for and asked_for == version((request.view_args or {}).get("filename", "")):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        response.headers.setdefault("Cache-Control", "no-cache")
    elif "_user_id" in session:
        response.headers["Cache-Control"] = "private, no-store"
    else:
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def name_version(endpoint: str, values: dict[str, Any]) -> None:
    """Name in the address of a static file which version of it is meant, so that it may be kept for long."""
    if endpoint == "static" and "v" not in values and (found := version(values.get("filename", ""))):
        values["v"] = found


def version(filename: str) -> str:
    """Return a word that changes with the content of a static file; empty if there is no such file."""
    path = f"{current_app.static_folder}/{filename}"
    try:
        found = os.stat(path)  # noqa: PTH116 - a page asks a dozen times, and a Path takes its time
    except (OSError, ValueError):
        return ""
    return _hash(path, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else ""


def address(kept: dict[tuple[str, ...], str], endpoint: str, **values: Any) -> str:
    """Return an address for a page; those that are the same for everybody are put together once.

    :param kept: the addresses known so far
    """
    known: tuple[str, ...] = ()
    if endpoint == "static" and values.keys() == {"filename"}:
        known = values["filename"], version(values["filename"])
    elif values or endpoint.startswith("."):
        return url_for(endpoint, **values)
    key = request.script_root, endpoint, *known
    if key not in kept:
        kept[key] = url_for(endpoint, **values)
    return kept[key]


def show_expired(_: FormExpired) -> ResponseReturnValue:
    """Say that the form's time has run out, and give the person's own text back."""
    return give_back(page_of_form() or url_for("home"), signed_out=False)


def give_back(again: str, signed_out: bool) -> ResponseReturnValue:
    """Show a person the text of a form that could not be taken, so that it is not lost.

    :param again: the address at which to go on
    :param signed_out: whether the reason is that nobody is signed in any more
    """
    # Only our own pages get the text back; a form on another site must not write words into one of ours.
    ours = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    ours = ours and (request.referrer or request.host_url).startswith(request.host_url)
    texts = _texts() if ours else []
    return render_template("auth/expired.html", texts=texts, again=again, signed_out=signed_out), 400


def page_of_form() -> str:
    """Return the address of the page whose form was sent, empty if it has none of its own."""
    rule = request.url_rule
    return request.path if rule is not None and "GET" in (rule.methods or ()) else ""


def show_too_many(error: RateLimitExceeded) -> ResponseReturnValue:
    """Say that there were too many attempts and when to go on."""
    seconds = error.limit.limit.get_expiry()
    return render_template("auth/too_many.html", minutes=-(-seconds // 60)), 429, {"Retry-After": str(seconds)}


def _check_program() -> None:
    """Judge a request to the interface for programs by its token."""
    known = current_user.is_authenticated
    token = g.get("token")
    if token is None:
        if request.authorization is not None or not (request.method in SAFE or known or request.endpoint == SIGN_IN):
            raise Unauthorized()
    elif (READ if request.method in SAFE else WRITE) not in token.scopes:
        raise Forbidden()


def _check_text(form: bytes) -> None:
    """Refuse a form that is no text; what is not UTF-8 comes from no page of ours, and nobody could read it."""
    try:
        unquote_to_bytes(form).decode()
    except UnicodeDecodeError:
        raise BadRequest() from None


def _refused(response: Response) -> bool:
    return response.status_code >= 400


def _email() -> str:
    """Return the e-mail address in a form, so that attempts on one account are counted together."""
    return request.form.get("email", "").strip().casefold() or get_remote_address()


def _texts() -> list[str]:
    """Return what a person has written in a form: no secrets, none of the form's own marks, and nothing just chosen."""
    own = {"csrf_token", "nonce", "next", "current"}
    fields = [(name, value.strip()) for name, value in request.form.items(multi=True) if name not in own]
    return [value for name, value in fields if "password" not in name and (len(value) >= WORDY or not value.isascii())]


@lru_cache(maxsize=500)
def _hash(path: str, _changed: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]
