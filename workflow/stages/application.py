"""Application: somebody asks for data that are open under conditions, and gets a decision (Order 21, article 15)."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from models import N_, Case, Role, User, now
from workflow import applications, calendar, clock, consultations, decisions
from workflow.applications import application_of
from workflow.applying import MODES, ApplicationForm
from workflow.fields import Answer, DatasetReference, Day, Group, Lines, Text, Tick, choice, prose
from workflow.stage import Stage

stage = Stage(__name__)

FINDINGS = {"met": N_("符合"), "unmet": N_("不符合"), "not_applicable": N_("不适用")}
# What the committee is asked where the route of reviews calls for it and the reviewer has put no question.
COMMITTEE_QUESTION = N_(
    "申请涉及较高级别的数据或者敏感个人信息：按申请的用途和保障措施使用，风险有多大？需要哪些附加的安全措施？"
)
PARTS = {"substance": N_("审核"), "security": N_("数据安全"), "right_holder": N_("权利人")}


@stage.step(Role.REQUESTER, ApplicationForm, limit="draft")
def submit_application(case: Case, answer: dict[str, Any], requester: User) -> None:
    """Submit the application."""
    applications.keep(case, answer, requester)
    case.state = "submitted"


FIELDS = {
    name: str(field.metadata["label"])
    for name, field in ApplicationForm._declared_fields.items()
    if "label" in field.metadata
}


class Defect(Answer):
    """One thing that has to be completed."""

    field = choice(FIELDS, metadata={"label": N_("哪一项")})
    words = prose(5, 500, N_("缺什么、怎样改"), rows=2)


class FormalCheck(Answer):
    """Whether the application is complete and belongs here."""

    checking = choice(
        {"accept": N_("予以受理"), "return": N_("一次告知补正"), "not_competent": N_("不属于受理范围")},
        metadata={"label": N_("审查结果")},
    )
    defects = Group(
        Defect,
        most=50,
        metadata={
            "label": N_("要补正的内容"),
            "hint": N_("一次告知全部；每一处对应一项。"),
            "when": {"checking": "return"},
        },
    )
    advice = prose(0, 2000, N_("告知申请人"), N_("应当向哪里提出，至少 10 个字。"), when={"checking": "not_competent"})

    @validates_schema(skip_on_field_errors=True)
    def each_result_says_what_it_must(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for the defects or the advice that a result needs."""
        if data["checking"] == "return" and not data["defects"]:
            raise ValidationError(N_("请至少写一处要补正的内容。"), "defects")
        if data["checking"] == "not_competent" and len(data["advice"]) < 10:
            raise ValidationError(N_("写明应当向哪里提出，至少 10 个字。"), "advice")


@stage.step(Role.DESK, FormalCheck, limit="formal_check")
def check_application(case: Case, answer: dict[str, Any], desk: User) -> dict[str, Any]:
    """Check the application.

    Returns, where it is accepted, the facts by which its reviews are chosen.
    """
    application, result = application_of(case), answer["checking"]
    application.defects = [dict(defect) for defect in answer["defects"]] if result == "return" else []
    if result == "accept":
        return {"checking": result, **applications.accept(case)}
    case.state = "returned" if result == "return" else "advised"
    return {"checking": result}


class Completion(ApplicationForm):
    """The whole application anew, with what was missing."""


@stage.step(Role.REQUESTER, Completion, limit="completion", stops="formal_check")
def complete_application(case: Case, answer: dict[str, Any], requester: User) -> None:
    """Complete the application."""
    applications.keep(case, answer, requester)
    case.state = "submitted"


class Finding(Answer):
    """What a reviewer finds on one published condition."""

    criterion = Text(3, 60, metadata={"label": N_("条件编号"), "fixed": True})
    finding = choice(FINDINGS, metadata={"label": N_("认定")})
    reason = prose(2, 1000, N_("理由"), rows=2)


