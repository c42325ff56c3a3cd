"""A definition says what is drawn, refuses what may not be, and is the same for all cases."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.workflow.engine.toys import FILES, Toy, definition
from workflow.engine import BadDefinition, Definition, NoScript, start
from workflow.engine.process import Hands


def problems(key: str, old: bytes = b"", new: bytes = b"", **others: bytes | None) -> list[str]:
    """Return the problems of a toy in which a piece of text is replaced."""
    files = {**FILES, f"{key}.bpmn": FILES[f"{key}.bpmn"].replace(old, new)}
    assert not old or files != FILES, "the piece of text is not there"
    for name, data in others.items():
        files[name.replace("_dot_", ".")] = data or b""
        if data is None:
            del files[name.replace("_dot_", ".")]
    return Definition.parse(key, files).problems()


def test_a_definition_lists_what_is_drawn_in_all_its_diagrams() -> None:
    offers = definition("offers")
    assert offers.problems() == []
    assert offers.steps == {
        "submit",
        "say_why",
        "grant_extension",
        "accept",
        "propose",
        "answer",
        "answer_late_note",
        "draft",
        "polish",
        "read",
    }
    assert offers.offered == {"withdraw", "extend"}
    assert offers.services == {"close", "warn", "publish", "remind"}
    assert offers.limits == {"whole_life": ["life"], "answering": ["answer"], "reading": ["read"]}
    assert set(offers.asked) == {"redo", "reopen", "rough", "reread"}
    assert definition("access").asked["opinion"] == {"for", "mostly"}
    assert (offers.elements["study"], offers.elements["deep"]) == ("callActivity", "subProcess")
    assert offers.elements["withdraw_to_say_why"] == "sequenceFlow"
    assert list(definition("access").tables) == ["track"]
    assert definition("wait").limits == {"rest": ["rest_over"]}


FLAWS = [
    (
        "loop",
        b'<bpmn:userTask id="report"/>',
        b'<bpmn:scriptTask id="report"/>',
        "report: a scriptTask may not be drawn",
    ),
    ("loop", b'<bpmn:userTask id="report"/>', b'<bpmn:manualTask id="report"/>', "a manualTask may not"),
    ("loop", b'<bpmn:userTask id="report"/>', b'<bpmn:inclusiveGateway id="report"/>', "a inclusiveGateway may not"),
    ("loop", b'<bpmn:userTask id="report"/>', b'<bpmn:userTask id="re-port"/>', "re-port: the id must be a plain name"),
    (
        "loop",
        b'<bpmn:userTask id="report"/>',
        b'<bpmn:userTask id="report"><bpmn:extensionElements/></bpmn:userTask>',
        "report: carries a vendor's extension",
    ),
    (
        "loop",
        b'<bpmn:userTask id="report"/>',
        b'<bpmn:userTask xmlns:v="urn:v" v:form="f" id="report"/>',
        "report: carries a vendor's attribute",
    ),
    (
        "loop",
        b'<bpmn:endEvent id="end"/>',
        b'<bpmn:endEvent id="end"/><bpmn:userTask id="island"/>',
        "island: cannot be",
    ),
    ("loop", b'<bpmn:endEvent id="end"/>', b'<bpmn:userTask id="end"/>', "end: leads nowhere"),
    (
        "loop",
        b'<bpmn:endEvent id="end"/>',
        b'<bpmn:endEvent id="end"><bpmn:signalEventDefinition/></bpmn:endEvent>',
        "end: a endEvent may not have signalEventDefinition",
    ),
    (
        "loop",
        b'<bpmn:endEvent id="end"/>',
        b'<bpmn:endEvent id="end"/><bpmn:endEvent id="end"/>',
        "end: the id is used",
    ),
    ("loop", b' isExecutable="true"', b"", "isExecutable"),
    ("loop", b'<bpmn:process id="loop"', b'<bpmn:process id="hoop"', "must hold one process, with the id 'loop'"),
    ("loop", b">stop<", b">stop()<", "enough_to_end: 'stop()' may only"),
    ("loop", b' default="enough_to_again"', b"", "enough: every way out needs a condition, except one default"),
    ("loop", b'targetRef="report"', b'targetRef="nothing"', "again_to_report: the flow does not join"),
    ("branches", b'<bpmn:parallelGateway id="split"/>', b'<bpmn:userTask id="split"/>', "split: several ways out need"),
    ("access", b"'screening'", b"'P3D' ", "screen_late: a timer must name a limit"),
    ("access", b"'screening'", b"limit('screening')", "screen_late: a timer must name a limit"),
    (
        "access",
        b"<bpmn:timeDuration xsi:type=\"bpmn:tFormalExpression\">'screening'</bpmn:timeDuration>",
        b"<bpmn:timeDate>'screening'</bpmn:timeDate>",
        "screen_late: a timer must name a limit",
    ),
    ("access", b'name="revoke"', b"", "revoke: the signal must be one with a name"),
    ("access", b'attachedToRef="screen"', b'attachedToRef="register"', "screen_late: must be attached to"),
    ("offers", b'calledElement="inner"', b'calledElement="outer"', "outer.bpmn: the diagram is missing"),
    (
        "offers",
        b'<bpmn:userTask id="accept"/>',
        b'<bpmn:userTask id="draft"/>',
        "draft: the step is drawn more than once",
    ),
    ("offers", b'calledElement="inner"', b'calledElement="offers"', "calls itself"),
    (
        "ballot",
        b"<bpmn:multiInstanceLoopCharacteristics>",
        b'<bpmn:multiInstanceLoopCharacteristics isSequential="true">',
        "give_opinion: only a user task",
    ),
    (
        "ballot",
        b"<bpmn:loopDataInputRef>experts",
        b"<bpmn:loopDataInputRef>experts[0]",
        "give_opinion: a ballot must name",
    ),
]


@pytest.mark.parametrize(("key", "old", "new", "flaw"), FLAWS, ids=[flaw for *_, flaw in FLAWS])
def test_a_flaw_is_named_with_its_file_and_id(key: str, old: bytes, new: bytes, flaw: str) -> None:
    found = problems(key, old, new)
    assert any(flaw in problem for problem in found), found
    assert all(problem.split(":")[0].endswith((".bpmn", ".dmn")) for problem in found)


def test_a_missing_broken_or_incomplete_table_is_a_flaw_of_the_definition() -> None:
    assert problems("access", track_dot_dmn=None) == ["access.bpmn: track: the table track.dmn is missing"]
    assert problems("access", track_dot_dmn=b"<no/>")[0].startswith("track.dmn: a file holds one decision")
    gap = FILES["track.dmn"].replace(b'<text>not("open","restricted")</text>', b'<text>"open"</text>')
    assert any(problem.startswith("track.dmn: no rule fits") for problem in problems("access", track_dot_dmn=gap))
    other = FILES["track.dmn"].replace(b'decision id="track"', b'decision id="trace"')
    assert "track.dmn: trace: the decision must have the id 'track'" in problems("access", track_dot_dmn=other)


@pytest.mark.parametrize("data", [b"", b"<html>", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'])
def test_a_file_that_is_no_plain_xml_is_a_flaw_and_not_a_crash(data: bytes) -> None:
    [problem] = problems("loop", loop_dot_bpmn=data)
    assert problem.startswith("loop.bpmn: ")


def test_no_case_starts_by_a_faulty_definition() -> None:
    faulty = Definition.parse("loop", {})
    with pytest.raises(BadDefinition, match=r"loop\.bpmn: the diagram is missing"):
        start(faulty, lambda name: None)


def test_a_script_that_slipped_through_is_not_run() -> None:
    with pytest.raises(NoScript):
        Hands(lambda name: None, None).execute(None, "import os")
    with pytest.raises(NoScript):
        Hands(lambda name: None, None).evaluate(None, "1 + 1")


def contents(value: Any, seen: set[int]) -> Any:
    """Return all that a drawing consists of, in a form that can be compared."""
    if id(value) in seen:
        return "seen"
    if isinstance(value, dict):
        return {str(name): contents(each, seen) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [contents(each, seen) for each in value]
    if type(value).__module__.startswith(("SpiffWorkflow", "workflow.engine")) and hasattr(value, "__dict__"):
        seen.add(id(value))
        return type(value).__name__, contents(vars(value), seen)
    return repr(value)


def play(seed: int) -> tuple[list[str], list[str]]:
    """Play a case with two rounds of its ballot, and one with offers."""
    ballot = Toy("ballot", {"experts": ["anna", "bei"], "round": seed})
    for decision in ("again", "over"):
        for step, member in (("give_opinion", "bei"), ("give_opinion", "anna"), ("summarise", None)):
            ballot.take(step, member)
        ballot.take("decide", decision=decision)
    offers = Toy("offers", {"rough": True, "reread": False, "redo": False, "reopen": False})
    for step in ("submit", "extend", "propose", "draft", "polish", "grant_extension", "read", "answer", "accept"):
        offers.take(step)
    assert ballot.process.ended
    assert offers.process.ended
    return ballot.served, offers.served


def test_playing_changes_nothing_in_a_definition() -> None:
    both = [definition("ballot"), definition("offers")]
    before = [contents(vars(each), set()) for each in both]
    play(1)
    assert [contents(vars(each), set()) for each in both] == before


def test_threads_share_a_definition_without_a_lock() -> None:
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(play, range(40))) == [play(0)] * 40
