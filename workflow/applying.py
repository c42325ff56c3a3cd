"""What an application asks for: the applicant, the people, the data, the purpose and the safeguards (article 15).

The groups are those of the application form; each field says who may read it. Without a mark it may be published,
`internal` fields are for the office that handles the case, `restricted` ones for those who review and decide.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from models import N_, DatasetState, OpenType
from workflow.fields import Answer, Attachments, DatasetReference, Day, Group, Lines, Text, Tick, choice, level, prose

APPLICANTS = {
    "person": N_("自然人"),
    "legal_person": N_("法人"),
    "organisation": N_("非法人组织"),
}
PURPOSES = {
    "research": N_("科学研究"),
    "public_service": N_("公共服务"),
    "product": N_("产品和服务开发"),
    "operation": N_("企业内部经营"),
    "model_training": N_("人工智能模型训练"),
    "other": N_("其他用途"),
}
MODES = {"download": N_("下载"), "api": N_("接口"), "sandbox": N_("数据沙箱")}
NETWORKS = {
    "isolated": N_("与互联网隔离的内部网络"),
    "controlled": N_("有边界防护、可以访问互联网的内部网络"),
    "cloud": N_("境内云平台"),
    "open": N_("没有专门防护的网络"),
}
ENCRYPTION = {
    "both": N_("传输和存储都加密"),
    "storage": N_("只加密存储"),
    "transport": N_("只加密传输"),
    "none": N_("不加密"),
}
# How many months records of access are kept.
LOGGING = {"0": N_("不留存"), "6": N_("留存 6 个月"), "12": N_("留存 12 个月"), "36": N_("留存 36 个月以上")}
PROTECTION = {
    "0": N_("没有定级备案"),
    "1": N_("一级"),
    "2": N_("二级"),
    "3": N_("三级"),
    "4": N_("四级以上"),
}
LEGAL_BASES = {
    "consent": N_("个人同意"),
    "statute": N_("法律、行政法规规定"),
    "public": N_("已经合法公开"),
    "other": N_("其他合法依据"),
}
LONGEST_MONTHS = 24
ORGANISED = ("legal_person", "organisation")
FILL_IN = N_("请填写这一项。")
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_FILTER = re.compile(r"^(?P<item>.+?)\s*(?P<is><=|>=|!=|=|<|>|介于|属于|(?<=\s)(?:between|in)(?=\s))\s*(?P<value>.+)$")
_WORDS = {"介于": "between", "属于": "in"}
_BOUNDS = re.compile(r"至|\s(?:and|to)\s")


def credit_code_is_right(code: str) -> bool:
    """Say whether the check digit of a unified social credit code fits (GB 32100)."""
    if len(code) != 18 or any(letter not in _CODE for letter in code):
        return False
    total = sum(_CODE.index(letter) * pow(3, place, 31) for place, letter in enumerate(code[:17]))
    return _CODE[-total % 31] == code[17]


def filters(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows asked for as data: item, comparison and value; `区 = 浦东新区`, `年份 介于 2020 至 2024`.

    Raises a ValidationError that names the line that cannot be read.
    """
    return [_filter(line) for line in lines]


def _filter(line: str) -> dict[str, Any]:
    found = _FILTER.match(line)
    if found is None:
        raise ValidationError([N_("看不懂“%(line)s”，请写成“区 = 浦东新区”这样。"), {"line": line[:60]}])
    item, word, value = found["item"].strip(), _WORDS.get(found["is"], found["is"]), found["value"].strip()
    several: str | list[str] = value
    if word == "in":
        several = [one.strip() for one in re.split(r"[、，,]", value) if one.strip()]
    elif word == "between":
        several = [one.strip() for one in _BOUNDS.split(value)]
        if len(several) != 2 or not all(several):
            raise ValidationError([N_("看不懂“%(line)s”，请写成“年份 介于 2020 至 2024”这样。"), {"line": line[:60]}])
    return {"item": item, "is": word, "value": several}


