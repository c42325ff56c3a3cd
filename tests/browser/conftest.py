"""A real browser, and a service that answers it over a socket of its own."""

import logging
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from api import create_app
from api.seed.people import FILE, known_password
from models import db
from tests.browser.office import Office
from tests.browser.visitors import Service, Visitors
from tests.conftest import empty, fill, settings

# Without a screen Chromium takes two thirds of the time.
CHROMIUMS = ("chromium-headless-shell", "chromium", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a Chromium: the machine's, best the one without a screen, or the one that playwright has brought.

    While it is open an event loop runs in this thread, and no other can be begun beside it; so it is closed before
    tests of other modules come.
    """
    own = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    options = ["--disable-gpu", "--renderer-process-limit=1"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=own, args=options)
        yield opened
        opened.close()


@contextmanager
def running(folder: Path, url: str, seen: Path) -> Iterator[Service]:
    """Run a service on an empty database until the tests have done with it."""
    app = create_app(settings(folder, url))
    fill(app)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    shots = Path(os.environ["KAIMEN_SHOTS"]) if os.environ.get("KAIMEN_SHOTS") else None
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    yield Service(f"http://127.0.0.1:{server.port}", app, known_password(folder / FILE), seen, shots)
    server.shutdown()
    thread.join()
    server.server_close()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def seen(tmp_path_factory) -> Path:
    """Return a folder of what has been looked at: each kind of page is looked at once, whichever service shows it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "seen"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def service(tmp_path_factory, seen, _quick_passwords) -> Iterator[Service]:
    """Return a service on SQLite that all lives share."""
    with running(tmp_path_factory.mktemp("browser"), "", seen) as service:
        yield service


@pytest.fixture(scope="session")
def service_on_postgresql(tmp_path_factory, seen, postgresql) -> Iterator[Service]:
    """Return a service on a PostgreSQL database of its own that all lives share."""
    with empty(postgresql) as url, running(tmp_path_factory.mktemp("browser"), url, seen) as service:
        yield service


@pytest.fixture
def come(browser) -> Iterator:
    """Return what lets people come to a service, in a language; at the end all leave, and none met a fault."""
    groups: list[Visitors] = []

    def visitors(service: Service, language: str = "zh") -> Visitors:
        groups.append(Visitors(browser, service, language))
        return groups[-1]

    yield visitors
    for group in groups:
        group.leave()


@pytest.fixture(scope="module", params=["zh", "en"])
def office(request, browser) -> Iterator[Office]:
    """Return a service in Chinese on SQLite, or in English on PostgreSQL; nobody may have met a fault."""
    name = "service" if request.param == "zh" else "service_on_postgresql"
    made = Office(browser, request.getfixturevalue(name), request.param)
    yield made
    made.visitors.leave()
