"""The command that verifies a signed file."""

from pathlib import Path

import click
from flask import Blueprint

from api.documents import trusted
from workflow import verifying

bp = Blueprint("verify_command", __name__, cli_group=None)


@bp.cli.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path) -> None:
    """Say whose signatures a PDF bears, whether it is as it was signed, and whether this service vouches for them.

    Ends with 0 only where the file is whole and every signature in it is one of this service.
    """
    found = verifying.verdict(file.read_bytes(), *trusted())
    if not found.readable:
        raise click.ClickException("This is no PDF, or it has been damaged or changed.")
    for each in found.signatures:
        vouched = "vouched for by this service" if each.trusted else "not known to this service"
        click.echo(f"{each.side}: {each.name}, {each.organisation}, signed {each.stamped_at or each.at}")
        click.echo(f"  {'unbroken' if each.intact else 'BROKEN'}; certificate {vouched}, issued by {each.issuer}")
    if not found.signatures:
        raise click.ClickException("The file bears no signature.")
    if found.added:
        raise click.ClickException("Something was added to the file after it was last signed.")
    if not found.whole:
        raise click.ClickException("The file has been changed since it was signed.")
    if not found.ours:
        raise click.ClickException("The file is whole, but not every signature is one of this service.")
    click.echo("The file is whole: nothing has changed since it was last signed.")
