"""The command that brings an installation up to date: tables, register, diagrams; and a demonstration if wanted."""

import click
from flask import Blueprint, current_app
from flask_migrate import upgrade

from api.seed import calendar, cases, clauses, conditions, data
from api.seed.catalogue import load_seed
from api.seed.people import seed_people
from api.worker import background_of
from models import Dataset, db
from workflow import definitions
from workflow.documents import certificates

bp = Blueprint("set_up_command", __name__, cli_group=None)


@bp.cli.command("set-up")
def set_up() -> None:
    """Migrate the database, load the register, deploy the diagrams; with DEMO also a list, people and cases.

    Safe to run again: what is there stays as it is.
    """
    upgrade()
    calendar.load()
    clauses.load()
    for row in definitions.deploy():
        click.echo(f"Deployed {row.key}, version {row.version}.")
    if not current_app.config["DEMO"]:
        return
    seed_people(click.echo)
    folder = background_of(current_app).site.signing
    if certificates.make_demonstration(folder):
        click.echo(f"Made keys and certificates that say they are a demonstration: {folder}")
    if db.session.scalar(db.select(Dataset.id).limit(1)) is None:
        load_seed()
        click.echo(
            f"Loaded {db.session.scalar(db.select(db.func.count()).select_from(Dataset))} entries of an open list."
        )
    if loaded := data.load():
        click.echo(f"Loaded the data behind {loaded} of them.")
    if published := conditions.load():
        click.echo(f"Published the conditions of {published} of them.")
    cases.load()
