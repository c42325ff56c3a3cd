"""Cases: open one, find those you may read, see where one is, and read its journal."""

import re
from typing import Any

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from marshmallow import ValidationError

from api.narration import SENTENCES, event_words, said_words
from api.v1 import case_schemas, examples, schemas, shown
from api.v1.paging import Paging, page
from api.v1.reading import Section, person, repeat_key, under
from models import N_, Case, Role, User, db
from workflow import access, casework, drafts, journal
from workflow.errors import NotFound, NotOpen, NotYours
from workflow.history import Line, history

section = Section("cases", "/cases", N_("办件"))
REFERENCE = re.compile(r"[A-Z]{2}-\d{4}-\d{6,12}")
# The first step of each kind, and what its process is told as it begins.
FIRST = {"demand": "submit_demand", "listing": "describe_dataset", "application": "submit_application"}
BEGINNING: dict[str, dict[str, Any]] = {"demand": {}, "listing": {"adopted": False}, "application": {"basis": "new"}}


@section.route("", methods=["POST"])
@section.arguments(schemas.NewCase, example={"kind": "demand", "answer": examples.ANSWERS["submit_demand"]})
@section.response(201, case_schemas.Recorded)
def open_case(sent: dict[str, Any]) -> ResponseReturnValue:
    """Open a case.

    The answer to the first step is handed in at once; with `draft` it is only kept. A repeat with the same
    `Idempotency-Key` leads to the same case.
    """
    someone, kind, first = person(), sent["kind"], FIRST[sent["kind"]]
    key, place = repeat_key(someone), body_for(kind, sent["body"], someone)

    def belong(case: Case) -> None:
        case.body_id = place

    def begin() -> Case:
        how: dict[str, Any] = {"outcome": BEGINNING[kind], "prepare": belong, "key": key}
        if sent["draft"]:
            return casework.start(kind, someone, draft=drafts.draftable(first, sent["answer"]), **how)
        return casework.start(kind, someone, sent["answer"], **how)

    with under("answer"):
        try:
            case = begin()
        except NotOpen:
            if key is None:
                raise
            # Another request with this key was first; the second try finds where it led.
            case = begin()
    said, _, headers = recorded(case, None if sent["draft"] else first, someone)
    return said, 201, headers | {"Location": url_for("v1_cases.show_case", reference=case.reference)}


@section.route("", methods=["GET"])
@section.arguments(schemas.CaseFilter, location="query")
@section.response(200, case_schemas.CasePage)
def list_cases(asked: dict[str, Any]) -> dict[str, Any]:
    """List the cases you may read.

    The newest stands first.
    """
    someone = person()
    query = access.visible_to(someone)
    if asked["mine"]:
        query = query.where(db.or_(Case.requester_id == someone.id, Case.id.in_(access.shared_with(someone))))
    for name in ("kind", "state", "status"):
        if asked[name] is not None:
            query = query.where(getattr(Case, name) == asked[name])
    if asked["after"] is not None:
        query = query.where(Case.id < asked["after"][0])
    query = query.options(db.joinedload(Case.body)).order_by(Case.id.desc()).limit(asked["limit"] + 1)
    found: list[Case] = list(db.session.scalars(query))
    cases, following = page(found, asked["limit"], lambda case: (case.id,))
    return {"items": [shown.summary(case, someone) for case in cases], "next": following}


@section.route("/<reference>", methods=["GET"])
@section.response(200, case_schemas.CaseSheet)
@section.alt_response(304, description="It is as you have it.")
def show_case(reference: str) -> ResponseReturnValue:
    """See where a case is.

    What waits, who must act and by when, the clocks with their arithmetic, and the offered steps that you may take.
    Send the `ETag` back as `If-None-Match`, and a case that has not changed is not sent again.
    """
    someone = person()
    case = find(reference, someone)
    tag = shown.tag(case, someone)
    if request.if_none_match.contains_weak(tag):
        return Response(status=304, headers={"ETag": f'"{tag}"'})
    return shown.sheet(case, someone), 200, {"ETag": f'"{tag}"'}


