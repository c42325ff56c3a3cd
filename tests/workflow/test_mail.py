"""Mail: a letter reaches the mailbox once, whatever becomes of the server."""

import asyncio
import email.policy
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session
from sqlalchemy import select, text

from models import Incident, Job, JobState, Letter, User, now
from models import db as database
from workflow import background, mail, outbox
from workflow.mail import Undelivered
from workflow.outbox import ATTEMPTS, Sessions
from workflow.site import MailServer, Site


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mailbox:
    """What a mail server has taken, and what it answers."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.answer = "250 taken"
        self.while_taking: Any = lambda: None
        self.port = free_port()
        self._controller: Controller | None = None

    def start(self, **options: Any) -> None:
        """Open the server on its port."""
        self.stop()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self._controller.start()

    def stop(self) -> None:
        """Take the server down."""
        if self._controller is not None:
            self._controller.stop()
        self._controller = None

    async def handle_DATA(self, server: object, session: Session, envelope: Envelope) -> str:
        """Take a message, or refuse it."""
        # A worker holds no lock while it waits for this answer, so another thread can write meanwhile.
        await asyncio.get_running_loop().run_in_executor(None, self.while_taking)
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            parser = BytesParser(EmailMessage, policy=email.policy.default)
            self.messages.append(parser.parsebytes(envelope.content))
            self.envelopes.append(envelope)
        return self.answer


@pytest.fixture
def session(context: None) -> Sessions:
    """Return the session of the test."""
    return database.session


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Start a mail server on this machine."""
    box = Mailbox()
    box.start()
    yield box
    box.stop()


@pytest.fixture
def site(mailbox: Mailbox) -> Site:
    """Return a site that hands its letters to that server."""
    server = MailServer("127.0.0.1", mailbox.port, "开门 Kaimen <kaimen@office.example>")
    return Site("https://kaimen.office.example", server)


def person(address: str) -> User:
    return database.session.scalars(select(User).where(User.email == address)).one()


def a_person(name: str = "读者") -> User:
    """Return a new person with a confirmed address."""
    reader = User(email="reader@office.example", name=name, password="", confirmed_at=now())
    database.session.add(reader)
    database.session.commit()
    return reader


def write_to(person: User, site: Site) -> int:
    """Let a letter be written and everything due be done, and return the letter's number."""
    data = {"template": "incident", "audience": {"user": person.id}, "number": "XQ-2026-000012"}
    outbox.put(database.session, "letter", data)
    database.session.commit()
    work(site)
    return database.session.scalars(select(Letter.id)).one()


def work(site: Site) -> None:
    """Do what is due until nothing is left."""
    while background.run_due(database.session, site):
        pass


def make_due(kind: str = "mail") -> None:
    """Let the pause before the next attempt be over."""
    database.session.execute(database.update(Job).where(Job.kind == kind).values(run_at=now()))
    database.session.commit()


def letter(number: int) -> Letter:
    return database.session.get_one(Letter, number, populate_existing=True)


def mail_job() -> Job:
    jobs = database.session.scalars(select(Job).where(Job.kind == "mail").execution_options(populate_existing=True))
    return jobs.one()


def a_message() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "kaimen@office.example", "reader@office.example"
    return message


def test_a_letter_reaches_the_mailbox_once(session, mailbox, site):
    number = write_to(a_person(), site)
    [message] = mailbox.messages
    assert mailbox.envelopes[0].rcpt_tos == ["reader@office.example"]
    assert message["Subject"] == "事件：XQ-2026-000012 停住了"
    assert message["From"].addresses[0].addr_spec == "kaimen@office.example"
    assert message["To"].addresses[0].display_name == "读者"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "Kaimen <letters.kaimen.office.example>"
    assert message["Message-ID"] == letter(number).message_id
    assert letter(number).sent_at is not None
    work(site)
    assert len(mailbox.messages) == 1


def test_text_and_html_say_the_same(session, mailbox, site):
    number = write_to(a_person(name="<b>&"), site)
    [message] = mailbox.messages
    plain, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert plain == letter(number).text
    for words in ("停在原来的环节", "XQ-2026-000012", "https://kaimen.office.example/incidents"):
        assert words in plain
        assert words in html
    assert "<b>&" not in html
    assert "&lt;b&gt;&amp;" in html


