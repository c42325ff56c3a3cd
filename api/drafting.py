"""Drafting: what comes with a half-written form, and what its writer is told: files, what others wrote, what is wrong.

A form that can be kept as a draft carries in `base` the marks of what its fields said when it was shown
(`workflow.sharing`). It goes on carrying them while the form comes back with mistakes or another row.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from marshmallow import ValidationError

from api.controls import Control, Form
from api.forms import described, said_of
from api.language import moment
from api.numbers import in_words
from models import N_, Case, Draft, User, WorkItem
from workflow import casework, drafts, files
from workflow.errors import NotFound, NotOpen
from workflow.fields import Attachments
from workflow.sharing import Merged, base_of, read_base
from workflow.stage import Step

BOTH = N_("您和别人都改了这一项，请选用哪一份。")


@dataclass(frozen=True)
class KeptFile:
    """A file that has been handed in with a form, as the form shows it."""

    name: str
    size: str
    address: str


@cache
def uploads(step: Step) -> tuple[str, ...]:
    """Return the fields of a step for which files are handed in."""
    return tuple(name for name, field in step.answer().load_fields.items() if isinstance(field, Attachments))


def take_files(case: Case, step: Step, person: User, answers: dict[str, Any]) -> dict[str, list[Any]]:
    """Keep the files that came with a form, take back those that were ticked, and name the rest in the answers.

    The caller has made sure that the person may answer the step now. Returns what is wrong with files that were not
    kept; the others are.
    """
    faults: dict[str, list[Any]] = {}
    for name in uploads(step):
        numbers = [str(number) for number in answers.get(name, [])]
        for number in request.form.getlist(f"{name}-remove"):
            if number in numbers and number.isdecimal():
                take_back(case, int(number), person)
                numbers.remove(number)
        for sent in request.files.getlist(f"{name}-files"):
            if not sent.filename:
                continue
            try:
                numbers.append(str(files.keep(sent.stream, sent.filename, case, person, step, name).id))
            except ValidationError as error:
                messages = error.normalized_messages()
                faults.setdefault(name, []).extend(f"{sent.filename[:60]}：{each}" for each in said(messages[name]))
        if numbers:
            answers[name] = numbers
        else:
            answers.pop(name, None)
    return faults


def take_back(case: Case, number: int, person: User) -> None:
    """Take a file back; one that an answer names stays with the case, and is only left out of this answer."""
    try:
        files.remove(case, number, person)
    except (NotFound, NotOpen):
        # Somebody else has taken it back already, or an earlier answer holds it.
        return


def said(messages: Any) -> list[str]:
    """Return sentences of marshmallow's with what is to be filled into them, in the reader's language."""
    found: list[str] = []
    for place, each in enumerate(messages):
        if isinstance(each, str):
            after = messages[place + 1] if place + 1 < len(messages) else None
            found.append(gettext(each, **(after if isinstance(after, dict) else {})))
    return found


def kept_files(case: Case, step: Step, person: User) -> dict[str, KeptFile]:
    """Return the files that a form of a step may show, by their numbers."""
    if not uploads(step):
        return {}
    found = {}
    for file in files.listed(case, person):
        # A file of another step is no answer to this one.
        if step.sealed and file.step != step.name:
            continue
        address = url_for("files.show", reference=case.reference, number=file.id)
        told = files.facts(file)
        found[str(file.id)] = KeptFile(told.name, in_words(told.size), address)
    return found


def marks(step: Step, values: Mapping[str, Any]) -> str:
    """Return what a form brings along so that it can be put together with what others write meanwhile."""
    return json.dumps(base_of(step.answer, values), separators=(",", ":"))


def taking_theirs(item: WorkItem, person: User, answers: dict[str, Any]) -> dict[str, Any]:
    """Return a form's answers with those of others wherever the writer has ticked that theirs shall stand."""
    chosen, draft = request.form.getlist("theirs"), drafts.begun(item, person)
    if draft is None:
        return answers
    theirs = {name: draft.form[name] for name in chosen if name in draft.form}
    return {name: value for name, value in answers.items() if name not in chosen} | theirs


def labels(form: Form, names: tuple[str, ...]) -> str:
    """Return what a page calls some fields."""
    return gettext("、").join(control.label for control in form.controls if control.name in names)


def words(control: Control) -> str:
    """Return an answer as a text to be read, and not as one to be sent."""
    chosen = [choice.label for choice in control.choices if control.chosen(choice.value)]
    if control.kind == "check":
        return gettext("是") if control.filled else gettext("否")
    if chosen or isinstance(control.value, tuple):
        return gettext("、").join(chosen)
    return control.value


def theirs(step: Step, merged: Merged) -> dict[str, str]:
    """Return what others have written for the fields that both sides changed, to be read."""
    form = described(step.answer, merged.clashes)
    return {name: words(form[name]) for name in merged.clashes}


def news(step: Step, merged: Merged) -> str:
    """Say what others have changed meanwhile; empty where it was nothing."""
    if not merged.news:
        return ""
    return gettext("别人刚改过：%(fields)s", fields=labels(described(step.answer), merged.news))


def unsettled(merged: Merged) -> str:
    """Say how many fields both sides have changed; empty where there are none."""
    number = len(merged.clashes)
    if not number:
        return ""
    return ngettext("有 %(num)d 项您和别人都改了，请选用哪一份", "有 %(num)d 项您和别人都改了，请选用哪一份", number)


def told(step: Step, answers: Mapping[str, Any], draft: Draft, merged: Merged) -> ResponseReturnValue:
    """Tell a page's script that a draft is kept, what others wrote, how far it is, and what would be refused later."""
    form = described(step.answer, answers)
    base = dict(read_base(request.form.get("base")) or {})
    now_shown = base_of(step.answer, answers)
    # A field that both sides changed keeps its mark, so that it stays unsettled until the writer has chosen.
    carried = now_shown | {name: base[name] for name in merged.clashes if name in base}
    look = "" if merged.known else gettext("按“保存草稿”查看")
    return jsonify(
        saved=gettext("草稿保存于 %(time)s", time=moment(draft.saved_at)),
        base=json.dumps(carried, separators=(",", ":")),
        news=" ".join(filter(None, (news(step, merged), unsettled(merged), look))),
        hints=hints(step, answers),
        done=gettext("已完成 %(done)d / %(all)d 部分", done=form.done, all=len(form.sections)),
        sections=[{"id": each.id, "state": each.state, "said": said_of(each)} for each in form.sections],
        count=form.done,
    )


def hints(step: Step, answers: Mapping[str, Any]) -> dict[str, str]:
    """Return what would be refused if the form were handed in now, of what has been written so far."""
    try:
        casework.schema_of(step.answer).load(dict(answers))
    except ValidationError as error:
        form = described(step.answer, answers, error.normalized_messages())
        return {each.id: " ".join(each.mistakes) for each in written(form.controls) if each.mistakes}
    return {}


def written(controls: tuple[Control, ...]) -> list[Control]:
    """Return the controls in which something has been written, those of rows among them."""
    found = [control for control in controls if control.filled and control.kind != "check"]
    rows = [row for control in controls for row in control.group]
    return found + [inner for row in rows for inner in written(row)]
