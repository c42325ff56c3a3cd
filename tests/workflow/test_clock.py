"""Limits on cases: they start, stand still, go on, are extended once, warn once, and grant nothing when they end."""

from datetime import date, timedelta

import pytest

from api.strips import strip_of
from models import (
    PREFIXES,
    CaseStatus,
    Clock,
    ClockState,
    Dataset,
    EventKind,
    Incident,
    Job,
    Limit,
    Unit,
    db,
)
from tests import hourglass
from tests.answers import ANSWERS, DETOURS, OPENED
from workflow import calendar, casework, clock, definitions, engine, journal, sweep
from workflow.calendar import day_end, day_start, local_day
from workflow.errors import NotOpen
from workflow.worklist import open_items

pytestmark = pytest.mark.usefixtures("context")
ASK = DETOURS["clarify_demand"][1][0][2]
# A step at which each limit runs.
RUNS_AT = {
    "draft": "submit_demand",
    "demand_screening": "screen_demand",
    "completion": "clarify_demand",
    "demand_answer": "answer_demand",
    "answer_dispute": "dispute_answer",
    "coordination": "coordinate_demand",
    "classification_review": "review_classification",
    "classification_confirmation": "confirm_classification",
    "listing_check": "check_listing",
    "listing_approval": "approve_listing",
    "reevaluation": "amend_listing",
    "seating": "seat_experts",
    "interest_declaration": "declare_interest",
    "expert_opinion": "give_opinion",
    "consultation_conclusion": "conclude_consultation",
    "formal_check": "check_application",
    "decision": "review_application",
    "right_holder_opinion": "consult_right_holder",
    "agreement_signing": "sign_agreement",
    "delivery": "provision_access",
    "agreement_end": "request_renewal",
}
# How a case ends that a limit ends; any other has lapsed.
ENDS_AS = {"answer_dispute": "answered", "agreement_end": "expired", "agreement_signing": "unsigned"}


@pytest.fixture
def glass(monkeypatch) -> hourglass.Hourglass:
    """Return the hourglass of the service; it is Friday, 30 October 2026."""
    glass = hourglass.install(monkeypatch, day_start(date(2026, 10, 30)))
    glass.noon(2026, 10, 30)
    return glass


def clock_of(case, limit: str) -> Clock:
    """Return the newest clock of a limit on a case, as the database has it."""
    query = db.select(Clock).where(Clock.case_id == case.id, Clock.limit == limit).order_by(Clock.started_at.desc())
    return db.session.scalars(query.execution_options(populate_existing=True)).first()


def lines_of(case, kind: EventKind) -> list:
    """Return the lines of a kind in a case's journal."""
    return [line for line in journal.lines(case) if line.kind is kind]


def letters(template: str) -> list[dict]:
    """Return what is in the outbox for a kind of letter."""
    jobs = db.session.scalars(db.select(Job).where(Job.kind == "letter"))
    return [job.data for job in jobs if job.data["template"] == template]


def enact(name: str, days: int, since: date) -> None:
    """Change the register: a limit has other days from a day on."""
    before = calendar.limit_in_force(name, since)
    basis = {"title": before.title, "unit": before.unit, "extension": before.extension, "basis": before.basis}
    db.session.add(Limit(name=name, days=days, since=since, **basis))
    db.session.commit()
    calendar.forget()


def test_a_clarification_stops_the_limit_of_the_screening(walker, glass):
    enact("demand_screening", 15, date(2026, 10, 1))
    case = walker.demand()
    assert local_day(clock_of(case, "demand_screening").due_at) == date(2026, 11, 20)
    glass.noon(2026, 11, 5)
    walker.take(case, [("screen_demand", "desk", ASK)])
    stopped = clock_of(case, "demand_screening")
    assert stopped.state is ClockState.PAUSED
    assert [line.step for line in lines_of(case, EventKind.PAUSED)] == ["clarify_demand"]
    glass.noon(2026, 11, 11)
    walker.take(case, [("clarify_demand", "citizen", ANSWERS["clarify_demand"])])
    going = clock_of(case, "demand_screening")
    assert going.state is ClockState.RUNNING
    assert going.due_at == day_end(date(2026, 11, 26))
    assert [item.due_at for item in open_items(case) if item.step == "screen_demand"] == [going.due_at]
    glass.noon(2026, 11, 23)
    strip = strip_of(going)
    assert (strip.used, strip.stopped, strip.left) == (12, 4, 3)


