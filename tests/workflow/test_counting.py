"""What the committee advises follows from its rules and from nothing else."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Stance
from workflow.counting import count, quorum

S, C, N, A = Stance.SUPPORT, Stance.CONDITIONS, Stance.OPPOSE, Stance.ABSTAIN


@pytest.mark.parametrize(
    ("opinions", "result"),
    [
        ([S] * 7, "support"),
        ([S] * 4 + [N] * 3, "support"),
        ([S, C, C, C, N, N, N], "conditions"),
        ([S, S, S, C, N, N, N], "conditions"),
        ([N] * 4 + [S] * 3, "oppose"),
        ([S, S, S, N, N, N], "divided"),
        ([S, S, S, N, N, N, A], "divided"),
        ([A] * 5, "divided"),
        ([], "divided"),
    ],
)
def test_more_than_half_of_the_opinions_decide_what_is_advised(opinions, result):
    assert count(7, opinions).result == result


@pytest.mark.parametrize(("entitled", "needed"), [(0, 3), (3, 3), (4, 3), (5, 4), (6, 4), (7, 5), (9, 6), (11, 8)])
def test_two_thirds_of_those_entitled_are_needed_and_never_fewer_than_three(entitled, needed):
    assert quorum(entitled) == needed


def test_two_recusals_among_seven_need_four_of_the_five_that_are_left():
    assert not count(5, [S, S, S]).reached
    assert count(5, [S, S, S, N]).reached


def reference(entitled: int, opinions: list[Stance]) -> tuple[bool, str]:
    """Say in ten lines what the rules are."""
    enough = len(opinions) >= 3 and Fraction(len(opinions)) >= Fraction(2, 3) * entitled
    half = Fraction(len(opinions), 2)
    if opinions.count(S) > half:
        return enough, "support"
    if opinions.count(S) + opinions.count(C) > half:
        return enough, "conditions"
    if opinions.count(N) > half:
        return enough, "oppose"
    return enough, "divided"


@given(st.integers(0, 15), st.data())
def test_the_outcome_is_that_of_the_rules_for_every_committee(entitled, data):
    opinions = data.draw(st.lists(st.sampled_from(list(Stance)), max_size=entitled))
    found = count(entitled, opinions)
    assert (found.reached, found.result) == reference(entitled, opinions)
    assert found.valid == len(opinions) == sum(found.stances.values())
