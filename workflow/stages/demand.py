"""Demand: somebody asks for data the city does not publish yet, and gets a public answer (Order 21, article 10)."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from models import N_, Case, Demand, OpenType, Role, User, now
from workflow import clock, demands
from workflow.fields import Answer, BodyReference, DatasetReference, Day, DemandReference, Text, choice, prose
from workflow.stage import Stage
from workflow.stages.listing import FREQUENCIES, Description, keep_description

stage = Stage(__name__)

ASKS_FOR = {
    "unlisted": N_("清单上没有的数据集"),
    "listed_unconditional": N_("清单上无条件开放的数据集"),
    "listed_conditional": N_("清单上有条件开放的数据集"),
    "single_document": N_("某个单位的一份文件或者一项事实"),
    "for_duties": N_("本机关履行职责要用的数据"),
    "raw_product": N_("用原始、敏感的大批数据开发产品"),
}


class Request(Answer):
    """What is asked for, and what it is good for."""

    subject = Text(
        4, 80, metadata={"label": N_("想要什么数据"), "hint": N_("一句话，例如：各区公共充电桩实时空闲数量")}
    )
    asks_for = choice(
        ASKS_FOR, load_default="unlisted", required=False, metadata={"label": N_("属于哪一种"), "widget": "choice"}
    )
    description = prose(20, 2000, N_("具体内容"), N_("哪些字段、哪些范围、多长时间，至少 20 个字。"))
    purpose = prose(10, 2000, N_("用来做什么"), N_("写明在什么场景里用，至少 10 个字。"))
    value = prose(0, 1000, N_("预期价值"))
    suspected_holder = Text(0, 100, required=False, load_default="", metadata={"label": N_("可能由哪个单位掌握")})
    frequency = choice(FREQUENCIES, required=False, load_default="other", metadata={"label": N_("需要的更新频度")})
    delivery = choice(
        {"any": N_("都可以"), "download": N_("下载"), "api": N_("接口")},
        required=False,
        load_default="any",
        metadata={"label": N_("希望的获取方式")},
    )


@stage.step(Role.REQUESTER, Request, limit="draft")
def submit_demand(case: Case, answer: dict[str, Any], requester: User) -> dict[str, Any]:
    """Submit the demand."""
    case.demand = Demand(**answer)
    case.title, case.state = answer["subject"], "submitted"
    return {"asks_for": answer["asks_for"]}


class Screening(Answer):
    """Where a demand goes."""

    screening = choice(
        {
            "route": N_("转给数据开放主体"),
            "ask": N_("请提出人补充说明"),
            "join": N_("并入同类需求"),
            "already_open": N_("已经开放"),
            "other_channel": N_("其他渠道"),
            "decline": N_("不予办理"),
        },
        metadata={"label": N_("初审结果")},
    )
    body = BodyReference(metadata={"label": N_("数据开放主体"), "options": "bodies", "when": {"screening": "route"}})
    twin = DemandReference(
        metadata={"label": N_("同类需求的编号"), "hint": N_("例如 XQ-2026-000213"), "when": {"screening": "join"}}
    )
    dataset = DatasetReference(
        metadata={"label": N_("数据集编号"), "hint": N_("例如 DS-000012"), "when": {"screening": "already_open"}}
    )
    public_subject = Text(
        0, 80, required=False, load_default="",
        metadata={"label": N_("公开标题"), "hint": N_("去掉个人信息和不当内容；不填则不公开。"), "prefill": "subject"},
    )  # fmt: skip
    public_text = prose(0, 2000, N_("公开说明"), prefill="description")
    message = prose(0, 2000, N_("告知提出人"), N_("要补充什么、去哪个渠道、为什么不办理，至少 10 个字。"))

    @validates_schema(skip_on_field_errors=True)
    def each_result_names_its_target(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for the body, the twin, the data set or the words that a result needs."""
        needed = {"route": "body", "join": "twin", "already_open": "dataset"}.get(data["screening"])
        if needed and data[needed] is None:
            raise ValidationError(N_("请填写这一项。"), needed)
        if data["screening"] in ("ask", "other_channel", "decline") and len(data["message"]) < 10:
            raise ValidationError(N_("写得再具体一些，至少 10 个字。"), "message")
        if data["screening"] == "route" and not data["public_subject"]:
            raise ValidationError(N_("请填写公开标题。"), "public_subject")


