"""The committee: who is in office, in public; and the register of its members, which the secretary keeps."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from marshmallow import ValidationError

from api.auth import actor
from api.forms import answered
from api.mistakes import explained
from api.pages import someone
from api.security import FormView
from models import N_, Expert, Role, User, db
from workflow import calendar, committee, consultations, seating
from workflow.committee import Amendment, Ending, Entry
from workflow.errors import NotFound

bp = Blueprint("committee", __name__, url_prefix="/committee")
FIELDS = {
    "employer": N_("工作单位"),
    "fields": N_("专业领域"),
    "away": N_("请假"),
    "conflicts": N_("长期的利益关系"),
    "since": N_("任期从哪一天起"),
    "until": N_("到哪一天止"),
}


@bp.get("")
def index() -> ResponseReturnValue:
    """Show the members in office with what they are known for; the secretary sees the whole register."""
    person, today = actor(), calendar.today()
    inside = person is not None and bool(person.roles & committee.READERS)
    return render_template(
        "committee/index.html",
        members=seating.members(today),
        register=committee.everybody() if inside else [],
        keeps=person is not None and Role.SECRETARY in person.roles,
        loads=seating.loads() if inside else {},
        advice=consultations.advice_followed(),
        state=state,
        today=today,
    )


class NewMember(FormView):
    """The page on which the secretary enters a member."""

    decorators = [login_required]

    def get(self) -> ResponseReturnValue:
        """Show the form."""
        secretary()
        return self.form({})

    def post(self) -> ResponseReturnValue:
        """Enter a person with an account as a member."""
        by = secretary()
        raw: dict[str, Any] = {}
        try:
            raw = answered(request.form, Entry)
            member = committee.enter(Entry().load(raw), by)
        except ValidationError as error:
            db.session.rollback()
            return self.form(raw or request.form.to_dict(), error.normalized_messages()), 422
        flash(gettext("已登记"), "done")
        return redirect(url_for("committee.show", number=member.user_id), 303)

    def expired(self) -> ResponseReturnValue:
        """Show the form again with what was written."""
        secretary()
        return self.form(answered(request.form, Entry), too_late())

    @staticmethod
    def form(values: Mapping[str, Any], errors: Mapping[str, Any] | None = None) -> str:
        """Return the page with the form."""
        return render_template("committee/new.html", schema=Entry, values=values, errors=errors)


class Member(FormView):
    """The page of a member: what the register says, and what it said before."""

    decorators = [login_required]

    def get(self, number: int) -> ResponseReturnValue:
        """Show a member."""
        reader()
        return self.page(committee.find(number))

    def post(self, number: int) -> ResponseReturnValue:
        """Change what the register says of a member."""
        by, member = secretary(), committee.find(number)
        raw: dict[str, Any] = {}
        try:
            raw = answered(request.form, Amendment)
            committee.amend(member, Amendment().load(raw), by)
        except ValidationError as error:
            db.session.rollback()
            return self.page(member, raw or request.form.to_dict(), error.normalized_messages()), 422
        flash(gettext("已保存"), "done")
        return redirect(url_for("committee.show", number=number), 303)

    def expired(self, number: int) -> ResponseReturnValue:
        """Show the form again with what was written."""
        secretary()
        return self.page(committee.find(number), answered(request.form, Amendment), too_late())

    @staticmethod
    def page(member: Expert, values: Mapping[str, Any] | None = None, errors: Mapping[str, Any] | None = None) -> str:
        """Return the page of a member."""
        today = calendar.today()
        return render_template(
            "committee/show.html",
            member=member,
            state=state(member),
            history=committee.history(member),
            load=seating.loads().get(member.user_id, 0),
            keeps=Role.SECRETARY in someone().roles,
            may_end=seating.in_office(member, today),
            labels=FIELDS,
            schema=Amendment,
            values=committee.written(member) if values is None else values,
            errors=errors,
            today=today,
        )


bp.add_url_rule("/new", view_func=NewMember.as_view("new"))
bp.add_url_rule("/<int:number>", view_func=Member.as_view("show"))


@bp.post("/<int:number>/end")
@login_required
def end(number: int) -> ResponseReturnValue:
    """End a member's term; that they served stays on record."""
    by, member = secretary(), committee.find(number)
    try:
        committee.end(member, Ending().load(answered(request.form, Ending))["until"], by)
        flash(gettext("已设定结束日期"), "done")
    except ValidationError as error:
        db.session.rollback()
        flash(explained(error.messages)[0], "stopped")
    return redirect(url_for("committee.show", number=number), 303)


def state(member: Expert) -> tuple[str, str, str]:
    """Return tone, icon and word for whether a member is in office."""
    today = calendar.today()
    if seating.in_office(member, today):
        return ("action", "plane", N_("请假")) if seating.away(member, today) else ("done", "circle-check", N_("在任"))
    if member.since and member.since > today:
        return "neutral", "clock", N_("未开始")
    return "neutral", "circle-x", N_("已结束")


def too_late() -> dict[str, Any]:
    """Return what is said of a form that has been open for too long."""
    return {"_schema": [gettext("这一页打开得太久，请再提交一次；内容还在。")]}


def reader() -> User:
    """Return the person, who may read the whole register. Raises NotFound for everybody else."""
    person = someone()
    if not person.roles & committee.READERS:
        raise NotFound("committee")
    return person


def secretary() -> User:
    """Return the person, who keeps the register. Raises NotFound for everybody else."""
    person = someone()
    if Role.SECRETARY not in person.roles:
        raise NotFound("committee")
    return person
