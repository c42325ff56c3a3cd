"""Requests that come twice take effect once: by the key of a rendered form or of an API call."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from models import Answer, Case, db
from workflow import rows
from workflow.errors import Repeated

EARLIER = select(Answer.digest, Answer.case_id).where(Answer.key == bindparam("sent"))


def fingerprint(what: str, raw: Mapping[str, Any] | None) -> str:
    """Return the hash of a request, by which a repeat is told from another request with the same key."""
    # Whatever has been sent can be written so, also half a character or a number that no database keeps.
    said = json.dumps([what, raw], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def answered_before(key: str | None, digest: str) -> Case | None:
    """Return the case to which an earlier request with this key led; None where there was none.

    Raises Repeated when the key was used for something else.
    """
    earlier = db.session.connection().execute(EARLIER, {"sent": key}).first() if key else None
    if earlier is None:
        return None
    if earlier.digest != digest:
        raise Repeated(key)
    return db.session.get_one(Case, earlier.case_id)


def remember(key: str | None, case: Case, digest: str) -> None:
    """Keep the key of a request in the transaction that carries it out."""
    if key:
        rows.add(Answer(key=key, case_id=case.id, digest=digest))
