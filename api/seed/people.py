"""The people of a demonstration: one for each role, called by it, who all sign in with one password.

The password is made once for an installation. It is printed at each start and kept in a file for its owner alone.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import select

from models import Expert, Membership, Organisation, OrganisationKind, Role, User, db, now
from workflow import offices, passwords

FACTS = json.loads((Path(__file__).parent / "people.json").read_text("utf-8"))
DOMAIN = "demo.kaimen.example"
FILE = "demo-passwords.txt"
# Letters and figures that are not taken for each other when read from a screen.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
PASSWORD = re.compile(r"^Password: (\S+)$", re.MULTILINE)


class Demo(NamedTuple):
    """A person of the demonstration."""

    email: str
    name: str
    organisation: str = ""
    role: Role | None = None


def seed_people(tell: Callable[[str], object]) -> None:
    """Make the people of a demonstration, unless they are there, and tell how they sign in.

    Nothing is done where the setting DEMO is off.

    :param tell: is given the table of people, line by line
    """
    if not current_app.config["DEMO"]:
        tell("There are no demonstration people: the setting DEMO is off.")
        return
    file = Path(current_app.config["DATA_DIR"]) / FILE
    password = known_password(file) or new_password()
    places = {place["word"]: found(place) for place in FACTS["organisations"]}
    people = list(demo_people())
    missing = [person for person in people if not is_here(person)]
    hashed = passwords.kept(password) if missing or not file.exists() else ""
    for person in people:
        settle(person, places, hashed)
    if hashed and not file.exists():
        # The file is gone and with it the password, so everybody gets the new one.
        for user in db.session.scalars(select(User).where(User.email.endswith(f"@{DOMAIN}"))):
            user.password = hashed
    register_experts()
    db.session.commit()
    text = table(people, password)
    keep(file, text)
    for line in text.splitlines():
        tell(line)


def found(place: dict[str, Any]) -> Organisation:
    """Return an organisation of the demonstration; one that the catalogue has brought is taken over."""
    kind = OrganisationKind(place["kind"])
    return offices.organisation(place["name"], kind, place["short"], place["name_en"])


def demo_people() -> Iterator[Demo]:
    """Yield the people of the demonstration: those of each organisation, the experts, the citizens."""
    for place in FACTS["organisations"]:
        for role in map(Role, place["roles"]):
            yield Demo(f"{role}.{place['word']}@{DOMAIN}", place["short"] + role.title, place["word"], role)
    for number, expert in enumerate(FACTS["experts"]["people"], 1):
        yield Demo(f"expert{number}@{DOMAIN}", expert["name"], FACTS["experts"]["organisation"], Role.EXPERT)
    for number, name in enumerate(FACTS["citizens"], 1):
        yield Demo(f"citizen{number}@{DOMAIN}", name)


def is_here(person: Demo) -> bool:
    """Say whether a person of the demonstration has been made."""
    return db.session.scalar(select(User.id).where(User.email == person.email)) is not None


def settle(person: Demo, places: dict[str, Organisation], hashed: str) -> None:
    """Make a person and their role, unless they are there; what was changed since is left alone."""
    if is_here(person):
        return
    user = User(email=person.email, name=person.name, password=hashed, confirmed_at=now())
    if person.role is not None:
        user.memberships.append(Membership(organisation=places[person.organisation], role=person.role))
    db.session.add(user)


def register_experts() -> None:
    """Enter the experts into the register of the committee, unless they are there."""
    db.session.flush()
    for number, expert in enumerate(FACTS["experts"]["people"], 1):
        user = db.session.scalars(select(User).where(User.email == f"expert{number}@{DOMAIN}")).one()
        if db.session.get(Expert, user.id) is None:
            member = Expert(
                user_id=user.id, employer=expert["employer"], fields=expert["fields"], away=[], conflicts=[]
            )
            db.session.add(member)


def known_password(file: Path) -> str:
    """Return the password of this installation, empty before the first start."""
    kept = PASSWORD.search(file.read_text("utf-8")) if file.exists() else None
    return kept[1] if kept else ""


def new_password() -> str:
    """Return a password that can be read from a screen and typed."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


def table(people: list[Demo], password: str) -> str:
    """Return how the people of the demonstration sign in."""
    wide = max(len(person.email) for person in people) + 2
    rows = "".join(f"  {person.email:<{wide}}{person.name}\n" for person in people)
    return f"Demonstration people; all of them sign in with the same password.\n{rows}Password: {password}\n"


def keep(file: Path, text: str) -> None:
    """Write a file that its owner alone can read."""
    file.touch(0o600)
    file.chmod(0o600)
    file.write_text(text, "utf-8")
