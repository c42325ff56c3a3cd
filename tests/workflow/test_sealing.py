"""A sealed opinion cannot be read, exchanged or changed, and shows its own truth once it is opened."""

import pytest

from workflow import sealing
from workflow.sealing import BOX, NONCE, BrokenSeal

pytestmark = pytest.mark.usefixtures("context")
PLACE = "consultation 1, round 1, seat 3, person 7"
ANSWER = {"stance": "oppose", "reasons": "单日起讫点可能指向住址，建议截去。"}


def test_what_is_sealed_opens_at_its_place_and_fits_its_commitment():
    sealed = sealing.seal(PLACE, ANSWER)
    opened = sealing.unseal(PLACE, sealed.box, sealed.commitment)
    assert opened.answer == ANSWER
    assert sealing.commitment(PLACE, opened.answer, opened.salt) == sealed.commitment


def test_nothing_of_it_can_be_read_in_the_box_or_told_from_its_size():
    short, long = sealing.seal(PLACE, {"stance": "oppose"}), sealing.seal(PLACE, {**ANSWER, "more": "文" * 6000})
    assert len(short.box) == len(long.box) == NONCE + BOX + 16
    assert b"oppose" not in short.box


def test_two_equal_opinions_look_different():
    one, other = sealing.seal(PLACE, ANSWER), sealing.seal(PLACE, ANSWER)
    assert one.box != other.box
    assert one.commitment != other.commitment


def test_a_box_opens_at_no_other_place():
    sealed = sealing.seal(PLACE, ANSWER)
    with pytest.raises(BrokenSeal):
        sealing.unseal(PLACE.replace("seat 3", "seat 4"), sealed.box, sealed.commitment)


@pytest.mark.parametrize("at", [0, NONCE, 100, -1])
def test_one_changed_byte_breaks_the_seal(at):
    sealed = sealing.seal(PLACE, ANSWER)
    changed = bytearray(sealed.box)
    changed[at] ^= 1
    with pytest.raises(BrokenSeal):
        sealing.unseal(PLACE, bytes(changed), sealed.commitment)


def test_a_genuine_box_with_another_opinion_does_not_fit_the_journal():
    sealed, exchanged = sealing.seal(PLACE, ANSWER), sealing.seal(PLACE, {**ANSWER, "stance": "support"})
    with pytest.raises(BrokenSeal):
        sealing.unseal(PLACE, exchanged.box, sealed.commitment)


def test_a_half_written_opinion_is_hidden_and_comes_back():
    hidden = sealing.hide(PLACE, ANSWER)
    assert "oppose" not in str(hidden)
    assert sealing.reveal(PLACE, hidden) == ANSWER
