"""The data behind a data set: its versions, and a clerk's way to hand over a new one."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from marshmallow import ValidationError

from api.files import NO_FILE, mistakes
from api.pages import someone
from api.uploads import MOST_DATA
from models import BODY_ROLES, Dataset, Role, User
from workflow import resources
from workflow.catalogue import entry
from workflow.errors import NotYours

bp = Blueprint("data", __name__)


@bp.get("/datasets/<code>/data")
@login_required
def index(code: str) -> ResponseReturnValue:
    """Show the versions of the data behind an entry to the body that answers for it."""
    return page(of_body(code, someone()))


@bp.post("/datasets/<code>/data")
@login_required
def load(code: str) -> ResponseReturnValue:
    """Take in a new version."""
    person = someone()
    dataset = of_clerk(code, person)
    before = resources.newest(dataset.id)
    try:
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            raise ValidationError({"file": [NO_FILE]})
        loaded = resources.load(dataset, sent.stream, person)
    except ValidationError as error:
        return page(of_clerk(code, person), mistakes(error)), 422
    if before is not None and before.id == loaded.id:
        flash(gettext("内容与第 %(version)d 版相同，没有新增版本", version=loaded.version), "progress")
    else:
        flash(gettext("已载入第 %(version)d 版：%(rows)d 行", version=loaded.version, rows=loaded.rows), "done")
    return redirect(url_for("data.index", code=code), 303)


def page(dataset: Dataset, wrong: list[str] | None = None) -> str:
    """Return the page with the versions and the form."""
    return render_template(
        "data/index.html",
        dataset=dataset,
        versions=resources.versions(dataset),
        wrong=wrong or [],
        errors=wrong,
        may_load=dataset.provider_id in someone().bodies(Role.CLERK),
        most=MOST_DATA // 1024 // 1024,
    )


def of_body(code: str, person: User) -> Dataset:
    """Return an entry to somebody of the body that answers for it.

    :raises NotYours: the person is of another body, or none
    """
    dataset = entry.by_code(code[:40])
    if dataset.provider_id not in person.bodies(*BODY_ROLES):
        raise NotYours(code)
    return dataset


def of_clerk(code: str, person: User) -> Dataset:
    """Return an entry to a clerk of the body that answers for it.

    :raises NotYours: the person is no clerk there
    """
    dataset = of_body(code, person)
    if dataset.provider_id not in person.bodies(Role.CLERK):
        raise NotYours(code)
    return dataset
