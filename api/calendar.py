"""The calendar of working days for everybody, and the form with which the steward sets a day otherwise."""

from calendar import Calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from babel.dates import format_date, get_day_names
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import login_required
from marshmallow import ValidationError

from api.auth import actor
from api.forms import answered
from api.limits import READERS, steward
from models import N_, Holiday, Role, User, db
from workflow import calendar, limits
from workflow.calendar import today
from workflow.errors import NotFound
from workflow.fields import Answer, Day, Text, Tick, choice, prose

bp = Blueprint("calendar", __name__, url_prefix="/calendar")
MONDAY_FIRST = Calendar(firstweekday=0)
KINDS = {"off": N_("放假"), "worked": N_("上班")}


class Setting(Answer):
    """A day that is set otherwise."""

    day = Day(required=True, metadata={"label": N_("哪一天")})
    kind = choice(KINDS, metadata={"label": N_("这一天")})
    name = Text(
        0,
        40,
        required=False,
        load_default="",
        metadata={"label": N_("名称"), "hint": N_("例如“国庆节”；恢复为平常日子的可以不填")},
    )
    provisional = Tick(metadata={"label": N_("这一年的安排还没有正式公布，按暂定处理")})
    reason = prose(4, 300, N_("理由"), N_("例如通知的名称和文号；会公开显示"))


@dataclass(frozen=True)
class Square:
    """A day in a month's sheet: `off` for a holiday, `worked` for a weekend day that is worked, or neither."""

    date: date
    mark: str = ""
    name: str = ""
    today: bool = False


@dataclass(frozen=True)
class Month:
    """The sheet of a month: its weeks from Monday on, other months' days left out, and its marked days in a row."""

    name: str
    weeks: list[list[Square | None]]
    notes: list[tuple[str, str, list[Square]]]


@bp.get("")
def show() -> ResponseReturnValue:
    """Show the holidays and the worked weekends of a year; what cannot be read as a year means this one."""
    year = request.args.get("year", today().year, type=int)
    if year not in limits.years():
        raise NotFound(str(year))
    return _page(year, actor())


@bp.post("")
@login_required
def correct() -> ResponseReturnValue:
    """Set a day otherwise, with a reason."""
    by = steward()
    try:
        answer = Setting().load(answered(request.form, Setting))
        working = answer.pop("kind") == "worked"
        limits.correct(**answer, working=working, by=by)
    except ValidationError as error:
        db.session.rollback()
        wrong = error.normalized_messages()
        if "working" in wrong:
            wrong["kind"] = wrong.pop("working")
        return _page(_year_meant(), by, wrong), 422
    flash(gettext("已更正"), "done")
    return redirect(url_for("calendar.show", year=answer["day"].year), 303)


def months(year: int) -> list[Month]:
    """Return the sheets of a year's months."""
    special = {row.day: row for row in limits.special_days(year)}
    return [_month(date(year, number, 1), special) for number in range(1, 13)]


def _month(first: date, special: Mapping[date, Holiday]) -> Month:
    weeks = [
        [_square(day, special.get(day)) if day.month == first.month else None for day in week]
        for week in MONDAY_FIRST.monthdatescalendar(first.year, first.month)
    ]
    marked = [square for week in weeks for square in week if square and square.mark]
    notes = [
        (name, mark, list(squares))
        for (name, mark), squares in groupby(marked, lambda square: (square.name, square.mark))
    ]
    return Month(format_date(first, "LLLL", locale=get_locale()), weeks, notes)


def _square(day: date, row: Holiday | None) -> Square:
    """Return a day as its sheet shows it."""
    if row is None:
        return Square(day, today=day == today())
    return Square(day, "worked" if row.working else "off", row.name, day == today())


def _page(year: int, person: User | None, errors: dict[str, Any] | None = None) -> str:
    shown, roles = limits.years(), person.roles if person else frozenset()
    sheets = months(year)
    return render_template(
        "calendar/show.html",
        year=year,
        months=sheets,
        weekdays=[get_day_names("short", locale=get_locale())[number] for number in range(7)],
        working=sum(calendar.is_working(day.date) for each in sheets for week in each.weeks for day in week if day),
        provisional=calendar.is_provisional(date(year, 12, 31)),
        earlier=year - 1 if year - 1 in shown else None,
        later=year + 1 if year + 1 in shown else None,
        corrections=limits.corrections(year),
        kinds=KINDS,
        # Who set a day is told to the offices that answer for it; the public reads that it was set, and why.
        names=bool(roles & READERS),
        schema=Setting if Role.STEWARD in roles else None,
        values=request.form or {"provisional": calendar.is_provisional(date(year, 12, 31))},
        errors=errors,
    )


def _year_meant() -> int:
    """Return the year of the day in the form, or this one where that cannot be shown."""
    written = request.form.get("day", "")[:4]
    year = int(written) if written.isascii() and written.isdigit() else today().year
    return year if year in limits.years() else today().year
