"""Consultation: the expert committee answers a question, sealed and counted by rules; it advises and never decides."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from models import N_, Case, Interest, Role, User, now
from workflow import calendar, consultations, files, minutes, seating
from workflow.consultations import current, seat_of
from workflow.fields import Answer, Attachments, Day, ExpertReference, Lines, Tick, choice, prose
from workflow.stage import Stage

# The case that asked stands still meanwhile; only the limits of the consultation itself run on.
stage = Stage(__name__, stands_still=("seating", "interest_declaration", "expert_opinion", "consultation_conclusion"))

RISKS = {"low": N_("低"), "medium": N_("中"), "high": N_("高")}
ADVICE = {
    "support": N_("建议同意"),
    "conditions": N_("建议附条件同意"),
    "oppose": N_("建议不同意"),
    "divided": N_("没有形成多数意见"),
}


class Seating(Answer):
    """Who answers the question, and what is put before them."""

    question = prose(20, 2000, N_("请委员会回答的问题"), N_("每行一个问题，至少 20 个字。"))
    experts = fields.List(
        ExpertReference(required=True),
        required=True,
        metadata={
            "label": N_("入席委员"),
            "hint": N_("至少五名，人数为单数。按专业、在办件数和利益关系排序。"),
            "options": "candidates",
            "widget": "checks",
        },
    )
    chair = ExpertReference(required=True, metadata={"label": N_("主任委员"), "options": "candidates"})
    stand_ins = fields.List(
        ExpertReference(required=True),
        load_default=list,
        metadata={
            "label": N_("候补委员"),
            "hint": N_("有委员回避或者不能履职时依次入席。"),
            "options": "candidates",
            "widget": "checks",
        },
    )
    closes_on = Day(
        required=False,
        load_default=None,
        allow_none=True,
        metadata={"label": N_("截止日"), "hint": N_("不填的，按期限表计算。")},
    )


@stage.step(Role.SECRETARY, Seating, limit="seating")
def seat_experts(case: Case, answer: dict[str, Any], secretary: User) -> dict[str, Any]:
    """Seat the committee.

    Returns the numbers of the seats, each of which goes its own way.
    """
    consultation = current(case)
    if answer["closes_on"] is not None and answer["closes_on"] <= calendar.today():
        raise ValidationError({"closes_on": [N_("截止日须在今天以后。")]})
    consultation.question, consultation.closes_on = answer["question"], answer["closes_on"]
    keys = [expert.user_id for expert in answer["stand_ins"]]
    seating.seat(consultation, answer["experts"], answer["chair"].user_id, keys, secretary)
    case.state = "consulting"
    seats = [str(number) for number in range(1, len(answer["experts"]) + 1)]
    return {"seats": seats, "answered": [], "declared": [], "ballot": "", "extension": ""}


class Declaration(Answer):
    """Whether anything ties a member to the case."""

    interest = choice(
        {
            "none": N_("没有"),
            "conflict": N_("有，申请回避"),
            "unsure": N_("不确定，请秘书认定"),
        },
        metadata={
            "label": N_("近三年内，您与本案当事人有没有影响公正的关系"),
            "hint": N_("选“没有”，声明后立即开卷；回避的不能看卷、不能提交意见；不确定的，认定前不开卷。"),
            "widget": "choice",
        },
    )
    interest_text = prose(
        0,
        1000,
        N_("情况说明"),
        N_("至少 5 个字，写入纪要。"),
        when={"interest": ["conflict", "unsure"]},
        private="committee",
    )
    binding = Tick(metadata={"label": N_("我知道声明将写入纪要；情况有变会立即补充声明")})

    @validates_schema(skip_on_field_errors=True)
    def a_tie_is_described(self, data: dict[str, Any], **_: Any) -> None:
        """Ask what the tie is, and that the member knows what they sign."""
        if data["interest"] != "none" and len(data["interest_text"]) < 5:
            raise ValidationError(N_("请写明情况，至少 5 个字。"), "interest_text")
        if not data["binding"]:
            raise ValidationError(N_("请确认。"), "binding")


@stage.step(Role.EXPERT, Declaration, limit="interest_declaration")
def declare_interest(case: Case, answer: dict[str, Any], expert: User) -> dict[str, Any]:
    """Declare interests.

    The file opens to the member afterwards, and not before.
    """
    mine = seat_of(case, expert)
    mine.interest, mine.interest_text, mine.declared_at = Interest(answer["interest"]), answer["interest_text"], now()
    if mine.interest is Interest.CONFLICT:
        seating.leave(mine, "recused")
    return {"interest": answer["interest"], "ruling": ""}


class InterestRuling(Answer):
    """Whether a member who is unsure may take part."""

    seat = fields.Integer(
        required=True,
        metadata={"label": N_("席位号"), "options": "unsure"},
        error_messages={"required": N_("请选一项。"), "invalid": N_("请选一项。"), "null": N_("请选一项。")},
    )
    ruling = choice({"cleared": N_("可以参加"), "recused": N_("应当回避")}, metadata={"label": N_("认定")})
    reason = prose(10, 1000, N_("理由"), N_("至少 10 个字，写入纪要。"), private="committee")


@stage.step(Role.SECRETARY, InterestRuling, member="seat")
def rule_on_interest(case: Case, answer: dict[str, Any], secretary: User) -> dict[str, Any]:
    """Rule on a member's interest."""
    unsure = seating.taken(current(case), answer["seat"])
    if unsure is None or unsure.interest is not Interest.UNSURE:
        raise ValidationError({"seat": [N_("这一席没有要认定的声明。")]})
    unsure.interest = Interest.NONE if answer["ruling"] == "cleared" else Interest.CONFLICT
    if answer["ruling"] == "recused":
        seating.leave(unsure, "recused")
    return {"ruling": answer["ruling"]}


