"""The register of time limits, and the calendar of working days; anybody may read both."""

from datetime import date
from typing import Any

from flask_babel import gettext
from marshmallow import Schema

from api.v1 import schemas
from api.v1.reading import Section
from api.v1.schemas import moment, number, several, word, yes
from models import N_, Holiday, Limit
from workflow import calendar, limits
from workflow.errors import NotFound

section = Section("limits", "/limits", N_("办理期限"), public=True)
days = Section("calendar", "/calendar", N_("工作日历"), public=True)


class LimitVersion(Schema):
    """A limit as it is in force from a day on."""

    since = schemas.day(N_("施行日期"))
    days = number(N_("天数"))
    unit = word(N_("计算单位：working 为工作日，calendar 为自然日"))
    extension = number(N_("可以延长的天数，只能延长一次；不能延长为 0"))
    basis = word(N_("依据"))
    entered_at = moment(N_("登记时间"))
    in_force = yes(N_("今天是否施行"))


class LimitHistory(Schema):
    """A limit with all its versions."""

    name = word(N_("期限的名称"))
    title = word(N_("期限"))
    versions = several(LimitVersion, N_("各个版本，最新的在前"))


class LimitRegister(Schema):
    """The register of time limits."""

    items = several(LimitHistory, N_("期限"))


class SpecialDay(Schema):
    """A holiday, or a weekend day that is worked."""

    day = schemas.day(N_("日期"))
    working = yes(N_("是否上班"))
    name = word(N_("名称"))
    provisional = yes(N_("是否暂定"))


class CalendarYear(Schema):
    """The holidays of a year, and the weekend days that are worked."""

    year = number(N_("年份"))
    provisional = yes(N_("这一年的安排是否还没有正式公布"))
    days = several(SpecialDay, N_("放假的日子和上班的周末"))


@section.route("", methods=["GET"])
@section.response(200, LimitRegister)
def list_limits() -> dict[str, Any]:
    """List the time limits with all their versions."""
    return {"items": [history(rows) for rows in limits.register().values()]}


@days.route("/<int:year>", methods=["GET"])
@days.response(200, CalendarYear)
def show_year(year: int) -> dict[str, Any]:
    """Read which days of a year are holidays, and which weekend days are worked."""
    if year not in limits.years():
        raise NotFound(str(year))
    return {
        "year": year,
        "provisional": calendar.is_provisional(date(year, 12, 31)),
        "days": [special_day(row) for row in limits.special_days(year)],
    }


def special_day(row: Holiday) -> dict[str, Any]:
    """Return a holiday, or a weekend day that is worked."""
    name = gettext(row.name) if row.name else ""
    return {"day": row.day, "working": row.working, "name": name, "provisional": row.provisional}


def history(rows: list[Limit]) -> dict[str, Any]:
    """Return a limit with its versions, the newest first."""
    now = limits.in_force(rows, calendar.today())
    return {
        "name": rows[0].name,
        "title": gettext(rows[0].title),
        "versions": [
            {
                "since": row.since,
                "days": row.days,
                "unit": row.unit.value,
                "extension": row.extension,
                "basis": gettext(row.basis),
                "entered_at": row.entered_at,
                "in_force": row is now,
            }
            for row in rows
        ],
    }
