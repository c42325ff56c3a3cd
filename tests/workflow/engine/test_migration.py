"""A running case moves to a newer drawing with its ids, timers and members, or stays where it is."""

import pytest

from tests.workflow.engine.toys import FILES, Toy, definition
from workflow.engine import BadDefinition, BadState, Definition, Process, load, migrate


def newer(key: str, *changes: tuple[str, str]) -> Definition:
    """Return a toy definition with pieces of its diagram replaced."""
    drawn = FILES[f"{key}.bpmn"].decode()
    for old, new in changes:
        assert old in drawn
        drawn = drawn.replace(old, new)
    return Definition.parse(key, {**FILES, f"{key}.bpmn": drawn.encode()})


def moved(toy: Toy, new: Definition) -> Process:
    """Return the case of a toy by a newer definition."""
    return load(new, migrate(toy.process.dump(), toy.definition, new), toy.call)


CHECKED = (
    '<bpmn:sequenceFlow id="report_to_enough" sourceRef="report" targetRef="enough"/>',
    '<bpmn:userTask id="check"/>'
    '<bpmn:sequenceFlow id="report_to_check" sourceRef="report" targetRef="check"/>'
    '<bpmn:sequenceFlow id="check_to_enough" sourceRef="check" targetRef="enough"/>',
)


def test_what_is_open_stays_open_under_its_id_and_what_is_new_comes_next() -> None:
    toy = Toy("loop")
    process = moved(toy, newer("loop", CHECKED))
    assert process.waiting() == toy.process.waiting()
    process.complete(process.waiting()[0].id, {"stop": True})
    assert [each.step for each in process.waiting()] == ["check"]
    process.complete(process.waiting()[0].id, {})
    assert process.ended


def test_timers_offers_and_members_are_kept() -> None:
    ballot = Toy("ballot", {"experts": ["anna", "bei", "chen"]})
    ballot.take("give_opinion", "bei")
    again = newer("ballot", ('<bpmn:userTask id="summarise"/>', '<bpmn:serviceTask id="summarise"/>'))
    process = moved(ballot, again)
    assert process.waiting() == ballot.process.waiting()
    for member in ("anna", "chen"):
        process.complete(next(each.id for each in process.waiting() if each.assignee == member), {})
    assert ballot.served[-1] == "summarise"
    assert [each.step for each in process.waiting()] == ["decide"]
    offers = Toy("offers")
    offers.take("submit")
    offers.take("propose")
    process = moved(offers, newer("offers", ('<bpmn:serviceTask id="close"/>', '<bpmn:userTask id="close"/>')))
    assert process.waiting() == offers.process.waiting()


def test_an_event_newly_drawn_at_an_open_element_waits_from_then_on() -> None:
    toy = Toy("loop")
    new = newer(
        "loop",
        (
            '<bpmn:endEvent id="end"/>',
            '<bpmn:endEvent id="end"/><bpmn:endEvent id="late"/>'
            '<bpmn:boundaryEvent id="report_late" attachedToRef="report"><bpmn:timerEventDefinition>'
            "<bpmn:timeDuration>'reporting'</bpmn:timeDuration></bpmn:timerEventDefinition>"
            "</bpmn:boundaryEvent>"
            '<bpmn:sequenceFlow id="to_late" sourceRef="report_late" targetRef="late"/>',
        ),
    )
    process = moved(toy, new)
    assert {(each.step, each.limit) for each in process.waiting()} == {("report", None), ("report_late", "reporting")}
    assert toy.find("report") == next(each for each in process.waiting() if each.step == "report")
    process.expire(next(each.id for each in process.waiting() if each.kind == "timer"))
    assert process.ended


def test_an_offer_taken_once_does_not_come_back_by_moving() -> None:
    toy = Toy("offers")
    toy.take("submit")
    toy.take("extend")
    process = moved(toy, newer("offers", ('<bpmn:serviceTask id="warn"/>', '<bpmn:userTask id="warn"/>')))
    assert [each.step for each in process.waiting() if each.kind == "offered"] == ["withdraw"]


def test_an_open_step_that_is_not_drawn_any_more_keeps_the_case_where_it_is() -> None:
    toy = Toy("loop")
    with pytest.raises(BadState, match="'report' is open in 'loop' and not drawn any more"):
        moved(toy, newer("loop", ('"report"', '"tell"')))


@pytest.mark.parametrize(
    "change",
    [
        ("'screening'", "'looking'"),
        ('id="screen"/>', 'id="screen_it"/>'),
        ('id="screen_late" attachedToRef="screen"', 'id="screen_late" attachedToRef="amend"'),
    ],
)
def test_an_open_element_drawn_as_something_else_keeps_the_case_where_it_is(change: tuple[str, str]) -> None:
    toy = Toy("access")
    toy.take("submit")
    changes = [change]
    if "screen_it" in change[1]:
        changes += [('Ref="screen"', 'Ref="screen_it"')]
    with pytest.raises(BadState, match="screen"):
        moved(toy, newer("access", *changes))


def test_a_case_does_not_move_to_another_kind_or_to_a_faulty_drawing() -> None:
    toy = Toy("loop")
    with pytest.raises(BadState):
        moved(toy, definition("wait"))
    with pytest.raises(BadDefinition):
        moved(toy, Definition.parse("loop", {}))
