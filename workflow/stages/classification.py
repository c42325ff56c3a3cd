"""Classification: how far data may be opened, from which facts, and by which rules (Order 21, article 11)."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from models import N_, Case, Classification, OpenType, Role, User
from workflow import consultations
from workflow.fields import Answer, Tick, choice, level, prose
from workflow.stage import Stage

stage = Stage(__name__)

CURES = {"none": N_("没有"), "treated": N_("已经处理，法律允许处理后开放")}
OPEN_TYPES = {
    "unconditional": N_("无条件开放"),
    "conditional": N_("有条件开放"),
    "non_open": N_("非开放"),
    "out_of_scope": N_("不适用本办法（国家秘密等）"),
}
EVIDENCE = (
    "state_secret",
    "law_forbids",
    "ban_cure",
    "personal_information",
    "personal_cure",
    "trade_secret",
    "secret_cure",
    "security_demand",
    "timeliness",
    "continuous_supply",
    "person",
    "organisation",
    "thing",
    "amplified",
    "national_grade",
)


class Proposal(Answer):
    """The facts about the data, item by item, and the open type proposed."""

    state_secret = Tick(metadata={"section": N_("开放属性的事实"), "label": N_("涉及国家秘密")})
    law_forbids = Tick(metadata={"label": N_("法律、法规规定不得开放")})
    ban_cure = choice(
        CURES,
        metadata={"label": N_("不得开放的处理情况"), "when": {"law_forbids": True}},
        load_default="none",
        required=False,
    )
    personal_information = Tick(metadata={"label": N_("含个人信息或者涉及个人隐私")})
    personal_cure = choice(
        {
            "none": N_("没有"),
            "consent": N_("全部当事人同意，有记录"),
            "deidentified": N_("已去标识化，经评估"),
            "anonymised": N_("已匿名化，经评估"),
        },
        metadata={
            "label": N_("个人信息的处理情况"),
            "hint": N_("去标识化后的数据仍是个人信息；只有匿名化后不再是（个人信息保护法第4条、第73条）。"),
            "when": {"personal_information": True},
        },
        load_default="none",
        required=False,
    )
    trade_secret = Tick(metadata={"label": N_("含商业秘密或者保密商务信息")})
    secret_cure = choice(
        {"none": N_("没有"), "consent": N_("权利人同意，有记录"), "treated": N_("已脱密处理")},
        metadata={"label": N_("商业秘密的处理情况"), "when": {"trade_secret": True}},
        load_default="none",
        required=False,
    )
    security_demand = choice(
        {"normal": N_("一般"), "high": N_("要求高")}, metadata={"label": N_("对数据安全和处理能力的要求")}
    )
    timeliness = choice({"normal": N_("一般"), "high": N_("要求高")}, metadata={"label": N_("对时效性的要求")})
    continuous_supply = Tick(metadata={"label": N_("需要持续获取")})

    person = level(
        {
            "0": N_("0 不涉及个人，或者完全匿名的统计"),
            "1": N_("1 群体数据，小单元安全"),
            "2": N_("2 去标识化记录，关联风险低"),
            "3": N_("3 去标识化但有关联风险，或者基于同意"),
            "4": N_("4 可识别到个人，或者敏感个人信息"),
        },
        metadata={"section": N_("级别的事实"), "label": N_("对个人")},
    )
    organisation = level(
        {
            "0": N_("0 已经公开的登记事实"),
            "1": N_("1 依法可以公布的经营数据"),
            "2": N_("2 不公开但不属秘密"),
            "3": N_("3 经同意的保密商务信息"),
            "4": N_("4 未经同意的商业秘密"),
        },
        metadata={"label": N_("对组织")},
    )
    thing = level(
        {
            "0": N_("0 自然或者公开的事实"),
            "1": N_("1 被滥用的价值低"),
            "2": N_("2 时间地点较细，单独安全"),
            "3": N_("3 设施细节或者大批位置"),
            "4": N_("4 关系安全的对象"),
        },
        metadata={"label": N_("对客体")},
    )
    amplified = Tick(metadata={"label": N_("数量、关联或者汇聚会放大危害")})
    national_grade = choice(
        {"general": N_("一般数据"), "important": N_("重要数据"), "core": N_("核心数据")},
        metadata={"label": N_("国家分级"), "hint": N_("数据安全法第21条")},
    )
    open_type = choice(
        OPEN_TYPES,
        metadata={
            "section": N_("建议"),
            "label": N_("建议的开放属性"),
            "hint": N_("比规则表更宽的结果，须写明理由，并由数据安全员出具意见。"),
        },
    )
    grounds = prose(20, 2000, N_("理由"), N_("逐项说明依据，至少 20 个字。"))
    conditions = prose(0, 2000, N_("开放条件"), when={"open_type": "conditional"})
    supervision = prose(0, 2000, N_("监管措施"))

    @validates_schema(skip_on_field_errors=True)
    def conditional_needs_conditions(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for the conditions of conditional data; they are what applications are judged by (article 15)."""
        if data["open_type"] == "conditional" and len(data["conditions"]) < 10:
            raise ValidationError(N_("有条件开放须写明条件，至少 10 个字。"), "conditions")


