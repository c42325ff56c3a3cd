"""Meetings of the committee: called by the secretary, with consultations on the agenda and invitations to the members.

Opinions are given as in the written procedure, each member on their own device, sealed until the close; a meeting only
brings the close forward to its day, and says who was there.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema
from sqlalchemy import ColumnElement, or_, select, true

from models import N_, Consultation, EventKind, Meeting, Role, Seat, User, db, now
from workflow import access, calendar, casework, clock, hearing, invitations, outbox, seating
from workflow.errors import NotFound, NotOpen, NotYours
from workflow.fields import Answer, Day, Text, prose
from workflow.journal import record
from workflow.worklist import open_items

# The limit that closes a ballot.
LIMIT = "expert_opinion"


def clock_time(label: str) -> Text:
    """Return a field for a time of the day, written as 14:00."""
    error = N_("写成 14:00 这样的时间。")
    return Text(
        1,
        5,
        validate=validate.Regexp(r"([01]\d|2[0-3]):[0-5]\d\Z", error=error),
        metadata={"label": label, "widget": "time"},
    )


class Call(Answer):
    """When and where members meet, and on which consultations."""

    title = Text(2, 100, metadata={"label": N_("会议名称"), "hint": N_("写进邀请信和日历，不写案情。")})
    day = Day(required=True, metadata={"label": N_("日期")})
    begins = clock_time(N_("几点开始"))
    ends = clock_time(N_("几点结束"))
    place = Text(2, 200, metadata={"label": N_("地点")})
    agenda = fields.List(
        fields.String(validate=validate.Regexp(r"LZ-\d{4}-\d{6,12}\Z", error=N_("请从列出的选项里选一项。"))),
        required=True,
        validate=validate.Length(min=1, error=N_("请至少选一项。")),
        error_messages={"required": N_("请至少选一项。")},
        metadata={
            "label": N_("议程"),
            "hint": N_("正在审议的论证；列入后截止日不晚于会议当天。"),
            "options": "agenda",
            "widget": "checks",
        },
    )
    note = prose(0, 1000, N_("说明"), N_("只在会议页上显示。"))

    @validates_schema(skip_on_field_errors=True)
    def it_ends_after_it_begins(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a meeting that ends before it begins."""
        if data["ends"] <= data["begins"]:
            raise ValidationError(N_("结束时间须晚于开始时间。"), "ends")


def call(said: dict[str, Any], by: User) -> Meeting:
    """Call a meeting, put its consultations on the agenda, and invite their members.

    Raises NotYours for who is no secretary, ValidationError for a day that has passed or a consultation that cannot be
    put on the agenda.
    """
    secretary(by)
    meeting = Meeting(called_by_id=by.id, called_at=now(), sequence=0, note="")
    set_down(meeting, said)
    db.session.add(meeting)
    # The consultations and the letters name the meeting.
    db.session.flush()
    for each in named(said["agenda"]):
        put_on(meeting, each, by)
    invite(meeting, "meeting_called", invitations.REQUEST, members(meeting))
    db.session.commit()
    return meeting


def change(meeting: Meeting, said: dict[str, Any], by: User) -> None:
    """Change a meeting; whoever is concerned gets a new invitation, and whoever no longer is gets it cancelled.

    Raises as `call` does, and NotOpen when the meeting is over or has been cancelled.
    """
    secretary(by)
    lock(meeting)
    before = members(meeting)
    set_down(meeting, said)
    meeting.sequence += 1
    wanted = named(said["agenda"], meeting)
    for each in [each for each in meeting.agenda if each not in wanted]:
        take_off(meeting, each, by)
    for each in wanted:
        put_on(meeting, each, by)
    after = members(meeting)
    invite(meeting, "meeting_changed", invitations.REQUEST, after)
    invite(meeting, "meeting_cancelled", invitations.CANCEL, before - after)
    db.session.commit()


def cancel(meeting: Meeting, by: User) -> None:
    """Cancel a meeting; its consultations go on in writing, and end with the limit of the register.

    Raises NotYours for who is no secretary, NotOpen when the meeting is over or has been cancelled.
    """
    secretary(by)
    lock(meeting)
    told = members(meeting)
    meeting.cancelled_at, meeting.sequence = now(), meeting.sequence + 1
    for each in [each for each in meeting.agenda if each.state == "hearing"]:
        take_off(meeting, each, by)
    invite(meeting, "meeting_cancelled", invitations.CANCEL, told)
    db.session.commit()


def attend(meeting: Meeting, present: set[int], by: User) -> None:
    """Note which members are there; what the minutes of a consultation say already stays as it is.

    Raises NotYours for who is no secretary, NotOpen when the meeting has been cancelled.
    """
    secretary(by)
    if meeting.cancelled_at is not None:
        raise NotOpen("meeting")
    for each in sorted(meeting.agenda, key=lambda each: each.case_id):
        casework.lock(each.case)
        db.session.refresh(each)
        if each.state not in hearing.OVER:
            for seat in seating.sitting(each):
                seat.present = seat.user_id in present
    db.session.commit()


def set_down(meeting: Meeting, said: dict[str, Any]) -> None:
    """Write down when and where a meeting is. Raises ValidationError for a day that has passed."""
    if said["day"] < calendar.today():
        raise ValidationError({"day": [N_("日期不能早于今天。")]})
    meeting.title, meeting.place, meeting.note = said["title"], said["place"], said["note"]
    meeting.starts_at, meeting.ends_at = moment(said["day"], said["begins"]), moment(said["day"], said["ends"])


def moment(day: date, text: str) -> datetime:
    """Return the moment of a day at which a clock in Shanghai shows a time."""
    return datetime.combine(day, time.fromisoformat(text), calendar.SHANGHAI)


