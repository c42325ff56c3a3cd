"""Processes that do something to one database at the same moment."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from marshmallow import ValidationError
from sqlalchemy import event

from api import create_app
from api.worker import background_of
from models import Case, Dataset, Event, Job, User, db
from workflow import background, casework, downloads, entitlements, factors, replay, sweep
from workflow.catalogue import entry
from workflow.errors import Refused

# Each process is a fresh one that shares no connection with another; the modules are read once for all of them.
FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["tests.crew"])
# Nobody waits for the others longer than this; a process that died must not hold the test up.
PATIENCE = 120
# The settings with which another process reaches the database of a test.
SETTINGS = ("TESTING", "DEMO", "DATA_DIR", "DATABASE_URL", "SECRET_KEY", "SEALING_KEY", "RATELIMIT_ENABLED")


def person(email: str) -> User:
    """Return the person with an address."""
    return db.session.scalars(db.select(User).where(User.email == email)).one()


def case_of(reference: str) -> Case:
    """Return the case with a reference."""
    return db.session.scalars(db.select(Case).where(Case.reference == reference)).one()


def submit(reference: str, step: str, email: str, raw: Mapping[str, Any], key: str | None = None) -> str:
    """Answer a step."""
    return casework.submit(case_of(reference), step, raw, actor=person(email), key=key).reference


def claim(reference: str, step: str, email: str) -> str:
    """Take a step for oneself."""
    casework.claim(case_of(reference), step, actor=person(email))
    return email


def start(email: str, raw: Mapping[str, Any], key: str) -> str:
    """Hand a demand in."""
    return casework.start_once("demand", person(email), raw, key).reference


def draft(email: str, form: Mapping[str, Any], key: str | None = None) -> str:
    """Keep a half-written demand."""
    return casework.start("demand", person(email), draft=form, key=key).reference


def adopt(code: str, email: str) -> str:
    """Take an entry of the open list in hand."""
    dataset = db.session.scalars(db.select(Dataset).where(Dataset.code == code)).one()
    adopted = {"adopted": True}
    case = casework.start("listing", person(email), outcome=adopted, prepare=lambda new: entry.adopt(new, dataset))
    return case.reference


def sweep_at(moment: datetime) -> int:
    """Let the sweep pass."""
    return sweep.sweep(moment)


def tell(reference: str, name: str) -> bool:
    """Tell a case of something that happened elsewhere."""
    return casework.signal(case_of(reference), name)


def work() -> None:
    """Do what has been put aside, as a worker does."""
    db.session.rollback()
    background_of(current_app).work()


def perform(number: int) -> None:
    """Do a job, as a worker does that has been taken for dead and is not, or one that takes over from it."""
    job = db.session.get_one(Job, number)
    background.JOBS[job.kind](db.session, job, background_of(current_app).site)
    db.session.commit()


def demand_code(email: str, code: str) -> str:
    """Take a code of a person's second factor."""
    factors.demand(person(email), code)
    db.session.commit()
    return email


def download(reference: str, email: str) -> str:
    """Take out what an entitlement allows, and say how it ended."""
    someone = person(email)
    begun = downloads.begin(entitlements.find(reference, someone), someone, "csv")
    try:
        for _ in downloads.pieces(begun):
            pass
    except downloads.Interrupted:
        return "broken"
    return "finished"


def reached(app: Flask) -> dict[str, Any]:
    """Return the settings with which another process reaches the database of an application."""
    # What a test is lent stands under a name that the next test is lent another folder under.
    return {name: app.config[name] for name in SETTINGS} | {"DATA_DIR": str(Path(app.config["DATA_DIR"]).resolve())}


@lru_cache(maxsize=1)
def app_with(settings: tuple[tuple[str, Any], ...]) -> Flask:
    """Return the service with some settings; a process of the crew keeps that of the race before."""
    return create_app(dict(settings))


@contextmanager
def service(config: Mapping[str, Any]) -> Iterator[None]:
    """Hold the service on a database, with a connection made and the first queries behind it."""
    with app_with(tuple(config.items())).app_context():
        db.session.scalars(db.select(User).limit(1)).all()
        db.session.rollback()
        yield
        db.session.remove()
        db.engine.dispose()


_barrier: Any = None


def enlist(barrier: Any) -> None:
    """Remember, in a process of the crew, where its members wait for each other."""
    globals()["_barrier"] = barrier


def obey(config: Mapping[str, Any], deed: Callable[..., Any] | None, words: Mapping[str, Any]) -> Any:
    """Wait for the others and do a deed; return what came of it, or the name of the refusal."""
    with service(config):
        _barrier.wait(PATIENCE)
        try:
            return deed(**words) if deed else None
        except (Refused, ValidationError) as refusal:
            return type(refusal).__name__


class Crew:
    """So many processes; each race takes all of them, some with nothing to do."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.barrier = FRESH.Barrier(size)
        self.pool = ProcessPoolExecutor(size, FRESH, enlist, (self.barrier,))

    def race(self, config: Mapping[str, Any], *deeds: tuple[Callable[..., Any], Mapping[str, Any]]) -> list[Any]:
        """Do some deeds at the same moment, each in its own process; return what came of each."""
        idle = [(None, {})] * (self.size - len(deeds))
        waiting = [self.pool.submit(obey, dict(config), deed, words) for deed, words in [*deeds, *idle]]
        if any(each.exception() for each in wait(waiting, PATIENCE, FIRST_EXCEPTION).done):
            # Whoever failed may have failed before the start, for which the others would wait.
            self.barrier.abort()
            raise next(error for each in wait(waiting).done if (error := each.exception()))
        return [each.result(0) for each in waiting][: len(deeds)]

    def race_on(self, app: Flask, *deeds: tuple[Callable[..., Any], Mapping[str, Any]]) -> list[Any]:
        """Do some deeds at the same moment to a test's database; afterwards every case must be of one mind."""
        db.session.commit()
        done = self.race(reached(app), *deeds)
        db.session.rollback()
        db.session.expire_all()
        for case in db.session.scalars(db.select(Case)):
            assert replay.faults(case) == []
        return done

    def dismiss(self) -> None:
        """End the processes."""
        self.pool.shutdown(cancel_futures=True)


def die_before_commit(config: Mapping[str, Any], tell: Any, deed: Callable[..., Any], words: Mapping[str, Any]) -> None:
    """Do a deed up to the point where a line is written and nothing committed, and be killed there."""
    with service(config):
        lines = db.session.scalar(db.select(db.func.count()).select_from(Event))
        db.session.rollback()

        @event.listens_for(db.session, "before_commit")
        def written(session: Any) -> None:
            session.flush()
            if session.scalar(db.select(db.func.count()).select_from(Event)) == lines:
                return
            tell.send({name: session.scalar(db.select(db.func.count()).select_from(table)) for name, table in tables()})
            signal.pause()

        deed(**words)
        os._exit(0)


def tables() -> list[tuple[str, Any]]:
    """Return every table by its name."""
    return list(db.metadata.tables.items())


def killed_at_commit(config: Mapping[str, Any], deed: Callable[..., Any], words: Mapping[str, Any]) -> dict[str, int]:
    """Kill a process with a deed written and not committed; return how many rows of each table it saw by then."""
    hear, tell = FRESH.Pipe(duplex=False)
    process = FRESH.Process(target=die_before_commit, args=(dict(config), tell, deed, words))
    process.start()
    seen = hear.recv() if hear.poll(PATIENCE) else {}
    process.kill()
    process.join(PATIENCE)
    return seen
