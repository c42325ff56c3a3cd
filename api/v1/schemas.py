"""What the interface takes and gives, each field with its label; the answers to steps are the steps' own schemas."""

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from api.v1.paging import Paging
from models import KIND_TITLES, N_, CaseStatus
from workflow.fields import Answer, Tick, choice
from workflow.tokens import LONGEST, SCOPE_TITLES, SCOPES


def word(label: str, **options: Any) -> fields.String:
    """Return a text that is given."""
    return fields.String(metadata={"label": label}, **options)


def number(label: str, **options: Any) -> fields.Integer:
    """Return a whole number that is given."""
    return fields.Integer(metadata={"label": label}, **options)


def yes(label: str) -> fields.Boolean:
    """Return a yes or no that is given."""
    return fields.Boolean(metadata={"label": label})


def moment(label: str) -> fields.DateTime:
    """Return a moment that is given, in UTC."""
    return fields.DateTime(metadata={"label": label}, allow_none=True)


def day(label: str) -> fields.Date:
    """Return a day that is given."""
    return fields.Date(metadata={"label": label}, allow_none=True)


def several(inner: type[Schema] | Schema, label: str, **options: Any) -> fields.List[Any]:
    """Return a list of objects that is given."""
    return fields.List(fields.Nested(inner), metadata={"label": label}, **options)


def one(inner: type[Schema], label: str, **options: Any) -> fields.Nested:
    """Return an object that is given, or null."""
    return fields.Nested(inner, metadata={"label": label}, allow_none=True, **options)


class Strict(Schema):
    """What is handed in; unknown fields are refused."""

    class Meta:
        """Refuse what is not asked for."""

        unknown = RAISE

    error_messages = Answer.error_messages


class BothLanguages(Schema):
    """A text in both languages."""

    zh = word(N_("中文"))
    en = word(N_("英文"))


class Body(Schema):
    """An organisation."""

    id = word(N_("编号"))
    name = word(N_("名称"))


class Standing(Schema):
    """Which case something is, where it stands, and with whom."""

    reference = word(N_("编号"))
    state = word(N_("状态"))
    state_title = word(N_("状态名称"))
    body = one(Body, N_("数据开放主体"))


class Paged(Schema):
    """Where a long list goes on."""

    next = word(N_("下一页的 after；没有更多时为空"), allow_none=True)


class Mistake(Schema):
    """Something that has to be mended."""

    pointer = word(N_("在内容里的位置（RFC 6901）"))
    parameter = word(N_("地址里的参数"))
    field = word(N_("哪一项"))
    message = word(N_("怎样修改"))


class ProblemDetails(Schema):
    """Why a request was refused (RFC 9457)."""

    type = word(N_("问题的种类，可以打开查看说明"), required=True)
    title = word(N_("一句话的说明"), required=True)
    status = number(N_("HTTP 状态码"), required=True)
    detail = word(N_("这一次的具体情况"))
    instance = word(N_("请求的地址"))
    number = word(N_("系统出错时的编号，请告诉我们"))
    errors = several(Mistake, N_("需要修改的地方"))


class NewToken(Strict):
    """Who signs in, and what the token may do."""

    email = fields.String(required=True, validate=validate.Length(max=254), metadata={"label": N_("邮箱")})
    password = fields.String(required=True, validate=validate.Length(max=256), metadata={"label": N_("密码")})
    name = fields.String(
        load_default="API", validate=validate.Length(1, 60), metadata={"label": N_("用途，写明给哪个程序用")}
    )
    scopes = fields.List(
        fields.String(validate=validate.OneOf(list(SCOPES), error=N_("请从列出的选项里选一项。"))),
        load_default=lambda: list(SCOPES),
        metadata={"label": N_("权限"), "words": SCOPE_TITLES},
    )
    days = fields.Integer(
        load_default=30,
        validate=validate.Range(1, LONGEST, error=N_("有效期为 1 至 366 天")),
        metadata={"label": N_("有效期（天）")},
    )


class TokenFacts(Schema):
    """A token, without its secret."""

    name = word(N_("用途"))
    scopes = fields.List(fields.String(), metadata={"label": N_("权限"), "words": SCOPE_TITLES})
    expires_at = moment(N_("到期时间"))


