"""Files that people hand in with a case: looked at, kept, attached to an answer, taken back, and who reads them."""

import logging
import shlex
import subprocess
from collections.abc import Iterable
from tempfile import NamedTemporaryFile
from typing import IO, Any

from marshmallow import ValidationError
from sqlalchemy import select

from models import BODY_ROLES, N_, Case, File, Role, User, db, now
from workflow import access, consultations, enclosures, incidents, site, sniff, store
from workflow.enclosures import Facts
from workflow.errors import NotFound, NotOpen
from workflow.fields import Attachments
from workflow.sealing import BrokenSeal
from workflow.stage import Step

log = logging.getLogger("kaimen.files")
MOST, MOST_OF_CASE = 20 * 1024 * 1024, 100 * 1024 * 1024
# How long a scanner may look at one file.
PATIENCE = 60
# The roles on a case that read what only a few may.
RESTRICTED_ROLES = frozenset({Role.REQUESTER, Role.REVIEWER, Role.DECIDER, Role.SECURITY})
# The roles on a case that read what members have handed in with their opinions, once it is open.
COMMITTEE_ROLES = BODY_ROLES | {Role.EXPERT, Role.SECRETARY, Role.AUTHORITY, Role.AUDITOR}
NO_SUCH_FILE = N_("没有这个文件，可能已经删去。")


class Unscanned(Exception):
    """The scanner did not say whether a file is clean."""


def keep(stream: IO[bytes], name: str, case: Case, person: User, step: Step, field: str) -> File:
    """Keep a file that a person hands in for a field of a step, as a part of the draft.

    The caller has made sure that the person may answer the step now, and has written nothing yet: no transaction is
    held open while the file comes in and is looked at. Nothing is kept of a file that is refused.

    :raises ValidationError: it is empty, too large, not what it is called, harmful, or one too many
    """
    asked, uploader = asked_for(step, field), person.id
    place = consultations.place_of(case, person) if step.sealed else ""
    db.session.rollback()
    with NamedTemporaryFile() as kept:
        try:
            size = spooled(stream, kept)
            shown = sniff.clean_name(name)
            media_type = sniff.kind(kept, shown)
            scan(kept.name)
        except ValidationError as error:
            raise ValidationError({field: error.messages}) from error
        except Unscanned as error:
            report(case, step, error)
            raise ValidationError({field: [N_("现在不能检查文件，已通知管理员，请稍后再上传。")]}) from error
        kept.seek(0)
        if step.sealed:
            file = enclosures.lock_away(place, shown, media_type, kept.read())
        else:
            sha256, _ = store.put(kept)
            mark = str(asked.metadata.get("private") or "internal")
            file = File(name=shown, media_type=media_type, size=size, sha256=sha256, mark=mark)
    lock(case)
    check_room(case, step, field, asked.most, file.size, uploader)
    file.case_id, file.step, file.field, file.uploaded_by_id = case.id, step.name, field, uploader
    db.session.add(file)
    db.session.commit()
    return file


def asked_for(step: Step, field: str) -> Attachments:
    """Return the field of a step for which files may be handed in.

    :raises NotFound: the step asks for none there
    """
    asked = step.answer().load_fields.get(field)
    if not isinstance(asked, Attachments):
        raise NotFound(field)
    return asked


