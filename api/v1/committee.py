"""The committee: its members in public, and consultations for those who may follow them."""

from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields

from api.auth import actor
from api.sitting import Member, mark_of, own_words, seated, session_of
from api.v1.paging import Paging, page
from api.v1.reading import Section, person
from api.v1.schemas import day, moment, number, one, several, word, yes
from models import N_, STANCES, Consultation, Expert, User, db
from workflow import calendar, committee, consultations, hearing, seating
from workflow.stages.consultation import ADVICE

section = Section("consultations", "/consultations", N_("专家论证"))
members = Section("committee", "/committee", N_("专家委员会"), public=True)


class Away(Schema):
    """Days on which a member is not available."""

    first = day(N_("第一天"))
    last = day(N_("最后一天"))


class MemberEntry(Schema):
    """What the register says of a member, for those who may read all of it."""

    id = word(N_("编号"))
    employer = word(N_("工作单位"))
    since = day(N_("任期从哪一天起"))
    until = day(N_("到哪一天止"))
    away = several(Away, N_("请假"))
    conflicts = fields.List(fields.String(), metadata={"label": N_("长期的利益关系")})
    busy = number(N_("在办的论证"))
    in_office = yes(N_("是否在任"))


class MemberShown(Schema):
    """A member of the committee."""

    name = word(N_("姓名"))
    fields_ = fields.List(fields.String(), data_key="fields", attribute="fields", metadata={"label": N_("专业领域")})
    entry = one(MemberEntry, N_("登记的内容，只对秘书、主管部门和审计员显示"))


class Followed(Schema):
    """What became of the committee's advice."""

    concluded = number(N_("已有结论"))
    followed = number(N_("决定采纳"))
    departed = number(N_("决定没有采纳，写明了理由"))
    divided = number(N_("没有形成多数意见"))
    undecided = number(N_("尚未决定"))
    no_quorum = number(N_("未达法定人数"))


class Committee(Schema):
    """The committee: its members, and what became of its advice."""

    items = several(MemberShown, N_("委员"))
    advice = one(Followed, N_("意见的采纳"))


class SeatShown(Schema):
    """A seat: who sits there, and whether they have declared and handed in; never what, and not when."""

    number = number(N_("席位号"))
    name = word(N_("姓名"))
    chair = yes(N_("是否主任委员"))
    stand_in = yes(N_("是否候补入席"))
    declared = yes(N_("是否已声明"))
    handed_in = yes(N_("是否已提交意见"))
    present = fields.Boolean(metadata={"label": N_("是否到会，没有会议则为空")}, allow_none=True)
    left = word(N_("为什么离席：recused 为回避，replaced 为更换"))


class StandingShown(Schema):
    """How many sit, have declared and have handed in, and how many are needed."""

    entitled = number(N_("应到人数"))
    quorum = number(N_("法定人数"))
    declared = number(N_("已声明人数"))
    handed_in = number(N_("已提交人数"))
    reached = yes(N_("是否达到法定人数"))


class CountShown(Schema):
    """The count of a ballot that has been opened."""

    entitled = number(N_("应到人数"))
    quorum = number(N_("法定人数"))
    valid = number(N_("收到的意见"))
    stances = fields.Dict(metadata={"label": N_("各方向的意见数")})
    result = word(N_("结果"))


class OpinionShown(Schema):
    """An opinion that has been opened, and how to check its seal."""

    seat = number(N_("席位号"))
    stance = word(N_("意见"))
    stance_title = word(N_("意见的名称"))
    answer = fields.Dict(metadata={"label": N_("内容")})
    dissent = yes(N_("是否保留意见"))
    commitment = word(N_("密封码"))
    place = word(N_("位置"))
    salt = word(N_("随机数"))
    matches = yes(N_("密封码是否一致"))


class MeasureShown(Schema):
    """A measure that was proposed, and in how many opinions."""

    words = word(N_("措施"))
    support = number(N_("提出的委员数"))


class WordsShown(Schema):
    """What was asked or said about the procedure."""

    at = moment(N_("时间"))
    by = word(N_("谁说的：member 为委员，secretary 为秘书"))
    text = word(N_("内容"))


class Yours(Schema):
    """Your own seat, and what you have handed in."""

    seat = number(N_("席位号"))
    step = word(N_("等您办理的步骤"))
    may_change = yes(N_("是否可以改写意见"))
    commitment = word(N_("密封码"))
    opinion = fields.Dict(metadata={"label": N_("您提交的意见，只给您看，截止前")}, allow_none=True)


class ConsultationSummary(Schema):
    """A consultation in a list."""

    reference = word(N_("编号"))
    case = word(N_("办件编号"))
    title = word(N_("标题"))
    state = word(N_("状态"))
    state_title = word(N_("状态名称"))
    procedure = word(N_("方式：written 为书面，meeting 为会议"))
    opened_at = moment(N_("提请时间"))
    closes_at = moment(N_("最迟截止时间"))
    yours = one(Yours, N_("您的席位"))


