"""Fill a database with many made-up cases, fast: cases, work items, clocks and journals, written past the mapper.

`fill(1_000)` puts every case's open step into the hands of one group; of `fill(100_000)` one in five belongs to that
group, and the rest is spread over fifty bodies and all roles. The journals are chained like real ones.
"""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from flask import Flask
from sqlalchemy import insert, text

from api.seed import calendar as register
from models import (
    BODY_ROLES,
    CITY_ROLES,
    Case,
    CaseStatus,
    Clock,
    ClockState,
    Demand,
    Event,
    EventKind,
    Listing,
    Membership,
    Organisation,
    OrganisationKind,
    Role,
    User,
    WorkItem,
    WorkState,
    db,
)
from workflow import calendar, definitions, passwords
from workflow.journal import digest
from workflow.stages import STEPS

# The cases are demands and entries of the open list, and wait for steps of these stages.
STAGES = ("demand", "listing", "classification")

BODIES, COLLEAGUES = 50, 20
PASSWORD = "a door stands open"
# Who signs in: a person of the large group, one of many offices, and someone who asks.
PERSON, MANY, CITIZEN = "person@bench.example", "many@bench.example", "citizen@bench.example"
GROUP = (Role.CLERK, Role.REVIEWER)
SUBJECTS = ["公交线路", "空气质量", "医疗机构", "公园绿地", "停车场", "充电桩", "图书馆", "行政许可", "地铁客流"]
SORTS = ["信息", "名单", "统计", "明细", "目录", "分布", "监测数据", "登记记录"]
CHUNK = 2_000


