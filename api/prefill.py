"""What a form holds before a person has written in it: what the case already knows."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Date, List

from api import seating
from api.questions import asked, listed, text
from models import Case, OpenType
from workflow import applications, decisions
from workflow.fields import Attachments, Group, Tick
from workflow.stage import Step

# Steps whose form shows the catalogue fields of the case as they stand.
DESCRIBING = frozenset({"describe_dataset", "amend_listing", "assess_demand"})


def values(case: Case, step: Step) -> dict[str, Any]:
    """Return the values with which a step's form begins."""
    known: dict[str, Any] = {}
    for name, field in step.answer._declared_fields.items():
        source = field.metadata.get("prefill")
        if source and case.demand is not None:
            known[name] = getattr(case.demand, source)
    if step.name in DESCRIBING and case.listing is not None:
        known |= case.listing.fields
    elif step.name == "assess_demand" and case.demand is not None:
        known["name"] = case.demand.public_subject or case.demand.subject
    sheet = case.classification
    if step.name == "propose_classification" and sheet is not None:
        texts = {"grounds": sheet.grounds, "conditions": sheet.conditions, "supervision": sheet.supervision}
        known |= sheet.evidence | texts | {"open_type": sheet.proposed.value}
    if step.name == "answer_demand" and sheet is not None:
        opened = {OpenType.UNCONDITIONAL: "open", OpenType.CONDITIONAL: "conditional"}
        known["answer"] = opened.get(sheet.open_type, "decline") if sheet.open_type else None
    if step.name == "seat_experts":
        known |= seating.proposal(case)
    return known | of_application(case, step.name)


def of_application(case: Case, step: str) -> dict[str, Any]:
    """Return the values with which a form about an application begins."""
    application = case.application
    if application is None:
        return {}
    if step == "complete_application":
        return dict(application.form)
    if step == "review_application":
        earlier = applications.findings(application)
        return {"findings": [earlier.get(key, {"criterion": key}) for key in applications.criteria(application)]}
    if step in ("draft_decision", "decide_application"):
        return decisions.proposed(application)
    if step == "draft_agreement" and case.agreement is not None:
        asked = [clause["id"] for clause in case.agreement.clauses if clause.get("proposal")]
        return {"answers": [{"clause": clause} for clause in asked]}
    return {}


def from_earlier(form: Mapping[str, Any], answer: type[Schema]) -> dict[str, Any]:
    """Return what a new application begins with: what an earlier one said, but no declaration, file or day.

    Who declares, declares anew; and what was true on a day or in a file is to be looked at again.
    """
    kept: dict[str, Any] = {}
    for name, field in asked(answer).items():
        said = form.get(name)
        if (
            said in (None, "", [])
            or isinstance(field, Attachments | Date)
            or (isinstance(field, Tick) and field.required)
        ):
            continue
        if isinstance(field, Group):
            kept[name] = [from_earlier(row, field.answer) for row in listed(said)]
        elif isinstance(field, List):
            kept[name] = [text(each) for each in listed(said)]
        else:
            kept[name] = said if isinstance(said, bool) else text(said)
    return kept
