"""Entitlements: what you may take out, and the downloads themselves."""

from typing import Any

from flask.typing import ResponseReturnValue
from flask_babel import gettext
from marshmallow import Schema, fields

from api.entitlements import own_wish, sent, why
from api.v1.paging import Paging, page
from api.v1.reading import Section, person
from api.v1.schemas import day, moment, number, one, several, word, yes
from models import ENTITLEMENT_STATES, N_, Entitlement, User, db
from workflow import calendar, downloads, entitlements, extract, resources
from workflow.errors import NotYours

section = Section("entitlements", "/entitlements", N_("授权"))


class Rule(Schema):
    """Which rows are let out: an item, how it is compared, and with what."""

    item = word(N_("数据项"))
    is_ = fields.String(data_key="is", attribute="is", metadata={"label": N_("比较方式")})
    value = fields.Raw(metadata={"label": N_("数值，可以是几个")})


class Share(Schema):
    """How much may be taken out in a month, and how much has been."""

    downloads = number(N_("本月可下载的次数，不限则为空"), allow_none=True)
    downloads_used = number(N_("本月已下载的次数"))
    rows = number(N_("本月可下载的行数，不限则为空"), allow_none=True)
    rows_used = number(N_("本月已下载的行数"))
    until = moment(N_("重新计数的时间"))


class Version(Schema):
    """A version of the data."""

    version = number(N_("版本"))
    rows = number(N_("行数"))
    columns = fields.List(fields.String(), metadata={"label": N_("列名")})
    loaded_at = moment(N_("载入时间"))


class Sheet(Schema):
    """An entitlement: what may be taken out of one data set, until when, and how much is left."""

    reference = word(N_("授权编号"))
    case = word(N_("办件编号"))
    agreement = word(N_("协议编号"))
    dataset = word(N_("数据集编号"))
    dataset_name = word(N_("数据集名称"))
    state = word(N_("状态"))
    state_title = word(N_("状态名称"))
    state_reason = word(N_("原因"))
    mode = word(N_("方式"))
    items = fields.List(fields.String(), metadata={"label": N_("数据项，空表示全部")})
    rows = several(Rule, N_("行，空表示全部"))
    watermarked = yes(N_("文件是否带授权编号"))
    starts_on = day(N_("开始日期"))
    ends_on = day(N_("结束日期"))
    share = one(Share, N_("本月用量"))
    data = one(Version, N_("现有的数据版本，还没有则为空"))
    open = yes(N_("您现在能否下载"))
    shut = word(N_("不能下载的原因"), allow_none=True)


class SheetPage(Schema):
    """A page of entitlements."""

    items = several(Sheet, N_("授权"))
    next = word(N_("下一页的 after；没有更多时为空"), allow_none=True)


class AccessLine(Schema):
    """One download, or one that was refused."""

    at = moment(N_("时间"))
    name = word(N_("人员"), allow_none=True)
    format = word(N_("格式"))
    outcome = word(N_("结果：begun、finished、broken 或 refused"))
    rows = number(N_("行数"))
    size = number(N_("字节数"))
    reason = word(N_("原因"))


class AccessLog(Schema):
    """What was taken out, the newest first."""

    items = several(AccessLine, N_("访问记录"))


@section.route("", methods=["GET"])
@section.arguments(Paging, location="query")
@section.response(200, SheetPage)
def list_entitlements(asked: dict[str, Any]) -> dict[str, Any]:
    """List the entitlements you may see.

    The newest stands first.
    """
    someone = person()
    query = entitlements.visible_to(someone).order_by(Entitlement.id.desc()).limit(asked["limit"] + 1)
    if asked["after"] is not None:
        query = query.where(Entitlement.id < asked["after"][0])
    found: list[Entitlement] = list(db.session.scalars(query))
    items, following = page(found, asked["limit"], lambda each: (each.id,))
    return {"items": [shown(each, someone) for each in items], "next": following}


@section.route("/<reference>", methods=["GET"])
@section.response(200, Sheet)
def show_entitlement(reference: str) -> dict[str, Any]:
    """Read what you may take out, and how much is left this month."""
    someone = person()
    return shown(entitlements.find(reference, someone), someone)


@section.route("/<reference>/accesses", methods=["GET"])
@section.response(200, AccessLog)
def list_accesses(reference: str) -> dict[str, Any]:
    """Read the access log of an entitlement.

    The last hundred downloads and refusals.
    """
    found = entitlements.find(reference, person())
    return {
        "items": [
            {
                "at": line.at,
                "name": line.user.name if line.user else None,
                "format": line.format,
                "outcome": line.outcome,
                "rows": line.rows,
                "size": line.size,
                "reason": why(line.reason),
            }
            for line in downloads.history(found)
        ]
    }


@section.route("/<reference>/data.csv", methods=["GET"])
@section.response(200, {"type": "string", "format": "binary"}, content_type=extract.FORMATS["csv"])
def download_csv(reference: str) -> ResponseReturnValue:
    """Download the agreed data as CSV.

    UTF-8, lines and quotes by RFC 4180; values are as the body handed them over. Each download is counted and
    written down.
    """
    return given(reference, "csv")


@section.route("/<reference>/data.parquet", methods=["GET"])
@section.response(200, {"type": "string", "format": "binary"}, content_type=extract.FORMATS["parquet"])
def download_parquet(reference: str) -> ResponseReturnValue:
    """Download the agreed data as Parquet.

    Each download is counted and written down.
    """
    return given(reference, "parquet")


def given(reference: str, form: str) -> ResponseReturnValue:
    """Return a download.

    :raises NotYours: another site asks for it in the person's name
    """
    someone = person()
    found = entitlements.find(reference, someone)
    if not own_wish():
        raise NotYours(reference)
    return sent(found, someone, form)


def shown(entitlement: Entitlement, someone: User) -> dict[str, Any]:
    """Return an entitlement as a person sees it."""
    today = calendar.today()
    refusal, used = downloads.shut(entitlement, someone, today), downloads.used(entitlement, today)
    return {
        "reference": entitlement.reference,
        "case": entitlement.case.reference,
        "agreement": entitlement.agreement.reference,
        "dataset": entitlement.dataset.code,
        "dataset_name": entitlement.dataset.name,
        "state": entitlement.state.value,
        "state_title": gettext(ENTITLEMENT_STATES[entitlement.state]),
        "state_reason": gettext(entitlement.state_reason) if entitlement.state_reason else "",
        "mode": entitlement.mode,
        "items": entitlement.items,
        "rows": entitlement.rows,
        "watermarked": entitlement.watermarked,
        "starts_on": entitlement.starts_on,
        "ends_on": entitlement.ends_on,
        "share": {
            "downloads": entitlement.quota.get("downloads"),
            "downloads_used": used.downloads,
            "rows": entitlement.quota.get("rows"),
            "rows_used": used.rows,
            "until": downloads.month_ends(today),
        },
        "data": resources.newest(entitlement.dataset_id),
        "open": refusal is None,
        "shut": gettext(refusal().sentence) if refusal else None,
    }
