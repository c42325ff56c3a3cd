"""Meetings: called by the secretary, invitations for calendars, the close brought forward, and who was there."""

from datetime import timedelta

import icalendar
import pytest
from marshmallow import ValidationError

from models import Clock, ClockState, EventKind, Letter, Meeting, db
from tests.consulted import CONCLUSION, MEMBERS, NO_TIE, opinion
from workflow import calendar, casework, consultations, hearing, invitations, journal, mail, meetings, replay, seating
from workflow.errors import NotFound, NotOpen, NotYours
from workflow.site import MailServer, Site

pytestmark = pytest.mark.usefixtures("context")
SITE = Site(url="https://open.example.cn", mail=MailServer("mail", 25, "开放平台 <open@example.cn>"))


@pytest.fixture
def case(walker):
    """Return a case of which the committee has been seated."""
    return walker.at("declare_interest")


@pytest.fixture
def secretary(walker):
    """Return the committee's secretary."""
    return walker.person("secretary")


def said(*cases, days: int = 7, **changes) -> dict:
    """Return a call for a meeting in some days, with the consultations of some cases on its agenda."""
    form = {
        "title": "第三次论证会",
        "day": (calendar.today() + timedelta(days=days)).isoformat(),
        "begins": "14:00",
        "ends": "16:30",
        "place": "三楼会议室",
        "agenda": [case.consultations[-1].reference for case in cases],
    }
    return meetings.Call().load(form | changes)


def closing(case) -> Clock:
    """Return the clock that closes a ballot."""
    alive = Clock.state == ClockState.RUNNING
    return db.session.scalar(db.select(Clock).where(Clock.case_id == case.id, Clock.limit == "expert_opinion", alive))


def entries(template: str) -> dict[str, icalendar.Calendar]:
    """Return the entries for calendars that went out with a kind of letter, by the address they went to."""
    rows = db.session.scalars(db.select(Letter).where(Letter.template == template))
    return {row.user.email: icalendar.Calendar.from_ical(row.calendar) for row in rows}


def event(entry) -> icalendar.Event:
    """Return the one event of an entry."""
    return entry.walk("VEVENT")[0]


# Calling


@pytest.mark.parametrize("who", ["authority", "reviewer", "expert1", "citizen"])
def test_only_a_secretary_calls_changes_cancels_and_ticks(walker, case, secretary, who):
    person = walker.person(who)
    with pytest.raises(NotYours):
        meetings.call(said(case), person)
    meeting = meetings.call(said(case), secretary)
    for refused in (
        lambda: meetings.change(meeting, said(case), person),
        lambda: meetings.cancel(meeting, person),
        lambda: meetings.attend(meeting, set(), person),
    ):
        with pytest.raises(NotYours):
            refused()
        db.session.rollback()


def test_a_meeting_has_an_agenda_a_day_to_come_and_an_end(case, secretary):
    with pytest.raises(ValidationError, match="day"):
        meetings.call(said(case, days=-1), secretary)
    db.session.rollback()
    for wrong in ({"agenda": []}, {"begins": "25:00"}, {"begins": "17:00"}, {"agenda": ["XX-1"]}, {"day": ""}):
        with pytest.raises(ValidationError):
            said(case, **wrong)
    assert {"title", "day", "begins", "ends", "place", "agenda"} == set(meetings.Call().validate({}))
    assert db.session.scalar(db.select(db.func.count()).select_from(Meeting)) == 0


def test_a_consultation_stands_on_one_agenda_and_only_while_it_is_heard(walker, case, secretary):
    meetings.call(said(case), secretary)
    with pytest.raises(ValidationError, match="agenda"):
        meetings.call(said(case), secretary)
    db.session.rollback()
    unseated = walker.at("seat_experts")
    with pytest.raises(ValidationError, match="agenda"):
        meetings.call(said(unseated), secretary)
    db.session.rollback()
    assert db.session.scalar(db.select(db.func.count()).select_from(Meeting)) == 1


