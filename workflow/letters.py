"""Letters: written in each reader's language from a template, and kept whether or not they are mailed.

A letter says a case's number, what is asked, by when, and where; never what is in the case.
"""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import select, update

from models import KIND_TITLES, SHANGHAI, Case, Job, Letter, User, now
from workflow import audience, invitations, outbox
from workflow.outbox import Sessions
from workflow.site import Site
from workflow.stages import STEPS

TEMPLATES = Path(__file__).parent.parent / "templates" / "letters"
# The day as people write it, and with the year when it is not this one.
DAYS = {"zh": ("M月d日（EEE）", "y年M月d日（EEE）"), "en": ("EEE d MMM", "EEE d MMM y")}
SUBJECT = "Subject: "

# Letters are plain text: what must be escaped is escaped where they are shown.
texts = Environment(
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - plain text
    trim_blocks=True,
    lstrip_blocks=True,
)


def write(session: Sessions, job: Job, site: Site) -> None:
    """Write the letters of a job, one to each person, and put their mailing aside; a second run adds none."""
    case = session.get(Case, job.case_id) if job.case_id else None
    template = job.data["template"]
    written = set(session.scalars(select(Letter.user_id).where(Letter.job_id == job.id)))
    for person in audience.persons(session, job.data["audience"], template, case):
        if person.id in written:
            continue
        language = person.language if person.language in DAYS else "zh"
        subject, text = compose(template, language, facts(job.data, person, language, case, site))
        mark = hashlib.sha256(f"{job.key or job.id}:{person.id}".encode()).hexdigest()[:32]
        letter = Letter(job_id=job.id, user_id=person.id, case_id=job.case_id, template=template, language=language)
        letter.subject, letter.text, letter.message_id = subject, text, f"<{mark}@{site.host}>"
        if "calendar" in job.data:
            letter.calendar = invitations.entry(job.data["calendar"], person, site)
        session.add(letter)
        session.flush()
        if site.mail:
            outbox.put(session, "mail", {"letter": letter.id}, key=f"mail:{mark}", case_id=job.case_id)


def facts(data: dict[str, Any], person: User, language: str, case: Case | None, site: Site) -> dict[str, Any]:
    """Return what a template may say: nothing of the case but its number, its kind, the step and the day."""
    said = {key: value for key, value in data.items() if key not in ("template", "audience", "calendar")}
    said |= {"person": " ".join(person.name.split()), "site": site.url, "step": "", "due": ""}
    if data.get("step") in STEPS:
        said["step"] = site.say(STEPS[data["step"]].title, language)
    if data.get("due"):
        said["due"] = day(datetime.fromisoformat(data["due"]), language)
    if case is not None:
        said |= {"number": case.reference, "kind": site.say(KIND_TITLES[case.kind], language)}
    return said


def compose(template: str, language: str, said: dict[str, Any]) -> tuple[str, str]:
    """Return the subject and the text of a letter.

    Raises ValueError when the template does not begin with its subject.
    """
    first, _, text = texts.get_template(f"{template}.{language}.txt").render(said).partition("\n")
    if not first.startswith(SUBJECT):
        raise ValueError(f"The letter {template} in {language} has no subject.")
    return first.removeprefix(SUBJECT).strip(), text.strip() + "\n"


def day(moment: datetime, language: str) -> str:
    """Write a day as people do, in the time of Shanghai."""
    local = moment.astimezone(SHANGHAI).date()
    short, long = DAYS[language]
    return str(format_date(local, short if local.year == now().astimezone(SHANGHAI).year else long, locale=language))


def mark_read(session: Sessions, person: User, number: int | None = None) -> None:
    """Note that a person has read one of their letters, or all of them; and commit."""
    reader = person.id
    session.rollback()
    unread = update(Letter).where(Letter.user_id == reader, Letter.read_at.is_(None))
    session.execute((unread.where(Letter.id == number) if number is not None else unread).values(read_at=now()))
    session.commit()
