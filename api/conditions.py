"""The published conditions of a data set: every version in public, the check before applying, and the next version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import login_required
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from api.auth import actor
from api.forms import answered, rearranged
from api.pages import someone
from api.security import FormView
from models import Conditions, Dataset, OpenType, Role, User
from workflow import conditions
from workflow.catalogue import entry
from workflow.conditions import ASK, MET, UNMET, Criterion, SelfCheck, Terms

bp = Blueprint("conditions", __name__, url_prefix="/datasets/<code>/conditions")


@dataclass(frozen=True)
class Check:
    """What a self-check asks, what was answered, and how each condition stands after it."""

    schema: Mapping[str, Any]
    values: Mapping[str, Any]
    errors: Mapping[str, Any] | None
    results: dict[str, str]

    @property
    def unmet(self) -> int:
        """Return how many conditions are not met."""
        return list(self.results.values()).count(UNMET)

    @property
    def open(self) -> int:
        """Return how many conditions no machine can tell, or nothing was said about."""
        return list(self.results.values()).count(ASK)

    @property
    def met(self) -> int:
        """Return how many conditions are met."""
        return list(self.results.values()).count(MET)


def check(version: Conditions | None, said: MultiDict[str, str]) -> Check:
    """Return the self-check on a version, with what the address says."""
    schema = conditions.asked(version)
    raw: dict[str, Any] = {}
    errors: dict[str, Any] | None = None
    results: dict[str, str] = {}
    if any(name in said for name in schema):
        try:
            raw = answered(said, SelfCheck(only=list(schema)))
            told = SelfCheck(only=list(schema)).load(raw)
            results = {line.id: result for line, result in conditions.selfcheck(version, told)}
        except ValidationError as error:
            errors = error.normalized_messages()
            raw = raw or said.to_dict()
    return Check(schema, raw, errors, results)


@bp.get("")
def index(code: str) -> ResponseReturnValue:
    """List the versions of a data set's conditions."""
    dataset = entry.by_code(code[:40])
    return render_template(
        "conditions/index.html",
        dataset=dataset,
        versions=conditions.versions(dataset),
        draft=conditions.drafted(dataset) if staff_of(dataset, Role.CLERK, Role.DECIDER) else None,
        may_write=staff_of(dataset, Role.CLERK),
        may_publish=staff_of(dataset, Role.DECIDER),
    )


@bp.get("/<int:number>")
def version(code: str, number: int) -> ResponseReturnValue:
    """Show one version of a data set's conditions, and what it changed."""
    dataset = entry.by_code(code[:40])
    shown = conditions.version(dataset, min(number, 2**31))
    every = conditions.versions(dataset)
    before = next((each for each in every if each.version < shown.version), None)
    return render_template(
        "conditions/version.html",
        dataset=dataset,
        version=shown,
        before=before,
        newest=every[0],
        lines=conditions.lines(shown),
        changes=conditions.changes(before, shown) if before else [],
    )


class Edit(FormView):
    """The page on which a clerk writes the next version."""

    decorators = [login_required]

    def get(self, code: str) -> ResponseReturnValue:
        """Show the form with the next version, or what is in force."""
        dataset = editable(code, Role.CLERK)
        draft, shown = conditions.drafted(dataset), conditions.shown(dataset)
        terms = draft.terms if draft else shown.terms if shown else {}
        values = conditions.form_of(terms) | ({"reason": draft.reason} if draft else {})
        return self.form(dataset, values)

    def post(self, code: str) -> ResponseReturnValue:
        """Keep the next version for the decider to publish."""
        dataset = editable(code, Role.CLERK)
        raw: dict[str, Any] = {}
        if (moved := rearranged(request.form, Terms)) is not None:
            return self.form(dataset, moved[0], focus=moved[1])
        try:
            raw = answered(request.form, Terms)
            conditions.write(dataset, Terms().load(raw), someone())
        except ValidationError as error:
            return self.form(dataset, raw or request.form.to_dict(), error.normalized_messages()), 422
        flash(gettext("已交决定人公布"), "done")
        return redirect(url_for("conditions.draft", code=code), 303)

    def expired(self, code: str) -> ResponseReturnValue:
        """Show the form again with what was written."""
        errors = {"_schema": [gettext("这一页打开得太久，请再提交一次；内容还在。")]}
        return self.form(editable(code, Role.CLERK), answered(request.form, Terms), errors)

    @staticmethod
    def form(
        dataset: Dataset, values: Mapping[str, Any], errors: Mapping[str, Any] | None = None, focus: str = ""
    ) -> str:
        """Return the page with the form; `focus` is the group to which a row was added."""
        return render_template(
            "conditions/edit.html", dataset=dataset, schema=Terms, values=values, errors=errors, focus=focus
        )


bp.add_url_rule("/edit", view_func=Edit.as_view("edit"))


@bp.get("/draft")
@login_required
def draft(code: str) -> ResponseReturnValue:
    """Show the next version beside what is in force, to be published or given back."""
    dataset = editable(code, Role.CLERK, Role.DECIDER)
    kept = conditions.drafted(dataset)
    if kept is None:
        return redirect(url_for("conditions.index", code=code), 303)
    coming = Conditions(dataset_id=dataset.id, version=0, terms=kept.terms, reason=kept.reason)
    before = conditions.shown(dataset)
    return render_template(
        "conditions/draft.html",
        dataset=dataset,
        draft=kept,
        before=before,
        changes=conditions.changes(before, coming),
        may_write=staff_of(dataset, Role.CLERK),
        may_publish=staff_of(dataset, Role.DECIDER) and kept.drafted_by_id != someone().id,
    )


@bp.post("/publish")
@login_required
def publish(code: str) -> ResponseReturnValue:
    """Publish the next version."""
    made = conditions.publish_draft(editable(code, Role.DECIDER), someone())
    flash(gettext("已公布第 %(version)d 版", version=made.version), "done")
    return redirect(url_for("conditions.version", code=code, number=made.version), 303)


@bp.post("/give-back")
@login_required
def give_back(code: str) -> ResponseReturnValue:
    """Drop the next version; what is in force stays in force."""
    conditions.give_back(editable(code, Role.CLERK, Role.DECIDER))
    flash(gettext("草稿已删除，现行条件不变"), "done")
    return redirect(url_for("conditions.index", code=code), 303)


def editable(code: str, *roles: Role) -> Dataset:
    """Return a data set whose conditions the reader may write or publish."""
    dataset = entry.by_code(code[:40])
    if not staff_of(dataset, *roles):
        abort(403)
    if dataset.open_type is not OpenType.CONDITIONAL:
        abort(409)
    return dataset


def staff_of(dataset: Dataset, *roles: Role) -> bool:
    """Say whether the reader holds one of some roles in the body that answers for a data set."""
    person: User | None = actor()
    return person is not None and dataset.provider_id in person.bodies(*roles)


def line_words(line: Criterion) -> str:
    """Return a line of conditions in the reader's language, where it can be said in it; what binds is the Chinese."""
    if line.sentence and str(get_locale() or "") == "en":
        return conditions.spoken(line.sentence, line.filling, gettext)
    return line.text


def register(app: Flask) -> None:
    """Give the templates what they need to show conditions."""
    app.jinja_env.globals.update(line_words=line_words)
