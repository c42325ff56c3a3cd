"""A service whose processes are killed at any moment, and clients that repeat until they are heard."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import requests
from flask import Flask

from api import create_app
from api.worker import background_of
from models import Case, Consultation, Event, EventKind, Incident, Letter, Opinion, db
from tests import crew
from tests.consulted import MEMBERS, NO_TIE, opinion, to_seat
from tests.walks import Walker
from workflow import background, consultations, replay, tokens

# A worker that was killed is taken for dead after this long; in service it is a minute and a half.
LEASE = timedelta(seconds=3)
# Nobody waits longer than this for what must happen.
PATIENCE = 120
# So often are processes killed while one committee hands in.
KILLS = 4
# Of so many kills one takes the whole web server, which takes longer to start again than a process of it.
WHOLE = 20


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(happened: Callable[[], Any]) -> Any:
    """Wait until something has happened, and return it; must be called inside an application context."""
    end = time.monotonic() + PATIENCE
    while not (found := happened()):
        if time.monotonic() > end:
            raise TimeoutError("it did not happen in time")
        # On SQLite whoever looks holds the file, and nobody else could write while this one sleeps.
        db.session.rollback()
        time.sleep(0.05)
    return found


def work_on(config: Mapping[str, Any]) -> None:
    """Be a worker: do what is due, again and again."""
    app = create_app(config)
    site = background_of(app).site
    while True:
        with app.app_context():
            while background.run_due(db.session, site, lease=LEASE):
                pass
        time.sleep(0.05)


class Service:
    """A web server and a worker on the database of an application."""

    def __init__(self, app: Flask, **settings: Any) -> None:
        self.settings = crew.reached(app) | {"TESTING": False, "DEMO": True, "RATELIMIT_ENABLED": False} | settings
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}/api/v1"
        self.seen: Counter[str] = Counter()

    def start_web(self) -> None:
        """Start the web server, and wait until it answers."""
        words = {
            name: str(int(value)) if isinstance(value, bool) else str(value) for name, value in self.settings.items()
        }
        # What is imported before the processes part is not imported again by one that takes the place of another.
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", "--preload", "--threads", "4"]
        command += ["--no-control-socket", "--log-level", "critical", "wsgi:app"]
        root = Path(__file__).parent.parent
        self.web = subprocess.Popen(command, env=os.environ | words, cwd=root, start_new_session=True)
        until(self.answers)

    def answers(self) -> bool:
        """Say whether the web server answers."""
        try:
            return session().get(f"{self.base}/steps/give_opinion", timeout=10).ok
        except requests.RequestException:
            return False

    def start_worker(self) -> None:
        """Start the worker."""
        self.worker = crew.FRESH.Process(target=work_on, args=(self.settings,))
        self.worker.start()

    def kill_web(self) -> None:
        """Kill the process that answers; its parent starts another."""
        parent = psutil.Process(self.web.pid)
        for process in until(parent.children):
            process.kill()
            self.seen["web processes killed"] += 1

    def kill_server(self) -> None:
        """Kill the whole web server and start it again."""
        os.killpg(self.web.pid, signal.SIGKILL)
        self.web.wait()
        self.seen["web servers killed"] += 1
        self.start_web()

    def kill_worker(self) -> None:
        """Kill the worker and start another."""
        self.worker.kill()
        self.worker.join()
        self.seen["workers killed"] += 1
        self.start_worker()

    def end(self) -> None:
        """End everything."""
        for process in (self.worker,):
            process.kill()
            process.join()
        os.killpg(self.web.pid, signal.SIGKILL)
        self.web.wait()


@contextmanager
def running(app: Flask, **settings: Any) -> Iterator[Service]:
    """Hold a service on the database of an application."""
    service = Service(app, **settings)
    service.start_worker()
    try:
        service.start_web()
        yield service
    finally:
        service.end()


def session() -> requests.Session:
    """Return a client that asks nobody on the way."""
    client = requests.Session()
    client.trust_env = False
    return client


class Client:
    """A person's program, which repeats what it sends until it has heard an answer."""

    def __init__(self, service: Service, walker: Walker, who: str) -> None:
        self.service, self.who, self.session = service, who, session()
        _, secret = tokens.create_token(walker.person(who), "killed", ["read", "write"], 1)
        self.session.headers["Authorization"] = f"Bearer {secret}"

    def answer(self, reference: str, step: str, answer: Mapping[str, Any], key: str) -> bool:
        """Answer a step; return whether it was recorded, or refused as no longer open. Nothing else may be said."""
        address, end = f"{self.service.base}/cases/{reference}/steps/{step}", time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                sent = self.session.post(address, json={"answer": answer}, headers={"Idempotency-Key": key}, timeout=30)
            except requests.RequestException:
                self.service.seen["requests broken off"] += 1
                time.sleep(0.05)
                continue
            if sent.ok or sent.status_code == 409:
                return sent.ok
            raise AssertionError(f"{self.who} was answered with {sent.status_code}: {sent.text[:500]}")
        raise TimeoutError(f"{self.who} was not heard")


