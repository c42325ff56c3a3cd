"""The journal's chain: whatever is changed behind the service's back is found."""

from collections.abc import Callable

import pytest

from models import Event, db
from tests.answers import LISTED, OPENED
from workflow import journal

pytestmark = pytest.mark.usefixtures("context")


def rewrite(*statements: str) -> None:
    """Change the journal as somebody could who owns the database: past the triggers that keep it."""
    db.session.rollback()
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET session_replication_role = replica")
        else:
            for verb in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS event_no_{verb}")
        for statement in statements:
            connection.exec_driver_sql(statement)
    db.session.expire_all()


def line(case, number: int) -> Event:
    """Return a line of a case's journal."""
    return db.session.scalar(db.select(Event).where(Event.case_id == case.id, Event.number == number))


def change(column: str, value: str) -> Callable:
    """Return the forgery that gives one column of the third line another value."""
    return lambda case: [f"UPDATE event SET {column} = {value} WHERE case_id = {case.id} AND number = 3"]


def remove(which: str) -> Callable:
    """Return the forgery that takes a line away."""
    return lambda case: [f"DELETE FROM event WHERE case_id = {case.id} AND number = ({which.format(case=case.id)})"]


def exchange(case) -> list[str]:
    """Exchange the third and the fourth line."""
    put = "UPDATE event SET number = {} WHERE case_id = " + str(case.id) + " AND number = {}"
    return [put.format(-3, 3), put.format(3, 4), put.format(4, -3)]


def move(case) -> list[str]:
    """Exchange what the third and the fourth line say, and leave their places in the chain."""
    third, fourth = line(case, 3), line(case, 4)
    put = "UPDATE event SET kind = '{}', step = '{}' WHERE id = {}"
    return [put.format(fourth.kind, fourth.step, third.id), put.format(third.kind, third.step, fourth.id)]


def close_the_gap(case) -> list[str]:
    """Take the third line away and number the following anew."""
    last = case.journal_length
    shift = f"UPDATE event SET number = number - 1 WHERE case_id = {case.id} AND number = "
    return [f"DELETE FROM event WHERE case_id = {case.id} AND number = 3", *(f"{shift}{n}" for n in range(4, last + 1))]


def seal_again(case) -> list[str]:
    """Change the third line and give it the hash that fits it."""
    forged = line(case, 3)
    forged.step = "forged"
    sealed = journal.digest(forged)
    db.session.rollback()
    return [f"UPDATE event SET step = 'forged', hash = '{sealed}' WHERE case_id = {case.id} AND number = 3"]


def rewrite_the_rest(case) -> list[str]:
    """Change the third line, and chain it and all that follow anew; the case's own row is forgotten."""
    statements, previous = [], line(case, 2).hash
    for number in range(3, case.journal_length + 1):
        forged = line(case, number)
        forged.previous = previous
        forged.step = "forged" if number == 3 else forged.step
        previous = journal.digest(forged)
        said = f"step = '{forged.step}', previous = '{forged.previous}', hash = '{previous}'"
        statements.append(f"UPDATE event SET {said} WHERE id = {forged.id}")
    db.session.rollback()
    return statements


def add(case) -> list[str]:
    """Put a line at the end that follows from the one before it."""
    last = line(case, case.journal_length)
    columns = "case_id, at, kind, step, actor_id, data"
    added = f"SELECT {columns}, number + 1, hash, 'forged' FROM event WHERE id = {last.id}"
    return [f"INSERT INTO event ({columns}, number, previous, hash) {added}"]


FORGERIES = {
    "another step": change("step", "'forged'"),
    "another kind": change("kind", "'served'"),
    "other words": change("data", """'{"item": "forged"}'"""),
    "another actor": change("actor_id", "2"),
    "no actor": lambda case: [f"UPDATE event SET actor_id = NULL WHERE case_id = {case.id} AND number = 1"],
    "another moment": change("at", "'2020-01-01 00:00:00.000000'"),
    "another predecessor": change("previous", "'forged'"),
    "another hash": change("hash", "'forged'"),
    "the first line removed": remove("1"),
    "a line removed": remove("3"),
    "the last line removed": remove("SELECT max(number) FROM event WHERE case_id = {case}"),
    "all lines removed": lambda case: [f"DELETE FROM event WHERE case_id = {case.id}"],
    "a line removed and the gap closed": close_the_gap,
    "two lines exchanged": exchange,
    "the words of two lines exchanged": move,
    "a line changed and sealed again": seal_again,
    "a line changed and all that follow chained anew": rewrite_the_rest,
    "a line added": add,
    "the case's length changed": lambda case: [f'UPDATE "case" SET journal_length = 2 WHERE id = {case.id}'],
    "the case's last hash changed": lambda case: [
        f"""UPDATE "case" SET journal_hash = 'forged' WHERE id = {case.id}"""
    ],
}


@pytest.mark.parametrize("way", [OPENED[1:], OPENED[1:2]])
def test_the_journal_of_an_untouched_case_is_whole(walker, way):
    case = walker.take(walker.demand(), way)
    rewrite()
    assert journal.verify(case) == []


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_journal_is_found(walker, forgery):
    case = walker.take(walker.listing(), LISTED[:2])
    other = walker.demand()
    assert journal.verify(case) == []
    rewrite(*FORGERIES[forgery](case))
    faults = journal.verify(case)
    assert faults
    assert all(fault.startswith(case.reference) for fault in faults)
    assert journal.verify(other) == []


def test_the_first_line_that_does_not_follow_is_named(walker):
    case = walker.take(walker.listing(), LISTED[:2])
    rewrite(*FORGERIES["another step"](case))
    assert journal.verify(case)[0] == f"{case.reference} line 3 does not follow from the lines before it"


def test_a_line_of_another_case_does_not_fit(walker):
    case, other = walker.demand(), walker.demand()
    stolen = line(other, 3)
    said = f"kind = '{stolen.kind}', step = '{stolen.step}', hash = '{stolen.hash}', previous = '{stolen.previous}'"
    rewrite(f"UPDATE event SET {said} WHERE case_id = {case.id} AND number = 3")
    assert journal.verify(case)
