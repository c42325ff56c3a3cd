"""The web edge: pages for people, JSON for programs, both through the same door."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from api import accounts, auth, forms, language, security, settings
from api.commands import people
from models import db, sqlite


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the service with its settings; `config` overrides defaults and environment."""
    app = Flask("kaimen", root_path=__path__[0], template_folder="../templates", static_folder="static")
    app.config.update(settings.load(config))
    db.init_app(app)
    with app.app_context():
        sqlite.prepare(db.engine)
    for part in (language, forms, auth, security):
        part.register(app)
    app.register_blueprint(language.blueprint())
    app.register_blueprint(accounts.bp)
    for command in (people.seed, people.create_steward, people.add_member):
        app.cli.add_command(command)
    return app
