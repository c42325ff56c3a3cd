"""The second factor on one's account: set up, moved to another device, switched off."""

from io import BytesIO
from typing import Any

import segno
from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import fresh_login_required, login_required
from marshmallow import Schema, ValidationError

from api.account_forms import AccountForm, password_field
from api.auth import actor
from api.forms import answered
from api.language import own_address
from api.pages import someone
from api.security import limited
from models import N_, Factor, db
from workflow import factors, passwords
from workflow.errors import NotFound
from workflow.fields import Answer, Code
from workflow.stage import Step

bp = Blueprint("factors", __name__, url_prefix="/account/second-factor")


class Password(AccountForm):
    """The password, asked again before a device is set up."""

    password = password_field(N_("密码"), "current-password")


class FirstCode(AccountForm):
    """The first code of a device that is being set up."""

    code = Code(metadata={"hint": N_("新设备上显示的 6 位数字")})


class MovingCode(FirstCode):
    """The same where another device has been in use."""

    current = Code(metadata={"label": N_("原设备的验证码"), "hint": N_("原设备上的 6 位数字，或一个恢复码")})


class OneCode(AccountForm):
    """A code of the device in use."""

    code = Code()


def register(app: Flask) -> None:
    """Give the templates what tells whether a person has still to set a device up."""
    app.jinja_env.globals.update(lacks_factor=lacks_factor)


def lacks_factor(step: Step) -> bool:
    """Say whether a step asks for a code that the reader has no device for."""
    person = actor()
    return person is not None and asks_code(step.answer) and not factors.enrolled(person)


def asks_code(answer: type[Answer]) -> bool:
    """Say whether an answer asks for a code of the second factor."""
    return any(isinstance(field, Code) for field in answer._declared_fields.values())


@bp.get("")
@login_required
def show() -> ResponseReturnValue:
    """Show how the second factor stands, and what can be done."""
    return page()


@bp.post("/begin")
@fresh_login_required
@limited(failures_only=True)
def begin() -> ResponseReturnValue:
    """Begin to set a device up, for the password."""
    person = someone()
    try:
        said = read(Password)
        hashed = person.password
        # The comparison is slow on purpose; meanwhile nobody should wait for this transaction.
        db.session.rollback()
        if not passwords.matches(said["password"], hashed):
            raise ValidationError({"password": [N_("密码不对")]})
    except ValidationError as error:
        return page("begin", error.normalized_messages()), 422
    factors.begin(person)
    return redirect(url_for("factors.show", next=onward() or None), 303)


@bp.get("/code.svg")
@login_required
def picture() -> ResponseReturnValue:
    """Return the picture that a device reads, while it is being set up."""
    person = someone()
    secret = factors.pending(person)
    if secret is None:
        raise NotFound("code.svg")
    drawn = BytesIO()
    segno.make(factors.address(person, secret), error="m").save(drawn, kind="svg", scale=5, border=4, light="#ffffff")
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@bp.post("/confirm")
@fresh_login_required
def confirm() -> ResponseReturnValue:
    """Put the device to use by its first code, and show the recovery codes, this once."""
    person = someone()
    try:
        said = read(MovingCode if factors.enrolled(person) else FirstCode)
        codes = factors.confirm(person, said["code"], said.get("current", ""))
    except ValidationError as error:
        return page("confirm", error.normalized_messages()), 422
    return page(codes=codes)


@bp.post("/codes")
@fresh_login_required
def renew() -> ResponseReturnValue:
    """Make new recovery codes and show them, this once."""
    try:
        codes = factors.renew_codes(someone(), read(OneCode)["code"])
    except ValidationError as error:
        return page("one", error.normalized_messages()), 422
    return page(codes=codes)


@bp.post("/off")
@fresh_login_required
def switch_off() -> ResponseReturnValue:
    """Do without a second factor from now on."""
    try:
        factors.switch_off(someone(), read(OneCode)["code"])
    except ValidationError as error:
        return page("one", error.normalized_messages()), 422
    flash(gettext("两步验证已停用"), "done")
    return redirect(url_for("auth.account"), 303)


def read(schema: type[Schema]) -> dict[str, Any]:
    """Return what was sent for a form. Raises ValidationError."""
    said: dict[str, Any] = schema().load(answered(request.form, schema))
    return said


def onward() -> str:
    """Return the page of ours from which a person came here, and to which they go back."""
    return own_address(request.values.get("next", ""))


def page(wrong: str = "", errors: dict[str, Any] | None = None, codes: list[str] | None = None) -> str:
    """Show the page.

    :param wrong: the form that was refused: begin, confirm or one
    :param codes: recovery codes just made
    """
    person = someone()
    on = factors.enrolled(person)
    return render_template(
        "auth/second_factor.html",
        on=on,
        factor=db.session.get(Factor, person.id),
        secret=None if codes else factors.pending(person),
        codes=codes,
        left=factors.codes_left(person) if on else 0,
        forms={"begin": Password, "confirm": MovingCode if on else FirstCode, "one": OneCode},
        wrong={wrong: errors},
        next=onward(),
    )