def named(references: Iterable[str], meeting: Meeting | None = None) -> list[Consultation]:
    """Return consultations by their references, in the order in which their cases are locked.

    Raises ValidationError where one of them cannot be put on the agenda of this meeting.
    """
    wanted = set(references)
    found = list(db.session.scalars(available(meeting).where(Consultation.reference.in_(sorted(wanted)))))
    if len(found) < len(wanted):
        raise ValidationError({"agenda": [N_("有的论证已经不能列入议程，请重新选择。")]})
    return sorted(found, key=lambda each: each.case_id)


def available(meeting: Meeting | None = None) -> Any:
    """Return the select of the consultations that can be put on an agenda: those under way and on no other one.

    One whose meeting is over and whose ballot goes on may be put on a second one.
    """
    over = select(Meeting.id).where(or_(Meeting.ends_at < now(), Meeting.cancelled_at.is_not(None)))
    free: ColumnElement[bool] = or_(Consultation.meeting_id.is_(None), Consultation.meeting_id.in_(over))
    if meeting is not None and meeting.id is not None:
        free = or_(free, Consultation.meeting_id == meeting.id)
    return select(Consultation).where(Consultation.state == "hearing", free).order_by(Consultation.id)


def put_on(meeting: Meeting, consultation: Consultation, by: User) -> None:
    """Put a consultation on the agenda; it closes on the day of the meeting, if that comes before its limit."""
    case = consultation.case
    casework.lock(case)
    db.session.refresh(consultation)
    if db.session.scalar(available(meeting).where(Consultation.id == consultation.id)) is None:
        raise ValidationError({"agenda": [N_("有的论证已经不能列入议程，请重新选择。")]})
    day = calendar.local_day(meeting.starts_at)
    moved = consultation.meeting_id == meeting.id
    consultation.procedure, consultation.meeting_id, consultation.meeting = "meeting", meeting.id, meeting
    for each in clock.running(case):
        if each.limit == LIMIT:
            if moved:
                # The day of the meeting may have set the close; without it the register does.
                clock.reckon(each)
            if day < calendar.local_day(each.due_at):
                consultation.closes_on = day
                clock.run_until(each, day)
            else:
                consultation.closes_on = consultation.closes_on if not moved else None
    show_due(consultation)
    data = {"meeting": meeting.id, "consultation": consultation.reference, "day": day.isoformat()}
    record(case, EventKind.CONVENED, LIMIT, by, data)


def take_off(meeting: Meeting, consultation: Consultation, by: User) -> None:
    """Take a consultation off the agenda; it goes on in writing, and ends with the limit of the register."""
    case = consultation.case
    casework.lock(case)
    db.session.refresh(consultation)
    consultation.procedure, consultation.meeting_id, consultation.meeting = "written", None, None
    consultation.closes_on = None
    for seat in consultation.seats:
        seat.present = None
    for each in clock.running(case):
        if each.limit == LIMIT:
            clock.reckon(each)
    show_due(consultation)
    record(case, EventKind.ADJOURNED, LIMIT, by, {"meeting": meeting.id, "consultation": consultation.reference})


def show_due(consultation: Consultation) -> None:
    """Write the new due date on what waits for the members."""
    clock.show_on(open_items(consultation.case), clock.running(consultation.case))


def members(meeting: Meeting) -> set[int]:
    """Return the keys of everybody who sits in a consultation on the agenda."""
    return {seat.user_id for each in meeting.agenda for seat in seating.sitting(each)}


def invite(meeting: Meeting, template: str, method: str, people: set[int]) -> None:
    """Have a letter written to members, with an entry for their calendars."""
    if not people:
        return
    data = {
        "template": template,
        "audience": [{"user": key} for key in sorted(people)],
        "calendar": invitations.facts(meeting, method),
        "meeting": meeting.id,
        "title": meeting.title,
        "place": meeting.place,
        "due": meeting.starts_at.isoformat(),
        "begins": meeting.starts_at.astimezone(calendar.SHANGHAI).strftime("%H:%M"),
        "ends": meeting.ends_at.astimezone(calendar.SHANGHAI).strftime("%H:%M"),
        "agenda": [each.reference for each in meeting.agenda],
    }
    outbox.put(db.session, "letter", data, key=f"letter:meeting:{meeting.id}:{meeting.sequence}:{template}")


def readable(person: User) -> ColumnElement[bool]:
    """Return the condition under which a person may read of a meeting: they sit in it, or follow the committee."""
    if person.roles & access.READ_COMMITTEE:
        return true()
    return Meeting.id.in_(select(Consultation.meeting_id).where(Consultation.id.in_(hearing.seated(person))))


def find(number: int, person: User) -> Meeting:
    """Return a meeting. Raises NotFound when there is none or it is not for this person."""
    found = db.session.scalar(select(Meeting).where(Meeting.id == number, readable(person)))
    if found is None:
        raise NotFound(str(number))
    return found


def lock(meeting: Meeting) -> None:
    """Lock a meeting that is still to come. Raises NotOpen when it is over or has been cancelled."""
    db.session.refresh(meeting, with_for_update=True)
    if meeting.cancelled_at is not None or meeting.ends_at < now():
        raise NotOpen("meeting")


def seats(meeting: Meeting) -> list[Seat]:
    """Return one seat of each person who sits in a consultation on the agenda, in the order of their names."""
    found = {seat.user_id: seat for each in meeting.agenda for seat in seating.sitting(each)}
    return sorted(found.values(), key=lambda seat: (seat.user.name, seat.user_id))


def secretary(by: User) -> None:
    """Make sure that somebody is a secretary of the committee. Raises NotYours for everybody else."""
    if Role.SECRETARY not in by.roles:
        raise NotYours("meeting")