def test_a_clock_that_stands_still_neither_warns_nor_runs_out(walker, glass):
    case = walker.take(walker.demand(), [("screen_demand", "desk", ASK)])
    sweep.sweep(glass.noon(2026, 11, 16))
    assert clock_of(case, "demand_screening").state is ClockState.PAUSED
    assert [line.step for line in lines_of(case, EventKind.SOON_DUE)] == []
    assert lines_of(case, EventKind.OVERDUE) == []


def test_after_a_stop_people_are_warned_of_the_new_day(walker, glass):
    case = walker.demand()
    sweep.sweep(clock_of(case, "demand_screening").soon_at)
    assert len(lines_of(case, EventKind.SOON_DUE)) == 1
    glass.noon(2026, 11, 4)
    walker.take(case, [("screen_demand", "desk", ASK)])
    glass.noon(2026, 11, 16)
    walker.take(case, [("clarify_demand", "citizen", ANSWERS["clarify_demand"])])
    sweep.sweep(glass.noon(2026, 11, 16))
    sweep.sweep(glass.noon(2026, 11, 17))
    assert len(lines_of(case, EventKind.SOON_DUE)) == 2


def test_a_limit_runs_to_the_last_second_of_its_day_in_shanghai(walker, glass):
    case = walker.demand()
    due = clock_of(case, "demand_screening").due_at
    assert due == day_end(date(2026, 11, 6))
    within = due + timedelta(milliseconds=999)
    sweep.sweep(within)
    assert lines_of(case, EventKind.OVERDUE) == []
    with pytest.raises(NotOpen):
        casework.expire(case, clock_of(case, "demand_screening").id, within)
    sweep.sweep(due + timedelta(seconds=1))
    assert len(lines_of(case, EventKind.OVERDUE)) == 1


def test_a_limit_warns_once_and_runs_out_once(walker, glass):
    case = walker.demand()
    sweep.sweep(day_start(date(2026, 11, 3)) - timedelta(seconds=1))
    assert lines_of(case, EventKind.SOON_DUE) == []
    for day in (3, 4, 5, 6):
        sweep.sweep(glass.noon(2026, 11, day))
    assert [line.data["items"] for line in lines_of(case, EventKind.SOON_DUE)] == [["screen_demand"]]
    for day in (7, 8, 9):
        sweep.sweep(glass.noon(2026, 11, day))
    assert [line.data["items"] for line in lines_of(case, EventKind.OVERDUE)] == [["screen_demand"]]
    assert clock_of(case, "demand_screening").state is ClockState.FIRED
    assert (len(letters("soon_due")), len(letters("overdue"))) == (1, 1)


def test_lateness_goes_up_to_the_lead_authority_and_later_to_the_deciders_of_the_body(walker, glass):
    case = walker.demand()
    sweep.sweep(glass.noon(2026, 11, 9))
    assert letters("escalated")[0]["audience"] == [{"role": "authority", "organisation": None}]
    walker.take(case, OPENED[1:2])
    sweep.sweep(glass.noon(2026, 12, 9))
    assert letters("escalated")[1]["audience"] == [{"role": "decider", "organisation": case.body_id}]


