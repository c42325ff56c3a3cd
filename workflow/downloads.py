"""Downloads: each asks the entitlement anew, is counted before it begins, and leaves its lines in the access log."""

import logging
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from models import Access, Entitlement, EntitlementState, Resource, User, db
from workflow import calendar, entitlements, extract, incidents, resources, store
from workflow.errors import Refused

log = logging.getLogger("kaimen.downloads")
# While something is being sent, the entitlement is looked at again after so many seconds.
EVERY = 1.0


class Shut(Refused):
    """The entitlement does not allow a download now."""

    status = 403


class NotNamed(Shut):
    """The agreement does not name you among the people who may use these data."""


class OtherMode(Shut):
    """The agreement lets these data be used in another way than by download."""


class NotYet(Shut):
    """Access has not been opened yet, or the agreed period has not begun."""


class Paused(Shut):
    """Access is paused."""


class Over(Shut):
    """The agreed period is over."""


class Closed(Shut):
    """Access has been closed for good."""


class UsedUp(Shut):
    """What may be taken out this month has been taken out; it goes on next month."""


class NotLoaded(Refused):
    """The body has not handed these data over yet."""


class NotAsAgreed(Refused):
    """The data do not hold what was agreed, and nothing was sent; the office has been told."""

    status = 503


class Interrupted(Exception):
    """The entitlement was shut while something was being sent."""


STATES: dict[EntitlementState, type[Shut] | None] = {
    EntitlementState.PROVISIONING: NotYet,
    EntitlementState.ACTIVE: None,
    EntitlementState.LIMITED: Paused,
    EntitlementState.SUSPENDED: Paused,
    EntitlementState.REVOKED: Closed,
    EntitlementState.EXPIRED: Over,
}


@dataclass(frozen=True)
class Download:
    """A download that has been allowed and counted."""

    entitlement: int
    reference: str
    user: int
    resource: Resource
    format: str
    items: tuple[str, ...]
    rows: tuple[dict[str, object], ...]
    mark: str
    key: str
    name: str


@dataclass(frozen=True)
class Used:
    """What has been taken out under an entitlement in a month."""

    downloads: int
    rows: int


@dataclass(frozen=True)
class Line:
    """A line of the access log: one download, or one that was refused."""

    at: datetime
    user: User | None
    format: str
    # finished, broken (off), refused, or begun: it runs, or whoever sent it was stopped.
    outcome: str
    rows: int
    size: int
    reason: str


def begin(entitlement: Entitlement, person: User, form: str) -> Download:
    """Allow a download, and count it, or refuse; either is written down at once.

    The caller has found the entitlement for this person.

    :param form: csv or parquet
    :raises Shut: the entitlement does not allow it
    :raises NotLoaded: there are no data yet
    :raises NotAsAgreed: the data lack what was agreed
    """
    key, who = entitlement.id, person.id
    resource = resources.newest(entitlement.dataset_id)
    if resource is not None:
        db.session.expunge(resource)
    amount, fault = amount_of(entitlement, resource)
    db.session.rollback()
    # From here on one waits for the other, so that two at once cannot take more than is allowed.
    [held] = entitlements.locked(Entitlement.id == key)
    refusal: type[Refused] | None = shut(held, person, calendar.today(), amount)
    if refusal is None and fault is not None:
        refusal = NotAsAgreed
    line = Access(entitlement_id=key, user_id=who, resource_id=resource.id if resource else None, format=form)
    db.session.add(line)
    if refusal is not None or resource is None:
        refusal = refusal or NotLoaded
        line.kind, line.reason = "refused", refusal.__name__
        db.session.commit()
        if refusal is NotAsAgreed:
            report(held, fault)
        raise refusal(held.reference)
    line.kind, line.rows, line.download = "begun", amount, secrets.token_hex(8)
    begun = Download(
        entitlement=key,
        reference=held.reference,
        user=who,
        resource=resource,
        format=form,
        items=tuple(held.items),
        rows=tuple(held.rows),
        mark=held.reference if held.watermarked else "",
        key=line.download,
        name=f"{held.reference}_{held.dataset.code}_v{resource.version}.{form}",
    )
    db.session.commit()
    return begun


def amount_of(entitlement: Entitlement, resource: Resource | None) -> tuple[int, Exception | None]:
    """Return how many rows a download would take out, and what keeps it from being what was agreed."""
    if resource is None:
        return 0, None
    try:
        extract.check(resource, entitlement.items, entitlement.rows)
        return extract.count(resource, entitlement.rows), None
    except (extract.Undeliverable, store.Missing) as error:
        return 0, error


