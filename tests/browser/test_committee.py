"""The committee in a real browser: seven members declare, read, seal, change, and read what came of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask_babel import force_locale, gettext
from playwright.sync_api import expect

from models import Case, db
from tests.answers import LISTED, USED
from tests.browser.conftest import running
from tests.browser.visitors import PEOPLE, Visitors
from tests.conftest import empty
from tests.consulted import ASKED, CONCLUSION, NO_TIE, TIE, UNSURE, opinion, to_seat
from tests.walks import Walker
from workflow import calendar, casework

pytestmark = pytest.mark.browser
SECRETARY = "/secretary/cases/{case}/{step}"
MEMBER = "/expert/cases/{case}/{step}"
EXPERTS = [f"expert{number}" for number in range(1, 10)]
RECUSED = {"interest_text": "刚刚接受了申请单位的委托。"}
EVIDENCE = {"name": "反对的证据.txt", "mimeType": "text/plain", "buffer": "单日起讫点可能指向住址。".encode()}
RESULTS = {"support": "多数赞成", "conditions": "多数附条件赞成", "divided": "没有形成多数"}


@pytest.fixture(scope="module")
def visitors(browser, service):
    """Return people who stay signed in from one life to the next; none may have met a fault."""
    group = Visitors(browser, service)
    yield group
    group.leave()


@pytest.fixture(scope="module")
def visitors_in_english(browser, tmp_path_factory, seen, postgresql):
    """Return people who read English, on a service of their own on PostgreSQL."""
    with empty(postgresql) as url, running(tmp_path_factory.mktemp("committee"), url, seen) as service:
        group = Visitors(browser, service, "en")
        yield group
        group.leave()


@pytest.fixture(params=["zh", "en"])
def either(request):
    """Return people of one language, then of the other."""
    return request.getfixturevalue("visitors" if request.param == "zh" else "visitors_in_english")


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

    def inside(self, act, works: bool = True) -> None:
        """Do something with the case itself, and let the worker work; both in a thread without a browser's loop."""

        def work() -> None:
            with self.app.app_context():
                act(db.session.scalar(db.select(Case).where(Case.reference == self.case)))
                if works:
                    self.walker.work()
                db.session.remove()

        with ThreadPoolExecutor(1) as one:
            one.submit(work).result()

    def words(self, source: str, **values) -> str:
        """Return a sentence as its readers are shown it."""
        with self.app.test_request_context(), force_locale(self.visitors.language):
            return gettext(source, **values)

    def unseal(self) -> None:
        """Let the worker open a ballot that has closed."""
        self.inside(lambda case: None)

    def late(self) -> None:
        """Let the time for opinions run out."""
        self.inside(lambda case: self.walker.expire(case, "expert_opinion"))

    def take(self, *deeds) -> None:
        """Let people answer steps through the door, where a life is about something else."""

        def act(case) -> None:
            for who, step, answer in deeds:
                casework.submit(case, step, answer, actor=self.walker.person(who))

        self.inside(act, works=False)

    def declared(self, *who) -> None:
        """Let members declare that nothing ties them, through the door."""
        self.take(*[(each, "declare_interest", NO_TIE) for each in who])

    def given(self, **stances: str) -> None:
        """Let members declare and give their opinions, through the door."""
        self.declared(*stances)
        self.take(*[(who, "give_opinion", opinion(stance)) for who, stance in stances.items()])

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
        self.know()

    def seated(self, members: int = 7, stand_ins: int = 0, without: tuple[str, ...] = ()) -> None:
        """Seat so many through the door, without some."""
        people = [each for each in EXPERTS if each not in without]

        def act(case) -> None:
            sits = to_seat(self.walker, people[:members], people[members : members + stand_ins])
            casework.submit(case, "seat_experts", sits, actor=self.walker.person("secretary"))

        self.inside(act, works=False)
        self.know()

    def know(self) -> None:
        """Learn who sits, in the order of their seats, and who stands in."""
        with self.app.app_context():
            case = db.session.scalar(db.select(Case).where(Case.reference == self.case))
            people = {self.walker.person(who).id: who for who in PEOPLE if who.startswith("expert")}
            found = [each for each in case.consultations[-1].seats if each.left_at is None]
            self.members = [people[each.user_id] for each in sorted(found, key=lambda each: each.number)]
            self.stand_ins = [people[key] for key in case.consultations[-1].stand_ins]
            db.session.remove()

    def give(self, who: str, stance: str) -> None:
        """Let a member declare that nothing ties them, and give an opinion."""
        self.answer(who, "declare_interest", NO_TIE)
        self.answer_open(who, stance)

    def answer_open(self, who: str, stance: str, file: dict | None = None) -> None:
        """Let a member give an opinion, with a file or without, on the page on which the declaration has led them."""
        visitor = getattr(self.visitors, who)
        expect(visitor.page).to_have_url(visitor.service.base + MEMBER.format(case=self.case, step="give_opinion"))
        visitor.fill(opinion(stance))
        if file:
            visitor.page.set_input_files("input[type=file]", file)
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

    def conclude(self, who: str, advice: str = "support") -> None:
        """Let the chair conclude, and the minutes be made."""
        self.answer(who, "conclude_consultation", CONCLUSION | {"advice": advice})
        self.unseal()

    def standing(self, entitled: int, quorum: int, left: int) -> str:
        """Return what the page says of those who sit and of the quorum."""
        said = "应到 %(entitled)d 人，法定人数 %(quorum)d 人（应到的三分之二，不少于三人）；回避或更换 %(left)d 人。"
        return self.words(said, entitled=entitled, quorum=quorum, left=left)

    def counted(self, result: str) -> str:
        """Return the heading of a count."""
        return self.words("计票：%(result)s", result=self.words(RESULTS[result]))


