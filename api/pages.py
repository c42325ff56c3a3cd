"""The page of each step: generated from its declaration, one blueprint for each role."""

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from marshmallow import ValidationError

from api import drafting, evidence, prefill, seating
from api.agreements import clause_options, dataset_options
from api.auth import actor
from api.forms import answered, rearranged, written
from api.judging import unmet_options
from api.language import called
from api.questions import Options
from api.security import FormView
from api.strips import EXTENDS
from models import Case, Clock, Draft, Organisation, OrganisationKind, Role, User, WorkItem, db
from workflow import access, casework, clock, consultations, drafts
from workflow.errors import Failed
from workflow.fields import Group
from workflow.history import LATEST, history
from workflow.sealing import BrokenSeal
from workflow.sharing import Merged, read_base
from workflow.stage import Step
from workflow.stages import STEPS
from workflow.worklist import answered_item, open_items

log = logging.getLogger("kaimen.pages")


class StepPage(FormView):
    """The page of one step: its form, and the answer to it."""

    decorators = [login_required]

    def __init__(self, step: Step) -> None:
        self.step = step

    def get(self, reference: str) -> ResponseReturnValue:
        """Show the form, or say at once why the step may not be answered."""
        case, item, person = self.opened(reference)
        if self.step.sealed and consultations.note_opening(case, person):
            # That was this request's only change; what follows reads, and needs no lock.
            db.session.connection(execution_options={"write": False})
        draft = drafts.begun(item, person)
        values = draft.form if draft else prefill.values(case, self.step) | self.handed_in(case, person)
        return self.form(case, item, values, draft=draft, base=drafting.marks(self.step, values))

    def post(self, reference: str) -> ResponseReturnValue:
        """Record the answer, keep it as a draft, or show what must be mended."""
        person = someone()
        case, raw = access.reach(reference, person), {}  # type: Case, dict[str, Any]
        base = read_base(request.form.get("base"))
        try:
            if moved := rearranged(request.form, self.step.answer):
                return self.moved(case, person, *moved)
            raw = answered(request.form, self.step.answer)
            raw, faults = self.completed(case, person, raw)
            if faults:
                raise ValidationError(dict(faults))
            if "preview" in request.form:
                case, item, person = self.opened(reference)
                return self.form(case, item, raw, preview=True)
            if "draft" in request.form and self.step.sealed and consultations.may_change(case, person):
                # Of an answer that has been handed in no draft is kept; the form goes on with its new files.
                case, item, person = self.opened(reference)
                return self.form(case, item, raw)
            if "draft" in request.form:
                draft, merged = casework.save(case, self.step.name, raw, actor=person, base=base)
                return self.saved(case, raw, draft, merged)
            if found := drafts.unseen(case, self.step.name, raw, person, base):
                return self.differing(case, raw, found), 409
            casework.submit(case, self.step.name, raw, actor=person, key=repeat_key(person))
        except ValidationError as error:
            case, item, person = self.opened(reference)
            return self.form(case, item, raw or self.written(), error.normalized_messages()), 422
        except Failed:
            case, item, person = self.opened(reference)
            errors = {"_schema": [Failed("").sentence]}
            return self.form(case, item, raw, errors), 503
        flash(gettext("%(step)s：已记录", step=gettext(self.step.title)), "done")
        return redirect(onward(case, person, self.step), 303)

    def expired(self, reference: str) -> ResponseReturnValue:
        """Show the form again, with the text, when its time has run out."""
        case, item, _ = self.opened(reference)
        errors = {"_schema": [gettext("这一页打开得太久，请再提交一次；内容还在。")]}
        return self.form(case, item, self.written(), errors)

    def written(self) -> dict[str, Any]:
        """Return everything that was written in the form, whether or not it can be read as an answer."""
        return request.form.to_dict() | written(request.form, self.step.answer)

    def completed(
        self, case: Case, person: User, raw: dict[str, Any]
    ) -> tuple[dict[str, Any], Mapping[str, list[Any]]]:
        """Return the answers with the files and the words of others that were chosen, and which files were refused."""
        faults: Mapping[str, list[Any]] = {}
        if drafting.uploads(self.step) and (request.files or any(name.endswith("-remove") for name in request.form)):
            case, _, person = self.opened(case.reference)
            faults = drafting.take_files(case, self.step, person, raw)
        if "theirs" in request.form:
            _, item, person = self.opened(case.reference)
            raw = drafting.taking_theirs(item, person, raw)
        return raw, faults

    def moved(self, case: Case, person: User, values: dict[str, Any], group: str) -> ResponseReturnValue:
        """Show the form with a row more or less; nothing is checked yet."""
        values, faults = self.completed(case, person, values)
        case, item, _ = self.opened(case.reference)
        return self.form(case, item, values, faults, focus=group)

    def saved(self, case: Case, raw: dict[str, Any], draft: Draft, merged: Merged) -> ResponseReturnValue:
        """Say that a draft is kept, and what others have written on it meanwhile."""
        if request.accept_mimetypes.best == "application/json":
            return drafting.told(self.step, raw, draft, merged)
        if merged.clashes:
            return self.differing(case, raw, merged), 409
        flash(gettext("草稿已保存"), "done")
        if merged.news:
            flash(drafting.news(self.step, merged), "progress")
        return redirect(request.path, 303)

    def differing(self, case: Case, raw: dict[str, Any], merged: Merged) -> str:
        """Return the page with what others have written meanwhile, beside the writer's own where both changed it."""
        case, item, _ = self.opened(case.reference)
        mine = {name: raw.get(name) for name in merged.clashes}
        errors: dict[str, Any] = {name: [drafting.BOTH] for name in merged.clashes}
        if words := drafting.news(self.step, merged):
            errors["_schema"] = [words]
        return self.form(
            case,
            item,
            merged.form | mine,
            errors,
            base=drafting.marks(self.step, merged.form),
            clashes=drafting.theirs(self.step, merged),
        )

    def opened(self, reference: str) -> tuple[Case, WorkItem, User]:
        """Return the case, the open item and the person; refuse before any form is shown."""
        person = someone()
        case = access.reach(reference, person)
        if self.step.sealed and consultations.may_change(case, person):
            return case, answered_item(case, self.step.name, person), person
        return case, casework.answerable(case, self.step, person, open_items(case)), person

    def handed_in(self, case: Case, person: User) -> dict[str, Any]:
        """Return the sealed answer that a person has handed in and may still change."""
        if not (self.step.sealed and consultations.may_change(case, person)):
            return {}
        try:
            opened = consultations.own_opinion(case, person)
        except BrokenSeal as error:
            log.error("%s: %s", case.reference, error)
            return {}
        return opened.answer if opened else {}

    def form(
        self,
        case: Case,
        item: WorkItem,
        values: Mapping[str, Any],
        errors: Mapping[str, Any] | None = None,
        draft: Draft | None = None,
        preview: bool = False,
        base: str = "",
        clashes: Mapping[str, str] | None = None,
        focus: str = "",
    ) -> str:
        """Return the page with the form.

        :param base: what the fields say as they are shown; without it the form goes on with what it has brought along
        :param clashes: what others have written for fields that were changed here as well
        :param focus: the group of rows in which the reader goes on
        """
        told = history(case, someone(), LATEST)
        return render_template(
            [f"{self.step.stage}/{self.step.name}.html", "step.html"],
            step=self.step,
            case=case,
            item=item,
            values=values,
            errors=errors,
            draft=draft,
            base="" if self.step.sealed or item.offered else base or request.form.get("base", ""),
            clashes=clashes,
            focus=focus,
            kept_files=drafting.kept_files(case, self.step, someone()),
            options=options(self.step, case),
            beside=evidence.beside(case, self.step, values, preview=preview),
            clocks=clocks(case, EXTENDS.get(self.step.name, item.limit)),
            told=told,
            earlier=len(told) == LATEST,
        )


