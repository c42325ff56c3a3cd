"""A case says what it waits for, takes an answer, and goes as far as it can without anybody."""

import pytest

from tests.workflow.engine.toys import FILES, Toy, definition, words
from workflow.engine import BadOutcome, Definition, NoBranch, NotWaiting, UnknownName, Waiting, load, start


def test_a_step_is_waited_for_under_an_id_of_its_own() -> None:
    first, second = Toy("loop"), Toy("loop")
    assert [each.step for each in first.process.waiting()] == ["report"]
    assert first.find("report").id != second.find("report").id
    assert len(first.find("report").id) == 32
    assert int(first.find("report").id, 16)


def test_an_id_stays_the_same_until_the_step_is_taken() -> None:
    toy = Toy("access")
    submit = toy.find("submit").id
    toy.store()
    assert toy.find("submit").id == submit


def test_only_what_waits_can_be_completed() -> None:
    toy = Toy("loop")
    report = toy.find("report").id
    with pytest.raises(NotWaiting):
        toy.process.complete("0" * 32, {})
    toy.process.complete(report, {"stop": False})
    with pytest.raises(NotWaiting):
        toy.process.complete(report, {"stop": True})


def test_a_step_does_not_expire_and_a_timer_is_not_completed() -> None:
    toy = Toy("access")
    with pytest.raises(NotWaiting):
        toy.process.expire(toy.find("submit").id)
    toy.take("submit")
    with pytest.raises(NotWaiting):
        toy.process.complete(toy.find("screen_late").id, {})
    assert toy.waiting() == ["screen"]


def test_a_timer_names_its_limit_and_its_host_and_never_looks_at_a_clock() -> None:
    toy = Toy("access")
    toy.take("submit")
    timer = toy.find("screen_late")
    assert timer == Waiting(timer.id, "screen_late", "timer", "screening", "screen", False, None)
    assert toy.served == ["register"]
    toy.expire("screen_late")
    assert toy.served == ["register", "remind"]
    assert toy.waiting() == ["screen"]
    assert toy.waiting("timer") == []


def test_an_offered_step_names_its_host() -> None:
    toy = Toy("offers")
    assert toy.waiting("offered") == []
    toy.take("submit")
    withdraw, extend = toy.find("withdraw"), toy.find("extend")
    assert (withdraw.kind, withdraw.host, withdraw.interrupting) == ("offered", "life", True)
    assert (extend.kind, extend.host, extend.interrupting) == ("offered", "life", False)


def test_an_interrupting_offer_cancels_everything_inside_nested_calls_included() -> None:
    toy = Toy("offers")
    toy.take("submit")
    toy.take("propose")
    toy.take("draft", rough=False)
    assert toy.waiting() == ["read"]
    assert "read_late" in toy.waiting("timer")
    toy.take("withdraw", reason="moved")
    assert [each.step for each in toy.process.waiting()] == ["say_why"]
    assert words(toy.process, toy.find("say_why").id)["reason"] == "moved"
    toy.take("say_why")
    assert toy.process.ended
    assert toy.served == ["close"]


def test_an_offer_that_does_not_interrupt_can_be_taken_once_and_leaves_the_rest_open() -> None:
    toy = Toy("offers")
    toy.take("submit")
    toy.take("extend", days=10)
    assert toy.waiting() == ["grant_extension", "propose"]
    assert toy.waiting("offered") == ["withdraw"]
    toy.take("grant_extension")
    assert toy.waiting() == ["propose"]
    assert not toy.process.ended


def test_an_offer_is_made_again_when_its_host_is_entered_again() -> None:
    toy = Toy("offers", {"rough": False, "reread": False, "redo": False})
    toy.take("submit")
    toy.take("extend")
    toy.take("grant_extension")
    for step in ("propose", "draft", "read", "answer"):
        toy.take(step)
    toy.take("accept", reopen=True)
    assert toy.waiting("offered") == ["extend", "withdraw"]


def test_what_was_said_in_a_side_branch_is_known_after_it_ended() -> None:
    toy = Toy("offers", {"rough": False, "reread": False, "redo": False, "reopen": False})
    toy.take("submit")
    toy.take("extend")
    for step in ("propose", "draft", "read", "answer", "accept"):
        toy.take(step)
    assert toy.waiting() == ["grant_extension"]
    assert not toy.process.ended
    toy.take("grant_extension", days=10)
    assert toy.process.ended


def test_a_process_inside_is_entered_as_often_as_the_flow_leads_there() -> None:
    toy = Toy("inner", {"rough": True})
    for _ in range(30):
        assert toy.waiting() == ["draft"]
        toy.take("draft")
        toy.take("polish")
        toy.take("read", reread=True)
    toy.take("draft", rough=False)
    toy.take("read", reread=False)
    assert toy.process.ended
    assert toy.process.waiting() == []


