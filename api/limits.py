"""The register of time limits as a public notice, and the form with which the steward enters a new version."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from marshmallow import ValidationError, fields, validate

from api.auth import actor
from api.forms import answered
from api.pages import someone
from models import N_, Limit, Role, Unit, User, db
from workflow import limits
from workflow.calendar import today
from workflow.errors import NotFound
from workflow.fields import Answer, Day, choice, prose

bp = Blueprint("limits", __name__, url_prefix="/limits")
READERS = frozenset({Role.STEWARD, Role.AUDITOR})
LONGEST = 3650
UNITS = {Unit.WORKING.value: N_("工作日"), Unit.CALENDAR.value: N_("自然日")}


def number(least: int, label: str, hint: str = "") -> fields.Integer:
    """Return the question for a number of days."""
    return fields.Integer(
        required=True,
        validate=validate.Range(least, LONGEST, error=N_("天数不在可以填写的范围内。")),
        error_messages={"required": N_("请填写这一项。"), "null": N_("请填写这一项。"), "invalid": N_("写成数字。")},
        metadata={"label": label, "hint": hint},
    )


class Enactment(Answer):
    """A new version of a limit."""

    since = Day(
        required=True,
        metadata={"label": N_("施行日期"), "hint": N_("今天之后的一天；已经开始计算的期限仍按原来的版本")},
    )
    days = number(1, N_("天数"))
    unit = choice(UNITS, metadata={"label": N_("怎样计算")})
    extension = number(0, N_("可以延长的天数"), N_("只能延长一次；不能延长就写 0"))
    basis = prose(4, 300, N_("期限的依据"), N_("法律、规章或者文件的名称和条款；平台自己定的写明“平台规则”"))


@bp.get("")
def index() -> ResponseReturnValue:
    """Show every limit as it is in force today, and what is to come."""
    day = today()
    listed = []
    for rows in limits.register().values():
        now = limits.in_force(rows, day)
        listed.append((now or rows[-1], [row for row in reversed(rows) if row.since > day and row is not now]))
    return render_template("limits/index.html", limits=listed, today=day, units=UNITS)


@bp.get("/<limit>")
def show(limit: str) -> ResponseReturnValue:
    """Show a limit with all its versions; the steward finds the form for another one."""
    return _page(limit, actor())


@bp.post("/<limit>")
@login_required
def enact(limit: str) -> ResponseReturnValue:
    """Enter a version that comes into force on a day still to come."""
    by = steward()
    try:
        row = limits.enact(limit, **Enactment().load(answered(request.form, Enactment)), by=by)
    except ValidationError as error:
        db.session.rollback()
        return _page(limit, by, error.normalized_messages()), 422
    flash(gettext("已登记，%(day)s起施行", day=row.since.isoformat()), "done")
    return redirect(url_for("limits.show", limit=limit), 303)


def steward() -> User:
    """Return the person, who may change what time is counted by. Raises NotFound for everybody else."""
    person = someone()
    if Role.STEWARD not in person.roles:
        raise NotFound("steward")
    return person


def _page(name: str, person: User | None, errors: dict[str, Any] | None = None) -> str:
    rows = limits.versions(name)
    day, roles = today(), person.roles if person else frozenset()
    now = limits.in_force(rows, day)
    return render_template(
        "limits/show.html",
        limit=now or rows[-1],
        versions=[(row, *state(row, now)) for row in rows],
        # Who entered a version is told to the offices that answer for it; the public reads that it was entered.
        names=bool(roles & READERS),
        schema=Enactment if Role.STEWARD in roles else None,
        values=request.form or {"days": rows[0].days, "unit": rows[0].unit.value, "extension": rows[0].extension},
        errors=errors,
        units=UNITS,
    )


def state(row: Limit, now: Limit | None) -> tuple[str, str, str]:
    """Return tone, icon and word for whether a version is in force."""
    if row is now:
        return "done", "circle-check", N_("施行中")
    if now is None or row.since > now.since:
        return "action", "clock", N_("尚未施行")
    return "neutral", "circle-x", N_("已被取代")
