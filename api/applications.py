"""Applications: where one begins, from the page of a data set, with what an earlier one has said already."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from api import prefill
from api.pages import address_of, repeat_key, someone
from api.security import FormView
from models import Application, Case, CaseStatus, Dataset, DatasetState, Draft, OpenType, User, WorkItem, WorkState, db
from workflow import access, casework
from workflow.errors import NotFound
from workflow.stages import STEPS

bp = Blueprint("applications", __name__, url_prefix="/applications")
STEP = STEPS["submit_application"]
# How many earlier applications are offered, and how many drafts are looked through.
EARLIER, DRAFTS = 10, 50


class NewApplication(FormView):
    """The page on which an application is begun; its form is that of the first step."""

    decorators = [login_required]

    def get(self) -> ResponseReturnValue:
        """Go on with a draft for the same data, or show what an application takes."""
        person, dataset = someone(), wanted(request.args.get("dataset", ""))
        begun = drafts(person, dataset)
        if dataset is not None and begun:
            return redirect(address_of(begun[0], STEP))
        return render_template("application/new.html", dataset=dataset, begun=begun, earlier=earlier(person), step=STEP)

    def post(self) -> ResponseReturnValue:
        """Open a draft, with what is taken over from an earlier application."""
        person, dataset = someone(), wanted(request.form.get("dataset", ""))
        form: dict[str, Any] = {}
        if reference := request.form.get("earlier", ""):
            form = prefill.from_earlier(source(person, reference), STEP.answer)
        if dataset is not None:
            form["datasets"] = [{"dataset": dataset.code}]
        case = casework.start(
            "application",
            person,
            draft=form,
            outcome={"basis": "new"},
            prepare=lambda case: setattr(case, "title", dataset.name[:200] if dataset else ""),
            key=repeat_key(person),
        )
        flash(gettext("草稿已建立，编号 %(reference)s；写的内容会自动保存", reference=case.reference), "done")
        return redirect(address_of(case, STEP), 303)


bp.add_url_rule("/new", view_func=NewApplication.as_view("new"))


def wanted(code: str) -> Dataset | None:
    """Return the data set that an application is to ask for, if one is named.

    :raises NotFound: there is none under this code that can be applied for
    """
    if not code:
        return None
    entry: Dataset | None = db.session.scalar(db.select(Dataset).where(Dataset.code == code[:40].upper()))
    if entry is None or entry.open_type is not OpenType.CONDITIONAL or entry.state is not DatasetState.PUBLISHED:
        raise NotFound(code)
    return entry


def drafts(person: User, dataset: Dataset | None) -> list[Case]:
    """Return the applications that a person has begun, the newest first; where a data set is named, those for it."""
    waits = WorkItem.step == STEP.name, WorkItem.state == WorkState.OPEN
    query = (
        db.select(Case, Draft.form)
        .join(WorkItem, WorkItem.case_id == Case.id)
        .outerjoin(Draft, db.and_(Draft.work_item_id == WorkItem.id, Draft.user_id == Case.requester_id))
        .where(*waits, Case.status == CaseStatus.DRAFT, mine(person))
    )
    found = db.session.execute(query.order_by(Case.id.desc()).limit(DRAFTS)).all()
    return [case for case, form in found if dataset is None or dataset.code in asked_in(form or {})]


def asked_in(form: dict[str, Any]) -> set[str]:
    """Return the codes of the data sets that a half-written application names."""
    rows = form.get("datasets")
    rows = rows if isinstance(rows, list) else []
    return {str(row.get("dataset", "")).upper() for row in rows if isinstance(row, dict)}


def earlier(person: User) -> list[Case]:
    """Return the last applications that a person has handed in or worked on."""
    query = db.select(Case).join(Application, Application.case_id == Case.id)
    query = query.where(mine(person), Application.submitted_at.is_not(None), Case.parent_id.is_(None))
    return list(db.session.scalars(query.order_by(Case.id.desc()).limit(EARLIER)))


def source(person: User, reference: str) -> dict[str, Any]:
    """Return what an earlier application of a person's said.

    :raises NotFound: there is none of theirs
    """
    query = db.select(Application).join(Case, Application.case_id == Case.id)
    found: Application | None = db.session.scalar(query.where(mine(person), Case.reference == reference[:40]))
    if found is None:
        raise NotFound(reference)
    return found.form


def mine(person: User) -> Any:
    """Return the condition under which an application is a person's own, or shared with them."""
    own = db.or_(Case.requester_id == person.id, Case.id.in_(access.shared_with(person)))
    return db.and_(Case.kind == "application", own)