class Email(fields.Email):
    """An address for letters."""

    default_error_messages = {
        "required": FILL_IN,
        "null": FILL_IN,
        "invalid": N_("写成 name@example.cn 这样的邮箱。"),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value.strip() if isinstance(value, str) else value, attr, data, **kwargs)


class DataRow(Answer):
    """One data set that is asked for, and how much of it."""

    dataset = DatasetReference(
        required=True, metadata={"label": N_("数据集编号"), "hint": N_("例如 DS-000012"), "options": "conditional"}
    )
    items = Lines(
        most=200,
        metadata={"label": N_("需要的数据项"), "widget": "lines", "hint": N_("每行一个；不填表示全部数据项。")},
    )
    rows = Lines(
        most=20,
        metadata={
            "label": N_("需要的行"),
            "widget": "lines",
            "hint": N_("每行一个条件，例如“区 = 浦东新区”“年份 介于 2020 至 2024”；不填表示全部。"),
        },
    )
    period_from = Day(required=False, load_default=None, allow_none=True, metadata={"label": N_("数据时间从")})
    period_until = Day(required=False, load_default=None, allow_none=True, metadata={"label": N_("数据时间到")})
    need = prose(10, 1000, N_("为什么需要这些数据项"), N_("逐项说明与用途的关系，至少 10 个字。"))

    @validates_schema(skip_on_field_errors=False)
    def only_what_is_offered(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse data that are not offered under conditions, and items that the data set does not have."""
        entry = data.get("dataset")
        wrong: dict[str, list[Any]] = {}
        if entry is not None and entry.open_type is not OpenType.CONDITIONAL:
            wrong["dataset"] = [N_("这个数据集不属于有条件开放，不用申请。")]
        elif entry is not None and entry.state is not DatasetState.PUBLISHED:
            wrong["dataset"] = [N_("这个数据集现在没有开放，不能申请。")]
        elif entry is not None and entry.items:
            unknown = [item for item in data.get("items", ()) if item not in entry.items]
            if unknown:
                wrong["items"] = [N_("数据集里没有“%(items)s”。"), {"items": "、".join(unknown)[:200]}]
        try:
            wanted = [each["item"] for each in filters(data.get("rows", ()))]
        except ValidationError as error:
            wrong["rows"] = [*error.messages]
        else:
            unknown = [item for item in wanted if entry is not None and entry.items and item not in entry.items]
            if unknown and "dataset" not in wrong:
                wrong["rows"] = [N_("数据集里没有“%(items)s”。"), {"items": "、".join(unknown)[:200]}]
        if data.get("period_from") and data.get("period_until") and data["period_until"] < data["period_from"]:
            wrong["period_until"] = [N_("结束日期不能早于开始日期。")]
        if wrong:
            raise ValidationError(dict(wrong))


class Member(Answer):
    """One person who will handle the data."""

    name = Text(2, 60, metadata={"label": N_("姓名")})
    role = Text(2, 60, metadata={"label": N_("职责"), "hint": N_("例如 数据工程师")})
    employer = Text(2, 100, metadata={"label": N_("所在单位")})
    email = Email(required=True, metadata={"label": N_("邮箱")})


class Joined(Answer):
    """One other collection that is to be joined with the data."""

    name = Text(2, 100, metadata={"label": N_("数据名称")})
    source = choice(
        {"own": N_("自有数据"), "third_party": N_("第三方数据"), "public": N_("公开数据")},
        metadata={"label": N_("来源")},
    )
    risk = prose(5, 500, N_("结合以后的风险"), N_("会不会认出具体的人或者单位，怎样防止。"), rows=2)


def needed(least: int, most: int, label: str, hint: str = "", **metadata: Any) -> Text:
    """Return a text that must be filled in where the answers that call for it are given."""
    return prose(0, most, label, hint, needed=max(least, 1), **metadata)


def declaration(label: str, **metadata: Any) -> Tick:
    """Return a box that must be ticked."""
    return Tick(
        required=True,
        metadata={"label": label, **metadata},
        validate=validate.Equal(True, error=N_("请确认这一项。")),
    )


class ApplicationForm(Answer):
    """The whole application: who asks for which data, for what, and how the data will be kept safe."""

    # The data.
    datasets = Group(DataRow, least=1, most=10, metadata={"section": N_("数据"), "label": N_("申请的数据集")})

    # The applicant.
    applicant_type = choice(APPLICANTS, metadata={"section": N_("申请人"), "label": N_("申请人类型")})
    applicant = Text(
        2, 100, metadata={"label": N_("申请人名称"), "hint": N_("与证照一致；自然人写姓名，公开时只写类别。")}
    )
    credit_code = Text(
        0, 18, required=False, load_default="",
        metadata={
            "label": N_("统一社会信用代码"), "hint": N_("18 位，例如 91350100M000100Y43"), "needed": 18,
            "when": {"applicant_type": list(ORGANISED)},
        },
    )  # fmt: skip
    representative = Text(
        0, 60, required=False, load_default="",
        metadata={
            "label": N_("法定代表人或者负责人"), "needed": 2, "private": "internal",
            "when": {"applicant_type": list(ORGANISED)},
        },
    )  # fmt: skip
    contact = Text(5, 200, metadata={"label": N_("联系人和联系方式"), "private": "internal"})
    address = Text(5, 200, metadata={"label": N_("地址"), "private": "internal"})
    sector = Text(0, 60, required=False, load_default="", metadata={"label": N_("所属行业或者领域")})
    overseas = Tick(
        metadata={
            "label": N_("外商投资或者由境外控制"),
            "hint": N_("包括境外个人、境外机构，以及由其实际控制的单位。"),
        }
    )

    # The people.
    people = Group(
        Member, least=1, most=50,
        metadata={
            "section": N_("使用数据的人员"), "label": N_("人员名单"), "private": "internal",
            "hint": N_("只有名单上的人可以接触数据。"),
        },
    )  # fmt: skip
    responsible = Text(2, 60, metadata={"label": N_("负责人"), "private": "internal"})
    security_officer = Text(2, 60, metadata={"label": N_("数据安全负责人"), "private": "internal"})

    # The purpose.
    purpose_class = choice(PURPOSES, metadata={"section": N_("用途"), "label": N_("用途类别")})
    scenario = prose(30, 2000, N_("应用场景"), N_("写明在什么场景里用、谁来用，至少 30 个字。"))
    method = prose(20, 2000, N_("应用方法"), N_("怎样处理和分析数据，至少 20 个字。"))
    results = prose(10, 2000, N_("预期成果"), N_("产品、报告、论文等，至少 10 个字。"))
    social_value = prose(0, 1000, N_("社会效益"), rows=3)
    economic_value = prose(0, 1000, N_("经济效益"), rows=3)
    commercial = Tick(metadata={"label": N_("用于营利")})
    joined = Group(
        Joined, most=20,
        metadata={"label": N_("要结合的其他数据"), "hint": N_("没有的不填。"), "private": "internal"},
    )  # fmt: skip
    reidentification = prose(
        0, 1000, N_("结合以后的再识别风险和防范"), N_("要结合其他数据的，必须填写。"), rows=3, private="internal"
    )

    # Capability.
    staff = prose(
        10, 1000, N_("技术人员"), N_("人数、专业、经验，至少 10 个字。"),
        section=N_("技术能力"), rows=3, private="internal",
    )  # fmt: skip
    systems = prose(10, 1000, N_("系统和设备"), N_("在哪些系统里处理数据，至少 10 个字。"), rows=3, private="internal")
    projects = prose(0, 1000, N_("以往的项目"), rows=3, private="internal")
    certificates = prose(0, 1000, N_("质量和安全认证"), rows=3)

    # Safeguards.
    storage = Text(
        2, 200,
        metadata={
            "section": N_("安全保障"), "label": N_("存储和使用数据的地点"),
            "hint": N_("机房或者办公地点的详细地址"), "private": "restricted",
        },
    )  # fmt: skip
    network = choice(NETWORKS, metadata={"label": N_("网络环境"), "private": "restricted"})
    encryption = choice(ENCRYPTION, metadata={"label": N_("加密"), "private": "restricted"})
    access_control = prose(
        10, 1000, N_("访问控制"), N_("谁能接触数据、怎样授权，至少 10 个字。"), rows=3, private="restricted"
    )
    logging = choice(LOGGING, metadata={"label": N_("访问记录"), "private": "restricted"})
    protection_level = level(PROTECTION, metadata={"label": N_("网络安全等级保护"), "private": "internal"})
    destruction = prose(10, 1000, N_("到期后怎样销毁数据"), N_("至少 10 个字。"), rows=3, private="internal")
    incident_plan = prose(10, 1000, N_("安全事件应急预案"), N_("至少 10 个字。"), rows=3, private="restricted")
    subcontractors = prose(0, 1000, N_("受托处理数据的单位"), N_("没有的不填。"), rows=3, private="internal")

    # Personal information.
    personal = Tick(metadata={"section": N_("个人信息和出境"), "label": N_("申请的数据含有个人信息")})
    sensitive = Tick(metadata={"label": N_("其中含有敏感个人信息"), "when": {"personal": True}})
    legal_basis = choice(
        LEGAL_BASES, required=False, load_default=None, allow_none=True,
        metadata={"label": N_("处理个人信息的合法依据"), "needed": 1, "when": {"personal": True}},
    )  # fmt: skip
    consent = needed(
        10, 1000, N_("取得单独同意的情况"), N_("怎样告知、怎样取得，样本放在附件里；至少 10 个字。"),
        rows=3, private="restricted", when={"personal": True, "legal_basis": "consent"},
    )  # fmt: skip
    deidentification = needed(
        10, 1000, N_("需要的去标识化程度"), N_("以及为什么不能用程度更高的，至少 10 个字。"),
        rows=3, private="internal", when={"personal": True},
    )  # fmt: skip
    cross_border = Tick(
        metadata={
            "label": N_("在境外存储、访问或者传输数据"),
            "hint": N_("包括从境外远程访问。"),
        }
    )
    assessment = prose(
        0, 2000, N_("影响评估和出境手续"),
        N_("含敏感个人信息的，写个人信息保护影响评估的结论；出境的，写安全评估、标准合同等手续。没有的不填。"),
        rows=3, private="restricted",
    )  # fmt: skip

    # Period and mode.
    starts_on = Day(required=True, metadata={"section": N_("期限和方式"), "label": N_("开始日期")})
    ends_on = Day(required=True, metadata={"label": N_("结束日期"), "hint": N_("最长 24 个月，到期前可以续期。")})
    period_reason = prose(0, 500, N_("为什么需要这么久"), rows=2)
    mode = choice(MODES, metadata={"label": N_("获取方式")})
    calls = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, 10_000_000),
        error_messages={"invalid": N_("写成数字。")},
        metadata={"label": N_("每天大约调用多少次"), "needed": 1, "when": {"mode": "api"}},
    )
    tools = needed(2, 500, N_("沙箱里要用的工具"), N_("例如 Python、R"), rows=2, when={"mode": "sandbox"})

    # What the public reads.
    summary = prose(
        0, 500, N_("公开摘要"), N_("给公众看的一段话：谁用哪些数据做什么；不写秘密和个人信息，20 到 500 个字。"),
        section=N_("公开摘要"), rows=3,
    )  # fmt: skip
    unpublished = prose(
        0, 500, N_("不宜公开的理由"), N_("没有公开摘要的，写明理由，至少 10 个字。"), rows=2, private="internal"
    )

    # Attachments.
    attachments = Attachments(
        metadata={
            "section": N_("附件"),
            "label": N_("附件"),
            "hint": N_("证照、代理授权、安全保障方案、个人信息保护影响评估、同意书样本等；没有的不填。"),
            "private": "restricted",
        }
    )

    # Declarations.
    truthful = declaration(N_("所填内容真实、完整"), section=N_("声明"))
    no_sanction = declaration(N_("没有正在执行的限制获取公共数据的处理，信用记录良好"))
    attribution = declaration(N_("在成果里注明数据来源和取得日期"))
    no_transfer = declaration(N_("不把原始数据转给他人"))
    rules = declaration(N_("遵守开放平台的管理制度"))

    @validates_schema(skip_on_field_errors=False)
    def what_depends_on_other_answers(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for what the other answers call for, and refuse what contradicts them; all of it at once."""
        wrong = self.missing(data) | contradictions(data)
        if wrong:
            raise ValidationError(dict(wrong))

    def missing(self, data: dict[str, Any]) -> dict[str, list[Any]]:
        """Return the fields that other answers call for and that are blank or too short."""
        wrong: dict[str, list[Any]] = {}
        for name, field in self.load_fields.items():
            least = field.metadata.get("needed")
            if not least or name not in data or not applies(field, data):
                continue
            said = data[name]
            if not said:
                wrong[name] = [FILL_IN]
            elif isinstance(said, str) and len(said) < least and name != "credit_code":
                wrong[name] = [N_("写得再具体一些，至少 %(least)d 个字。"), {"least": least}]
        return wrong


def applies(field: fields.Field[Any], data: dict[str, Any]) -> bool:
    """Say whether the other answers call for a field."""
    return all(
        data.get(other) in (called_for if isinstance(called_for, list) else [called_for])
        for other, called_for in field.metadata.get("when", {}).items()
    )


def contradictions(data: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the fields whose answers do not go together with others."""
    wrong: dict[str, list[Any]] = {}
    code = data.get("credit_code", "")
    if data.get("applicant_type") in ORGANISED and code and not credit_code_is_right(code):
        wrong["credit_code"] = [N_("统一社会信用代码的校验位不对，请核对后重新填写。")]
    if data.get("starts_on") and data.get("ends_on"):
        wrong |= _period(data["starts_on"], data["ends_on"])
    if data.get("joined") and not data.get("reidentification"):
        wrong["reidentification"] = [N_("要结合其他数据，请写明再识别的风险和防范。")]
    sensitive = data.get("personal") and data.get("sensitive")
    if (sensitive or data.get("cross_border")) and len(data.get("assessment", "")) < 10:
        wrong["assessment"] = [N_("含敏感个人信息或者出境的，请写明评估结论和手续，至少 10 个字。")]
    if "summary" in data and "unpublished" in data:
        if data["summary"] and len(data["summary"]) < 20:
            wrong["summary"] = [N_("写得再具体一些，至少 %(least)d 个字。"), {"least": 20}]
        elif not data["summary"] and not data["unpublished"]:
            wrong["summary"] = [N_("请写公开摘要；不宜公开的，在下一项写明理由。")]
        elif not data["summary"] and len(data["unpublished"]) < 10:
            wrong["unpublished"] = [N_("写得再具体一些，至少 %(least)d 个字。"), {"least": 10}]
    asked = [row["dataset"].id for row in data.get("datasets", ()) if row.get("dataset") is not None]
    if len(asked) != len(set(asked)):
        wrong["datasets"] = [N_("同一个数据集只写一行。")]
    return wrong


def _period(first: date, last: date) -> dict[str, list[Any]]:
    if last <= first:
        return {"ends_on": [N_("结束日期要晚于开始日期。")]}
    if months_between(first, last) > LONGEST_MONTHS:
        return {"ends_on": [N_("最长 %(months)d 个月，到期前可以续期。"), {"months": LONGEST_MONTHS}]}
    return {}


def months_between(first: date, last: date) -> int:
    """Return how many months a period takes; a month that has begun counts as one."""
    months = (last.year - first.year) * 12 + last.month - first.month
    return months + (1 if last.day > first.day else 0)
