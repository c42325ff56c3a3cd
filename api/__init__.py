"""The web edge: pages for people, JSON for programs, both through the same door."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, request
from flask_migrate import Migrate

from api import (
    accounts,
    agreements,
    applications,
    auth,
    calendar,
    cases,
    catalogue,
    committee,
    companions,
    conditions,
    consultations,
    data,
    demands,
    docs,
    documents,
    entitlements,
    errors,
    factors,
    files,
    forms,
    home,
    incidents,
    judging,
    language,
    letters,
    limits,
    listings,
    marks,
    meetings,
    narration,
    numbers,
    pages,
    people_pages,
    register,
    security,
    settings,
    sitting,
    uploads,
    v1,
    worker,
    worklist,
)
from api.commands import catalogue as catalogue_commands
from api.commands import data as data_commands
from api.commands import office, people, set_up
from api.commands import store as store_commands
from api.commands import verify as verify_command
from api.commands import worker as worker_command
from models import db, sqlite

migrate = Migrate()


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the service with its settings; `config` overrides defaults and environment."""
    app = Flask("kaimen", root_path=__path__[0], template_folder="../templates", static_folder="static")
    app.config.update(settings.load(config))
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    db.init_app(app)
    migrate.init_app(app, db, directory="models/migrations")
    with app.app_context():
        sqlite.prepare(db.engine)
    app.before_request(only_read)
    for part in (
        uploads,
        entitlements,
        files,
        numbers,
        language,
        security,
        auth,
        forms,
        marks,
        narration,
        agreements,
        errors,
        documents,
        factors,
        worker,
        conditions,
        judging,
        companions,
        sitting,
    ):
        part.register(app)
    app.add_url_rule("/", "home", home.index)
    for blueprint in (
        accounts.bp,
        agreements.bp,
        applications.bp,
        catalogue_commands.bp,
        calendar.bp,
        cases.bp,
        catalogue.bp,
        companions.bp,
        data.bp,
        data_commands.bp,
        entitlements.bp,
        files.bp,
        committee.bp,
        conditions.bp,
        consultations.bp,
        demands.bp,
        docs.bp,
        documents.bp,
        factors.bp,
        listings.bp,
        meetings.bp,
        office.bp,
        people.bp,
        incidents.bp,
        letters.bp,
        limits.bp,
        people_pages.bp,
        register.bp,
        set_up.bp,
        store_commands.bp,
        verify_command.bp,
        worker_command.bp,
        worklist.bp,
        language.blueprint(),
        *pages.blueprints(),
    ):
        app.register_blueprint(blueprint)
    v1.register(app)
    return app


def only_read() -> None:
    """Let a request that only reads take no write lock."""
    if request.method in security.SAFE and request.endpoint != "static":
        db.session.connection(execution_options={"write": False})
