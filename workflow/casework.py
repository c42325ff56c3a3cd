"""The one door: start · claim · release · save · submit · signal · expire, each one transaction and one commit."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from models import (
    PREFIXES,
    Case,
    CaseStatus,
    Clock,
    ClockState,
    Draft,
    Event,
    EventKind,
    Role,
    User,
    WorkItem,
    WorkState,
    db,
    now,
)
from workflow import (
    access,
    calendar,
    clock,
    consultations,
    definitions,
    engine,
    factors,
    incidents,
    numbers,
    rows,
    sealing,
    sharing,
)
from workflow.errors import Failed, Held, NotApart, NotOpen, NotYours, Refused
from workflow.fields import Answer, check_draft, keepable
from workflow.idempotency import answered_before, fingerprint, remember
from workflow.journal import record
from workflow.stage import Step
from workflow.stages import SERVICES, SIGNALS, STEPS
from workflow.worklist import concerned, follow, open_item, open_items

log = logging.getLogger("kaimen.casework")

BEGINNING = aliased(Event)
# The line with which a case's present round began; the first one where it has gone round only once.
ROUND = select(func.coalesce(func.max(BEGINNING.number), 0)).where(
    BEGINNING.case_id == bindparam("case"),
    BEGINNING.kind == EventKind.ANSWERED,
    BEGINNING.step.in_([step.name for step in STEPS.values() if step.begins_round]),
)
SAID = (
    select(Event.id)
    .where(
        Event.case_id == bindparam("case"),
        Event.kind == EventKind.ANSWERED,
        Event.step.in_(bindparam("steps", expanding=True)),
        Event.actor_id == bindparam("person"),
        Event.number >= ROUND.scalar_subquery(),
    )
    .limit(1)
)


def start(
    kind: str,
    actor: User,
    raw: Mapping[str, Any] | None = None,
    *,
    draft: Mapping[str, Any] | None = None,
    outcome: Mapping[str, Any] | None = None,
    prepare: Any = None,
    key: str | None = None,
) -> Case:
    """Open a case of a kind, and answer its first step at once where `raw` is given.

    `draft` is kept as a half-written answer instead. `outcome` is handed to the process as it begins.
    `prepare` is called with the new case before the process starts. `key` makes a repeat harmless.

    Raises marshmallow's ValidationError for a faulty answer, Refused where the person may not; nothing
    is then kept.
    """
    digest, moment = fingerprint(kind, raw if raw is not None else draft), now()
    try:
        # Whoever opens a case at the same moment has waited for the number, so that a repeat finds what came before.
        reference = numbers.reference(PREFIXES[kind], calendar.local_day(moment).year)
        if (earlier := answered_before(key, digest)) is not None:
            db.session.rollback()
            return earlier
        case = begin(kind, reference, actor, dict(outcome or {}), prepare, moment)
    except BaseException:
        db.session.rollback()
        raise
    attempt = {"verb": "start", "kind": kind, "actor": actor.id, **({"key": key} if key else {})}
    with moving(case, attempt, None, actor, outcome) as process:
        if raw is not None:
            hand_in(case, process, raw, actor, moment)
        else:
            open_draft(case, process, draft, actor, moment)
        remember(key, case, digest)
    return case


def begin(kind: str, reference: str, actor: User, outcome: dict[str, Any], prepare: Any, at: datetime) -> Case:
    """Return a new case, prepared, with the first line of its journal."""
    definition = definitions.current(kind)
    case = Case(
        reference=reference,
        kind=kind,
        title="",
        status=CaseStatus.DRAFT,
        state="draft",
        requester_id=actor.id,
        definition_id=definition.id,
        opened_at=at,
        process=b"",
        codec=engine.CODEC,
        journal_length=0,
        journal_hash="",
        version=1,
    )
    rows.begin(case)
    set_committed_value(case, "definition", definition)
    if prepare:
        prepare(case)
    record(case, EventKind.OPENED, kind, actor, {"outcome": outcome}, at)
    return case


def hand_in(case: Case, process: engine.Process, raw: Mapping[str, Any], actor: User, at: datetime) -> None:
    """Answer the first step of a new case at once; nobody has waited for it, so nothing is opened to be closed."""
    first = open_item(case, next(waiting for waiting in process.waiting() if waiting.kind == "step"), at)
    answerable(case, STEPS[first.step], actor, [first])
    answer(case, first, [first], process, raw, actor, at)


def open_draft(case: Case, process: engine.Process, draft: Mapping[str, Any] | None, actor: User, at: datetime) -> None:
    """Let a new case wait for its first step, with what has been written of it."""
    items = follow(case, process, [], at)
    # A part of a larger case begins in an office, and is nobody's draft.
    for first in [item for item in items if not item.offered and case.status is CaseStatus.DRAFT][:1]:
        # Whoever opens a case must be one who may take its first step.
        answerable(case, STEPS[first.step], actor, items)
        if draft is not None:
            check_draft(draft)
            db.session.add(Draft(work_item_id=first.id, user_id=actor.id, form=dict(draft), saved_at=at))


def start_once(kind: str, actor: User, raw: Mapping[str, Any], key: str | None) -> Case:
    """Open a case and answer its first step; of two requests with one key, both lead to one case."""
    try:
        return start(kind, actor, raw, key=key)
    except NotOpen:
        # Another request with this key was first; its row is there now.
        if (earlier := answered_before(key, fingerprint(kind, raw))) is None:
            raise
        return earlier


def submit(case: Case, name: str, raw: Mapping[str, Any], *, actor: User, key: str | None = None) -> Case:
    """Record an actor's answer to a step and let the case move on.

    Raises NotYours, NotApart, Held or NotOpen where the actor may not answer now, ValidationError for a
    faulty answer, and Failed when something of ours went wrong; the case is then as it was.
    """
    step = step_named(name)
    lock(case)
    digest = fingerprint(f"{case.reference}/{name}", raw)
    if step.sealed:
        digest = sealing.fingerprint(digest.encode())
    if (earlier := answered_before(key, digest)) is not None:
        return earlier
    items = open_items(case)
    if step.sealed and consultations.may_change(case, actor):
        return change(case, step, raw, actor, key, digest)
    item = answerable(case, step, actor, items, member=str(raw.get(step.member)) if step.member else None)
    attempt = {"verb": "submit", "step": name, "item": item.id, "actor": actor.id}
    with moving(case, attempt, drafts_form(step, item.id, raw), actor) as process:
        answer(case, item, items, process, raw, actor, now())
        remember(key, case, digest)
    return case


def change(case: Case, step: Step, raw: Mapping[str, Any], actor: User, key: str | None, digest: str) -> Case:
    """Change a sealed answer that has been handed in; the process does not move, and the last answer counts."""
    try:
        said: dict[str, Any] = schema_of(step.answer).load(raw)
        outcome = dict(step.effect(case, said, actor) or {})
        record(case, EventKind.CHANGED, step.name, actor, {"outcome": outcome})
        remember(key, case, digest)
        db.session.commit()
    except (Refused, ValidationError):
        db.session.rollback()
        raise
    return case


def drafts_form(step: Step, item: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as it may be kept before it is handed in; that of a sealed step is locked up."""
    form = keepable(step.answer, raw)
    return sealing.hide(item, form) if step.sealed else form


