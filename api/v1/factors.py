"""The second factor on one's account: set up, moved to another device, switched off."""

from typing import Any

from flask import current_app
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError, fields, validate

from api.security import limiter
from api.v1.reading import Section, person
from api.v1.schemas import Strict, moment, number, word, yes
from models import N_, Factor, User, db
from workflow import factors, passwords
from workflow.errors import NotFound
from workflow.fields import Code

section = Section("second_factor", "/me/second-factor", N_("两步验证"))


class FactorShown(Schema):
    """How the second factor of an account stands."""

    on = yes(N_("是否已启用"))
    confirmed_at = moment(N_("启用时间"))
    codes_left = number(N_("还没有用过的恢复码"))
    pending = yes(N_("是否正在设置新设备"))


class PasswordAgain(Strict):
    """The password, asked again before a device is set up."""

    password = fields.String(
        required=True, validate=validate.Length(max=passwords.MOST), metadata={"label": N_("密码")}
    )


class FirstCode(Strict):
    """The first code of a device that is being set up."""

    code = Code(metadata={"hint": N_("新设备上显示的 6 位数字")})
    current = Code(
        required=False,
        load_default="",
        metadata={"label": N_("原设备的验证码"), "hint": N_("原设备上的 6 位数字，或一个恢复码")},
    )


class CodeInUse(Strict):
    """A code of the device in use."""

    code = Code()


class Secret(Schema):
    """What a device needs to show codes."""

    secret = word(N_("密钥，只显示到启用为止"))
    uri = word(N_("otpauth 地址，可以做成二维码"))


class RecoveryCodes(Schema):
    """New recovery codes, shown this once."""

    codes = fields.List(fields.String(), metadata={"label": N_("恢复码，只显示这一次，每个用一次")})


def rate() -> str:
    """Return how often a password may be tried from one place."""
    return str(current_app.config["SIGN_IN_RATE"])


def account_rate() -> str:
    """Return how often the password of one account may be tried."""
    return str(current_app.config["ACCOUNT_RATE"])


def account() -> str:
    """Return the account whose password is tried, so that attempts on it are counted together."""
    return f"second factor of {person().id}"


@section.route("", methods=["GET"])
@section.response(200, FactorShown)
def show_second_factor() -> dict[str, Any]:
    """Say how your second factor stands."""
    someone = person()
    factor, on = db.session.get(Factor, someone.id), factors.enrolled(someone)
    return {
        "on": on,
        "confirmed_at": factor.confirmed_at if factor and on else None,
        "codes_left": factors.codes_left(someone) if on else 0,
        "pending": factors.pending(someone) is not None,
    }


@section.route("/begin", methods=["POST"])
@limiter.limit(rate)
@limiter.limit(account_rate, key_func=account)
@section.arguments(PasswordAgain, example={"password": "一句只有您知道的话"})
@section.response(200, Secret)
def begin_second_factor(sent: dict[str, Any]) -> dict[str, str]:
    """Begin to set a device up.

    The device in use stays in use until the new one has shown a code.
    """
    someone = person()
    hashed = someone.password
    # The comparison is slow on purpose; meanwhile nobody should wait for this transaction.
    db.session.rollback()
    if not passwords.matches(sent["password"], hashed):
        raise ValidationError({"password": [N_("密码不对")]})
    factors.begin(someone)
    secret = pending_of(someone)
    return {"secret": secret, "uri": factors.address(someone, secret)}


@section.route("/confirm", methods=["POST"])
@section.arguments(FirstCode, example={"code": "123456"})
@section.response(200, RecoveryCodes)
def confirm_second_factor(sent: dict[str, Any]) -> dict[str, list[str]]:
    """Put the device to use by its first code.

    Whoever has another device in use gives a code of that one as `current`.
    """
    return {"codes": factors.confirm(person(), sent["code"], sent["current"])}


@section.route("/codes", methods=["POST"])
@section.arguments(CodeInUse, example={"code": "123456"})
@section.response(200, RecoveryCodes)
def renew_recovery_codes(sent: dict[str, Any]) -> dict[str, list[str]]:
    """Make new recovery codes.

    Those from before are worth nothing any more.
    """
    return {"codes": factors.renew_codes(person(), sent["code"])}


@section.route("/off", methods=["POST"])
@section.arguments(CodeInUse, example={"code": "123456"})
@section.response(204)
def switch_off_second_factor(sent: dict[str, Any]) -> ResponseReturnValue:
    """Do without a second factor from now on.

    Whoever signs has to switch it on again.
    """
    factors.switch_off(person(), sent["code"])
    return "", 204


def pending_of(someone: User) -> str:
    """Return the secret of the device that a person is setting up.

    :raises NotFound: there is none
    """
    secret = factors.pending(someone)
    if secret is None:
        raise NotFound("second_factor")
    return secret