@stage.step(Role.CLERK, Proposal)
def propose_classification(case: Case, answer: dict[str, Any], clerk: User) -> dict[str, Any]:
    """Propose the classification.

    Returns the facts that the tables read.
    """
    evidence = {name: answer[name] for name in EVIDENCE}
    sheet = case.classification
    if sheet is None:
        sheet = case.classification = Classification(round=0)
    sheet.round += 1
    sheet.evidence, sheet.tables = evidence, {}
    sheet.proposed, sheet.reviewed, sheet.open_type = OpenType(answer["open_type"]), None, None
    sheet.grounds, sheet.conditions, sheet.supervision = answer["grounds"], answer["conditions"], answer["supervision"]
    sheet.security_opinion, sheet.security_grounds, sheet.override, sheet.review_grounds = None, "", "", ""
    case.state = "assessing"
    return evidence | {"open_type": answer["open_type"], "looser": False}


class Review(Answer):
    """A second person's view of the classification."""

    review = choice(
        {
            "agree": N_("同意"),
            "change": N_("修改"),
            "return": N_("退回重新提出"),
            "consult": N_("提请专家论证"),
        },
        metadata={"label": N_("审核意见")},
    )
    open_type = choice(OPEN_TYPES, required=False, metadata={"label": N_("修改为"), "when": {"review": "change"}})
    question = prose(0, 2000, N_("请委员会回答的问题"), N_("每行一个问题，至少 20 个字。"), when={"review": "consult"})
    grounds = prose(20, 2000, N_("理由"), N_("至少 20 个字。"))

    @validates_schema(skip_on_field_errors=True)
    def a_question_is_put(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for the question that the committee is to answer."""
        if data["review"] == "consult" and len(data["question"]) < 20:
            raise ValidationError(N_("写得再具体一些，至少 20 个字。"), "question")

    @validates_schema(skip_on_field_errors=True)
    def a_change_names_its_type(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for the open type where the review changes it."""
        if data["review"] == "change" and not data.get("open_type"):
            raise ValidationError(N_("请选一项。"), "open_type")


@stage.step(Role.REVIEWER, Review, limit="classification_review", apart_from=("propose_classification",))
def review_classification(case: Case, answer: dict[str, Any], reviewer: User) -> dict[str, Any]:
    """Review the classification.

    Returns the open type as it now stands, and whether it is looser than the tables.
    """
    sheet = sheet_of(case)
    if answer["review"] == "consult":
        consultations.ask(case, answer["question"], reviewer)
    sheet.reviewed = OpenType(answer["open_type"]) if answer["review"] == "change" else sheet.proposed
    sheet.review_grounds = answer["grounds"]
    return {"review": answer["review"], "open_type": sheet.reviewed.value, "looser": is_looser(sheet)}


class SecurityOpinion(Answer):
    """The security officer's opinion on opening more than the tables say."""

    security_opinion = choice({"support": N_("支持"), "object": N_("反对")}, metadata={"label": N_("安全意见")})
    grounds = prose(20, 2000, N_("理由"))


@stage.step(Role.SECURITY, SecurityOpinion, apart_from=("propose_classification", "review_classification"))
def give_security_opinion(case: Case, answer: dict[str, Any], officer: User) -> dict[str, Any]:
    """Give the security opinion."""
    sheet = sheet_of(case)
    sheet.security_opinion, sheet.security_grounds = answer["security_opinion"], answer["grounds"]
    return {"security_opinion": answer["security_opinion"]}


class Confirmation(Answer):
    """The decider's confirmation of the classification."""

    confirmation = choice({"confirm": N_("确认"), "return": N_("退回重新提出")}, metadata={"label": N_("决定")})
    override = prose(0, 2000, N_("比规则表更宽的理由"), N_("结果比规则表更宽时必填，至少 20 个字；将永久记录。"))
    departure = prose(
        0, 2000, N_("与专家论证结论不一致的理由"), N_("结果与论证结论不一致时必填，至少 20 个字；将永久记录。")
    )
    remark = prose(0, 1000, N_("说明"))


@stage.step(
    Role.DECIDER,
    Confirmation,
    limit="classification_confirmation",
    apart_from=("propose_classification", "review_classification", "give_security_opinion"),
)
def confirm_classification(case: Case, answer: dict[str, Any], decider: User) -> dict[str, Any]:
    """Confirm the classification.

    A result that is looser than the tables needs a recorded override (domain.md, DT-1).
    """
    sheet = sheet_of(case)
    if answer["confirmation"] == "confirm" and is_looser(sheet) and len(answer["override"]) < 20:
        raise ValidationError({"override": [N_("结果比规则表更宽，须写明理由，至少 20 个字。")]})
    if answer["confirmation"] == "confirm":
        opens = (sheet.reviewed or sheet.proposed) in (OpenType.UNCONDITIONAL, OpenType.CONDITIONAL)
        consultations.check_departure(case, opens, "departure", answer["departure"])
    sheet.override = answer["override"]
    return {"confirmation": answer["confirmation"]}


@stage.service
def record_classification(case: Case) -> dict[str, Any]:
    """Record the confirmed classification on the case."""
    sheet = sheet_of(case)
    sheet.open_type = sheet.reviewed or sheet.proposed
    sheet.grade = sheet.tables.get("grade")
    modes = str(sheet.tables.get("delivery_modes") or "")
    sheet.delivery_modes = [mode for mode in modes.split(",") if mode]
    return {"open_type": sheet.open_type.value}


def sheet_of(case: Case) -> Classification:
    """Return the classification sheet of a case that has been proposed."""
    if case.classification is None:
        raise LookupError(f"{case.reference} has no classification sheet")
    return case.classification


def strictest(tables: dict[str, Any]) -> OpenType:
    """Return the open type on which the tables insist: the stricter of DT-1 and the grade's default.

    "Reviewer's choice" may be opened without conditions, so only the grade's default binds it.
    """
    by_facts = tables.get("table_type") or OpenType.OUT_OF_SCOPE
    types = [OpenType.UNCONDITIONAL if by_facts == "reviewer_choice" else OpenType(by_facts)]
    types.append(OpenType(tables.get("grade_type") or OpenType.OUT_OF_SCOPE))
    return min(types, key=list(OpenType).index)


def is_looser(sheet: Classification) -> bool:
    """Say whether the classification opens more than the tables say."""
    return (sheet.reviewed or sheet.proposed).looser_than(strictest(sheet.tables))
