"""The public register of grants and refusals."""

from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields, validate

from api.judging import outcome_words
from api.v1.paging import Cursor, Paging, page
from api.v1.public_schemas import question
from api.v1.reading import Section
from api.v1.schemas import Body, day, one, several, word, yes
from models import N_, Application, db
from workflow import register
from workflow.applying import APPLICANTS
from workflow.decisions import OUTCOMES
from workflow.errors import NotFound
from workflow.fields import choice

section = Section("public_register", "/register", N_("公开登记"), public=True)


class RegisterFilter(Paging):
    """What is looked for on the register."""

    q = question()
    outcome = choice(dict(OUTCOMES), required=False, load_default="", metadata={"label": N_("结果")})
    dataset = fields.String(load_default="", validate=validate.Length(max=40), metadata={"label": N_("数据集编号")})
    body = fields.Integer(
        load_default=None, validate=validate.Range(1, 2**53), metadata={"label": N_("单位的编号")},
        error_messages={"invalid": N_("写成数字。")},
    )  # fmt: skip
    after = Cursor(str, int, load_default=None, metadata={"label": N_("上一页给出的 next；不填则从头开始")})


class Ground(Schema):
    """A published condition that was not met."""

    dataset_name = word(N_("数据集名称"))
    id = word(N_("编号"))
    text = word(N_("公布的文字"))


class RegisterEntry(Schema):
    """A published decision, as far as the public may know it."""

    reference = word(N_("编号"))
    outcome = word(N_("结果"))
    outcome_title = word(N_("结果的名称"))
    published_on = day(N_("公布日期"))
    body = one(Body, N_("数据开放主体"))
    datasets = fields.List(fields.String(), metadata={"label": N_("数据集编号")})
    applicant = word(N_("申请人；个人和没有同意的申请为空"))
    applicant_type = word(N_("申请人类型"))
    applicant_type_title = word(N_("申请人类型的名称"))
    purpose_class = word(N_("用途类别"))
    summary = word(N_("公开摘要"))
    summary_withheld = yes(N_("同意了但是摘要没有公开"))
    starts_on = day(N_("开始日期"))
    ends_on = day(N_("结束日期"))
    unmet = several(Ground, N_("不符合的条件"))
    bar = word(N_("法律上的障碍"))


class RegisterPage(Schema):
    """A page of the register, the latest first."""

    items = several(RegisterEntry, N_("登记"))
    next = word(N_("下一页的 after；没有更多时为空"), allow_none=True)


@section.route("", methods=["GET"])
@section.arguments(RegisterFilter, location="query")
@section.response(200, RegisterPage)
def list_register(asked: dict[str, Any]) -> dict[str, Any]:
    """List published decisions on applications.

    The latest stands first. With `q`, those on data sets whose names hold all its words, or the one with that number.
    """
    dataset = register.dataset_named(asked["dataset"]) if asked["dataset"] else None
    if asked["dataset"] and dataset is None:
        return {"items": [], "next": None}
    query = register.entries(register.Asked(asked["q"].strip(), asked["outcome"], asked["body"], dataset))
    if asked["after"] is not None:
        query = register.before(query, *asked["after"])
    found, following = page(
        db.session.scalars(query.limit(asked["limit"] + 1)).all(),
        asked["limit"],
        lambda application: (application.published_on.isoformat(), application.case_id),
    )
    return {"items": [shown(application) for application in found], "next": following}


@section.route("/<reference>", methods=["GET"])
@section.response(200, RegisterEntry)
def show_register_entry(reference: str) -> dict[str, Any]:
    """Read a published decision."""
    application = register.entry(reference.replace("\x00", "")[:40])
    if application is None:
        raise NotFound(reference)
    return shown(application)


def shown(application: Application) -> dict[str, Any]:
    """Return a published decision as a program reads it."""
    first, last = register.period(application)
    summary = register.summary(application)
    return {
        "reference": application.case.reference,
        "outcome": application.outcome,
        "outcome_title": outcome_words(application.outcome),
        "published_on": application.published_on,
        "body": application.case.body,
        "datasets": [dataset.code for dataset in register.datasets(application)],
        "applicant": register.applicant(application),
        "applicant_type": application.applicant_type,
        "applicant_type_title": gettext(APPLICANTS.get(application.applicant_type, "")),
        "purpose_class": application.purpose,
        "summary": summary,
        "summary_withheld": not summary and application.outcome in register.GRANTED,
        "starts_on": first,
        "ends_on": last,
        "unmet": [
            {"dataset_name": name, "id": line.id, "text": line.text} for name, line in register.unmet(application)
        ],
        "bar": register.bar(application),
    }
