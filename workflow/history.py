"""The journal as a reader may see it: which lines, whose words of them, and people by their role.

The journal itself keeps everything (`workflow.journal`); here is the one place that decides what of it is shown.
Whoever works on the case reads all of it. The requester reads their own words and what is addressed to them; the public
reads what has been published. What is not named in the tables below stays within the offices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from marshmallow.fields import Boolean, Field

from models import BODY_ROLES, N_, Case, Event, EventKind, File, Organisation, Role, User, db
from workflow import consultations
from workflow.access import READ_ALL, READ_COMMITTEE, READ_RESTRICTED, opened_to, roles_on, sits_on
from workflow.fields import Attachments, Group
from workflow.journal import lines
from workflow.stages import SERVICES, STEPS

# The fields of other people's answers that are written for the requester (domain.md, section 4).
FOR_REQUESTER: Mapping[str, frozenset[str]] = {
    "screen_demand": frozenset({"screening", "body", "twin", "dataset", "public_subject", "public_text", "message"}),
    "answer_demand": frozenset({"answer", "opens_on", "dataset", "ground", "text"}),
    "extend_answer": frozenset({"reason"}),
    "coordinate_demand": frozenset({"coordination", "text"}),
    "check_application": frozenset({"checking", "defects", "advice"}),
    "review_application": frozenset({"question"}),
    "decide_application": frozenset({"decision", "granted", "conditions", "unmet", "bar", "text", "summary"})
    | frozenset({"starts_on", "ends_on", "mode", "downloads", "rows", "reports"}),
    "extend_decision": frozenset({"extension", "text"}),
    "draft_agreement": frozenset({"overrides", "answers", "remark"}),
    "provision_access": frozenset({"remark"}),
    "suspend_access": frozenset({"reason"}),
    "resume_access": frozenset({"reason"}),
    "terminate_agreement": frozenset({"ground", "heard_on", "hearing", "reason"}),
}
# The fields of answers that everybody may read once the case is public.
FOR_PUBLIC: Mapping[str, frozenset[str]] = {
    "answer_demand": frozenset({"answer", "opens_on", "dataset", "ground", "text"}),
    "coordinate_demand": frozenset({"coordination", "text"}),
}
# So many lines of a case's history stand on its pages; whoever wants all of them asks for them.
LATEST = 30
# What moves a case on.
PASSING = (EventKind.ANSWERED, EventKind.SERVED, EventKind.TABLED)
SEALED = frozenset(step.name for step in STEPS.values() if step.sealed)
# Lines about how the offices work among themselves, or about the machinery.
INTERNAL = frozenset(
    {
        EventKind.CLAIMED,
        EventKind.RELEASED,
        EventKind.TABLED,
        EventKind.SIGNALLED,
        EventKind.SOON_DUE,
        EventKind.INCIDENT,
        EventKind.RETRIED,
        EventKind.MIGRATED,
        EventKind.CANCELLED,
    }
)
YES_NO = {True: N_("是"), False: N_("否")}
Shown = str | tuple[str, ...]


class Reading(StrEnum):
    """How much of a journal a reader sees."""

    ALL = "all"
    REQUESTER = "requester"
    PUBLIC = "public"


@dataclass(frozen=True)
class Said:
    """One field of an answer: its label and what was said, with the words still to be translated."""

    name: str
    label: str
    value: Any
    shown: Shown
    # Whether what is shown are words of ours, to be translated, and not a person's own.
    ours: bool = False
    # Of a group: its rows, each with what was said in its fields.
    rows: tuple[tuple["Said", ...], ...] = ()


@dataclass(frozen=True)
class Line:
    """A line of the journal as one reader sees it.

    `title` is the title of the step or service, still to be translated. `name` is empty wherever people are named by
    their role alone. `where` is the body that a step waits for.
    """

    number: int
    at: datetime
    kind: EventKind
    step: str
    title: str
    role: Role | None
    name: str = ""
    mine: bool = False
    answer: tuple[Said, ...] = ()
    outcome: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    where: str = ""
    limit: str = ""
    reason: str = ""
    due: datetime | None = None


@dataclass(frozen=True)
class Passed:
    """A step or service that a case has passed: no more than which and when."""

    kind: EventKind
    step: str
    at: datetime

    @property
    def title(self) -> str:
        """The title of the step or service, still to be translated."""
        return title_of(self.step)


def passed(case: Case, reader: User | None) -> list[Passed]:
    """Return which steps and services a case has passed, as far as a reader may know; its answers are not looked at."""
    columns = (Event.kind, Event.step, Event.at, Event.actor_id)
    query = db.select(*columns).where(Event.case_id == case.id, Event.kind.in_(PASSING)).order_by(Event.number)
    rows = db.session.execute(query).all()
    # While a ballot is under seal nobody learns of another's hand in it, whichever round it is of.
    sealed = any(row.step in SEALED for row in rows) and bool(consultations.papers_under_seal(case))
    own = reader.id if reader is not None else None
    inside = reading_of(case, reader) is Reading.ALL
    return [
        Passed(row.kind, row.step, row.at)
        for row in rows
        if not (sealed and row.step in SEALED and row.actor_id != own) and (inside or row.kind not in INTERNAL)
    ]


def history(case: Case, reader: User | None, latest: int | None = None) -> list[Line]:
    """Return the journal of a case as a reader may see it, from its first line, or the latest so many lines.

    The caller has made sure that the reader may see the case at all, or that the case is public.
    """
    reading = reading_of(case, reader)
    # Lines that are hidden must not be missed either: how many are shown would tell that one has come.
    sealed = bool(consultations.papers_under_seal(case))
    seen = lines(case, () if reading is Reading.ALL else INTERNAL, None if sealed else latest)
    seen = [event for event in seen if not secret(case, event, reader)][-(latest or 0) :]
    places = labels({event.data["organisation"] for event in seen if event.data.get("organisation")})
    barred = barred_to(reader, case)
    return [line_of(case, event, reader, reading, places, barred) for event in seen]


def barred_to(reader: User | None, case: Case) -> frozenset[str]:
    """Return the marks of fields that a reader may not read: those for the few who judge, those for the committee."""
    may = {
        "restricted": reader is not None and bool(roles_on(reader, case) & READ_RESTRICTED),
        "committee": reader is not None and bool(reader.roles & READ_COMMITTEE),
    }
    return frozenset(mark for mark, allowed in may.items() if not allowed)


def secret(case: Case, event: Event, reader: User | None) -> bool:
    """Say whether a line must not be seen yet: while a ballot is sealed, nobody learns when another handed in."""
    if event.step not in STEPS or not STEPS[event.step].sealed or event.kind not in consultations.HANDED_IN:
        return False
    if reader is not None and event.actor_id == reader.id:
        return False
    return (event.data.get("outcome") or {}).get("ballot_paper") in consultations.papers_under_seal(case)


def reading_of(case: Case, reader: User | None) -> Reading:
    """Say how much of a case's journal a reader sees."""
    if reader is None:
        return Reading.PUBLIC
    if reader.roles & READ_ALL or (case.body_id is not None and case.body_id in reader.bodies(*BODY_ROLES)):
        return Reading.ALL
    if sits_on(reader, case, opened_to) or (Role.SECRETARY in reader.roles and case.consultations):
        return Reading.ALL
    return Reading.REQUESTER if Role.REQUESTER in roles_on(reader, case) else Reading.PUBLIC


