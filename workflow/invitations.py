"""Invitations: a meeting as an entry for calendars (iCalendar, RFC 5545), which they take over and keep up to date."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

import icalendar

from models import Meeting, User, now
from workflow.site import Site

PRODUCT = "-//Kaimen//Committee//ZH"
# A member is asked, told of a change by the same word, or told that the meeting is cancelled; a download only tells.
REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"


def facts(meeting: Meeting, method: str) -> dict[str, Any]:
    """Return what an entry says of a meeting, as it is kept with the letter: where and when, and nothing of a case."""
    return {
        "meeting": meeting.id,
        "sequence": meeting.sequence,
        "method": method,
        "title": meeting.title,
        "place": meeting.place,
        # In UTC an entry needs no description of a time zone beside it.
        "starts_at": meeting.starts_at.astimezone(UTC).isoformat(),
        "ends_at": meeting.ends_at.astimezone(UTC).isoformat(),
        "stamp": now().isoformat(timespec="seconds"),
    }


def entry(said: Mapping[str, Any], person: User, site: Site) -> str:
    """Return an entry for a person's calendar; a newer one of the same meeting takes its place."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", said["method"])
    event = icalendar.Event()
    event.add("uid", f"meeting-{said['meeting']}@{site.host}")
    event.add("sequence", said["sequence"])
    event.add("dtstamp", datetime.fromisoformat(said["stamp"]))
    event.add("dtstart", datetime.fromisoformat(said["starts_at"]))
    event.add("dtend", datetime.fromisoformat(said["ends_at"]))
    event.add("summary", said["title"])
    event.add("location", said["place"])
    event.add("url", f"{site.url}/meetings/{said['meeting']}")
    event.add("status", "CANCELLED" if said["method"] == CANCEL else "CONFIRMED")
    if said["method"] != PUBLISH:
        organiser = parseaddr(site.mail.sender)[1] if site.mail else f"noreply@{site.host}"
        event.add("organizer", icalendar.vCalAddress(f"mailto:{organiser}"))
        attendee = icalendar.vCalAddress(f"mailto:{person.email}")
        attendee.params["CN"] = " ".join(person.name.split())
        attendee.params["ROLE"] = "REQ-PARTICIPANT"
        event.add("attendee", attendee)
    calendar.add_component(event)
    return str(calendar.to_ical().decode("utf-8"))