def test_a_second_run_bears_the_same_message_id(session, mailbox, site):
    number = write_to(a_person(), site)
    # The worker died after the server's word and before its own commit.
    session.execute(database.update(Letter).values(sent_at=None))
    session.execute(database.update(Job).values(state=JobState.READY))
    session.commit()
    work(site)
    assert [message["Message-ID"] for message in mailbox.messages] == [letter(number).message_id] * 2
    assert len(session.scalars(select(Letter)).all()) == 1


def test_while_the_server_is_down_the_letter_waits_then_the_steward_decides(session, mailbox, site, people):
    mailbox.stop()
    steward = person(people.steward)
    number = write_to(steward, site)
    for attempt in range(1, ATTEMPTS + 1):
        assert (mail_job().attempts, letter(number).sent_at) == (attempt, None)
        session.rollback()
        make_due()
        work(site)
    assert mail_job().state is JobState.DEAD
    incident = session.scalars(select(Incident)).one()
    assert (incident.step, incident.error.split(":")[0]) == ("mail", "ConnectionRefusedError")

    mailbox.start()
    outbox.retry(session, incident, steward)
    work(site)
    assert [message["Message-ID"] for message in mailbox.messages] == [letter(number).message_id]
    assert mail_job().state is JobState.DONE


def test_a_refusal_is_kept_without_the_address(session, mailbox, site):
    mailbox.answer = "550 no such mailbox: reader@office.example"
    number = write_to(a_person(), site)
    assert (mail_job().state, mail_job().error) == (JobState.READY, "Undelivered: SMTPDataError 550")
    assert letter(number).sent_at is None
    mailbox.answer = "250 taken"
    session.rollback()
    make_due()
    work(site)
    assert letter(number).sent_at is not None


def test_while_the_server_is_spoken_to_others_can_write(app, session, mailbox, site):
    def write() -> None:
        with app.app_context(), database.engine.begin() as connection:
            connection.execute(text("UPDATE organisation SET name = name"))
            written.append(True)

    written: list[bool] = []
    mailbox.while_taking = write
    write_to(a_person(), site)
    assert written == [True]


def test_a_closed_account_gets_no_mail(session, mailbox, site):
    person = a_person()
    outbox.put(session, "letter", {"template": "incident", "audience": {"user": person.id}, "number": "1"})
    session.commit()
    background.run_due(session, site)
    person.closed_at = now()
    session.commit()
    work(site)
    assert mailbox.messages == []
    assert mail_job().state is JobState.DONE


def test_without_a_server_letters_are_written_and_not_mailed(session):
    number = write_to(a_person(), Site("http://127.0.0.1:8000"))
    assert letter(number).sent_at is None
    assert session.scalars(select(Job).where(Job.kind == "mail")).all() == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_server_that_asks_for_a_password_gets_it(mailbox):
    asked: list[bytes] = []

    def authenticate(server: object, session: object, envelope: object, mechanism: str, data: Any) -> AuthResult:
        asked.append(data.password)
        return AuthResult(success=data.password == b"right", handled=False)

    mailbox.start(authenticator=authenticate, auth_required=True, auth_require_tls=False)
    with pytest.raises(Undelivered, match=r"^SMTPAuthenticationError 535$"):
        mail.send(a_message(), MailServer("127.0.0.1", mailbox.port, "", "kaimen", "wrong"))
    assert mailbox.messages == []
    mail.send(a_message(), MailServer("127.0.0.1", mailbox.port, "", "kaimen", "right"))
    assert (len(mailbox.messages), asked[-1]) == (1, b"right")


def test_a_server_without_the_demanded_encryption_gets_nothing(mailbox):
    with pytest.raises(Undelivered):
        mail.send(a_message(), MailServer("127.0.0.1", mailbox.port, "", starttls=True))
    assert mailbox.messages == []


@pytest.mark.parametrize(
    ("paragraph", "kind"),
    [
        ("受理号：XQ-2026-000012\n办理期限：12月3日（周四）", "facts"),
        ("Case number: XQ-2026-000012", "facts"),
        ("打开办件：\nhttps://kaimen.office.example/cases/XQ-2026-000012", "action"),
        ("https://kaimen.office.example/confirm/abc", "action"),
        ("读者：", "words"),
        ("Dear reader,", "words"),
        ("受理号：XQ-2026-000012\n请办理。", "words"),
    ],
)
def test_paragraphs_are_laid_out_as_what_they_are(paragraph: str, kind: str):
    assert [block["kind"] for block in mail.blocks(paragraph)] == [kind]
