"""Steps: what each one asks, and the answers to it; one documented operation for each step."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import fields

from api.language import LANGUAGES, say
from api.questions import asked, choices, longest
from api.v1 import case_schemas, examples, schemas
from api.v1.cases import reach, recorded
from api.v1.problems import Outdated
from api.v1.reading import Section, earlier, lock_unchanged, person, repeat_key, under
from models import N_, PREFIXES, Case, Draft, User, db
from workflow import casework, definitions, drafts, sharing
from workflow.engine import Definition
from workflow.errors import NotFound
from workflow.fields import Group, Reference
from workflow.stage import Step
from workflow.stages import STEPS

section = Section("steps", "/steps", N_("步骤"), public=True)
answers = Section("answers", "/cases", N_("办理"))
TYPES: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (fields.Boolean, "boolean"),
    (fields.Integer, "integer"),
    (fields.List, "array"),
    (fields.Date, "string"),
    (fields.String, "string"),
    (Reference, "string"),
)
REPEATABLE = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": 8, "maxLength": 200},
    "description": "A key of your own; a repeat of the request with the same key takes effect once.",
}
CONDITIONAL = {
    "in": "header",
    "name": "If-Match",
    "schema": {"type": "string"},
    "description": "The ETag of the case as you read it; the answer is refused if the case has changed since.",
}

CONDITIONAL_DRAFT = {
    "in": "header",
    "name": "If-Match",
    "schema": {"type": "string"},
    "description": "The ETag of the draft as you read it; nothing is kept if it has changed since.",
}


@section.route("", methods=["GET"])
@section.response(200, schemas.StepList)
def list_steps() -> dict[str, Any]:
    """List all steps.

    Each with who takes it, its limit, and the fields of its answer with their labels in both languages.
    """
    return {"items": [described(step) for step in STEPS.values()]}


@section.route("/<step>", methods=["GET"])
@section.response(200, schemas.StepDescription)
def show_step(step: str) -> dict[str, Any]:
    """Read what a step asks."""
    return described(known(step))


@answers.route("/<reference>/steps/<step>/draft", methods=["GET"])
@answers.response(200, case_schemas.DraftKept)
def read_draft(reference: str, step: str) -> ResponseReturnValue:
    """Read your half-written answer.

    The `ETag` is that of the draft alone; send it back as `If-Match` when you keep another one.
    """
    someone = person()
    name = known(step).name
    draft = drafts.draft_of(reach(reference, someone), name, someone)
    return kept(name, draft), 200, tagged(draft)


@answers.route("/<reference>/steps/<step>/draft", methods=["PUT"])
@answers.doc(parameters=[CONDITIONAL_DRAFT])
@answers.arguments(schemas.HalfWritten)
@answers.response(200, case_schemas.DraftKept)
def keep_draft(sent: dict[str, Any], reference: str, step: str) -> ResponseReturnValue:
    """Keep a half-written answer.

    It is checked when it is handed in, not before. Those who act for the requester write on one draft: send back the
    `base` that you read with it, and what others have written meanwhile is kept; `clashes` names the fields that both
    sides have changed, which stay as they were. With `If-Match`, what you send takes the draft's place, and nothing is
    kept where it is not as you read it.
    """
    someone, name = person(), known(step).name
    case = reach(reference, someone)
    with under("answer"):
        form = drafts.draftable(name, sent["answer"])
        read = draft_named(case, name, someone)
        base = sharing.base_of(known(name).answer, read.form) if read else sharing.read_base(sent["base"])
        draft, merged = casework.save(case, name, form, actor=someone, base=base)
        return kept(name, draft) | {"clashes": list(merged.clashes)}, 200, tagged(draft)


@answers.route("/<reference>/steps/<step>/draft", methods=["DELETE"])
@answers.response(204)
def discard_draft(reference: str, step: str) -> ResponseReturnValue:
    """Throw your half-written answer away."""
    someone = person()
    drafts.discard(reach(reference, someone), known(step).name, someone)
    return "", 204


@answers.route("/<reference>/steps/<step>/claim", methods=["POST"])
@answers.arguments(schemas.Claim)
@answers.response(200, case_schemas.Recorded)
def claim_step(sent: dict[str, Any], reference: str, step: str) -> ResponseReturnValue:
    """Take a step for yourself."""
    someone, name = person(), known(step).name
    case = reach(reference, someone)
    casework.claim(case, name, actor=someone, take_over=sent["take_over"])
    return recorded(case, name, someone)


@answers.route("/<reference>/steps/<step>/release", methods=["POST"])
@answers.response(200, case_schemas.Recorded)
def release_step(reference: str, step: str) -> ResponseReturnValue:
    """Give a step back to the group."""
    someone, name = person(), known(step).name
    case = reach(reference, someone)
    casework.release(case, name, actor=someone)
    return recorded(case, name, someone)


def operation(step: Step) -> Callable[..., ResponseReturnValue]:
    """Return the view by which a step is answered, with the step's own schema in its description."""

    def answer_step(sent: dict[str, Any], reference: str) -> ResponseReturnValue:
        someone = person()
        key = repeat_key(someone)
        case = case_for(reference, key, someone)
        lock_unchanged(case, key)
        with under("answer"):
            case = casework.submit(case, step.name, sent["answer"], actor=someone, key=key)
        return recorded(case, step.name, someone)

    answer_step.__name__ = step.name
    answer_step.__doc__ = step.title
    example = {"answer": examples.ANSWERS[step.name]} if step.name in examples.ANSWERS else None
    content = {"schema": envelope(step), **({"example": example} if example else {})}
    documented = answers.doc(
        parameters=[REPEATABLE, CONDITIONAL], requestBody={"content": {"application/json": content}}
    )(answers.response(200, case_schemas.Recorded)(answer_step))
    return answers.arguments(schemas.Handed)(documented)


