"""What the pages about one's account ask."""

from marshmallow import EXCLUDE, Schema, fields, validate

from models import N_
from workflow.passwords import MOST
from workflow.tokens import SCOPE_TITLES, SCOPES

LANGUAGE_WORDS = {"zh": "中文", "en": "English"}
PASSWORD_HINT = N_("至少 10 个字符，不要求混用字母、数字和符号；可以用一句只有您知道的话，也可以粘贴")
EXPIRED = N_("表单打开太久了，请再提交一次")
RULE = validate.Length(max=MOST)


class AccountForm(Schema):
    """A form about an account; what a browser adds to it is left out."""

    class Meta:
        """Keep the fields in the order in which they are asked."""

        unknown = EXCLUDE


def _email() -> fields.String:
    """Return the question for an address; whether it is one is judged where it is kept."""
    about = {"label": N_("邮箱"), "widget": "email", "autocomplete": "email"}
    return fields.String(required=True, validate=validate.Length(max=254), metadata=about)


def password_field(label: str, autocomplete: str, hint: str = "") -> fields.String:
    """Return the question for a password, which is never written back into a page."""
    about = {"label": label, "widget": "password", "autocomplete": autocomplete, "hint": hint}
    return fields.String(required=True, validate=RULE, metadata=about)


def _name() -> fields.String:
    about = {"label": N_("姓名"), "autocomplete": "name", "hint": N_("办件和信件里这样称呼您")}
    return fields.String(required=True, validate=validate.Length(1, 60), metadata=about)


def _language() -> fields.String:
    about = {"label": N_("信件和页面的语言"), "words": LANGUAGE_WORDS}
    return fields.String(required=True, validate=validate.OneOf(list(LANGUAGE_WORDS)), metadata=about)


class SignIn(AccountForm):
    """Address and password."""

    email = fields.String(
        required=True,
        validate=validate.Length(max=254),
        metadata={"label": N_("邮箱"), "widget": "email", "autocomplete": "username"},
    )
    password = password_field(N_("密码"), "current-password")


class SignUp(AccountForm):
    """Who opens an account."""

    name = _name()
    email = _email()
    password = password_field(N_("密码"), "new-password", PASSWORD_HINT)


class Address(AccountForm):
    """To which address a letter is to go."""

    email = _email()


class NewPassword(AccountForm):
    """Another password, by the link of a letter."""

    password = password_field(N_("新密码"), "new-password", PASSWORD_HINT)


class Profile(AccountForm):
    """How a person is called and in which language they read."""

    name = _name()
    language = _language()


class PasswordChange(AccountForm):
    """Another password, by the current one."""

    current = password_field(N_("当前密码"), "current-password")
    password = password_field(N_("新密码"), "new-password", PASSWORD_HINT)


class NewToken(AccountForm):
    """What a program may do, and for how long."""

    token_name = fields.String(
        required=True,
        validate=validate.Length(1, 60),
        metadata={"label": N_("用途"), "hint": N_("写明给哪个程序用，以后好认")},
    )
    scopes = fields.List(
        fields.String(validate=validate.OneOf(list(SCOPES))),
        required=True,
        metadata={"label": N_("权限"), "words": SCOPE_TITLES},
    )
    days = fields.Integer(
        required=True,
        validate=validate.OneOf([30, 90, 365]),
        metadata={"label": N_("有效期"), "words": {30: N_("30 天"), 90: N_("90 天"), 365: N_("365 天")}},
    )
