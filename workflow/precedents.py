"""Similar past cases: what was decided on the same data, purpose or kind of applicant, and whether a draft departs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select

from models import Application, Case, DataRequest, User, db
from workflow import access, register

# How many past cases are shown, and how many are looked through for them.
MOST, LOOKED_AT = 6, 500
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
    found = {each.case_id: each for each in _candidates(case, application, wanted)}
    asked = _asked(found)
    ranked = []
    for each in found.values():
        alike = _alike(application, wanted, each, asked.get(each.case_id, frozenset()))
        readable = access.may_see(reader, each.case)
        if ("dataset" in alike or {"purpose", "applicant"} <= alike) and (readable or each.published_on is not None):
            ranked.append(Precedent(each.case, each, alike, readable))
    ranked.sort(key=lambda one: ("dataset" in one.alike, len(one.alike), one.case.id), reverse=True)
    return ranked[:MOST]


def _candidates(case: Case, application: Application, wanted: Iterable[int]) -> Iterable[Application]:
    """Return the latest decided cases on the same data, of the same body, and of everybody."""
    same_data = db.select(DataRequest.case_id).where(DataRequest.dataset_id.in_(sorted(wanted)))
    yield from _decided(case, Application.case_id.in_(_latest(same_data.order_by(DataRequest.id.desc()))))
    like = (Application.purpose == application.purpose, Application.applicant_type == application.applicant_type)
    if case.body_id is not None:
        same_body = db.select(Application.case_id).join(Case, Case.id == Application.case_id)
        same_body = same_body.where(Case.body_id == case.body_id).order_by(Case.id.desc())
        yield from _decided(case, Application.case_id.in_(_latest(same_body)), *like)
    everybody = db.select(Application.case_id).order_by(Application.case_id.desc())
    yield from _decided(case, Application.case_id.in_(_latest(everybody)), *like)


def _latest(query: Select[int]) -> Select[int]:
    latest: Select[int] = db.select(query.limit(LOOKED_AT).subquery().c.case_id)
    return latest


def _decided(case: Case, *where: ColumnElement[bool]) -> Iterable[Application]:
    query = db.select(Application).join(Case, Case.id == Application.case_id)
    # A case that was split among several bodies is decided by its parts.
    query = query.where(Case.body_id.is_not(None), Case.id != case.id, Application.outcome.in_(DECIDED), *where)
    query = query.options(db.joinedload(Application.case).joinedload(Case.body))
    with db.session.no_autoflush:
        return db.session.scalars(query.order_by(Application.case_id.desc()).limit(MOST * 4)).all()


def _asked(cases: Iterable[int]) -> dict[int, frozenset[int]]:
    query = db.select(DataRequest.case_id, DataRequest.dataset_id).where(DataRequest.case_id.in_(list(cases)))
    found: dict[int, set[int]] = {}
    for case, dataset in db.session.execute(query):
        found.setdefault(case, set()).add(dataset)
    return {case: frozenset(datasets) for case, datasets in found.items()}


def _alike(here: Application, wanted: frozenset[int], there: Application, asked: frozenset[int]) -> frozenset[str]:
    alike = {
        "dataset": bool(wanted & asked),
        "purpose": here.purpose == there.purpose,
        "applicant": here.applicant_type == there.applicant_type,
    }
    return frozenset(word for word, same in alike.items() if same)


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
