"""Documents that the service makes: ordered in a case's transaction, made and signed by the worker, signed by people.

The row is ordered with everything the document will say. The worker sets it, and signs it where the office does; a
person's signature is added within their step. Each is a new file in the store, and the row names the last one.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from marshmallow import ValidationError
from sqlalchemy import func, select, update

from models import N_, Case, Document, DocumentState, Job, JobState, Signature, User, db, now
from workflow import calendar, outbox, site, store
from workflow.documents import certificates, rendering, signing
from workflow.outbox import Sessions, looking
from workflow.site import Site

# The side that signs by itself, with the office's own key, as soon as a document is made.
OFFICE = "office"
SIDES = {"body": N_("甲方"), "party": N_("乙方"), OFFICE: N_("作出决定的单位")}


class NotMade(ValidationError):
    """A document cannot be signed before it is made."""

    def __init__(self) -> None:
        super().__init__(N_("文件正在生成，请过一会儿再签署。"))


def order(case: Case, kind: str, title: str, facts: Mapping[str, Any]) -> Document:
    """Have a document made of a case, of everything it is to say; done after the caller's commit, or never.

    :param kind: the name of its template
    """
    ordered = now()
    frozen = {"dated": facts.get("decided_on") or calendar.local_day(ordered), **facts}
    earlier = select(func.count()).where(Document.case_id == case.id, Document.kind == kind)
    document = Document(
        case_id=case.id,
        kind=kind,
        number=(db.session.scalar(earlier) or 0) + 1,
        title=title,
        # What is written today is read as it will be from the row.
        facts=orjson.loads(orjson.dumps(frozen)),
        state=DocumentState.ORDERED,
        ordered_at=ordered,
    )
    db.session.add(document)
    # The job names the document.
    db.session.flush()
    outbox.put(db.session, "render", {"document": document.id}, key=mark(document), case_id=case.id)
    return document


def render(session: Sessions, job: Job, place: Site) -> None:
    """Make a document, sign it where the office does, and note that it is made; a second run changes nothing.

    While it is set, no transaction is open. Raises what the template, the keys or the store raise.
    """
    with looking(session):
        document = session.get(Document, job.data["document"])
        if document is None or document.state is DocumentState.MADE:
            return
        key, kind, title, facts = document.id, document.kind, document.title, document.facts
    demonstration = certificates.is_demonstration(place.signing)
    made = rendering.document(kind, title, facts, place.fonts, demonstration)
    plain = content = signing.with_places(made.content, made.places)
    who = certificates.office(place.signing) if OFFICE in (each.side for each in made.places) else None
    moment = now()
    if who is not None:
        content = signing.signed(plain, OFFICE, who, title, place.fonts, place.tsa, moment)
    sha256, size = store.put(content)
    still = update(Document).where(Document.id == key, Document.state == DocumentState.ORDERED)
    session.execute(still.values(state=DocumentState.MADE, sha256=sha256, size=size, made_at=moment))
    if who is not None:
        line = Signature(document_id=key, side=OFFICE, name=who.name, certificate=who.fingerprint, at=moment)
        line.before, line.after = hashlib.sha256(plain).hexdigest(), sha256
        session.add(line)
        session.flush()


def sign(document: Document, side: str, person: User, name: str) -> Signature:
    """Sign a document for a side, in the caller's transaction, with a certificate made for this act alone.

    :param side: "party" or "body"
    :param name: the person's name, as it is to stand in the certificate

    Raises NotMade while the document is still being made, ValidationError where the side has signed, and NoKey where
    the service cannot sign.
    """
    if document.state is not DocumentState.MADE or document.sha256 is None:
        raise NotMade()
    if side in {each.side for each in document.signatures}:
        raise ValidationError(N_("这一方已经签署。"))
    here, moment, before = site.current(), now(), document.sha256
    who = certificates.for_act(here.signing, name, str(document.facts.get(side, "")), side)
    signed = signing.signed(store.get(before), side, who, document.title, here.fonts, here.tsa, moment)
    document.sha256, document.size = store.put(signed)
    signature = Signature(document_id=document.id, side=side, user_id=person.id, name=name)
    signature.certificate, signature.before, signature.after = who.fingerprint, before, document.sha256
    signature.at = moment
    document.signatures.append(signature)
    db.session.flush()
    return signature


def content(document: Document) -> bytes:
    """Return a document's bytes as they stand now. Raises NotMade before there are any."""
    if document.sha256 is None:
        raise NotMade()
    return store.get(document.sha256)


def of_case(case: Case) -> list[Document]:
    """Return a case's documents in the order in which they were ordered."""
    return list(db.session.scalars(select(Document).where(Document.case_id == case.id).order_by(Document.id)))


def given_up(document: Document) -> bool:
    """Say whether the worker has given a document up, so that somebody must mend what hinders it."""
    job = select(Job.state).where(Job.key == mark(document))
    return document.state is DocumentState.ORDERED and db.session.scalar(job) is JobState.DEAD


def mark(document: Document) -> str:
    """Return the key of the job that makes a document."""
    return f"render:{document.id}"