@stage.step(Role.DESK, Screening, limit="demand_screening")
def screen_demand(case: Case, answer: dict[str, Any], desk: User) -> dict[str, Any]:
    """Screen the demand."""
    demand, result = demand_of(case), answer["screening"]
    if answer["twin"] is case:
        raise ValidationError({"twin": [N_("不能并入它自己。")]})
    if answer["public_subject"]:
        demand.public_subject, demand.public_text = answer["public_subject"], answer["public_text"]
        demand.published_at = demand.published_at or now()
    demand.twin = answer["twin"]
    if result == "route":
        case.give_to(answer["body"])
        demand.holder, case.state = answer["body"], "assessing"
    elif result == "ask":
        case.state = "clarifying"
    else:
        demand.dataset = answer["dataset"]
        demand.answer, demand.answer_text = result, answer["message"]
    demand.clarification = answer["message"] if result == "ask" else ""
    return {"screening": result, "assessment": ""}


class Clarification(Answer):
    """What the requester adds."""

    description = prose(20, 2000, N_("具体内容"), N_("在原来的基础上补充，至少 20 个字。"), prefill="description")
    purpose = prose(10, 2000, N_("用来做什么"), prefill="purpose")


@stage.step(Role.REQUESTER, Clarification, limit="completion", stops="demand_screening")
def clarify_demand(case: Case, answer: dict[str, Any], requester: User) -> None:
    """Clarify the demand."""
    demand = demand_of(case)
    demand.description, demand.purpose = answer["description"], answer["purpose"]
    case.state = "submitted"