def answer(
    case: Case,
    item: WorkItem,
    items: list[WorkItem],
    process: engine.Process,
    raw: Mapping[str, Any],
    actor: User,
    at: datetime,
) -> None:
    """Check an answer, let it take effect, write it down, and move the process."""
    step = STEPS[item.step]
    schema = schema_of(step.answer)
    said: dict[str, Any] = schema.load(raw)
    outcome = dict(step.effect(case, said, actor) or {})
    if case.status is CaseStatus.DRAFT:
        case.status = CaseStatus.OPEN
    data = {"answer": {} if step.sealed else schema.dump(said), "outcome": outcome, "item": item.id}
    if item.member is not None:
        data["member"] = item.member
    record(case, EventKind.ANSWERED, step.name, actor, data, at)
    rows.change(item, state=WorkState.DONE, closed_at=at, closed_by_id=actor.id, holder_id=item.holder_id or actor.id)
    rows.forget_drafts([item])
    process.complete(item.id, outcome)
    tell_itself(case, process, step, at)
    follow(case, process, items, at)


def tell_itself(case: Case, process: engine.Process, step: Step, at: datetime) -> None:
    """Give a case the signals of its stage that have come to hold with an answer, and for which it waits."""
    for name, holds in SIGNALS.get(step.stage, {}).items():
        if name in process.listening() and holds(case):
            record(case, EventKind.SIGNALLED, name, None, {"outcome": {}}, at)
            process.signal(name)


