"""The committee in a real browser: seven members declare, read, seal, change, and read what came of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from models import Case, db
from tests.answers import LISTED, USED
from tests.browser.visitors import PEOPLE, Visitors
from tests.consulted import ASKED, CONCLUSION, TIE, UNSURE, opinion
from tests.walks import Walker
from workflow import calendar

pytestmark = pytest.mark.browser
SECRETARY = "/secretary/cases/{case}/{step}"
MEMBER = "/expert/cases/{case}/{step}"
NO_TIE = {"interest": "none", "binding": True}


@pytest.fixture(scope="module")
def visitors(browser, service):
    """Return people who stay signed in from one life to the next; none may have met a fault."""
    group = Visitors(browser, service)
    yield group
    group.leave()


class Hearing:
    """A case that was put to the committee, and the people who come to it."""

    def __init__(self, visitors, way) -> None:
        self.visitors, self.app = visitors, visitors.service.app
        self.walker = Walker(
            self.app, SimpleNamespace(**{word: f"{name}@demo.kaimen.example" for word, name in PEOPLE.items()})
        )
        with self.app.app_context():
            case = way(self.walker)
            self.case, self.lz = case.reference, case.consultations[-1].reference
            db.session.remove()

    def inside(self, act) -> None:
        """Do something with the case itself, and let the worker work; both in a thread without a browser's loop."""

        def work() -> None:
            with self.app.app_context():
                act(db.session.scalar(db.select(Case).where(Case.reference == self.case)))
                self.walker.work()
                db.session.remove()

        with ThreadPoolExecutor(1) as one:
            one.submit(work).result()

    def unseal(self) -> None:
        """Let the worker open a ballot that has closed."""
        self.inside(lambda case: None)

    def late(self) -> None:
        """Let the time for opinions run out."""
        self.inside(lambda case: self.walker.expire(case, "expert_opinion"))

    def answer(self, who: str, step: str, form: dict) -> None:
        """Let somebody answer a step on its page."""
        visitor = getattr(self.visitors, who)
        visitor.goto((SECRETARY if who == "secretary" else MEMBER).format(case=self.case, step=step))
        visitor.fill(form)
        visitor.send()
        visitor.accepted()

    def seat(self, members: int = 7, stand_ins: int = 2) -> None:
        """Let the secretary seat so many of those proposed, the first of them in the chair."""
        secretary = self.visitors.secretary
        secretary.goto(SECRETARY.format(case=self.case, step="seat_experts"))
        page = secretary.page
        seats, waiting = page.locator("[name=experts]"), page.locator("[name=stand_ins]")
        expect(page.locator("[name=experts]:checked")).to_have_count(7)
        for number in range(seats.count()):
            seats.nth(number).set_checked(number < members)
            waiting.nth(number).set_checked(members <= number < members + stand_ins)
        page.locator("[name=chair]").first.check()
        secretary.send("button.btn-primary")
        secretary.accepted()
        with self.app.app_context():
            case = db.session.scalar(db.select(Case).where(Case.reference == self.case))
            sat = [each.user.email.partition("@")[0] for each in case.consultations[-1].seats]
            self.members = sat[:members]
            with_number = case.consultations[-1].stand_ins
            people = {self.walker.person(who).id: who for who in PEOPLE if who.startswith("expert")}
            self.stand_ins = [people[key] for key in with_number]
            db.session.remove()

    def give(self, who: str, stance: str) -> None:
        """Let a member declare that nothing ties them, and give an opinion."""
        self.answer(who, "declare_interest", NO_TIE)
        self.answer_open(who, stance)

    def answer_open(self, who: str, stance: str) -> None:
        """Let a member give an opinion on the page on which the declaration has led them."""
        visitor = getattr(self.visitors, who)
        expect(visitor.page).to_have_url(visitor.service.base + MEMBER.format(case=self.case, step="give_opinion"))
        visitor.fill(opinion(stance))
        visitor.send()
        # With the last opinion the ballot closes, and the consultation's page is shown instead.
        expect(visitor.page.locator("#in-t, .km-seal").first).to_be_visible()

    def session(self, who: str, state: str = ""):
        """Return the consultation's page as somebody sees it, and look at it in a state of its own."""
        visitor = getattr(self.visitors, who)
        visitor.goto(f"/consultations/{self.lz}")
        if state:
            visitor.look(f"-{state}")
        return visitor.page.locator("main")


def classified(walker):
    """Return a case whose classification was put to the committee."""
    return walker.take(walker.listing(), [*LISTED[:2], ("review_classification", "reviewer", ASKED)])


def applied(walker):
    """Return an application whose reviewer put it to the committee."""
    asked = {"consult": True, "committee_question": "按申请的用途使用，重识别的风险有多大？需要哪些附加的措施？"}
    review = ("review_application", "reviewer", {**USED[2][2], **asked})
    return walker.take(walker.application(), [USED[1], review])


