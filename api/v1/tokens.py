"""Tokens: sign a program in and out, and say for whom it acts."""

from typing import Any

from flask import current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_limiter.util import get_remote_address

from api import auth
from api.security import limiter
from api.v1 import schemas, shown
from api.v1.reading import Section, document, person
from models import N_, Token
from workflow import people, tokens
from workflow.errors import NotFound

section = Section("tokens", "/tokens", N_("令牌"))
account = Section("account", "/me", N_("本人"))

SIGN_IN = {"email": "name@example.cn", "password": "一句只有您知道的话", "scopes": ["read", "write"], "days": 30}


def by_email() -> str:
    """Return the e-mail address of a sign-in, so that attempts on one account are counted together."""
    said = document(request)
    email = said.get("email") if isinstance(said, dict) else None
    return email.strip().casefold()[:254] if isinstance(email, str) and email.strip() else get_remote_address()


def by_place(limit: str) -> str:
    """Return how often a setting lets sign-in be tried."""
    return str(current_app.config[limit])


@section.route("", methods=["POST"])
@limiter.limit(lambda: by_place("SIGN_IN_RATE"))
@limiter.limit(lambda: by_place("ACCOUNT_RATE"), key_func=by_email)
@section.arguments(schemas.NewToken, example=SIGN_IN)
@section.response(201, schemas.TokenMade)
def create_token(sent: dict[str, Any]) -> dict[str, Any]:
    """Sign in and get a token.

    Send it with every request as `Authorization: Bearer …`. A token with the scope `read` reads what you may read; one
    with the scope `write` acts in your name.
    """
    user = people.sign_in(sent["email"], sent["password"])
    made, secret = tokens.create_token(user, sent["name"], sent["scopes"], sent["days"])
    return facts(made) | {"token": secret, "token_type": "Bearer"}


@section.route("/current", methods=["DELETE"])
@section.response(204)
def revoke_token() -> ResponseReturnValue:
    """End the token of this request."""
    someone, token = person(), auth.token()
    if token is None:
        raise NotFound()
    tokens.revoke(someone, token.id)
    return "", 204


@account.route("", methods=["GET"])
@account.response(200, schemas.Account)
def show_account() -> dict[str, Any]:
    """Say who you are, and in which roles you act."""
    someone, token = person(), auth.token()
    held = [one for one in someone.memberships if (one.role, one.organisation_id) in someone.offices]
    return {
        "name": someone.name,
        "email": someone.email,
        "language": someone.language,
        "offices": [
            {"role": one.role.value, "title": gettext(one.role.title), "organisation": shown.body(one.organisation)}
            for one in held
        ],
        "token": facts(token) if token else None,
    }


def facts(token: Token) -> dict[str, Any]:
    """Return a token without its secret."""
    return {"name": token.name, "scopes": token.scopes, "expires_at": token.expires_at}
