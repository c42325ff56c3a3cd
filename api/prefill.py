"""What a form holds before a person has written in it: what the case already knows."""

from typing import Any

from models import Case, OpenType
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
    return known
