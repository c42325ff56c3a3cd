"""Published demands: what others ask for, what they are answered, and support for them."""

import datetime as dt
from typing import Any

from flask_babel import gettext

from api.auth import actor
from api.v1 import public_schemas, shown
from api.v1.cases import REFERENCE
from api.v1.paging import page
from api.v1.reading import Section, person
from models import N_, Case, CaseStatus, Demand, EventKind, User, db
from workflow import demands, search
from workflow.errors import NotFound
from workflow.history import history

section = Section("demands", "/demands", N_("公开的需求"), public=True)
# The most hits of a search that can be reached.
MOST_HITS = 1000
EPOCH, TICK = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(microseconds=1)


@section.route("", methods=["GET"])
@section.arguments(public_schemas.DemandFilter, location="query")
@section.response(200, public_schemas.DemandPage)
def list_demands(asked: dict[str, Any]) -> dict[str, Any]:
    """List what others ask for.

    The newest stands first. With `q`, those that hold all its words.
    """
    query = db.select(Demand).join(Case, Demand.case_id == Case.id).where(Demand.published_at.is_not(None))
    if asked["q"].strip():
        query = query.where(Demand.case_id.in_(search.matching("demand", asked["q"]).limit(MOST_HITS)))
    if asked["state"] == "answered":
        query = query.where(Demand.answered_at.is_not(None))
    elif asked["state"] == "open":
        query = query.where(Demand.answered_at.is_(None), Case.status == CaseStatus.OPEN)
    if asked["after"] is not None:
        at, key = EPOCH + asked["after"][0] * TICK, asked["after"][1]
        query = query.where(db.or_(Demand.published_at < at, db.and_(Demand.published_at == at, Demand.case_id < key)))
    query = query.options(db.joinedload(Demand.case), db.joinedload(Demand.holder))
    query = query.order_by(Demand.published_at.desc(), Demand.case_id.desc()).limit(asked["limit"] + 1)
    found, following = page(
        db.session.scalars(query).all(),
        asked["limit"],
        lambda demand: (ticks(demand.published_at), demand.case_id),
    )
    return {"items": [shown.demand_summary(demand) for demand in found], "next": following}


@section.route("/similar", methods=["GET"])
@section.arguments(public_schemas.Similar, location="query")
@section.response(200, public_schemas.DemandList)
def list_similar(asked: dict[str, Any]) -> dict[str, Any]:
    """Find demands that may ask for the same."""
    twins = demands.twins(asked["q"])
    return {"items": [shown.demand_summary(case.demand) for case in twins if case.demand]}


@section.route("/<reference>", methods=["GET"])
@section.response(200, public_schemas.PublicDemand)
def show_demand(reference: str) -> dict[str, Any]:
    """Read a published demand and its answer."""
    return public(find(reference), actor())


@section.route("/<reference>/support", methods=["POST"])
@section.response(200, public_schemas.PublicDemand)
def support_demand(reference: str) -> dict[str, Any]:
    """Support a demand.

    You are told when it is answered. Supporting twice changes nothing.
    """
    someone = person()
    case = find(reference)
    demands.support(case, someone)
    return public(find(reference), someone)


@section.route("/<reference>/support", methods=["DELETE"])
@section.response(200, public_schemas.PublicDemand)
def withdraw_support(reference: str) -> dict[str, Any]:
    """Take your support back."""
    someone = person()
    case = find(reference)
    demands.withdraw_support(case, someone)
    return public(find(reference), someone)


def find(reference: str) -> Case:
    """Return the case of a published demand.

    :raises NotFound: there is no published demand with this reference
    """
    if not REFERENCE.fullmatch(reference):
        raise NotFound(reference)
    return demands.public(reference)


def public(case: Case, reader: User | None) -> dict[str, Any]:
    """Return a published demand as anybody may read it, and whether the reader supports it."""
    demand = case.demand
    if demand is None:
        raise NotFound(case.reference)
    told = [line for line in history(case, None) if line.kind is EventKind.ANSWERED]
    return {
        **shown.demand_summary(demand),
        **shown.taken(demand, public_schemas.DemandAnswer),
        "text": demand.public_text,
        "dataset": demand.dataset.code if demand.dataset else None,
        "steps": [
            {"at": line.at, "title": gettext(line.title), "role_title": gettext(line.role.title) if line.role else ""}
            for line in told
        ],
        "supported": demands.supports(case, reader),
    }


def ticks(moment: dt.datetime | None) -> int:
    """Return a moment as a whole number, so that a cursor holds it without loss."""
    return ((moment or EPOCH) - EPOCH) // TICK
