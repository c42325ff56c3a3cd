"""A state is small, stays small, and is read by the codec that wrote it or not at all."""

import random

import pytest

from tests.workflow.engine.toys import FILES, Toy, definition, words
from workflow.engine import CODEC, BadState, Definition, load, start

DRAFTED = {"level": "restricted", "grade": 2, "opinion": "for", "use": "goes_on", "screening": "pass"}


def reporting(rounds: int) -> Toy:
    """Play the large toy to its loop of reports, and some rounds of it."""
    toy = Toy("access", DRAFTED)
    for step in (
        "submit",
        "screen",
        "review",
        "give_opinion",
        "summarise",
        "draft_agreement",
        "sign_authority",
        "sign_applicant",
        "grant",
    ):
        toy.take(step)
    for _ in range(rounds):
        toy.take("report")
        toy.take("review_report")
    return toy


def test_a_state_begins_with_the_number_of_its_codec() -> None:
    assert Toy("loop").process.dump()[0] == CODEC


def test_writing_twice_writes_the_same() -> None:
    toy = Toy("offers")
    toy.take("submit")
    state = toy.process.dump()
    assert toy.process.dump() == state
    assert toy.load(state).dump() == state


def test_a_state_is_of_one_size_whatever_the_age_of_the_case() -> None:
    young, old = reporting(0), reporting(400)
    assert abs(len(young.process.dump()) - len(old.process.dump())) <= 8
    assert len(young.process._tree.tasks) == len(old.process._tree.tasks)
    assert len(old.process.dump()) < 1000


def test_what_is_over_leaves_nothing_behind() -> None:
    toy = reporting(3)
    toy.take("report")
    toy.take("review_report", use="stops")
    state = toy.process.dump()
    assert len(state) < 60
    ended = toy.load(state)
    assert ended.ended
    assert ended.waiting() == []
    assert ended.dump() == state


def test_all_that_waits_comes_back_as_it_was_in_any_order_of_acts() -> None:
    for seed in range(20):
        rnd, toy = random.Random(seed), Toy("offers", {"rough": True, "reread": False, "redo": False, "reopen": True})
        for _ in range(25):
            before = [(each, words(toy.process, each.id)) for each in toy.process.waiting()]
            toy.store()
            assert before == [(each, words(toy.process, each.id)) for each in toy.process.waiting()]
            if not before:
                break
            chosen = rnd.choice(before)[0]
            toy.expire(chosen.step) if chosen.kind == "timer" else toy.take(chosen.step, redo=rnd.random() < 0.5)


def test_the_order_in_which_branches_spoke_is_stored_with_their_words() -> None:
    toy = Toy("branches", {"grade": 1, "more": True})
    toy.take("left", grade=2, more=True)
    toy.take("right", grade=3)
    toy.take("left", seen=True, more=False)
    assert words(toy.process, toy.find("decide").id)["grade"] == 3


def test_of_branches_that_say_the_same_the_newest_counts() -> None:
    """Four branches: one says 3 between two that say 2, and the two are stored as one."""
    drawn = FILES["branches.bpmn"].decode()
    flow = '<bpmn:sequenceFlow id="{0}_{1}" sourceRef="{0}" targetRef="{1}"/>'
    for name in ("early", "between", "late"):
        further = f'<bpmn:userTask id="{name}"/><bpmn:userTask id="{name}_more"/>'
        further += flow.format("split", name) + flow.format(name, f"{name}_more") + flow.format(f"{name}_more", "join")
        drawn = drawn.replace("</bpmn:process>", f"{further}</bpmn:process>")
    four = Definition.parse("branches", {"branches.bpmn": drawn.encode()}).sound()
    process = start(four, lambda name: None, outcome={"grade": 1, "more": False})
    acts = [("early", 2), ("between", 3), ("late", 2)]
    acts += [(step, None) for step in ("left", "right", "early_more", "late_more", "between_more")]
    for step, grade in acts:
        waiting = next(each for each in process.waiting() if each.step == step)
        process.complete(waiting.id, {"grade": grade} if grade else {})
        process = load(four, process.dump(), lambda name: None)
    assert words(process, process.waiting()[0].id)["grade"] == 2


@pytest.mark.parametrize("state", [b"", b"\x00", bytes([CODEC + 1]) + b"x", bytes([CODEC]), bytes([CODEC]) + b"junk"])
def test_a_state_of_another_codec_or_a_damaged_one_is_refused(state: bytes) -> None:
    with pytest.raises(BadState):
        load(definition("loop"), state, lambda name: None)


def test_a_state_of_another_kind_is_refused() -> None:
    with pytest.raises(BadState, match="loop"):
        load(definition("access"), Toy("loop").process.dump(), lambda name: None)
