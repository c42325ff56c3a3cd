"""Where SpiffWorkflow goes wrong by itself, the engine does not: one rule, one test."""

import ast
from pathlib import Path

import pytest

import workflow.engine
from bench.stock import Stock
from tests.workflow.engine.toys import FILES, Toy, definition, words
from workflow.engine import BadOutcome, Definition, EngineError, NoRule, load, start


def test_a_loop_of_400_reports_neither_ends_by_itself_nor_grows() -> None:
    """The library looks no deeper than 1000 tasks and calls the case finished."""
    toy = Toy("loop")
    sizes = set()
    for _ in range(400):
        toy.take("report", stop=False)
        sizes.add((len(toy.process.dump()) // 32, len(toy.process._tree.tasks)))
    assert toy.waiting() == ["report"]
    assert not toy.process.ended
    assert len(sizes) == 1
    toy.take("report", stop=True)
    assert toy.process.ended


def test_a_deadline_closes_a_half_done_ballot_and_the_case_goes_on() -> None:
    """Opinions given are rows of whoever took the steps; the case only has to go on without the absent."""
    toy = Toy("ballot", {"experts": ["anna", "bei", "chen"]})
    toy.take("give_opinion", "bei")
    toy.expire("opinion_late")
    assert [each.step for each in toy.process.waiting()] == ["summarise"]
    toy.take("summarise")
    toy.take("decide", decision="again")
    assert toy.waiting() == ["give_opinion"] * 3


def test_what_stops_a_case_at_any_time_is_an_event_at_the_edge_of_its_life() -> None:
    """The library lets an interrupting event sub-process run beside what it should have ended."""
    drawn = FILES["offers.bpmn"].replace(
        b'<bpmn:subProcess id="life"', b'<bpmn:subProcess id="life" triggeredByEvent="true"'
    )
    problems = Definition.parse("offers", {**FILES, "offers.bpmn": drawn}).problems()
    assert any("event sub-process" in problem for problem in problems)
    toy = Toy("offers")
    toy.take("submit")
    toy.take("withdraw")
    assert [each.step for each in toy.process.waiting()] == ["say_why"]


def test_a_table_without_a_fitting_rule_stops_the_case() -> None:
    """The library goes on without the word, and takes the default way."""
    toy = Toy("access", {"level": "open", "grade": 9})
    toy.take("submit")
    state = toy.process.dump()
    with pytest.raises(NoRule, match="track"):
        toy.take("screen", screening="pass")
    assert [each.step for each in toy.load(state).waiting() if each.kind == "step"] == ["screen"]


def test_words_are_flat_and_belong_to_the_case_alone() -> None:
    """The library shares nested values between branches, so that one sees what another has not yet said."""
    toy = Toy("branches", stored=False)
    mine = ["anna"]
    with pytest.raises(BadOutcome):
        toy.take("left", evidence={"grade": 1})
    toy.take("left", members=mine, more=True)
    mine.append("bei")
    assert words(toy.process, toy.find("left").id)["members"] == ["anna"]
    assert "members" not in words(toy.process, toy.find("right").id)


def test_where_branches_meet_the_newest_word_stands_whole() -> None:
    """The library keeps what the last branch to arrive knew, and merges lists element by element."""
    toy = Toy("branches", {"more": False, "members": ["anna", "anna", "bei"], "grade": 1})
    toy.take("left", members=["chen", "chen"], grade=2)
    toy.take("right", seen=True)
    known = words(toy.process, toy.find("decide").id)
    assert (known["members"], known["grade"], known["seen"]) == (["chen", "chen"], 2, True)


def test_a_ballot_needs_a_list_of_members() -> None:
    """The library fails on a ballot by number whose result exists already."""
    data = FILES["ballot.bpmn"].replace(
        b"<bpmn:loopDataInputRef>experts</bpmn:loopDataInputRef>", b"<bpmn:loopCardinality>3</bpmn:loopCardinality>"
    )
    problems = Definition.parse("ballot", {"ballot.bpmn": data}).problems()
    assert any("give_opinion" in problem and "ballot" in problem for problem in problems)


def test_a_half_run_process_does_nothing_more_and_its_last_state_still_runs() -> None:
    """After an exception the library's workflow stands between two states."""

    class BrokenError(Exception):
        pass

    failure = BrokenError("no disk")

    def fail(name: str) -> None:
        raise failure

    process = start(definition("access"), fail)
    state = process.dump()
    step = process.waiting()[0].id
    with pytest.raises(BrokenError) as raised:
        process.complete(step, {})
    assert raised.value is failure
    for act in (process.dump, lambda: process.complete(step, {}), lambda: process.expire(step)):
        with pytest.raises(EngineError):
            act()
    again = load(definition("access"), state, lambda name: None)
    again.complete(step, {})
    assert [each.step for each in again.waiting() if each.kind == "step"] == ["screen"]


def test_a_long_life_in_memory_needs_no_deep_recursion() -> None:
    """The library climbs the tree by recursion when branches join."""
    toy = Toy("branches", {"more": False}, stored=False)
    for _ in range(300):
        toy.take("left")
        toy.take("right")
        toy.take("decide", again=True)
    assert toy.waiting() == ["left", "right"]


def test_a_half_done_ballot_counts_on_in_a_process_that_never_opened_one() -> None:
    """The library wires a ballot on the drawing, when it opens; a fresh drawing forgets to count."""
    toy = Toy("ballot", {"experts": ["anna", "bei", "chen"]})
    toy.take("give_opinion", "anna")
    fresh = Definition.parse("ballot", FILES)
    process = load(fresh, toy.process.dump(), toy.call)
    for member in ("bei", "chen"):
        process.complete(next(each.id for each in process.waiting() if each.assignee == member), {})
    assert [each.step for each in process.waiting()] == ["summarise"]


def test_branches_are_all_waited_for_in_every_round_of_a_loop() -> None:
    """The library counts, in the second round, a branch that arrived in the first."""
    toy, stock = Toy("branches", {"more": False}), Stock("branches", FILES)
    stock.start({"more": False})
    for step in ("left", "right", "decide", "right"):
        toy.take(step, again=True)
        stock.complete(next(task for task in stock.open() if task.task_spec.bpmn_id == step), {"again": True})
    assert [task.task_spec.bpmn_id for task in stock.open()] == ["left", "decide"], "mended there: compare again"
    assert toy.waiting() == ["left"]


def test_no_part_of_the_engine_looks_at_a_clock_or_runs_code_it_is_given() -> None:
    for path in Path(workflow.engine.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [node.func.id] if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else []
            assert not {"time", "datetime", "eval", "exec", "compile", "subprocess", "os"} & set(names), path
