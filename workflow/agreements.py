"""Agreements: drafted from the template in force, negotiated clause by clause, and made effective by two signatures."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError

from models import (
    N_,
    Agreement,
    AgreementState,
    AgreementTemplate,
    Case,
    ClauseChange,
    Companion,
    User,
    db,
    now,
)
from workflow import calendar, documents, entitlements, numbers, rows, terms
from workflow.applications import application_of, put, tell_replaced
from workflow.errors import NotOpen, NotYours

PREFIX = "XY"
# The kinds of change to a clause, and what has become of one that was proposed.
OVERRIDE, PROPOSED, ACCEPTED, DECLINED = "override", "proposed", "accepted", "declined"


def agreement_of(case: Case) -> Agreement:
    """Return the agreement of a case."""
    if case.agreement is None:
        raise LookupError(f"{case.reference} has no agreement yet")
    return case.agreement


def template_for(case: Case) -> AgreementTemplate:
    """Return the template in force: of the data set where it has one of its own, else the model for all."""
    application, today = application_of(case), calendar.today()
    datasets = [request.dataset_id for request in application.requests]
    in_force = db.select(AgreementTemplate).where(AgreementTemplate.since <= today)
    newest = AgreementTemplate.version.desc()
    found: AgreementTemplate | None = None
    if len(datasets) == 1:
        own = in_force.where(AgreementTemplate.dataset_id == datasets[0])
        found = db.session.scalar(own.order_by(newest).limit(1))
    if found is None:
        model = in_force.where(AgreementTemplate.dataset_id.is_(None))
        found = db.session.scalar(model.order_by(newest).limit(1))
    if found is None:
        raise LookupError("There is no model agreement; run `flask set-up`.")
    return found


def begin(case: Case) -> Agreement:
    """Return the agreement of a case, made from its template and its decision where there is none yet."""
    if case.agreement is not None:
        return case.agreement
    application, template = application_of(case), template_for(case)
    agreed = terms.of(application, application.decision)
    agreement = Agreement(
        reference=numbers.reference(PREFIX, calendar.today().year),
        template=template,
        replaces=application.replaces,
        state=AgreementState.DRAFTED,
        terms=agreed,
        clauses=[dict(clause) for clause in template.clauses],
        round=0,
        starts_on=date.fromisoformat(agreed["starts_on"]),
        ends_on=date.fromisoformat(agreed["ends_on"]),
    )
    case.agreement = agreement
    return agreement


def override(agreement: Agreement, rows: Iterable[Mapping[str, Any]], clerk: User) -> None:
    """Give some clauses other words than the template has; each is marked as such."""
    for row in rows:
        clause = clause_of(agreement, row["clause"], "overrides")
        if row["text"] != clause["text"]:
            note(agreement, OVERRIDE, clause, row["text"], row["reason"], clerk)
            change(agreement, row["clause"], text=row["text"], text_en=row["text_en"], overridden=True)


def answer(agreement: Agreement, rows: Iterable[Mapping[str, Any]], clerk: User) -> None:
    """Accept or decline each change that the other side has proposed; none is left without an answer."""
    said = {row["clause"]: row for row in rows}
    pending = {clause["id"] for clause in agreement.clauses if clause.get("proposal")}
    if set(said) != pending:
        raise ValidationError({"answers": [N_("对方提出的每处修改都要答复，不能多也不能少。")]})
    for number, row in said.items():
        clause = clause_of(agreement, number, "answers")
        accepted, words = row["answer"] == "accept", clause["proposal"]["text"]
        note(agreement, ACCEPTED if accepted else DECLINED, clause, words, row["reason"], clerk)
        # The English text no longer says the same; the Chinese one binds.
        changed = {"text": words, "text_en": "", "overridden": True} if accepted else {}
        change(agreement, number, proposal=None, **changed)


def propose(agreement: Agreement, rows: Iterable[Mapping[str, Any]], requester: User) -> None:
    """Propose other words for some clauses that may be negotiated."""
    for row in rows:
        clause = clause_of(agreement, row["clause"], "proposals")
        if not clause.get("negotiable"):
            raise ValidationError({"proposals": [N_("第 %(clause)s 条不能协商。"), {"clause": row["clause"]}]})
        if row["text"] == clause["text"]:
            raise ValidationError({"proposals": [N_("第 %(clause)s 条没有修改。"), {"clause": row["clause"]}]})
        note(agreement, PROPOSED, clause, row["text"], row["reason"], requester)
        change(agreement, row["clause"], proposal={"text": row["text"], "reason": row["reason"]})


def clause_of(agreement: Agreement, number: str, field: str) -> dict[str, Any]:
    """Return a clause of an agreement, or refuse the number in the field where it was written."""
    found = next((clause for clause in agreement.clauses if clause["id"] == number), None)
    if found is None:
        raise ValidationError({field: [N_("没有第 %(clause)s 条。"), {"clause": number[:20]}]})
    return found


def change(agreement: Agreement, number: str, **changed: Any) -> None:
    """Change a clause; the list is written anew, so that the row is seen to have changed."""
    agreement.clauses = [clause | changed if clause["id"] == number else clause for clause in agreement.clauses]


def note(agreement: Agreement, kind: str, clause: Mapping[str, Any], after: str, reason: str, person: User) -> None:
    """Write a line into the change log."""
    line = ClauseChange(clause=clause["id"], round=agreement.round, kind=kind, before=clause["text"], after=after)
    line.note, line.by_id, line.at = reason, person.id, now()
    agreement.changes.append(line)


def make(case: Case) -> None:
    """Have the document of an agreement made, now that its words stand."""
    agreement = agreement_of(case)
    title = f"公共数据利用协议 {agreement.reference}"
    agreement.document = documents.order(case, "agreement", title, contents(case, agreement))
    agreement.state = AgreementState.AGREED


def contents(case: Case, agreement: Agreement) -> dict[str, Any]:
    """Return everything that the document of an agreement says."""
    application, template = application_of(case), agreement.template
    shown = ("title", "text", "title_en", "text_en")
    return {
        "reference": agreement.reference,
        "case": case.reference,
        "body": case.body.name if case.body else "",
        "party": application.applicant,
        "party_code": application.form.get("credit_code", ""),
        "template": f"{template.version}",
        "terms": terms.lines(agreement.terms),
        "clauses": [
            {"number": number, **{name: clause.get(name, "") for name in shown}}
            for number, clause in enumerate(agreement.clauses, 1)
        ],
        "digest": terms.digest(agreement.terms),
    }


def sign(case: Case, side: str, person: User) -> dict[str, Any]:
    """Sign the agreement for a side; return what the journal keeps of it: the document before and after."""
    agreement = agreement_of(case)
    if agreement.document is None:
        raise LookupError(f"{agreement.reference} has no document")
    signature = documents.sign(agreement.document, side, person, person.name)
    return {"signed": signature.after, "terms": terms.digest(agreement.terms)}


def may_sign_for_party(case: Case, person: User) -> None:
    """Refuse whoever may not sign for the applicant: all but the requester and those the requester has named for it."""
    if person.id == case.requester_id:
        return
    named = db.select(Companion.id).where(
        Companion.case_id == case.id, Companion.user_id == person.id, Companion.signs, Companion.left_at.is_(None)
    )
    if db.session.scalar(named.limit(1)) is None:
        raise NotYours("sign_agreement")


def enter_into_force(case: Case) -> None:
    """Make an agreement effective, and its entitlements; an old agreement stays in force until these are open."""
    agreement = agreement_of(case)
    agreement.state, agreement.effective_at = AgreementState.EFFECTIVE, now()
    db.session.flush()
    entitlements.make(case, agreement)


def lapse(case: Case) -> None:
    """Let an agreement lapse that was not signed in time."""
    if case.agreement is not None:
        case.agreement.state, case.agreement.ended_at = AgreementState.LAPSED, now()


def in_force(case: Case) -> Agreement:
    """Return the agreement of a case while it has not ended.

    :raises NotOpen: it has ended, although the case may not have heard of it yet
    """
    agreement = agreement_of(case)
    db.session.refresh(agreement)
    if agreement.ended_at is not None:
        raise NotOpen(case.reference)
    return agreement


def replace(case: Case) -> None:
    """Let the agreement of a case replace an earlier one on its own first day, and not before."""
    agreement = agreement_of(case)
    if agreement.replaces is None:
        return
    first = date.fromisoformat(agreement.terms["starts_on"])
    if first > calendar.today():
        put("replace_agreement", case, f"replace_agreement:{agreement.id}", calendar.day_start(first))
    else:
        take_place(case)


def take_place(case: Case) -> None:
    """End the agreement that the one of a case replaces, unless either has ended already."""
    old = agreement_of(case).replaces
    if old is None or agreement_of(case).ended_at is not None:
        return
    # Whoever suspends or terminates the old one at this moment comes before or after.
    rows.lock(old.case)
    db.session.refresh(old)
    if old.ended_at is not None:
        return
    old.state, old.ended_at, old.end_reason = AgreementState.REPLACED, now(), agreement_of(case).reference
    entitlements.revoke_under(old, f"已被协议 {agreement_of(case).reference} 替代")
    tell_replaced(old)


def close(case: Case) -> str:
    """Close an agreement and all that rests on it; return the word of the case's state."""
    agreement = agreement_of(case)
    if agreement.ended_at is None:
        agreement.state, agreement.ended_at = AgreementState.EXPIRED, now()
        agreement.end_reason = entitlements.ENDED
    reason = agreement.end_reason
    entitlements.revoke(case, reason)
    return agreement.state.value