def classified(walker):
    """Return a case whose classification was put to the committee."""
    return walker.take(walker.listing(), [*LISTED[:2], ("review_classification", "reviewer", ASKED)])


def applied(walker):
    """Return an application whose reviewer put it to the committee."""
    asked = {"consult": True, "committee_question": "按申请的用途使用，重识别的风险有多大？需要哪些附加的措施？"}
    review = ("review_application", "reviewer", {**USED[2][2], **asked})
    return walker.take(walker.application(), [USED[1], review])


def tabled(walker):
    """Return an application for data so delicate that the table calls the committee."""
    case = walker.at("review_security")
    steps = (
        ("review_application", "reviewer", {"opinion": "support", "grounds": "逐条核对，全部符合公布的条件。"}),
        ("review_security", "security", {"security": "support", "grounds": "安全保障与数据级别相当，可以同意。"}),
        ("consult_right_holder", "clerk", walker.answer("consult_right_holder")),
    )
    return walker.take(case, steps)


def test_seven_members_agree_and_one_changes_their_mind(either):
    hearing = Hearing(either, classified)
    either.secretary.goto("/consultations")
    hearing.session("secretary")
    hearing.seat()
    first, second, *others = hearing.members
    chair = getattr(either, first)
    chair.goto("/consultations")
    hearing.give(first, "oppose")
    chair.look("-handed-in")
    page = chair.page
    page.click("main a[href$='change=1']")
    expect(page.locator("[name=stance][value=oppose]")).to_be_checked()
    chair.look("-changing")
    chair.fill(opinion("support"))
    chair.send()
    progress = "已声明 %(declared)d / %(all)d，已提交 %(handed)d / %(all)d"
    live = hearing.session("secretary", "sealed")
    expect(live).to_contain_text(hearing.words(progress, declared=1, handed=1, all=7))
    hearing.give(second, "support")
    hearing.given(**dict.fromkeys(others[:-1], "support"))
    hearing.give(others[-1], "support")
    # The secretary's page has been open meanwhile, and follows by itself.
    expect(live).to_contain_text(hearing.words(progress, declared=7, handed=7, all=7), timeout=20_000)
    hearing.unseal()
    expect(hearing.session("auditor")).to_contain_text(hearing.counted("support"))
    expect(hearing.session(first)).to_contain_text(hearing.words("您的意见"))
    hearing.conclude(first)
    ended = hearing.session("reviewer", "unanimous")
    expect(ended).to_contain_text(hearing.words("结论：%(advice)s", advice=hearing.words("建议同意")))
    expect(ended.locator(".km-dissent")).to_have_count(0)
    expect(ended.locator("a[href$='.pdf']")).to_be_visible()
    either.reviewer.goto(f"/cases/{hearing.case}")
    either.secretary.goto("/committee")


