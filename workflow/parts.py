"""What an application causes in other cases: parts for several bodies, smaller cases, and news between them.

Each is a job of the outbox, put aside in the transaction of what causes it. A job may run twice: a case is opened under
the job's own key, and a case that has moved on is left alone.
"""

from typing import Any

from sqlalchemy import select

from models import (
    Application,
    ApplicationVersion,
    Case,
    CaseStatus,
    Companion,
    DataRequest,
    Job,
    JobState,
    Organisation,
    User,
    db,
    now,
)
from workflow import agreements, applications, casework
from workflow.applications import application_of
from workflow.errors import NotOpen
from workflow.outbox import Sessions
from workflow.site import Site

WITHDRAWN_TOGETHER = "主申请已经撤回。"
# What a smaller case asks anew: whether everything is still true, and from when until when.
ASKED_ANEW = frozenset(
    {"truthful", "no_sanction", "attribution", "no_transfer", "rules", "attachments", "starts_on", "ends_on"}
)


class Gone(Exception):
    """The case that a part belongs to has ended meanwhile."""


def open_part(session: Sessions, job: Job, site: Site) -> None:
    """Open the part of an application that one body decides on; a second run finds it."""
    whole, body = session.get_one(Case, job.data["case"]), session.get_one(Organisation, job.data["body"])
    person = session.get_one(User, whole.requester_id)
    asked = [each for each in application_of(whole).requests if each.id in job.data["requests"]]
    facts = {"basis": "part", **applications.facts(whole, asked), "several": True}

    def prepare(case: Case) -> None:
        # Whoever withdraws the whole at this moment comes before or after, and then withdraws the part too.
        casework.lock(whole)
        if whole.status is CaseStatus.ENDED:
            raise Gone
        case.application = part_of(application_of(whole), asked)
        belong(case, whole)
        case.parent_id, case.title = whole.id, applications.title_of(case.application)
        case.give_to(body)
        case.status, case.state = CaseStatus.OPEN, "reviewing"

    try:
        casework.start("application", person, outcome=facts, prepare=prepare, key=f"part:{job.id}")
    except Gone:
        session.rollback()
    else:
        # A part may have been decided before the worker that opened it had said so.
        hear(session, whole, job)


def part_of(whole: Application, asked: list[DataRequest]) -> Application:
    """Return what an application asks of one body, judged by the conditions that were in force for the whole."""
    codes = {request.dataset.code for request in asked}
    form = whole.form | {"datasets": [row for row in whole.form["datasets"] if row["dataset"] in codes]}
    copied = ("applicant_type", "applicant", "purpose", "submitted_at", "accepted_at", "summary", "unpublished")
    part = Application(basis="part", form=form, defects=[], **{name: getattr(whole, name) for name in copied})
    same = ("dataset", "conditions", "items", "rows", "need")
    part.requests = [DataRequest(**{name: getattr(request, name) for name in same}) for request in asked]
    part.versions = [ApplicationVersion(number=1, form=form, defects=[], at=now(), by_id=whole.versions[-1].by_id)]
    return part


def belong(case: Case, other: Case) -> None:
    """Let the people who work on one case with its requester work on another as well."""
    copied = ("email", "user_id", "signs", "invited_by_id", "invited_at", "joined_at")
    for each in applications.companions_of(other):
        if each.user_id is not None:
            db.session.add(Companion(case_id=case.id, **{name: getattr(each, name) for name in copied}))


def hear_part(session: Sessions, job: Job, site: Site) -> None:
    """Tell an application that its parts have come to their decision or their end, once all of them have."""
    hear(session, session.get_one(Case, job.data["parent"]), job)


def hear(session: Sessions, whole: Case, job: Job) -> None:
    """Let an application go on whose parts have all been opened, and have all come to their decision or their end."""
    unopened = select(Job.id).where(Job.kind == "part", Job.case_id == whole.id, Job.state != JobState.DONE)
    undecided = select(Case.id).join(Application, Application.case_id == Case.id).where(Case.parent_id == whole.id)
    undecided = undecided.where(Application.outcome == "", Case.status != CaseStatus.ENDED)
    if session.scalar(select(unopened.where(Job.id != job.id).exists() | undecided.exists())) is False:
        casework.signal(whole, "parts_decided")


def withdraw_part(session: Sessions, job: Job, site: Site) -> None:
    """Withdraw a part together with its whole, unless it has been decided."""
    part = session.get_one(Case, job.data["part"])
    person = session.get_one(User, part.requester_id)
    try:
        casework.submit(part, "withdraw_application", {"reason": WITHDRAWN_TOGETHER}, actor=person)
    except NotOpen:
        session.rollback()


def open_smaller(session: Sessions, job: Job, site: Site) -> None:
    """Open the case that would amend or renew an agreement, as a draft of the same person; a second run finds it."""
    earlier, basis = session.get_one(Case, job.data["case"]), job.data["basis"]
    person = session.get_one(User, earlier.requester_id)
    agreement = earlier.agreement

    def prepare(case: Case) -> None:
        old = application_of(earlier)
        case.application = Application(basis=basis, replaces=agreement, defects=[])
        belong(case, earlier)
        case.title, case.application.applicant = earlier.title, old.applicant

    said = application_of(earlier).form.items()
    form: dict[str, Any] = {name: value for name, value in said if name not in ASKED_ANEW and value is not None}
    key = f"{basis}:{job.id}"
    casework.start("application", person, draft=form, outcome={"basis": basis}, prepare=prepare, key=key)


def replace(session: Sessions, job: Job, site: Site) -> None:
    """Let an agreement take the place of an earlier one, now that its first day has come."""
    case = session.get_one(Case, job.data["case"])
    casework.lock(case)
    agreements.take_place(case)


def replaced(session: Sessions, job: Job, site: Site) -> None:
    """Tell a case that another agreement has taken the place of its own; one that has ended hears nothing."""
    casework.signal(session.get_one(Case, job.data["case"]), "agreement_replaced")
