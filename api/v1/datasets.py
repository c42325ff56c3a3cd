"""The open list: search it, and read an entry in full."""

from typing import Any

from api.v1 import public_schemas, shown
from api.v1.reading import Section
from models import N_
from workflow.catalogue import entry
from workflow.catalogue.query import FACETS, Filters, search_datasets

section = Section("datasets", "/datasets", N_("开放清单"), public=True)


@section.route("", methods=["GET"])
@section.arguments(public_schemas.DatasetFilter, location="query")
@section.response(200, public_schemas.DatasetPage)
def list_datasets(asked: dict[str, Any]) -> dict[str, Any]:
    """Search the open list.

    Every entry that holds all words of `q` and bears one of the chosen values of each facet. Where there are words,
    no more than the first thousand hits are counted and can be reached.
    """
    filters = Filters({facet: frozenset(asked[facet]) for facet in FACETS if asked[facet]})
    found = search_datasets(asked["q"], filters, asked["sort"], asked["page"])
    return {
        "items": [shown.dataset(row) for row in found.rows],
        "total": found.total,
        "capped": found.capped,
        "page": found.page,
        "pages": found.pages,
        "facets": {
            facet: [
                {"value": one.value, "name": one.name or one.value, "count": one.count, "chosen": one.chosen}
                for one in options
            ]
            for facet, options in found.facets.items()
        },
    }


@section.route("/<code>", methods=["GET"])
@section.response(200, public_schemas.DatasetSheet)
def show_dataset(code: str) -> dict[str, Any]:
    """Read an entry of the open list."""
    return shown.dataset(entry.by_code(code.replace("\x00", "")))
