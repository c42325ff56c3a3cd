"""Rows of a case that the next commit writes: gathered while the case moves, then written by a few statements.

What is gathered here goes past the session's own way of writing, which weighs every object against every other; the
rows of the stages do not, and are written by the session as it commits. Either way all are in one transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, inspect, select, update
from sqlalchemy.event import listens_for
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import MANYTOONE, Session, SessionTransaction, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_state, set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from models import Answer, Case, Clock, Draft, Event, Job, Pause, WorkItem, db

Row = Answer | Clock | Event | Job | Pause | WorkItem

UNWRITTEN = "rows that the next commit writes"
BEGUN = "cases that begin with this transaction"
# The statements are the tables': what they write is not to become an object of the session once more.
TABLES = db.metadata.tables
# The tables with the columns that are written of a new row, each table after those it refers to.
COLUMNS: dict[type[Row], tuple[str, ...]] = {
    Clock: tuple(TABLES["clock"].c.keys()),
    Pause: ("clock_id", "reason", "began_at", "ended_at"),
    WorkItem: tuple(TABLES["work_item"].c.keys()),
    Event: ("case_id", "number", "at", "kind", "step", "actor_id", "data", "previous", "hash"),
    Job: ("kind", "data", "key", "case_id"),
    Answer: ("key", "case_id", "digest"),
}
INSERTS = {model: insert(TABLES[model.__tablename__]) for model in COLUMNS}
CASE, CLOCK, ITEM = (TABLES[model.__tablename__] for model in (Case, Clock, WorkItem))
CHANGES = {
    Clock: update(CLOCK).where(CLOCK.c.id == bindparam("row")),
    WorkItem: update(ITEM).where(ITEM.c.id == bindparam("row")),
}
BEGIN = insert(CASE).returning(CASE.c.id)
LOCK = select(CASE).where(CASE.c.id == bindparam("row")).with_for_update()
MOVE = update(CASE).where(CASE.c.id == bindparam("row"), CASE.c.version == bindparam("was"))
FORGET = delete(Draft).where(Draft.work_item_id.in_(bindparam("items", expanding=True)))
OWN = frozenset(CASE.c.keys())
# Single rows that hang on a case stay at hand when its own row has been written.
BESIDE = frozenset(name for name, link in inspect(Case).relationships.items() if not link.uselist)
OWNERS = frozenset(name for name in BESIDE if inspect(Case).relationships[name].direction is MANYTOONE)


@dataclass
class Unwritten:
    """What a transaction has gathered."""

    new: list[Row] = field(default_factory=list)
    changed: dict[Clock | WorkItem, dict[str, Any]] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    # The cases that began in this transaction, of which the database holds nothing else yet.
    begun: set[int] = field(default_factory=set)


def unwritten() -> Unwritten:
    """Return what the transaction has gathered so far."""
    gathered: Unwritten = db.session().info.setdefault(UNWRITTEN, Unwritten())
    return gathered


def lock(case: Case) -> None:
    """Lock the row of a case and take over what it says; whatever hangs on the case is looked at anew."""
    if not instance_state(case).persistent:
        raise InvalidRequestError(f"{case.reference} does not belong to this session")
    session, definition = db.session(), vars(case).get("definition")
    stands = session.connection().execute(LOCK, {"row": case.id}).one()._asdict()
    take_over(session, case, stands)
    if definition is not None and definition.id == case.definition_id:
        # A definition does not change.
        set_committed_value(case, "definition", definition)


def take_over(session: Session, case: Case, known: Mapping[str, Any]) -> None:
    """Tell the session what stands in the database of a case; everything else is looked up when it is asked for."""
    session.expire(case)
    for name, value in known.items():
        set_committed_value(case, name, value)


def begin(case: Case) -> None:
    """Write the row of a new case at once, so that everything else can name its key."""
    session = db.session()
    values = {name: getattr(case, name) for name in OWN - {"id"} if getattr(case, name) is not None}
    case.id = session.connection().execute(BEGIN, values).scalar_one()
    make_transient_to_detached(case)
    for name in BESIDE - OWNERS:
        # Nothing hangs on a new case, so that nobody need look for it.
        set_committed_value(case, name, None)
    session.add(case)
    unwritten().begun.add(case.id)
    session.info.setdefault(BEGUN, []).append(case)


def begun(case: Case) -> bool:
    """Say whether a case has begun in this very transaction, so that no row of it stands in the database."""
    return case.id in unwritten().begun


def add(*rows: Row) -> None:
    """Write new rows with the next commit; until then they may still be changed."""
    unwritten().new.extend(rows)


def change(row: Clock | WorkItem, **values: Any) -> None:
    """Change a row at once, and in the database with the next commit."""
    for name, value in values.items():
        set_committed_value(row, name, value)
    if values and instance_state(row).persistent:
        unwritten().changed.setdefault(row, {}).update(values)


def forget_drafts(items: Iterable[WorkItem]) -> None:
    """Remove the drafts of work items with the next commit; a new item has none."""
    unwritten().forgotten.extend(item.id for item in items if instance_state(item).persistent)


@listens_for(db.session, "before_commit")
def write(session: Session) -> None:
    """Write what has been gathered just before it is committed: the cases, then each kind of row in one statement."""
    for case in [row for row in session.dirty if isinstance(row, Case)]:
        move(session, case)
    gathered = session.info.pop(UNWRITTEN, None)
    if gathered is None:
        return
    connection = session.connection()
    if gathered.forgotten:
        connection.execute(FORGET, {"items": gathered.forgotten})
    write_changes(connection, gathered.changed)
    write_new(connection, gathered.new)


def move(session: Session, case: Case) -> None:
    """Write what has changed of a case's own row, unless another transaction has written it meanwhile."""
    said = inspect(case)
    attributes = said.attrs
    for name in OWNERS:
        if attributes[name].history.has_changes():
            name_owner(case, name)
    # A column that was set to what it said before has not changed.
    changed = [name for name in OWN - said.unmodified if attributes[name].history.has_changes()]
    if not changed:
        return
    values = {name: getattr(case, name) for name in changed}
    values |= {"row": case.id, "was": case.version, "version": case.version + 1}
    if session.connection().execute(MOVE, values).rowcount != 1:
        raise StaleDataError(f"{case.reference} is no longer at version {case.version}")
    # The session is told that the row stands in the database as the object says.
    known = {name: value for name, value in vars(case).items() if name in OWN or name in BESIDE}
    known["version"] = values["version"]
    take_over(session, case, known)


