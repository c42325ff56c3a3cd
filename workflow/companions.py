"""Companions: the people whom a requester asks to work on an application with them.

An invitation goes to an address as a letter with a link that can be taken up once, by whoever holds it and has signed
in. From then on that person writes on the requester's drafts, answers what the requester is asked, and signs if that
was said. People of the offices are not asked: they would judge what they have written.
"""

import hashlib
import secrets
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select

from models import N_, Case, CaseStatus, Companion, EventKind, Job, User, db, now
from workflow import access, casework, outbox, people
from workflow.errors import NotFound, NotOpen, NotYours, Refused
from workflow.journal import record
from workflow.letters import compose
from workflow.links import LinkExpired
from workflow.mail import composed, send
from workflow.outbox import Sessions, looking
from workflow.site import Site

# How long a link can be taken up, and how many people work on one case besides the requester.
DAYS, MOST = 14, 20
PATH = "join"


class FromAnOffice(Refused):
    """People who work for an office cannot join an application: they may have to judge it."""

    status = 403


class TakesPart(Refused):
    """You work on this application already."""


def shareable(case: Case) -> bool:
    """Say whether others can be asked to work on a case."""
    return case.kind == "application" and case.status is not CaseStatus.ENDED


def listed(case: Case) -> list[Companion]:
    """Return who works on a case with the requester or has been asked to, in the order of the invitations."""
    query = select(Companion).where(Companion.case_id == case.id, Companion.left_at.is_(None)).order_by(Companion.id)
    return list(db.session.scalars(query))


def invite(case: Case, email: str, signs: bool, *, actor: User, url: str) -> str:
    """Ask somebody by letter to work on a case, and return the link; it replaces an earlier one to the same address.

    :param signs: whether they may sign the agreement for the party
    :param url: the address of the service
    :raises NotYours: only the requester asks others
    :raises NotOpen: the case is not one to be shared, or has ended
    :raises ValidationError: it is no address, or there are enough people
    """
    email = people.address(email)
    casework.lock(case)
    if case.requester_id != actor.id:
        raise NotYours(case.reference)
    if not shareable(case):
        raise NotOpen(case.reference)
    there = listed(case)
    if any(each.email == email and each.joined_at for each in there) or email == actor.email:
        raise ValidationError({"email": [N_("这个人已经在一起填写了。")]})
    if len(there) >= MOST and email not in {each.email for each in there}:
        raise ValidationError({"email": [N_("一起填写的人太多，请先移除几位。")]})
    asked = db.session.scalar(select(Companion).where(Companion.case_id == case.id, Companion.email == email))
    if asked is None:
        asked = Companion(case_id=case.id, email=email)
        db.session.add(asked)
    secret = secrets.token_urlsafe(32)
    asked.user_id = asked.joined_at = asked.left_at = None
    asked.signs, asked.invitation, asked.invited_by_id, asked.invited_at = signs, digest(secret), actor.id, now()
    db.session.flush()
    record(case, EventKind.INVITED, actor=actor, data={"companion": asked.id, "signs": signs})
    link = f"{url.rstrip('/')}/{PATH}/{secret}"
    write_to(case, asked, actor, link)
    db.session.commit()
    return link


def write_to(case: Case, asked: Companion, actor: User, link: str) -> None:
    """Put the letter of invitation aside: for one who has an account among their letters, else by mail alone."""
    said = {"number": case.reference, "inviter": " ".join(actor.name.split()), "email": asked.email}
    data: dict[str, Any] = {"template": "invitation", "link": link, "days": DAYS, **said}
    known = people.find(asked.email)
    if known is not None and known.is_active:
        outbox.put(db.session, "letter", data | {"audience": {"user": known.id}}, key=f"invitation:{asked.invitation}")
    else:
        data["language"] = actor.language
        outbox.put(db.session, "invitation", data, key=f"invitation:{asked.invitation}")


def mail_stranger(session: Sessions, job: Job, site: Site) -> None:
    """Mail an invitation to somebody who has no account; without a mail server the requester hands the link on."""
    data = job.data
    with looking(session):
        open_still = session.scalar(select(Companion.id).where(Companion.invitation == digest(secret_of(data["link"]))))
    if site.mail is None or open_still is None:
        return
    language = data["language"] if data["language"] in people.LANGUAGES else "zh"
    subject, text = compose("invitation", language, {**data, "person": data["email"], "site": site.url})
    mark = hashlib.sha256(str(job.key).encode()).hexdigest()[:32]
    letter: Any = SimpleNamespace(
        user=SimpleNamespace(name="", email=data["email"]),
        subject=subject,
        text=text,
        language=language,
        written_at=now(),
        message_id=f"<{mark}@{site.host}>",
        calendar=None,
    )
    send(composed(letter, site), site.mail)


def found(secret: str) -> Companion:
    """Return the invitation of a link.

    :raises LinkExpired: it has been taken up, was replaced or withdrawn, is too old, or its case has ended
    """
    asked = db.session.scalar(select(Companion).where(Companion.invitation == digest(secret)))
    if asked is None or asked.left_at or asked.joined_at or not shareable(asked.case):
        raise LinkExpired()
    if asked.invited_at < now() - timedelta(days=DAYS):
        raise LinkExpired()
    return asked


def join(secret: str, *, actor: User) -> Case:
    """Take an invitation up; the link is then used.

    :raises LinkExpired: it is not valid
    :raises TakesPart: the person works on the case already
    :raises FromAnOffice: the person works for an office
    """
    case = found(secret).case
    casework.lock(case)
    # Somebody else may have taken it up while this one waited for the lock.
    db.session.expire_all()
    asked = found(secret)
    if actor.is_staff:
        raise FromAnOffice(case.reference)
    if case.requester_id == actor.id or access.is_companion(actor, case):
        raise TakesPart(case.reference)
    asked.user_id, asked.joined_at, asked.invitation = actor.id, now(), None
    record(case, EventKind.JOINED, actor=actor, data={"companion": asked.id, "signs": asked.signs})
    db.session.commit()
    return case


def remove(case: Case, number: int, *, actor: User) -> None:
    """Take somebody off a case, or withdraw an invitation; whoever works on it may also leave by themselves.

    :raises NotFound: there is nobody under this number
    :raises NotYours: neither the requester nor the person asks for it
    """
    casework.lock(case)
    asked = db.session.get(Companion, number, populate_existing=True)
    if asked is None or asked.case_id != case.id or asked.left_at is not None:
        raise NotFound(str(number))
    if actor.id not in (case.requester_id, asked.user_id):
        raise NotYours(case.reference)
    asked.left_at, asked.invitation = now(), None
    record(case, EventKind.LEFT, actor=actor, data={"companion": asked.id})
    db.session.commit()


def digest(secret: str) -> str:
    """Return what is kept of a link's secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def secret_of(link: str) -> str:
    """Return the secret in a link."""
    return link.rpartition("/")[2]
