"""Applications: what is kept of an answer, who decides on what, and the facts by which reviews are chosen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from models import (
    N_,
    Agreement,
    Application,
    ApplicationVersion,
    Case,
    CaseStatus,
    Classification,
    Companion,
    DataRequest,
    Dataset,
    Job,
    JobState,
    Listing,
    Organisation,
    Review,
    User,
    db,
    now,
)
from workflow import conditions, files, outbox
from workflow.applying import ApplicationForm, filters
from workflow.conditions import Criterion

# The grade that is taken of data which nobody has graded: open under conditions, not the strictest.
UNGRADED = 2
GRANTED = frozenset({"approve", "conditions", "part"})
# How a part, or a parent of parts, may come out without a decision of its own.
UNDECIDED = frozenset({"", "withdrawn", "lapsed"})


def application_of(case: Case) -> Application:
    """Return what a case applies for."""
    if case.application is None:
        raise LookupError(f"{case.reference} applies for nothing yet")
    return case.application


def keep(case: Case, answer: Mapping[str, Any], person: User) -> Application:
    """Keep an application as it is handed in, or handed in anew: the answer, its version, and what it asks for."""
    if case.application is None:
        case.application = Application(basis="new", defects=[])
    application = case.application
    same_body(application, answer)
    files.attach(case, answer.get("attachments", []), person)
    application.form = form_of(answer)
    application.applicant_type, application.applicant = answer["applicant_type"], answer["applicant"]
    application.purpose = answer["purpose_class"]
    application.summary, application.unpublished = answer["summary"], answer["unpublished"]
    application.submitted_at = application.submitted_at or now()
    ask_for(application, answer["datasets"])
    version = ApplicationVersion(number=len(application.versions) + 1, form=application.form, by_id=person.id)
    version.defects, version.at = application.defects, now()
    application.versions.append(version)
    case.title = title_of(application)
    return application


def form_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as a form can show it again: data sets by their codes."""
    form: dict[str, Any] = dict(ApplicationForm().dump(answer))
    form["datasets"] = [{**row, "dataset": row["dataset"]["id"]} for row in form["datasets"]]
    return form


def ask_for(application: Application, rows: list[dict[str, Any]]) -> None:
    """Bring what an application asks for into line with its answer; what stays asked for stays the same row."""
    known = {request.dataset_id: request for request in application.requests}
    asked = []
    for row in rows:
        request = known.get(row["dataset"].id) or DataRequest(dataset=row["dataset"])
        request.items, request.rows, request.need = list(row["items"]), filters(row["rows"]), row["need"]
        asked.append(request)
    application.requests = asked


def same_body(application: Application, answer: Mapping[str, Any]) -> None:
    """Refuse an amendment or a renewal that asks another body than the agreement it would replace."""
    old = application.replaces
    if old and any(row["dataset"].provider_id != old.case.body_id for row in answer["datasets"]):
        raise ValidationError({"datasets": [N_("变更和续期只能申请原协议单位的数据；其他单位的数据请另行申请。")]})


def title_of(application: Application) -> str:
    """Return the title of an application: the data it asks for."""
    names = [request.dataset.name for request in application.requests]
    return "、".join(names)[:200]


def bodies(application: Application) -> list[Organisation]:
    """Return the bodies that answer for the data asked for, each once."""
    return list({request.dataset.provider_id: request.dataset.provider for request in application.requests}.values())


def accept(case: Case) -> dict[str, Any]:
    """Accept an application: the conditions in force are those it is judged by; return the facts for its reviews."""
    application = application_of(case)
    application.accepted_at = now()
    application.defects = []
    for request in application.requests:
        request.conditions = conditions.in_force(request.dataset)
    asked = bodies(application)
    if len(asked) == 1:
        case.give_to(asked[0])
    case.state = "reviewing" if len(asked) == 1 else "parted"
    return facts(case, application.requests) | {"several": len(asked) > 1}


def facts(case: Case, requests: list[DataRequest]) -> dict[str, Any]:
    """Return what the table of reviews asks about some of the data of an application."""
    form, datasets = application_of(case).form, [request.dataset for request in requests]
    return {
        "grade": max(UNGRADED if each.grade is None else each.grade for each in datasets),
        "sensitive": bool(form.get("personal") and form.get("sensitive")),
        "overseas": bool(form.get("overseas")),
        "cross_border": bool(form.get("cross_border")),
        "important": any(each.extra.get("important") is True for each in datasets),
        # Measures against data users come with the cases that lead to them.
        "measure": False,
        "earlier": granted_before(case, datasets),
        "district": any(each.extra.get("district") is True for each in datasets),
        "consent_ground": rests_on_consent(datasets),
    }


def granted_before(case: Case, datasets: list[Dataset]) -> bool:
    """Say whether the same person was granted all of these data for the same purpose before."""
    query = (
        db.select(DataRequest.dataset_id)
        .join(Application, Application.case_id == DataRequest.case_id)
        .join(Case, Case.id == Application.case_id)
        .where(
            Case.requester_id == case.requester_id,
            Case.id != case.id,
            Application.purpose == application_of(case).purpose,
            Application.outcome.in_(("approve", "conditions")),
        )
    )
    with db.session.no_autoflush:
        granted = set(db.session.scalars(query))
    return {each.id for each in datasets} <= granted