class TokenMade(TokenFacts):
    """A new token; the secret is shown this once."""

    token = word(N_("令牌，只显示这一次"))
    token_type = word(N_("令牌的类型，总是 Bearer"))


class Office(Schema):
    """A role that a person holds."""

    role = word(N_("角色"))
    title = word(N_("角色名称"))
    organisation = one(Body, N_("单位"))


class Account(Schema):
    """The person who asks."""

    name = word(N_("姓名"))
    email = word(N_("邮箱"))
    language = word(N_("语言"))
    offices = several(Office, N_("角色"))
    token = one(TokenFacts, N_("这次使用的令牌"))


class Option(Schema):
    """A choice."""

    value = fields.Raw(metadata={"label": N_("值")})
    label = one(BothLanguages, N_("名称"))


class RowField(Schema):
    """A field of an answer, or of a row in one."""

    name = word(N_("字段"))
    type = word(N_("类型"))
    format = word(N_("格式"), allow_none=True)
    required = yes(N_("必填"))
    least = number(N_("最少字数"), allow_none=True, data_key="minLength")
    most = number(N_("最多字数"), allow_none=True, data_key="maxLength")
    choices = several(Option, N_("选项"))
    label = one(BothLanguages, N_("名称"))
    hint = one(BothLanguages, N_("提示"))
    when = fields.Dict(metadata={"label": N_("其他字段为这些值时才需要")})
    private = word(
        N_("谁能看到：internal 为办理人员，restricted 为少数人，committee 为秘书和监督的人"), allow_none=True
    )


class StepField(RowField):
    """A field of a step's answer."""

    row = several(RowField, N_("一行里的字段"))


class StepDescription(Schema):
    """A step: who takes it, by when, and what it asks."""

    name = word(N_("步骤"))
    stage = word(N_("阶段"))
    kinds = fields.List(fields.String(), metadata={"label": N_("出现在哪些办件里")})
    offered = yes(N_("是否为可选步骤"))
    role = word(N_("由谁办理"))
    title = one(BothLanguages, N_("名称"))
    limit = word(N_("期限的名称"), allow_none=True)
    stops = word(N_("等待时停计的期限"), allow_none=True)
    apart_from = fields.List(fields.String(), metadata={"label": N_("办过这些步骤的人不能办这一步")})
    asked = several(StepField, N_("字段"), data_key="fields")


class StepList(Schema):
    """All steps."""

    items = several(StepDescription, N_("步骤"))


class Handed(Strict):
    """An answer to a step."""

    answer = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"label": N_("内容")},
        error_messages={
            "required": N_("请填写这一项。"),
            "null": N_("请填写这一项。"),
            "invalid": N_("内容的格式不对。"),
        },
    )


class HalfWritten(Handed):
    """A half-written answer, and what it began with."""

    base = fields.String(
        load_default=None,
        validate=validate.Length(max=50_000),
        metadata={"label": N_("读草稿时得到的标记；别人同时改的内容据此合并")},
    )


class NewCase(Handed):
    """A case to be opened, with the answer to its first step or a draft of it."""

    kind = choice(dict(KIND_TITLES), metadata={"label": N_("办件种类")})
    draft = Tick(metadata={"label": N_("只保存草稿")})
    body = fields.String(
        load_default=None,
        validate=validate.Regexp(r"\d{1,17}\Z", error=N_("没有找到，请核对后重新填写。")),
        metadata={"label": N_("清单条目所属的单位；只有一个单位时可以不填")},
    )


class Claim(Strict):
    """How a step is taken."""

    take_over = Tick(metadata={"label": N_("从同事那里接手")})


class CaseFilter(Paging):
    """Which cases are listed."""

    kind = choice(dict(KIND_TITLES), required=False, load_default=None, metadata={"label": N_("办件种类")})
    state = fields.String(load_default=None, validate=validate.Length(max=40), metadata={"label": N_("状态")})
    status = choice(
        {
            CaseStatus.DRAFT.value: N_("草稿"),
            CaseStatus.OPEN.value: N_("办理中"),
            CaseStatus.INCIDENT.value: N_("系统处理中断"),
            CaseStatus.ENDED.value: N_("已办结"),
        },
        required=False,
        load_default=None,
        metadata={"label": N_("进展")},
    )
    mine = Tick(metadata={"label": N_("只看自己提出的和一起填写的")})
