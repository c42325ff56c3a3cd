"""What stands beside a step's form: the tables' advice, demands that ask for the same, an application's conditions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError

from api.auth import actor
from api.judging import Judging, judging
from models import Case, OpenType, Role
from workflow import definitions, demands
from workflow.engine import Decision, EngineError
from workflow.stage import Step
from workflow.stages.classification import EVIDENCE, Proposal, is_looser, strictest


@dataclass
class Beside:
    """Advice for whoever fills the form in."""

    decisions: dict[str, Decision] = field(default_factory=dict)
    suggested: OpenType | None = None
    looser: bool = False
    incomplete: bool = False
    twins: list[Case] = field(default_factory=list)
    judging: Judging | None = None


def beside(case: Case, step: Step, values: Mapping[str, Any], preview: bool = False) -> Beside:
    """Return what stands beside a step's form.

    `values` are the answers so far; with `preview` they are what the person wants the tables' view of.
    """
    reader = actor()
    if step.stage == "application" and step.role is not Role.REQUESTER and reader is not None:
        return Beside(judging=judging(case, step.name, values, reader))
    if step.name == "propose_classification":
        return advice(case, values) if preview else Beside()
    if step.stage == "classification" and case.classification is not None:
        found = advice(case, case.classification.evidence)
        found.looser = is_looser(case.classification)
        return found
    if step.name == "screen_demand" and case.demand is not None:
        found = Beside(twins=demands.twins(case.demand.subject, but=case))
        found.decisions = decided(case, ("channel",), {"asks_for": case.demand.asks_for})
        return found
    return Beside()


def advice(case: Case, values: Mapping[str, Any]) -> Beside:
    """Return what the tables say of some facts, as far as the facts are complete."""
    facts = facts_of(values)
    names = ("open_type", "grade", "grade_default")
    found = Beside(decisions=decided(case, names, facts) if facts else {})
    if len(found.decisions) < len(names):
        found.incomplete = True
        return found
    tables = {name: value for each in found.decisions.values() for name, value in each.outputs.items()}
    found.suggested = strictest(tables)
    return found


def facts_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts among some answers, each of its own kind; nothing where one is missing or wrong."""
    schema = Proposal()
    facts = {}
    for name in EVIDENCE:
        asked = schema.fields[name]
        try:
            facts[name] = asked.deserialize(values[name]) if name in values else asked.load_default
        except ValidationError:
            return {}
    return facts if all(isinstance(value, str | int | bool) for value in facts.values()) else {}


def decided(case: Case, names: tuple[str, ...], facts: Mapping[str, Any]) -> dict[str, Decision]:
    """Return what some tables of the case's own version say, one after the other, as far as they can tell."""
    tables, known = definitions.parsed(case.definition).tables, dict(facts)
    found: dict[str, Decision] = {}
    for name in names:
        if name not in tables:
            continue
        try:
            found[name] = tables[name].decide(known)
        except EngineError:
            break
        known |= found[name].outputs
    return found