def spooled(stream: IO[bytes], kept: IO[bytes]) -> int:
    """Write what comes into a file and return how much it was.

    :raises ValidationError: it is nothing, or too much
    """
    size = 0
    while piece := stream.read(sniff.CHUNK):
        size += len(piece)
        if size > MOST:
            raise ValidationError([N_("文件太大，每个最多 %(most)d MB。"), {"most": MOST // 1024 // 1024}])
        kept.write(piece)
    kept.flush()
    if not size:
        raise ValidationError([N_("文件是空的。")])
    return size


def scan(path: str) -> None:
    """Have the configured command look at a file.

    :raises ValidationError: it is harmful
    :raises Unscanned: the command did not say
    """
    command = site.current().scanner
    if not command:
        return
    try:
        done = subprocess.run([*shlex.split(command), path], capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603 - the operator's own command
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise Unscanned(type(error).__name__) from error
    if done.returncode == 1:
        log.warning("the scanner refused a file")
        raise ValidationError([N_("安全检查没有通过，不能接收这个文件。")])
    if done.returncode != 0:
        raise Unscanned(f"exit code {done.returncode}")


def report(case: Case, step: Step, error: Unscanned) -> None:
    """Tell the office that files cannot be looked at."""
    log.error("the scanner failed: %s", error)
    db.session.rollback()
    incidents.open_for(case.id, {"verb": "scan", "step": step.name}, error, None, None)


def check_room(case: Case, step: Step, field: str, most: int, size: int, person: int) -> None:
    """Refuse one file more than the field or the case holds; asked under the case's lock.

    :raises ValidationError: there is no room
    """
    there = select(File.size, File.step, File.field, File.attached_at, File.uploaded_by_id)
    rows = db.session.execute(there.where(File.case_id == case.id, File.removed_at.is_(None))).all()
    waiting = [row for row in rows if (row.step, row.field, row.attached_at) == (step.name, field, None)]
    if step.sealed:
        # Nobody learns how many files another member has.
        waiting = [row for row in waiting if row.uploaded_by_id == person]
    fault: list[Any] = []
    if len(waiting) >= most:
        fault = [N_("最多 %(most)d 个文件，请先删去一些。"), {"most": most}]
    elif sum(row.size for row in rows) + size > MOST_OF_CASE:
        fault = [N_("这个办件的文件合计最多 %(most)d MB。"), {"most": MOST_OF_CASE // 1024 // 1024}]
    if fault:
        db.session.rollback()
        raise ValidationError({field: fault})


def attach(case: Case, numbers: Iterable[int], person: User, field: str = "attachments") -> list[File]:
    """Attach files to the answer that names them, in the transaction of the answer.

    :raises ValidationError: one is not of this case and field, was taken back, or is another side's draft
    """
    wanted, own = list(dict.fromkeys(numbers)), access.roles_on(person, case)
    query = select(File).where(File.case_id == case.id, File.field == field, File.id.in_(wanted))
    found = {file.id: file for file in db.session.scalars(query)} if wanted else {}
    seen = access.may_see(person, case)
    kept = {number: file for number, file in found.items() if seen and open_to(file, case, person, own)}
    if faults := {place: [NO_SUCH_FILE] for place, number in enumerate(wanted) if number not in kept}:
        raise ValidationError({field: faults})
    for file in kept.values():
        file.attached_at = file.attached_at or now()
    return [kept[number] for number in wanted]


def enclose(case: Case, numbers: Iterable[int], person: User) -> dict[str, Any]:
    """Attach sealed files to a member's opinion, and return what the opinion says of them.

    :raises ValidationError: one is not a sealed file of theirs, or belonged to a seat that they have left
    """
    attached, place = attach(case, numbers, person), consultations.place_of(case, person)
    try:
        return enclosures.named(attached, place)
    except BrokenSeal as error:
        raise ValidationError({"attachments": [NO_SUCH_FILE]}) from error


def facts(file: File) -> Facts:
    """Return what a file is; of a sealed one to whoever handed it in, and nobody else may read it."""
    if file.box is None:
        return Facts(file.name, file.media_type, file.size, file.sha256)
    return enclosures.facts_of(file, consultations.place_of(file.case, file.uploaded_by))


def content(file: File) -> Iterable[bytes]:
    """Return the bytes of a file, piece by piece."""
    if file.box is None:
        return store.stream(file.sha256)
    return [enclosures.content_of(file, consultations.place_of(file.case, file.uploaded_by))]


def remove(case: Case, number: int, person: User) -> None:
    """Take back a file that no answer names yet.

    :raises NotFound: there is no such file for this person
    :raises NotOpen: an answer names it, and it stays with the case
    """
    lock(case)
    file = find(case, number, person)
    if file.attached_at is not None:
        raise NotOpen(file.step)
    file.removed_at = now()
    db.session.commit()


def find(case: Case, number: int, person: User) -> File:
    """Return a file of a case that a person may read.

    :raises NotFound: there is none, or it is not for them
    """
    file = db.session.get(File, number, populate_existing=True)
    if file is None or file.case_id != case.id or not readable(file, case, person):
        raise NotFound(str(number))
    return file


def listed(case: Case, person: User) -> list[File]:
    """Return the files of a case that a person may read, in the order in which they came."""
    if not access.may_see(person, case):
        return []
    own = access.roles_on(person, case)
    found = db.session.scalars(select(File).where(File.case_id == case.id).order_by(File.id))
    return [file for file in found if open_to(file, case, person, own)]


def readable(file: File, case: Case, person: User) -> bool:
    """Say whether a person may read a file of a case.

    Whoever may not see the case reads none of it. What no answer names yet is read by those who write it. What is
    restricted is read by the requester's side, and by those of the body who review, decide, or answer for security.
    """
    return access.may_see(person, case) and open_to(file, case, person, access.roles_on(person, case))


def open_to(file: File, case: Case, person: User, own: frozenset[Role]) -> bool:
    """Say the same of a person who may see the case, and whose roles on it are known."""
    if file.removed_at is not None:
        return False
    if file.uploaded_by_id == person.id:
        return True
    if file.box is not None:
        return False
    if file.mark == enclosures.MARK:
        return bool(own & COMMITTEE_ROLES)
    if file.attached_at is None:
        return Role.REQUESTER in own and Role.REQUESTER in access.roles_on(file.uploaded_by, case)
    return file.mark != "restricted" or bool(own & RESTRICTED_ROLES)


def lock(case: Case) -> None:
    """Lock a case's row and read it anew, as every writer of it does."""
    db.session.refresh(case, with_for_update={"of": Case})