def test_a_split_committee_gives_conditions_and_records_its_dissent(either):
    hearing = Hearing(either, applied)
    hearing.seated()
    first, second, *others = hearing.members
    third = others[0]
    hearing.answer(
        third, "declare_interest", {"interest": "unsure", "interest_text": UNSURE["interest_text"], "binding": True}
    )
    ruling = {"seat": 3, "ruling": "cleared", "reason": "一次讲课不影响公正，可以参加。"}
    hearing.answer("secretary", "rule_on_interest", ruling)
    getattr(either, third).goto(MEMBER.format(case=hearing.case, step="give_opinion"))
    hearing.answer_open(third, "oppose", EVIDENCE)
    expect(getattr(either, third).page.locator("main details a")).to_have_text(EVIDENCE["name"])
    expect(hearing.session("secretary")).not_to_contain_text(EVIDENCE["name"])
    hearing.give(second, "conditions")
    stances = ["support", "conditions", "oppose", "support", "conditions"]
    hearing.given(**dict(zip([first, *others[1:]], stances, strict=True)))
    hearing.unseal()
    expect(hearing.session("secretary")).to_contain_text(hearing.counted("conditions"))
    hearing.conclude(first, "conditions")
    ended = hearing.session("secretary", "concluded")
    expect(ended.locator(".km-dissent")).to_have_count(2)
    with either.secretary.page.expect_download() as download:
        ended.get_by_text(EVIDENCE["name"]).click()
    assert download.value.suggested_filename == EVIDENCE["name"]
    expect(ended).to_contain_text(hearing.words("密封码全部一致"))


def test_a_tie_is_no_majority_and_binds_nobody(either):
    hearing = Hearing(either, tabled)
    hearing.seated()
    first, *others = hearing.members
    stances = ["support", "support", "support", "oppose", "oppose"]
    hearing.given(**dict(zip(others[:-1], stances, strict=True)))
    hearing.give(others[-1], "oppose")
    hearing.give(first, "abstain")
    hearing.unseal()
    expect(hearing.session("secretary")).to_contain_text(hearing.counted("divided"))
    hearing.conclude(first, "divided")
    ended = hearing.session("secretary", "divided")
    expect(ended).to_contain_text(hearing.words("没有形成多数意见，决定不受其约束。"))
    expect(ended.locator(".km-dissent")).to_have_count(0)


def test_a_member_who_is_tied_leaves_and_a_stand_in_takes_the_seat(either):
    hearing = Hearing(either, classified)
    hearing.seated(members=5, stand_ins=1)
    first, second, *others = hearing.members
    [stand_in] = hearing.stand_ins
    hearing.answer(
        second, "declare_interest", {"interest": "conflict", "interest_text": TIE["interest_text"], "binding": True}
    )
    gone = getattr(either, second)
    assert gone.page.url.endswith("/consultations")
    expect(gone.page.locator("main")).not_to_contain_text(hearing.lz)
    expect(hearing.session("secretary")).to_contain_text(hearing.standing(entitled=5, quorum=4, left=1))
    hearing.given(**dict.fromkeys([first, *others], "support"))
    came = getattr(either, stand_in)
    came.goto("/consultations")
    expect(came.page.locator("main")).to_contain_text(hearing.lz)
    hearing.give(stand_in, "conditions")
    hearing.unseal()
    ended = hearing.session("secretary", "stood-in")
    expect(ended).to_contain_text(hearing.words("候补入席"))
    expect(ended).to_contain_text(hearing.counted("support"))


def test_two_who_leave_break_the_quorum_and_the_committee_is_seated_anew(either):
    hearing = Hearing(either, classified)
    hearing.seated(members=5)
    first, second, third, fourth, _ = hearing.members
    hearing.given(**dict.fromkeys([first, second, third], "support"))
    # One has handed in already, and takes it back.
    hearing.answer(third, "recuse", RECUSED)
    tied = {"interest": "conflict", "interest_text": TIE["interest_text"], "binding": True}
    hearing.answer(fourth, "declare_interest", tied)
    assert getattr(either, third).page.url.endswith("/consultations")
    live = hearing.session("secretary")
    expect(live).to_contain_text(hearing.standing(entitled=3, quorum=3, left=2))
    expect(live).to_contain_text(hearing.words("意见已收回"))
    hearing.late()
    short = hearing.session("secretary", "short")
    expect(short).to_contain_text(hearing.words("未达法定人数"))
    expect(short.locator(".km-dissent, .km-votes")).to_have_count(0)
    again = {"extension": "reseat", "reason": "两名委员先后回避，重新组成论证会。"}
    hearing.answer("secretary", "extend_ballot", again)
    hearing.seated(members=5, without=(third, fourth))
    hearing.given(**dict.fromkeys(hearing.members, "support"))
    hearing.unseal()
    expect(hearing.session("secretary")).to_contain_text(hearing.counted("support"))


def test_at_the_deadline_five_of_seven_are_enough(visitors):
    hearing = Hearing(visitors, applied)
    hearing.seated()
    first, *others = hearing.members
    hearing.given(**dict.fromkeys(others[:4], "support"))
    hearing.give(first, "oppose")
    hearing.late()
    ended = hearing.session(first)
    expect(ended).to_contain_text("收到意见 5 份")
    expect(ended).to_contain_text("多数赞成")
    late = getattr(visitors, others[5])
    late.page.goto(late.service.base + MEMBER.format(case=hearing.case, step="declare_interest"))
    expect(late.page.locator("[name=interest]")).to_have_count(0)


