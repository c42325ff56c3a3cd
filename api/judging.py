"""What stands beside an application while the office judges it: its content, its conditions, and cases like it.

Fields that only a few may read are left out for everybody else, and so are what has changed in them and the defects
that name them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask_babel import get_locale, gettext
from marshmallow import fields

from api.auth import actor
from models import N_, Application, Case, Conditions, Dataset, User
from workflow import access, applications, conditions, differences, precedents
from workflow.access import READ_RESTRICTED, roles_on
from workflow.applying import APPLICANTS, PURPOSES, ApplicationForm, applies
from workflow.conditions import Criterion
from workflow.decisions import BARS, OUTCOMES, REMEDY
from workflow.differences import Change
from workflow.precedents import Precedent
from workflow.stages.application import FINDINGS, PARTS, RightHolderReply, SecurityReview, SubstanceReview

# How an application came out; several bodies may have decided each in its own way, or not at all.
CAME_OUT = {
    "approve": N_("已同意"),
    "conditions": N_("已附条件同意"),
    "part": N_("已部分同意"),
    "refuse": N_("未同意"),
    "mixed": N_("各单位决定不同"),
    "none": N_("没有作出决定"),
}
# What the page shows in a place of its own.
ELSEWHERE = frozenset({"datasets", "attachments"})
# So short a text stands in one line with its label.
SHORT = 40


@dataclass(frozen=True)
class Part:
    """One field of an application, as a reader may see it."""

    name: str
    label: str
    value: str = ""
    ours: bool = False
    private: str = ""
    # The pieces of a text that differs from the version before; the rows of a group under the labels of its columns.
    pieces: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[tuple[str, bool], ...], ...] = ()
    changed: bool = False
    hidden: bool = False
    # A box that was ticked says all in its label.
    ticked: bool = False

    @property
    def short(self) -> bool:
        """Say whether the field fits into one line."""
        return not self.rows and not self.pieces and len(self.value) <= SHORT and "\n" not in self.value


@dataclass(frozen=True)
class Judged:
    """A published condition, what a machine finds of it, and what a reviewer has found."""

    key: str
    dataset: Dataset
    version: Conditions | None
    line: Criterion
    machine: str
    finding: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answered:
    """A defect that the office has named, and what has become of its field."""

    label: str
    words: str
    change: Change | None
    hidden: bool = False


@dataclass(frozen=True)
class Judging:
    """Everything that stands beside an application."""

    sections: list[tuple[str, list[Part]]]
    version: int
    changed: int
    criteria: list[Judged]
    precedents: list[Precedent]
    departs: list[Precedent]
    defects: list[Answered]
    differences: list[Change]

    @property
    def by_key(self) -> dict[str, Judged]:
        """Return the conditions by the keys under which they are answered."""
        return {each.key: each for each in self.criteria}

    @property
    def several(self) -> bool:
        """Say whether the conditions are those of several data sets."""
        return len({each.dataset.id for each in self.criteria}) > 1

    @property
    def outcomes(self) -> dict[str, int]:
        """Return how the cases like this one came out, as a word and a number."""
        counted: dict[str, int] = {}
        for each in self.precedents:
            counted[each.application.outcome] = counted.get(each.application.outcome, 0) + 1
        return {outcome: counted[outcome] for outcome in OUTCOMES if outcome in counted}


def judging(case: Case, step: str, values: Mapping[str, Any], reader: User) -> Judging | None:
    """Return what stands beside an application at a step.

    :param values: the answers so far, by which a draft may depart from earlier cases
    """
    application = case.application
    if application is None or not application.form:
        return None
    open_to = bool(roles_on(reader, case) & READ_RESTRICTED)
    changes = changes_of(application)
    found = precedents.similar(case, reader)
    outcome = str(values.get("decision") or application.decision.get("outcome") or "")
    return Judging(
        sections=sections(application, changes, open_to),
        version=len(application.versions),
        changed=len(changes),
        criteria=judged(application),
        precedents=found,
        departs=precedents.departs(outcome, found) if step in ("draft_decision", "decide_application") else [],
        defects=defects(application, changes, open_to),
        differences=[change for change in changes if open_to or change.private != "restricted"],
    )


def changes_of(application: Application) -> list[Change]:
    """Return what the newest version of an application changes of the one before."""
    if len(application.versions) < 2:
        return []
    return differences.between(application.versions[-2].form, application.versions[-1].form, ApplicationForm)


def sections(application: Application, changes: list[Change], open_to: bool) -> list[tuple[str, list[Part]]]:
    """Return the fields of an application under their headings, those that were left blank not among them."""
    changed = {change.name: change for change in changes}
    found: list[tuple[str, list[Part]]] = []
    for name, asked in ApplicationForm().load_fields.items():
        if title := asked.metadata.get("section"):
            found.append((str(title), []))
        if name in ELSEWHERE or not applies(asked, application.form):
            continue
        part = part_of(name, asked, application.form.get(name), changed.get(name), open_to)
        if part is not None:
            found[-1][1].append(part)
    return [(title, parts) for title, parts in found if parts]


def part_of(name: str, asked: fields.Field[Any], value: Any, change: Change | None, open_to: bool) -> Part | None:
    """Return one field as a reader may see it; a blank one that has not changed is left out."""
    label, private = str(asked.metadata.get("label", name)), str(asked.metadata.get("private", ""))
    if value in (None, "", []) and change is None:
        return None
    if private == "restricted" and not open_to:
        return Part(name, label, private=private, hidden=True)
    if isinstance(asked, fields.List) and isinstance(asked.inner, fields.Nested):
        inner = asked.inner.schema.load_fields
        columns = tuple(str(each.metadata.get("label", column)) for column, each in inner.items())
        rows = tuple(
            tuple(differences.shown(each, row.get(column)) for column, each in inner.items()) for row in value or ()
        )
        return Part(name, label, private=private, columns=columns, rows=rows, changed=change is not None)
    text, ours = differences.shown(asked, value)
    pieces, ticked = change.pieces if change else (), asked.required and value is True
    return Part(name, label, text, ours, private, pieces, changed=change is not None, ticked=ticked)


def judged(application: Application) -> list[Judged]:
    """Return the published conditions, each with what is known of it."""
    found = applications.findings(application)
    return list(_judged(application, found))


def _judged(application: Application, found: Mapping[str, Mapping[str, Any]]) -> Iterator[Judged]:
    for request in application.requests:
        said = conditions.claims(application.form, request.dataset)
        for line, machine in conditions.selfcheck(request.conditions, said):
            key = f"{request.dataset.code}.{line.id}"
            yield Judged(key, request.dataset, request.conditions, line, machine, found.get(key, {}))


def defects(application: Application, changes: list[Change], open_to: bool) -> list[Answered]:
    """Return what the office asked to complete, each with what the applicant has changed."""
    named = application.defects or (application.versions[-1].defects if application.versions else [])
    changed, asked = {change.name: change for change in changes}, ApplicationForm().load_fields
    answered = []
    for defect in named:
        name = str(defect["field"])
        metadata = asked[name].metadata if name in asked else {}
        hidden = metadata.get("private") == "restricted" and not open_to
        label = str(metadata.get("label", name))
        answered.append(Answered(label, str(defect["words"]), None if hidden else changed.get(name), hidden))
    return answered


def unmet_options(case: Case) -> list[tuple[str, str]]:
    """Return the conditions on which a refusal may rest: those that a reviewer has found unmet."""
    application = case.application
    if application is None:
        return []
    found = applications.findings(application)
    published = applications.criteria(application)
    unmet = [key for key in published if found.get(key, {}).get("finding") == "unmet"]
    return [(key, f"{key} {published[key][1].text}") for key in unmet]


def finding_words(finding: str) -> str:
    """Return a finding in the reader's language."""
    return gettext(FINDINGS[finding]) if finding in FINDINGS else ""


