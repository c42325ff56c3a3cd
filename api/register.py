"""The public register of grants and refusals: search it, read an entry, take it along."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from api.judging import outcome_words
from api.language import called
from api.numbers import key
from api.spreadsheets import row
from models import Application, Dataset, Organisation, OrganisationKind, db
from workflow import durations, register
from workflow.applying import APPLICANTS, MODES, PURPOSES
from workflow.decisions import BARS
from workflow.errors import NotFound
from workflow.register import GRANTED, OUTCOMES, Asked
from workflow.search import LONGEST_QUERY

bp = Blueprint("register", __name__)
PAGE, LAST_PAGE = 20, 500
COLUMNS = ("reference", "published_on", "outcome", "dataset", "body", "applicant", "purpose", "starts_on", "ends_on")


@bp.get("/register")
def index() -> ResponseReturnValue:
    """Show the published decisions that fit what the address asks for, the latest first."""
    asked, said = asked_for()
    page = max(1, min(request.args.get("page", 1, type=int), LAST_PAGE))
    found = db.session.scalars(register.entries(asked).offset((page - 1) * PAGE).limit(PAGE + 1)).all()
    counts = register.counts()

    def address(**changes: str | int | None) -> str:
        """Return the address of this list with some parts changed; nothing takes a part out."""
        parts = {**said, **changes}
        query = urlencode({name: value for name, value in parts.items() if value not in (None, "")})
        return url_for("register.index") + (f"?{query}" if query else "")

    return render_template(
        "register/index.html",
        entries=[shown(each) for each in found[:PAGE]],
        more=len(found) > PAGE,
        page=page,
        said=said,
        counts=counts,
        total=sum(counts.values()),
        outcomes=OUTCOMES,
        bodies=bodies(),
        dataset=db.session.get(Dataset, asked.dataset) if asked.dataset else None,
        usual=durations.of_all(),
        address=address,
        csv=url_for("register.table") + address()[len(url_for("register.index")) :],
    )


@bp.get("/register/<reference>")
def show(reference: str) -> ResponseReturnValue:
    """Show one published decision: what the public may know of it."""
    found = register.entry(reference[:40])
    if found is None:
        raise NotFound(reference)
    return render_template("register/show.html", entry=shown(found), application=found)


@bp.get("/register.csv")
def table() -> ResponseReturnValue:
    """Give the register out as a table, entry by entry, as far as the address asks for it."""
    asked, _ = asked_for()

    def lines() -> Iterator[str]:
        yield "\ufeff" + row(COLUMNS)
        for each in db.session.scalars(register.entries(asked).execution_options(yield_per=200)):
            entry = shown(each)
            cells = [entry["reference"], entry["published_on"], each.outcome, entry["data"], entry["body_name"]]
            cells += [entry["applicant"], entry["purpose"], entry["starts_on"] or "", entry["ends_on"] or ""]
            yield row(cells)

    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="register.csv"'
    return answer


def asked_for() -> tuple[Asked, dict[str, str]]:
    """Return what the address asks for, and the same as it is written in an address; what is unknown is left out."""
    words = request.args.get("q", "")[:LONGEST_QUERY].replace("\x00", "").strip()
    outcome = request.args.get("outcome", "")
    outcome = outcome if outcome in OUTCOMES else ""
    body, code = request.args.get("body", type=key), request.args.get("dataset", "")[:40].upper()
    dataset = register.dataset_named(code) if code else None
    said = {"q": words, "outcome": outcome, "body": str(body or ""), "dataset": code if dataset else ""}
    return Asked(words, outcome, body, dataset), said


def shown(application: Application) -> dict[str, Any]:
    """Return what the public may know of a decision, in the reader's language."""
    case = application.case
    first, last = register.period(application)
    granted = application.outcome in GRANTED
    mode = str(application.decision.get("mode") or "") if granted else ""
    bar = register.bar(application)
    return {
        "reference": case.reference,
        "outcome": application.outcome,
        "outcome_title": outcome_words(application.outcome),
        "published_on": application.published_on,
        "datasets": register.datasets(application),
        "data": gettext("、").join(dataset.name for dataset in register.datasets(application)),
        "body": case.body,
        "body_name": called(case.body, short=False) if case.body else "",
        "applicant": register.applicant(application) or gettext(APPLICANTS.get(application.applicant_type, "")),
        "named": bool(register.applicant(application)),
        "purpose": gettext(PURPOSES.get(application.purpose, "")),
        "summary": register.summary(application),
        "mode": gettext(MODES[mode]) if mode in MODES else "",
        "starts_on": first,
        "ends_on": last,
        "conditions": list(application.decision.get("conditions", ())) if granted else [],
        "unmet": list(register.unmet(application)),
        "bar": gettext(BARS[bar]) if bar in BARS else "",
    }


def bodies() -> list[Organisation]:
    """Return the opening bodies by name."""
    query = db.select(Organisation).where(Organisation.kind == OrganisationKind.BODY).order_by(Organisation.name)
    return list(db.session.scalars(query))