def test_a_ballot_that_goes_on_after_its_meeting_may_be_put_on_another_agenda(walker, case, secretary):
    first = meetings.call(said(case, days=1), secretary)
    walker.expire(case, "expert_opinion")
    walker.open_ballot(case)
    walker.take(case, [("extend_ballot", "secretary", {"extension": "extend", "reason": "到会委员不足，改日再开会。"})])
    with pytest.raises(ValidationError, match="agenda"):
        meetings.call(said(case), secretary)
    db.session.rollback()
    first.starts_at, first.ends_at = (moment - timedelta(days=2) for moment in (first.starts_at, first.ends_at))
    db.session.commit()
    second = meetings.call(said(case), secretary)
    assert consultations.current(case).meeting_id == second.id
    assert closing(case).due_at == calendar.day_end(calendar.today() + timedelta(days=7))


def test_the_ballot_closes_with_the_day_of_the_meeting_if_that_is_earlier(walker, case, secretary):
    by_register = closing(case).due_at
    meeting = meetings.call(said(case), secretary)
    day = calendar.today() + timedelta(days=7)
    assert closing(case).due_at == calendar.day_end(day) < by_register
    assert consultations.current(case).procedure == "meeting"
    later = walker.at("declare_interest")
    before = closing(later).due_at
    meetings.call(said(later, days=60), secretary)
    assert closing(later).due_at == before
    meetings.change(meeting, said(case, days=9), secretary)
    assert closing(case).due_at == calendar.day_end(calendar.today() + timedelta(days=9))
    meetings.cancel(meeting, secretary)
    assert closing(case).due_at == by_register
    assert (consultations.current(case).procedure, consultations.current(case).closes_on) == ("written", None)
    kinds = [line.kind for line in journal.lines(case)]
    assert (kinds.count(EventKind.CONVENED), kinds.count(EventKind.ADJOURNED)) == (2, 1)
    assert replay.faults(case) == []


def test_what_waits_for_members_shows_the_new_day(case, secretary):
    meetings.call(said(case), secretary)
    waiting = [item for item in meetings.open_items(case) if item.limit == "expert_opinion"]
    assert {item.due_at for item in waiting} <= {closing(case).due_at}


# Invitations


def test_every_member_gets_an_entry_for_their_own_calendar_and_nothing_of_the_case(walker, case, secretary, people):
    other = walker.at("declare_interest")
    meeting = meetings.call(said(case, other), secretary)
    walker.work()
    found = entries("meeting_called")
    assert set(found) == {getattr(people, who) for who in MEMBERS}
    entry = found[people.expert1]
    assert entry["method"] == "REQUEST"
    assert event(entry)["attendee"] == f"mailto:{people.expert1}"
    assert event(entry)["sequence"] == 0
    assert event(entry)["dtstart"].dt == meeting.starts_at
    assert str(event(entry)["location"]) == "三楼会议室"
    letter = db.session.scalar(db.select(Letter).where(Letter.template == "meeting_called").limit(1))
    for text in (letter.text, letter.calendar):
        assert case.title not in text
        assert consultations.current(case).question not in text
    assert consultations.current(case).reference in letter.text


def test_a_change_and_a_cancellation_take_the_place_of_the_entry(walker, case, secretary, people):
    other = walker.at("declare_interest")
    leaving = seating.sitting(consultations.current(other))[0]
    seating.leave(leaving, "recused")
    db.session.commit()
    meeting = meetings.call(said(case), secretary)
    meetings.change(meeting, said(other, days=8), secretary)
    walker.work()
    first, changed = entries("meeting_called")[people.expert2], entries("meeting_changed")[people.expert2]
    dropped = entries("meeting_cancelled")
    assert event(changed)["uid"] == event(first)["uid"]
    assert (event(changed)["sequence"], changed["method"]) == (1, "REQUEST")
    assert set(dropped) == {people.expert1}
    assert (event(dropped[people.expert1])["status"], dropped[people.expert1]["method"]) == ("CANCELLED", "CANCEL")
    meetings.cancel(meeting, secretary)
    walker.work()
    over = entries("meeting_cancelled")[people.expert2]
    assert (event(over)["sequence"], event(over)["uid"]) == (2, event(first)["uid"])
    for refused in (
        lambda: meetings.change(meeting, said(other), secretary),
        lambda: meetings.cancel(meeting, secretary),
    ):
        with pytest.raises(NotOpen):
            refused()
        db.session.rollback()