def clocks(case: Case, limit: str | None) -> list[Clock]:
    """Return the clock of a limit that stands beside a form."""
    return [each for each in clock.each_limit(clock.running(case)) if each.limit == limit]


def blueprints() -> Iterator[Blueprint]:
    """Yield one blueprint for each role, holding a page for each of its steps."""
    for role in Role:
        steps = [step for step in STEPS.values() if step.role is role]
        if steps:
            bp = Blueprint(role.value, __name__, url_prefix=f"/{role.value}")
            for step in steps:
                bp.add_url_rule(f"/cases/<reference>/{step.name}", view_func=StepPage.as_view(step.name, step))
            yield bp


def address_of(case: Case, step: Step) -> str:
    """Return the address of a step's page."""
    return url_for(f"{step.role.value}.{step.name}", reference=case.reference)


def someone() -> User:
    """Return the person who has signed in."""
    person = actor()
    if person is None:
        raise RuntimeError("this page is for people who have signed in")
    return person


def repeat_key(person: User) -> str | None:
    """Return the key of this rendered form, bound to the person, so that nobody can use another's."""
    nonce = request.form.get("nonce", "")
    return f"{person.id}:{nonce}" if 16 <= len(nonce) <= 100 else None


def onward(case: Case, person: User, step: Step) -> str:
    """Return where a person goes after an answer: to the case while it may be seen, else to the work list."""
    if step.stage == "consultation" and step.role is Role.EXPERT:
        return member_onward(case, person)
    if access.may_see(person, case):
        return url_for("cases.show", reference=case.reference)
    return url_for("worklist.index")


def member_onward(case: Case, person: User) -> str:
    """Return where a member goes after an answer: to their opinion, to the consultation, or to the list of theirs."""
    opinion = next(step for step in STEPS.values() if step.sealed)
    waits = any(item.step == opinion.name and item.holder_id == person.id for item in open_items(case))
    if waits or consultations.may_change(case, person):
        return address_of(case, opinion)
    if consultations.file_open(consultations.current(case), person):
        return url_for("consultations.show", reference=consultations.current(case).reference)
    return url_for("consultations.index")


def options(step: Step, case: Case) -> dict[str, Options]:
    """Return the choices of fields that are known only now."""
    known: dict[Any, Callable[[], Options]] = {"bodies": bodies, "unmet": partial(unmet_options, case)}
    known |= {"clauses": partial(clause_options, case), "negotiable": partial(clause_options, case, negotiable=True)}
    known |= seating.offered(case) | {"asked": partial(dataset_options, case)}
    asked = {name: field.metadata.get("options") for name, field in step.answer._declared_fields.items()}
    asked |= {
        f"{name}.{inner}": field.metadata.get("options")
        for name, group in step.answer._declared_fields.items()
        if isinstance(group, Group)
        for inner, field in group.answer._declared_fields.items()
    }
    return {name: known[word]() for name, word in asked.items() if word in known}


def bodies() -> list[tuple[str, str]]:
    """Return the opening bodies with their names."""
    query = db.select(Organisation).where(Organisation.kind == OrganisationKind.BODY).order_by(Organisation.name)
    return [("", "")] + [(str(body.id), called(body, short=False)) for body in db.session.scalars(query)]
