"""A house with every door in it: one service in which a case waits at each step, visitors, and what a page says."""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from http.client import responses
from urllib.parse import urlencode

from lxml import html

from api.auth import links
from api.joining import SENT_TO
from api.language import COOKIE
from api.security import HEADERS
from api.worker import background_of
from models import (
    Case,
    CaseStatus,
    Consultation,
    Entitlement,
    Incident,
    Letter,
    Organisation,
    OrganisationKind,
    Role,
    User,
    db,
)
from tests.answers import LISTED, OPENED
from tests.walks import Walker
from workflow import calendar, casework, companions, conditions, incidents, meetings, offices
from workflow.links import CONFIRM, RESET
from workflow.stages import STEPS
from workflow.worklist import open_items

CHINESE = re.compile(r"[\u3400-\u9fff\uff01-\uff5e\u3001-\u3011]")
WRITTEN = ("aria-label", "alt", "title", "placeholder", "data-km-say")
# What is not read as text, and the examples for programs.
UNSEEN = ("script", "style", "template", "pre", "code")
# These steps wait until a limit has run out: a year, and the time for opinions.
LATE = ("reevaluate_dataset", "extend_ballot")
FIELDS = "//input[not(@type='hidden')] | //select | //textarea"


class House:
    """A service, the cases that wait at each of its steps, and clients of the people who come to it."""

    def __init__(self, app, people) -> None:
        self.app, self.people = app, people
        self.clients: dict[tuple[str, str], object] = {}
        app.login_manager.session_protection = None
        walker = Walker(app, people)
        with app.app_context():
            # Where a limit has to run out comes first: for every other case that time has not begun.
            names = [*LATE, *(name for name in STEPS if name not in LATE)]
            self.at = {name: walker.at(name).reference for name in names}
            self.answers = {name: walker.answer(name) for name in STEPS}
            self.entry = self._published(walker)
            self.known = self._others(walker)
            cases = db.session.scalars(db.select(Case)).all()
            self.waiting = {case.reference: {item.step for item in open_items(case)} for case in cases}
            self.drafts = {case.reference for case in cases if case.status is CaseStatus.DRAFT}
            self.data = data_words()
            db.session.remove()

    def _published(self, walker: Walker) -> str:
        case = walker.take(walker.listing(), LISTED)
        self.answered = walker.take(walker.demand(), OPENED[1:]).reference
        entry = case.listing.dataset
        said = {"reason": "第一次按结构公布条件，内容不变。", "applicants": ["legal_person"], "people": 5, "months": 12}
        conditions.write(entry, conditions.Terms().load(said), walker.person("clerk"))
        return entry.code

    def _others(self, walker: Walker) -> dict[str, object]:
        """Return what the addresses of pages name besides cases: letters, people, incidents, links."""
        desk, case = walker.person("desk"), walker.at("screen_demand")
        item = next(item.id for item in open_items(case) if item.step == "screen_demand")
        attempt = {"verb": "submit", "step": "screen_demand", "item": item, "actor": desk.id}
        incidents.open_for(case.id, attempt, RuntimeError("no rule"), walker.answer("screen_demand"), desk)
        background_of(self.app).work()
        letter = db.session.scalar(db.select(Letter.id).where(Letter.user_id == walker.person("citizen").id).limit(1))
        clerk = walker.person("clerk")
        self._hold(walker)
        draft = db.session.scalar(db.select(Case).where(Case.reference == self.at["submit_application"]))
        asked = {"actor": walker.person("citizen"), "url": "http://localhost"}
        invitation = companions.invite(draft, "somebody@example.org", False, **asked).rpartition("/")[2]
        made = {word: links().make(word, walker.person("stranger")).rpartition("/")[2] for word in (RESET, CONFIRM)}
        consulted = self._met(walker)
        return {
            "consultation": consulted.reference,
            "meeting": consulted.meeting_id,
            "expert": walker.person("expert1").id,
            "letter": letter,
            "clerk": clerk.id,
            "body": walker.body().id,
            "membership": clerk.memberships[0].id,
            "party": db.session.scalar(db.select(Organisation.id).where(Organisation.kind == OrganisationKind.PARTY)),
            "incident": db.session.scalar(db.select(Incident.id)),
            "definition": case.definition_id,
            "companion": companions.listed(draft)[0].id,
            "invitation": invitation,
            "entitlement": db.session.scalar(db.select(Entitlement.reference).order_by(Entitlement.id).limit(1)),
            "version": 1,
            **made,
        }

    def _met(self, walker: Walker) -> Consultation:
        """Return a consultation that is on the agenda of a meeting."""
        held = db.session.scalar(db.select(Case).where(Case.reference == self.at["replace_expert"]))
        day = (calendar.today() + timedelta(days=7)).isoformat()
        said = {"title": "第一次论证会", "place": "三楼会议室", "day": day, "begins": "14:00", "ends": "16:00"}
        asked = meetings.Call().load({**said, "agenda": [held.consultations[-1].reference]})
        return meetings.call(asked, walker.person("secretary")).agenda[0]

    def _hold(self, walker: Walker) -> None:
        """Let a review be held by one of two reviewers, so that the other may want to take it over."""
        body, reviewer = walker.body(), walker.person("reviewer")
        offices.appoint(walker.person("other_reviewer"), body, Role.REVIEWER, None, None, by=None)
        reference = self.at["review_classification"]
        held = db.session.scalar(db.select(Case).where(Case.reference == reference))
        casework.claim(held, "review_classification", actor=reviewer)

    def client(self, word: str = "", language: str = "zh"):
        """Return the client of a person, or of somebody who has not signed in."""
        if (word, language) not in self.clients:
            client = self.app.test_client()
            with client.session_transaction() as session:
                session[SENT_TO] = "somebody@example.org"
            if word:
                with self.app.app_context():
                    email = getattr(self.people, word)
                    key = db.session.scalar(db.select(User).where(User.email == email)).get_id()
                with client.session_transaction() as session:
                    session["_user_id"], session["_fresh"] = key, True
            self.clients[word, language] = client
        # Pages read before may have chosen another language.
        self.clients[word, language].set_cookie(COOKIE, language)
        return self.clients[word, language]

    def get(self, path: str, word: str = "", language: str = "zh") -> "Page":
        """Return what a person sees at an address."""
        return Page(checked(self.client(word, language).get(path)))

    def post(self, path: str, word: str = "", form=(), **options) -> "Page":
        """Return the answer to a form that a person has sent from one of our pages."""
        pairs = [("csrf_token", self.proof(word)), *(form.items() if isinstance(form, dict) else form)]
        fields: dict[str, list[str]] = {}
        for name, value in pairs:
            fields.setdefault(name, []).extend(sent(value))
        return Page(checked(self.client(word).post(path, data=fields, **options)))

    def post_bytes(self, path: str, word: str, form: dict[str, str | bytes]) -> "Page":
        """Return the answer to a form whose values are sent byte by byte as they are."""
        body = urlencode({"csrf_token": self.proof(word), **form})
        options = {"data": body, "content_type": "application/x-www-form-urlencoded"}
        return Page(checked(self.client(word).post(path, **options)))

    def proof(self, word: str) -> str:
        """Return the proof of origin that the forms of a person's pages carry."""
        page = self.client(word).get("/account" if word else "/sign-in").text
        return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

    def step(self, name: str, reference: str = "") -> str:
        """Return the address of a step's page, on the case that waits there or on another one."""
        return f"/{STEPS[name].role}/cases/{reference or self.at[name]}/{name}"

    def counts(self) -> dict[str, int]:
        """Return how many rows each table holds."""
        with self.app.app_context():
            return {
                name: db.session.scalar(db.select(db.func.count()).select_from(table))
                for name, table in db.metadata.tables.items()
            }