def name_owner(case: Case, name: str) -> None:
    """Write the key of a row that a case has been given as an object, as the session would do while it flushes."""
    owner = getattr(case, name)
    for local, remote in inspect(Case).relationships[name].local_remote_pairs:
        key = None if owner is None else getattr(owner, remote.name)
        if owner is not None and key is None:
            raise InvalidRequestError(f"{case.reference} was given a new {name}, which has no key before it is flushed")
        setattr(case, local.name, key)


def write_changes(connection: Connection, changed: dict[Clock | WorkItem, dict[str, Any]]) -> None:
    """Write the changes of rows; rows of a table in which the same columns change are written together."""
    alike: dict[tuple[type[Clock | WorkItem], tuple[str, ...]], list[dict[str, Any]]] = {}
    for row, values in changed.items():
        alike.setdefault((type(row), tuple(values)), []).append({"row": row.id, **values})
    for (model, _), rows in alike.items():
        if connection.execute(CHANGES[model], rows).rowcount != len(rows):
            raise StaleDataError(f"a {model.__tablename__} is there no longer")


def write_new(connection: Connection, new: list[Row]) -> None:
    """Write new rows, with the times in which new clocks have stood still already."""
    new = new + [pause for row in new if isinstance(row, Clock) for pause in row.pauses]
    for model, columns in COLUMNS.items():
        said = [vars(row) for row in new if isinstance(row, model)]
        values = [{name: words.get(name) for name in columns} for words in said]
        if values:
            connection.execute(INSERTS[model], values)


@listens_for(db.session, "after_soft_rollback")
def forget(session: Session, transaction: SessionTransaction) -> None:
    """Forget what a transaction has gathered that is rolled back, and the cases that began in it."""
    if not transaction.nested:
        session.info.pop(UNWRITTEN, None)
        for case in session.info.pop(BEGUN, ()):
            # Its key may be given to the next case that begins.
            if case in session:
                session.expunge(case)


@listens_for(db.session, "after_commit")
def keep(session: Session) -> None:
    """Remember no longer which cases began: they stand in the database."""
    session.info.pop(BEGUN, None)
