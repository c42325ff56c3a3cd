"""A sub-process for each member of a ballot: each goes its own way, and the last to end it ends the ballot."""

import pytest

from tests.workflow.engine.toys import Toy

CONFLICT, NONE = {"interest": "conflict"}, {"interest": "none"}


@pytest.fixture
def toy() -> Toy:
    return Toy("seats", {"seats": ["1", "2", "3"]}, answers={"replace": {"stand_in": True}})


def take(toy: Toy, step: str, member: str, outcome: dict) -> None:
    """Take a member's step."""
    waiting = next(each for each in toy.process.waiting() if (each.step, each.assignee) == (step, member))
    toy.process.complete(waiting.id, outcome)
    toy.store()


def open_to(toy: Toy) -> set[tuple[str, str]]:
    """Return each step that waits or is offered, with the member it waits for."""
    return {(each.step, str(each.assignee)) for each in toy.process.waiting() if each.kind != "timer"}


def test_each_member_goes_its_own_way(toy: Toy) -> None:
    take(toy, "declare", "2", NONE)
    assert open_to(toy) == {("declare", "1"), ("declare", "3"), ("give", "2"), ("recuse", "2")}
    take(toy, "declare", "1", CONFLICT)
    assert toy.served == ["replace"]
    assert open_to(toy) == {("declare", "1"), ("declare", "3"), ("give", "2"), ("recuse", "2")}


def test_an_event_at_the_edge_of_a_members_step_concerns_that_member_alone(toy: Toy) -> None:
    for member in "123":
        take(toy, "declare", member, NONE)
    take(toy, "recuse", "1", {})
    assert open_to(toy) == {("declare", "1"), *((step, member) for step in ("give", "recuse") for member in "23")}


@pytest.mark.parametrize("order", ["123", "312", "231"])
def test_the_ballot_is_over_when_every_member_has_come_to_an_end(toy: Toy, order: str) -> None:
    for member in order:
        take(toy, "declare", member, NONE)
    for member in order[:2]:
        take(toy, "give", member, {})
        assert toy.waiting() != ["conclude"]
    take(toy, "give", order[2], {})
    assert open_to(toy) == {("conclude", "None")}


def test_a_seat_without_a_stand_in_stays_empty() -> None:
    toy = Toy("seats", {"seats": ["1", "2"]}, answers={"replace": {"stand_in": False}})
    take(toy, "declare", "1", CONFLICT)
    assert open_to(toy) == {("declare", "2")}
    take(toy, "declare", "2", CONFLICT)
    assert open_to(toy) == {("conclude", "None")}


def test_an_interrupting_limit_ends_what_runs_for_every_member(toy: Toy) -> None:
    for member in "12":
        take(toy, "declare", member, NONE)
    take(toy, "give", "1", {})
    toy.process.expire(next(each.id for each in toy.process.waiting() if each.kind == "timer"))
    toy.store()
    assert open_to(toy) == {("conclude", "None")}
