"""One's own account: name, language, password, sessions, and tokens for programs."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import fresh_login_required, login_required
from marshmallow import ValidationError

from api.account_forms import NewToken, PasswordChange, Profile
from api.auth import actor, enter
from api.forms import answered
from api.joining import bp
from api.language import COOKIE, YEAR
from api.security import limited
from models import User
from workflow import factors, people, tokens

# The pages of signing in and of opening an account are on the same blueprint; it is complete here.
__all__ = ["bp"]


@bp.get("/account")
@login_required
def account() -> ResponseReturnValue:
    """Show the account."""
    return _page()


@bp.post("/account")
@login_required
def describe() -> ResponseReturnValue:
    """Keep name and language."""
    try:
        answer = Profile().load(answered(request.form, Profile))
    except ValidationError as error:
        return _page("profile", error.normalized_messages()), 422
    people.describe(_person(), answer["name"], answer["language"])
    flash(gettext("已保存"), "done")
    response = redirect(url_for("auth.account"), 303)
    response.set_cookie(
        COOKIE, answer["language"], max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure
    )
    return response


@bp.post("/account/password")
@login_required
@limited(failures_only=True)
def change_password() -> ResponseReturnValue:
    """Change the password; this session goes on, every other ends."""
    person = _person()
    try:
        answer = PasswordChange().load(answered(request.form, PasswordChange))
        people.change_password(person, answer["current"], answer["password"])
    except ValidationError as error:
        return _page("password", error.normalized_messages()), 422
    enter(person)
    flash(gettext("密码已更换，其他设备上的登录已失效"), "done")
    return redirect(url_for("auth.account"), 303)


@bp.post("/account/sign-out-everywhere")
@fresh_login_required
def sign_out_everywhere() -> ResponseReturnValue:
    """End every session but this one."""
    person = _person()
    people.sign_out_everywhere(person)
    enter(person)
    flash(gettext("其他设备上的登录已失效"), "done")
    return redirect(url_for("auth.account"), 303)


@bp.post("/account/tokens")
@fresh_login_required
def create_token() -> ResponseReturnValue:
    """Make a token and show its secret, this once."""
    try:
        answer = NewToken().load(answered(request.form, NewToken))
        made, secret = tokens.create_token(_person(), answer["token_name"], answer["scopes"], answer["days"])
    except ValidationError as error:
        return _page("token", error.normalized_messages()), 422
    return _page(made=made, secret=secret)


@bp.post("/account/tokens/<int:number>/revoke")
@login_required
def revoke_token(number: int) -> ResponseReturnValue:
    """End a token."""
    tokens.revoke(_person(), number)
    flash(gettext("令牌已停用"), "done")
    return redirect(url_for("auth.account", _anchor="tokens"), 303)


def _person() -> User:
    """Return the person whose account this is; the views let nobody else in."""
    person = actor()
    if person is None:
        raise people.WrongPassword()
    return person


def _page(wrong: str = "", errors: dict[str, Any] | None = None, **made: Any) -> str:
    """Show the account.

    :param wrong: the form that was refused, which keeps what was written in it: profile, password or token
    :param errors: what is wrong with it
    :param made: a token just made, and its secret
    """
    person = _person()
    stored = {"name": person.name, "language": person.language}
    written = {**request.form, "scopes": request.form.getlist("scopes")}
    return render_template(
        "auth/account.html",
        user=person,
        forms={"profile": Profile, "password": PasswordChange, "token": NewToken},
        values={"profile": stored, "password": {}, "token": {"days": 90}} | ({wrong: written} if wrong else {}),
        wrong={wrong: errors},
        errors=errors,
        tokens=tokens.tokens_of(person),
        factor_on=factors.enrolled(person),
        scope_titles=tokens.SCOPE_TITLES,
        **made,
    )
