"""Agreements: their terms and clauses as people read them, and their terms as programs do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import login_required

from api.auth import actor
from api.questions import Options
from models import N_, Agreement, Case, ClauseChange, User, db
from workflow import access, agreements, terms
from workflow.applications import application_of
from workflow.differences import word_by_word
from workflow.errors import NotFound

bp = Blueprint("agreements", __name__, url_prefix="/agreements")


@bp.get("/<reference>/terms.jsonld")
@login_required
def odrl(reference: str) -> ResponseReturnValue:
    """Return the terms of an agreement as an ODRL policy."""
    agreement = agreement_named(reference, actor())
    answer = jsonify(terms.odrl(agreement, current_app.config["PUBLIC_URL"].rstrip("/")))
    answer.content_type = "application/ld+json"
    return answer


def agreement_named(reference: str, reader: User | None) -> Agreement:
    """Return the agreement with a reference.

    :raises NotFound: there is none, or it is not for the reader
    """
    query = db.select(Agreement).join(Case, Case.id == Agreement.case_id).where(Agreement.reference == reference)
    agreement: Agreement | None = db.session.scalar(query.where(access.readable(reader)))
    if agreement is None:
        raise NotFound(reference)
    return agreement


CHANGES = {
    agreements.OVERRIDE: N_("甲方改动"),
    agreements.PROPOSED: N_("乙方提出修改"),
    agreements.ACCEPTED: N_("甲方接受修改"),
    agreements.DECLINED: N_("甲方不接受修改"),
}


@dataclass(frozen=True)
class Clause:
    """A clause as the reader sees it: with what departs from the model, and what is proposed instead."""

    id: str
    title: str
    text: str
    # Whether the text is there in Chinese alone, though the reader reads English.
    chinese: bool
    negotiable: bool
    # The text in pieces, where it is not the model's.
    pieces: list[tuple[str, str]]
    # What the other side proposes, in pieces, and why.
    proposed: list[tuple[str, str]]
    reason: str


@dataclass(frozen=True)
class Sheet:
    """An agreement as the reader sees it; one that has still to be drafted has no reference."""

    reference: str
    version: int
    terms: list[tuple[str, str]]
    clauses: list[Clause]
    changes: list[ClauseChange]


def sheet_of(case: Case) -> Sheet | None:
    """Return the agreement of a case, or what its first draft would be; nothing before the decision."""
    agreement, english = case.agreement, str(get_locale()) == "en"
    if agreement is not None:
        template, clauses, agreed = agreement.template, agreement.clauses, agreement.terms
    elif case.application is not None and case.application.decided_at and case.application.decision.get("datasets"):
        template = agreements.template_for(case)
        clauses, agreed = template.clauses, terms.of(case.application, case.application.decision)
    else:
        return None
    model = {clause["id"]: clause for clause in template.clauses}
    return Sheet(
        agreement.reference if agreement else "",
        template.version,
        [(en if english else zh, value) for zh, en, value in terms.lines(agreed)],
        [clause_of(clause, model.get(clause["id"], clause), english) for clause in clauses],
        list(agreement.changes) if agreement else [],
    )


def clause_of(clause: Mapping[str, Any], model: Mapping[str, Any], english: bool) -> Clause:
    """Return a clause in the reader's language; words that are there in Chinese alone are shown in Chinese."""
    ours = english and bool(clause.get("text_en"))
    field = "text_en" if ours else "text"
    proposal = clause.get("proposal") or {}
    return Clause(
        clause["id"],
        clause["title_en"] if english and clause.get("title_en") else clause["title"],
        clause[field],
        english and not ours,
        bool(clause.get("negotiable")),
        word_by_word(model.get(field, ""), clause[field]) if clause.get("overridden") else [],
        word_by_word(clause["text"], proposal["text"]) if proposal else [],
        proposal.get("reason", ""),
    )


def clause_options(case: Case, negotiable: bool = False) -> Options:
    """Return the clauses of an agreement to choose from.

    :param negotiable: leave out those that stand as they are
    """
    shown = sheet_of(case)
    found = [each for each in shown.clauses if each.negotiable or not negotiable] if shown else []
    return [(each.id, f"{each.id} {each.title}") for each in found]


def dataset_options(case: Case) -> Options:
    """Return the data sets that an application asks for."""
    asked = application_of(case).requests
    return [(each.dataset.code, f"{each.dataset.code} {each.dataset.name}") for each in asked]


def change_words(change: ClauseChange) -> str:
    """Return what has become of a clause, in the reader's language."""
    return gettext(CHANGES[change.kind]) if change.kind in CHANGES else ""


def register(app: Flask) -> None:
    """Give the templates the agreement of a case."""
    app.jinja_env.globals.update(agreement_sheet=sheet_of, change_words=change_words)