class Judgement(Answer):
    """A member's opinion."""

    reidentification = choice(
        RISKS, required=False, load_default="", metadata={"section": N_("风险评价"), "label": N_("重识别风险")}
    )
    misuse = choice(RISKS, required=False, load_default="", metadata={"label": N_("超用途使用风险")})
    leakage = choice(RISKS, required=False, load_default="", metadata={"label": N_("结果导出风险")})
    stance = choice(
        {
            "support": N_("赞成"),
            "conditions": N_("附条件赞成"),
            "oppose": N_("反对"),
            "abstain": N_("弃权"),
        },
        metadata={"section": N_("意见"), "label": N_("总体意见"), "widget": "choice"},
    )
    measures = Lines(most=20, metadata={"label": N_("建议的安全措施"), "hint": N_("每行一条；附条件赞成的须填写。")})
    reasons = prose(20, 4000, N_("理由"), N_("至少 20 个字；启封后以席位号署名，写入纪要。"))
    concerns = prose(0, 2000, N_("保留和顾虑"))
    attachments = Attachments(
        most=5, metadata={"label": N_("附件"), "hint": N_("最多 5 个；和意见一起密封，一起启封。")}
    )

    @validates_schema(skip_on_field_errors=True)
    def conditions_are_named(self, data: dict[str, Any], **_: Any) -> None:
        """Ask which measures support depends on."""
        if data["stance"] == "conditions" and not data["measures"]:
            raise ValidationError(N_("请写明条件，每行一条。"), "measures")


@stage.step(Role.EXPERT, Judgement, limit="expert_opinion", sealed=True)
def give_opinion(case: Case, answer: dict[str, Any], expert: User) -> dict[str, Any]:
    """Give an opinion.

    Returns the commitment alone: the opinion is sealed until the ballot closes, and may be changed until then.
    """
    consultation = current(case)
    mine = seat_of(case, expert)
    if mine.interest is not Interest.NONE:
        raise ValidationError({"_schema": [N_("请先声明利益关系。")]})
    enclosed = files.enclose(case, answer["attachments"], expert)
    return {
        "commitment": consultations.hand_in(case, {**answer, "files": enclosed}, expert),
        "ballot_paper": f"{consultation.reference}/{consultation.round}",
    }


class Recusal(Answer):
    """Why a member withdraws."""

    interest_text = prose(5, 1000, N_("情况说明"), N_("至少 5 个字，写入纪要。"), private="committee")


@stage.step(Role.EXPERT, Recusal)
def recuse(case: Case, answer: dict[str, Any], expert: User) -> dict[str, Any]:
    """Recuse oneself later.

    Possible until the ballot closes; the file closes and the seat goes to a stand-in. What the member has handed in is
    taken back: it is never opened, and the journal says so beside its commitment.
    """
    mine = seat_of(case, expert)
    said = consultations.take_back(case, mine)
    mine.interest, mine.interest_text = Interest.CONFLICT, answer["interest_text"]
    seating.leave(mine, "recused")
    return said


