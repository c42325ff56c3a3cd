"""A diagram compares words with constants and does nothing else."""

import pytest

from workflow.engine import BadExpression
from workflow.engine.grammar import expression

KNOWN = {"answer": "open", "grade": 3, "looser": False, "modes": ["file", "service"], "nobody": None}


@pytest.mark.parametrize(
    "text",
    [
        "answer == 'open'",
        "answer != 'declined'",
        "grade >= 3",
        "grade > 2 and grade < 4",
        "not looser",
        "looser == false",
        "answer in ['open', 'conditional']",
        "answer not in ('declined',)",
        "'file' in modes",
        "nobody == null",
        "answer == 'x' or grade == 3",
        "grade == -1 or grade in [3]",
        "unsaid == None",
        "unsaid != 'open'",
    ],
)
def test_a_comparison_that_holds(text: str) -> None:
    assert expression(text)(KNOWN) is True


@pytest.mark.parametrize("text", ["looser", "answer == 'Open'", "grade in [1, 2]", "not (grade == 3)", "unsaid"])
def test_a_comparison_that_does_not_hold(text: str) -> None:
    assert expression(text)(KNOWN) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "answer =",
        "open()",
        "answer.upper() == 'OPEN'",
        "modes[0] == 'file'",
        "grade + 1 == 4",
        "1 < grade < 4",
        "answer == f'{grade}'",
        "(lambda: 1)()",
        "[x for x in modes]",
        "__import__('os')",
        "grade if looser else 1",
        "answer is None",
        "answer := 'x'",
        "answer in [grade]",
        "{'a': 1} == answer",
        "b'x' == answer",
        "-answer == 1",
        "~grade == 1",
        "(" * 500 + "grade" + ")" * 500,
    ],
)
def test_anything_else_is_refused_when_the_diagram_is_read(text: str) -> None:
    with pytest.raises(BadExpression):
        expression(text)


def test_values_without_an_order_are_not_put_in_one() -> None:
    with pytest.raises(BadExpression, match="order"):
        expression("grade > 'two'")(KNOWN)
    with pytest.raises(BadExpression, match="order"):
        expression("unsaid > 2")(KNOWN)


def test_the_words_asked_for_and_what_they_are_compared_with_are_known_before_any_case_runs() -> None:
    asked = expression("answer in ['open', 'shut'] and not (3 < grade or looser) and answer != 'late'").asked
    assert asked == {"answer": {"open", "shut", "late"}, "grade": {3}, "looser": set()}
