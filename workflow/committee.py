"""The register of the committee's members: for what they are known, how long they serve, and every change of it."""

import re
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate

from models import N_, Expert, ExpertChange, Membership, Organisation, Role, User, db, now
from workflow import calendar, offices, people
from workflow.errors import NotFound, NotYours
from workflow.fields import Answer, Day, Lines, Text

# What of an entry may be amended; the term is given and ended by itself.
AMENDABLE = ("employer", "fields", "away", "conflicts")
# These roles read the whole register; everybody reads who is in office and for what they are known.
READERS = frozenset({Role.SECRETARY, Role.AUTHORITY, Role.AUDITOR})
_STRETCH = re.compile(r"(\d{4}-\d{2}-\d{2})\s*(?:至|到|to|–|—|~|/)\s*(\d{4}-\d{2}-\d{2})\Z")


class Amendment(Answer):
    """What the register says of a member."""

    employer = Text(0, 200, required=False, load_default="", metadata={"label": N_("工作单位")})
    fields_ = Lines(
        most=20,
        data_key="fields",
        attribute="fields",
        metadata={"label": N_("专业领域"), "hint": N_("每行一个，与数据领域同名的用于推荐人选。"), "rows": 3},
    )
    away = Lines(
        most=50,
        metadata={"label": N_("请假"), "hint": N_("每行一段，写成 2027-02-01 至 2027-02-10。"), "rows": 3},
    )
    conflicts = Lines(
        most=100,
        metadata={
            "label": N_("长期的利益关系"),
            "hint": N_("每行一个单位的全称；涉及这些单位的案件不能参加。"),
            "rows": 3,
        },
    )


class Entry(Amendment):
    """A new member: whose account, and for how long."""

    email = fields.String(
        required=True,
        validate=validate.Length(1, 254, error=N_("请填写这一项。")),
        error_messages={"required": N_("请填写这一项。"), "null": N_("请填写这一项。"), "invalid": N_("请填写文字。")},
        metadata={"label": N_("账号的邮箱"), "hint": N_("委员先自己注册账号。")},
    )
    since = Day(required=False, load_default=None, allow_none=True, metadata={"label": N_("任期从哪一天起")})
    until = Day(
        required=False,
        load_default=None,
        allow_none=True,
        metadata={"label": N_("到哪一天止"), "hint": N_("含当天；不填就一直有效")},
    )


class Ending(Answer):
    """The last day of a term."""

    until = Day(required=True, metadata={"label": N_("到哪一天止")})


def enter(said: dict[str, Any], by: User) -> Expert:
    """Enter a person with an account as a member, and give them the role; who was a member before is so again.

    Raises NotYours where the one who does it is no secretary, ValidationError where there is no such account or it is
    a member already.
    """
    place = office(by)
    user = people.find(said["email"])
    if user is None or not user.is_active:
        raise ValidationError({"email": [N_("没有这个账号，或者邮箱还没有确认。")]})
    expert = db.session.get(Expert, user.id)
    if expert is None:
        expert = Expert(user_id=user.id, employer="", fields=[], away=[], conflicts=[])
        expert.user = user
        db.session.add(expert)
    change(expert, stated(said) | {"since": said["since"] or calendar.today(), "until": said["until"]}, by)
    try:
        offices.appoint(user, place, Role.EXPERT, expert.since, expert.until, by)
    except ValidationError as error:
        messages: Any = error.messages
        raise ValidationError({"email" if key == "role" else key: said for key, said in messages.items()}) from error
    return expert


def amend(expert: Expert, said: dict[str, Any], by: User) -> None:
    """Change what the register says of a member. Raises NotYours where the one who does it is no secretary."""
    office(by)
    change(expert, stated(said), by)
    db.session.commit()


def end(expert: Expert, last_day: date, by: User) -> None:
    """End a member's term, and with it the role; what they have done as a member stays.

    Raises NotYours where the one who does it is no secretary, ValidationError where the day lies before the first.
    """
    office(by)
    today = calendar.today()
    held = [each for each in expert.user.memberships if each.role is Role.EXPERT and not ended(each, today)]
    if expert.since and last_day < expert.since:
        raise ValidationError({"until": [N_("结束日期不能早于开始日期")]})
    change(expert, {"until": last_day}, by)
    for each in held:
        offices.dismiss(each.id, last_day, by)
    db.session.commit()


def change(expert: Expert, values: dict[str, Any], by: User) -> None:
    """Change an entry, and keep what stood there before."""
    data = {
        name: [plain(getattr(expert, name)), plain(value)]
        for name, value in values.items()
        if getattr(expert, name) != value
    }
    for name, value in values.items():
        setattr(expert, name, value)
    if data:
        # The change names the entry, which must be there first.
        db.session.flush()
        db.session.add(ExpertChange(expert_id=expert.user_id, by_id=by.id, at=now(), data=data))


def plain(value: Any) -> Any:
    """Return a value as it is kept beside the one that took its place."""
    return value.isoformat() if isinstance(value, date) else value


def stated(said: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer says of a member, as the register keeps it."""
    return {name: stretches(said[name]) if name == "away" else said[name] for name in AMENDABLE}


def stretches(lines: list[str]) -> list[list[str]]:
    """Return stretches of days, each as its first and last day. Raises ValidationError for a line that is none."""
    return [stretch(line) for line in lines]


def stretch(line: str) -> list[str]:
    """Return a stretch of days that a line names, as its first and last day."""
    found = _STRETCH.match(line.strip())
    ends = found.groups() if found else (line.strip(), line.strip())
    try:
        first, last = map(date.fromisoformat, ends)
    except ValueError:
        raise misread(line) from None
    if last < first:
        raise misread(line)
    return [first.isoformat(), last.isoformat()]


def misread(line: str) -> ValidationError:
    """Return what to say of a line that names no stretch of days."""
    words = N_("看不懂“%(line)s”，请写成 2027-02-01 至 2027-02-10。")
    return ValidationError({"away": [[words, {"line": line[:60]}]]})


def written(expert: Expert) -> dict[str, Any]:
    """Return an entry as its form shows it."""
    return {name: getattr(expert, name) for name in ("employer", "fields", "conflicts")} | {
        "away": [f"{first} 至 {last}" if first != last else first for first, last in expert.away]
    }


def history(expert: Expert) -> list[ExpertChange]:
    """Return every change of an entry, the newest first."""
    query = db.select(ExpertChange).where(ExpertChange.expert_id == expert.user_id).order_by(ExpertChange.id.desc())
    return list(db.session.scalars(query))


def everybody() -> list[Expert]:
    """Return everybody who is or was a member, in the order of their names."""
    return list(db.session.scalars(db.select(Expert).join(User).order_by(User.name, User.id)))


def find(number: int) -> Expert:
    """Return an entry of the register. Raises NotFound when there is none."""
    found: Expert | None = db.session.get(Expert, number)
    if found is None:
        raise NotFound(str(number))
    return found


def office(by: User) -> Organisation:
    """Return the office for which a secretary keeps the register. Raises NotYours for everybody else."""
    for key in sorted(by.bodies(Role.SECRETARY)):
        return db.session.get_one(Organisation, key)
    raise NotYours("committee")


def ended(held: Membership, today: date) -> bool:
    """Say whether a role has ended."""
    return held.until is not None and held.until < today
