"""Commands about people: the demonstration's, the first steward, and roles."""

from datetime import datetime

import click
from flask import Blueprint
from marshmallow import ValidationError
from sqlalchemy import select

from api.auth import links
from api.seed.people import seed_people
from models import Organisation, OrganisationKind, Role, db
from workflow import calendar, offices, people
from workflow.links import HOURS, RESET

bp = Blueprint("people_commands", __name__, cli_group=None)
DAY = click.DateTime(["%Y-%m-%d"])


@bp.cli.command("seed-people")
def seed() -> None:
    """Make the people of a demonstration and print how they sign in."""
    seed_people(click.echo)


@bp.cli.command("create-steward")
@click.argument("email")
@click.option("--name", help="How the person is called; the part of the address before the @ if not given.")
@click.option("--organisation", default="上海市大数据中心", show_default=True, help="The hub they work for.")
def create_steward(email: str, name: str | None, organisation: str) -> None:
    """Open an account for a steward and print the link with which they set their password."""
    try:
        email = people.address(email)
        user = people.invite(email, name or email.partition("@")[0])
        hub = offices.organisation(organisation, OrganisationKind.HUB)
        offices.appoint(user, hub, Role.STEWARD, since=calendar.today(), until=None, by=None)
    except ValidationError as error:
        raise click.ClickException(_reasons(error)) from None
    click.echo(f"{email} is a steward of {hub.name}. Within {HOURS[RESET]} hours, set a password here:")
    click.echo(links().make(RESET, user))


@bp.cli.command("add-member")
@click.argument("email")
@click.argument("organisation")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option("--since", type=DAY, help="The first day; today if not given.")
@click.option("--until", type=DAY, help="The last day; open if not given.")
def add_member(email: str, organisation: str, role: str, since: datetime | None, until: datetime | None) -> None:
    """Give a person a role in an organisation."""
    user = people.find(email)
    place = db.session.scalar(select(Organisation).where(Organisation.name == organisation))
    if user is None:
        raise click.ClickException(f"Nobody has the address {email}; they sign up first.")
    if place is None:
        raise click.ClickException(f"There is no organisation called {organisation}.")
    first = since.date() if since else calendar.today()
    try:
        offices.appoint(user, place, Role(role), first, until.date() if until else None, by=None)
    except ValidationError as error:
        raise click.ClickException(_reasons(error)) from None
    click.echo(f"{user.email} is {role} of {place.name} from {first}.")


def _reasons(error: ValidationError) -> str:
    return "; ".join(str(message) for messages in error.normalized_messages().values() for message in messages)
