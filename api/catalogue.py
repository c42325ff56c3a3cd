"""The open list in public: search it, read an entry, and take the whole list along."""

from collections.abc import Iterator
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, current_app, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from api.auth import actor
from api.choices import MODES, chips, facets, filters_asked, format_name, marker, query_of
from api.conditions import check as self_check
from api.spreadsheets import row
from models import BODY_ROLES, FREQUENCY_TITLES, Case, Dataset, Demand, db
from workflow import conditions, demands, durations, search
from workflow.catalogue import entry, export
from workflow.catalogue.query import SORTS, search_datasets

bp = Blueprint("catalogue", __name__)
RELATED, MANY = 5, 20
LD = "application/ld+json"


@bp.get("/datasets")
def index() -> ResponseReturnValue:
    """Show the data sets that fit the words and choices in the address."""
    words = request.args.get("q", "")[: search.LONGEST_QUERY].strip()
    sort = request.args.get("sort", "")
    sort = sort if sort in SORTS else SORTS[0]
    filters = filters_asked(request.args)
    result = search_datasets(words, filters, sort, request.args.get("page", 1, type=int))
    query = query_of(words, filters, sort)

    def address(**changes: str | int | None) -> str:
        """Return the address of this list with some parts changed; nothing takes a part out."""
        parts = [(name, value) for name, value in query if name not in changes]
        parts += [(name, str(value)) for name, value in changes.items() if value is not None]
        return url_for("catalogue.index") + ("?" + urlencode(parts) if parts else "")

    return render_template(
        "catalogue/index.html",
        words=words,
        sort=sort,
        query=query,
        result=result,
        facets=facets(result),
        chips=chips(result, query),
        marked=marker(words),
        frequencies={word: gettext(title) for word, title in FREQUENCY_TITLES.items()},
        modes={word: gettext(title) for word, title in MODES.items()},
        address=address,
        similar=similar_demands(words) if words else 0,
    )


@bp.get("/datasets/<code>")
def dataset(code: str) -> ResponseReturnValue:
    """Show an entry of the open list: its conditions first, then what it holds."""
    found = entry.by_code(code[:40])
    person = actor()
    version = conditions.shown(found)
    check = self_check(version, request.args)
    return render_template(
        "catalogue/dataset.html",
        dataset=found,
        version=version,
        conditions=conditions.lines(version),
        check=check,
        errors=check.errors,
        usual=durations.usual(found) if version else None,
        frequency=gettext(FREQUENCY_TITLES[found.frequency]),
        formats=[format_name(word) for word in found.formats],
        modes=[gettext(MODES.get(mode, mode)) for mode in found.delivery_modes],
        demands=linked_demands(found) or demands.twins(found.name, most=RELATED),
        may_manage=person is not None and found.provider_id in person.bodies(*BODY_ROLES),
    )


@bp.get("/datasets/<code>.jsonld")
def dataset_ld(code: str) -> ResponseReturnValue:
    """Give an entry out as DCAT."""
    found = entry.by_code(code[:40])
    return Response(orjson.dumps({"@context": export.CONTEXT} | export.dcat(found, page_of(found))), mimetype=LD)


@bp.get("/datasets.jsonld")
def catalogue_ld() -> ResponseReturnValue:
    """Give the whole list out as a DCAT catalogue, entry by entry."""
    home = current_app.config["PUBLIC_URL"].rstrip("/") + url_for("catalogue.index")
    head = orjson.dumps(
        {"@context": export.CONTEXT, "@id": home, "@type": "dcat:Catalog", "dct:title": gettext("公共数据开放清单")}
    )

    def parts() -> Iterator[bytes]:
        yield head[:-1] + b',"dcat:dataset":['
        for number, found in enumerate(export.listed()):
            yield (b"," if number else b"") + orjson.dumps(export.dcat(found, page_of(found)))
        yield b"]}"

    return Response(stream_with_context(parts()), mimetype=LD)


@bp.get("/datasets.csv")
def catalogue_csv() -> ResponseReturnValue:
    """Give the whole list out as a table, entry by entry."""

    def lines() -> Iterator[str]:
        yield "\ufeff" + row(export.COLUMNS)
        for found in export.listed():
            yield row(export.line(found))

    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="datasets.csv"'
    return answer


def page_of(found: Dataset) -> str:
    """Return the full address of an entry's page."""
    return str(current_app.config["PUBLIC_URL"]).rstrip("/") + url_for("catalogue.dataset", code=found.code)


def linked_demands(found: Dataset) -> list[Case]:
    """Return the published demands that led to an entry, or were answered with it."""
    query = db.select(Case).join(Demand, Demand.case_id == Case.id)
    query = query.where(Demand.dataset_id == found.id, Demand.published_at.is_not(None))
    return list(db.session.scalars(query.order_by(Demand.supporters.desc(), Case.id.desc()).limit(RELATED)))


def similar_demands(words: str) -> int:
    """Return how many published demands hold all of some words; many are not counted to the end."""
    return len(db.session.scalars(search.matching("demand", words).limit(MANY)).all())
