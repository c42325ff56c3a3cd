"""The steward's part of time: limits that come into force, and days of the calendar that are set otherwise.

A row of the register is never changed. What changes is entered as a new row with a day still to come, so that every
clock keeps the row under which it began; a day of the calendar is set anew, and each time that is kept as well.
"""

import logging
from datetime import date

from marshmallow import ValidationError
from sqlalchemy import extract, select
from sqlalchemy.exc import IntegrityError

from models import N_, Correction, Holiday, Limit, Unit, User, db, now
from workflow import calendar
from workflow.errors import NotFound

log = logging.getLogger("kaimen.limits")
# The State Council arranges a year in the autumn before; nobody needs to set days further ahead.
YEARS_AHEAD = 2
RACED = N_("别人刚刚改过，请看过现在的内容再改。")


def register() -> dict[str, list[Limit]]:
    """Return the versions of every limit, the newest first, by the limit's name; the names as they were entered."""
    found: dict[str, list[Limit]] = {}
    for row in db.session.scalars(select(Limit).order_by(Limit.id)):
        found.setdefault(row.name, []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: row.since, reverse=True)
    return found


def versions(name: str) -> list[Limit]:
    """Return the versions of a limit, the newest first.

    :raises NotFound: the register has no such limit
    """
    rows = list(db.session.scalars(select(Limit).where(Limit.name == name).order_by(Limit.since.desc())))
    if not rows:
        raise NotFound(name)
    return rows


def in_force(rows: list[Limit], day: date) -> Limit | None:
    """Return which of a limit's versions is in force on a day, or none where all are still to come."""
    return next((row for row in rows if row.since <= day), None)


def enact(name: str, days: int, unit: Unit, extension: int, basis: str, since: date, *, by: User) -> Limit:
    """Add a version of a limit that comes into force on a day still to come; the earlier ones stay as they are.

    :raises NotFound: the register has no such limit
    :raises ValidationError: the day has come already or has a version already, or a number of days is impossible
    """
    rows = versions(name)
    if days < 1:
        raise ValidationError({"days": [N_("期限至少一天。")]})
    if extension < 0:
        raise ValidationError({"extension": [N_("延长的天数不能是负数；不能延长就写 0。")]})
    # A clock that started today runs under today's row, so not even today's may be another one.
    if since <= calendar.today():
        raise ValidationError({"since": [N_("施行日期要在今天之后；已经开始计算的期限不受影响。")]})
    if any(row.since == since for row in rows):
        raise ValidationError({"since": [N_("这一天已经有一个版本施行，请换一天。")]})
    facts = {"days": days, "unit": unit, "extension": extension, "basis": basis}
    row = Limit(name=name, title=rows[0].title, since=since, entered_by=by, entered_at=now(), **facts)
    db.session.add(row)
    _commit("since")
    log.info("limit %s: %s days from %s, by %s", name, days, since, by.id)
    return row


def years() -> range:
    """Return the years whose days are shown: from the first that was ever arranged to the last that may be set."""
    first = db.session.scalar(select(db.func.min(Holiday.day))) or calendar.today()
    return range(min(first.year, calendar.today().year), calendar.today().year + YEARS_AHEAD + 1)


def special_days(year: int) -> list[Holiday]:
    """Return the holidays of a year and the weekend days that are worked, the earliest first."""
    found = db.session.scalars(select(Holiday).where(extract("year", Holiday.day) == year).order_by(Holiday.day))
    # A day set back to what its weekday says has lost its name, and is none of them any more.
    return [row for row in found if row.working != (row.day.weekday() < 5) or (row.name and not row.working)]


def corrections(year: int) -> list[Correction]:
    """Return how days of a year were set by people, the latest first."""
    found = select(Correction).where(extract("year", Correction.day) == year)
    return list(db.session.scalars(found.order_by(Correction.id.desc())))


def correct(day: date, working: bool, name: str, provisional: bool, reason: str, *, by: User) -> Correction:
    """Set whether a day is worked, and what it is called; what it was and why it was changed is kept.

    What has been computed stays: a clock counts the day otherwise when it is next reckoned.

    :param provisional: says that the official arrangement of the year has not been published yet
    :raises ValidationError: the day lies in a year that is closed or too far ahead, or is so already
    """
    this_year = calendar.today().year
    if not this_year <= day.year <= this_year + YEARS_AHEAD:
        raise ValidationError({"day": [N_("只能更正今年和以后两年的日期。")]})
    row = db.session.get(Holiday, day, with_for_update=True, populate_existing=True)
    if row is None:
        row = Holiday(day=day, working=day.weekday() < 5, name="", provisional=provisional)
        if working == row.working:
            raise ValidationError({"working": [N_("这一天本来就是这样。")]})
    elif (row.working, row.name, row.provisional) == (working, name, provisional):
        raise ValidationError({"working": [N_("这一天本来就是这样。")]})
    was = {"was_working": row.working, "was_name": row.name}
    row.working, row.name, row.provisional = working, name, provisional
    kept = Correction(
        day=day,
        working=working,
        name=name,
        provisional=provisional,
        reason=reason,
        entered_by=by,
        entered_at=now(),
        **was,
    )
    db.session.add_all((row, kept))
    _commit("day")
    log.info("day %s is %s, by %s", day, "worked" if working else "a holiday", by.id)
    return kept


def _commit(field: str) -> None:
    """Commit, or say at a field that somebody else has been faster; the next question reads what is new."""
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise ValidationError({field: [RACED]}) from error
    calendar.forget()
