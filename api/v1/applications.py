"""Applications for conditional data: where one stands, what must be completed, the decision, and the agreement."""

from collections.abc import Mapping
from typing import Any

from flask import current_app, jsonify
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from marshmallow import Schema, fields

from api.agreements import agreement_named
from api.judging import outcome_words
from api.v1.cases import find
from api.v1.reading import Section, person
from api.v1.schemas import day, moment, number, one, several, word, yes
from models import AGREEMENT_STATES, N_, Agreement, Application, Case, User
from workflow import access, applications, terms
from workflow.access import READ_RESTRICTED, roles_on
from workflow.applying import ApplicationForm
from workflow.decisions import BARS, REMEDY, SENTENCES
from workflow.errors import NotFound
from workflow.history import Reading, reading_of

section = Section("applications", "/cases", N_("申请和协议"))
policies = Section("agreements", "/agreements", N_("协议条款"))
ODRL = "application/ld+json"


class Defective(Schema):
    """One thing that has to be completed."""

    field = word(N_("哪一项"))
    label = word(N_("这一项的名称"))
    words = word(N_("缺什么、怎样改"))


class Requested(Schema):
    """A data set that is applied for."""

    code = word(N_("数据集编号"))
    name = word(N_("数据集名称"))
    items = fields.List(fields.String(), metadata={"label": N_("数据项，空表示全部")})
    conditions = number(N_("受理时有效的使用条件是第几版"), allow_none=True)


class GrantedPart(Schema):
    """What was granted of one data set."""

    code = word(N_("数据集编号"))
    name = word(N_("数据集名称"))
    items = fields.List(fields.String(), metadata={"label": N_("数据项")})
    rows = fields.List(fields.Dict(), metadata={"label": N_("行，空表示全部")})
    quota = fields.Dict(metadata={"label": N_("每月用量")})
    watermark = yes(N_("文件是否带授权编号"))


class Decided(Schema):
    """The decision as it was taken."""

    sentence = word(N_("决定"))
    text = word(N_("理由"))
    conditions = fields.List(fields.String(), metadata={"label": N_("附加条件")})
    unmet = fields.List(fields.String(), metadata={"label": N_("不符合的公布条件")})
    bar = word(N_("法律上的障碍"))
    starts_on = word(N_("开始日期"), allow_none=True)
    ends_on = word(N_("结束日期"), allow_none=True)
    mode = word(N_("获取方式"), allow_none=True)
    reports = number(N_("每几个月交一次利用报告"), allow_none=True)
    datasets = several(GrantedPart, N_("同意的数据"))
    remedy = word(N_("救济途径"))


class ApplicationSheet(Schema):
    """An application: what it asks for, what has to be completed, and how it came out."""

    basis = word(N_("来由：new、part、amendment 或 renewal"))
    applicant = word(N_("申请人"))
    applicant_type = word(N_("申请人类型"))
    purpose_class = word(N_("用途类别"))
    version = number(N_("第几版"))
    submitted_at = moment(N_("提交时间"))
    accepted_at = moment(N_("受理时间"))
    decided_at = moment(N_("决定时间"))
    published_on = day(N_("公布日期"))
    datasets = several(Requested, N_("申请的数据集"))
    form = fields.Dict(metadata={"label": N_("最后一次提交的内容，只含您能看到的部分")})
    defects = several(Defective, N_("要补正的内容"))
    question = word(N_("要申请人说明什么"))
    clarification = word(N_("说明"))
    outcome = word(N_("结果"))
    outcome_title = word(N_("结果的名称"))
    decision = one(Decided, N_("决定"))
    whole = word(N_("分办件所属的主件"), allow_none=True)
    parts = fields.List(fields.String(), metadata={"label": N_("各数据开放主体的分办件")})
    replaces = word(N_("要变更或者续期的协议"), allow_none=True)


class ProposedWords(Schema):
    """Other words that the applicant proposes for a clause."""

    text = word(N_("改为"))
    reason = word(N_("理由"))


class ClauseShown(Schema):
    """A clause of an agreement."""

    id = word(N_("第几条"))
    title = word(N_("标题"))
    text = word(N_("条款"))
    title_en = word(N_("标题（英文）"))
    text_en = word(N_("条款（英文）"))
    negotiable = yes(N_("能否协商"))
    overridden = yes(N_("是否与文本不同"))
    proposal = one(ProposedWords, N_("对方提出的修改"))


class ChangeLine(Schema):
    """A line of an agreement's change log."""

    at = moment(N_("时间"))
    round = number(N_("第几轮"))
    clause = word(N_("第几条"))
    kind = word(N_("override、proposed、accepted 或 declined"))
    before = word(N_("改动前"))
    after = word(N_("改动后"))
    note = word(N_("理由"))


