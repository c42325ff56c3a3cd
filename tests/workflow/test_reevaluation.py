"""Yearly evaluation: every entry is looked at again, whether a case has it in hand or not (article 13)."""

import datetime as dt

import pytest

from models import Case, Clock, Dataset, DatasetState, Incident, Membership, OpenType, Organisation, Role, db
from tests.answers import LISTED
from workflow import calendar, casework, clock, reevaluation, sweep
from workflow.catalogue import entry
from workflow.worklist import open_items

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def imported(walker):
    """Return an entry that came to the list without a case, due for evaluation in ten days."""
    due = calendar.today() + dt.timedelta(days=10)
    provider = walker.body().id
    dataset = Dataset(name="公交线路", provider_id=provider, open_type=OpenType.UNCONDITIONAL, reevaluate_on=due)
    db.session.add(dataset)
    db.session.commit()
    return dataset


def later(days: int) -> dt.datetime:
    """Return the noon of a day to come."""
    return calendar.day_start(calendar.today() + dt.timedelta(days=days)) + dt.timedelta(hours=12)


def test_an_entry_that_is_not_due_is_left_alone(imported):
    sweep.sweep(later(9))
    assert entry.case_of(imported) is None


def test_a_due_entry_gets_a_case_that_waits_for_the_clerk(imported):
    sweep.sweep(later(11))
    sweep.sweep(later(11))
    case = entry.case_of(imported)
    assert [item.step for item in open_items(case) if not item.offered] == ["reevaluate_dataset"]
    assert db.session.scalar(db.select(db.func.count()).select_from(Case)) == 1


def test_an_entry_of_a_body_without_a_clerk_waits(imported):
    db.session.execute(db.delete(Membership).where(Membership.role == Role.CLERK))
    db.session.commit()
    sweep.sweep(later(11))
    assert entry.case_of(imported) is None


def end_the_role(walker, day: dt.date) -> None:
    """End the role of every clerk of a body after a day."""
    here = Membership.role == Role.CLERK, Membership.organisation_id == walker.body().id
    db.session.execute(db.update(Membership).where(*here).values(until=day))
    db.session.commit()


def test_entries_of_a_body_whose_clerks_have_left_do_not_keep_others_waiting(walker, imported, monkeypatch):
    monkeypatch.setattr(reevaluation, "BATCH", 1)
    other = db.session.scalar(db.select(Organisation.id).where(Organisation.name == "上海市生态环境局"))
    today = calendar.today()
    behind = Dataset(name="空气质量", provider_id=other, open_type=OpenType.UNCONDITIONAL, reevaluate_on=today)
    db.session.add(behind)
    db.session.commit()
    end_the_role(walker, today)
    sweep.sweep(later(11))
    assert entry.case_of(imported) is None
    assert entry.case_of(behind) is not None


def test_a_clerk_of_another_body_is_no_clerk_of_this_one(walker, imported):
    clerk = walker.person("clerk")
    other = db.session.scalar(db.select(Organisation.id).where(Organisation.name == "上海市生态环境局"))
    end_the_role(walker, calendar.today())
    db.session.add(Membership(user_id=clerk.id, organisation_id=other, role=Role.CLERK))
    db.session.commit()
    sweep.sweep(later(11))
    assert entry.case_of(imported) is None


def test_an_entry_that_cannot_be_opened_has_one_incident_and_keeps_nobody_waiting(walker, imported, monkeypatch):
    behind = Dataset(
        name="地铁客流", provider_id=walker.body().id, open_type=OpenType.UNCONDITIONAL, reevaluate_on=calendar.today()
    )
    db.session.add(behind)
    db.session.commit()
    real = clock.start

    def fail(case, *rest):
        if case.title == "公交线路":
            raise LookupError("no limit")
        return real(case, *rest)

    monkeypatch.setattr(clock, "start", fail)
    for _ in range(3):
        sweep.sweep(later(11))
    assert entry.case_of(imported) is None
    assert entry.case_of(behind) is not None
    incident = db.session.scalars(db.select(Incident)).one()
    assert (incident.case_id, incident.attempt["key"]) == (None, f"reevaluation:{imported.id}")
    sweep.cancel(incident, actor=walker.person("steward"))
    monkeypatch.setattr(clock, "start", real)
    sweep.sweep(later(11))
    assert entry.case_of(imported) is not None, "what was mended is tried again"


def test_a_withdrawn_entry_is_not_evaluated(imported):
    imported.state = DatasetState.WITHDRAWN
    db.session.commit()
    sweep.sweep(later(11))
    assert entry.case_of(imported) is None


def test_the_clerk_sets_the_day_of_the_next_evaluation(walker):
    case = walker.at("reevaluate_dataset")
    chosen = calendar.today() + dt.timedelta(days=800)
    answer = {"reevaluation": "keep", "grounds": "情况没有变化，维持现有分类。", "next_on": chosen.isoformat()}
    casework.submit(case, "reevaluate_dataset", answer, actor=walker.person("clerk"))
    running = db.session.scalar(
        db.select(Clock).where(Clock.case_id == case.id, Clock.limit == "reevaluation", Clock.state == "running")
    )
    assert calendar.local_day(running.due_at) == chosen


def test_a_new_entry_is_evaluated_after_a_year(walker):
    case = walker.take(walker.listing(), LISTED)
    assert case.listing.dataset.reevaluate_on == entry.a_year_after(calendar.today())
