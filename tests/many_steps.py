"""A crowd of open steps, written past the door, in all the situations in which a work list can meet them."""

import random
from datetime import UTC, datetime, timedelta
from itertools import product

from models import (
    BODY_ROLES,
    CITY_ROLES,
    Case,
    CaseStatus,
    Definition,
    Organisation,
    Role,
    User,
    WorkItem,
    WorkState,
    db,
)
from workflow import calendar
from workflow.stages import STEPS

BODIES = ("上海市交通委员会", "上海市生态环境局")
STEPS_OF = {role: [name for name, step in STEPS.items() if step.role is role] for role in Role}
HOLDERS = (None, None, None, "clerk.jiaotong", "reviewer.jiaotong", "decider.huanjing", "desk.hub", "citizen2")


def crowd(copies: int = 3) -> list[WorkItem]:
    """Add steps for each role and body, each with several due days; some are held, offered, stopped or done."""
    chance = random.Random(7)
    people = {user.email.partition("@")[0]: user for user in db.session.scalars(db.select(User))}
    bodies = [db.session.scalar(db.select(Organisation).where(Organisation.name == name)) for name in BODIES]
    definition = db.session.scalar(db.select(Definition))
    items = []
    for role, body, _ in product(sorted(BODY_ROLES | {Role.DESK, Role.AUTHORITY}), bodies, range(copies * 4)):
        case = new_case(people["citizen1"], body, definition, len(items) + 1, chance)
        items.append(new_item(case, role, people[held] if (held := chance.choice(HOLDERS)) else None, chance))
    for _ in range(copies):
        for person in ("citizen1", "clerk.jiaotong"):
            case = new_case(people[person], bodies[0], definition, len(items) + 1, chance)
            items.append(new_item(case, Role.REQUESTER, people[person], chance))
    db.session.add_all(items)
    db.session.commit()
    return items


def new_case(requester: User, body: Organisation, definition: Definition, number: int, chance: random.Random) -> Case:
    """Return a case that moves."""
    kind = chance.choice(["demand", "listing"])
    return Case(
        reference=f"{'XQ' if kind == 'demand' else 'QD'}-2020-{number:06d}",
        kind=kind,
        title=chance.choice(["地铁客流", "公交线路", "100% 清单", "空气_质量"]),
        status=CaseStatus.OPEN,
        state="assessing",
        requester=requester,
        body_id=body.id,
        definition=definition,
    )


def new_item(case: Case, role: Role, holder: User | None, chance: random.Random) -> WorkItem:
    """Return a step on a case."""
    today = calendar.day_start(calendar.today())
    due = chance.choice([None, *(today + timedelta(days=days, hours=23) for days in (-9, -1, 0, 0, 1, 2, 6, 20, 20))])
    return WorkItem(
        id=f"{chance.getrandbits(128):032x}",
        case=case,
        step=chance.choice(STEPS_OF[role]),
        role=role,
        organisation_id=None if role in CITY_ROLES | {Role.REQUESTER} else case.body_id,
        offered=chance.random() < 0.1,
        state=chance.choices(list(WorkState), [8, 1, 1])[0],
        opened_at=datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=chance.randrange(30)),
        holder=holder,
        due_at=due,
        soon_at=due and due - timedelta(days=4),
        paused=due is not None and chance.random() < 0.2,
    )