def labels(keys: set[int]) -> dict[int, str]:
    """Return the labels of organisations by their keys."""
    if not keys:
        return {}
    query = db.select(Organisation).where(Organisation.id.in_(sorted(keys)))
    return {body.id: body.label for body in db.session.scalars(query)}


def line_of(
    case: Case, event: Event, reader: User | None, reading: Reading, places: Mapping[int, str], barred: frozenset[str]
) -> Line:
    """Return a line as a reader may see it; `barred` are the marks of the fields that they may not read."""
    mine = reader is not None and event.actor_id == reader.id
    answer = event.data.get("answer")
    # What one of the requester's side has said, all of them may read.
    own = mine or (event.step in STEPS and STEPS[event.step].role is Role.REQUESTER)
    said = (
        answer_of(event.step, answer, reading, own, barred - ({"committee"} if mine else set()))
        if isinstance(answer, Mapping)
        else ()
    )
    inside = reading is Reading.ALL
    of_a_limit = event.kind in (EventKind.OVERDUE, EventKind.EXTENDED)
    limit = str(event.data.get("limit") or (event.step if of_a_limit else ""))
    return Line(
        number=event.number,
        at=event.at,
        kind=event.kind,
        step=event.step,
        title=title_of(event.step),
        role=role_of(case, event),
        name=event.actor.name if inside and event.actor else "",
        mine=mine,
        answer=said,
        outcome=dict(event.data.get("outcome") or {}) if inside else {},
        rules=tuple(event.data.get("rules") or ()) if inside else (),
        where=places.get(event.data.get("organisation") or 0, ""),
        limit=limit,
        reason=str(event.data.get("reason") or "") if reading is not Reading.PUBLIC else "",
        due=moment(event.data.get("due")),
    )


