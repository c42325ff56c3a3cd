"""Reactions: which letters follow of a line in the journal.

A reaction reads the case and the line and returns rows for the outbox. It sends nothing and asks the database nothing,
so that it cannot fail a case. Who exactly is written to is worked out when the letter is: an office may have changed
hands by then.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from models import Case, CaseStatus, Event, EventKind, Job, Role

Audience = dict[str, Any]
Reaction = Callable[[Case, Event], Iterable[Job]]

# The answers whose arrival is confirmed to the one who asked.
RECEIVED = frozenset(
    {"submit_demand", "clarify_demand", "submit_application", "complete_application", "clarify_application"}
)
# What a service has put before the public.
ANSWERS = frozenset({"publish_answer", "publish_coordination"})
# The letters about what the service has done under an agreement.
UNDER_AGREEMENT = {
    "enter_into_force": "effective",
    "activate_access": "access_open",
    "pause_access": "access_paused",
    "reopen_access": "access_open",
}
# The states in which a case ends by the requester's own hand.
WITHDRAWN = frozenset({"withdrawn"})
# The limits that are no lateness of anybody: the day on which an agreement ends, and the close of a ballot.
AGREEMENT_END = "agreement_end"
NOBODY_IS_LATE = frozenset({AGREEMENT_END, "expert_opinion"})


def letter(case: Case, event: Event, template: str, audience: list[Audience], **facts: Any) -> Iterator[Job]:
    """Return the job that writes one kind of letter about one line of the journal, unless nobody is addressed.

    :param facts: what the letter says beyond the case's number: the step, the due date; never a case's content
    """
    if audience:
        data = {"template": template, "audience": audience, **facts}
        yield Job(kind="letter", key=f"letter:{case.id}:{event.number}:{template}", case_id=case.id, data=data)


def tell_whose_turn_it_is(case: Case, event: Event) -> Iterator[Job]:
    """Tell the people of a role that a step awaits them; an offered step asks for nothing."""
    asked = event.data
    if event.kind is not EventKind.AWAITED or asked.get("offered") or case.status is CaseStatus.DRAFT:
        return
    template = "your_turn" if asked.get("role") == Role.REQUESTER else "awaited"
    yield from letter(case, event, template, [holders(case, event)], step=event.step, due=asked.get("due"))


def confirm_receipt(case: Case, event: Event) -> Iterator[Job]:
    """Confirm to the requester's side that what one of them handed in has arrived."""
    # An application may be handed in by whoever works on it with the requester.
    own = event.actor_id == case.requester_id or case.kind == "application"
    if event.kind is EventKind.ANSWERED and event.step in RECEIVED and own:
        yield from letter(case, event, "received", requester(case), step=event.step)


def tell_of_the_answer(case: Case, event: Event) -> Iterator[Job]:
    """Tell the requester and the supporters of a demand that it has been answered."""
    if event.kind is EventKind.SERVED and event.step in ANSWERS:
        yield from letter(case, event, "answered", requester(case))
        yield from letter(case, event, "demand_answered", [{"supporters": case.id}])


def tell_of_more_time(case: Case, event: Event) -> Iterator[Job]:
    """Tell the requester until when the office has given itself more time."""
    if event.kind is EventKind.EXTENDED:
        yield from letter(case, event, "extended", requester(case), due=event.data.get("due"))


def tell_of_the_end(case: Case, event: Event) -> Iterator[Job]:
    """Tell the requester that the case has ended, unless they ended it themselves."""
    if event.kind is EventKind.ENDED and event.step not in WITHDRAWN:
        yield from letter(case, event, "ended", requester(case))


def tell_of_withdrawal(case: Case, event: Event) -> Iterator[Job]:
    """Tell the requester's side that one of them has withdrawn the application, unless it was the requester."""
    withdrawn = event.kind is EventKind.ANSWERED and event.step == "withdraw_application"
    if withdrawn and event.actor_id != case.requester_id:
        yield from letter(case, event, "ended", requester(case))


def warn_of_the_due_date(case: Case, event: Event) -> Iterator[Job]:
    """Warn whoever has to act that the limit is near."""
    if event.kind is EventKind.SOON_DUE and event.step == AGREEMENT_END:
        yield from letter(case, event, "ending_soon", requester(case), due=event.data.get("due"))
    elif event.kind is EventKind.SOON_DUE:
        yield from letter(case, event, "soon_due", concerned(case, event), **limit(event))


def tell_of_lateness(case: Case, event: Event) -> Iterator[Job]:
    """Tell whoever has to act that the limit has passed, and those who answer for the office as well."""
    if event.kind is EventKind.OVERDUE and event.step not in NOBODY_IS_LATE:
        yield from letter(case, event, "overdue", concerned(case, event), **limit(event))
        yield from letter(case, event, "escalated", [answerable(case, event)], **limit(event))


