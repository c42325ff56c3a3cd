"""Commands about the open list: bring in a catalogue, and index the list anew."""

import csv
import sys
from pathlib import Path

import click
from flask import Blueprint
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.seed.catalogue import load_seed
from api.spreadsheets import harmless
from models import OpenType, db
from workflow import calendar, findable
from workflow.catalogue import load, source
from workflow.catalogue.row import CatalogueError, Defaults, Refusal, Row

bp = Blueprint("catalogue_commands", __name__, cli_group=None)
MOST_SHOWN = 50
OPEN_TYPES = click.Choice([kind.value for kind in OpenType if kind is not OpenType.OUT_OF_SCOPE])


@bp.cli.command("import-catalogue")
@click.argument("place", metavar="FILE|URL")
@click.option("--source", "name", default="", help="The portal's name; else the rows', the file's or the host's.")
@click.option("--provider", default="", help="The body that answers for rows that name none.")
@click.option("--open-type", type=OPEN_TYPES, help="The open type of rows that state none; else they are refused.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write the refused rows to a CSV file.")
def import_catalogue(
    place: str, name: str, provider: str, open_type: str | None, dry_run: bool, report: Path | None
) -> None:
    """Bring another portal's catalogue into the open list.

    Reads CSV, the answer of CKAN's package_search, DCAT data.json, JSON-LD and RDF/XML, and tells them apart by
    itself. Doing it again adds nothing twice. All rows come in together, or none does.
    """
    defaults = Defaults(name, provider, OpenType(open_type) if open_type else None)
    try:
        catalogue = read(place, defaults)
    except CatalogueError as error:
        raise click.ClickException(str(error)) from None
    result = loaded(catalogue.rows)
    if dry_run:
        db.session.rollback()
    else:
        db.session.commit()
    if report:
        write_report(report, result.refused)
    tell(catalogue, result, dry_run=dry_run)


@bp.cli.command("index-catalogue")
def index_catalogue() -> None:
    """Index all data sets anew."""
    count = findable.index_datasets(db.session)
    db.session.commit()
    click.echo(f"{count:,} data sets can be found.")


@bp.cli.command("seed-catalogue")
def seed_catalogue() -> None:
    """Load the entries of the open list that come with the service."""
    result = load_seed()
    db.session.commit()
    click.echo(f"{result.added} entries added, {result.changed} changed, {result.unchanged} unchanged.")


def read(place: str, defaults: Defaults) -> source.Catalogue:
    """Return the catalogue at a place, which is a file or a web address."""
    if "://" in place:
        return source.from_address(place, defaults)
    return source.from_file(Path(place), defaults)


def loaded(rows: list[Row | Refusal]) -> load.Report:
    """Load rows, with a bar on the error output where a person watches it."""
    columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("rows", total=len(rows))
        return load.load(rows, calendar.today(), lambda count: progress.advance(bar, count))


def write_report(file: Path, refused: list[Refusal]) -> None:
    """Write the refused rows as a table that spreadsheets open."""
    with file.open("w", newline="", encoding="utf-8-sig") as lines:
        table = csv.writer(lines)
        table.writerow(["row", "name", "reason"])
        table.writerows((refusal.number, harmless(refusal.name), harmless(refusal.reason)) for refusal in refused)


def tell(catalogue: source.Catalogue, result: load.Report, *, dry_run: bool) -> None:
    """Say what became of the rows."""
    for refusal in result.refused[:MOST_SHOWN]:
        click.echo(f"row {refusal.number}: {refusal.name or '(no name)'}: {refusal.reason}", err=True)
    if len(result.refused) > MOST_SHOWN:
        click.echo(f"… and {len(result.refused) - MOST_SHOWN} more; --report FILE writes them all.", err=True)
    if catalogue.missing:
        click.echo(f"The portal holds {catalogue.missing} more; import from its address to get them.", err=True)
    click.echo(
        f"{catalogue.format}, {result.rows:,} rows: {result.added:,} added, {result.changed:,} changed, "
        f"{result.unchanged:,} unchanged, {len(result.refused):,} refused; {result.bodies:,} bodies added."
    )
    if dry_run:
        click.echo("Nothing was changed: this was a dry run.")
