"""Demands in public: who supports them, and which ask for the same."""

from collections import Counter

from sqlalchemy.exc import IntegrityError

from models import Case, CaseStatus, Demand, Support, User, db
from workflow import search
from workflow.errors import NotFound, NotOpen

# How many words of a subject are looked up, and how many demands of each are compared.
ASKED, LOOKED_AT = 16, 60


def public(reference: str) -> Case:
    """Return the case of a published demand.

    Raises NotFound for every other reference, whether or not there is such a case.
    """
    query = db.select(Case).join(Demand, Demand.case_id == Case.id)
    case: Case | None = db.session.scalar(query.where(Case.reference == reference, Demand.published_at.is_not(None)))
    if case is None:
        raise NotFound(reference)
    return case


def support(case: Case, user: User) -> None:
    """Support a published demand, once; its answer will be sent to the supporter as well.

    Raises NotOpen for a demand that has ended, and for one's own.
    """
    if case.requester_id == user.id or case.status is CaseStatus.ENDED:
        raise NotOpen(case.reference)
    try:
        db.session.add(Support(case_id=case.id, user_id=user.id))
        db.session.flush()
        count(case.id)
        db.session.commit()
    except IntegrityError:
        # The person supports it already; saying so twice changes nothing.
        db.session.rollback()


def withdraw_support(case: Case, user: User) -> None:
    """Take one's support back."""
    db.session.execute(db.delete(Support).where(Support.case_id == case.id, Support.user_id == user.id))
    count(case.id)
    db.session.commit()


def supports(case: Case, user: User | None) -> bool:
    """Say whether a person supports a demand."""
    return user is not None and db.session.get(Support, (case.id, user.id)) is not None


def count(case_id: int) -> None:
    """Count the supporters of a demand anew."""
    number = db.select(db.func.count()).select_from(Support).where(Support.case_id == case_id).scalar_subquery()
    db.session.execute(db.update(Demand).where(Demand.case_id == case_id).values(supporters=number))


def join(case: Case) -> None:
    """Let the requester and the supporters of a demand support its twin instead."""
    demand = case.demand
    # Which twin it is may have been said in this transaction.
    db.session.flush()
    if demand is None or demand.twin_id is None:
        raise LookupError(f"{case.reference} has no twin")
    query = db.select(Support.user_id).where(Support.case_id.in_([case.id, demand.twin_id]))
    twin = db.session.get_one(Case, demand.twin_id)
    there = set(db.session.scalars(db.select(Support.user_id).where(Support.case_id == demand.twin_id)))
    people = set(db.session.scalars(query)) | {case.requester_id}
    new = people - there - {twin.requester_id}
    db.session.add_all(Support(case_id=demand.twin_id, user_id=person) for person in sorted(new))
    db.session.flush()
    count(demand.twin_id)


def twins(words: str, but: Case | None = None, most: int = 5) -> list[Case]:
    """Return published demands that may ask for the same: those that share most of the subject's words."""
    shared: Counter[int] = Counter()
    for word in list(dict.fromkeys(search.tokens(words[:80])))[:ASKED]:
        if len(word) > 1:
            shared.update(db.session.scalars(search.matching("demand", word, title_only=True).limit(LOOKED_AT)))
    likely = [key for key, number in shared.most_common(4 * most) if number >= min(2, len(shared))]
    query = db.select(Case).join(Demand, Demand.case_id == Case.id)
    found = {c.id: c for c in db.session.scalars(query.where(Case.id.in_(likely), Demand.published_at.is_not(None)))}
    return [found[key] for key in likely if key in found and (but is None or key != but.id)][:most]
