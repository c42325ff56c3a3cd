"""The command by which a body's data come in, however large."""

import sys
from pathlib import Path

import click
from flask import Blueprint
from marshmallow import ValidationError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from api.files import mistakes
from models import Resource
from workflow import resources
from workflow.catalogue import entry
from workflow.errors import NotFound

bp = Blueprint("data_commands", __name__, cli_group=None)


@bp.cli.command("load-data")
@click.argument("code")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def load_data(code: str, file: Path) -> None:
    """Take in a CSV or Parquet file as the newest version of a data set's data.

    CSV is read as UTF-8 or GB18030, its first line names the columns. A file of any size is read in pieces; one that
    is broken, or lacks items of the entry, changes nothing. The same file again is the same version.
    """
    try:
        loaded = with_bar(code, file)
    except NotFound:
        raise click.ClickException(f"There is no data set {code}.") from None
    except ValidationError as error:
        raise click.ClickException(" ".join(mistakes(error))) from None
    click.echo(f"{code}: version {loaded.version}, {loaded.rows:,} rows, {len(loaded.columns)} columns.")


def with_bar(code: str, file: Path) -> Resource:
    """Load a file, with a bar on the error output where a person watches it."""
    dataset = entry.by_code(code)
    columns = (TextColumn("Loading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        # The file is read twice: for its hash and encoding, and for its rows.
        bar = progress.add_task("bytes", total=2 * file.stat().st_size)
        return resources.from_path(dataset, file, None, lambda read: progress.advance(bar, read))
