"""Minutes: everything that is set down of a consultation, in a document that the office signs."""

from typing import Any

from models import Consultation, Event, EventKind, Role, User, db, now
from workflow import calendar, consultations, counting, documents, rows

# The secretary's acts during a hearing whose reasons go into the minutes.
REASONED = ("rule_on_interest", "replace_expert", "extend_ballot")
# Who was seated in an attempt that was given up is not set down.
GIVEN_UP = "reseated"


def order(consultation: Consultation) -> None:
    """Have the minutes made, of the procedure and, where there is one, of the conclusion."""
    title = f"{consultation.reference} 专家论证纪要"
    consultation.minutes = documents.order(consultation.case, "minutes", title, facts(consultation))


def facts(consultation: Consultation) -> dict[str, Any]:
    """Return everything that the minutes say."""
    case = consultation.case
    return {
        "reference": consultation.reference,
        "body": office(consultation),
        "case": case.reference,
        "title": case.title,
        "asked_by": case.body.name if case.body else "",
        "question": consultation.question,
        "procedure": consultation.procedure,
        "asked_on": day(consultation.opened_at),
        "held_on": day(consultation.closed_at or now()),
        "dated": day(now()),
        "meeting": meeting(consultation),
        "seats": seats(consultation),
        "acts": acts(consultation),
        "count": consultation.count,
        "advice": consultation.advice,
        "advice_text": consultation.advice_text,
        "opinions": opinions(consultation),
        "measures": [[each.words, each.support] for each in counting.measures(proposed(consultation))],
        # By these two the journal as it stands can be told from one that was written anew.
        "journal_length": case.journal_length,
        "journal_hash": case.journal_hash,
    }


def seats(consultation: Consultation) -> list[dict[str, Any]]:
    """Return who sat, what they declared, and whether they handed in."""
    return [
        {
            "number": each.number,
            "name": each.user.name,
            "chair": each.chair,
            "stand_in": each.stand_in,
            "interest": each.interest or "",
            "interest_text": each.interest_text,
            "left": each.left_because,
            "answered": each.answered_at is not None,
            "present": each.present,
        }
        for each in sorted(consultation.seats, key=lambda each: (each.number, each.id))
        if each.left_because != GIVEN_UP
    ]


def opinions(consultation: Consultation) -> list[dict[str, Any]]:
    """Return the opinions by seat, each in full and with its seal."""
    return [
        {
            "seat": each.seat,
            "stance": each.stance,
            "reasons": each.answer["reasons"],
            "concerns": each.answer.get("concerns") or "",
            "measures": list(each.answer.get("measures") or []),
            "files": [[said["name"], said["sha256"]] for said in each.answer.get("files", {}).values()],
            "dissent": consultations.dissents(consultation, each),
            "commitment": each.commitment,
        }
        for each in consultation.opinions
    ]


def proposed(consultation: Consultation) -> list[list[str]]:
    """Return the measures that each opinion proposes."""
    return [each.answer.get("measures") or [] for each in consultation.opinions]


def acts(consultation: Consultation) -> list[dict[str, Any]]:
    """Return what the secretary ruled and did during the hearing, each with the reason."""
    said = Event.case_id == consultation.case_id, Event.kind == EventKind.ANSWERED, Event.step.in_(REASONED)
    since = Event.at >= consultation.opened_at
    lines = list(db.session.scalars(db.select(Event).where(*said, since).order_by(Event.number)))
    # The act that ends a consultation is written by the transaction that orders the minutes.
    fresh = [row for row in rows.unwritten().new if isinstance(row, Event)]
    lines += [row for row in fresh if row.kind is EventKind.ANSWERED and row.step in REASONED]
    return [{"step": line.step, "on": day(line.at), **line.data["answer"]} for line in lines]


def meeting(consultation: Consultation) -> dict[str, str] | None:
    """Return the meeting on whose agenda the consultation stood; none in the written procedure."""
    held = consultation.meeting
    if held is None:
        return None
    begins, ends = (at.astimezone(calendar.SHANGHAI).strftime("%H:%M") for at in (held.starts_at, held.ends_at))
    return {"title": held.title, "on": day(held.starts_at), "begins": begins, "ends": ends, "place": held.place}


def office(consultation: Consultation) -> str:
    """Return the office whose secretary seated the committee."""
    person = db.session.get(User, consultation.seated_by_id) if consultation.seated_by_id else None
    held = [each for each in person.memberships if each.role is Role.SECRETARY] if person else []
    return held[-1].organisation.name if held else ""


def day(moment: Any) -> str:
    """Return the day in Shanghai on which a moment falls."""
    return calendar.local_day(moment).isoformat()
