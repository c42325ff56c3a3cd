"""An office and whoever comes to it: what brings an application, in a browser, to the point that a life is about."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pyotp

from api.language import iso
from models import Case, Clock, ClockState, Dataset, Entitlement, db, now
from tests.applications import TERMS, conditional
from tests.browser.visitors import PEOPLE, Visitor, Visitors
from tests.walks import Walker
from workflow import conditions

TEXT = "经审核，材料与公布的条件逐条核对，理由充分，特此决定。"
SAYS = {
    "zh": {
        "usual": "从受理到决定",
        "met": "没有发现不符合的条件",
        "changed": "已改",
        "unchanged": "未改",
        "conditions": "已附条件同意",
        "part": "已部分同意",
        "refused": "未同意",
        "remedy": "行政复议",
        "lapsed": "逾期失效",
        "withdrawn": "已撤回",
        "decided": "各单位已决定",
        "in force": "协议有效",
        "suspended": "已暂停",
        "terminated": "已终止",
        "replaced": "已被替代",
    },
    "en": {
        "usual": "From acceptance to decision",
        "met": "No condition found unmet",
        "changed": "Changed",
        "unchanged": "Not changed",
        "conditions": "Granted under conditions",
        "part": "Granted in part",
        "refused": "Refused",
        "remedy": "administrative reconsideration",
        "lapsed": "Lapsed",
        "withdrawn": "Withdrawn",
        "decided": "Decided by each body",
        "in force": "Agreement in force",
        "suspended": "Suspended",
        "terminated": "Terminated",
        "replaced": "Replaced",
    },
}
_numbers = itertools.count(1)


class Office:
    """A service, the people who come to it, and what brings a case to the point that a life is about."""

    def __init__(self, browser, service, language: str) -> None:
        self.service, self.language, self.says = service, language, SAYS[language]
        self.visitors = Visitors(browser, service, language)
        people = {word: f"{name}@demo.kaimen.example" for word, name in PEOPLE.items()}
        people |= {"stranger": people["neighbour"]}
        self.walker = Walker(service.app, SimpleNamespace(**people))
        self.secrets: dict[str, str] = {}

    def inside(self, act: Callable[[], Any]) -> Any:
        """Do something with the service itself, in a thread without a browser's loop; rows are not handed out."""

        def within() -> Any:
            with self.service.app.app_context():
                try:
                    return act()
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(1) as one:
            return one.submit(within).result()

    def work(self) -> None:
        """Let the worker do what is due."""
        self.inside(self.walker.work)

    def entry(self, name: str, **more: Any) -> str:
        """Return the code of new data that are open under published conditions."""

        def made() -> str:
            found = conditional(f"{name} {next(_numbers)}", **more)
            conditions.publish(found, TERMS, None)
            db.session.commit()
            return found.code

        return self.inside(made)

    def application(self, *codes: str, steps=(), **changes: Any) -> str:
        """Return the reference of an application of the citizen's, with some steps behind it."""

        def made() -> str:
            entries = [db.session.scalars(db.select(Dataset).where(Dataset.code == code)).one() for code in codes]
            return self.walker.take(self.walker.application(*entries, **changes), steps).reference

        return self.inside(made)

    def take(self, reference: str, *steps) -> None:
        """Walk a case on."""
        self.inside(lambda: self.walker.take(case_of(reference), steps))

    def expire(self, reference: str, limit: str) -> None:
        """Let a limit of a case run out."""
        self.inside(lambda: self.walker.expire(case_of(reference), limit))

    def due(self, reference: str, limit: str) -> str:
        """Return the day on which a running limit of a case is due."""

        def found() -> str:
            running = Clock.limit == limit, Clock.state == ClockState.RUNNING
            query = db.select(Clock).join(Case, Case.id == Clock.case_id).where(Case.reference == reference, *running)
            return iso(db.session.scalars(query).one().due_at)

        return self.inside(found)

    def entitlements(self, reference: str) -> list[tuple[str, str]]:
        """Return the references and states of a case's entitlements."""
        query = db.select(Entitlement).join(Case, Case.id == Entitlement.case_id).where(Case.reference == reference)
        return self.inside(lambda: [(each.reference, each.state.value) for each in db.session.scalars(query)])

    def stranger(self) -> Visitor:
        """Return somebody who has not signed in, and reads the language of this service's people."""
        found = self.visitors.open()
        found.goto("/")
        return found

    def begin(self, who: Visitor, reference: str, step: str) -> Any:
        """Open a step from the list of what waits for a person of the office."""
        who.goto("/work")
        who.click(f"main a[href$='/{reference}/{step}']")
        return who.page

    def case(self, who: Visitor, reference: str, state: str = "") -> Any:
        """Open a case's page, look at it in a state of its own, and return what stands on it."""
        who.goto(f"/cases/{reference}")
        if state:
            who.look(f"-{state}")
        return who.page.locator("main")

    def judge(
        self, who: Visitor, reference: str, opinion: str = "support", unmet: Callable[[str], bool] = bool
    ) -> None:
        """Let a reviewer find on every published condition."""
        page = self.begin(who, reference, "review_application")
        keys = page.locator("input[type=hidden][name$='-criterion']")
        assert keys.count() >= 10
        for number in range(keys.count()):
            missed = keys.nth(number).get_attribute("value") == unmet
            page.locator(f"label:has([name=findings-{number}-finding][value={'unmet' if missed else 'met'}])").click()
            page.fill(f"[name=findings-{number}-reason]", "材料里没有写明。" if missed else "材料齐全，核对无误。")
        who.fill({"opinion": opinion, "grounds": TEXT})
        who.send("button.btn-primary")
        who.accepted()

    def sign(self, who: Visitor, reference: str, step: str, role: str) -> None:
        """Let a person sign with a second factor, which is set up on the way where there is none yet."""
        path = f"/{role}/cases/{reference}/{step}"
        who.goto(path)
        page = who.page
        if role not in self.secrets:
            who.click("main a[href*='/account/second-factor']")
            who.fill({"password": self.service.password})
            who.send("[type=submit]")
            who.look("-device")
            secret = page.locator("main code").first.inner_text().replace(" ", "")
            # A code is taken once: the device begins with that of the half minute before, and signs with the next.
            # Where a half minute is nearly over, the one before would be too old by the time it arrives.
            left = 30 - now().timestamp() % 30
            page.wait_for_timeout(left * 1000 + 200 if left < 10 else 0)
            who.fill({"code": pyotp.TOTP(secret).at(now() - timedelta(seconds=30))})
            who.send("[type=submit]")
            who.look("-codes")
            self.secrets[role] = secret
            who.click("main a.btn-primary")
            assert page.url.endswith(path)
        paper = page.locator("main a[href$='.pdf']").first.get_attribute("href")
        assert page.request.get(self.service.base + paper).body().startswith(b"%PDF")
        who.fill({"agreed": True, "code": pyotp.TOTP(self.secrets[role]).at(now())})
        who.send()
        who.accepted()


def case_of(reference: str) -> Case:
    """Return a case by its reference; must be called inside an application context."""
    return db.session.scalars(db.select(Case).where(Case.reference == reference)).one()
