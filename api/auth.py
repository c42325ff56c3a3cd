"""Sign in and out, and who is asking: a person by session on every page, a program by token under /api/ alone."""

from typing import Any

from flask import Blueprint, Flask, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import AnonymousUserMixin, LoginManager, current_user, login_fresh, login_user, logout_user
from marshmallow import ValidationError
from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import Unauthorized

from api.account_forms import EXPIRED, SignIn
from api.forms import answered
from api.language import own_address
from api.security import API, SAFE, FormView, give_back, limited, page_of_form
from models import N_, Token, User, db
from workflow import people, tokens
from workflow.links import Links

bp = Blueprint("auth", __name__)
# Each request asks for its person with the offices they hold.
PERSON = select(User).where(User.id == bindparam("key")).options(joinedload(User.memberships))


class Nobody(AnonymousUserMixin):
    """Whoever has not signed in: holds no role, and has no name."""

    name = ""
    language = None
    roles: frozenset[str] = frozenset()
    is_staff = False


def register(app: Flask) -> None:
    """Teach the service to recognise people and programs."""
    login = LoginManager()
    login.anonymous_user = Nobody
    login.session_protection = "basic"
    login.user_loader(from_session)
    login.request_loader(from_token)
    login.unauthorized_handler(sign_in_first)
    login.needs_refresh_handler(sign_in_again)
    login.init_app(app)


def actor() -> User | None:
    """Return the person who is asking, as the object itself and not a stand-in for it; none before signing in."""
    person = current_user._get_current_object()
    return person if isinstance(person, User) else None


def links() -> Links:
    """Return the maker of the links in letters."""
    return Links(current_app.config["SECRET_KEY"], current_app.config["PUBLIC_URL"])


def from_session(key: str) -> User | None:
    """Return the person of a session, unless the password has changed or the account was closed since.

    Under /api/ a request that brings a token is judged by the token alone.
    """
    if _bearer() is not None:
        return None
    number, _, epoch = key.partition(".")
    user = db.session.scalars(PERSON, {"key": int(number)}).unique().one_or_none() if number.isdigit() else None
    return user if user and user.is_active and str(user.epoch) == epoch else None


def from_token(_: Any) -> User | None:
    """Return the person for whom a program asks."""
    secret = _bearer()
    g.token = tokens.token_for(secret) if secret else None
    return g.token.user if g.token else None


def token() -> Token | None:
    """Return the token with which a program has signed in, or none where a person asks."""
    actor()
    found = g.get("token")
    return found if isinstance(found, Token) else None


def sign_in_first() -> ResponseReturnValue:
    """Send a person to the sign-in page and back to where they were, with their text if they sent one.

    :raises Unauthorized: it is a program, which needs a token
    """
    if request.path.startswith(API):
        raise Unauthorized()
    if request.method not in SAFE:
        return give_back(url_for("auth.sign_in", next=page_of_form() or None), signed_out=True)
    return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")), 303)


def sign_in_again() -> ResponseReturnValue:
    """Ask whoever comes from another browser or network than before for the password; a stolen session ends here."""
    flash(gettext("您换了浏览器或网络，请再登录一次"), "action")
    return redirect(url_for("auth.sign_in", next=url_for("auth.account")), 303)


def enter(user: User) -> None:
    """Begin a session; nothing of the one before it remains, whoever began that."""
    session.clear()
    session.permanent = True
    login_user(user)


class SignInPage(FormView):
    """The page at which a person signs in with address and password."""

    decorators = [limited(failures_only=True)]

    def get(self) -> ResponseReturnValue:
        """Show the form, unless the person has signed in already."""
        return redirect(_onward(), 303) if actor() and login_fresh() else self.form()

    def post(self) -> ResponseReturnValue:
        """Sign in, and go on to where the person wanted to go."""
        try:
            answer = SignIn().load(answered(request.form, SignIn))
            user = people.sign_in(answer["email"], answer["password"])
        except ValidationError as error:
            return self.form(error.normalized_messages()), 422
        except people.NotConfirmed:
            return self.form(unconfirmed=True), 403
        except people.WrongPassword:
            return self.form({"form": [N_("邮箱或密码不对。忘记密码时，可以用邮箱重设")]}), 422
        enter(user)
        return redirect(_onward(), 303)

    def expired(self) -> ResponseReturnValue:
        """Show the form again; the password has to be typed once more."""
        return self.form({"form": [EXPIRED]})

    @staticmethod
    def form(errors: dict[str, Any] | None = None, unconfirmed: bool = False) -> str:
        """Show the form, with what is wrong."""
        email = request.values.get("email", "")
        onward = own_address(request.values.get("next", ""))
        return render_template(
            "auth/sign_in.html",
            schema=SignIn,
            values={"email": email},
            errors=errors,
            unconfirmed=email if unconfirmed else "",
            next=onward,
        )


bp.add_url_rule("/sign-in", view_func=SignInPage.as_view("sign_in"))


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Sign out on this device."""
    logout_user()
    session.clear()
    flash(gettext("已退出登录"), "done")
    return redirect(url_for("auth.sign_in"), 303)


def _onward() -> str:
    """Return where a person wanted to go; never to another site."""
    return own_address(request.values.get("next", "")) or url_for("home")


def _bearer() -> str | None:
    """Return the token a program has sent, empty if it is not a token; none where tokens are not read."""
    header = request.authorization
    if not request.path.startswith(API) or header is None:
        return None
    return (header.token or "") if header.type == "bearer" else ""
