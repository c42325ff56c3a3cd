"""The worker: Huey says when there is something to do, the rows of the outbox say what.

Huey forgets a task whose worker is killed; the row does not, and a sweep every minute finds it. So Huey needs no
results, no retries and no locks here: it is an alarm clock that may be lost.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, Response, current_app, request
from flask_babel import force_locale, gettext
from huey import Huey, PostgresHuey, SqliteHuey, crontab
from huey.api import TaskWrapper
from huey.exceptions import HueyException
from huey.serializer import SignedSerializer

from models import db
from workflow import background, outbox, site, sweep
from workflow.site import MailServer, Site

log = logging.getLogger("kaimen.worker")
# Seconds between the first job put aside and the worker's look at it.
DELAY = 1
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Background:
    """The work an application does behind its pages, and the alarm clock for it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.stopping: Callable[[], bool] = lambda: False
        self._sweeping = threading.Lock()
        self._waking = threading.Lock()
        self._woken = float("-inf")

    @cached_property
    def site(self) -> Site:
        """Return what jobs must know of this installation."""
        config = self.app.config
        mail = MailServer(
            config["SMTP_HOST"],
            config["SMTP_PORT"],
            config["MAIL_FROM"],
            config["SMTP_USER"],
            config["SMTP_PASSWORD"],
            config["SMTP_STARTTLS"],
        )
        return Site(
            config["PUBLIC_URL"].rstrip("/"),
            mail if config["SMTP_HOST"] else None,
            said,
            store=config["STORE_URL"] or str(Path(config["DATA_DIR"]) / "store"),
            scanner=config["SCANNER_COMMAND"],
            signing=config["SIGNING_DIR"] or str(Path(config["DATA_DIR"]) / "signing"),
            tsa=config["TSA_URL"],
            fonts=config["FONTS_DIR"],
            secret=config["SECRET_KEY"],
            seal=config["SEALING_KEY"],
        )

    @cached_property
    def huey(self) -> Huey:
        """Return the queue, opened at its first use: a service that only reads pages needs none."""
        return opened(self.app.config)

    @cached_property
    def look(self) -> TaskWrapper:
        """Return the task that has the worker look at the outbox."""
        return self.huey.task(name="work")(self.work)

    @cached_property
    def minute(self) -> TaskWrapper:
        """Return the task of every minute; one that has waited for a minute is left to the next."""
        return self.huey.periodic_task(crontab(), name="sweep", expires=60)(self.sweep)

    def work(self) -> None:
        """Do what is due until nothing is left."""
        with self.app.app_context():
            while not self.stopping() and background.run_due(db.session, self.site, stopping=self.stopping):
                pass

    def sweep(self) -> None:
        """Do what time brings: limits, and whatever a lost task or a dead worker has left lying."""
        if not self._sweeping.acquire(blocking=False):
            return
        try:
            for part in (self.work, self._limits, self._exhausted, self.work):
                try:
                    part()
                except Exception:  # One part that fails must not keep the others from their turn.
                    log.exception("A part of the sweep failed.")
        finally:
            self._sweeping.release()

    def wake(self) -> None:
        """Have the worker look at the outbox soon; never fails, because the sweep comes anyway.

        The task fires a second after it is asked for, and asking again within that second does nothing: every row
        committed in it is there when the worker looks. A row committed later finds the second over, and asks anew.
        """
        with self._waking:
            if time.monotonic() - self._woken < DELAY:
                return
            self._woken = time.monotonic()
            try:
                self.look.schedule(delay=DELAY)
            except (sqlite3.Error, psycopg.Error, OSError, HueyException) as error:
                log.warning("The worker could not be woken: %s", type(error).__name__)

    def consume(self, threads: int) -> None:
        """Run the worker until it is told to end: by SIGTERM after the job at hand, by SIGINT at once."""
        # A task is known to the consumer once it has been made.
        known = (self.look, self.minute)
        log.info("The worker runs %s.", " and ".join(task.task_class.__name__ for task in known))
        consumer = self.huey.create_consumer(
            workers=threads, initial_delay=0.1, max_delay=1.0, graceful_signal="TERM", shutdown_timeout=30
        )
        self.stopping = consumer.stop_flag.is_set
        consumer.run()
        self.close()

    def close(self) -> None:
        """Close the queue, if it has been opened."""
        if "huey" in vars(self):
            self.huey.storage.close()

    def _limits(self) -> None:
        with self.app.app_context():
            sweep.sweep()

    def _exhausted(self) -> None:
        with self.app.app_context():
            outbox.bury(db.session)


def opened(config: Mapping[str, Any]) -> Huey:
    """Open the queue: a file in DATA_DIR, or tables in PostgreSQL where the data are there."""
    url = str(config["SQLALCHEMY_DATABASE_URI"])
    # A task is a pickle; the signature keeps whoever can write to the queue from running code of theirs.
    signed = SignedSerializer(secret=config["SECRET_KEY"], salt="worker")
    if url.startswith("postgresql"):
        dsn = url.replace("postgresql+psycopg://", "postgresql://", 1)
        return PostgresHuey("kaimen", dsn=dsn, connect_timeout=3, results=False, serializer=signed)
    file = str(Path(config["DATA_DIR"]) / "huey.sqlite")
    return SqliteHuey("kaimen", filename=file, timeout=3, results=False, serializer=signed)


def said(text: str, language: str) -> str:
    """Say a sentence of the code in a language."""
    with force_locale(language):
        return str(gettext(text))


def wake() -> None:
    """Have the worker look at the outbox soon."""
    background_of(current_app).wake()


def background_of(app: Flask) -> Background:
    """Return the work an application does behind its pages."""
    found: Background = app.extensions["kaimen.background"]
    return found


def register(app: Flask) -> None:
    """Give the application its worker, and wake it after each request that may have put work aside.

    In tests nobody is woken unless WAKE_WORKER says so: there is no worker, and every test has its own queue.
    """
    app.extensions["kaimen.background"] = Background(app)
    site.found_by(lambda: background_of(current_app).site)
    app.after_request(wake_after_change)


def wake_after_change(response: Response) -> Response:
    """Wake the worker where a request may have put work aside."""
    wanted = current_app.config.get("WAKE_WORKER", not current_app.testing)
    if wanted and request.method not in SAFE and response.status_code < 400:
        wake()
    return response