@section.route("/<reference>/events", methods=["GET"])
@section.arguments(Paging, location="query")
@section.response(200, case_schemas.Journal)
def list_events(asked: dict[str, Any], reference: str) -> dict[str, Any]:
    """Read the journal of a case.

    You see the lines and the fields that are meant for you; people are named by their role, and by their name only to
    the offices that work on the case.
    """
    someone = person()
    case = find(reference, someone)
    since = asked["after"][0] if asked["after"] else 0
    lines = [line for line in history(case, someone) if line.number > since]
    told, following = page(lines[: asked["limit"] + 1], asked["limit"], lambda line: (line.number,))
    return {"items": [line_shown(line) for line in told], "next": following}


@section.route("/<reference>/journal/verify", methods=["GET"])
@section.response(200, case_schemas.Verification)
def verify_journal(reference: str) -> dict[str, Any]:
    """Verify the journal of a case.

    Auditors alone may ask whether the chain of its lines is whole.
    """
    someone = person()
    case = find(reference, someone)
    if Role.AUDITOR not in someone.roles:
        raise NotYours(reference)
    faults = journal.verify(case)
    return {"whole": not faults, "faults": faults, "lines": case.journal_length, "hash": case.journal_hash}


def find(reference: str, someone: User) -> Case:
    """Return the case with a reference that a person may read.

    :raises NotFound: there is none, or it is not for them
    """
    if not REFERENCE.fullmatch(reference):
        raise NotFound(reference)
    return access.find(reference, someone)


def reach(reference: str, someone: User) -> Case:
    """Return the case with a reference on which a person acts, though its file may not be open to them yet.

    :raises NotFound: there is none, or it is not for them
    """
    if not REFERENCE.fullmatch(reference):
        raise NotFound(reference)
    return access.reach(reference, someone)


def recorded(case: Case, step: str | None, someone: User) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Return what was recorded, with the case as long as the person may see it."""
    said: dict[str, Any] = {"reference": case.reference, "step": step, "case": None}
    if not access.may_see(someone, case):
        return said, 200, {}
    return said | {"case": shown.sheet(case, someone)}, 200, {"ETag": f'"{shown.tag(case, someone)}"'}


def body_for(kind: str, named: str | None, someone: User) -> int | None:
    """Return the body to which a new case belongs from the start: one of the clerk's own, for an entry of the list.

    :raises NotYours: the person is no clerk, or not of this body
    :raises ValidationError: a clerk of several bodies has not said which one
    """
    if kind != "listing":
        if named is not None:
            raise ValidationError({"body": [N_("这里没有这一项。")]})
        return None
    own = someone.bodies(Role.CLERK)
    if not own or (named is not None and int(named) not in own):
        raise NotYours(FIRST[kind])
    if named is None and len(own) > 1:
        raise ValidationError({"body": [N_("请选一项。")]})
    return int(named) if named is not None else next(iter(own))


def line_shown(line: Line) -> dict[str, Any]:
    """Return a line of a journal, in the reader's language."""
    return {
        "number": line.number,
        "at": line.at,
        "kind": line.kind.value,
        "kind_title": event_words(line) if line.kind in SENTENCES else line.kind.value,
        "step": line.step,
        "title": gettext(line.title) if line.title else "",
        "role": line.role.value if line.role else None,
        "role_title": gettext(line.role.title) if line.role else "",
        "name": line.name,
        "mine": line.mine,
        "answer": [
            {
                "name": said.name,
                "label": gettext(said.label),
                "value": said.value,
                "text": said_words(said),
            }
            for said in line.answer
        ],
        "outcome": dict(line.outcome),
        "rules": list(line.rules),
        "where": line.where,
        "limit": line.limit,
        "reason": line.reason,
        "due_at": line.due,
    }