def test_too_few_hand_in_the_secretary_extends_once_and_then_there_are_enough(visitors):
    hearing = Hearing(visitors, classified)
    hearing.seated()
    first, *others = hearing.members
    hearing.given(**dict.fromkeys([first, *others[:2]], "support"))
    hearing.late()
    expect(hearing.session("secretary")).to_contain_text("意见没有启封")
    hearing.answer("secretary", "extend_ballot", {"extension": "extend", "reason": "三名委员出差在外，延长一次。"})
    hearing.give(others[2], "oppose")
    hearing.given(**{others[3]: "support"})
    hearing.late()
    ended = hearing.session(first)
    expect(ended).to_contain_text("收到意见 5 份")
    expect(ended).to_contain_text("多数赞成")


def test_without_a_quorum_the_secretary_gives_up_and_nothing_is_opened(visitors):
    hearing = Hearing(visitors, classified)
    hearing.seated(members=5)
    first, second, *_ = hearing.members
    hearing.given(**{first: "support", second: "oppose"})
    hearing.late()
    ends = {"extension": "end", "reason": "多数委员长期不能参加，结束论证。"}
    hearing.answer("secretary", "extend_ballot", ends)
    hearing.unseal()
    ended = hearing.session("secretary", "no-quorum")
    expect(ended).to_contain_text("没有达到法定人数，论证没有形成意见")
    expect(ended.locator(".km-votes, .km-dissent")).to_have_count(0)
    expect(ended.locator("a[href$='.pdf']")).to_be_visible()
    # The case goes on without advice.
    visitors.reviewer.goto(f"/reviewer/cases/{hearing.case}/review_classification")


def test_a_meeting_is_called_held_and_set_down_for_each_of_its_cases(service, visitors):
    hearings = [Hearing(visitors, classified), Hearing(visitors, applied)]
    for each in hearings:
        each.seated(members=5)
    secretary, members = visitors.secretary, hearings[0].members
    assert members == hearings[1].members
    secretary.goto("/meetings/new")
    day = (calendar.today() + timedelta(days=5)).isoformat()
    secretary.fill({"title": "第三次论证会", "day": day, "begins": "14:00", "ends": "16:30", "place": "三楼会议室"})
    for each in hearings:
        secretary.page.locator(f"[name=agenda][value='{each.lz}']").check()
    secretary.send()
    secretary.accepted()
    address = secretary.page.url.removeprefix(service.base)
    secretary.goto(address + "/edit")
    first, *others = members
    getattr(visitors, first).goto("/meetings")
    for who, stance in zip(members[:2], ("abstain", "support"), strict=True):
        for each in hearings:
            visitor = getattr(visitors, who)
            visitor.goto(address)
            visitor.click(f"main a[href*='/{each.case}/declare_interest']")
            visitor.fill(NO_TIE)
            visitor.send()
            each.answer_open(who, stance)
    for each in hearings:
        each.given(**dict.fromkeys(others[1:], "support"))
    secretary.goto(address)
    for box in secretary.page.locator("[name=present]").all()[:4]:
        box.check()
    secretary.click("form[action$='/attendance'] button")
    secretary.accepted()
    for each in hearings:
        each.unseal()
        each.conclude(first)
        ended = each.session("secretary")
        expect(ended).to_contain_text("未到会")
        expect(ended.locator("a[href$='.pdf']")).to_be_visible()
    secretary.goto(address)


def test_the_committees_pages_in_english(visitors_in_english):
    visitors = visitors_in_english
    hearing = Hearing(visitors, classified)
    hearing.seated(members=5)
    second = hearing.members[1]
    getattr(visitors, second).goto(MEMBER.format(case=hearing.case, step="declare_interest"))
    hearing.declared(second)
    getattr(visitors, second).goto(MEMBER.format(case=hearing.case, step="recuse"))
    visitors.secretary.goto(SECRETARY.format(case=hearing.case, step="replace_expert"))
    visitors.secretary.goto("/committee")
    key = visitors.secretary.page.locator("main table a").first.get_attribute("href")
    visitors.secretary.goto(key)
    visitors.secretary.goto("/committee/new")
    visitors.secretary.goto("/meetings/new")
    day = (calendar.today() + timedelta(days=5)).isoformat()
    call = {"title": "Third meeting", "day": day, "begins": "14:00", "ends": "16:30", "place": "Third floor"}
    visitors.secretary.fill(call)
    visitors.secretary.page.locator(f"[name=agenda][value='{hearing.lz}']").check()
    visitors.secretary.send()
    visitors.secretary.accepted()
    visitors.secretary.goto("/meetings")
