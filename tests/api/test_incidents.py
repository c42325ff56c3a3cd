"""The page of incidents: the steward decides, the auditor reads, nobody else knows of it."""

import re

import pytest
from sqlalchemy import select

from models import Incident, Job, JobState, Resolution, User, db
from workflow import incidents, outbox
from workflow.outbox import ATTEMPTS


@pytest.fixture
def dead(app) -> int:
    """Return the incident of a job that was given up."""
    with app.app_context():
        outbox.put(db.session, "mail", {"letter": 1, "link": "a-secret"}, key="mail:1")
        db.session.execute(db.update(Job).values(attempts=ATTEMPTS - 1))
        db.session.commit()
        [job] = outbox.claim(db.session, "worker")
        outbox.begin(db.session, job, "worker")
        outbox.fail(db.session, job, "worker", OSError("no route to host"))
        return db.session.scalars(select(Incident.id)).one()


@pytest.fixture
def stopped(app, walker) -> int:
    """Return the incident of a case whose step failed for a reason of ours."""
    with app.app_context():
        case, desk = walker.at("screen_demand"), walker.person("desk")
        item = next(item.id for item in case.work if item.step == "screen_demand")
        attempt = {"verb": "submit", "step": "screen_demand", "item": item, "actor": desk.id}
        incidents.open_for(case.id, attempt, RuntimeError("no rule matches"), walker.answer("screen_demand"), desk)
        return db.session.scalars(select(Incident.id)).one()


def post(client, path, page):
    """Send a form of a page as a browser does."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    return client.post(path, data={"csrf_token": token[1]})


def row(app, number):
    with app.app_context():
        incident = db.session.get(Incident, number)
        job = db.session.get(Job, incident.job_id) if incident.job_id else None
        return incident.resolution, job and job.state


@pytest.mark.parametrize("who", ["citizen", "stranger", "desk", "clerk", "reviewer", "decider", "authority"])
def test_nobody_but_steward_and_auditor_knows_of_incidents(app, dead, people, client_of, who):
    client = client_of(getattr(people, who))
    for path in ("/incidents", f"/incidents/{dead}"):
        assert client.get(path).status_code == 404
    for verb in ("retry", "cancel"):
        assert post(client, f"/incidents/{dead}/{verb}", "/letters").status_code in (404, 400)
    assert row(app, dead) == (None, JobState.DEAD)


def test_whoever_has_not_signed_in_is_asked_to(app, dead):
    response = app.test_client().get("/incidents")
    assert (response.status_code, response.location) == (303, "/sign-in?next=/incidents")


def test_the_auditor_reads_and_does_nothing(app, dead, people, client_of):
    client = client_of(people.auditor)
    page = client.get(f"/incidents/{dead}")
    assert "OSError: no route to host" in page.text
    assert f"/incidents/{dead}/retry" not in page.text
    assert f"/incidents/{dead}/cancel" not in page.text
    for verb in ("retry", "cancel"):
        assert post(client, f"/incidents/{dead}/{verb}", "/incidents").status_code == 404
    assert row(app, dead) == (None, JobState.DEAD)


def test_the_page_says_what_failed_and_nothing_of_the_jobs_data(dead, people, client_of):
    client = client_of(people.steward)
    for path in ("/incidents", f"/incidents/{dead}"):
        page = client.get(path).text
        assert "OSError: no route to host" in page
        assert "a-secret" not in page


def test_a_decision_needs_the_forms_proof_of_origin(app, dead, people, client_of):
    client = client_of(people.steward)
    assert client.post(f"/incidents/{dead}/retry").status_code == 400
    assert client.get(f"/incidents/{dead}/retry").status_code == 405
    assert row(app, dead) == (None, JobState.DEAD)


def test_a_retried_job_is_ready_again_and_is_decided_about_once(app, dead, people, client_of):
    client = client_of(people.steward)
    page = f"/incidents/{dead}"
    assert post(client, f"{page}/retry", page).location == "/incidents"
    assert row(app, dead) == (Resolution.RETRIED, JobState.READY)
    assert "/retry" not in client.get(page).text
    assert post(client, f"{page}/cancel", "/letters").status_code == 409
    assert row(app, dead) == (Resolution.RETRIED, JobState.READY)


def test_a_cancelled_job_stays_undone(app, dead, people, client_of):
    page = f"/incidents/{dead}"
    assert post(client_of(people.steward), f"{page}/cancel", page).status_code == 303
    assert row(app, dead) == (Resolution.CANCELLED, JobState.DEAD)


def test_a_retried_case_goes_on_in_the_name_of_the_person_who_had_answered(app, stopped, people, client_of, walker):
    client = client_of(people.steward)
    page = f"/incidents/{stopped}"
    text = client.get(page).text
    assert "RuntimeError: no rule matches" in text
    assert 'href="/cases/' not in text, "the steward does not read the case"
    assert post(client, f"{page}/retry", page).status_code == 303
    assert row(app, stopped)[0] is Resolution.RETRIED
    with app.app_context():
        case = db.session.get(Incident, stopped).case
        done = next(item for item in case.work if item.step == "screen_demand")
        assert done.closed_by_id == walker.person("desk").id


def test_the_steward_is_told_by_letter_of_a_case_that_stands_still(app, stopped, people):
    with app.app_context():
        job = db.session.scalars(select(Job).where(Job.key.endswith(":incident"))).one()
        steward = db.session.scalars(select(User).where(User.email == people.steward)).one()
        assert job.data["audience"] == [{"role": "steward", "organisation": None}]
        assert "steward" in steward.roles


def test_an_unknown_incident_is_not_found(people, client_of):
    assert client_of(people.steward).get("/incidents/1000").status_code == 404