class ConsultationSheet(ConsultationSummary):
    """A consultation: while it is sealed nothing but who has declared and handed in; then everything."""

    question = word(N_("请委员会回答的问题"))
    sealed = yes(N_("是否密封"))
    seats = several(SeatShown, N_("席位"))
    standing = one(StandingShown, N_("人数"))
    count = one(CountShown, N_("计票"))
    opinions = several(OpinionShown, N_("各委员意见"))
    measures = several(MeasureShown, N_("建议的安全措施"))
    words = several(WordsShown, N_("关于程序和材料"))
    advice = word(N_("结论"))
    advice_title = word(N_("结论的名称"))
    advice_text = word(N_("结论的理由"))
    followed = fields.Boolean(metadata={"label": N_("决定是否采纳；尚未决定则为空")}, allow_none=True)
    departure = word(N_("没有采纳的理由"))
    minutes = number(N_("纪要的文件号"), allow_none=True)


class ConsultationPage(Schema):
    """A page of consultations."""

    items = several(ConsultationSummary, N_("专家论证"))
    next = word(N_("下一页的 after；没有更多时为空"), allow_none=True)


@members.route("", methods=["GET"])
@members.response(200, Committee)
def show_committee() -> dict[str, Any]:
    """Read who is in the committee.

    Members in office with what they are known for, and what became of the committee's advice. The secretary, the lead
    authority and auditors also read the register, with those whose term is over.
    """
    reader = actor()
    inside = reader is not None and bool(reader.roles & committee.READERS)
    loads = seating.loads() if inside else {}
    found = committee.everybody() if inside else seating.members(calendar.today())
    return {
        "items": [
            {
                "name": each.user.name,
                "fields": each.fields,
                "entry": entry(each, loads.get(each.user_id, 0)) if inside else None,
            }
            for each in found
        ],
        "advice": consultations.advice_followed(),
    }


@section.route("", methods=["GET"])
@section.arguments(Paging, location="query")
@section.response(200, ConsultationPage)
def list_consultations(asked: dict[str, Any]) -> dict[str, Any]:
    """List the consultations that concern you.

    Those you may read, and those in which you sit; the newest stands first.
    """
    someone = person()
    query = hearing.listed(someone).options(db.joinedload(Consultation.case)).limit(asked["limit"] + 1)
    if asked["after"] is not None:
        query = query.where(Consultation.id < asked["after"][0])
    found, following = page(list(db.session.scalars(query)), asked["limit"], lambda each: (each.id,))
    return {"items": [summary(each, seated(each, someone)) for each in found], "next": following}


@section.route("/<reference>", methods=["GET"])
@section.response(200, ConsultationSheet)
def show_consultation(reference: str) -> dict[str, Any]:
    """Read a consultation.

    While the ballot is sealed you read who has declared and who has handed in. Afterwards you read the count, each
    opinion by its seat, and what you need to check its seal: the commitment is the SHA-256 of place, opinion and salt.
    """
    someone = person()
    return sheet(hearing.find(reference, someone), someone)


def summary(consultation: Consultation, member: Member | None) -> dict[str, Any]:
    """Return a consultation as lists give it."""
    return {
        "reference": consultation.reference,
        "case": consultation.case.reference,
        "title": consultation.case.title,
        "state": consultation.state,
        "state_title": mark_of(consultation).words,
        "procedure": consultation.procedure,
        "opened_at": consultation.opened_at,
        "closes_at": hearing.closes_at(consultation),
        "yours": yours(member) if member else None,
    }


def yours(member: Member) -> dict[str, Any]:
    """Return a member's own seat; what they have handed in is given by the consultation itself."""
    return {
        "seat": member.seat.number,
        "step": member.step,
        "may_change": member.may_change,
        "commitment": member.commitment,
        "opinion": None,
    }


def sheet(consultation: Consultation, someone: User) -> dict[str, Any]:
    """Return a consultation as its own page gives it."""
    session, member = session_of(consultation), seated(consultation, someone)
    said = summary(consultation, member)
    if member is not None and member.may_change:
        said["yours"]["opinion"] = own_words(consultation.case)
    return said | {
        "question": consultation.question,
        "sealed": session.sealed,
        "seats": [
            {"name": each.user.name}
            | {name: getattr(each, name) for name in ("number", "chair", "stand_in", "declared", "handed_in")}
            | {"present": each.present, "left": each.left}
            for each in session.places
        ],
        "standing": session.standing,
        "count": consultation.count or None if not session.sealed else None,
        "opinions": [
            {
                "seat": each.opinion.seat,
                "stance": each.opinion.stance.value,
                "stance_title": gettext(STANCES[each.opinion.stance]),
                "answer": each.opinion.answer,
                "dissent": each.dissent,
                "commitment": each.opinion.commitment,
                "place": each.place,
                "salt": each.opinion.salt,
                "matches": each.matches,
            }
            for each in session.opinions
        ],
        "measures": session.measures,
        "words": [
            {"at": each.at, "by": "secretary" if each.by_secretary else "member", "text": each.text}
            for each in consultation.remarks
        ],
        "advice": consultation.advice,
        "advice_title": gettext(ADVICE[consultation.advice]) if consultation.advice else "",
        "advice_text": consultation.advice_text,
        "followed": consultation.followed,
        "departure": consultation.departure,
        "minutes": consultation.minutes_id,
    }


def entry(expert: Expert, load: int) -> dict[str, Any]:
    """Return what the register says of a member."""
    return {
        "id": str(expert.user_id),
        "employer": expert.employer,
        "since": expert.since,
        "until": expert.until,
        "away": [{"first": first, "last": last} for first, last in expert.away],
        "conflicts": expert.conflicts,
        "busy": load,
        "in_office": seating.in_office(expert, calendar.today()),
    }
