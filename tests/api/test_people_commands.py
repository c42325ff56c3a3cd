"""The commands about people: the demonstration's, the first steward, and roles."""

from pathlib import Path

import pytest
from sqlalchemy import select

from api import create_app
from api.auth import links
from api.seed.people import FILE, seed_people
from models import Role, User, db
from workflow import people


@pytest.fixture
def empty(tmp_path):
    """Return a service with nobody in it."""
    app = create_app({"DATA_DIR": str(tmp_path), "DEMO": True})
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.engine.dispose()


def seeded(app):
    """Make the people of the demonstration and return what is told about them."""
    lines = []
    with app.app_context():
        seed_people(lines.append)
    return lines


def enters(app, email, password):
    """Say whether somebody can sign in."""
    with app.app_context():
        try:
            return people.sign_in(email, password).email == email
        except people.WrongPassword:
            return False


def test_demonstration_people_are_made_once_and_hold_every_role(empty):
    told = seeded(empty)
    assert seeded(empty) == told
    with empty.app_context():
        everybody = db.session.scalars(select(User)).all()
        assert {role for user in everybody for role in user.roles} == set(Role)
        assert len(everybody) == len(told) - 2 == len({user.email for user in everybody})
    assert enters(empty, everybody[0].email, told[-1].removeprefix("Password: "))


def test_the_passwords_of_a_demonstration_are_read_by_their_owner_alone(empty):
    told = seeded(empty)
    kept = Path(empty.config["DATA_DIR"]) / FILE
    assert kept.read_text("utf-8").splitlines() == told
    assert kept.stat().st_mode & 0o077 == 0
    kept.unlink()
    anew = seeded(empty)
    assert anew[-1] != told[-1]
    email = told[1].split()[0]
    assert not enters(empty, email, told[-1].removeprefix("Password: "))
    assert enters(empty, email, anew[-1].removeprefix("Password: "))


def test_there_are_no_demonstration_people_in_a_real_installation(empty):
    empty.config["DEMO"] = False
    seeded(empty)
    with empty.app_context():
        assert db.session.scalar(select(User)) is None


def test_a_steward_is_made_by_command_and_sets_the_password_by_a_link(empty):
    runner = empty.test_cli_runner()
    assert runner.invoke(args=["create-steward", "not an address"]).exit_code == 1
    made = runner.invoke(args=["create-steward", "steward@office.example"])
    assert made.exit_code == 0
    token = made.output.split()[-1].removeprefix(empty.config["PUBLIC_URL"] + "/reset/")
    with empty.app_context():
        people.reset(token, "a door stands open", links())
        assert people.sign_in("steward@office.example", "a door stands open").roles == {Role.STEWARD}


def test_a_role_is_given_by_command_to_people_and_in_organisations_that_there_are(app):
    runner = app.test_cli_runner()
    runner.invoke(args=["create-steward", "steward@office.example"])
    email, hub = "steward@office.example", "上海市大数据中心"
    for wrong in (["x@office.example", hub, "desk"], [email, "nowhere", "desk"], [email, hub, "clerk"]):
        assert runner.invoke(args=["add-member", *wrong]).exit_code != 0
    assert runner.invoke(args=["add-member", email, hub, "desk"]).exit_code == 0
    with app.app_context():
        assert people.find(email).roles == {Role.STEWARD, Role.DESK}