def words(who: str, number: int) -> dict[str, Any]:
    """Return an opinion that tells whose it is, and which of theirs."""
    return opinion("support") | {"reasons": f"{who} 的第 {number} 稿：公开的数据不能还原到个人，风险可以接受。"}


def hand_in(client: Client, reference: str, changes: int) -> list[int]:
    """Hand an opinion in, and change it some times; return the numbers of those that were acknowledged."""
    return [
        number
        for number in range(changes + 1)
        if client.answer(reference, "give_opinion", words(client.who, number), f"{reference}, {client.who}, {number}")
    ]


def ballot(service: Service, walker: Walker, clients: Mapping[str, Client], chance: random.Random) -> None:
    """Let seven hand in while processes are killed; nothing that was acknowledged may be lost or counted twice.

    Must be called inside an application context.
    """
    case = walker.take(walker.at("seat_experts"), [("seat_experts", "secretary", to_seat(walker))])
    walker.take(case, [("declare_interest", who, NO_TIE) for who in MEMBERS])
    reference, number = case.reference, case.id
    db.session.rollback()
    kills = [service.kill_web, service.kill_worker] * (WHOLE // 2) + [service.kill_server]
    with ThreadPoolExecutor(len(MEMBERS)) as hands:
        acknowledged = {who: hands.submit(hand_in, clients[who], reference, chance.randint(0, 2)) for who in MEMBERS}
        for _ in range(KILLS):
            time.sleep(chance.uniform(0, 0.3))
            chance.choice(kills)()
        wait(acknowledged.values())
    counted = until(lambda: fresh(Consultation, number).state == "closed" and fresh(Consultation, number))
    whole(counted.case, {who: done.result() for who, done in acknowledged.items()})
    service.seen["ballots"] += 1


def fresh(model: Any, case: int) -> Any:
    """Return the row of a case as it stands now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(db.select(model).where(model.case_id == case)).one()


def whole(case: Case, acknowledged: Mapping[str, list[int]]) -> None:
    """Make sure that all were counted once with the last text acknowledged, and that the journal is whole."""
    assert replay.faults(case) == []
    lines = db.session.execute(
        db.select(Event.kind, Event.step, db.func.count())
        .where(Event.case_id == case.id)
        .group_by(Event.kind, Event.step)
    )
    said = {(kind, step): number for kind, step, number in lines}
    assert said[EventKind.ANSWERED, "give_opinion"] == len(MEMBERS)
    changes = sum(len(numbers) - 1 for numbers in acknowledged.values())
    assert said.get((EventKind.CHANGED, "give_opinion"), 0) == changes
    assert said[EventKind.SERVED, "announce_close"] == said[EventKind.SERVED, "close_ballot"] == 1
    consultation = consultations.current(case)
    assert consultation.count["valid"] == len(MEMBERS)
    found = db.session.scalars(db.select(Opinion).where(Opinion.consultation_id == consultation.id))
    last = {seat: words(who, acknowledged[who][-1])["reasons"] for seat, who in enumerate(MEMBERS, 1)}
    assert {each.seat: each.answer["reasons"] for each in found} == last
    twice = db.select(Letter.job_id).group_by(Letter.job_id, Letter.user_id).having(db.func.count() > 1)
    assert db.session.scalars(twice).all() == []
    assert db.session.scalars(db.select(Incident.error)).all() == []


def ballots(app: Flask, walker: Walker, rounds: int, seed: int | None = None) -> Counter[str]:
    """Hold so many ballots on one service that is killed all the while; return what happened, counted."""
    chance = random.Random(seed)
    with app.app_context(), running(app) as service:
        clients = {who: Client(service, walker, who) for who in MEMBERS}
        for _ in range(rounds):
            ballot(service, walker, clients, chance)
        return service.seen