class SubstanceReview(Answer):
    """The review of an application against the published conditions, one by one."""

    opinion = choice(
        {
            "support": N_("建议同意"),
            "support_conditions": N_("建议附条件同意"),
            "oppose": N_("建议不同意"),
            "ask": N_("请申请人说明"),
        },
        metadata={"label": N_("审核意见")},
    )
    findings = Group(
        Finding,
        most=200,
        metadata={
            "label": N_("逐条审核"),
            "hint": N_("按受理时公布的条件，每条都要认定并写明理由。"),
            "when": {"opinion": ["support", "support_conditions", "oppose"]},
        },
    )
    question = prose(0, 2000, N_("要申请人说明什么"), N_("至少 10 个字；申请人会看到。"), when={"opinion": "ask"})
    consult = Tick(
        metadata={
            "label": N_("提请专家论证"),
            "when": {"opinion": ["support", "support_conditions", "oppose"]},
        }
    )
    committee_question = prose(
        0, 2000, N_("请委员会回答的问题"), N_("每行一个问题，至少 20 个字。"), when={"consult": True}
    )
    grounds = prose(10, 2000, N_("理由"), N_("供拟定决定的人参考，至少 10 个字。"))

    @validates_schema(skip_on_field_errors=True)
    def the_committee_is_asked_something(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for the question that the committee is to answer."""
        if data["consult"] and data["opinion"] != "ask" and len(data["committee_question"]) < 20:
            raise ValidationError(N_("写得再具体一些，至少 20 个字。"), "committee_question")

    @validates_schema(skip_on_field_errors=True)
    def a_question_is_asked(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for the question where the applicant is to answer one."""
        if data["opinion"] == "ask" and len(data["question"]) < 10:
            raise ValidationError(N_("写明要申请人说明什么，至少 10 个字。"), "question")


@stage.step(Role.REVIEWER, SubstanceReview, limit="decision")
def review_application(case: Case, answer: dict[str, Any], reviewer: User) -> dict[str, Any]:
    """Review the application.

    Every published condition is found on, and no other (article 15).
    """
    application, opinion = application_of(case), answer["opinion"]
    if opinion == "ask":
        application.question, application.clarification = answer["question"], ""
        case.state = "clarifying"
        return {"opinion": opinion}
    published = applications.criteria(application)
    found = [each["criterion"] for each in answer["findings"]]
    if set(found) != set(published) or len(found) != len(published):
        raise ValidationError({"findings": [N_("公布的每条条件都要认定一次，不能多也不能少。")]})
    if opinion == "oppose" and not any(each["finding"] == "unmet" for each in answer["findings"]):
        raise ValidationError({"findings": [N_("建议不同意的，要有不符合的条件。")]})
    findings = [dict(each) for each in answer["findings"]]
    applications.remember_review(case, "substance", reviewer, opinion, answer["grounds"], findings)
    application.route = {"committee_question": answer["committee_question"]}
    case.state = "reviewing"
    return {"opinion": opinion, "consult": answer["consult"]}


class Explanation(Answer):
    """The applicant's answer to a reviewer's question."""

    text = prose(10, 4000, N_("说明"), N_("回答审核员的问题，至少 10 个字。"))


@stage.step(Role.REQUESTER, Explanation, limit="completion", stops="decision")
def clarify_application(case: Case, answer: dict[str, Any], requester: User) -> None:
    """Clarify the application."""
    application_of(case).clarification = answer["text"]
    case.state = "reviewing"


class SecurityReview(Answer):
    """The security officer's view of an application."""

    security = choice(
        {"support": N_("安全保障足够"), "measures": N_("采取以下措施后足够"), "object": N_("安全保障不足")},
        metadata={"label": N_("安全意见")},
    )
    measures = Lines(
        most=20,
        metadata={
            "label": N_("要采取的措施"),
            "widget": "lines",
            "hint": N_("每行一条"),
            "when": {"security": "measures"},
        },
    )
    grounds = prose(10, 2000, N_("理由"), N_("至少 10 个字。"))

    @validates_schema(skip_on_field_errors=True)
    def measures_are_named(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for the measures that the opinion rests on."""
        if data["security"] == "measures" and not data["measures"]:
            raise ValidationError(N_("请至少写一条措施。"), "measures")


@stage.step(Role.SECURITY, SecurityReview, limit="decision", apart_from=("review_application",))
def review_security(case: Case, answer: dict[str, Any], officer: User) -> None:
    """Review the security of the data."""
    grounds = "\n".join([answer["grounds"], *answer["measures"]])
    applications.remember_review(case, "security", officer, answer["security"], grounds)


class RightHolderReply(Answer):
    """What the holder of rights in the data has replied."""

    reply = choice(
        {"agree": N_("同意"), "object": N_("不同意"), "silent": N_("没有答复")}, metadata={"label": N_("权利人的答复")}
    )
    asked_on = Day(required=True, metadata={"label": N_("征求意见的日期")})
    grounds = prose(5, 2000, N_("答复的内容"), N_("没有答复的，写明怎样征求的；没有答复不视为同意。"))


@stage.step(Role.CLERK, RightHolderReply, limit="right_holder_opinion", stops="decision")
def consult_right_holder(case: Case, answer: dict[str, Any], clerk: User) -> None:
    """Consult the right holder."""
    if answer["asked_on"] > calendar.today():
        raise ValidationError({"asked_on": [N_("日期不能晚于今天。")]})
    applications.remember_review(case, "right_holder", clerk, answer["reply"], answer["grounds"])


class Granted(Answer):
    """What is granted of one data set where the grant is partial."""

    dataset = DatasetReference(required=True, metadata={"label": N_("数据集"), "options": "asked"})
    items = Lines(
        most=200,
        metadata={
            "label": N_("同意的数据项"),
            "widget": "lines",
            "hint": N_("每行一个；不填表示申请的全部数据项。"),
        },
    )
    rows = Lines(
        most=20, metadata={"label": N_("只给这些行"), "widget": "lines", "hint": N_("每行一个条件，在申请之上再收窄。")}
    )


def bound(label: str, hint: str = "") -> fields.Integer:
    """Return a number of downloads or rows that may be left out."""
    return fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, 10**12, error=N_("写成大于零的数字。")),
        error_messages={"invalid": N_("写成数字。")},
        metadata={
            "label": label,
            **({"hint": hint} if hint else {}),
            "when": {"decision": ["approve", "conditions", "part"]},
        },
    )


def granting(label: str) -> dict[str, Any]:
    """Return the marks of a field that only a grant asks for."""
    return {"label": label, "hint": N_("不填则同申请。"), "when": {"decision": ["approve", "conditions", "part"]}}


class Ruling(Answer):
    """A decision on an application, with everything that the agreement will rest on."""

    decision = choice(decisions.OUTCOMES, metadata={"label": N_("决定")})
    granted = Group(Granted, most=10, metadata={"label": N_("同意的部分"), "when": {"decision": "part"}})
    conditions = Lines(
        most=20,
        metadata={
            "label": N_("附加条件"),
            "widget": "lines",
            "hint": N_("每行一条"),
            "when": {"decision": ["conditions", "part"]},
        },
    )
    unmet = Lines(
        most=50,
        metadata={
            "label": N_("不符合的条件"),
            "widget": "check",
            "options": "unmet",
            "hint": N_("公布过、并且审核认定不符合的条件；没有可选的，只能依据法律上的障碍。"),
            "when": {"decision": ["refuse", "part"]},
        },
    )
    bar = choice(
        decisions.BARS,
        required=False,
        load_default=None,
        allow_none=True,
        metadata={"label": N_("法律上的障碍"), "when": {"decision": ["refuse", "part"]}},
    )
    text = prose(20, 4000, N_("理由"), N_("写进决定书，至少 20 个字。"))
    starts_on = Day(required=False, load_default=None, allow_none=True, metadata=granting(N_("开始日期")))
    ends_on = Day(required=False, load_default=None, allow_none=True, metadata=granting(N_("结束日期")))
    mode = choice(MODES, required=False, load_default=None, allow_none=True, metadata=granting(N_("获取方式")))
    downloads = bound(N_("每月下载次数"), N_("不填则按公布的条件。"))
    rows = bound(N_("每月行数"), N_("不填则按公布的条件。"))
    reports = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, 24, error=N_("写成 1 到 24 的数字。")),
        error_messages={"invalid": N_("写成数字。")},
        metadata=granting(N_("每几个月交一次利用报告")) | {"hint": N_("不填则按公布的条件。")},
    )
    departure = prose(0, 2000, N_("与专家论证结论不一致的理由"), N_("不一致时必填，至少 20 个字；将永久记录。"))
    summary = prose(0, 500, N_("公开摘要"), N_("公众会看到；不填则用申请人写的摘要。"))

    @validates_schema(skip_on_field_errors=True)
    def conditions_are_named(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for the conditions that a conditional grant is to have."""
        if data["decision"] == "conditions" and not data["conditions"]:
            raise ValidationError(N_("请至少写一条附加条件。"), "conditions")


@stage.step(Role.CLERK, Ruling, limit="decision", apart_from=("review_application", "review_security"))
def draft_decision(case: Case, answer: dict[str, Any], clerk: User) -> None:
    """Draft the decision."""
    application = application_of(case)
    application.decision = decisions.ruled(case, answer)
    if answer["summary"]:
        application.summary = answer["summary"]
    case.state = "deciding"


class Decision(Ruling):
    """The decision, as drafted or otherwise, or the draft sent back."""

    decision = choice({**decisions.OUTCOMES, "return": N_("退回重新拟定")}, metadata={"label": N_("决定")})


@stage.step(
    Role.DECIDER, Decision, limit="decision", apart_from=("draft_decision", "review_application", "review_security")
)
def decide_application(case: Case, answer: dict[str, Any], decider: User) -> dict[str, Any]:
    """Decide on the application.

    A refusal names an unmet published condition or a legal bar (article 15).
    """
    if answer["decision"] == "return":
        case.state = "reviewing"
        return {"decision": "return"}
    consultations.check_departure(case, answer["decision"] != "refuse", "departure", answer["departure"])
    decisions.take(case, answer, decider)
    case.state = "refused" if answer["decision"] == "refuse" else "agreeing"
    return {"decision": answer["decision"]}


class GivingUp(Answer):
    """A wish not to go on with an application."""

    reason = prose(0, 500, N_("原因"))


@stage.step(Role.REQUESTER, GivingUp)
def withdraw_application(case: Case, answer: dict[str, Any], requester: User) -> None:
    """Withdraw the application."""
    case.state = "withdrawn"


class MoreTime(Answer):
    """Why the decision takes longer."""

    reason = prose(20, 1000, N_("延长的理由"), N_("至少 20 个字。"))


@stage.step(Role.CLERK, MoreTime)
def ask_extension(case: Case, answer: dict[str, Any], clerk: User) -> None:
    """Ask for an extension."""
    application_of(case).extension = answer["reason"]


class MoreTimeRuling(Answer):
    """Whether the office gives itself more time, which another person decides than the one who asks."""

    extension = choice({"grant": N_("同意延长"), "decline": N_("不延长")}, metadata={"label": N_("是否延长")})
    text = prose(20, 1000, N_("理由"), N_("申请人会看到，至少 20 个字。"))


@stage.step(Role.DECIDER, MoreTimeRuling, limit="decision", apart_from=("ask_extension",))
def extend_decision(case: Case, answer: dict[str, Any], decider: User) -> None:
    """Extend the time for the decision, once."""
    if answer["extension"] == "grant":
        clock.extend(case, "decision", decider, answer["text"], now())


@stage.service
def ask_committee(case: Case) -> dict[str, Any]:
    """Put the application to the committee."""
    question = application_of(case).route.get("committee_question") or COMMITTEE_QUESTION
    consultations.ask(case, question, None)
    return {"consult": False}


@stage.service
def lapse_application(case: Case) -> None:
    """Let an application lapse that was not handed in or completed in time."""
    case.state = "lapsed"


@stage.service
def split_application(case: Case) -> None:
    """Give each body its part of the application."""
    applications.split(case)


@stage.service
def gather_parts(case: Case) -> dict[str, Any]:
    """Gather what the bodies have decided."""
    application = application_of(case)
    application.outcome, application.decided_at = applications.gather(case), now()
    case.state = "decided"
    return {"decision": "parts"}


@stage.service
def publish_decision(case: Case) -> None:
    """Publish the summary of the decision."""
    application_of(case).published_on = calendar.today()
    applications.tell_parent(case)


@stage.service
def close_withdrawn(case: Case) -> None:
    """Withdraw what is left of an application."""
    case.state = "withdrawn"
    applications.withdraw_parts(case)
    applications.tell_parent(case)
