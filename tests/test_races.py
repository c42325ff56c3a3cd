"""Races: of several processes that act at the same moment exactly one wins, and one that dies leaves nothing behind."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from models import (
    Answer,
    Case,
    CaseStatus,
    Clock,
    ClockState,
    Dataset,
    Draft,
    Event,
    EventKind,
    Incident,
    Job,
    Membership,
    OpenType,
    WorkItem,
    WorkState,
    db,
)
from tests import crew
from tests.answers import DEMAND, USED
from workflow import replay

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture(scope="module")
def six():
    """Return six processes that stand ready."""
    six = crew.Crew(6)
    yield six
    six.dismiss()


@pytest.fixture
def race(six, app):
    """Return what lets several deeds happen at the same moment."""
    return partial(six.race_on, app)


@pytest.fixture
def killed(app):
    """Return what kills another process with a deed written and not committed, and tells to what it had added rows."""

    def run(deed, words: dict) -> set[str]:
        before = {name: count(table) for name, table in crew.tables()}
        db.session.commit()
        return {
            name for name, seen in crew.killed_at_commit(crew.reached(app), deed, words).items() if seen > before[name]
        }

    return run


def count(model, *conditions) -> int:
    """Count rows."""
    return db.session.scalar(db.select(db.func.count()).select_from(model).where(*conditions))


def colleague_of(walker, word: str, other: str) -> None:
    """Give one person the offices of another."""
    for office in walker.person(word).memberships:
        same = {"organisation_id": office.organisation_id, "role": office.role}
        db.session.add(Membership(user_id=walker.person(other).id, **same))
    db.session.commit()


def test_of_six_who_answer_one_step_one_is_recorded(walker, people, race):
    case = walker.at("assess_demand")
    words = {
        "reference": case.reference,
        "step": "assess_demand",
        "email": people.clerk,
        "raw": walker.answer("assess_demand"),
    }
    done = race(*[(crew.submit, words)] * 6)
    assert Counter(done) == {case.reference: 1, "NotOpen": 5}
    assert count(Event, Event.kind == EventKind.ANSWERED, Event.step == "assess_demand") == 1
    assert count(WorkItem, WorkItem.step == "propose_classification", WorkItem.state == WorkState.OPEN) == 1


def test_a_form_that_is_sent_six_times_takes_effect_once(walker, people, race):
    case = walker.at("screen_demand")
    words = {"reference": case.reference, "step": "screen_demand", "email": people.desk, "key": "the key of this form"}
    done = race(*[(crew.submit, words | {"raw": walker.answer("screen_demand")})] * 6)
    assert done == [case.reference] * 6
    assert count(Event, Event.kind == EventKind.ANSWERED, Event.step == "screen_demand") == 1
    assert count(Job, Job.key.like(f"letter:{case.id}:%:awaited"), Job.case_id == case.id) == 2


def test_different_answers_at_one_moment_do_not_mix(walker, people, race):
    case = walker.at("answer_demand")
    words = {"reference": case.reference, "raw": walker.answer("answer_demand"), "email": people.decider}
    aside = {"reference": case.reference, "step": "withdraw_demand", "raw": {}, "email": people.citizen}
    done = race((crew.submit, words | {"step": "answer_demand"}), (crew.submit, aside))
    assert Counter(done) == {case.reference: 1, "NotOpen": 1}
    entries = count(Dataset)
    assert (case.state, entries) in {("answered", 1), ("withdrawn", 0)}


def test_of_two_who_take_a_step_one_holds_it(walker, people, race):
    case = walker.at("assess_demand")
    colleague_of(walker, "clerk", "stranger")
    words = {"reference": case.reference, "step": "assess_demand"}
    both = (people.clerk, people.stranger)
    done = race(*[(crew.claim, words | {"email": email}) for email in both])
    assert sorted(done) in (sorted([both[0], "Held"]), sorted([both[1], "Held"]))
    winner = next(email for email in done if email != "Held")
    item = db.session.scalars(db.select(WorkItem).where(WorkItem.step == "assess_demand")).one()
    assert item.holder.email == winner
    assert count(Event, Event.kind == EventKind.CLAIMED) == 1


def test_three_sweeps_fire_and_warn_each_clock_once(walker, race):
    late, soon = walker.at("screen_demand"), walker.at("coordinate_demand")
    due = db.session.scalar(db.select(Clock.due_at).where(Clock.case_id == late.id, Clock.state == ClockState.RUNNING))
    race(*[(crew.sweep_at, {"moment": due + timedelta(seconds=1)})] * 3)
    assert count(Event, Event.case_id == late.id, Event.kind == EventKind.OVERDUE) == 1
    assert count(Job, Job.key.like("letter:%:overdue")) == 1
    warned = db.session.scalar(
        db.select(Clock.soon_at).where(Clock.case_id == soon.id, Clock.state == ClockState.RUNNING)
    )
    race(*[(crew.sweep_at, {"moment": warned})] * 3)
    assert count(Event, Event.case_id == soon.id, Event.kind == EventKind.SOON_DUE) == 1


def test_six_first_demands_of_a_year_get_six_numbers(people, race):
    done = race(
        *[(crew.start, {"email": people.citizen, "raw": DEMAND, "key": f"key {number}"}) for number in range(6)]
    )
    assert sorted(int(reference.rpartition("-")[2]) for reference in done) == [1, 2, 3, 4, 5, 6]
    assert count(Case) == 6


def test_a_demand_that_is_handed_in_six_times_with_one_key_is_one_case(people, race):
    done = race(*[(crew.start, {"email": people.citizen, "raw": DEMAND, "key": "the key of this form"})] * 6)
    assert len(set(done)) == 1
    assert (count(Case), count(Answer)) == (1, 1)
    assert done[0].endswith("-000001")


def test_a_draft_that_is_kept_six_times_with_one_key_is_one_case(people, race):
    done = race(*[(crew.draft, {"email": people.citizen, "form": DEMAND, "key": "the key of this form"})] * 6)
    assert len(set(done)) == 1
    assert (count(Case), count(Draft)) == (1, 1)


def test_of_two_who_take_an_entry_in_hand_one_opens_its_case(walker, people, race):
    described = {"name": "外地导入的条目", "open_type": OpenType.CONDITIONAL, "provider_id": walker.body().id}
    dataset = Dataset(source="elsewhere", source_key="1", **described)
    db.session.add(dataset)
    db.session.commit()
    done = race(*[(crew.adopt, {"code": dataset.code, "email": email}) for email in (people.clerk, people.security)])
    assert sorted(done)[0] == "NotOpen"
    assert count(Case) == 1


@pytest.mark.parametrize("outcome", ["refuse", "approve"])
def test_two_parts_that_end_at_one_moment_tell_the_whole_once_each(walker, people, race, outcome):
    entries = walker.dataset(), walker.dataset(name="空气质量监测", body="上海市生态环境局")
    whole = walker.take(walker.application(*entries), USED[1:2])
    walker.work()
    answer = {"decision": outcome, "text": "经审核，材料与公布的条件逐条核对，特此决定。"}
    answer |= {"bar": "law"} if outcome == "refuse" else {}
    deeds = []
    for part in whole.parts:
        side = "" if part.body_id == walker.body().id else "other_"
        walker.take(part, [("review_application", f"{side}reviewer", USED[2][2])])
        walker.take(part, [("draft_decision", f"{side}clerk", answer)])
        words = {"reference": part.reference, "step": "decide_application", "raw": answer}
        deeds.append((crew.submit, words | {"email": getattr(people, f"{side}decider")}))
    told = Job.kind == "part_decided"
    assert count(Job, told) == 0
    assert race(*deeds) == [part.reference for part in whole.parts]
    jobs = db.session.scalars(db.select(Job.id).where(told)).all()
    assert len(jobs) == 2
    # Two workers take the news at once, and others that had been taken for dead bring it again.
    race((crew.work, {}), (crew.work, {}), *[(crew.perform, {"number": number}) for number in [*jobs, *jobs]])
    assert count(Event, Event.case_id == whole.id, Event.kind == EventKind.SIGNALLED) == 1
    assert (whole.state, whole.status, whole.application.outcome) == ("decided", CaseStatus.ENDED, outcome)
    assert count(Job, Job.error.is_not(None)) == count(Incident) == 0


def snapshot(case: Case) -> tuple:
    """Return what a deed that never was must have left alone."""
    db.session.rollback()
    db.session.expire_all()
    rows = (count(model) for model in (Event, WorkItem, Clock, Job, Dataset, Answer))
    return case.version, case.journal_length, case.process, case.status, *rows


def test_a_web_process_killed_before_its_commit_leaves_nothing(walker, people, killed):
    case = walker.at("answer_demand")
    before = snapshot(case)
    words = {"reference": case.reference, "step": "answer_demand", "email": people.decider}
    written = killed(crew.submit, words | {"raw": walker.answer("answer_demand")})
    # It had already put the entry on the list, in its own transaction.
    assert {"dataset", "event", "work_item", "job"} <= written
    assert snapshot(case) == before
    assert replay.faults(case) == []
    walker.take(case, [("answer_demand", "decider", walker.answer("answer_demand"))])
    assert count(Dataset) == 1


def test_a_worker_killed_before_its_commit_leaves_the_limit_to_the_next(walker, killed):
    case = walker.at("screen_demand")
    due = db.session.scalar(db.select(Clock.due_at).where(Clock.case_id == case.id, Clock.state == ClockState.RUNNING))
    before = snapshot(case)
    written = killed(crew.sweep_at, {"moment": due + timedelta(seconds=1)})
    assert {"event", "job"} <= written
    assert snapshot(case) == before
    walker.expire(case, "demand_screening")
    assert count(Event, Event.case_id == case.id, Event.kind == EventKind.OVERDUE) == 1
    assert replay.faults(case) == []


def test_a_case_is_not_opened_by_a_process_killed_before_its_commit(people, killed):
    words = {"email": people.citizen, "raw": DEMAND, "key": "the key of this form"}
    written = killed(crew.start, words)
    assert {"case", "event", "work_item", "answer"} <= written
    assert (count(Case), count(Event), count(Answer)) == (0, 0, 0)
    assert crew.start(**words).endswith("-000001")
