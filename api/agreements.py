"""Agreements: their terms as people read them, and as programs do."""

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue
from flask_login import login_required

from api.auth import actor
from models import Agreement, Case, User, db
from workflow import access, terms
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


def agreement_lines(agreement: Agreement) -> list[tuple[str, str, str]]:
    """Return the terms of an agreement line by line: the label in both languages, and what was agreed."""
    return terms.lines(agreement.terms)


def register(app: Flask) -> None:
    """Give the templates the terms of an agreement."""
    app.jinja_env.globals.update(agreement_lines=agreement_lines)