def tell_of_acceptance(case: Case, event: Event) -> Iterator[Job]:
    """Tell the requester that the application is accepted, and by when it will be decided."""
    first = event.kind is EventKind.AWAITED and event.step == "review_application"
    if first and case.application is not None and not case.application.question:
        yield from letter(case, event, "accepted", requester(case), due=event.data.get("due"))


def tell_of_the_decision(case: Case, event: Event) -> Iterator[Job]:
    """Tell the requester that the application has been decided; how, they read on its page."""
    decided = event.kind is EventKind.ANSWERED and event.step == "decide_application"
    if decided and (event.data.get("outcome") or {}).get("decision") != "return":
        yield from letter(case, event, "decided", requester(case))


def tell_of_access(case: Case, event: Event) -> Iterator[Job]:
    """Tell the requester what has become of the access under their agreement."""
    if event.kind is EventKind.SERVED and event.step in UNDER_AGREEMENT:
        yield from letter(case, event, UNDER_AGREEMENT[event.step], requester(case))


def call_the_steward(case: Case, event: Event) -> Iterator[Job]:
    """Tell the stewards that a case stands still for an incident; they read the incident and not the case."""
    if event.kind is EventKind.INCIDENT:
        for job in letter(case, event, "incident", [{"role": Role.STEWARD, "organisation": None}]):
            job.case_id, job.data = None, job.data | {"number": case.reference}
            yield job


def open_the_ballot(case: Case, event: Event) -> Iterator[Job]:
    """Have a ballot opened that has closed."""
    if event.kind is EventKind.SERVED and event.step == "announce_close":
        key = f"open_ballot:{case.id}:{event.number}"
        yield Job(kind="open_ballot", key=key, case_id=case.id, data={"case": case.id})


def tell_of_the_close(case: Case, event: Event) -> Iterator[Job]:
    """Tell the members that the ballot has been opened and counted; how, they read on its page."""
    counted = event.kind is EventKind.SERVED and event.step == "close_ballot"
    if counted and (event.data.get("outcome") or {}).get("ballot") != "short":
        yield from letter(
            case, event, "ballot_closed", [{"committee": case.id}], consultation=case.consultations[-1].reference
        )


def tell_of_the_advice(case: Case, event: Event) -> Iterator[Job]:
    """Tell the body's reviewers that the committee's advice is there, or that there will be none."""
    concluded = event.kind is EventKind.ANSWERED and event.step == "conclude_consultation"
    failed = event.kind is EventKind.SERVED and event.step == "record_no_quorum"
    if (concluded or failed) and case.body_id is not None:
        audience = [{"role": Role.REVIEWER, "organisation": case.body_id}]
        yield from letter(case, event, "advice_given", audience, consultation=case.consultations[-1].reference)


REACTIONS: tuple[Reaction, ...] = (
    tell_whose_turn_it_is,
    confirm_receipt,
    tell_of_the_answer,
    tell_of_more_time,
    tell_of_the_end,
    tell_of_withdrawal,
    warn_of_the_due_date,
    tell_of_lateness,
    tell_of_acceptance,
    tell_of_the_decision,
    tell_of_access,
    call_the_steward,
    open_the_ballot,
    tell_of_the_close,
    tell_of_the_advice,
)


def holders(case: Case, event: Event) -> Audience:
    """Return the audience of a step: one person where it was opened for one, else the people of its role."""
    asked = event.data
    if asked.get("role") == Role.REQUESTER:
        return {"side": case.id, "step": event.step}
    if asked.get("user"):
        return {"user": asked["user"]}
    return {"role": asked.get("role"), "organisation": asked.get("organisation")}


def requester(case: Case) -> list[Audience]:
    """Return the audience of the one who opened the case, and of those who work on it with them."""
    return [{"side": case.id}]


def answerable(case: Case, event: Event) -> Audience:
    """Return who answers for lateness: the body's deciders, and before there is a body the lead authority.

    For the members of the committee it is their secretary.
    """
    if event.data.get("member") is not None:
        return {"role": Role.SECRETARY, "organisation": None}
    if case.body_id is not None:
        return {"role": Role.DECIDER, "organisation": case.body_id}
    return {"role": Role.AUTHORITY, "organisation": None}


def concerned(case: Case, event: Event) -> list[Audience]:
    """Return the audience of the steps that a limit runs over: those who hold them when the letter is written."""
    steps = sorted(set(event.data.get("items", ())))
    member = event.data.get("member")
    return [{"case": case.id, "steps": steps} | ({"member": member} if member is not None else {})] if steps else []


def limit(event: Event) -> dict[str, Any]:
    """Return the step and the day that a letter about a limit names."""
    return {"step": next(iter(event.data.get("items", ())), None), "due": event.data.get("due")}