class AgreementSheet(Schema):
    """An agreement: its terms, its clauses, and every change to them."""

    reference = word(N_("协议编号"))
    state = word(N_("状态"))
    state_title = word(N_("状态名称"))
    round = number(N_("第几轮协商"))
    starts_on = day(N_("开始日期"))
    ends_on = day(N_("结束日期"))
    effective_at = moment(N_("生效时间"))
    ended_at = moment(N_("终止时间"))
    end_reason = word(N_("暂停或者终止的原因"))
    replaces = word(N_("替代的协议"), allow_none=True)
    document = number(N_("协议文本的文件号"), allow_none=True)
    terms = fields.Dict(metadata={"label": N_("条款的数据")})
    digest = word(N_("条款数据的 SHA-256"))
    clauses = several(ClauseShown, N_("条款"))
    changes = several(ChangeLine, N_("修改记录"))


@section.route("/<reference>/application", methods=["GET"])
@section.response(200, ApplicationSheet)
def show_application(reference: str) -> dict[str, Any]:
    """Read an application.

    What it asks for, what must be completed field by field, and once it has been decided the decision with its
    reasons and remedy. The form holds what you may read of it.
    """
    someone = person()
    case = find(reference, someone)
    application = case.application
    if application is None or not application.form:
        raise NotFound(reference)
    named = ("basis", "applicant", "applicant_type", "outcome")
    reads = reading_of(case, someone) is not Reading.PUBLIC
    moments = ("submitted_at", "accepted_at", "decided_at", "published_on")
    return {name: getattr(application, name) for name in (*named, *moments)} | {
        "purpose_class": application.purpose,
        "question": application.question if reads else "",
        "clarification": application.clarification if reads else "",
        "version": len(application.versions),
        "datasets": [
            {
                "code": request.dataset.code,
                "name": request.dataset.name,
                "items": request.items,
                "conditions": request.conditions.version if request.conditions else None,
            }
            for request in application.requests
        ],
        "form": form_for(case, application, someone),
        "defects": [missing(defect) for defect in application.defects],
        "outcome_title": outcome_words(application.outcome),
        "decision": decided(application) if application.decision and application.decided_at else None,
        "whole": case.parent.reference if case.parent and access.may_see(someone, case.parent) else None,
        "parts": [part.reference for part in case.parts if access.may_see(someone, part)],
        "replaces": application.replaces.reference if application.replaces else None,
    }


@section.route("/<reference>/agreement", methods=["GET"])
@section.response(200, AgreementSheet)
def show_agreement(reference: str) -> dict[str, Any]:
    """Read the agreement of a case.

    Its terms as data, its clauses with what has been proposed, and the log of every change.
    """
    case = find(reference, person())
    if case.agreement is None:
        raise NotFound(reference)
    return agreement_shown(case.agreement)


@policies.route("/<reference>/terms.jsonld", methods=["GET"])
@policies.response(200, {"type": "object"}, content_type=ODRL)
def show_policy(reference: str) -> ResponseReturnValue:
    """Read the terms of an agreement as an ODRL policy."""
    agreement = agreement_named(reference, person())
    answer = jsonify(terms.odrl(agreement, current_app.config["PUBLIC_URL"].rstrip("/")))
    answer.content_type = ODRL
    return answer


def form_for(case: Case, application: Application, reader: User) -> dict[str, Any]:
    """Return what was handed in, as far as a reader may read it: the same rule as for the journal."""
    if reading_of(case, reader) is Reading.PUBLIC:
        return {}
    if roles_on(reader, case) & READ_RESTRICTED:
        return dict(application.form)
    asked = ApplicationForm().fields
    return {
        name: value
        for name, value in application.form.items()
        if name in asked and asked[name].metadata.get("private") != "restricted"
    }


def missing(defect: Mapping[str, Any]) -> dict[str, Any]:
    """Return a defect with the name of its field."""
    asked = ApplicationForm().fields.get(defect["field"])
    label = str(asked.metadata.get("label", "")) if asked else ""
    return {"field": defect["field"], "label": gettext(label) if label else "", "words": defect["words"]}


def decided(application: Application) -> dict[str, Any]:
    """Return a decision that has been taken, with what its letter says besides, in the reader's language."""
    decision, published = application.decision, applications.criteria(application)
    english = str(get_locale()) == "en"
    known = ("text", "conditions", "starts_on", "ends_on", "mode", "reports")
    return {name: decision.get(name) for name in known} | {
        "sentence": SENTENCES[application.outcome][english],
        "unmet": [published[key][1].text for key in decision.get("unmet", ()) if key in published],
        "bar": gettext(BARS[decision["bar"]]) if decision.get("bar") else "",
        "datasets": decision.get("datasets", []),
        "remedy": REMEDY[english],
    }


def agreement_shown(agreement: Agreement) -> dict[str, Any]:
    """Return an agreement as programs see it."""
    named = ("reference", "round", "starts_on", "ends_on", "effective_at", "ended_at", "terms", "changes")
    clause = ClauseShown().fields
    return {name: getattr(agreement, name) for name in named} | {
        "state": agreement.state.value,
        "state_title": gettext(AGREEMENT_STATES[agreement.state]),
        "end_reason": gettext(agreement.end_reason) if agreement.end_reason else "",
        "replaces": agreement.replaces.reference if agreement.replaces else None,
        "document": agreement.document_id,
        "digest": terms.digest(agreement.terms),
        "clauses": [{name: each[name] for name in clause if name in each} for each in agreement.clauses],
    }
