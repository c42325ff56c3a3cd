"""The command that runs the worker."""

import logging

import click
from flask import Blueprint, current_app

from api.worker import background_of

bp = Blueprint("worker_commands", __name__, cli_group=None)


@bp.cli.command("worker")
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 8), help="How many jobs run at once.")
def run(threads: int) -> None:
    """Do the background work until told to end: letters, mail, limits."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Huey tells of each task it runs; what the jobs did is told by the jobs.
    logging.getLogger("huey").setLevel(logging.WARNING)
    background_of(current_app).consume(threads)