def envelope(step: Step) -> schemas.Strict:
    """Return the schema of a request that answers a step; used to describe it, never to read it."""
    name = "".join(part.capitalize() for part in step.name.split("_"))
    inner = fields.Nested(step.answer(), required=True, metadata={"label": N_("内容")})
    made: type[schemas.Strict] = type(name, (schemas.Strict,), {"answer": inner})
    return made()


for each in STEPS.values():
    answers.add_url_rule(f"/<reference>/steps/{each.name}", each.name, operation(each), methods=["POST"])


def known(name: str) -> Step:
    """Return the step with a name.

    :raises NotFound: there is none
    """
    if name not in STEPS:
        raise NotFound(name)
    return STEPS[name]


def case_for(reference: str, key: str | None, someone: User) -> Case:
    """Return the case that a person answers; whoever repeats an answer is told so even if the case has left them.

    :raises NotFound: there is none, or it is not for them
    """
    if (before := earlier(key)) is not None:
        case = db.session.get_one(Case, before.case_id)
        if case.reference == reference:
            return case
    return reach(reference, someone)


def kept(name: str, draft: Draft) -> dict[str, Any]:
    """Return a half-written answer."""
    base = json.dumps(sharing.base_of(known(name).answer, draft.form))
    return {"step": name, "answer": draft.form, "saved_at": draft.saved_at, "base": base, "clashes": []}


def tagged(draft: Draft) -> dict[str, str]:
    """Return the header by which a draft is known again."""
    return {"ETag": f'"{draft_tag(draft)}"'}


def draft_tag(draft: Draft) -> str:
    """Return the mark of a draft: the same words have the same mark."""
    words = json.dumps([draft.work_item_id, draft.form], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()[:24]


def draft_named(case: Case, name: str, someone: User) -> Draft | None:
    """Lock a case, and return the draft that a request says it has read, or nothing where it does not say.

    :raises Outdated: the draft has changed since, or there is none any more
    """
    named = request.headers.get("If-Match")
    if named is None or named.strip() == "*":
        return None
    casework.lock(case)
    try:
        draft = drafts.draft_of(case, name, someone)
    except NotFound:
        raise Outdated(name) from None
    if draft_tag(draft) not in request.if_match.as_set(include_weak=True):
        raise Outdated(name)
    return draft


def described(step: Step) -> dict[str, Any]:
    """Return what a step asks, for people and for programs."""
    return {
        "name": step.name,
        "stage": step.stage,
        "kinds": [kind for kind, drawn in diagrams().items() if step.name in drawn.steps | drawn.offered],
        "offered": any(step.name in drawn.offered for drawn in diagrams().values()),
        "role": step.role.value,
        "title": both(step.title),
        "limit": step.limit,
        "stops": step.stops,
        "apart_from": list(step.apart_from),
        "asked": [field_described(name, field) for name, field in asked(step.answer).items()],
    }


def field_described(name: str, field: fields.Field[Any]) -> dict[str, Any]:
    """Return what a field of an answer asks."""
    words = field.metadata.get("words", {})
    kind = next(word for parent, word in TYPES if isinstance(field, parent))
    return {
        "name": name,
        "type": kind,
        "format": "date" if isinstance(field, fields.Date) else None,
        "required": field.required,
        "least": (getattr(field, "least", None) or None) if isinstance(field, fields.String) else None,
        "most": longest(field),
        "choices": [
            {"value": int(value) if kind == "integer" else value, "label": both(label)}
            for value, label, _ in (choices(field) if words else ())
        ],
        "label": both(str(field.metadata.get("label", name))),
        "hint": both(str(field.metadata.get("hint", ""))),
        "private": str(field.metadata.get("private", "")) or None,
        "row": [field_described(*each) for each in asked(field.answer).items()] if isinstance(field, Group) else [],
        "when": listed(field.metadata.get("when", {})),
    }


def listed(when: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the answers to other fields under which a field applies, each as a list."""
    return {name: value if isinstance(value, list) else [value] for name, value in when.items()}


def both(text: str) -> dict[str, str]:
    """Return a text in both languages."""
    return {language: say(text, language) if text else "" for language in LANGUAGES}


@cache
def diagrams() -> dict[str, Definition]:
    """Return the diagrams of each kind, as this version of the service brings them."""
    return {kind: Definition.parse(kind, definitions.bundle(kind)) for kind in PREFIXES}
