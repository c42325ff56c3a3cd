"""Forms: what a schema asks for, in plain words for a template, and what a browser answered.

A schema's field says the rest in its metadata: `label`, `hint`, `widget` (textarea, date, choice, select, check,
lines, password, tel), `words` (the label of each choice, or a pair of label and hint), `section` (the heading before
the field), `when` (the answers to other fields under which this one applies), `private` (internal, restricted,
committee), `rows`, `autocomplete`. Labels are Chinese words marked for translation; they are translated here.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from babel.support import NullTranslations
from flask import Flask
from flask_babel import gettext, ngettext
from markupsafe import Markup
from marshmallow import Schema, ValidationError, fields, missing, validate
from marshmallow.fields import Field
from werkzeug.datastructures import MultiDict

from api import questions
from api.controls import NEXT, Choice, Control, Form, Row, Section
from api.language import catalogue
from api.mistakes import explained
from api.questions import Options
from models.base import N_
from workflow.fields import Attachments, DatasetReference, Group

_drawn: dict[tuple[NullTranslations, Control], Markup] = {}


def described(
    schema: type[Schema] | Schema | Mapping[str, Field[Any]],
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, Any] | None = None,
    options: Mapping[str, Options] | None = None,
    clashes: Mapping[str, str] | None = None,
) -> Form:
    """Describe the form of a schema, or of single fields by their names.

    :param values: answers given so far, as they came from the form or as they are stored
    :param errors: marshmallow's messages about them
    :param options: for a field whose choices are known only now: value, label and, if need be, a hint of each
    :param clashes: what somebody else has written meanwhile for a field that was changed here as well
    """
    values, errors, options = values or {}, errors or {}, options or {}
    asked = questions.asked(schema)
    blank = _kept(schema, catalogue()) if isinstance(schema, type) and not options else _blank(asked, options)
    controls = {name: _filled(control, asked[name], values, errors) for name, control in blank.items()}
    for name, theirs in (clashes or {}).items():
        controls[name] = replace(controls[name], theirs=theirs, untouched=False)
    elsewhere = [messages for name, messages in errors.items() if name not in controls]
    return Form(tuple(controls.values()), explained(elsewhere))


def answered(
    form: MultiDict[str, str], schema: type[Schema] | Schema | Mapping[str, Field[Any]], *, blank_rows: bool = False
) -> dict[str, Any]:
    """Read the answer to a schema from a submitted form.

    Only the schema's fields are read. A blank answer is no answer, and a field that does not apply is not read. Files
    are read by the numbers under which they were kept.

    :param blank_rows: keep the rows of a group in which nothing is written yet
    :raises ValidationError: a field that takes one answer was sent twice
    """
    answer, twice = _read(form, questions.asked(schema), "", blank_rows)
    if twice:
        raise ValidationError(twice)
    return answer


def written(form: MultiDict[str, str], schema: type[Schema] | Schema) -> dict[str, Any]:
    """Return what a form says, as far as it can be shown again; nothing is refused."""
    return _read(form, questions.asked(schema), "", True)[0]


def rearranged(form: MultiDict[str, str], schema: type[Schema] | Schema) -> tuple[dict[str, Any], str] | None:
    """Return the answers of a form in which a row was to be added or removed, and the name of the group.

    Returns nothing where neither button was pressed. A row is added or removed, and nothing is checked.
    """
    asked = questions.asked(schema)
    added, (removed, _, number) = form.get("add", ""), form.get("remove", "").rpartition("-")
    name = added or removed
    if not isinstance(asked.get(name), Group):
        return None
    if removed:
        kept = [(key, value) for key, value in form.items(multi=True) if not key.startswith(f"{name}-{number}-")]
        form = MultiDict(kept)
    answers = answered(form, schema, blank_rows=True)
    if added:
        answers[name] = [*answers.get(name, []), {}]
    return answers, name


def drawn(control: Control, draw: Callable[[Control], Markup]) -> Markup:
    """Return the HTML of a control; one in which nobody has written anything is drawn once for each language."""
    if not control.untouched:
        return draw(control)
    key = catalogue(), control
    if key not in _drawn:
        _drawn[key] = draw(control)
    return _drawn[key]


def said_of(section: Section) -> str:
    """Say how far a section is filled in."""
    if section.wrong:
        return str(ngettext("%(num)d 处要改", "%(num)d 处要改", section.wrong))
    if not section.asked:
        return gettext("选填")
    return f"{section.filled} / {section.asked}" if section.filled < section.asked else gettext("已填好")


def fresh_nonce() -> str:
    """Return a key for one rendered form, by which a second submission of it is recognised."""
    return secrets.token_urlsafe(16)


def register(app: Flask) -> None:
    """Give the templates what `_fields.html` needs."""
    app.jinja_env.globals.update(described=described, drawn=drawn, fresh_nonce=fresh_nonce, said_of=said_of)


@cache
def _kept(schema: type[Schema], _: NullTranslations) -> dict[str, Control]:
    """Return the blank controls of a schema in a language, described once."""
    return _blank(questions.asked(schema), {})


def _blank(asked: Mapping[str, Field[Any]], options: Mapping[str, Options], before: str = "") -> dict[str, Control]:
    """Return the controls of some fields before anybody has written anything.

    :param before: what the names of a row's controls begin with
    """
    controls = {name: _control(name, question, options, before) for name, question in asked.items()}
    return {
        name: replace(control, condition=_condition(control, controls, before)) if control.when else control
        for name, control in controls.items()
    }


def _filled(control: Control, question: Field[Any], values: Mapping[str, Any], errors: Mapping[str, Any]) -> Control:
    """Return a control with what has been answered, and with what is wrong with it."""
    name = control.name.rpartition("-")[2]
    if isinstance(question, Group):
        return _with_rows(control, question, values.get(name), errors.get(name))
    # A code is typed anew each time; none is written back into the page.
    given = name in values and not question.load_only
    value = _shown(question, control.kind, values[name]) if given else control.value
    mistakes = explained(errors[name], control) if name in errors else ()
    if value == control.value and not mistakes:
        return control
    meaning = _meaning(question, value) if control.kind == "text" and isinstance(question, DatasetReference) else ""
    return replace(control, value=value, mistakes=mistakes, meaning=meaning, untouched=False)


def _meaning(question: DatasetReference, word: str | tuple[str, ...]) -> str:
    """Return the name of the entry whose code was written, so that the writer sees whether it is the right one."""
    known = isinstance(word, str) and 0 < len(word) <= 40 and word.isprintable()
    entry = question.find(str(word)) if known else None
    return entry.name if entry else ""


def _with_rows(control: Control, question: Group, given: Any, messages: Any) -> Control:
    """Return the control of a group with a row for each nested answer, and what is wrong with the group and its rows.

    Marshmallow names a row by its number; what has none is about the group as a whole.
    """
    if given is None and not messages:
        return control
    answers: list[Mapping[str, Any]] = [row for row in questions.listed(given) if isinstance(row, Mapping)]
    wrong = messages if isinstance(messages, Mapping) else {"": messages}
    of_rows = {int(key): said for key, said in wrong.items() if str(key).isdecimal()}
    asked = questions.asked(question.answer)
    rows = []
    for number, answer in enumerate(answers):
        said = of_rows.get(number, {})
        said = said if isinstance(said, Mapping) else {"_schema": said}
        row = _row(control, number)
        rows.append(tuple(_filled(c, q, answer, said) for c, q in zip(row, asked.values(), strict=True)))
    elsewhere: list[Any] = [said for key, said in wrong.items() if not str(key).isdecimal()]
    elsewhere += [
        said[name] for said in of_rows.values() if isinstance(said, Mapping) for name in said.keys() - asked.keys()
    ]
    return replace(control, group=tuple(rows) or control.group, mistakes=explained(elsewhere, control), untouched=False)


def _row(control: Control, number: int) -> Row:
    """Return the blank row of a group under a number."""
    before, here = f"{control.name}-{NEXT}-", f"{control.name}-{number}-"
    return tuple(
        replace(
            inner,
            name=inner.name.replace(before, here, 1),
            when=tuple((other.replace(before, here, 1), called_for) for other, called_for in inner.when),
        )
        for inner in control.blank
    )


def _shown(question: Field[Any], kind: str, given: Any) -> str | tuple[str, ...]:
    """Return an answer as its control shows it."""
    parts = tuple(map(questions.text, questions.listed(given)))
    return parts if isinstance(question, fields.List) and kind != "lines" else "\n".join(parts)


def _control(name: str, question: Field[Any], offered: Mapping[str, Options], before: str) -> Control:
    """Return the control of a field before anybody has written anything.

    :param offered: the choices of fields that are known only now; one in a group is named `group.field`
    """
    metadata, options = question.metadata, offered.get(name)
    default = None if callable(question.load_default) or question.load_default is missing else question.load_default
    kind = questions.kind(question, options)
    span = questions.rule(question, validate.Range)
    control = Control(
        name=before + name,
        kind=kind,
        label=gettext(metadata.get("label", name)),
        hint=_translated(metadata.get("hint")),
        required=question.required,
        optional=not question.required and kind != "check" and not metadata.get("when") and not default,
        value=() if isinstance(question, Group) else _shown(question, kind, default),
        choices=tuple(
            Choice(chosen, label, hint) if options is not None else Choice(chosen, gettext(label), _translated(hint))
            for chosen, label, hint in questions.choices(question, options)
        ),
        maxlength=questions.longest(question),
        minimum=questions.text(span.min) if span else "",
        maximum=questions.text(span.max) if span else "",
        rows=metadata.get("rows", 4),
        section=_translated(metadata.get("section")),
        private=metadata.get("private", ""),
        autocomplete=metadata.get("autocomplete", ""),
        when=tuple(
            (before + other, tuple(map(questions.text, questions.listed(called_for))))
            for other, called_for in metadata.get("when", {}).items()
        ),
        untouched=options is None,
    )
    if not isinstance(question, Group | Attachments):
        return control
    if isinstance(question, Attachments):
        return replace(control, most=question.most)
    inner = {key.partition(".")[2]: value for key, value in offered.items() if key.startswith(f"{name}.")}
    blank = tuple(_blank(questions.asked(question.answer), inner, f"{control.name}-{NEXT}-").values())
    control = replace(control, blank=blank, most=question.most, untouched=all(each.untouched for each in blank))
    return replace(control, group=tuple(_row(control, number) for number in range(question.least)))


def _condition(control: Control, controls: Mapping[str, Control], before: str) -> str:
    """Say in words under which answers a field applies."""
    parts = []
    for other, called_for in control.when:
        asked = controls[other.removeprefix(before)]
        if asked.kind == "check":
            parts.append(gettext("勾选“%(field)s”", field=asked.label))
        else:
            words = [choice.label for choice in asked.choices if choice.value in called_for] or called_for
            parts.append(gettext("“%(field)s”选“%(answers)s”", field=asked.label, answers=gettext("”或“").join(words)))
    return gettext("%(conditions)s时填写", conditions=gettext("，并且").join(parts)) if parts else ""


def _read(
    form: MultiDict[str, str], asked: Mapping[str, Field[Any]], before: str, blank_rows: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the answers to some fields, and which of them were wrongly sent twice."""
    answer: dict[str, Any] = {}
    twice: dict[str, Any] = {}
    for name, question in asked.items():
        if isinstance(question, Group):
            rows, wrong = _read_rows(form, question, before + name, blank_rows)
            answer |= {name: rows} if rows else {}
            twice |= {name: wrong} if wrong else {}
            continue
        sent, kind = form.getlist(before + name), questions.kind(question)
        if isinstance(question, fields.List):
            lines = [line for text in sent for line in (text.splitlines() if kind == "lines" else [text])]
            if several := [_tidy(line) for line in lines if line.strip()]:
                answer[name] = several
        elif len(sent) > 1:
            twice[name] = [N_("这一项只能有一个答案。")]
        elif kind == "check":
            answer[name] = bool(sent)
        elif sent and sent[0].strip():
            answer[name] = sent[0] if kind == "password" else _tidy(sent[0])
    return {name: value for name, value in answer.items() if _applies(asked[name], asked, answer)}, twice


