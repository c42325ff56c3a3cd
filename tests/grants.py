"""Entitlements for tests that are not about how one comes by them: an agreement in force on a case of the citizen's."""

from datetime import date, timedelta

from models import Agreement, AgreementState, AgreementTemplate, Case, Dataset, Entitlement, db
from workflow import calendar, entitlements, numbers

TODAY = date(2026, 1, 1)


def agreed(walker, case: Case, code: str, **terms) -> Agreement:
    """Return an agreement on a data set, in force, by which the citizen may download it."""
    template = AgreementTemplate(version=1 + db.session.query(AgreementTemplate).count(), clauses=[], since=TODAY)
    today = calendar.today()
    part = {"code": code, "name": "", "items": [], "rows": [], "quota": {}, "watermark": False}
    part |= {name: terms.pop(name) for name in tuple(terms) if name in part}
    said = {
        "mode": "download",
        "people": [{"name": "", "role": "", "employer": "", "email": walker.person("citizen").email}],
        "starts_on": (today - timedelta(days=1)).isoformat(),
        "ends_on": (today + timedelta(days=30)).isoformat(),
        "datasets": [part],
        **terms,
    }
    made = Agreement(
        reference=numbers.reference("XY", 2026),
        case_id=case.id,
        template=template,
        state=AgreementState.EFFECTIVE,
        terms=said,
        clauses=[],
    )
    db.session.add(made)
    db.session.flush()
    return made


def granted(walker, dataset: Dataset, case: Case | None = None, **terms) -> Entitlement:
    """Return an open entitlement on a data set, on a case of the citizen's with the transport commission."""
    case = case or walker.at("assess_demand")
    [made] = entitlements.make(case, agreed(walker, case, dataset.code, **terms))
    entitlements.activate(case)
    db.session.commit()
    return made
