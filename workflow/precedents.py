"""Similar past cases: what was decided on the same data, purpose or kind of applicant, and whether a draft departs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select

from models import Application, Case, DataRequest, User, db
from workflow import access, register

# How many past cases are shown, and how many are looked through for them.
MOST, LOOKED_AT = 6, 300
GRANTED = frozenset({"approve", "conditions"})
DECIDED = ("approve", "conditions", "part", "refuse")
# From so many like cases on, a draft that decides otherwise says why.
ENOUGH = 2


@dataclass(frozen=True)
class Precedent:
    """A past case, and in what it is like the one at hand: `dataset`, `purpose`, `applicant`."""

    case: Case
    application: Application
    alike: frozenset[str]
    # Whether the reader may open the case; of others only what the public reads is shown.
    readable: bool

    @property
    def reasons(self) -> str:
        """Return why it was decided so: for whoever may read the case, else what stands on the public register."""
        return str(self.application.decision.get("text", "")) if self.readable else register.summary(self.application)

    @property
    def applicant(self) -> str:
        """Return who applied, for whoever may read the case; else as far as the public register names them."""
        return self.application.applicant if self.readable else register.applicant(self.application)

    @property
    def unmet(self) -> list[str]:
        """Return the published conditions on whose account it was refused, each with its data set."""
        return [str(key) for key in self.application.decision.get("unmet", ())] if self.readable else []


def similar(case: Case, reader: User) -> list[Precedent]:
    """Return past cases like one at hand, the most alike first, as far as a reader may see them."""
    application = case.application
    if application is None:
        return []
    wanted = frozenset(request.dataset_id for request in application.requests)
    alike = _likeness(case, application, wanted)
    ranked = sorted(alike, key=lambda key: ("dataset" in alike[key], len(alike[key]), key), reverse=True)
    found: list[Precedent] = []
    for start in range(0, len(ranked), 4 * MOST):
        for each in _loaded(ranked[start : start + 4 * MOST]):
            readable = access.may_see(reader, each.case)
            if readable or each.published_on is not None:
                found.append(Precedent(each.case, each, alike[each.case_id], readable))
        if len(found) >= MOST:
            break
    return found[:MOST]


def _likeness(case: Case, application: Application, wanted: frozenset[int]) -> dict[int, frozenset[str]]:
    """Return in what the latest decided cases are like one at hand, by their keys; those too unlike are left out."""
    with db.session.no_autoflush:
        same_data = {key for dataset in wanted for key in db.session.scalars(_asking_for(dataset))}
        latest = same_data | set(db.session.scalars(_of_everybody()))
        if case.body_id is not None:
            latest |= set(db.session.scalars(_of_body(case.body_id)))
        rows = db.session.execute(_decided(latest - {case.id})).all()
    found = {}
    for key, purpose, applicant_type in rows:
        words = {"dataset": key in same_data, "purpose": purpose == application.purpose}
        words["applicant"] = applicant_type == application.applicant_type
        alike = frozenset(word for word, same in words.items() if same)
        if "dataset" in alike or {"purpose", "applicant"} <= alike:
            found[key] = alike
    return found


def _asking_for(dataset: int) -> Select[int]:
    query: Select[int] = db.select(DataRequest.case_id).where(DataRequest.dataset_id == dataset)
    return query.order_by(DataRequest.id.desc()).limit(LOOKED_AT)


def _of_body(body: int) -> Select[int]:
    query: Select[int] = db.select(Case.id).where(Case.body_id == body, Case.kind == "application")
    return query.order_by(Case.id.desc()).limit(LOOKED_AT)


def _of_everybody() -> Select[int]:
    query: Select[int] = db.select(Application.case_id).order_by(Application.case_id.desc()).limit(LOOKED_AT)
    return query


def _decided(cases: Iterable[int]) -> Select[int, str, str]:
    # A case that was split among several bodies is decided by its parts.
    query: Select[int, str, str] = db.select(Application.case_id, Application.purpose, Application.applicant_type)
    query = query.join(Case, Case.id == Application.case_id)
    return query.where(
        Application.case_id.in_(sorted(cases)), Application.outcome.in_(DECIDED), Case.body_id.is_not(None)
    )


def _loaded(keys: list[int]) -> list[Application]:
    """Return applications with their cases, in the order of some keys."""
    query = db.select(Application).where(Application.case_id.in_(keys))
    query = query.options(db.selectinload(Application.case).joinedload(Case.body))
    with db.session.no_autoflush:
        found = {each.case_id: each for each in db.session.scalars(query)}
    return [found[key] for key in keys if key in found]


def like_cases(found: Sequence[Precedent]) -> list[Precedent]:
    """Return the past cases on the same data for the same purpose, which a decision is measured by."""
    return [each for each in found if {"dataset", "purpose"} <= each.alike]


def departs(outcome: str, found: Sequence[Precedent]) -> list[Precedent]:
    """Return the past cases from which an outcome departs: all of them granted and this is not, or the other way."""
    like = like_cases(found)
    granted = [each.application.outcome in GRANTED for each in like]
    if outcome not in DECIDED or len(like) < ENOUGH:
        return []
    if all(granted) and outcome not in GRANTED:
        return like
    refused = all(each.application.outcome == "refuse" for each in like)
    return like if refused and outcome != "refuse" else []