def test_who_has_to_act_is_told_of_the_limit_of_the_whole_answer_as_well(walker, glass):
    case = walker.at("review_classification")
    assert [item.limit for item in open_items(case) if not item.offered] == ["classification_review"]
    sweep.sweep(glass.noon(2026, 11, 17))
    told = [line for line in lines_of(case, EventKind.SOON_DUE) if line.step == "demand_answer"]
    assert [line.data["items"] for line in told] == [["review_classification"]]
    walker.expire(case, "demand_answer")
    told = [line for line in lines_of(case, EventKind.OVERDUE) if line.step == "demand_answer"]
    assert [line.data["items"] for line in told] == [["review_classification"]]


def test_a_step_that_is_late_may_still_be_answered(walker, glass):
    case = walker.demand()
    sweep.sweep(glass.noon(2026, 11, 9))
    assert [item.step for item in open_items(case) if not item.offered] == ["screen_demand"]
    walker.take(case, OPENED[1:2])
    assert [item.step for item in open_items(case) if not item.offered] == ["assess_demand"]


def test_every_limit_that_is_drawn_is_tried_here():
    drawn = [definitions.parsed(definitions.current(kind)).limits for kind in PREFIXES]
    assert set(RUNS_AT) == set().union(*drawn)


@pytest.mark.parametrize("limit", RUNS_AT)
def test_silence_never_grants(walker, glass, limit):
    case = walker.at(RUNS_AT[limit])
    answered, entries = len(lines_of(case, EventKind.ANSWERED)), db.session.scalars(db.select(Dataset.id)).all()
    open_type, answer = case.classification and case.classification.open_type, case.demand and case.demand.answer
    walker.expire(case, limit)
    assert clock_of(case, limit).state is not ClockState.RUNNING or limit == "reevaluation"
    assert len(lines_of(case, EventKind.ANSWERED)) == answered
    assert db.session.scalars(db.select(Dataset.id)).all() == entries
    assert (case.classification and case.classification.open_type) == open_type
    assert (case.demand and case.demand.answer) == answer
    if case.status is CaseStatus.ENDED:
        assert case.state == ENDS_AS.get(limit, "lapsed")


def test_an_answer_is_given_more_time_once(walker, glass):
    case = walker.at("assess_demand")
    assert local_day(clock_of(case, "demand_answer").due_at) == date(2026, 11, 20)
    walker.take(case, [("extend_answer", "decider", ANSWERS["extend_answer"])])
    longer = clock_of(case, "demand_answer")
    assert local_day(longer.due_at) == date(2026, 12, 11)
    assert [item.due_at for item in open_items(case) if item.step == "assess_demand"] == [longer.due_at]
    assert [line.data["reason"] for line in lines_of(case, EventKind.EXTENDED)] == [ANSWERS["extend_answer"]["reason"]]
    assert len(letters("extended")) == 1
    before = (case.version, case.journal_length, longer.due_at)
    with pytest.raises(NotOpen):
        walker.take(case, [("extend_answer", "decider", ANSWERS["extend_answer"])])
    db.session.refresh(case)
    assert (case.version, case.journal_length, clock_of(case, "demand_answer").due_at) == before


def test_what_has_run_out_is_not_extended(walker, glass):
    case = walker.at("assess_demand")
    walker.expire(case, "demand_answer")
    with pytest.raises(NotOpen):
        walker.take(case, [("extend_answer", "decider", ANSWERS["extend_answer"])])
    assert lines_of(case, EventKind.EXTENDED) == []


def test_a_limit_with_more_time_warns_again_and_runs_out_at_its_new_end(walker, glass):
    case = walker.at("assess_demand")
    sweep.sweep(glass.noon(2026, 11, 18))
    walker.take(case, [("extend_answer", "decider", ANSWERS["extend_answer"])])
    sweep.sweep(glass.noon(2026, 11, 23))
    assert (len(lines_of(case, EventKind.SOON_DUE)), len(lines_of(case, EventKind.OVERDUE))) == (1, 0)
    sweep.sweep(glass.noon(2026, 12, 10))
    sweep.sweep(glass.noon(2026, 12, 12))
    assert (len(lines_of(case, EventKind.SOON_DUE)), len(lines_of(case, EventKind.OVERDUE))) == (2, 1)


