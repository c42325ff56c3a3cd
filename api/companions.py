"""Companions: who works on an application with the requester, the invitation of others, and how one is taken up."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from marshmallow import ValidationError, fields

from api.auth import actor
from api.forms import answered
from api.pages import someone
from api.security import FormView
from models import N_, Case, Companion, Role
from workflow import access, companions
from workflow.errors import NotYours
from workflow.fields import Answer, Tick

bp = Blueprint("companions", __name__)


class Invitation(Answer):
    """Whom to ask, and what they may do."""

    email = fields.Email(
        required=True,
        metadata={
            "label": N_("对方的邮箱"),
            "hint": N_("邀请信会发到这个邮箱；对方登录后就能一起填写，能看到整份申请。"),
            "autocomplete": "email",
        },
    )
    signs = Tick(metadata={"label": N_("可以代表申请人签署协议")})


class CompanionsPage(FormView):
    """The page on which a requester asks others to work on an application."""

    decorators = [login_required]

    def get(self, reference: str) -> ResponseReturnValue:
        """Show who works on the application, and the form."""
        return self.page(self.opened(reference), {})

    def post(self, reference: str) -> ResponseReturnValue:
        """Send an invitation, and show its link this once."""
        case, raw = self.opened(reference), {}  # type: Case, dict[str, Any]
        try:
            raw = answered(request.form, Invitation)
            asked = Invitation().load(raw)
            url = current_app.config["PUBLIC_URL"]
            link = companions.invite(case, asked["email"], asked["signs"], actor=someone(), url=url)
        except ValidationError as error:
            return self.page(self.opened(reference), raw, error.normalized_messages()), 422
        return self.page(self.opened(reference), {}, link=link, email=asked["email"])

    def expired(self, reference: str) -> ResponseReturnValue:
        """Show the form again with what was written."""
        errors = {"_schema": [gettext("这一页打开得太久，请再提交一次；内容还在。")]}
        return self.page(self.opened(reference), request.form.to_dict(), errors)

    @staticmethod
    def opened(reference: str) -> Case:
        """Return the application, if the reader is of the requester's side.

        :raises NotFound: there is none for them
        :raises NotYours: they read it for an office
        """
        person = someone()
        case = access.find(reference, person)
        if Role.REQUESTER not in access.roles_on(person, case):
            raise NotYours(reference)
        return case

    @staticmethod
    def page(case: Case, values: Mapping[str, Any], errors: Mapping[str, Any] | None = None, **more: Any) -> str:
        """Return the page."""
        mine = case.requester_id == someone().id and companions.shareable(case)
        options = {"case": case, "schema": Invitation, "values": values, "errors": errors, "may_invite": mine}
        return render_template("companions/index.html", **options, **more)


bp.add_url_rule("/cases/<reference>/companions", view_func=CompanionsPage.as_view("index"))


@bp.post("/cases/<reference>/companions/<int:number>/remove")
@login_required
def remove(reference: str, number: int) -> ResponseReturnValue:
    """Take somebody off the application, withdraw an invitation, or leave."""
    person = someone()
    case = access.find(reference, person)
    companions.remove(case, number, actor=person)
    if access.may_see(person, case):
        flash(gettext("已移除"), "done")
        return redirect(url_for("companions.index", reference=reference), 303)
    flash(gettext("您已退出这件申请"), "done")
    return redirect(url_for("cases.index"), 303)


@bp.get("/join/<secret>")
@login_required
def join(secret: str) -> ResponseReturnValue:
    """Show who asks for what, before the invitation is taken up."""
    return render_template("companions/join.html", asked=companions.found(secret), secret=secret)


@bp.post("/join/<secret>")
@login_required
def take_up(secret: str) -> ResponseReturnValue:
    """Take the invitation up."""
    case = companions.join(secret, actor=someone())
    flash(gettext("已加入，可以一起填写了"), "done")
    return redirect(url_for("cases.show", reference=case.reference), 303)


def companions_of(case: Case) -> list[Companion]:
    """Return who works on an application with the requester, for the requester's side."""
    person = actor()
    if person is None or case.kind != "application" or Role.REQUESTER not in access.roles_on(person, case):
        return []
    return companions.listed(case)


def register(app: Flask) -> None:
    """Give the templates who works on an application."""
    app.jinja_env.globals.update(companions_of=companions_of, shareable=companions.shareable)
