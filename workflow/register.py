"""The public register: what was granted to whom and for what, and what was refused and why, never more than that.

Personal applicants appear by their category alone; of a refusal nobody learns who applied.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from models import Application, Case, DataRequest, Dataset, db
from workflow import conditions, search
from workflow.conditions import Criterion

OUTCOMES = ("approve", "conditions", "part", "refuse")
GRANTED = frozenset({"approve", "conditions", "part"})
# How many data sets whose names hold the words are looked for.
MOST_HITS = 200
HIDDEN = "申请人"


@dataclass(frozen=True)
class Asked:
    """What of the register is wanted; nothing narrows nothing."""

    words: str = ""
    outcome: str = ""
    body: int | None = None
    dataset: int | None = None


def entries(asked: Asked) -> Any:
    """Return the query of the published decisions that fit, the latest first."""
    query = db.select(Application).join(Case, Case.id == Application.case_id)
    # What was split among several bodies stands on the register part by part.
    query = query.where(
        Application.published_on.is_not(None), Application.outcome.in_(OUTCOMES), Case.body_id.is_not(None)
    )
    if asked.outcome:
        query = query.where(Application.outcome == asked.outcome)
    if asked.body is not None:
        query = query.where(Case.body_id == asked.body)
    if asked.dataset is not None:
        query = query.where(Application.case_id.in_(_asking_for([asked.dataset])))
    if asked.words:
        named = db.session.scalars(search.matching("dataset", asked.words).limit(MOST_HITS)).all()
        by_number = db.select(Case.id).where(Case.reference == asked.words.strip().upper())
        query = query.where(db.or_(Application.case_id.in_(_asking_for(named)), Case.id.in_(by_number)))
    query = query.options(db.selectinload(Application.case).joinedload(Case.body))
    query = query.options(db.selectinload(Application.requests).selectinload(DataRequest.conditions))
    return query.order_by(Application.published_on.desc(), Application.case_id.desc())


def _asking_for(datasets: Iterable[int]) -> Any:
    return db.select(DataRequest.case_id).where(DataRequest.dataset_id.in_(list(datasets)))


def before(query: Any, day: str, case: int) -> Any:
    """Return the part of a query of entries that comes after one that was published on a day."""
    on = parsed(day)
    later = db.and_(Application.published_on == on, Application.case_id < case)
    return query.where(db.or_(Application.published_on < on, later))


def parsed(day: str) -> date:
    """Return a day as it was written into a cursor; the first of all where it is none, after which there is nothing."""
    try:
        return date.fromisoformat(day)
    except ValueError:
        return date.min


def dataset_named(code: str) -> int | None:
    """Return the key of the data set with a code, if there is one."""
    found: int | None = db.session.scalar(db.select(Dataset.id).where(Dataset.code == code.replace("\x00", "").upper()))
    return found


def entry(reference: str) -> Application | None:
    """Return the published decision with a reference, or nothing."""
    found: Application | None = db.session.scalar(entries(Asked()).where(Case.reference == reference))
    return found


def counts() -> dict[str, int]:
    """Return how many decisions of each outcome stand on the register."""
    query = db.select(Application.outcome, db.func.count()).where(Application.published_on.is_not(None))
    found = {str(outcome): int(number) for outcome, number in db.session.execute(query.group_by(Application.outcome))}
    return {outcome: found.get(outcome, 0) for outcome in OUTCOMES}


def applicant(application: Application) -> str:
    """Return the applicant's name, where the public may know it, else nothing."""
    known = application.outcome in GRANTED and application.applicant_type != "person"
    return application.applicant if known else ""


def summary(application: Application) -> str:
    """Return the summary of a grant as the public reads it; of a refusal there is none, it might tell who applied."""
    if application.outcome not in GRANTED:
        return ""
    text = application.summary
    return text if applicant(application) else text.replace(application.applicant or HIDDEN, HIDDEN)


def datasets(application: Application) -> list[Dataset]:
    """Return the data sets that a decision is about: of a partial grant those that were granted."""
    asked = [request.dataset for request in application.requests]
    if application.outcome != "part":
        return asked
    granted = {each["code"] for each in application.decision.get("datasets", ())}
    return [dataset for dataset in asked if dataset.code in granted]


def unmet(application: Application) -> Iterator[tuple[str, Criterion]]:
    """Yield the published conditions that were found unmet, each with the name of its data set."""
    keys = set(application.decision.get("unmet", ()))
    for request in application.requests:
        for line in conditions.criteria(request.conditions):
            if f"{request.dataset.code}.{line.id}" in keys:
                yield request.dataset.name, line


def bar(application: Application) -> str:
    """Return the legal bar on which a refusal rests, as a word, or nothing."""
    return str(application.decision.get("bar") or "")


def period(application: Application) -> tuple[date | None, date | None]:
    """Return from when until when a grant runs."""
    if application.outcome not in GRANTED:
        return None, None
    days = (application.decision.get(name) for name in ("starts_on", "ends_on"))
    first, last = (date.fromisoformat(day) if day else None for day in days)
    return first, last