def test_a_service_is_called_by_its_id_and_its_outcome_is_known_from_then_on() -> None:
    toy = Toy("ballot", answers={"seat": {"experts": ["anna", "bei"]}})
    assert toy.served == ["seat"]
    assert [each.assignee for each in toy.process.waiting() if each.kind == "step"] == ["anna", "bei"]


def test_members_may_be_numbers_and_a_ballot_of_nobody_is_over_at_once() -> None:
    numbers = Toy("ballot", {"experts": [7, 9]})
    assert {each.assignee for each in numbers.process.waiting() if each.kind == "step"} == {7, 9}
    assert Toy("ballot", {"experts": []}).waiting() == ["summarise"]


def test_a_ballot_without_a_list_of_members_does_not_open() -> None:
    with pytest.raises(UnknownName, match="experts"):
        Toy("ballot")


def test_a_ballot_is_over_when_all_have_answered_and_can_be_held_again() -> None:
    toy = Toy("ballot", {"experts": ["anna", "bei", "chen"]})
    for _ in range(3):
        for member in ("bei", "chen", "anna"):
            assert "summarise" not in toy.waiting()
            toy.take("give_opinion", member)
        assert "assignee" not in words(toy.process, toy.find("summarise").id)
        toy.take("summarise")
        toy.take("decide", decision="again")


def test_a_table_is_told_to_the_journal_with_its_inputs_and_rules() -> None:
    toy = Toy("access", {"level": "open", "grade": 3})
    toy.take("submit")
    toy.take("screen", screening="pass")
    [(name, inputs, decision)] = toy.decided
    assert (name, inputs) == ("track", {"level": "open", "grade": 3})
    assert decision.outputs == {"track": "conditional", "days": 30}
    assert [(rule.id, rule.reference) for rule in decision.rules] == [("open_high", "Toy Order, article 2")]


def test_a_signal_is_heard_by_all_that_wait_for_it_and_by_nobody_else() -> None:
    toy = Toy("wait")
    assert toy.process.signal("go_on") is False
    toy.expire("rest_over")
    assert toy.process.waiting() == []
    assert not toy.process.ended
    assert toy.process.signal("come_back") is False
    assert toy.process.signal("go_on", {"how": "loudly"}) is True
    assert toy.waiting() == ["listen", "talk"]
    assert words(toy.process, toy.find("talk").id) == {"how": "loudly"}


def test_a_signal_reaches_the_outermost_first_so_that_what_it_cancels_stays_silent() -> None:
    toy = Toy("alarm")
    assert toy.process.signal("alarm") is True
    assert toy.waiting() == ["count_heads"]
    assert toy.served == []


def test_an_end_that_terminates_closes_what_is_still_open() -> None:
    toy = Toy("wait")
    toy.expire("rest_over")
    toy.process.signal("go_on")
    toy.take("listen")
    assert toy.process.ended
    assert toy.process.waiting() == []


def test_a_word_that_no_way_out_expects_stops_the_case() -> None:
    """A gateway without a default takes no way rather than the wrong one."""
    drawn = (
        FILES["loop.bpmn"]
        .replace(b' default="enough_to_again"', b"")
        .replace(
            b'sourceRef="enough" targetRef="again"/>',
            b'sourceRef="enough" targetRef="again"><bpmn:conditionExpression>stop == False</bpmn:conditionExpression>'
            b"</bpmn:sequenceFlow>",
        )
    )
    process = start(Definition.parse("loop", {"loop.bpmn": drawn}), lambda name: None)
    with pytest.raises(NoBranch, match="enough"):
        process.complete(process.waiting()[0].id, {"stop": None})


def test_words_from_the_start_are_known_at_the_first_step() -> None:
    process = start(definition("loop"), lambda name: None, outcome={"adopted": True})
    assert words(process, process.waiting()[0].id) == {"adopted": True}


@pytest.mark.parametrize("value", [{"nested": 1}, [["deep"]], object(), [{"deep": 1}]])
def test_an_outcome_is_flat(value: object) -> None:
    toy = Toy("loop")
    with pytest.raises(BadOutcome):
        toy.take("report", stop=False, evidence=value)


def test_the_service_of_a_loaded_case_is_the_one_given_at_loading() -> None:
    toy = Toy("access")
    served: list[str] = []
    process = load(toy.definition, toy.process.dump(), served.append)  # type: ignore[func-returns-value]
    process.complete(process.waiting()[0].id, {})
    assert served == ["register"]
    assert toy.served == []
