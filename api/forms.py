"""Forms: what a schema asks for, in plain words for a template, and what a browser answered.

A schema's field says the rest in its metadata: `label`, `hint`, `widget` (textarea, date, choice, select, check,
lines, password, tel), `words` (the label of each choice, or a pair of label and hint), `section` (the heading before
the field), `when` (the answers to other fields under which this one applies), `private` (internal, restricted),
`rows`, `autocomplete`. Labels are Chinese words marked for translation; they are translated here.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from unicodedata import east_asian_width

from babel.support import NullTranslations
from flask import Flask
from flask_babel import gettext
from markupsafe import Markup
from marshmallow import Schema, ValidationError, fields, missing, validate
from marshmallow.fields import Field
from werkzeug.datastructures import MultiDict

from api import questions
from api.language import catalogue
from api.mistakes import explained
from api.questions import Options
from models.base import N_

_drawn: dict[tuple[NullTranslations, "Control"], Markup] = {}
# The widest label, in Latin letters, of choices that stand close together; a Chinese character is two wide.
BRIEF = 12


@dataclass(frozen=True)
class Choice:
    """One of the answers a field offers."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True)
class Control:
    """One field of a form, as a template needs it."""

    name: str
    kind: str
    label: str
    hint: str = ""
    required: bool = False
    # May be left blank, and says so; what depends on other answers, or has one from the start, does not say it.
    optional: bool = False
    value: str | tuple[str, ...] = ""
    choices: tuple[Choice, ...] = ()
    mistakes: tuple[str, ...] = ()
    maxlength: int | None = None
    minimum: str = ""
    maximum: str = ""
    rows: int = 4
    section: str = ""
    private: str = ""
    autocomplete: str = ""
    # The fields on whose answers this one depends, each with the answers that call for it; and the same in words.
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    condition: str = ""
    # Says that nobody has written anything in it, and that its choices are always the same.
    untouched: bool = False

    @property
    def id(self) -> str:
        """Return the id of the control in the page."""
        return f"f-{self.name}"

    @property
    def grouped(self) -> bool:
        """Say whether the control is several inputs under one legend."""
        return self.kind in ("choice", "checks")

    @property
    def brief(self) -> bool:
        """Say whether the choices are so short that many stand in a row."""
        return all(_width(choice.label) <= BRIEF and not choice.hint for choice in self.choices)

    def chosen(self, value: str) -> bool:
        """Say whether an option is among the answers given so far."""
        return value in self.value if isinstance(self.value, tuple) else value == self.value


@dataclass(frozen=True)
class Form:
    """The controls of a form, and what is wrong with the answer as a whole."""

    controls: tuple[Control, ...]
    mistakes: tuple[str, ...] = ()

    @property
    def wrong(self) -> int:
        """Return how many things must be mended."""
        return len(self.mistakes) + sum(len(control.mistakes) for control in self.controls)

    def __getitem__(self, name: str) -> Control:
        """Return the control of a field."""
        return next(control for control in self.controls if control.name == name)


def described(
    schema: type[Schema] | Schema | Mapping[str, Field[Any]],
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, Any] | None = None,
    options: Mapping[str, Options] | None = None,
) -> Form:
    """Describe the form of a schema, or of single fields by their names.

    :param values: answers given so far, as they came from the form or as they are stored
    :param errors: marshmallow's messages about them
    :param options: for a field whose choices are known only now: value, label and, if need be, a hint of each
    """
    values, errors, options = values or {}, errors or {}, options or {}
    asked = questions.asked(schema)
    blank = _kept(schema, catalogue()) if isinstance(schema, type) and not options else _blank(asked, options)
    controls = {name: _filled(control, asked[name], values, errors) for name, control in blank.items()}
    elsewhere = [messages for name, messages in errors.items() if name not in controls]
    return Form(tuple(controls.values()), explained(elsewhere))


