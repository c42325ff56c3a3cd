"""Visitors in a browser: they sign in, answer forms as people do, and look at every kind of page they meet."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect
from werkzeug.exceptions import HTTPException

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
EXAMINE = "asked => axe.run({...asked, resultTypes: ['violations']})"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BY_THEME = {
    "light": {"runOnly": TAGS},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block", "target-size"]},
}
# Colours do not depend on the language: they are examined in Chinese pages.
COLOURLESS = {"rules": {"color-contrast": {"enabled": False}}}
WIDE, TABLET, PHONE, NARROW = 1400, 1000, 390, 320
# Each width and each theme is looked at once: colours do not depend on the width, nor on the language, but how wide
# words run does. In the dark only colours and sizes are examined: the rest is as by day. Whoever wants pictures gets
# all of them.
LOOKS = {"zh": [(WIDE, "light"), (PHONE, "dark")], "en": [(PHONE, "light")]}
PICTURES = {
    "zh": [(WIDE, "light"), (WIDE, "dark"), (PHONE, "dark"), (PHONE, "light")],
    "en": [(PHONE, "light"), (WIDE, "light")],
}
# A table within a card stays within it, or has a box of its own in which it can be moved.
TOO_BROAD = """() => [...document.querySelectorAll(".card table")]
  .filter((table) => table.getBoundingClientRect().width && !table.closest(".km-scroll"))
  .filter((table) => table.getBoundingClientRect().right > table.closest(".card").getBoundingClientRect().right + 1)
  .map((table) => table.querySelector("caption, th").textContent.trim())"""
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
# The browser reports a refused page as an error; whoever asked for it expects the refusal.
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
TURN = """theme => {
  delete document.getElementById("map")?.dataset.drawn;
  document.documentElement.dataset.bsTheme = theme;
  document.dispatchEvent(new Event("km:theme"));
}"""
DRAWN = "#map[data-drawn=yes]"
PEOPLE = {
    "citizen": "citizen1",
    "neighbour": "citizen2",
    "company": "requester.keji",
    "desk": "desk.hub",
    "steward": "steward.hub",
    "operator": "operator.hub",
    "authority": "authority.shuju",
    "auditor": "auditor.shuju",
    "clerk": "clerk.jiaotong",
    "reviewer": "reviewer.jiaotong",
    "decider": "decider.jiaotong",
    "security": "security.jiaotong",
    "other_clerk": "clerk.huanjing",
    "other_reviewer": "reviewer.huanjing",
    "other_decider": "decider.huanjing",
    "secretary": "secretary.shuju",
    **{f"expert{number}": f"expert{number}" for number in range(1, 10)},
}


@dataclass
class Service:
    """A running service: its address, the application behind it, the password of its people, and what was seen."""

    base: str
    app: object
    password: str
    seen: Path
    shots: Path | None = None
    # The cookies of who has signed in before, by address and language.
    states: dict[tuple[str, str], object] = field(default_factory=dict)

    def first(self, *look: object) -> bool:
        """Say whether nobody has taken this look yet, in whichever process, and take it."""
        try:
            (self.seen / sha256(repr(look).encode()).hexdigest()).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def kind(self, page: Page) -> str:
        """Return which kind of page is open: the route's name, and whether a form has come back."""
        try:
            endpoint, _ = self.app.url_map.bind("").match(urlsplit(page.url).path)
        except HTTPException:
            endpoint = "nowhere"
        return endpoint + ("-wrong" if page.locator(".km-summary").count() else "")