def claim(case: Case, name: str, *, actor: User, take_over: bool = False) -> WorkItem:
    """Take a step for oneself, so that colleagues see who is at it."""
    lock(case)
    item = answerable(case, step_named(name), actor, open_items(case), take_over=take_over)
    # What the requester's side is asked stays with all of it.
    if item.holder_id != actor.id and item.role is not Role.REQUESTER:
        earlier, item.holder_id = item.holder_id, actor.id
        record(case, EventKind.CLAIMED, name, actor, {"item": item.id, "from": earlier})
    db.session.commit()
    return item


def release(case: Case, name: str, *, actor: User) -> WorkItem:
    """Give a step back to the group."""
    lock(case)
    item = answerable(case, step_named(name), actor, open_items(case))
    # A draft stays with whoever writes it: no colleague may read it yet.
    if item.holder_id == actor.id and item.role is not Role.REQUESTER and case.status is not CaseStatus.DRAFT:
        item.holder_id = None
        record(case, EventKind.RELEASED, name, actor, {"item": item.id})
    db.session.commit()
    return item


def save(
    case: Case, name: str, form: Mapping[str, Any], *, actor: User, base: sharing.Base | None = None
) -> tuple[Draft, sharing.Merged]:
    """Keep a half-written answer; it is checked when it is handed in, not before.

    `base` are the marks of what the form showed at first. By them it is put together with what others have written
    meanwhile; a form without them takes the place of its writer's own words, and of nobody else's.
    """
    lock(case)
    step = step_named(name)
    item = answerable(case, step, actor, open_items(case))
    check_draft(form)
    kept = keepable(step.answer, form)
    owner = sharing.keeper(item, actor)
    draft = db.session.get(Draft, (item.id, owner))
    # What is sealed is written by one person alone, and lies here locked up.
    merged = sharing.Merged(sealing.hide(item.id, kept) if step.sealed else dict(kept), {})
    if draft is None:
        draft = Draft(work_item_id=item.id, user_id=owner)
        db.session.add(draft)
    elif not step.sealed and (base is not None or (draft.saved_by_id or owner) != actor.id):
        merged = sharing.merge(step.answer, base or {}, draft.form, kept)
    draft.form, draft.saved_at, draft.saved_by_id = merged.form, now(), actor.id
    db.session.commit()
    return draft, merged


def signal(case: Case, name: str, outcome: Mapping[str, Any] | None = None, *, actor: User | None = None) -> bool:
    """Tell a case of something that happened elsewhere; say whether it was waiting for it."""
    lock(case)
    heard = False
    with moving(case, {"verb": "signal", "name": name}, None, actor) as process:
        heard = process.signal(name, dict(outcome or {}))
        if heard:
            record(case, EventKind.SIGNALLED, name, actor, {"outcome": dict(outcome or {})})
            follow(case, process, open_items(case), now())
    return heard


def expire(case: Case, timer: str, at: datetime | None = None) -> None:
    """Let a limit run out: the calendar says when, the diagram says what then; silence never grants.

    Raises NotOpen when the clock no longer runs, or has been given more time since it was looked at.
    """
    lock(case)
    moment = at or now()
    late = db.session.get(Clock, timer, populate_existing=True)
    gone = late is None or late.case_id != case.id or late.state is not ClockState.RUNNING
    if late is None or gone or not clock.is_over(late.due_at, moment):
        db.session.rollback()
        raise NotOpen(timer)
    with moving(case, {"verb": "expire", "clock": timer}, None, None) as process:
        rows.change(late, state=ClockState.FIRED)
        items = open_items(case)
        data = {"clock": timer, **concerned(late, items)}
        record(case, EventKind.OVERDUE, late.limit, data=data, at=moment)
        process.expire(timer)
        follow(case, process, items, moment)


@cache
def schema_of(answer: type[Answer]) -> Answer:
    """Return the one schema of an answer, by which every such answer is read."""
    return answer()


def step_named(name: str) -> Step:
    """Return the step with a name, or refuse."""
    if name not in STEPS:
        raise NotOpen(name)
    return STEPS[name]