@dataclass
class Page:
    """An answer of the service, read as a page."""

    response: object

    @property
    def status(self) -> int:
        """Return the number of the answer."""
        return self.response.status_code

    @property
    def text(self) -> str:
        """Return the page as it was sent."""
        return self.response.text

    @cached_property
    def tree(self):
        """Return the page's elements."""
        return html.fromstring(self.response.data, parser=html.HTMLParser(encoding="utf-8"))

    def all(self, path: str) -> list:
        """Return the elements or attributes at an XPath."""
        return self.tree.xpath(path)

    @property
    def words(self) -> list[str]:
        """Return every piece of text that a reader may meet, but what is marked as another language's."""
        found = []
        for element in self.tree.iter():
            if not isinstance(element.tag, str) or any(a.tag in UNSEEN for a in (element, *element.iterancestors())):
                continue
            if any(a.get("lang") == "zh-CN" for a in (element, *element.iterancestors())):
                continue
            found += [element.text or "", *(element.get(name, "") for name in WRITTEN)]
            found += [child.tail or "" for child in element]
        return [" ".join(piece.split()) for piece in found if piece.strip()]

    @property
    def kept(self) -> set[str]:
        """Return what stands written in the form's controls."""
        texts = {(area.text or "").strip() for area in self.all("//textarea")}
        texts |= {box.get("value", "") for box in self.all("//input[@type='text' or @type='date' or @type='number']")}
        return texts | set(self.all("//input[@checked]/@value | //option[@selected]/@value"))

    @property
    def wrong(self) -> set[str]:
        """Return the names of the controls that are marked as wrong."""
        return set(self.all("//*[@aria-invalid='true']/@name"))


def checked(response):
    """Return an answer after looking at what every answer must tell the browser."""
    # An answer given in parts is read to its end; left half read it would hold its place.
    response.get_data()
    response.close()
    place = f"{response.request.method} {response.request.path}"
    for name, value in HEADERS.items():
        assert response.headers.get(name) == value, f"{place} lacks {name}"
    assert "Cache-Control" in response.headers, place
    assert response.status_code in responses, place
    return response


def sent(value: object) -> list[str]:
    """Return a value of an answer as a browser sends it."""
    if isinstance(value, bool):
        return ["true"] if value else []
    if isinstance(value, list | tuple):
        return [str(part) for part in value]
    return [] if value is None else [str(value)]


def data_words() -> list[str]:
    """Return every Chinese text that people or catalogues brought, the longest first; pages show them as they are."""
    found: set[str] = set()
    for table in db.metadata.sorted_tables:
        if table.name != "definition":
            for row in db.session.execute(db.select(table)):
                for value in row:
                    found |= set(leaves(value))
    # People's names are shown as wholes, and in a round by their first letter.
    found |= {name[0] for name in db.session.scalars(db.select(User.name))}
    texts = {" ".join(part.split()) for text in found if CHINESE.search(text) for part in (text, *text.splitlines())}
    return sorted(texts, key=len, reverse=True)


def leaves(value: object):
    """Yield the texts in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
