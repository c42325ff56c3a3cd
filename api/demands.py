"""Demands in public: ask for data, see what others ask for, support them, read the answers."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from marshmallow import ValidationError

from api.auth import actor
from api.cases import stops
from api.forms import answered
from api.pages import repeat_key, someone
from api.security import FormView
from models import N_, Case, CaseStatus, Demand, db
from workflow import casework, demands, search
from workflow.errors import Failed
from workflow.history import passed
from workflow.stages import STEPS
from workflow.stages.demand import ANSWERS, GROUNDS

bp = Blueprint("demands", __name__, url_prefix="/demands")
PAGE = 20
STEP = STEPS["submit_demand"]
# How a demand may end before a body has answered it.
RESULTS = {
    "join": N_("并入同类需求"),
    "already_open": N_("已经开放"),
    "other_channel": N_("其他渠道"),
    "decline": N_("不予办理"),
}


@bp.get("")
def index() -> ResponseReturnValue:
    """List the published demands, the newest or the most supported first."""
    words, sort = request.args.get("q", "")[:100].strip(), request.args.get("sort", "")
    page = max(1, min(request.args.get("page", 1, type=int), 50))
    query = db.select(Demand).join(Case, Demand.case_id == Case.id).where(Demand.published_at.is_not(None))
    if words:
        query = query.where(Demand.case_id.in_(search.matching("demand", words).limit(1000)))
    if request.args.get("state") == "answered":
        query = query.where(Demand.answered_at.is_not(None))
    elif request.args.get("state") == "open":
        query = query.where(Demand.answered_at.is_(None), Case.status == CaseStatus.OPEN)
    order = (Demand.supporters.desc(), Demand.case_id.desc()) if sort == "support" else (Demand.published_at.desc(),)
    options = db.joinedload(Demand.case), db.joinedload(Demand.holder)
    found = list(db.session.scalars(query.options(*options).order_by(*order).offset((page - 1) * PAGE).limit(PAGE + 1)))
    return render_template(
        "demand/index.html", demands=found[:PAGE], more=len(found) > PAGE, page=page, words=words, sort=sort
    )


class NewDemand(FormView):
    """The page on which a demand is written; the case begins when it is handed in or kept."""

    decorators = [login_required]

    def get(self) -> ResponseReturnValue:
        """Show the form; words that were searched for come along."""
        return self.form({"subject": request.args.get("subject", "")[:80]})

    def post(self) -> ResponseReturnValue:
        """Open the case: with the answer to its first step, or with a draft of it."""
        person, raw = someone(), {}  # type: Any, dict[str, Any]
        try:
            raw = answered(request.form, STEP.answer)
            if "draft" in request.form:
                casework.start("demand", person, draft=raw, key=repeat_key(person))
                flash(gettext("草稿已保存，在“我的办件”里可以继续写"), "done")
                return redirect(url_for("cases.index"), 303)
            case = casework.start_once("demand", person, raw, repeat_key(person))
        except ValidationError as error:
            return self.form(raw or request.form.to_dict(), error.normalized_messages()), 422
        except Failed:
            return self.form(raw, {"_schema": [Failed("").sentence]}), 503
        flash(gettext("需求已提交，编号 %(reference)s", reference=case.reference), "done")
        return redirect(url_for("cases.show", reference=case.reference), 303)

    def expired(self) -> ResponseReturnValue:
        """Show the form again with what was written."""
        errors = {"_schema": [gettext("这一页打开得太久，请再提交一次；内容还在。")]}
        return self.form(request.form.to_dict(), errors)

    @staticmethod
    def form(values: dict[str, Any], errors: dict[str, Any] | None = None) -> str:
        """Return the page with the form, and demands that may ask for the same."""
        twins = demands.twins(values.get("subject", "")) if values.get("subject") else []
        return render_template("demand/submit_demand.html", step=STEP, values=values, errors=errors, twins=twins)


bp.add_url_rule("/new", view_func=NewDemand.as_view("new"))


@bp.get("/similar")
def similar() -> ResponseReturnValue:
    """Show the demands and data sets that may already answer what is being typed."""
    words = request.args.get("subject", "")[:80].strip()
    return render_template("demand/_similar.html", twins=demands.twins(words) if len(words) > 1 else [], words=words)


@bp.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    """Show a published demand, its progress and its answer."""
    case = demands.public(reference)
    person = actor()
    may_support = person is None or (person.id != case.requester_id and case.status is not CaseStatus.ENDED)
    return render_template(
        "demand/show.html",
        case=case,
        demand=case.demand,
        answers=RESULTS | ANSWERS,
        grounds=GROUNDS,
        stops=stops(passed(case, None), [], []),
        supported=demands.supports(case, person),
        may_support=may_support,
    )


@bp.post("/<reference>/support")
@login_required
def support(reference: str) -> ResponseReturnValue:
    """Support a demand, or take the support back."""
    case, person = demands.public(reference), someone()
    if request.form.get("withdraw"):
        demands.withdraw_support(case, person)
        flash(gettext("已取消附议"), "done")
    else:
        demands.support(case, person)
        flash(gettext("已附议；有答复时会通知您"), "done")
    return redirect(url_for("demands.show", reference=reference), 303)
