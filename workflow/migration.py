"""Move running cases to the newest version of their kind's diagrams, or say what stands in the way of each."""

from dataclasses import dataclass

from models import Case, CaseStatus, EventKind, User, db, now
from models import Definition as Row
from workflow import definitions, engine
from workflow.casework import lock
from workflow.errors import NotOpen
from workflow.journal import record
from workflow.worklist import follow, open_items


@dataclass(frozen=True)
class Move:
    """What became of one case, or would: `obstacle` is empty where nothing stands in the way."""

    reference: str
    version: int
    obstacle: str = ""


def behind(kind: str) -> list[int]:
    """Return the keys of a kind's running cases that are on an older version than the newest."""
    newest = definitions.current(kind)
    running = (Case.kind == kind, Case.status != CaseStatus.ENDED, Case.definition_id != newest.id)
    return list(db.session.scalars(db.select(Case.id).where(*running).order_by(Case.id)))


def move(key: int, *, actor: User | None = None, dry: bool = False) -> Move:
    """Move one case to the newest version of its kind, in a transaction of its own.

    Nothing is executed: whatever the case waits for, it waits for afterwards. With `dry` nothing is kept.
    """
    case = db.session.get_one(Case, key)
    lock(case)
    reference, version, newest = case.reference, case.definition.version, definitions.current(case.kind)
    obstacle = obstacle_of(case, newest)
    if obstacle or dry:
        db.session.rollback()
        return Move(reference, version, obstacle)
    old = case.definition
    case.process = engine.migrate(case.process, definitions.parsed(old), definitions.parsed(newest))
    case.codec, case.definition = engine.CODEC, newest
    at = now()
    record(case, EventKind.MIGRATED, case.kind, actor, {"from": old.id, "to": newest.id}, at)
    follow(case, engine.load(definitions.parsed(newest), case.process, unasked), open_items(case), at)
    db.session.commit()
    return Move(reference, version)


def obstacle_of(case: Case, newest: Row) -> str:
    """Say what stands in the way of moving a case; nothing where it may be moved."""
    if case.status is CaseStatus.INCIDENT:
        return "it stands still for an incident"
    if case.status is CaseStatus.ENDED or case.definition_id == newest.id:
        return "it has ended or been moved meanwhile"
    try:
        engine.migrate(case.process, definitions.parsed(case.definition), definitions.parsed(newest))
    except engine.EngineError as error:
        return str(error)
    return ""


def unasked(name: str) -> None:
    """Refuse to serve: moving a case to another drawing executes nothing."""
    raise NotOpen(name)
