"""Consultations of the committee: the list, the page of one with its live state, and what is said about procedure.

While the ballot is sealed these pages show who has declared and who has handed in, and nothing else.
"""

import hashlib
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from marshmallow import ValidationError

from api.forms import answered
from api.numbers import key
from api.pages import address_of, someone
from api.security import FormView
from api.sitting import seated, session_of
from models import N_, Consultation, Role, User, db
from workflow import hearing
from workflow.errors import NotFound
from workflow.fields import Answer, prose
from workflow.stages import STEPS
from workflow.worklist import open_items

bp = Blueprint("consultations", __name__, url_prefix="/consultations")
PAGE = 20
# The page of a sealed consultation asks for its state anew after so many seconds.
AGAIN = 10


class Words(Answer):
    """What is asked or said about the procedure or the papers."""

    text = prose(5, 1000, N_("关于程序和材料"), N_("所有委员和秘书都能看到，委员不署名；不要写对问题的意见。"))


@bp.get("")
@login_required
def index() -> ResponseReturnValue:
    """List the consultations that concern the reader: where they sit, then those that are open, then the others."""
    person = follower()
    before = request.args.get("before", type=key)
    query = hearing.listed(person).options(db.joinedload(Consultation.case))
    over = query.where(Consultation.state.in_(hearing.OVER), hearing.readable(person))
    if before is not None:
        over = over.where(Consultation.id < before)
    ended = list(db.session.scalars(over.limit(PAGE + 1)))
    alive = [] if before else list(db.session.scalars(query.where(Consultation.state.not_in(hearing.OVER))))
    sitting = [found for each in alive if (found := seated(each, person)) is not None]
    taken = {each.consultation.id for each in sitting}
    return render_template(
        "consultations/index.html",
        sitting=sitting,
        follows=person.roles != {Role.EXPERT},
        open=[each for each in alive if each.id not in taken],
        ended=ended[:PAGE],
        older=url_for("consultations.index", before=ended[PAGE - 1].id) if len(ended) > PAGE else None,
        paged=before is not None,
    )


class Page(FormView):
    """The page of a consultation, on which members and secretary also say something about the procedure."""

    decorators = [login_required]

    def get(self, reference: str) -> ResponseReturnValue:
        """Show a consultation as it may be seen now."""
        return self.page(hearing.find(reference, someone()))

    def post(self, reference: str) -> ResponseReturnValue:
        """Keep what is asked or said about the procedure."""
        person = someone()
        consultation = hearing.find(reference, person)
        raw: dict[str, Any] = {}
        try:
            raw = answered(request.form, Words)
            hearing.remark(consultation, person, Words().load(raw)["text"])
        except ValidationError as error:
            return self.page(consultation, raw or request.form.to_dict(), error.normalized_messages()), 422
        flash(gettext("已发出"), "done")
        return redirect(url_for("consultations.show", reference=reference, _anchor="words"), 303)

    def expired(self, reference: str) -> ResponseReturnValue:
        """Show the page again with what was written."""
        errors = {"_schema": [gettext("这一页打开得太久，请再提交一次；内容还在。")]}
        return self.page(hearing.find(reference, someone()), request.form.to_dict(), errors)

    @staticmethod
    def page(
        consultation: Consultation, values: dict[str, Any] | None = None, errors: dict[str, Any] | None = None
    ) -> str:
        """Return the page of a consultation."""
        person, session = someone(), session_of(consultation)
        return render_template(
            "consultations/show.html",
            session=session,
            member=seated(consultation, person),
            turns=turns(consultation, person),
            speaks=consultation.state == "hearing" and hearing.may_speak(consultation, person),
            schema=Words,
            values=values,
            errors=errors,
            mark=mark(consultation),
            again=AGAIN,
        )


bp.add_url_rule("/<reference>", view_func=Page.as_view("show"))


@bp.get("/<reference>/state")
@login_required
def state(reference: str) -> ResponseReturnValue:
    """Return how a consultation stands, for a page that is open; nothing where that is what it shows."""
    consultation = hearing.find(reference, someone())
    seen = request.args.get("mark", "")
    if seen == mark(consultation):
        return "", 204
    if not seen.startswith(consultation.state):
        # With the state the whole page is another one.
        return Response(status=204, headers={"HX-Refresh": "true"})
    session = session_of(consultation)
    return render_template("consultations/_state.html", session=session, mark=mark(consultation), again=AGAIN)


def mark(consultation: Consultation) -> str:
    """Return a mark of how a consultation stands, by which an open page knows that nothing has changed."""
    seats = [
        (each.number, each.user.id, each.declared, each.unsure, each.handed_in, each.present, each.left)
        for each in hearing.places(consultation)
    ]
    stands = repr((consultation.round, seats, hearing.closes_at(consultation)))
    return f"{consultation.state}.{hashlib.sha256(stands.encode()).hexdigest()[:12]}"


def turns(consultation: Consultation, person: User) -> list[tuple[str, str, bool]]:
    """Return the steps of the committee that a reader may take: title, address, and whether it waits for them."""
    case = consultation.case
    if case.consultations[-1] is not consultation or consultation.state in hearing.OVER:
        return []
    found = {}
    for item in open_items(case):
        step = STEPS[item.step]
        mine = item.holder_id == person.id or (item.holder_id is None and step.role is Role.SECRETARY)
        if step.stage == "consultation" and mine and step.role in person.roles and offered(consultation, step.name):
            found[step.name] = (gettext(step.title), address_of(case, step), not item.offered)
    return list(found.values())


def offered(consultation: Consultation, step: str) -> bool:
    """Say whether a step makes sense now: nobody is replaced where everybody has handed in."""
    return step != "replace_expert" or any(
        not each.handed_in and not each.left for each in hearing.places(consultation)
    )


def follower() -> User:
    """Return the person, who sits in the committee or works for an office.

    Raises NotFound for everybody else.
    """
    person = someone()
    if not person.is_staff:
        raise NotFound("consultations")
    return person