def lock(case: Case) -> None:
    """Lock a case's row and read it anew; every writer begins here, so that one waits for the other."""
    rows.lock(case)


def answerable(
    case: Case,
    step: Step,
    actor: User,
    items: list[WorkItem],
    *,
    take_over: bool = False,
    member: str | None = None,
) -> WorkItem:
    """Return the one of a case's open items that an actor may answer for a step, or say why there is none.

    `member` names the one for whom the step waits, where it waits for several at once.

    Raises NotYours, NotOpen, NotApart or Held, in this order.
    """
    if step.role not in access.roles_on(actor, case):
        raise NotYours(step.name)
    asked = [item for item in items if item.step == step.name]
    if not asked:
        raise NotOpen(step.name)
    if member is not None:
        # Where no step waits for the one who is named, the step itself says what is wrong with the name.
        asked = [item for item in asked if item.member == member] or asked
    if is_judging_themselves(case, step, actor) or (step.apart_from and has_answered(case, actor, step.apart_from)):
        raise NotApart(step.name)
    if step.role is Role.EXPERT:
        # A seat's step is its holder's alone: nobody takes it over, and what was given back waits for them.
        mine = [item for item in asked if case.sitting_in(item.member) == actor.id]
    else:
        # What the requester is asked may be answered by everybody on the requester's side.
        shared = take_over or step.role is Role.REQUESTER
        mine = [item for item in asked if item.holder_id in (None, actor.id) or shared]
    if not mine:
        raise Held(step.name)
    return mine[0]


def is_judging_themselves(case: Case, step: Step, actor: User) -> bool:
    """Say whether somebody on the requester's side would act for an office; a listing is the clerk's own task.

    Members of the committee are kept apart by what they declare.
    """
    if step.role in (Role.REQUESTER, Role.EXPERT) or case.kind == "listing":
        return False
    return Role.REQUESTER in access.roles_on(actor, case)


def has_answered(case: Case, actor: User, names: tuple[str, ...]) -> bool:
    """Say whether a person has answered one of some steps in a case's present round: the four-eyes rule."""
    asked = {"case": case.id, "steps": names, "person": actor.id}
    return db.session.connection().execute(SAID, asked).first() is not None


@contextmanager
def moving(
    case: Case,
    attempt: Mapping[str, Any],
    raw: Mapping[str, Any] | None,
    actor: User | None,
    outcome: Mapping[str, Any] | None = None,
) -> Iterator[engine.Process]:
    """Move a case: its process, work items and journal change together or not at all.

    A case without a process begins one, with `outcome` as its first words. `attempt` and `raw` are kept
    in an incident, should something of ours fail.
    """
    # What began in this transaction is gone with it, and its key may be another case's by then.
    reference, case_id = case.reference, None if rows.begun(case) else case.id

    def serve(name: str) -> Mapping[str, Any]:
        served = dict(SERVICES[name](case) or {})
        record(case, EventKind.SERVED, name, data={"outcome": served})
        return served

    def tabled(name: str, inputs: dict[str, Any], decision: engine.Decision) -> None:
        rules = [rule.id for rule in decision.rules]
        # An application has a sheet of its own; no other case need look for one.
        for sheet in (case.classification, case.application if case.kind == "application" else None):
            if sheet is not None:
                sheet.keep_table(name, decision.outputs, rules)
        record(case, EventKind.TABLED, name, data={"inputs": inputs, "rules": rules, "outcome": decision.outputs})

    try:
        definition = definitions.parsed(case.definition)
        if case.process:
            process = engine.load(definition, case.process, serve, tabled)
        else:
            process = engine.start(definition, serve, tabled, dict(outcome or {}))
        yield process
        case.process, case.codec = process.dump(), engine.CODEC
        db.session.commit()
    except (Refused, ValidationError) as refusal:
        db.session.rollback()
        factors.count(refusal)
        raise
    except (StaleDataError, IntegrityError) as error:
        # Somebody was faster; were it a fault of ours, the log tells of it, without the values of the rows.
        log.warning("%s was moved by somebody else: %s", reference, type(error).__name__)
        db.session.rollback()
        raise NotOpen(reference) from error
    except Exception as error:
        db.session.rollback()
        incidents.open_for(case_id, attempt, error, raw, actor)
        raise Failed(reference) from error