def _read_rows(
    form: MultiDict[str, str], question: Group, name: str, blank_rows: bool
) -> tuple[list[dict[str, Any]], dict[int, Any]]:
    """Return the rows of a group in the order of their numbers, and what was wrongly sent twice in which of them."""
    asked, pattern = questions.asked(question.answer), re.compile(rf"{re.escape(name)}-(\d{{1,4}})-")
    numbers = sorted({int(found[1]) for key in form if (found := pattern.match(key))})
    rows: list[dict[str, Any]] = []
    twice: dict[int, Any] = {}
    for number in numbers:
        row, wrong = _read(form, asked, f"{name}-{number}-", blank_rows)
        written = any(value and value != asked[key].load_default for key, value in row.items())
        if wrong:
            twice[len(rows)] = wrong
        if written or wrong or blank_rows:
            rows.append(row)
    return rows, twice


def _applies(question: Field[Any], asked: Mapping[str, Field[Any]], answer: Mapping[str, Any]) -> bool:
    """Say whether the other answers call for a field; one that is not asked here cannot rule it out.

    Where a required answer is missing the form comes back, and what was written for it must not be lost meanwhile.
    """
    return all(
        {questions.text(given) for given in questions.listed(answer.get(other))}
        & {questions.text(word) for word in questions.listed(called_for)}
        for other, called_for in question.metadata.get("when", {}).items()
        if other in asked and (other in answer or not asked[other].required)
    )


def _translated(words: str | None) -> str:
    return gettext(words) if words else ""


def _tidy(text: str) -> str:
    """Return a text without the space around it, its lines ended as everywhere else."""
    return text.replace("\r\n", "\n").strip()