def answered(form: MultiDict[str, str], schema: type[Schema] | Schema) -> dict[str, Any]:
    """Read the answer to a schema from a submitted form.

    Only the schema's fields are read. A blank answer is no answer, and a field that does not apply is not read.

    :raises ValidationError: a field that takes one answer was sent twice
    """
    asked = questions.asked(schema)
    answer: dict[str, Any] = {}
    twice: dict[str, list[str]] = {}
    for name, question in asked.items():
        sent, kind = form.getlist(name), questions.kind(question)
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
    if twice:
        raise ValidationError(dict(twice))
    return {name: value for name, value in answer.items() if _applies(asked[name], asked, answer)}


def drawn(control: Control, draw: Callable[[Control], Markup]) -> Markup:
    """Return the HTML of a control; one in which nobody has written anything is drawn once for each language."""
    if not control.untouched:
        return draw(control)
    key = catalogue(), control
    if key not in _drawn:
        _drawn[key] = draw(control)
    return _drawn[key]


def fresh_nonce() -> str:
    """Return a key for one rendered form, by which a second submission of it is recognised."""
    return secrets.token_urlsafe(16)


def register(app: Flask) -> None:
    """Give the templates what `_fields.html` needs."""
    app.jinja_env.globals.update(described=described, drawn=drawn, fresh_nonce=fresh_nonce)


@cache
def _kept(schema: type[Schema], _: NullTranslations) -> dict[str, Control]:
    """Return the blank controls of a schema in a language, described once."""
    return _blank(questions.asked(schema), {})


def _blank(asked: Mapping[str, Field[Any]], options: Mapping[str, Options]) -> dict[str, Control]:
    """Return the controls of some fields before anybody has written anything."""
    controls = {name: _control(name, question, options.get(name)) for name, question in asked.items()}
    return {
        name: replace(control, condition=_condition(control, controls)) if control.when else control
        for name, control in controls.items()
    }


def _filled(control: Control, question: Field[Any], values: Mapping[str, Any], errors: Mapping[str, Any]) -> Control:
    """Return a control with what has been answered, and with what is wrong with it."""
    # A code is typed anew each time; none is written back into the page.
    given = control.name in values and not question.load_only
    value = _shown(question, control.kind, values[control.name]) if given else control.value
    mistakes = explained(errors[control.name], control) if control.name in errors else ()
    if value == control.value and not mistakes:
        return control
    return replace(control, value=value, mistakes=mistakes, untouched=False)


def _shown(question: Field[Any], kind: str, given: Any) -> str | tuple[str, ...]:
    """Return an answer as its control shows it."""
    parts = tuple(map(questions.text, questions.listed(given)))
    return parts if isinstance(question, fields.List) and kind != "lines" else "\n".join(parts)


def _control(name: str, question: Field[Any], options: Options | None) -> Control:
    """Return the control of a field before anybody has written anything."""
    metadata = question.metadata
    default = None if callable(question.load_default) or question.load_default is missing else question.load_default
    kind = questions.kind(question, options)
    span = questions.rule(question, validate.Range)
    return Control(
        name=name,
        kind=kind,
        label=gettext(metadata.get("label", name)),
        hint=_translated(metadata.get("hint")),
        required=question.required,
        optional=not question.required and kind != "check" and not metadata.get("when") and not default,
        value=_shown(question, kind, default),
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
            (other, tuple(map(questions.text, questions.listed(called_for))))
            for other, called_for in metadata.get("when", {}).items()
        ),
        untouched=options is None,
    )


def _condition(control: Control, controls: Mapping[str, Control]) -> str:
    """Say in words under which answers a field applies."""
    parts = []
    for other, called_for in control.when:
        asked = controls[other]
        if asked.kind == "check":
            parts.append(gettext("勾选“%(field)s”", field=asked.label))
        else:
            words = [choice.label for choice in asked.choices if choice.value in called_for] or called_for
            parts.append(gettext("“%(field)s”选“%(answers)s”", field=asked.label, answers=gettext("”或“").join(words)))
    return gettext("%(conditions)s时填写", conditions=gettext("，并且").join(parts)) if parts else ""


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


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _tidy(text: str) -> str:
    """Return a text without the space around it, its lines ended as everywhere else."""
    return text.replace("\r\n", "\n").strip()
