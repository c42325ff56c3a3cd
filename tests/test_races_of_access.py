"""Races on the way to data: two deciders, two signatures, two downloads, two workers; one counts, the other is told."""

import io
from collections import Counter
from functools import partial

import pytest

from models import Access, Case, Document, EntitlementState, Event, EventKind, Job, Membership, Signature, db
from tests import crew
from tests.answers import ANSWERS, GRANT, PAUSED, USED
from tests.applications import ITEMS
from tests.grants import granted
from workflow import calendar, downloads, entitlements, resources

pytestmark = pytest.mark.usefixtures("context")
HEAD, ROWS = "站点名称,空闲枪数,采集时间", [f"站点{number},{number},2026-01-01" for number in range(50)]


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
def entitlement(walker):
    """Return a maker of open entitlements on data that are loaded."""

    def make(**terms):
        dataset = walker.at("suspend_dataset").listing.dataset
        resources.load(dataset, io.BytesIO("\n".join([HEAD, *ROWS, ""]).encode()), None)
        return granted(walker, dataset, **terms)

    return make


def count(model, *conditions) -> int:
    """Count rows."""
    return db.session.scalar(db.select(db.func.count()).select_from(model).where(*conditions))


def answered(case, step: str) -> int:
    """Count how often a step of a case has been answered."""
    return count(Event, Event.case_id == case.id, Event.kind == EventKind.ANSWERED, Event.step == step)


def put_aside(kind: str) -> list[int]:
    """Return the jobs of a kind that wait for a worker."""
    return list(db.session.scalars(db.select(Job.id).where(Job.kind == kind).order_by(Job.id)))


def test_of_two_deciders_who_decide_at_once_one_has_decided(walker, people, race):
    case = walker.at("decide_application")
    for office in walker.person("decider").memberships:
        same = {"organisation_id": office.organisation_id, "role": office.role}
        db.session.add(Membership(user_id=walker.person("stranger").id, **same))
    words = {"reference": case.reference, "step": "decide_application"}
    refused = GRANT | {"decision": "refuse", "bar": "law"}
    done = race(
        (crew.submit, words | {"email": people.decider, "raw": GRANT}),
        (crew.submit, words | {"email": people.stranger, "raw": refused}),
    )
    assert Counter(done) == {case.reference: 1, "NotOpen": 1}
    assert answered(case, "decide_application") == 1
    assert count(Document, Document.case_id == case.id, Document.kind == "decision") == 1
    # What stands is what the one who was not refused has said.
    assert case.application.outcome == ("approve" if done[0] == case.reference else "refuse")


@pytest.mark.parametrize(("step", "who"), [("sign_agreement", "citizen"), ("countersign_agreement", "decider")])
def test_an_agreement_that_is_signed_six_times_at_once_bears_one_signature(walker, people, race, step, who):
    case = walker.at(step)
    walker.make_documents(case)
    raw = {"agreed": True, "code": walker.code(walker.person(who))}
    words = {"reference": case.reference, "step": step, "email": getattr(people, who), "raw": raw}
    done = race(*[(crew.submit, words)] * 6)
    assert Counter(done) == {case.reference: 1, "NotOpen": 5}
    side = "party" if step == "sign_agreement" else "body"
    assert count(Signature, Signature.document_id == case.agreement.document_id, Signature.side == side) == 1


def test_a_code_that_comes_six_times_at_once_is_taken_once(walker, people, race):
    words = {"email": people.citizen, "code": walker.code(walker.person("citizen"))}
    done = race(*[(crew.demand_code, words)] * 6)
    assert Counter(done) == {people.citizen: 1, "WrongCode": 5}


def test_six_downloads_at_once_do_not_exceed_the_quota(entitlement, people, race):
    made = entitlement(quota={"downloads": 2, "rows": 10_000})
    done = race(*[(crew.download, {"reference": made.reference, "email": people.citizen})] * 6)
    assert Counter(done) == {"finished": 2, "UsedUp": 4}
    assert Counter(db.session.scalars(db.select(Access.kind))) == {"begun": 2, "finished": 2, "refused": 4}


def test_six_downloads_at_once_do_not_exceed_the_quota_of_rows(entitlement, people, race):
    made = entitlement(quota={"rows": 3 * len(ROWS) + 1})
    done = race(*[(crew.download, {"reference": made.reference, "email": people.citizen})] * 6)
    assert Counter(done) == {"finished": 3, "UsedUp": 3}


def test_a_download_that_begins_as_access_is_suspended_is_noted_as_granted_or_refused(walker, people, race):
    case = walker.at("suspend_access")
    [made] = entitlements.of(case)
    rows = [",".join(ITEMS), *(f"2026-01-01,{number},人民广场,1,2" for number in range(50)), ""]
    resources.load(made.dataset, io.BytesIO("\n".join(rows).encode()), None)
    made.starts_on = calendar.today()
    case.agreement.terms = case.agreement.terms | {"people": []}
    stop = {"reference": case.reference, "step": "suspend_access", "email": people.security, "raw": PAUSED}
    wish = (crew.download, {"reference": made.reference, "email": people.citizen})
    stopped, *done = race((crew.submit, stop), *[wish] * 5)
    assert stopped == case.reference
    assert set(done) <= {"finished", "broken", "Paused"}
    said = Counter(db.session.scalars(db.select(Access.kind).where(Access.entitlement_id == made.id)))
    granted_before = 5 - done.count("Paused")
    assert (said["begun"], said["refused"]) == (granted_before, done.count("Paused"))
    assert said["finished"] + said["broken"] == granted_before
    assert made.state is EntitlementState.SUSPENDED
    with pytest.raises(downloads.Paused):
        downloads.begin(made, walker.person("citizen"), "csv")


def test_two_workers_with_one_wish_open_one_smaller_case(walker, race):
    case = walker.at("request_amendment")
    walker.take(case, [("request_amendment", "citizen", ANSWERS["request_amendment"])])
    [job] = put_aside("smaller_case")
    before = count(Case)
    race(*[(crew.perform, {"number": job})] * 4, *[(crew.work, {})] * 2)
    assert count(Case) == before + 1
    [new] = db.session.scalars(db.select(Case).where(Case.id != case.id).order_by(Case.id.desc()).limit(1))
    assert new.application.basis == "amendment"


def test_workers_who_open_the_parts_of_an_application_open_each_once(walker, race):
    entries = walker.dataset(), walker.dataset(name="空气", body="上海市生态环境局")
    case = walker.take(walker.application(*entries), [USED[1]])
    jobs = put_aside("part")
    assert len(jobs) == 2
    race(*[(crew.perform, {"number": number}) for number in jobs * 2], *[(crew.work, {})] * 2)
    parts = db.session.scalars(db.select(Case).where(Case.parent_id == case.id)).all()
    assert sorted(each.body_id for each in parts) == sorted(entry.provider_id for entry in entries)
    assert [len(each.application.requests) for each in parts] == [1, 1]
