"""Open an account, prove its address, and set a forgotten password: what can be done before signing in.

What these pages answer never tells whether an address has an account.
"""

from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from marshmallow import ValidationError

from api.account_forms import EXPIRED, Address, NewPassword, SignUp
from api.auth import bp, enter, links
from api.forms import answered
from api.security import FormView, limited
from workflow import people
from workflow.links import CONFIRM, HOURS, RESET, LinkExpired

# The pages of the account go on with the blueprint of signing in.
__all__ = ["bp"]

SENT_TO = "sent_to"


class SignUpPage(FormView):
    """The page at which an account is opened."""

    decorators = [limited()]

    def get(self) -> ResponseReturnValue:
        """Show the form."""
        return self.form()

    def post(self) -> ResponseReturnValue:
        """Open an account and send a letter to its address."""
        try:
            answer = SignUp().load(answered(request.form, SignUp))
            people.sign_up(**answer, language=str(get_locale()), links=links())
        except ValidationError as error:
            return self.form(error.normalized_messages()), 422
        return _sent(answer["email"], "confirm")

    def expired(self) -> ResponseReturnValue:
        """Show the form again."""
        return self.form({"form": [EXPIRED]})

    @staticmethod
    def form(errors: dict[str, Any] | None = None) -> str:
        """Show the form, with what was written and what is wrong."""
        return render_template("auth/sign_up.html", schema=SignUp, values=request.form, errors=errors)


class ForgotPage(FormView):
    """The page at which a letter for setting another password is asked for."""

    decorators = [limited()]

    def get(self) -> ResponseReturnValue:
        """Show the form."""
        return self.form()

    def post(self) -> ResponseReturnValue:
        """Send the letter, if there is such an account."""
        try:
            answer = Address().load(answered(request.form, Address))
            email = people.address(answer["email"])
        except ValidationError as error:
            return self.form(error.normalized_messages()), 422
        people.ask_reset(email, links())
        return _sent(email, "reset")

    def expired(self) -> ResponseReturnValue:
        """Show the form again."""
        return self.form({"form": [EXPIRED]})

    @staticmethod
    def form(errors: dict[str, Any] | None = None) -> str:
        """Show the form, with what was written and what is wrong."""
        return render_template("auth/forgot.html", schema=Address, values=request.values, errors=errors)


class ResetPage(FormView):
    """The page behind the link of a letter, at which another password is set."""

    def get(self, token: str) -> ResponseReturnValue:
        """Show the form, if the link is valid."""
        return self.form(token)

    def post(self, token: str) -> ResponseReturnValue:
        """Set the password and sign in."""
        try:
            answer = NewPassword().load(answered(request.form, NewPassword))
            user = people.reset(token, answer["password"], links())
        except ValidationError as error:
            return self.form(token, error.normalized_messages(), 422)
        except (LinkExpired, people.Superseded):
            return _useless(RESET)
        enter(user)
        flash(gettext("密码已更换，其他设备上的登录和所有令牌都已失效"), "done")
        return redirect(url_for("home"), 303)

    def expired(self, token: str) -> ResponseReturnValue:
        """Show the form again."""
        return self.form(token, {"form": [EXPIRED]})

    @staticmethod
    def form(token: str, errors: dict[str, Any] | None = None, status: int = 200) -> ResponseReturnValue:
        """Show the form, unless the link is not valid."""
        try:
            user = links().read(RESET, token)
        except LinkExpired:
            return _useless(RESET)
        return render_template("auth/reset.html", schema=NewPassword, errors=errors, email=user.email), status


bp.add_url_rule("/sign-up", view_func=SignUpPage.as_view("sign_up"))
bp.add_url_rule("/forgot", view_func=ForgotPage.as_view("forgot"))
bp.add_url_rule(f"/{RESET}/<token>", view_func=ResetPage.as_view("reset"))


@bp.get(f"/{CONFIRM}/<token>")
def confirm(token: str) -> ResponseReturnValue:
    """Show whose address the link confirms; programs that look into letters open links, so this changes nothing."""
    try:
        user = links().read(CONFIRM, token)
    except LinkExpired:
        return _useless(CONFIRM)
    return render_template("auth/confirm.html", email=user.email)


@bp.post(f"/{CONFIRM}/<token>")
def confirm_now(token: str) -> ResponseReturnValue:
    """Confirm the address."""
    try:
        user = people.confirm(token, links())
    except LinkExpired:
        return _useless(CONFIRM)
    flash(gettext("邮箱已确认，现在可以登录"), "done")
    return redirect(url_for("auth.sign_in", email=user.email), 303)


@bp.post("/letter")
@limited()
def new_letter() -> ResponseReturnValue:
    """Send the letter for confirming an address again."""
    try:
        email = people.address(request.form.get("email", ""))
    except ValidationError:
        return redirect(url_for("auth.sign_in"), 303)
    people.ask_confirmation(email, links())
    return _sent(email, "confirm")


@bp.get("/sent/<any(confirm, reset):purpose>")
def sent(purpose: str) -> ResponseReturnValue:
    """Say that a letter is on its way, and what to do when it does not come."""
    email = session.get(SENT_TO)
    if not email:
        return redirect(url_for("auth.sign_in"), 303)
    return render_template("auth/sent.html", email=email, purpose=purpose, hours=HOURS[purpose])


def _sent(email: str, purpose: str) -> ResponseReturnValue:
    session[SENT_TO] = email
    return redirect(url_for("auth.sent", purpose=purpose), 303)


def _useless(purpose: str) -> ResponseReturnValue:
    return render_template("auth/useless.html", purpose=purpose), LinkExpired.status