@dataclass
class Visitor:
    """Somebody at a browser."""

    service: Service
    page: Page
    language: str
    scripts: bool = True
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))

    def _hear(self, message) -> None:
        if message.type == "error" and not (REFUSED.match(message.text) and "/static/" not in message.text):
            self.faults.append(f"{self.page.url}: {message.text}")

    def goto(self, path: str) -> None:
        """Open an address, and look at the page."""
        self.page.goto(self.service.base + path)
        self.look()

    def click(self, selector: str) -> None:
        """Follow a link or press a button that leads to another page, and look at that."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
        self.look()

    def sign_in(self, email: str) -> "Visitor":
        """Sign in, in one's language: the first one at the page for it, the others by what that page sends."""
        if not self.service.first("sign-in", self.language):
            return self._sign_in_unseen(email)
        self.goto("/sign-in")
        self.page.fill("#f-email", email)
        self.page.fill("#f-password", self.service.password)
        self.click("form.km-form [type=submit]")
        expect(self.page.locator("header details.km-menu")).to_be_visible()
        # From here on an account says which language is meant, until another one is chosen.
        if self.page.locator("html").get_attribute("lang")[:2] != self.language:
            self.click("header a[hreflang]")
        self.service.states[email, self.language] = self.page.context.storage_state()
        return self

    def _sign_in_unseen(self, email: str) -> "Visitor":
        asks, address = self.page.context.request, f"{self.service.base}/sign-in"
        asks.get(f"{self.service.base}/language/{self.language}")
        form = dict(HIDDEN.findall(asks.get(address).text()))
        answer = asks.post(address, form=form | {"email": email, "password": self.service.password})
        assert answer.ok, answer.status
        assert urlsplit(answer.url).path != "/sign-in", f"{email} was not let in"
        self.service.states[email, self.language] = self.page.context.storage_state()
        return self

    def fill(self, answer: Mapping[str, object]) -> None:
        """Write an answer into the form that is open."""
        for name, value in answer.items():
            self._write(self.page.locator(f"form.km-form [name={name}]"), value)

    def _write(self, inputs, value: object) -> None:
        first = inputs.first
        kind = first.get_attribute("type")
        if kind == "radio":
            inputs.and_(self.page.locator(f"[value='{value}']")).check()
        elif kind == "checkbox":
            first.set_checked(bool(value))
        elif first.evaluate("element => element.tagName") == "SELECT":
            first.select_option(str(value))
        else:
            first.fill("\n".join(value) if isinstance(value, list) else str(value))

    def send(self, button: str = "button.btn-primary") -> None:
        """Send the form that is open."""
        self.click(f"form.km-form {button}")

    def answer(self, reference: str, step: str, answer: Mapping[str, object]) -> None:
        """Take a step from the list of what waits, and answer it."""
        self.goto("/work")
        self.click(f"main a[href$='/{reference}/{step}']")
        self.fill(answer)
        self.send()
        self.accepted()

    def offered(self, reference: str, step: str, answer: Mapping[str, object]) -> None:
        """Take a step that a case's page offers, and answer it."""
        self.goto(f"/cases/{reference}")
        self.click(f"main a[href$='/{reference}/{step}']")
        self.fill(answer)
        self.send()
        self.accepted()

    def accepted(self) -> None:
        """See that what was sent has been recorded."""
        assert not self.page.locator(".km-summary").count(), self.page.locator(".km-summary").inner_text()
        expect(self.page.locator(".km-flashes [data-tone=done]")).to_be_visible()

    @property
    def reference(self) -> str:
        """Return the reference of the case whose page is open."""
        return re.search(r"/cases/([A-Z]{2}-\d{4}-\d{6})", self.page.url)[1]

    def look(self, state: str = "") -> None:
        """Look at the open page in every way in which its kind has not been looked at yet.

        :param state: what makes it another kind than pages at the same address
        """
        if not self.scripts:
            return
        kind = self.service.kind(self.page) + state
        every = (PICTURES if self.service.shots else LOOKS)[self.language]
        looks = [look for look in every if self.service.first(kind, self.language, *look)]
        if not looks:
            return
        self._see_drawn()
        for width, theme in looks:
            self.page.set_viewport_size({"width": width, "height": 900})
            self._turn(theme)
            self.examine(f"{kind} {self.language} {width} {theme}", theme)
            self._photograph(f"{kind}-{self.language}-{width}-{theme}")
        for width in (NARROW, TABLET, WIDE):
            self.page.set_viewport_size({"width": width, "height": 900})
            if (broad := self.page.evaluate("document.documentElement.scrollWidth")) > width:
                self.faults.append(f"{kind} {self.language}: {broad} pixels wide on a screen of {width}")
            if tables := self.page.evaluate(TOO_BROAD):
                self.faults.append(f"{kind} {self.language}: tables broader than their cards at {width}: {tables}")
        self._turn("light")

    def _turn(self, theme: str) -> None:
        """Turn the page dark or light, as its button does, and wait until what is drawn has been drawn anew."""
        self.page.evaluate(TURN, theme)
        self._see_drawn()

    def _see_drawn(self) -> None:
        """Wait until a map is drawn, if the page has one; it is not before it comes into view."""
        if self.page.locator("#map").count():
            self.page.locator("#map").scroll_into_view_if_needed()
            self.page.wait_for_selector(DRAWN)
            self.page.evaluate("scrollTo(0, 0)")

    def examine(self, place: str, theme: str = "light") -> None:
        """Look for what keeps people from using the open page; what is found is a fault."""
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(AXE.read_text("utf-8"))
        asked = BY_THEME[theme] if self.language == "zh" else BY_THEME[theme] | COLOURLESS
        found = self.page.evaluate(EXAMINE, asked)
        for violation in found["violations"]:
            where = [" ".join(map(str, node["target"])) for node in violation["nodes"]]
            self.faults.append(f"{place}: {violation['id']}: {violation['help']}: {where[:4]}")

    def _photograph(self, name: str) -> None:
        if self.service.shots:
            self.page.screenshot(path=self.service.shots / f"{name}.png", full_page=True)


class Visitors:
    """Everybody who comes to a service during a test; each has a browser's window of their own."""

    def __init__(self, browser: Browser, service: Service, language: str = "zh") -> None:
        self.browser, self.service, self.language = browser, service, language
        self.here: dict[str, Visitor] = {}

    def __getattr__(self, word: str) -> Visitor:
        """Return a person of the demonstration, signed in: `visitors.clerk`."""
        if word.startswith("_"):
            raise AttributeError(word)
        if word not in self.here:
            email = f"{PEOPLE[word]}@demo.kaimen.example"
            # Who has signed in before comes back with their cookies.
            state = self.service.states.get((email, self.language))
            self.here[word] = self.open(state=state) if state else self.open().sign_in(email)
        return self.here[word]

    def open(self, scripts: bool = True, state: object = None) -> Visitor:
        """Return somebody who has not signed in, or who comes with the cookies of one who has."""
        context = self.browser.new_context(
            viewport={"width": WIDE, "height": 900},
            reduced_motion="reduce",
            java_script_enabled=scripts,
            locale=LOCALES[self.language],
            storage_state=state,
        )
        context.set_default_timeout(30_000)
        visitor = Visitor(self.service, context.new_page(), self.language, scripts)
        self.here[f"window {len(self.here)}"] = visitor
        return visitor

    def leave(self) -> None:
        """Close every window; nobody may have met a fault."""
        everybody = list({id(visitor): visitor for visitor in self.here.values()}.values())
        for visitor in everybody:
            visitor.page.context.close()
        faults = list(dict.fromkeys(fault for visitor in everybody for fault in visitor.faults))
        assert not faults, "\n".join(faults)
