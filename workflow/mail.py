"""Mail: letters handed over to a mail server, as plain text with an HTML twin."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import update

from models import Job, Letter, now
from workflow.outbox import Sessions, looking
from workflow.site import MailServer, Site

SECONDS = 20
TEMPLATES = Path(__file__).parent.parent / "templates" / "letters"
# A line such as “受理号：XQ-2026-000012” or “Number: XQ-2026-000012”.
FACT = re.compile(r"([^：:]{1,40})(?:：|: )\s*(\S.*)")
METHOD = re.compile(r"^METHOD:([A-Z]+)", re.MULTILINE)
ADDRESS = re.compile(r"https?://\S+")

pages = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True)


class Undelivered(Exception):
    """The mail server did not take a letter; the words name its answer and never an address."""


def deliver(session: Sessions, job: Job, site: Site) -> None:
    """Hand a letter over to the mail server, unless that has been done.

    A worker that dies between the server's word and the commit leaves a letter that is handed over again; it then bears
    the same Message-ID, by which mail programs know it. While the server is spoken to, no transaction is open.
    """
    with looking(session):
        letter = session.get(Letter, job.data["letter"])
        message = composed(letter, site) if letter and not letter.sent_at and reachable(letter) else None
    if message is None or site.mail is None:
        return
    send(message, site.mail)
    session.execute(update(Letter).where(Letter.id == job.data["letter"]).values(sent_at=now()))


def reachable(letter: Letter) -> bool:
    """Say whether the person still has an account; nobody else reads the mailbox of a closed one for us."""
    return letter.user.closed_at is None


def send(message: EmailMessage, server: MailServer) -> None:
    """Hand a message over to a mail server.

    Raises Undelivered when the server refuses it, and OSError when there is none.
    """
    try:
        with smtplib.SMTP(server.host, server.port, timeout=SECONDS) as connection:
            if server.starttls:
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(message)
    except smtplib.SMTPResponseException as error:
        raise Undelivered(f"{type(error).__name__} {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({str(code) for code, _ in error.recipients.values()})
        raise Undelivered(f"{type(error).__name__} {' '.join(codes)}") from None
    except smtplib.SMTPException as error:
        raise Undelivered(type(error).__name__) from None


def composed(letter: Letter, site: Site) -> EmailMessage:
    """Return a letter as a message: its text, and the same text laid out."""
    sender = site.mail.sender if site.mail else ""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = Address(display_name=" ".join(letter.user.name.split()), addr_spec=letter.user.email)
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = letter.message_id
    # These two keep holiday notices and mailing lists from answering a machine.
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = f"Kaimen <letters.{site.host}>"
    message["Reply-To"] = parseaddr(sender)[1]
    message["Content-Language"] = "zh-CN" if letter.language == "zh" else letter.language
    message.set_content(letter.text, cte="base64")
    message.add_alternative(laid_out(letter, site), subtype="html", cte="base64")
    if letter.calendar:
        # What calendars are to do with the entry stands in it and in the part's own head (RFC 6047).
        method = METHOD.search(letter.calendar)
        params = {"method": method[1] if method else "PUBLISH"}
        message.add_attachment(letter.calendar, subtype="calendar", cte="base64", filename="meeting.ics", params=params)
    return message


def laid_out(letter: Letter, site: Site) -> str:
    """Return the HTML twin of a letter; it says what the text says, in the same order."""
    page = pages.get_template("mail.html")
    return page.render(letter=letter, blocks=list(blocks(letter.text)), site=site.url)


def blocks(text: str) -> Iterator[dict[str, Any]]:
    """Return the paragraphs of a text, each as what it is: facts, an action with its address, or words.

    Lines that all read “name: value” are facts; a last line that is an address makes the paragraph an action.
    """
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = paragraph.splitlines()
        facts = [FACT.fullmatch(line) for line in lines]
        if ADDRESS.fullmatch(lines[-1]):
            yield {"kind": "action", "words": " ".join(lines[:-1]).rstrip("：:"), "address": lines[-1]}
        elif all(facts):
            yield {"kind": "facts", "facts": [fact.groups() for fact in facts if fact]}
        else:
            yield {"kind": "words", "lines": lines}
