"""Meetings of the committee: the list, the agenda with its members' ways to their opinions, and calling one."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from marshmallow import ValidationError

from api.committee import secretary, too_late
from api.consultations import follower
from api.forms import answered
from api.numbers import key
from api.pages import someone
from api.security import FormView
from api.sitting import seated
from models import Meeting, Role, db, now
from workflow import calendar, hearing, invitations, meetings, site
from workflow.meetings import Call

bp = Blueprint("meetings", __name__, url_prefix="/meetings")
PAGE = 20


@bp.get("")
@login_required
def index() -> ResponseReturnValue:
    """List the meetings that the reader may read of: those to come, then those that are over."""
    person = follower()
    before = request.args.get("before", type=key)
    query = db.select(Meeting).where(meetings.readable(person))
    coming = db.and_(Meeting.ends_at >= now(), Meeting.cancelled_at.is_(None))
    past = query.where(~coming).order_by(Meeting.id.desc())
    if before is not None:
        past = past.where(Meeting.id < before)
    over = list(db.session.scalars(past.limit(PAGE + 1)))
    return render_template(
        "meetings/index.html",
        coming=[] if before else list(db.session.scalars(query.where(coming).order_by(Meeting.starts_at))),
        over=over[:PAGE],
        older=url_for("meetings.index", before=over[PAGE - 1].id) if len(over) > PAGE else None,
        calls=Role.SECRETARY in person.roles,
    )


@bp.get("/<int:number>")
@login_required
def show(number: int) -> ResponseReturnValue:
    """Show a meeting: its agenda, each member's way to their own opinion, and who is there."""
    person = someone()
    meeting = meetings.find(number, person)
    return render_template(
        "meetings/show.html",
        meeting=meeting,
        agenda=[(each, seated(each, person), hearing.may_read(each, person)) for each in meeting.agenda],
        seats=meetings.seats(meeting),
        calls=Role.SECRETARY in person.roles,
        coming=meeting.cancelled_at is None and meeting.ends_at >= now(),
    )


@bp.get("/<int:number>.ics")
@login_required
def entry(number: int) -> ResponseReturnValue:
    """Give a meeting out as an entry for a calendar."""
    person = someone()
    meeting = meetings.find(number, person)
    method = invitations.CANCEL if meeting.cancelled_at else invitations.PUBLISH
    text = invitations.entry(invitations.facts(meeting, method), person, site.current())
    response = Response(text, mimetype="text/calendar")
    response.headers.set("Content-Disposition", "attachment", filename=f"meeting-{number}.ics")
    return response


class NewMeeting(FormView):
    """The page on which the secretary calls a meeting."""

    decorators = [login_required]

    def get(self) -> ResponseReturnValue:
        """Show the form."""
        secretary()
        return self.form({})

    def post(self) -> ResponseReturnValue:
        """Call a meeting and invite its members."""
        by = secretary()
        raw: dict[str, Any] = {}
        try:
            raw = answered(request.form, Call)
            meeting = meetings.call(Call().load(raw), by)
        except ValidationError as error:
            db.session.rollback()
            return self.form(raw or request.form.to_dict(), error.normalized_messages()), 422
        flash(gettext("会议已召集，邀请信已交付发送"), "done")
        return redirect(url_for("meetings.show", number=meeting.id), 303)

    def expired(self) -> ResponseReturnValue:
        """Show the form again with what was written."""
        secretary()
        return self.form(answered(request.form, Call), too_late())

    @staticmethod
    def form(values: Mapping[str, Any], errors: Mapping[str, Any] | None = None) -> str:
        """Return the page with the form."""
        return render_template("meetings/edit.html", meeting=None, values=values, errors=errors, **asked())


class Change(FormView):
    """The page on which the secretary changes a meeting."""

    decorators = [login_required]

    def get(self, number: int) -> ResponseReturnValue:
        """Show the form with the meeting as it is."""
        meeting = meetings.find(number, secretary())
        return self.form(meeting, written(meeting))

    def post(self, number: int) -> ResponseReturnValue:
        """Change a meeting and tell its members."""
        by = secretary()
        meeting = meetings.find(number, by)
        raw: dict[str, Any] = {}
        try:
            raw = answered(request.form, Call)
            meetings.change(meeting, Call().load(raw), by)
        except ValidationError as error:
            db.session.rollback()
            return self.form(meeting, raw or request.form.to_dict(), error.normalized_messages()), 422
        flash(gettext("会议已更改，新的邀请信已交付发送"), "done")
        return redirect(url_for("meetings.show", number=number), 303)

    def expired(self, number: int) -> ResponseReturnValue:
        """Show the form again with what was written."""
        return self.form(meetings.find(number, secretary()), answered(request.form, Call), too_late())

    @staticmethod
    def form(meeting: Meeting, values: Mapping[str, Any], errors: Mapping[str, Any] | None = None) -> str:
        """Return the page with the form."""
        return render_template("meetings/edit.html", meeting=meeting, values=values, errors=errors, **asked(meeting))


bp.add_url_rule("/new", view_func=NewMeeting.as_view("new"))
bp.add_url_rule("/<int:number>/edit", view_func=Change.as_view("edit"))


@bp.post("/<int:number>/cancel")
@login_required
def cancel(number: int) -> ResponseReturnValue:
    """Cancel a meeting and tell its members."""
    by = secretary()
    meetings.cancel(meetings.find(number, by), by)
    flash(gettext("会议已取消，取消通知已交付发送；议程上的论证改为书面进行"), "done")
    return redirect(url_for("meetings.show", number=number), 303)


@bp.post("/<int:number>/attendance")
@login_required
def attend(number: int) -> ResponseReturnValue:
    """Note who is there."""
    by = secretary()
    present = {key(word) for word in request.form.getlist("present")[:500] if word.isdecimal() and len(word) < 18}
    meetings.attend(meetings.find(number, by), present, by)
    flash(gettext("到会情况已记录"), "done")
    return redirect(url_for("meetings.show", number=number), 303)


def asked(meeting: Meeting | None = None) -> dict[str, Any]:
    """Return the form of a call, with the consultations that can be put on the agenda."""
    found = db.session.scalars(meetings.available(meeting))
    return {
        "schema": Call,
        "options": {"agenda": [(each.reference, each.reference, each.case.title) for each in found]},
    }


def written(meeting: Meeting) -> dict[str, Any]:
    """Return a meeting as its form shows it."""
    starts, ends = (at.astimezone(calendar.SHANGHAI) for at in (meeting.starts_at, meeting.ends_at))
    return {
        "title": meeting.title,
        "day": starts.date().isoformat(),
        "begins": starts.strftime("%H:%M"),
        "ends": ends.strftime("%H:%M"),
        "place": meeting.place,
        "note": meeting.note,
        "agenda": [each.reference for each in meeting.agenda],
    }