def rests_on_consent(datasets: list[Dataset]) -> bool:
    """Say whether data are open only because those concerned have agreed (article 11)."""
    if any(each.extra.get("consent_ground") is True for each in datasets):
        return True
    query = (
        db.select(Classification.evidence)
        .join(Listing, Listing.case_id == Classification.case_id)
        .where(Listing.dataset_id.in_([each.id for each in datasets]))
    )
    with db.session.no_autoflush:
        found = list(db.session.scalars(query))
    return any(
        (facts.get("personal_information") and facts.get("personal_cure") == "consent")
        or (facts.get("trade_secret") and facts.get("secret_cure") == "consent")
        for facts in found
    )  # fmt: skip


def criteria(application: Application) -> dict[str, tuple[Dataset, Criterion]]:
    """Return the published conditions by which an application is judged, by the key under which each is answered."""
    return {
        f"{request.dataset.code}.{criterion.id}": (request.dataset, criterion)
        for request in application.requests
        for criterion in conditions.criteria(request.conditions)
    }


def findings(application: Application) -> dict[str, dict[str, Any]]:
    """Return the latest finding on each criterion."""
    return {
        finding["criterion"]: finding
        for review in sorted(application.reviews, key=lambda each: each.at)
        for finding in review.findings
    }


def remember_review(
    case: Case, part: str, person: User, opinion: str, grounds: str, found: list[dict[str, Any]] | None = None
) -> None:
    """Keep what one reviewer has found."""
    review = Review(part=part, by_id=person.id, opinion=opinion, grounds=grounds, findings=found or [], at=now())
    application_of(case).reviews.append(review)


# What follows of an application elsewhere: put aside in its transaction, done by the worker.


def split(case: Case) -> None:
    """Have a part opened for each body; however often this is done, each body gets one.

    What each part asks for is settled here: a data set may pass to another body before the part is opened.
    """
    application = application_of(case)
    for body in bodies(application):
        asked = [request.id for request in application.requests if request.dataset.provider_id == body.id]
        put("part", case, key=f"part:{case.id}:{body.id}", body=body.id, requests=asked)


def tell_parent(case: Case) -> None:
    """Have the parent of a part told that the part has come to its decision or its end."""
    if case.parent_id is not None:
        put("part_decided", case, key=f"part_decided:{case.id}", parent=case.parent_id)


def withdraw_parts(case: Case) -> None:
    """Have the parts of an application withdrawn that have not been decided."""
    for part in case.parts:
        if part.status is not CaseStatus.ENDED:
            put("withdraw_part", case, key=f"withdraw_part:{part.id}", part=part.id)


def gather(case: Case) -> str:
    """Return how an application to several bodies came out: as every part did, or mixed."""
    outcomes = {part.application.outcome for part in case.parts if part.application} - UNDECIDED
    return next(iter(outcomes)) if len(outcomes) == 1 else "mixed" if outcomes else "none"


def wish(case: Case, basis: str, words: str, person: User) -> None:
    """Have a smaller case opened that would replace the agreement of this one, unless one is on its way.

    :param basis: "amendment" or "renewal"
    """
    agreement = case.agreement
    if agreement is None:
        raise LookupError(f"{case.reference} has no agreement")
    if under_way(agreement, case):
        raise ValidationError({"reason": [N_("已经有一件变更或者续期申请在办；请先办完或者撤回那一件。")]})
    put("smaller_case", case, key=f"{basis}:{case.id}:{case.journal_length}", basis=basis, person=person.id)


def under_way(agreement: Agreement, case: Case) -> bool:
    """Say whether a case that would replace an agreement is open, or about to be."""
    cases = db.select(Application.case_id).join(Case, Case.id == Application.case_id)
    cases = cases.where(Application.replaces_id == agreement.id, Case.status != CaseStatus.ENDED)
    jobs = db.select(Job.id).where(
        Job.case_id == case.id, Job.kind == "smaller_case", Job.state.in_((JobState.READY, JobState.RUNNING))
    )
    return any(db.session.scalar(query.limit(1)) is not None for query in (cases, jobs))


def tell_replaced(old: Agreement) -> None:
    """Have the case of an agreement told that another has taken its place."""
    put("agreement_replaced", old.case, key=f"agreement_replaced:{old.id}")


def put(kind: str, case: Case, key: str, run_at: datetime | None = None, **data: Any) -> None:
    """Put a piece of work aside that concerns a case, to be done at once or from a moment on."""
    outbox.put(db.session, kind, {"case": case.id, **data}, key=key, case_id=case.id, run_at=run_at)


def companions_of(case: Case) -> list[Companion]:
    """Return the people who work on a case with its requester."""
    query = db.select(Companion).where(Companion.case_id == case.id, Companion.left_at.is_(None))
    return list(db.session.scalars(query.order_by(Companion.id)))