class Assessment(Description):
    """Whether the body holds the data, and what they are."""

    assessment = choice(
        {
            "held": N_("本单位有这项数据"),
            "not_held": N_("本单位没有这项数据"),
            "alternative": N_("有可以替代的数据集"),
            "not_ours": N_("不属于本单位，退回转办"),
        },
        metadata={"label": N_("评估结果")},
    )
    remark = prose(10, 2000, N_("评估说明"), N_("决定人据此答复，至少 10 个字。"))

    class Meta(Answer.Meta):
        """Ask for the result first, then for the catalogue fields."""

        fields = (
            "assessment", "remark",
            "name", "summary", "domain", "frequency", "formats", "items", "tags", "coverage", "sample",
        )  # fmt: skip

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        """Ask for the catalogue fields only where the body holds the data."""
        if field_name not in ("assessment", "remark"):
            field_obj.metadata = {**field_obj.metadata, "when": {"assessment": "held"}}
            if field_obj.required:
                field_obj.required, field_obj.load_default = False, ""
                if isinstance(field_obj, Text):
                    field_obj.least = 0

    @validates_schema(skip_on_field_errors=True)
    def held_data_are_described(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for name, summary, domain and frequency of data that the body holds."""
        if data["assessment"] == "held":
            least = {"name": 4, "summary": 20, "domain": 1, "frequency": 1}
            missing = [name for name in least if len(data[name]) < least[name]]
            if missing:
                raise ValidationError({name: [N_("请填写这一项。")] for name in missing})


@stage.step(Role.CLERK, Assessment, limit="demand_answer")
def assess_demand(case: Case, answer: dict[str, Any], clerk: User) -> dict[str, Any]:
    """Assess the demand.

    A demand may be sent back to the desk once; after that the two offices must agree (domain.md 2.2).
    """
    demand, result = demand_of(case), answer["assessment"]
    if result == "not_ours":
        if demand.rerouted:
            raise ValidationError({"assessment": [N_("已经退回过一次；请与受理员协商，不能再退回。")]})
        case.give_to(None)
        demand.rerouted, demand.holder, case.state = True, None, "submitted"
    elif result == "held":
        keep_description(case, {name: value for name, value in answer.items() if name not in ("assessment", "remark")})
    return {"assessment": result}


ANSWERS = {
    "open": N_("无条件开放"),
    "conditional": N_("有条件开放"),
    "alternative": N_("用替代的数据集"),
    "other_channel": N_("其他渠道"),
    "decline": N_("不予开放"),
}
GROUNDS = {
    "state_secret": N_("涉及国家秘密"),
    "law": N_("法律、法规规定不得开放"),
    "personal": N_("含个人信息或者涉及个人隐私，未经同意且不能匿名化"),
    "trade_secret": N_("含商业秘密或者保密商务信息，未经同意且不能脱密"),
    "not_held": N_("没有单位掌握这项数据"),
}


class Reply(Answer):
    """The answer to a demand; the public reads it."""

    answer = choice(ANSWERS, metadata={"label": N_("答复")})
    opens_on = Day(
        required=False,
        load_default=None,
        metadata={"label": N_("最迟开放日期"), "when": {"answer": ["open", "conditional"]}},
    )
    dataset = DatasetReference(
        metadata={"label": N_("替代数据集的编号"), "hint": N_("例如 DS-000012"), "when": {"answer": "alternative"}}
    )
    ground = choice(
        GROUNDS,
        required=False,
        load_default="",
        metadata={"label": N_("不予开放的依据"), "when": {"answer": "decline"}},
    )
    text = prose(20, 2000, N_("答复内容"), N_("公开显示，写明理由和提出人接下来可以怎么做，至少 20 个字。"))

    @validates_schema(skip_on_field_errors=True)
    def each_answer_names_what_it_needs(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for the date, the data set or the ground that an answer needs."""
        needed = {"open": "opens_on", "conditional": "opens_on", "alternative": "dataset", "decline": "ground"}
        field = needed.get(data["answer"])
        if field and not data[field]:
            raise ValidationError(N_("请填写这一项。"), field)


@stage.step(
    Role.DECIDER,
    Reply,
    limit="demand_answer",
    apart_from=("assess_demand", "propose_classification", "review_classification", "give_security_opinion"),
)
def answer_demand(case: Case, answer: dict[str, Any], decider: User) -> dict[str, Any]:
    """Answer the demand.

    Data may be answered as open only as far as their classification goes (article 11).
    """
    demand, sheet = demand_of(case), case.classification
    opened = {"open": OpenType.UNCONDITIONAL, "conditional": OpenType.CONDITIONAL}.get(answer["answer"])
    if opened and (sheet is None or sheet.open_type is not opened):
        raise ValidationError({"answer": [N_("答复与确认的分类不一致。")]})
    demand.answer, demand.answer_text, demand.answer_ground = answer["answer"], answer["text"], answer["ground"]
    demand.opens_on, demand.dataset = answer["opens_on"], answer["dataset"]
    return {"answer": answer["answer"]}


class Withdrawal(Answer):
    """A wish not to go on."""

    reason = prose(0, 500, N_("原因"))


@stage.step(Role.REQUESTER, Withdrawal)
def withdraw_demand(case: Case, answer: dict[str, Any], requester: User) -> None:
    """Withdraw the demand."""
    case.state = "withdrawn"


class Extension(Answer):
    """Why the answer takes longer."""

    reason = prose(20, 1000, N_("延长的理由"), N_("提出人会看到，至少 20 个字。"))


@stage.step(Role.DECIDER, Extension, apart_from=("assess_demand",))
def extend_answer(case: Case, answer: dict[str, Any], decider: User) -> None:
    """Extend the time for the answer, once."""
    clock.extend(case, "demand_answer", decider, answer["reason"], now())


class Dispute(Answer):
    """What the requester finds wrong with an answer."""

    grounds = prose(20, 2000, N_("异议的理由"), N_("至少 20 个字。"))


@stage.step(Role.REQUESTER, Dispute)
def dispute_answer(case: Case, answer: dict[str, Any], requester: User) -> None:
    """Dispute the answer."""
    case.state = "coordinating"


class Coordination(Answer):
    """What the lead authority concludes about a disputed answer."""

    coordination = choice({"uphold": N_("维持答复"), "reassess": N_("重新办理")}, metadata={"label": N_("协调结果")})
    text = prose(20, 2000, N_("协调意见"), N_("公开显示，至少 20 个字。"))


@stage.step(Role.AUTHORITY, Coordination, limit="coordination")
def coordinate_demand(case: Case, answer: dict[str, Any], authority: User) -> dict[str, Any]:
    """Coordinate the disputed answer."""
    demand = demand_of(case)
    demand.coordination = answer["text"]
    if answer["coordination"] == "reassess":
        demand.rerouted = False
        # A demand that was never given to a body goes back to the desk.
        case.state = "assessing" if case.body_id else "submitted"
        demand.answered_at = None
    return {"coordination": answer["coordination"], "assessment": "", "answer": ""}


@stage.service
def lapse_demand(case: Case) -> dict[str, Any]:
    """Let a demand lapse that was not handed in or clarified in time."""
    case.state = "lapsed"
    return {"screening": "lapsed"}


@stage.service
def join_twin(case: Case) -> None:
    """Join the requester and the supporters to the demand that asks for the same."""
    demands.join(case)


@stage.service
def publish_answer(case: Case) -> dict[str, Any]:
    """Publish the answer, and let requester and supporters know."""
    demand_of(case).answered_at = now()
    case.state = "answered"
    return {"coordination": ""}


@stage.service
def publish_coordination(case: Case) -> None:
    """Publish what the lead authority concluded."""
    case.state = "answered"


def demand_of(case: Case) -> Demand:
    """Return what a case demands."""
    if case.demand is None:
        raise LookupError(f"{case.reference} demands nothing yet")
    return case.demand