class Replacement(Answer):
    """Which member cannot serve, and why."""

    seat = fields.Integer(
        required=True,
        metadata={"label": N_("席位号"), "options": "seats"},
        error_messages={"required": N_("请选一项。"), "invalid": N_("请选一项。"), "null": N_("请选一项。")},
    )
    reason = prose(10, 1000, N_("理由"), N_("至少 10 个字，写入纪要。"))


@stage.step(Role.SECRETARY, Replacement, member="seat")
def replace_expert(case: Case, answer: dict[str, Any], secretary: User) -> None:
    """Replace a member."""
    unable = seating.taken(current(case), answer["seat"])
    if unable is None or unable.answered_at is not None:
        raise ValidationError({"seat": [N_("这一席已经提交意见，或者没有人在席。")]})
    seating.leave(unable, "replaced")


@stage.signal
def ballot_complete(case: Case) -> bool:
    """Say whether everybody who sits has handed in, so that the hearing ends."""
    return consultations.all_in(case)


@stage.service
def seat_stand_in(case: Case) -> dict[str, Any]:
    """Seat the next stand-in.

    They begin with their own declaration.
    """
    came = seating.fill(current(case))
    return {"stand_in": came, "interest": "", "ruling": "", "answered": [], "declared": []}


@stage.service
def announce_close(case: Case) -> None:
    """Close the ballot; it is opened at once, in a step of its own."""
    current(case).state = "closing"


@stage.service
def close_ballot(case: Case) -> dict[str, Any]:
    """Open the ballot and count.

    Without a quorum nothing is opened: a second attempt counts everything.
    """
    consultation = current(case)
    consultations.check_seals(consultation)
    entitled = len(seating.sitting(consultation))
    reached = consultations.quorum_reached(consultation)
    if not reached and consultation.closed_at is None:
        consultation.state, consultation.closed_at = "short", now()
        return {"ballot": "short"}
    consultation.closed_at = now()
    count = consultations.open_ballot(consultation)
    consultation.count = {
        "entitled": entitled,
        "quorum": count.quorum,
        "valid": count.valid,
        "stances": count.stances,
        "result": count.result if reached else "no_quorum",
    }
    consultation.state = "closed"
    return {"ballot": "closed" if reached else "no_quorum"}


class BallotExtension(Answer):
    """What happens when too few have answered."""

    extension = choice(
        {
            "extend": N_("延长一次，等未提交的委员"),
            "reseat": N_("重新组成论证会"),
            "end": N_("结束论证，不形成意见"),
        },
        metadata={"label": N_("怎么办"), "widget": "choice"},
    )
    reason = prose(10, 1000, N_("理由"), N_("至少 10 个字，写入纪要。"))


@stage.step(Role.SECRETARY, BallotExtension)
def extend_ballot(case: Case, answer: dict[str, Any], secretary: User) -> dict[str, Any]:
    """Extend the ballot.

    Returns the seats that go on, and how far they are; what has been handed in stays sealed.
    """
    consultation = current(case)
    if answer["extension"] == "extend":
        consultation.closes_on = None
        return {"extension": "extend", **consultations.again(consultation)}
    if answer["extension"] == "reseat":
        consultation.round += 1
        consultation.state, consultation.closed_at = "seating", None
    return {"extension": answer["extension"]}


@stage.service
def record_no_quorum(case: Case) -> dict[str, Any]:
    """Record that there was no quorum."""
    consultation = current(case)
    consultation.state = "no_quorum"
    case.state = consultations.state_after(case)
    minutes.order(consultation)
    return {"consulted": "no_quorum", "advice": "none"}


class Conclusion(Answer):
    """What the committee advises, in the chair's words."""

    advice = choice(ADVICE, metadata={"label": N_("结论"), "hint": N_("与计票不同的，须在理由里说明。")})
    advice_text = prose(20, 4000, N_("结论的理由"), N_("至少 20 个字；附条件的，逐条写明条件。"))


@stage.step(Role.EXPERT, Conclusion, limit="consultation_conclusion")
def conclude_consultation(case: Case, answer: dict[str, Any], chair: User) -> dict[str, Any]:
    """Conclude the consultation.

    The conclusion stands apart from the count; the minutes hold both, and every dissent.
    """
    consultation = current(case)
    if not seat_of(case, chair).chair:
        raise ValidationError({"_schema": [N_("结论由主任委员写明。")]})
    consultation.advice, consultation.advice_text = answer["advice"], answer["advice_text"]
    consultation.state = "concluded"
    case.state = consultations.state_after(case)
    minutes.order(consultation)
    return {"consulted": "advised", "advice": answer["advice"]}