def test_the_mailed_invitation_bears_the_same_entry_however_often_it_is_sent(walker, case, secretary):
    meetings.call(said(case), secretary)
    walker.work()
    letter = db.session.scalar(db.select(Letter).where(Letter.template == "meeting_called").limit(1))
    first, second = mail.composed(letter, SITE), mail.composed(letter, SITE)
    assert first["Message-ID"] == second["Message-ID"]
    parts = [
        next(part for part in each.walk() if part.get_content_type() == "text/calendar") for each in (first, second)
    ]
    assert parts[0].get_content() == parts[1].get_content()
    assert parts[0].get_param("method") == "REQUEST"
    assert parts[0].get_filename() == "meeting.ics"
    assert icalendar.Calendar.from_ical(parts[0].get_content()).walk("VEVENT")


def test_a_letter_without_a_meeting_bears_no_entry(walker, case):
    walker.work()
    letter = db.session.scalar(db.select(Letter).where(Letter.template == "awaited").limit(1))
    types = [part.get_content_type() for part in mail.composed(letter, SITE).walk()]
    assert "text/calendar" not in types


def test_an_entry_survives_a_name_and_a_title_that_look_like_lines_of_it(walker, case, secretary, people):
    person = walker.person("expert1")
    person.name = 'Evil"\r\nATTENDEE:mailto:x@example.org'
    meeting = meetings.call(said(case, title="论证会;DTSTART:1"), secretary)
    text = invitations.entry(invitations.facts(meeting, invitations.REQUEST), person, SITE)
    read = event(icalendar.Calendar.from_ical(text))
    assert read["attendee"] == f"mailto:{people.expert1}"
    assert str(read["summary"]) == "论证会;DTSTART:1"


# At the meeting


def test_a_member_reads_of_the_meetings_in_which_they_sit(walker, case, secretary):
    meeting = meetings.call(said(case), secretary)
    for who in ("expert1", "authority", "auditor", "secretary"):
        assert meetings.find(meeting.id, walker.person(who)) is meeting
    for who in ("expert9", "citizen", "clerk"):
        with pytest.raises(NotFound):
            meetings.find(meeting.id, walker.person(who))


def test_who_was_there_goes_into_the_minutes_and_is_then_fixed(walker, case, secretary):
    meeting = meetings.call(said(case), secretary)
    here = {walker.person(who).id for who in MEMBERS[:6]}
    meetings.attend(meeting, here, secretary)
    for who in MEMBERS:
        casework.submit(case, "declare_interest", NO_TIE, actor=walker.person(who))
    for who in MEMBERS:
        casework.submit(case, "give_opinion", opinion("support"), actor=walker.person(who))
    walker.open_ballot(case)
    casework.submit(case, "conclude_consultation", CONCLUSION, actor=walker.person("expert1"))
    facts = consultations.current(case).minutes.facts
    assert facts["meeting"]["title"] == "第三次论证会"
    assert [each["present"] for each in facts["seats"]] == [True] * 6 + [False]
    meetings.attend(meeting, set(), secretary)
    assert [each.present for each in hearing.places(consultations.current(case))] == [True] * 6 + [False]


def test_no_letter_on_the_way_names_what_is_in_the_case_or_in_an_opinion(walker, case, secretary):
    for who in MEMBERS:
        casework.submit(case, "declare_interest", NO_TIE, actor=walker.person(who))
    secret = "这一句话在启封以前谁也不能看到，也不写进信里。"
    for who in MEMBERS[:4]:
        casework.submit(case, "give_opinion", opinion("oppose") | {"reasons": secret}, actor=walker.person(who))
    walker.expire(case, "expert_opinion")
    walker.open_ballot(case)
    walker.work()
    texts = "\n".join(db.session.scalars(db.select(Letter.subject + Letter.text)))
    for hidden in (secret, case.title, consultations.current(case).question, "反对"):
        assert hidden not in texts
