"""A body's own entries of the open list: describe a new one, or take an entry in hand to change it."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from api.numbers import key
from api.pages import address_of, someone
from models import BODY_ROLES, Case, CaseStatus, Dataset, Organisation, Role, User, db
from workflow import access, casework
from workflow.catalogue import entry
from workflow.stages import STEPS

bp = Blueprint("listings", __name__, url_prefix="/listings")
PAGE = 50


@bp.get("/new")
@login_required
def new() -> ResponseReturnValue:
    """Show what the clerk's bodies have on the list and on the way, and begin a new entry."""
    person = clerk()
    bodies = db.session.scalars(
        db.select(Organisation).where(Organisation.id.in_(person.bodies(Role.CLERK))).order_by(Organisation.name)
    ).all()
    moving = access.visible_to(person).where(Case.kind == "listing", Case.status != CaseStatus.ENDED)
    cases = db.session.scalars(moving.order_by(Case.id.desc()).limit(PAGE)).all()
    return render_template("listing/new.html", bodies=bodies, cases=cases)


@bp.post("/new")
@login_required
def create() -> ResponseReturnValue:
    """Begin an entry for one of the clerk's own bodies."""
    person = clerk()
    body = request.form.get("body", type=key)
    if body not in person.bodies(Role.CLERK):
        abort(403)

    def belong(case: Case) -> None:
        case.body_id = body

    case = casework.start("listing", person, outcome={"adopted": False}, prepare=belong)
    return redirect(address_of(case, STEPS["describe_dataset"]), 303)


@bp.post("/of/<code>")
@login_required
def adopt(code: str) -> ResponseReturnValue:
    """Open the case of an entry, so that it can be amended, suspended or withdrawn."""
    person = someone()
    dataset = entry.by_code(code)
    if dataset.provider_id not in person.bodies(*BODY_ROLES):
        abort(404)
    return redirect(url_for("cases.show", reference=case_for(dataset, person).reference), 303)


def case_for(dataset: Dataset, person: User) -> Case:
    """Return the listing case of an entry; an imported entry gets one now."""
    case = entry.case_of(dataset)
    if case is None:
        outcome = {"adopted": True}
        case = casework.start("listing", person, outcome=outcome, prepare=lambda new: entry.adopt(new, dataset))
        flash(gettext("已为这个数据集开立办件"), "done")
    return case


def clerk() -> User:
    """Return the signed-in clerk; nobody else describes data sets."""
    person = someone()
    if Role.CLERK not in person.roles:
        abort(403)
    return person