def shut(entitlement: Entitlement, person: User, day: date, amount: int = 0) -> type[Shut] | None:
    """Return why a person may not take data out on a day, or nothing where they may.

    :param amount: how many rows they want
    """
    if not named(entitlement, person):
        return NotNamed
    if (closed := STATES[entitlement.state]) is not None:
        return closed
    # The sweep may be late; the days of the agreement are not.
    if day < entitlement.starts_on:
        return NotYet
    if day > entitlement.ends_on:
        return Over
    if entitlement.mode != "download":
        return OtherMode
    taken, quota = used(entitlement, day), entitlement.quota
    if "downloads" in quota and taken.downloads + 1 > quota["downloads"]:
        return UsedUp
    if "rows" in quota and taken.rows + amount > quota["rows"]:
        return UsedUp
    return None


def named(entitlement: Entitlement, person: User) -> bool:
    """Say whether the terms name a person; where they name nobody by address, the requester alone is meant."""
    people = entitlement.agreement.terms.get("people") or []
    addresses = {str(each.get("email") or "").strip().casefold() for each in people} - {""}
    if not addresses:
        return person.id == entitlement.case.requester_id
    return person.email.casefold() in addresses


def used(entitlement: Entitlement, day: date) -> Used:
    """Return what has been taken out in the month of a day; what was broken off counts as well."""
    since = calendar.day_start(day.replace(day=1))
    taken = select(func.count(Access.id), func.coalesce(func.sum(Access.rows), 0))
    of_month = (Access.entitlement_id == entitlement.id, Access.kind == "begun", Access.at >= since)
    downloads, rows = db.session.execute(taken.where(*of_month)).one()
    return Used(int(downloads), int(rows))


def pieces(download: Download) -> Iterator[bytes]:
    """Send what was allowed, piece by piece, and write down how it ended.

    Whoever is shut out while it runs gets no further piece: the file breaks off.

    :raises Interrupted: the entitlement was shut meanwhile
    """
    size = rows = 0
    ended, reason, looked = "broken", "", time.monotonic()
    write = extract.WRITERS[download.format]
    try:
        for piece, number in write(download.resource, download.items, download.rows, download.mark):
            if time.monotonic() - looked > EVERY:
                still_open(download)
                looked = time.monotonic()
            # What is handed on may have arrived, whatever happens then.
            size, rows = size + len(piece), rows + number
            yield piece
        ended = "finished"
    except Exception as error:
        reason = type(error).__name__
        log.warning("a download of %s broke off: %s", download.reference, reason)
        raise
    finally:
        end(download, ended, rows, size, reason)


def still_open(download: Download) -> None:
    """Look at the entitlement again.

    :raises Interrupted: it has been shut
    """
    db.session.rollback()
    db.session.connection(execution_options={"write": False})
    query = select(Entitlement.state, Entitlement.ends_on).where(Entitlement.id == download.entitlement)
    state, last = db.session.execute(query).one()
    db.session.rollback()
    if state is not EntitlementState.ACTIVE or calendar.today() > last:
        raise Interrupted(download.reference)


def end(download: Download, ended: str, rows: int, size: int, reason: str) -> None:
    """Write down how a download ended."""
    db.session.rollback()
    line = Access(
        entitlement_id=download.entitlement,
        user_id=download.user,
        resource_id=download.resource.id,
        kind=ended,
        format=download.format,
        rows=rows,
        size=size,
        reason=reason,
        download=download.key,
    )
    db.session.add(line)
    db.session.commit()


def report(entitlement: Entitlement, error: Exception | None) -> None:
    """Tell the office that the data are not what an agreement says."""
    case, attempt = entitlement.case, {"verb": "download", "step": entitlement.reference}
    incidents.open_for(case.id, attempt, error or NotAsAgreed(), None, None)


def history(entitlement: Entitlement, most: int = 100) -> list[Line]:
    """Return the access log, the newest first; a download that has ended is one line."""
    query = select(Access).where(Access.entitlement_id == entitlement.id)
    started = query.where(Access.kind.in_(("begun", "refused"))).order_by(Access.at.desc(), Access.id.desc())
    begun = list(db.session.scalars(started.options(db.joinedload(Access.user)).limit(most)))
    keys = [line.download for line in begun if line.download]
    over = query.where(Access.kind.in_(("finished", "broken")), Access.download.in_(keys))
    ends = {line.download: line for line in db.session.scalars(over)} if keys else {}
    return [told(line, ends.get(line.download) if line.download else None) for line in begun]


def told(line: Access, ended: Access | None) -> Line:
    """Return a line of the log: of a download that has ended, with what was sent."""
    final = ended or line
    sent = (ended.rows, ended.size) if ended else (0, 0)
    return Line(line.at, line.user, line.format, final.kind, *sent, final.reason)


def month_ends(day: date) -> datetime:
    """Return the moment at which a month's quota begins anew."""
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return calendar.day_start(following)
