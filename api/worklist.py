"""The work list: what waits for a person and their group, and the taking of steps one by one or several at once."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import login_required

from api.entries import entries
from api.language import own_address
from api.pages import someone
from api.work_csv import csv_of
from models import KIND_TITLES, Case, User, WorkItem, db
from workflow import access, casework, inbox
from workflow.errors import NotOpen, NotYours, Refused
from workflow.inbox import Mark, Question, Sort
from workflow.stages import STEPS
from workflow.walks import MOST_COUNTED, Stretch, Tab, View
from workflow.worklist import open_items

bp = Blueprint("worklist", __name__, url_prefix="/work")
PAGE = 25
MOST_AT_ONCE = 100
EPOCH, TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@bp.get("")
@login_required
def index() -> ResponseReturnValue:
    """Show the work list as the address asks for it."""
    person, question = someone(), asked(request.args)
    after, before = mark_of(request.args.get("after", "")), mark_of(request.args.get("before", ""))
    found = inbox.page(person, question, PAGE, after or before, backwards=before is not None and after is None)
    counts = inbox.counts(person, question)
    here = own_address(request.full_path) or url_for("worklist.index")
    return render_template(
        "worklist/index.html",
        question=question,
        entries=entries(found.rows, person, here),
        counts=counts,
        steps={name: STEPS[name].title for name in counts.steps if counts.steps[name] or name == question.step},
        counted=not (question.kind or question.text),
        broken_off=found.broken_off,
        back=address(question, before=cursor(found.before)) if found.before else None,
        onward=address(question, after=cursor(found.behind)) if found.behind else None,
        here=here,
    )


@bp.get("/export.csv")
@login_required
def export() -> ResponseReturnValue:
    """Give out the rows of the work list that the address asks for, as a table for a spreadsheet."""
    return csv_of(someone(), asked(request.args))


@bp.post("/<reference>/<step>/claim")
@login_required
def claim(reference: str, step: str) -> ResponseReturnValue:
    """Take a step that nobody has taken, or take it over where the form says so."""
    person = someone()
    try:
        item = take(reference, step, person, take_over="take_over" in request.form)
    except Refused as refusal:
        db.session.rollback()
        flash(gettext("%(reference)s 没有认领：%(why)s", reference=reference, why=gettext(refusal.sentence)), "action")
        return redirect(back(), 303)
    flash(gettext("已认领 %(reference)s", reference=reference), "done")
    return redirect(f"{back()}#w-{item.id}", 303)


@bp.post("/<reference>/<step>/release")
@login_required
def release(reference: str, step: str) -> ResponseReturnValue:
    """Give a step back to the group."""
    person = someone()
    item = casework.release(access.find(reference, person), step, actor=person)
    flash(gettext("已退回 %(reference)s，本组的人都可以认领", reference=reference), "done")
    return redirect(f"{back()}#w-{item.id}", 303)


@bp.get("/<reference>/<step>/take-over")
@login_required
def take_over(reference: str, step: str) -> ResponseReturnValue:
    """Ask whether a colleague's step shall really be taken over."""
    person = someone()
    case, item = listed(reference, step, person)
    if item.holder is None or item.holder_id == person.id:
        return redirect(back(), 303)
    return render_template("worklist/take_over.html", case=case, item=item, step=STEPS[step], next=back())


@bp.post("/claim")
@login_required
def bulk() -> ResponseReturnValue:
    """Take the chosen steps, each in a transaction of its own, and say which could not be taken and why."""
    person = someone()
    chosen = list(dict.fromkeys(request.form.getlist("item")))[:MOST_AT_ONCE]
    taken, refused = 0, defaultdict(list)
    for key in chosen:
        reference, _, step = key.partition("/")
        try:
            take(reference, step, person)
            taken += 1
        except Refused as refusal:
            db.session.rollback()
            refused[refusal.sentence].append(reference)
    if not chosen:
        flash(gettext("没有勾选任何办件"), "action")
    elif taken:
        words = gettext("勾选 %(chosen)d 件，认领了 %(taken)d 件", chosen=len(chosen), taken=taken)
        flash(words, "done")
    for sentence, references in refused.items():
        flash(
            ngettext(
                "%(num)d 件没有认领（%(references)s）：%(why)s",
                "%(num)d 件没有认领（%(references)s）：%(why)s",
                len(references),
                references=gettext("、").join(references),
                why=gettext(sentence),
            ),
            "action",
        )
    return redirect(back(), 303)


