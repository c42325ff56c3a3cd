"""Measure how the page of a case answers with 1,000 and with 100,000 cases."""

import statistics
import time
from collections.abc import Callable

from flask import Flask

from bench import many
from models import Case, User, WorkItem, WorkState, db
from workflow.access import visible_to

ROUNDS, WARM = 40, 10
Row = tuple[str, float, float, float]


def pages(app: Flask) -> dict[str, Callable[[], bytes]]:
    """Return the requests to be measured: the case page, the page of the step that waits on it, and my cases."""
    person, citizen = many.signed_in(app, many.PERSON), many.signed_in(app, many.CITIZEN)
    with app.app_context():
        user = db.session.scalars(db.select(User).where(User.email == many.PERSON)).one()
        waiting = db.select(WorkItem.case_id).where(WorkItem.state == WorkState.OPEN, WorkItem.holder_id == user.id)
        case = db.session.scalar(visible_to(user).where(Case.id.in_(waiting)).order_by(Case.id).limit(1))
        if case is None:
            raise RuntimeError("no case waits for the person")
        item = db.session.scalar(db.select(WorkItem).where(WorkItem.case_id == case.id, WorkItem.holder_id == user.id))
        address, step = f"/cases/{case.reference}", f"/{item.role}/cases/{case.reference}/{item.step}"

    def asking(client: object, place: str) -> Callable[[], bytes]:
        def ask() -> bytes:
            answer = client.get(place)  # type: ignore[attr-defined]
            if answer.status_code != 200:
                raise RuntimeError(f"{place} answers {answer.status_code}")
            found: bytes = answer.data
            return found

        return ask

    return {"case": asking(person, address), "step": asking(person, step), "my cases": asking(citizen, "/cases")}


def compare(small: Flask, large: Flask) -> list[Row]:
    """Return for each page: what it is, milliseconds with few and with many cases, and their ratio."""
    before, after = pages(small), pages(large)
    rows = []
    for label, action in before.items():
        turns = [(taken(action), taken(after[label])) for _ in range(WARM + ROUNDS)][WARM:]
        few, lots = (statistics.median(times) for times in zip(*turns, strict=True))
        rows.append((label, few, lots, lots / few))
    return rows


def taken(action: Callable[[], bytes]) -> float:
    """Return how many milliseconds an action takes once."""
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000
