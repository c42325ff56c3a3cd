"""Whole committees: whoever declares, withdraws and answers in whatever order, the outcome is that of the rules."""

import os
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from models import db
from tests.consulted import CONCLUSION, NO_TIE, TIE, opinion, to_seat
from tests.undone import undone
from workflow import casework, consultations, replay, seating
from workflow.errors import Refused
from workflow.worklist import open_items

# The everyday run sees the same few committees; LIVES=500 sees as many, other ones each time.
COMMITTEES = int(os.environ.get("LIVES", "4"))
PEOPLE = tuple(f"expert{number}" for number in range(1, 10))
DEEDS = {
    "declare": ("declare_interest", NO_TIE),
    "tie": ("declare_interest", TIE),
    "recuse": ("recuse", {"interest_text": "刚刚接受了申请单位的委托。"}),
    **{stance: ("give_opinion", opinion(stance)) for stance in ("support", "conditions", "oppose", "abstain")},
}
STANCES = ("support", "conditions", "oppose", "abstain")
# What one person does, in this order; most sit to the end.
LIVES = st.one_of(
    st.sampled_from(STANCES).map(lambda stance: ["declare", stance]),
    st.sampled_from(STANCES).map(lambda stance: ["declare", stance]),
    st.lists(st.sampled_from(STANCES), min_size=2, max_size=2).map(lambda stances: ["declare", *stances]),
    st.sampled_from([["tie"], ["declare", "recuse"], ["declare"], [], ["recuse"], ["support"]]),
    st.sampled_from(STANCES).map(lambda stance: ["declare", stance, "recuse"]),
)


class Reference:
    """The rules in few lines: who sits, who has answered what, and when it is over."""

    def __init__(self, members: list[str], stand_ins: list[str]) -> None:
        self.seats, self.waiting = dict(enumerate(members, 1)), list(stand_ins)
        self.declared, self.given, self.chair = set(), {}, 1

    @property
    def over(self) -> bool:
        return set(self.seats.values()) <= set(self.given)

    def does(self, who: str, deed: str) -> bool:
        """Let somebody do something; say whether they may."""
        if self.over or who not in self.seats.values():
            return False
        if deed == "declare":
            allowed = who not in self.declared
            self.declared.add(who)
        elif deed in STANCES:
            allowed = who in self.declared
            self.given |= {who: deed} if allowed else {}
        else:
            # Who withdraws takes back what they have handed in.
            allowed = deed == "recuse" or who not in self.declared
            if allowed:
                self.given.pop(who, None)
                self.leaves(next(seat for seat, sits in self.seats.items() if sits == who))
        return allowed

    def leaves(self, seat: int) -> None:
        if self.waiting:
            self.seats[seat] = self.waiting.pop(0)
        else:
            del self.seats[seat]
            self.chair = min(self.seats, default=0) if self.chair == seat else self.chair

    def outcome(self) -> str:
        said, half = list(self.given.values()), Fraction(len(self.given), 2)
        if len(said) < max(3, Fraction(2, 3) * len(self.seats)):
            return "short"
        if said.count("support") > half:
            return "support"
        if said.count("support") + said.count("conditions") > half:
            return "conditions"
        return "oppose" if said.count("oppose") > half else "divided"


@st.composite
def committees(draw) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """Return members, stand-ins, and who does what in which order."""
    people = draw(st.permutations(PEOPLE))
    size = draw(st.sampled_from([5, 7]))
    members, stand_ins = people[:size], people[size : size + draw(st.integers(0, 2))]
    # Those who may have to stand in act last, when somebody may have made room for them.
    lives = {who: list(draw(LIVES)) for who in [*members, *stand_ins]}
    order = []
    for group in (members, stand_ins):
        left = [who for who in group for _ in lives[who]]
        order += [(who, lives[who].pop(0)) for who in draw(st.permutations(left))]
    return members, stand_ins, order


@given(plan=committees())
@settings(
    max_examples=COMMITTEES,
    derandomize="LIVES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
def test_what_comes_of_a_committee_follows_from_the_rules(app, walker, plan):
    members, stand_ins, order = plan
    rules = Reference(members, stand_ins)
    with undone(app):
        case = walker.at("seat_experts")
        walker.take(case, [("seat_experts", "secretary", to_seat(walker, members, stand_ins))])
        for who, deed in order:
            step, answer = DEEDS[deed]
            try:
                casework.submit(case, step, answer, actor=walker.person(who))
                done = True
            except (Refused, ValidationError):
                db.session.rollback()
                done = False
            assert done is rules.does(who, deed), (who, deed)
        if not rules.over:
            walker.expire(case, "expert_opinion")
        assert consultations.current(case).state == "closing"
        walker.open_ballot(case)
        consultation = consultations.current(case)
        found = {each.seat: each.stance for each in consultation.opinions}
        if rules.outcome() == "short":
            assert (consultation.state, found) == ("short", {})
        else:
            assert found == {seat: rules.given[who] for seat, who in rules.seats.items() if who in rules.given}
            assert (consultation.state, consultation.count["result"]) == ("closed", rules.outcome())
            assert consultation.count["entitled"] == len(rules.seats)
            [item] = [item for item in open_items(case) if item.step == "conclude_consultation"]
            chair = walker.person(rules.seats[rules.chair])
            assert item.holder_id in (None, chair.id)
            casework.submit(case, "conclude_consultation", CONCLUSION, actor=chair)
            assert consultation.state == "concluded"


def test_a_journal_in_which_a_member_withdraws_before_another_answers_can_be_replayed(app, walker):
    with app.app_context():
        case = walker.take(walker.at("seat_experts"), [("seat_experts", "secretary", to_seat(walker, stand_ins=()))])
        for who, deed in (("expert1", "declare"), ("expert5", "recuse"), ("expert1", "support")):
            step, answer = DEEDS[deed]
            casework.submit(case, step, answer, actor=walker.person(who))
        assert replay.faults(case) == []


def test_when_the_chair_withdraws_after_another_somebody_takes_the_chair(app, walker):
    with app.app_context():
        case = walker.take(walker.at("seat_experts"), [("seat_experts", "secretary", to_seat(walker, stand_ins=()))])
        for who in ("expert5", "expert1"):
            casework.submit(case, "declare_interest", TIE, actor=walker.person(who))
        assert [each.number for each in seating.sitting(consultations.current(case)) if each.chair] == [2]


def test_a_quorum_is_two_thirds_and_never_fewer_than_three():
    rules = Reference(list(PEOPLE[:5]), [])
    for who in PEOPLE[:3]:
        assert rules.does(who, "declare")
        assert rules.does(who, "support")
    assert rules.outcome() == "short"
    assert rules.does(PEOPLE[4], "tie")
    assert rules.outcome() == "support"