def take(reference: str, step: str, person: User, take_over: bool = False) -> WorkItem:
    """Take a step that stands on a person's work list.

    :raises Refused: it does not stand there, or somebody else has it
    """
    case, _ = listed(reference, step, person)
    return casework.claim(case, step, actor=person, take_over=take_over)


def listed(reference: str, step: str, person: User) -> tuple[Case, WorkItem]:
    """Return a case and the step of it that stands on a person's work list.

    :raises NotOpen: the step does not wait any more
    :raises NotYours: the step waits for others
    """
    case = access.find(reference, person)
    items = [item for item in open_items(case) if item.step == step and not item.offered]
    if not items or step not in STEPS:
        raise NotOpen(step)
    if not inbox.is_listed(person, case, step):
        raise NotYours(step)
    return case, items[0]


def asked(values: Mapping[str, Any]) -> Question:
    """Read from an address what is asked for; what cannot be understood is left out."""
    step, kind = values.get("step", ""), values.get("kind", "")
    return Question(
        view=_word(View, values.get("view")) or View.ALL,
        tab=_word(Tab, values.get("due")) or Tab.ALL,
        sort=_word(Sort, values.get("sort")) or Sort.DUE,
        step=step if step in STEPS else "",
        kind=kind if kind in KIND_TITLES else "",
        text=" ".join(values.get("q", "").replace("\x00", " ").split())[:100],
    )


def parameters(question: Question) -> dict[str, str]:
    """Return what an address must say to ask this question; what goes without saying is left out."""
    said = {
        "view": question.view.value if question.view is not View.ALL else "",
        "due": question.tab.value if question.tab is not Tab.ALL else "",
        "sort": question.sort.value if question.sort is not Sort.DUE else "",
        "step": question.step,
        "kind": question.kind,
        "q": question.text,
    }
    return {name: value for name, value in said.items() if value}


def address(question: Question, endpoint: str = "worklist.index", **place: str) -> str:
    """Return the address at which a question is answered; a page holds dozens that differ in their parameters alone."""
    bare = g.setdefault("worklist_addresses", {})
    if endpoint not in bare:
        bare[endpoint] = url_for(endpoint)
    said = urlencode(parameters(question) | place)
    return f"{bare[endpoint]}?{said}" if said else str(bare[endpoint])


def cursor(mark: Mark) -> str:
    """Write a place in the list for an address."""
    ticks = "" if mark.moment is None else str((mark.moment - EPOCH) // TICK)
    return f"{mark.stretch}.{ticks}.{mark.item}"


def mark_of(text: str) -> Mark | None:
    """Read a place in the list from an address; none where it cannot be read."""
    stretch, _, rest = text.partition(".")
    ticks, _, item = rest.partition(".")
    known = _word(Stretch, stretch)
    if known is None or not item.isascii() or not item.isprintable() or len(item) > 64:
        return None
    if known is Stretch.UNLIMITED:
        return Mark(known, None, item) if not ticks else None
    if not (ticks.isascii() and ticks.isdigit() and len(ticks) < 17):
        return None
    return Mark(known, EPOCH + int(ticks) * TICK, item)


def back() -> str:
    """Return the address of the list from which a form was sent."""
    return own_address(request.values.get("next", "")) or url_for("worklist.index")


def number(count: int) -> str:
    """Write a bounded count: a thousand and more are not told apart."""
    return str(count) if count < MOST_COUNTED else f"{MOST_COUNTED - 1}+"


@bp.context_processor
def words() -> dict[str, Any]:
    """Give the list's templates what they write addresses and numbers with."""
    choices = {"View": View, "Tab": Tab, "Sort": Sort, "kinds": KIND_TITLES}
    return {"address": address, "replaced": replace, "number": number, **choices}


def _word(words: Any, text: str | None) -> Any:
    return words(text) if text in list(words) else None