def test_seven_members_agree_and_one_changes_their_mind(visitors):
    hearing = Hearing(visitors, classified)
    visitors.secretary.goto("/consultations")
    hearing.session("secretary")
    hearing.seat()
    first, *others = hearing.members
    chair = getattr(visitors, first)
    chair.goto("/consultations")
    hearing.answer(first, "declare_interest", NO_TIE)
    hearing.answer_open(first, "oppose")
    chair.look("-handed-in")
    page = chair.page
    page.click("main a[href$='change=1']")
    expect(page.locator("[name=stance][value=oppose]")).to_be_checked()
    chair.look("-changing")
    chair.fill(opinion("support"))
    chair.send()
    live = hearing.session("secretary", "sealed")
    expect(live).to_contain_text("已提交 1 / 7")
    for who in others:
        hearing.give(who, "support")
    # The secretary's page has been open meanwhile, and follows by itself.
    expect(live).to_contain_text("已提交 7 / 7", timeout=20_000)
    hearing.unseal()
    expect(hearing.session("auditor")).to_contain_text("多数赞成")
    expect(hearing.session(first)).to_contain_text("您的意见")
    hearing.answer(first, "conclude_consultation", CONCLUSION)
    hearing.unseal()
    ended = hearing.session("reviewer")
    expect(ended).to_contain_text("建议同意")
    expect(ended.locator("a[href$='.pdf']")).to_be_visible()
    visitors.reviewer.goto(f"/cases/{hearing.case}")
    visitors.secretary.goto("/committee")


def test_a_split_committee_with_a_recusal_a_ruling_and_dissent_on_an_application(visitors):
    hearing = Hearing(visitors, applied)
    hearing.seat()
    first, second, third, *others = hearing.members
    hearing.answer(
        second, "declare_interest", {"interest": "conflict", "interest_text": TIE["interest_text"], "binding": True}
    )
    gone = getattr(visitors, second)
    assert gone.page.url.endswith("/consultations")
    expect(gone.page.locator("main")).not_to_contain_text(hearing.lz)
    hearing.answer(
        third, "declare_interest", {"interest": "unsure", "interest_text": UNSURE["interest_text"], "binding": True}
    )
    seat = hearing.members.index(third) + 1
    ruling = {"seat": seat, "ruling": "cleared", "reason": "一次讲课不影响公正，可以参加。"}
    hearing.answer("secretary", "rule_on_interest", ruling)
    getattr(visitors, third).goto(MEMBER.format(case=hearing.case, step="give_opinion"))
    hearing.answer_open(third, "oppose")
    visitors.secretary.goto(SECRETARY.format(case=hearing.case, step="replace_expert"))
    for who, stance in zip(
        [first, hearing.stand_ins[0], *others],
        ["support", "conditions", "conditions", "oppose", "support", "conditions"],
        strict=True,
    ):
        hearing.give(who, stance)
    hearing.unseal()
    hearing.answer(first, "conclude_consultation", CONCLUSION | {"advice": "conditions"})
    hearing.unseal()
    ended = hearing.session("secretary", "concluded")
    expect(ended.locator(".km-dissent")).to_have_count(2)
    expect(ended).to_contain_text("多数附条件赞成")
    expect(ended).to_contain_text("密封码全部一致")


def test_too_few_hand_in_the_secretary_extends_and_a_recusal_leaves_an_empty_seat(visitors):
    hearing = Hearing(visitors, classified)
    hearing.seat(members=7, stand_ins=0)
    first, second, *others = hearing.members
    hearing.answer(second, "declare_interest", NO_TIE)
    hearing.answer(second, "recuse", {"interest_text": "刚刚接受了申请单位的委托。"})
    expect(hearing.session("secretary")).to_contain_text("应到 6 人，法定人数 4 人")
    for who in (first, *others[:2]):
        hearing.give(who, "support")
    hearing.late()
    expect(hearing.session("secretary", "short")).to_contain_text("意见没有启封")
    hearing.answer("secretary", "extend_ballot", {"extension": "extend", "reason": "三名委员出差在外，延长一次。"})
    hearing.give(others[2], "oppose")
    hearing.late()
    ended = hearing.session(first)
    expect(ended).to_contain_text("收到意见 4 份")
    expect(ended).to_contain_text("多数赞成")


def test_a_meeting_is_called_held_and_set_down(service, visitors):
    hearing = Hearing(visitors, classified)
    hearing.seat(members=5)
    secretary, first = visitors.secretary, hearing.members[0]
    secretary.goto("/meetings/new")
    day = (calendar.today() + timedelta(days=5)).isoformat()
    secretary.fill({"title": "第三次论证会", "day": day, "begins": "14:00", "ends": "16:30", "place": "三楼会议室"})
    secretary.page.locator(f"[name=agenda][value='{hearing.lz}']").check()
    secretary.send()
    secretary.accepted()
    address = secretary.page.url.removeprefix(service.base)
    secretary.goto(address + "/edit")
    member = getattr(visitors, first)
    member.goto("/meetings")
    for who in hearing.members:
        visitor = getattr(visitors, who)
        visitor.goto(address)
        visitor.click(f"main a[href*='/{hearing.case}/declare_interest']")
        visitor.fill(NO_TIE)
        visitor.send()
        hearing.answer_open(who, "abstain" if who == first else "support")
    secretary.goto(address)
    for box in secretary.page.locator("[name=present]").all()[:4]:
        box.check()
    secretary.click("form[action$='/attendance'] button")
    secretary.accepted()
    hearing.unseal()
    hearing.answer(first, "conclude_consultation", CONCLUSION)
    expect(hearing.session("secretary")).to_contain_text("未到会")


def test_the_committees_pages_in_english(service, come):
    visitors = come(service, "en")
    hearing = Hearing(visitors, classified)
    hearing.seat(members=5)
    first = hearing.members[0]
    visitor = getattr(visitors, first)
    visitor.goto("/consultations")
    hearing.give(first, "conditions")
    visitor.look("-handed-in")
    hearing.session("secretary", "sealed")
    visitors.secretary.goto("/committee")
    key = visitors.secretary.page.locator("main table a").first.get_attribute("href")
    visitors.secretary.goto(key)
    visitors.secretary.goto("/committee/new")
    visitors.secretary.goto("/meetings/new")