def answer_of(
    step: str, answer: Mapping[str, Any], reading: Reading, mine: bool, barred: frozenset[str]
) -> tuple[Said, ...]:
    """Return the fields of an answer that a reader may see, those left empty not among them."""
    if reading is Reading.ALL or (mine and reading is Reading.REQUESTER):
        allowed = frozenset(answer)
    else:
        allowed = (FOR_REQUESTER if reading is Reading.REQUESTER else FOR_PUBLIC).get(step, frozenset())
    asked = STEPS[step].answer().fields if step in STEPS else {}
    order = [name for name in asked if name in answer] + [name for name in answer if name not in asked]
    allowed -= {name for name, field in asked.items() if field.metadata.get("private") in barred}
    seen = [name for name in order if name in allowed and filled(answer[name])]
    return tuple(said(name, answer[name], asked.get(name)) for name in seen)


def said(name: str, value: Any, asked: Field[Any] | None) -> Said:
    """Return one field of an answer with its label and the words for its value.

    An answer given to an earlier version of a step may have fields that the step no longer asks for.
    """
    if asked is None:
        return Said(name, name, value, shown(value))
    label = str(asked.metadata.get("label", name))
    words = asked.metadata.get("words", {})
    if isinstance(asked, Boolean) and isinstance(value, bool):
        return Said(name, label, value, YES_NO[value], ours=True)
    if isinstance(value, str | int) and str(value) in words:
        return Said(name, label, value, str(words[str(value)]), ours=True)
    if isinstance(asked, Group) and isinstance(value, list):
        return Said(name, label, value, (), rows=tuple(row_of(asked, row) for row in value if isinstance(row, Mapping)))
    if isinstance(asked, Attachments) and isinstance(value, list):
        names = db.session.scalars(db.select(File.name).where(File.id.in_(value)).order_by(File.id))
        return Said(name, label, value, tuple(names))
    return Said(name, label, value, shown(value))


def row_of(group: Group, row: Mapping[str, Any]) -> tuple[Said, ...]:
    """Return what was said in a row of a group, those fields left empty not among them."""
    asked = group.answer().fields
    return tuple(said(name, row[name], field) for name, field in asked.items() if name in row and filled(row[name]))


def shown(value: Any) -> Shown:
    """Return what a person reads of a value: lists line by line, rows of ours by their label."""
    if isinstance(value, Mapping):
        name, label = str(value.get("id", "")), str(value.get("label", ""))
        return label if name.isdecimal() else f"{name} {label}".strip()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(str(item) for item in value)
    return str(value)


def filled(value: Any) -> bool:
    """Say whether a field was answered at all."""
    return value is not None and value not in ("", [])


def title_of(step: str) -> str:
    """Return the title of a step or service; empty for any other name."""
    if step in STEPS:
        return STEPS[step].title
    return (SERVICES[step].__doc__ or "").partition("\n")[0].rstrip(".") if step in SERVICES else ""


def role_of(case: Case, event: Event) -> Role | None:
    """Return the role in which a line was brought about, or for whom a step waits; none for the service itself."""
    if event.kind is EventKind.AWAITED:
        return Role(event.data["role"]) if event.data.get("role") else None
    if event.actor_id is None:
        return None
    if event.step in STEPS:
        return STEPS[event.step].role
    if event.kind is EventKind.EXTENDED:
        return Role.DECIDER
    if event.kind in (EventKind.INVITED, EventKind.JOINED, EventKind.LEFT):
        return Role.REQUESTER
    if event.kind is EventKind.OPENED and case.kind == "listing":
        return Role.CLERK
    return Role.REQUESTER if event.actor_id == case.requester_id else None


def moment(text: Any) -> datetime | None:
    """Return a moment that a line holds as text."""
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
