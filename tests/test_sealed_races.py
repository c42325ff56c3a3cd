"""The committee's races: whoever hands in, changes or withdraws at the same moment, each opinion is counted once."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from models import Clock, ClockState, Consultation, Event, EventKind, Incident, Job, Opinion, SealedOpinion, db
from tests import crew
from tests.consulted import MEMBERS, NO_TIE, TIE, opinion, to_seat
from workflow import casework, consultations, seating
from workflow.worklist import open_items

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture(scope="module")
def eight():
    """Return eight processes that stand ready."""
    eight = crew.Crew(8)
    yield eight
    eight.dismiss()


@pytest.fixture
def race(eight, app):
    """Return what lets several deeds happen at the same moment."""
    return partial(eight.race_on, app)


@pytest.fixture
def seated(walker):
    """Return what seats seven members, with some stand-ins."""

    def seat(*stand_ins):
        case = walker.at("seat_experts")
        return walker.take(case, [("seat_experts", "secretary", to_seat(walker, stand_ins=stand_ins))])

    return seat


@pytest.fixture
def case(walker, seated):
    """Return a case whose seven members have declared that nothing ties them."""
    return walker.take(seated(), [("declare_interest", who, NO_TIE) for who in MEMBERS])


def given(who: str, text: str = "第一稿") -> dict:
    """Return an opinion that tells who wrote it, and when."""
    return opinion("support") | {"reasons": f"{who}，{text}：公开的数据不能还原到个人，风险在可以接受的范围之内。"}


def handing_in(case, people, who: str, text: str = "第一稿", **more) -> tuple:
    """Return the deed of a member who hands an opinion in."""
    words = {"reference": case.reference, "step": "give_opinion", "email": getattr(people, who)}
    return crew.submit, words | {"raw": given(who, text)} | more


def lines(case, step: str, *kinds: EventKind) -> int:
    """Count the lines of a case's journal about a step."""
    said = Event.case_id == case.id, Event.step == step, Event.kind.in_(kinds)
    return db.session.scalar(db.select(db.func.count()).select_from(Event).where(*said))


def counted(case) -> dict[int, str]:
    """Return the reasons of the opinions that were opened, by seat."""
    found = db.session.scalars(db.select(Opinion).join(Consultation).where(Consultation.case_id == case.id))
    return {each.seat: each.answer["reasons"] for each in found}


def nothing_went_wrong() -> None:
    """Make sure that nobody was called to help, and that no work failed."""
    assert db.session.scalars(db.select(Incident.error)).all() == []
    assert db.session.scalars(db.select(Job.error).where(Job.error.is_not(None))).all() == []


def test_seven_hand_in_at_one_moment_and_each_is_counted_once(race, case, people):
    done = race(*[handing_in(case, people, who, key=f"the key of {who}") for who in MEMBERS])
    assert done == [case.reference] * 7
    assert lines(case, "give_opinion", EventKind.ANSWERED) == 7
    assert lines(case, "announce_close", EventKind.SERVED) == 1
    assert len(db.session.scalars(db.select(SealedOpinion.seat)).all()) == 7
    # Two workers, and somebody who has been told before that the ballot may be opened.
    done = race(
        (crew.work, {}), (crew.work, {}), *[(crew.tell, {"reference": case.reference, "name": "open_ballot"})] * 6
    )
    assert Counter(done[2:]) in ({True: 1, False: 5}, {False: 6})
    assert lines(case, "close_ballot", EventKind.SERVED) == 1
    assert counted(case) == {seat: given(who)["reasons"] for seat, who in enumerate(MEMBERS, 1)}
    assert consultations.current(case).count["valid"] == 7
    nothing_went_wrong()


def test_what_is_changed_as_the_limit_runs_out_counts_as_acknowledged(race, walker, case, people):
    for who in MEMBERS[:6]:
        casework.submit(case, "give_opinion", given(who), actor=walker.person(who))
    running = Clock.case_id == case.id, Clock.limit == "expert_opinion", Clock.state == ClockState.RUNNING
    over = {"moment": db.session.scalar(db.select(Clock.due_at).where(*running)) + timedelta(seconds=1)}
    done = race((crew.sweep_at, over), *[handing_in(case, people, who, "改定稿") for who in MEMBERS])[1:]
    # What is refused is refused as no longer open (409), and nothing else is ever said.
    assert set(done) <= {case.reference, "NotOpen"}
    walker.work()
    kept = {seat: given(who)["reasons"] for seat, who in enumerate(MEMBERS[:6], 1)}
    for seat, (who, said) in enumerate(zip(MEMBERS, done, strict=True), 1):
        if said == case.reference:
            kept[seat] = given(who, "改定稿")["reasons"]
    assert counted(case) == kept
    assert lines(case, "announce_close", EventKind.SERVED) == lines(case, "close_ballot", EventKind.SERVED) == 1
    nothing_went_wrong()


def test_of_one_members_texts_at_one_moment_the_last_in_the_journal_counts(race, walker, case, people):
    done = race(*[handing_in(case, people, "expert1", f"第{number}稿") for number in range(1, 8)])
    assert done == [case.reference] * 7
    assert lines(case, "give_opinion", EventKind.ANSWERED) == 1
    assert lines(case, "give_opinion", EventKind.CHANGED) == 6
    for who in MEMBERS[1:]:
        casework.submit(case, "give_opinion", given(who), actor=walker.person(who))
    last = consultations.commitments(consultations.current(case))[1]
    walker.work()
    found = db.session.scalars(db.select(Opinion).where(Opinion.seat == 1)).one()
    assert found.commitment == last
    assert found.answer["reasons"] in {given("expert1", f"第{number}稿")["reasons"] for number in range(1, 8)}
    nothing_went_wrong()


def test_two_who_withdraw_at_one_moment_share_one_stand_in(race, seated, people, walker):
    case = seated("expert8")
    leaving = ("expert3", "expert4")
    words = {"reference": case.reference, "step": "declare_interest", "raw": TIE}
    staying = [
        (crew.submit, words | {"raw": NO_TIE, "email": getattr(people, who)}) for who in MEMBERS if who not in leaving
    ]
    done = race(*[(crew.submit, words | {"email": getattr(people, who)}) for who in leaving], *staying)
    assert done == [case.reference] * 7
    seats = seating.sitting(consultations.current(case))
    assert len(seats) == 6
    [came] = [each for each in seats if each.stand_in]
    assert (came.number in (3, 4), came.user_id) == (True, walker.person("expert8").id)
    # Whoever came is asked to declare, and nobody is asked in the seat that stays empty.
    asked = {item.member for item in open_items(case) if item.step == "declare_interest"}
    assert asked == {str(came.number)}
    nothing_went_wrong()
