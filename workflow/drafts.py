"""Half-written answers: read and thrown away by those who write on them, and by nobody else."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError
from sqlalchemy.orm.attributes import set_committed_value

from models import N_, Case, Draft, Role, User, WorkItem, db, now
from workflow import casework, sealing, sharing
from workflow.errors import NotFound
from workflow.fields import keepable
from workflow.sharing import Merged
from workflow.stages import STEPS
from workflow.worklist import open_items


def draft_of(case: Case, name: str, actor: User) -> Draft:
    """Return what a person has written so far for a step.

    Raises the door's refusals where the person may not answer the step now, NotFound where nothing is written yet.
    """
    item = casework.answerable(case, casework.step_named(name), actor, open_items(case))
    return kept(item, actor)


def discard(case: Case, name: str, actor: User) -> None:
    """Throw away what a person has written for a step.

    Raises as `draft_of` does.
    """
    casework.lock(case)
    db.session.delete(draft_of(case, name, actor))
    db.session.commit()


def begun(item: WorkItem, actor: User) -> Draft | None:
    """Return the draft of a work item on which a person writes, if anything has been written yet."""
    draft: Draft | None = db.session.get(Draft, (item.id, sharing.keeper(item, actor)))
    if draft is not None and "box" in draft.form and STEPS[item.step].sealed:
        # The writer reads what lies locked up in the row; the row itself stays as it is.
        set_committed_value(draft, "form", sealing.reveal(item.id, draft.form))
    return draft


def unseen(case: Case, name: str, form: Mapping[str, Any], actor: User, base: sharing.Base | None) -> Merged | None:
    """Return what others have written on the draft that whoever hands in an answer has not seen; else nothing.

    It is asked under the case's lock, which is kept while there is nothing: what follows in the same transaction
    hands in what was looked at. Otherwise both sides' words are put together in the draft.
    """
    step = casework.step_named(name)
    # Only the drafts of applications are shared; what somebody has written alone, they have seen.
    if base is None or case.kind != "application" or step.role is not Role.REQUESTER:
        return None
    casework.lock(case)
    item = next((item for item in open_items(case) if item.step == name), None)
    draft = begun(item, actor) if item else None
    if draft is None:
        return None
    merged = sharing.merge(step.answer, base, draft.form, keepable(step.answer, form))
    if merged.known:
        return None
    draft.form, draft.saved_at, draft.saved_by_id = merged.form, now(), actor.id
    db.session.commit()
    return merged


def kept(item: WorkItem, actor: User) -> Draft:
    """Return the draft of a work item on which a person writes, or refuse as if there were no such thing."""
    draft = begun(item, actor)
    if draft is None:
        raise NotFound(item.step)
    return draft


def draftable(name: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """Return a half-written answer as it may be kept: only what the step asks for, and only plain values.

    Raises ValidationError for anything else; whether the answer is right is asked when it is handed in.
    """
    asked = casework.step_named(name).answer().fields
    faults = {key: [N_("这里没有这一项。")] for key in form if key not in asked}
    faults |= {key: [N_("内容的格式不对。")] for key, value in form.items() if key in asked and not plain(value)}
    if faults:
        raise ValidationError(faults)
    return dict(form)


def plain(value: Any) -> bool:
    """Say whether a value is one that a form could have sent."""
    if isinstance(value, list):
        return all(isinstance(item, str | int) or (isinstance(item, dict) and _plain_row(item)) for item in value)
    return value is None or isinstance(value, str | int | bool)


def _plain_row(row: dict[Any, Any]) -> bool:
    """Say whether the fields of a group's row are such values; a row holds no rows of its own."""
    flat = (part for value in row.values() for part in (value if isinstance(value, list) else [value]))
    return all(isinstance(key, str) for key in row) and all(
        part is None or isinstance(part, str | int | bool) for part in flat
    )
