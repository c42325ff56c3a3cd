"""People and their roles, for the steward, who gives and ends roles, and the auditor, who reads."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import select

from api.forms import answered
from api.mistakes import explained
from api.pages import someone
from models import N_, Membership, Organisation, OrganisationKind, Role, User, db
from workflow import calendar, factors, offices
from workflow.errors import NotFound
from workflow.fields import Tick, prose

bp = Blueprint("people", __name__, url_prefix="/people")
PAGE = 30
READERS = frozenset({Role.STEWARD, Role.AUDITOR})
KINDS = {
    OrganisationKind.HUB: N_("大数据中心"),
    OrganisationKind.LEAD: N_("主管部门"),
    OrganisationKind.BODY: N_("数据开放主体"),
    OrganisationKind.PARTY: N_("申请单位"),
}


class Appointment(Schema):
    """Which role a person gets where, and from when to when."""

    class Meta:
        """Leave out what a browser adds to the form."""

        unknown = EXCLUDE

    organisation = fields.Integer(required=True, metadata={"label": N_("单位"), "widget": "select"})
    role = fields.Enum(Role, by_value=True, required=True, metadata={"label": N_("角色"), "widget": "select"})
    since = fields.Date(metadata={"label": N_("从哪一天起"), "hint": N_("不填就从今天起")})
    until = fields.Date(metadata={"label": N_("到哪一天止"), "hint": N_("含当天；不填就一直有效")})


class Dismissal(Schema):
    """The last day on which a role is held."""

    class Meta:
        """Leave out what a browser adds to the form."""

        unknown = EXCLUDE

    until = fields.Date(required=True, metadata={"label": N_("到哪一天止")})


class FactorLost(Schema):
    """Why a second factor is taken off, and that its owner is known to be who they say."""

    class Meta:
        """Leave out what a browser adds to the form."""

        unknown = EXCLUDE

    reason = prose(10, 500, N_("理由"), N_("怎样核实了本人，至少 10 个字；本人会看到。"), rows=2)
    checked = Tick(
        required=True,
        metadata={"label": N_("我已核实是本人提出")},
        validate=validate.Equal(True, error=N_("请确认这一项。")),
    )


class Wanted(Schema):
    """Which people are looked for; what cannot be read is not asked for."""

    class Meta:
        """Leave out what is not a question about people."""

        unknown = EXCLUDE

    q = fields.String(load_default="", validate=validate.Length(max=100))
    organisation = fields.Integer(load_default=None)
    page = fields.Integer(load_default=1, validate=validate.Range(1, 10000))


@bp.get("")
@login_required
def index() -> ResponseReturnValue:
    """List people, or those who are looked for."""
    reader()
    wanted = _wanted()
    found = offices.people(wanted["q"], wanted["organisation"])
    shown = db.session.scalars(found.limit(PAGE).offset((wanted["page"] - 1) * PAGE)).all()
    total = offices.count(found)

    def turned(step: int) -> str | None:
        page = wanted["page"] + step
        return url_for("people.index", **{**wanted, "page": page}) if 1 <= page <= -(-total // PAGE) else None

    return render_template(
        "people/index.html",
        people=shown,
        total=total,
        wanted=wanted,
        organisations=_organisations(),
        today=calendar.today(),
        previous=turned(-1),
        next=turned(1),
    )


@bp.get("/<int:number>")
@login_required
def show(number: int) -> ResponseReturnValue:
    """Show a person with every role held now, before and later."""
    reader()
    return _page(_person(number))


@bp.post("/<int:number>")
@login_required
def appoint(number: int) -> ResponseReturnValue:
    """Give a person a role."""
    by, person = steward(), _person(number)
    try:
        answer = Appointment().load(answered(request.form, Appointment))
        place = db.session.get(Organisation, answer["organisation"])
        if place is None:
            raise ValidationError({"organisation": [N_("从列出的选项里选")]})
        since = answer.get("since") or calendar.today()
        offices.appoint(person, place, answer["role"], since, answer.get("until"), by)
    except ValidationError as error:
        db.session.rollback()
        return _page(person, error.normalized_messages()), 422
    flash(gettext("已设定角色"), "done")
    return redirect(url_for("people.show", number=number), 303)


@bp.post("/<int:number>/memberships/<int:membership>/end")
@login_required
def dismiss(number: int, membership: int) -> ResponseReturnValue:
    """End a role; that it was held stays on record."""
    by, person = steward(), _person(number)
    if membership not in {held.id for held in person.memberships}:
        raise NotFound(str(membership))
    try:
        offices.dismiss(membership, Dismissal().load(answered(request.form, Dismissal))["until"], by)
        flash(gettext("已设定结束日期"), "done")
    except ValidationError as error:
        db.session.rollback()
        flash(explained(error.messages)[0], "stopped")
    return redirect(url_for("people.show", number=number), 303)


@bp.post("/<int:number>/second-factor")
@login_required
def reset_factor(number: int) -> ResponseReturnValue:
    """Take the second factor off a person who has lost it."""
    by, person = steward(), _person(number)
    try:
        answer = FactorLost().load(answered(request.form, FactorLost))
    except ValidationError as error:
        db.session.rollback()
        return _page(person, lost=error.normalized_messages()), 422
    factors.reset(person, answer["reason"], by)
    flash(gettext("已重置两步验证，本人会收到信"), "done")
    return redirect(url_for("people.show", number=number), 303)


def reader() -> User:
    """Return the person, who may read who holds which role.

    :raises NotFound: for everybody else
    """
    person = someone()
    if not person.roles & READERS:
        raise NotFound("people")
    return person


def steward() -> User:
    """Return the person, who may give and end roles.

    :raises NotFound: for everybody else
    """
    person = someone()
    if Role.STEWARD not in person.roles:
        raise NotFound("people")
    return person


def state(held: Membership, today: date) -> tuple[str, str, str]:
    """Return tone, icon and word for whether a role is held."""
    if held.holds_on(today):
        return "done", "circle-check", N_("在任")
    if held.since and held.since > today:
        return "neutral", "clock", N_("未开始")
    return "neutral", "circle-x", N_("已结束")


def _page(person: User, appointing: dict[str, Any] | None = None, lost: dict[str, Any] | None = None) -> str:
    asking = someone()
    today = calendar.today()
    held = sorted(person.memberships, key=lambda one: (not one.holds_on(today), one.organisation.name, one.role))
    return render_template(
        "people/show.html",
        user=person,
        held=[(one, *state(one, today)) for one in held],
        today=today,
        acts=Role.STEWARD in asking.roles and asking.id != person.id,
        own=asking.id == person.id,
        schema=Appointment,
        values=request.form,
        errors=appointing or lost,
        appointing=appointing,
        lost=lost,
        options={"organisation": _places(), "role": _roles()},
        factor_on=factors.enrolled(person),
        resets=factors.resets(person),
        lost_schema=FactorLost,
    )


def _person(number: int) -> User:
    person = db.session.get(User, number)
    if person is None:
        raise NotFound(str(number))
    return person


def _wanted() -> dict[str, Any]:
    asked = request.args.to_dict()
    wrong = Wanted().validate(asked)
    readable = {name: value for name, value in asked.items() if value and name not in wrong}
    return dict(Wanted().load(readable))


def _organisations() -> list[Organisation]:
    return list(db.session.scalars(select(Organisation).order_by(Organisation.kind.desc(), Organisation.name)))


def _places() -> list[tuple[str, str]]:
    return [(str(place.id), place.name + _aside(KINDS[place.kind])) for place in _organisations()]


def _roles() -> list[tuple[str, str]]:
    """Return the roles with the kind of organisation that has them."""
    offered = [(role, kind) for kind, roles in offices.OFFICES.items() for role in roles]
    return [(role.value, gettext(role.title) + _aside(KINDS[kind])) for role, kind in offered]


def _aside(words: str) -> str:
    """Return words in the brackets of the reader's language."""
    return gettext("（") + gettext(words) + gettext("）")
