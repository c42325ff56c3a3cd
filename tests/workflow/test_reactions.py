"""Reactions: which letters follow of a line in the journal, and which do not."""

from collections.abc import Mapping
from typing import Any

import pytest

from models import Case, CaseStatus, Consultation, Event, EventKind, Job, Role
from workflow import journal
from workflow.letters import TEMPLATES
from workflow.reactions import REACTIONS
from workflow.stages import SERVICES, STEPS

REQUESTER, BODY = 7, 3


def a_case(status: CaseStatus = CaseStatus.OPEN, body: int | None = BODY) -> Case:
    case = Case(id=5, reference="XQ-2026-000005", kind="demand", status=status, requester_id=REQUESTER, body_id=body)
    case.consultations.append(Consultation(reference="LZ-2026-000001"))
    return case


def follows(
    kind: EventKind, step: str = "", case: Case | None = None, actor: int | None = None, **data: Any
) -> list[Job]:
    """Return the jobs that follow of a line, without a database."""
    event = Event(case_id=5, number=9, kind=kind, step=step, actor_id=actor, data=data)
    return [job for reaction in REACTIONS for job in reaction(case or a_case(), event)]


def letters(jobs: list[Job]) -> dict[str, Any]:
    """Return whom each letter reaches, by its template."""
    return {job.data["template"]: job.data["audience"] for job in jobs}


def awaited(role: Role, **more: Any) -> Mapping[str, Any]:
    return {"item": "a1", "role": role, "organisation": BODY, "user": None, "due": None, "offered": False} | more


def test_an_offered_step_writes_to_nobody():
    assert follows(EventKind.AWAITED, "withdraw_demand", **awaited(Role.REQUESTER, offered=True)) == []


def test_a_draft_writes_to_nobody():
    draft = a_case(CaseStatus.DRAFT)
    assert follows(EventKind.AWAITED, "submit_demand", draft, **awaited(Role.REQUESTER, user=REQUESTER)) == []


def test_a_step_that_awaits_a_role_is_told_to_that_role_of_that_body():
    [job] = follows(EventKind.AWAITED, "assess_demand", **awaited(Role.CLERK, due="2026-12-03T15:59:59+00:00"))
    assert letters([job]) == {"awaited": [{"role": Role.CLERK, "organisation": BODY}]}
    assert (job.kind, job.case_id, job.data["step"]) == ("letter", 5, "assess_demand")
    assert job.data["due"] == "2026-12-03T15:59:59+00:00"


def test_a_step_opened_for_one_person_is_told_to_that_person_alone():
    jobs = follows(EventKind.AWAITED, "give_opinion", **awaited(Role.EXPERT, user=12))
    assert letters(jobs) == {"awaited": [{"user": 12}]}


def test_a_step_of_the_requester_is_told_to_the_requester():
    jobs = follows(EventKind.AWAITED, "clarify_demand", **awaited(Role.REQUESTER, organisation=None, user=REQUESTER))
    assert letters(jobs) == {"your_turn": [{"side": 5, "step": "clarify_demand"}]}


@pytest.mark.parametrize(
    ("step", "actor", "told"),
    [
        ("submit_demand", REQUESTER, True),
        ("clarify_demand", REQUESTER, True),
        ("submit_demand", 99, False),
        ("withdraw_demand", REQUESTER, False),
        ("screen_demand", 99, False),
    ],
)
def test_receipt_is_confirmed_to_the_requester_for_what_they_handed_in(step: str, actor: int, told: bool):
    jobs = follows(EventKind.ANSWERED, step, actor=actor, answer={"description": "secret"}, outcome={})
    assert letters(jobs) == ({"received": [{"side": 5}]} if told else {})


def test_a_published_answer_is_told_to_requester_and_supporters():
    jobs = follows(EventKind.SERVED, "publish_answer", outcome={})
    assert letters(jobs) == {"answered": [{"side": 5}], "demand_answered": [{"supporters": 5}]}
    assert follows(EventKind.SERVED, "record_classification", outcome={}) == []


def test_a_near_limit_is_told_to_those_who_hold_its_steps():
    jobs = follows(EventKind.SOON_DUE, "demand_answer", limit="demand_answer", items=["answer_demand"], due=None)
    assert letters(jobs) == {"soon_due": [{"case": 5, "steps": ["answer_demand"]}]}
    assert follows(EventKind.SOON_DUE, "demand_answer", limit="demand_answer", items=[], due=None) == []


def test_a_limit_that_has_passed_is_escalated_to_the_bodys_deciders():
    jobs = follows(EventKind.OVERDUE, "demand_answer", limit="demand_answer", items=["assess_demand"])
    assert letters(jobs) == {
        "overdue": [{"case": 5, "steps": ["assess_demand"]}],
        "escalated": [{"role": Role.DECIDER, "organisation": BODY}],
    }


def test_while_there_is_no_body_lateness_is_escalated_to_the_lead_authority():
    jobs = follows(EventKind.OVERDUE, "demand_screening", a_case(body=None), limit="demand_screening", items=[])
    assert letters(jobs) == {"escalated": [{"role": Role.AUTHORITY, "organisation": None}]}


def test_more_time_and_the_end_are_told_to_the_requester_but_not_their_own_withdrawal():
    assert letters(follows(EventKind.EXTENDED, "demand_answer", due=None)) == {"extended": [{"side": 5}]}
    assert letters(follows(EventKind.ENDED, "answered")) == {"ended": [{"side": 5}]}
    assert follows(EventKind.ENDED, "withdrawn") == []


def test_an_incident_calls_the_stewards_who_may_not_read_the_case():
    [job] = follows(EventKind.INCIDENT, "list_dataset", verb="submit")
    assert letters([job]) == {"incident": [{"role": Role.STEWARD, "organisation": None}]}
    assert (job.case_id, job.data["number"]) == (None, "XQ-2026-000005")


def test_each_letter_about_each_line_is_one_piece_of_work():
    jobs = follows(EventKind.OVERDUE, "demand_answer", limit="demand_answer", items=["assess_demand"])
    jobs += follows(EventKind.SERVED, "publish_answer", outcome={})
    assert len({job.key for job in jobs}) == len(jobs)
    assert all(job.key == f"letter:5:9:{job.data['template']}" for job in jobs)


@pytest.mark.parametrize("kind", list(EventKind))
def test_no_letter_repeats_what_a_person_wrote(kind: EventKind):
    said = {"answer": {"purpose": "secret"}, "outcome": {"answer": "secret"}, "reason": "secret", "items": []}
    for step in ("submit_demand", "publish_answer", "demand_answer"):
        for job in follows(kind, step, actor=REQUESTER, **said, **awaited(Role.CLERK)):
            assert "secret" not in str(job.data)


@pytest.mark.parametrize("kind", list(EventKind))
def test_a_line_without_data_breaks_no_reaction(kind: EventKind):
    follows(kind, "anything")


def test_every_letter_has_a_template_in_both_languages():
    steps = [*STEPS, *SERVICES]
    jobs = [job for kind in EventKind for step in steps for job in follows(kind, step, actor=REQUESTER, items=[step])]
    jobs += follows(EventKind.AWAITED, "clarify_demand", **awaited(Role.REQUESTER))
    templates = {job.data["template"] for job in jobs if job.kind == "letter"}
    assert {"awaited", "your_turn", "received", "answered", "overdue", "incident"} <= templates
    for template in templates:
        for language in ("zh", "en"):
            assert (TEMPLATES / f"{template}.{language}.txt").is_file()


def test_the_journal_hands_every_line_to_the_reactions():
    assert journal.REACTIONS is REACTIONS
