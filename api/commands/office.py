"""The commands with which an office sets the service up and looks after it."""

from typing import Any

import click
from flask import Blueprint

from api.seed import calendar as seed_calendar
from models import PREFIXES, Case, db
from workflow import definitions, migration, replay
from workflow.check import problems
from workflow.stages import STEPS

bp = Blueprint("office_commands", __name__, cli_group=None)
# So many cases are held in memory at once.
BATCH = 200


@bp.cli.command("deploy")
def deploy() -> None:
    """Add a version of each process whose diagrams or tables have changed."""
    for row in definitions.deploy():
        click.echo(f"{row.key} version {row.version}")


@bp.cli.command("check")
def check() -> None:
    """Check that what is drawn and what is declared are the same."""
    found = problems()
    for problem in found:
        click.echo(problem, err=True)
    if found:
        raise SystemExit(1)
    click.echo(f"{len(STEPS)} steps: drawn and declared alike.")


@bp.cli.command("migrate-cases")
@click.argument("kind", type=click.Choice(sorted(PREFIXES)))
@click.option("--dry-run", "dry", is_flag=True, help="Say what would happen, and change nothing.")
def migrate_cases(kind: str, dry: bool) -> None:
    """Move a kind's running cases to the newest version of its diagrams.

    Each case is moved by itself; one that waits for something the new drawing does not have stays where it is.
    """
    moves = [migration.move(key, dry=dry) for key in migration.behind(kind)]
    for each in moves:
        click.echo(f"{each.reference} (version {each.version}): {each.obstacle or ('would move' if dry else 'moved')}")
    stuck = sum(1 for each in moves if each.obstacle)
    click.echo(f"{len(moves) - stuck} of {len(moves)} cases {'would move' if dry else 'moved'}; {stuck} stay.")
    if stuck:
        raise SystemExit(1)


@bp.cli.command("verify-cases")
def verify_cases() -> None:
    """Check that each case's journal is whole and leads to where the case stands."""
    keys = list(db.session.scalars(db.select(Case.id).order_by(Case.id)))
    found = 0
    for first in range(0, len(keys), BATCH):
        hold_still()
        batch = db.select(Case).where(Case.id.in_(keys[first : first + BATCH])).order_by(Case.id)
        for fault in (fault for case in db.session.scalars(batch) for fault in replay.faults(case)):
            click.echo(fault, err=True)
            found += 1
    if found:
        raise SystemExit(1)
    click.echo(f"{len(keys)} cases: each journal is whole and leads to where its case stands.")


def hold_still() -> None:
    """Begin to read all rows as they are at this moment, whatever is written meanwhile."""
    db.session.rollback()
    db.session.expunge_all()
    options: dict[str, Any] = {"write": False}
    if db.engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    db.session.connection(execution_options=options)


@bp.cli.command("steps")
def steps() -> None:
    """Print the table of steps that stands in the README."""
    click.echo(step_table())


@bp.cli.command("seed-register")
def seed_register() -> None:
    """Load the register of time limits and the calendar of working days."""
    seed_calendar.load()


def step_table() -> str:
    """Return the table of steps in Markdown."""
    rows = ["| Stage | Step | Title | Role | Limit | Apart from |", "|---|---|---|---|---|---|"]
    for step in STEPS.values():
        apart = ", ".join(f"`{name}`" for name in step.apart_from)
        limit = f"`{step.limit}`" if step.limit else ""
        rows.append(f"| {step.stage} | `{step.name}` | {step.title} | {step.role.value} | {limit} | {apart} |")
    return "\n".join(rows)