def fill(n_cases: int, group: int | None = None) -> None:
    """Make the tables, the people and so many cases; needs an application context.

    :param group: how many open steps await the group of the person who signs in; by default all of the first 1,000
        cases, and one in five of more
    """
    in_group = group if group is not None else max(min(n_cases, 1_000), n_cases // 5)
    db.create_all()
    register.load()
    calendar.forget()
    definitions.deploy()
    people()
    db.session.commit()
    every = max(1, n_cases // in_group)
    numbers = range(1, n_cases + 1)
    for start in range(0, n_cases, CHUNK):
        rows: dict[type[Any], list[dict[str, Any]]] = {m: [] for m in (Case, Demand, Listing, WorkItem, Clock, Event)}
        for number in numbers[start : start + CHUNK]:
            for model, row in case_rows(number, number % every == 0 and number // every <= in_group):
                rows[model].append(row)
        for model, found in rows.items():
            if found:
                db.session.execute(insert(model.__table__), found)
        db.session.commit()
    settle()


def settle() -> None:
    """Let the database learn how the tables have grown, as it does by itself in time."""
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            sequence = "SELECT setval(pg_get_serial_sequence('\"case\"', 'id'), (SELECT max(id) FROM \"case\"))"
            connection.execute(text(sequence))
            connection.execute(text("VACUUM ANALYZE"))


def people() -> None:
    """Make fifty bodies, the hub and the lead authority, and the people who work there."""
    hashed, long_ago = passwords.kept(PASSWORD), datetime(2026, 1, 1, tzinfo=UTC)
    places = [
        Organisation(name=f"示例第{n}局", short=f"第{n}局", kind=OrganisationKind.BODY) for n in range(1, BODIES + 1)
    ]
    places += [Organisation(name="示例大数据中心", kind=OrganisationKind.HUB)]
    places += [Organisation(name="示例主管部门", kind=OrganisationKind.LEAD)]
    db.session.add_all(places)
    emails = [PERSON, MANY, CITIZEN, *(f"colleague{n}@bench.example" for n in range(COLLEAGUES))]
    users = [
        User(email=email, name=f"人员{n}", password=hashed, language="zh", created_at=long_ago, confirmed_at=long_ago)
        for n, email in enumerate(emails)
    ]
    db.session.add_all(users)
    db.session.flush()
    person, many, _, *colleagues = users
    offices = [(user, places[0], role) for user in (person, *colleagues) for role in GROUP]
    offices += [(many, place, role) for place in places[:10] for role in sorted(BODY_ROLES)]
    offices += [
        (many, places[BODIES + (role in (Role.AUTHORITY, Role.SECRETARY))], role) for role in sorted(CITY_ROLES)
    ]
    db.session.add_all(Membership(user=user, organisation=place, role=role) for user, place, role in offices)


def case_rows(number: int, in_group: bool) -> Iterator[tuple[type[Any], dict[str, Any]]]:
    """Yield the rows of a case, each with its model; the same number always yields the same case."""
    chance = random.Random(number)
    now = datetime.now(UTC)
    ended = not in_group and chance.random() < 0.4
    step = chance.choice([name for name in waiting_steps() if in_group == (STEPS[name].role in GROUP) or not in_group])
    role = STEPS[step].role
    kind = {"demand": "demand", "listing": "listing"}.get(STEPS[step].stage, chance.choice(["demand", "listing"]))
    body = 1 if in_group else chance.randint(2, BODIES)
    opened = now - timedelta(days=chance.randint(0, 40), seconds=chance.randint(0, 80_000))
    title = f"{chance.choice(SUBJECTS)}{chance.choice(SORTS)}"
    events = list(journal(number, step, opened, ended, chance))
    case = {
        "id": number,
        "reference": f"{'XQ' if kind == 'demand' else 'QD'}-2026-{number:06d}",
        "kind": kind,
        "title": title,
        "status": CaseStatus.ENDED if ended else CaseStatus.OPEN,
        "state": "closed" if ended else "assessing",
        "opened_at": opened,
        "ended_at": now if ended else None,
        "requester_id": 3,
        "body_id": body,
        "definition_id": newest()[kind],
        "process": bytes(1_400),
        "codec": 1,
        "journal_length": len(events),
        "journal_hash": events[-1]["hash"],
        "version": 1,
    }
    yield Case, case
    if kind == "demand":
        yield Demand, demand(number, title, opened)
    else:
        yield (
            Listing,
            {"case_id": number, "dataset_id": None, "fields": {"name": title}, "reason": "", "narrowing": False},
        )
    office = None if role in CITY_ROLES else body
    yield from ((WorkItem, row) for row in items(number, step, role, office, opened, ended, chance))
    if not ended and STEPS[step].limit:
        yield Clock, clock(number, step, opened, random.Random(f"clock {number}"))
    yield from ((Event, event) for event in events)


def items(
    number: int, step: str, role: Role, office: int | None, opened: datetime, ended: bool, chance: random.Random
) -> Iterator[dict[str, Any]]:
    """Yield the work items of a case: what was done, what is offered, and what waits unless the case has ended."""
    row: dict[str, Any] = {
        "case_id": number, "step": step, "role": role, "organisation_id": office, "offered": False,
        "opened_at": opened, "closed_at": None, "closed_by_id": None, "holder_id": None, "limit": STEPS[step].limit,
        "due_at": None, "soon_at": None, "paused": False,
    }  # fmt: skip
    for past in range(2):
        done = {"id": f"{number:08x}{past:024x}", "state": WorkState.DONE, "closed_at": opened, "closed_by_id": 3}
        yield row | done | {"step": "submit_demand", "role": Role.REQUESTER, "holder_id": 3, "limit": None}
    if ended:
        return
    offer = {"id": f"{number:08x}{8:024x}", "step": "withdraw_demand", "role": Role.REQUESTER, "offered": True}
    yield row | offer | {"state": WorkState.OPEN, "holder_id": 3, "limit": None}
    row |= {"id": f"{number:08x}{9:024x}", "state": WorkState.OPEN}
    if STEPS[step].limit:
        due = clock(number, step, opened, random.Random(f"clock {number}"))
        row |= {"due_at": due["due_at"], "soon_at": due["soon_at"], "paused": due["state"] is ClockState.PAUSED}
    if office == 1 and chance.random() < 0.3:
        row["holder_id"] = 1 if chance.random() < 0.1 else 4 + chance.randrange(COLLEAGUES)
    yield row


def clock(number: int, step: str, opened: datetime, chance: random.Random) -> dict[str, Any]:
    """Return the clock of a case's open step; one in twenty stands still."""
    due = datetime.now(UTC).replace(hour=15, minute=59, second=59, microsecond=0)
    due += timedelta(days=chance.randint(-8, 30))
    return {
        "id": f"{number:032x}", "case_id": number, "limit": STEPS[step].limit, "started_at": opened, "extended": 0,
        "state": ClockState.PAUSED if chance.random() < 0.05 else ClockState.RUNNING, "due_at": due,
        "soon_at": due - timedelta(days=4), "warned_at": None,
    }  # fmt: skip


def journal(number: int, step: str, opened: datetime, ended: bool, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Yield the lines of a case's journal, chained."""
    lines: Iterable[tuple[EventKind, str, int | None, dict[str, Any]]] = [
        (EventKind.OPENED, "demand", 3, {"outcome": {}}),
        (EventKind.AWAITED, "submit_demand", None, {"item": "0", "role": "requester", "offered": False}),
        (
            EventKind.ANSWERED,
            "submit_demand",
            3,
            {"answer": {"purpose": "研究" * chance.randint(5, 60)}, "outcome": {}},
        ),
        (EventKind.ENDED, "closed", None, {}) if ended else (EventKind.AWAITED, step, None, {"offered": False}),
    ]
    previous = ""
    for at, (kind, word, actor, data) in enumerate(lines, 1):
        line = {"case_id": number, "number": at, "at": opened + timedelta(minutes=at), "kind": kind, "step": word}
        line |= {"actor_id": actor, "data": data, "previous": previous}
        line["hash"] = previous = digest(Event(**line))
        yield line


def demand(number: int, title: str, opened: datetime) -> dict[str, Any]:
    """Return what a case demands; it has not been published."""
    words = dict.fromkeys(
        ("value", "suspected_holder", "frequency", "delivery", "clarification", "public_subject", "public_text",
         "answer", "answer_text", "answer_ground", "coordination"), ""
    )  # fmt: skip
    said = {"subject": title, "description": f"需要{title}，按月更新。", "purpose": "研究", "published_at": None}
    return words | said | {"case_id": number, "supporters": 0, "rerouted": False}


@cache
def waiting_steps() -> tuple[str, ...]:
    """Return the names of the steps that staff wait on, not counting those that are merely offered."""
    kept = [definitions.parsed(row) for row in map(definitions.current_row, ("demand", "listing")) if row]
    offered = {name for definition in kept for name in definition.offered}
    return tuple(
        sorted(n for n, s in STEPS.items() if s.stage in STAGES and s.role is not Role.REQUESTER and n not in offered)
    )


def newest() -> dict[str, int]:
    """Return the key of the newest definition of each kind."""
    if not _newest:
        rows = map(definitions.current_row, ("demand", "listing"))
        _newest.update({row.key: row.id for row in rows if row})
    return _newest


_newest: dict[str, int] = {}


def signed_in(app: Flask, email: str) -> Any:
    """Return a client in which a person of the filled database has signed in."""
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
    if answer.status_code != 303:
        raise RuntimeError(f"{email} could not sign in: {answer.status}")
    return client