def test_a_sweep_that_comes_late_respects_the_time_given_meanwhile(walker, glass):
    case = walker.at("assess_demand")
    due = clock_of(case, "demand_answer").due_at
    found, soon = clock_of(case, "demand_answer").id, day_start(date(2026, 11, 18))
    # The sweep has found the clock, and before it comes to it the limit is extended.
    walker.take(case, [("extend_answer", "decider", ANSWERS["extend_answer"])])
    sweep.warn(case, found, soon)
    with pytest.raises(NotOpen):
        casework.expire(case, found, due)
    assert lines_of(case, EventKind.SOON_DUE) + lines_of(case, EventKind.OVERDUE) == []


def test_a_change_of_the_register_moves_no_clock_that_runs(walker, glass):
    case = walker.at("assess_demand")
    enact("demand_answer", 3, date(2026, 11, 2))
    glass.noon(2026, 11, 3)
    clock.reckon(clock_of(case, "demand_answer"))
    assert local_day(clock_of(case, "demand_answer").due_at) == date(2026, 11, 20)
    walker.take(case, [("extend_answer", "decider", ANSWERS["extend_answer"])])
    assert local_day(clock_of(case, "demand_answer").due_at) == date(2026, 12, 11)
    later = walker.at("assess_demand")
    assert local_day(clock_of(later, "demand_answer").due_at) == date(2026, 11, 6)


def test_a_change_of_the_register_waits_for_its_day(walker, glass):
    enact("demand_answer", 3, date(2026, 11, 2))
    assert local_day(clock_of(walker.at("assess_demand"), "demand_answer").due_at) == date(2026, 11, 20)


def test_the_register_counts_working_days_or_all_days(walker, glass):
    case = walker.at("submit_demand")
    assert clock.register(clock_of(case, "draft")).unit is Unit.CALENDAR
    assert local_day(clock_of(case, "draft").due_at) == date(2026, 10, 30) + timedelta(days=90)


def test_one_case_that_cannot_be_dealt_with_stops_no_other(walker, glass, monkeypatch):
    first, second = walker.demand(), walker.demand()
    real = sweep.warn

    def warn(case, clock_id, at):
        if case.id == first.id:
            raise RuntimeError("something is wrong with this case")
        real(case, clock_id, at)

    monkeypatch.setattr(sweep, "warn", warn)
    sweep.sweep(glass.noon(2026, 11, 4))
    assert lines_of(first, EventKind.SOON_DUE) == []
    assert len(lines_of(second, EventKind.SOON_DUE)) == 1


def test_clocks_that_wait_for_an_incident_keep_no_other_from_running_out(walker, glass, monkeypatch):
    stuck = [walker.demand() for _ in range(3)]
    numbers = {case.id for case in stuck}
    glass.noon(2026, 11, 2)
    later = walker.demand()
    real = engine.Process.expire

    def expire(process, timer):
        if db.session.get_one(Clock, timer).case_id in numbers:
            raise RuntimeError("something is wrong with this case")
        real(process, timer)

    monkeypatch.setattr(engine.Process, "expire", expire)
    monkeypatch.setattr(sweep, "BATCH", 2)
    for _ in range(3):
        sweep.sweep(glass.noon(2026, 12, 1))
    assert len(lines_of(later, EventKind.OVERDUE)) == 1
    assert all(lines_of(case, EventKind.OVERDUE) == [] for case in stuck)
    incidents = db.session.scalars(db.select(Incident)).all()
    assert {incident.case_id for incident in incidents} == numbers
    # What has been dealt with is tried again.
    monkeypatch.setattr(engine.Process, "expire", real)
    for incident in incidents:
        sweep.cancel(incident, actor=walker.person("steward"))
    for _ in range(2):
        sweep.sweep(glass.noon(2026, 12, 1))
    assert [len(lines_of(case, EventKind.OVERDUE)) for case in stuck] == [1, 1, 1]
