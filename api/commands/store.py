"""The command that clears the store of what nobody needs."""

import click
from flask import Blueprint

from workflow import leftovers

bp = Blueprint("store_commands", __name__, cli_group=None)


@bp.cli.command("clean-store")
@click.option("--dry-run", "dry", is_flag=True, help="Say what would be removed, and remove nothing.")
def clean_store(dry: bool) -> None:
    """Remove the files in the store that are older than a day and named by no row."""
    number, size = leftovers.clean(dry)
    click.echo(f"{number} files, {size:,} bytes {'would be removed' if dry else 'removed'}.")