def outcome_words(outcome: str) -> str:
    """Return how a case came out, in the reader's language."""
    return gettext(CAME_OUT[outcome]) if outcome in CAME_OUT else ""


@dataclass(frozen=True)
class Taken:
    """A decision that was taken, as the applicant and the office read it."""

    text: str
    conditions: list[str]
    # What is granted, where it is not everything; and what was not granted for which reasons.
    parts: list[Mapping[str, Any]]
    unmet: list[tuple[Dataset, Criterion]]
    bar: str
    remedy: str


def decision_of(case: Case) -> Taken | None:
    """Return the decision of a case once it has been taken."""
    application = case.application
    if application is None or application.outcome not in OUTCOMES or not application.decision:
        return None
    decision, published = application.decision, applications.criteria(application)
    return Taken(
        decision["text"],
        decision["conditions"],
        decision.get("datasets", []) if application.outcome == "part" else [],
        [published[key] for key in decision["unmet"] if key in published],
        BARS.get(decision["bar"], ""),
        REMEDY[str(get_locale()) == "en"],
    )


def parts_of(case: Case) -> list[Case]:
    """Return the parts of an application to several bodies that the reader may see."""
    reader = actor()
    return [part for part in case.parts if reader is not None and access.may_see(reader, part)]


def whole_of(case: Case) -> Case | None:
    """Return the application of which a case is a part, where the reader may see it."""
    reader = actor()
    return case.parent if case.parent and reader is not None and access.may_see(reader, case.parent) else None


def opinions() -> dict[str, Mapping[str, str]]:
    """Return the words of each part's opinion."""
    asked = {
        "substance": SubstanceReview._declared_fields["opinion"],
        "security": SecurityReview._declared_fields["security"],
        "right_holder": RightHolderReply._declared_fields["reply"],
    }
    return {part: question.metadata["words"] for part, question in asked.items()}


def register(app: Flask) -> None:
    """Give the templates the words in which applications are judged."""
    app.jinja_env.globals.update(
        finding_words=finding_words,
        outcome_words=outcome_words,
        decision_of=decision_of,
        parts_of=parts_of,
        whole_of=whole_of,
        bars=BARS,
        review_parts=PARTS,
        review_opinions=opinions(),
        applicant_types=APPLICANTS,
        purposes=PURPOSES,
    )
