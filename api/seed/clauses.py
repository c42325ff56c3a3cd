"""The model agreement: typed clauses in both languages, as they are when an installation begins (domain.md 5.1).

What is agreed in a case (data, purpose, people, place, period, quota) stands in the terms, not in the clauses. Other
versions, and those of a data set of its own, are further rows.
"""

import datetime as dt
import json
from pathlib import Path

from models import AgreementTemplate, db

SINCE = dt.date(2019, 10, 1)
CLAUSES = Path(__file__).with_name("clauses.json")


def load() -> None:
    """Load the model agreement where there is none yet."""
    model = db.select(AgreementTemplate.id).where(AgreementTemplate.dataset_id.is_(None)).limit(1)
    if db.session.scalar(model) is None:
        clauses = json.loads(CLAUSES.read_text("utf-8"))
        db.session.add(AgreementTemplate(dataset_id=None, version=1, clauses=clauses, since=SINCE))
    db.session.commit()
