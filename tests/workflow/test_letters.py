"""Letters: who gets one, in which language, and how little it says."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Case, CaseStatus, Job, JobState, Letter, Membership, Role, Support, User, WorkItem, now
from models import db as database
from tests.answers import DEMAND
from workflow import audience, background, calendar, letters, outbox
from workflow.outbox import Sessions
from workflow.site import Site

SITE = Site("https://kaimen.office.example")


@pytest.fixture
def session(context: None) -> Sessions:
    """Return the session of the test."""
    return database.session


def person(address: str) -> User:
    return database.session.scalars(select(User).where(User.email == address)).one()


def reached(template: str, meant: object, case: Case | None = None) -> list[str]:
    """Return the addresses an audience stands for today."""
    return [user.email for user in audience.persons(database.session, meant, template, case)]


def work() -> None:
    """Do what is due until nothing is left."""
    database.session.commit()
    while background.run_due(database.session, SITE):
        pass


def written(template: str) -> list[Letter]:
    return list(database.session.scalars(select(Letter).where(Letter.template == template).order_by(Letter.id)))


def test_a_role_of_a_body_reaches_that_bodys_people_alone(session, people, walker):
    body = walker.body()
    assert reached("awaited", {"role": "clerk", "organisation": body.id}) == [people.clerk]
    assert reached("awaited", {"role": "clerk", "organisation": None}) == []
    assert reached("awaited", {"role": "desk", "organisation": None}) == [people.desk]


@pytest.mark.parametrize(("since", "until"), [(1, None), (None, -1)])
def test_whoever_does_not_hold_the_role_today_gets_nothing(session, people, walker, since, until):
    today, body = calendar.today(), walker.body()
    held = session.scalars(select(Membership).where(Membership.user_id == person(people.clerk).id)).one()
    held.since = today + timedelta(days=since) if since else None
    held.until = today + timedelta(days=until) if until else None
    session.commit()
    assert reached("awaited", {"role": "clerk", "organisation": body.id}) == []


def test_a_closed_account_gets_no_letter_and_an_unconfirmed_one_only_those_about_the_account(session, people):
    citizen = person(people.citizen)
    meant = {"user": citizen.id}
    assert reached("received", meant) == [people.citizen]
    citizen.confirmed_at = None
    session.commit()
    assert reached("received", meant) == []
    assert reached("confirm_address", meant) == [people.citizen]
    citizen.closed_at = now()
    session.commit()
    assert reached("confirm_address", meant) == []


def test_whoever_may_not_read_the_case_gets_no_letter_about_it(session, people, walker):
    case = walker.at("assess_demand")
    everybody = [{"user": person(address).id} for address in (people.clerk, people.other_clerk, people.stranger)]
    assert reached("awaited", everybody, case) == [people.clerk]
    everybody.append({"role": "decider", "organisation": None})
    assert reached("awaited", everybody, case) == [people.clerk]


def test_nobody_gets_two_letters_about_one_thing(session, people, walker):
    twice = [{"user": person(people.clerk).id}, {"role": "clerk", "organisation": walker.body().id}]
    assert reached("awaited", twice) == [people.clerk]


def test_a_step_reaches_its_holder_and_while_it_has_none_all_who_may_take_it(session, people, walker):
    case, clerk = walker.at("assess_demand"), person(people.clerk)
    colleague = person(people.other_clerk)
    session.add(Membership(user_id=colleague.id, organisation_id=case.body_id, role=Role.CLERK))
    session.commit()
    # A person's offices are worked out once for each loading.
    session.expunge(colleague)
    meant = {"case": case.id, "steps": ["assess_demand"]}
    assert sorted(reached("overdue", meant, case)) == sorted([people.clerk, people.other_clerk])
    item = session.scalars(select(WorkItem).where(WorkItem.case_id == case.id, WorkItem.step == "assess_demand")).one()
    item.holder_id = clerk.id
    session.commit()
    assert reached("overdue", meant, case) == [people.clerk]


def test_supporters_are_told_only_of_what_is_public(session, people, walker):
    case = walker.at("screen_demand")
    session.add(Support(case_id=case.id, user_id=person(people.stranger).id))
    session.commit()
    meant = {"supporters": case.id}
    assert reached("demand_answered", meant, case) == []
    case.demand.published_at = now()
    session.commit()
    assert reached("demand_answered", meant, case) == [people.stranger]


def test_a_case_writes_to_each_whose_turn_it_is_and_to_its_requester(session, people, walker):
    case = walker.at("assess_demand")
    work()
    assert [letter.user.email for letter in written("received")] == [people.citizen]
    to_do = {letter.user.email: letter for letter in written("awaited")}
    assert set(to_do) == {people.desk, people.clerk}
    letter = to_do[people.clerk]
    assert case.reference in letter.subject
    for words in (case.reference, f"https://kaimen.office.example/cases/{case.reference}", "办理期限："):
        assert words in letter.text


def test_a_draft_writes_to_nobody(session, walker):
    assert walker.at("submit_demand").status is CaseStatus.DRAFT
    work()
    assert session.scalars(select(Letter)).all() == []


def test_no_letter_says_what_is_in_the_case(session, people, walker):
    case = walker.at("dispute_answer")
    session.add(Support(case_id=case.id, user_id=person(people.stranger).id))
    work()
    every = session.scalars(select(Letter)).all()
    assert {letter.template for letter in every} >= {"received", "awaited", "answered", "demand_answered"}
    for letter in every:
        for words in (*DEMAND.values(), "充电桩", "充电站"):
            assert words not in letter.subject + letter.text


def test_a_letter_is_in_its_readers_language(session, people, walker):
    person(people.citizen).language = "en"
    session.commit()
    case = walker.at("screen_demand")
    work()
    [english], [chinese] = written("received"), written("awaited")
    assert (english.language, english.subject) == ("en", f"Received: {case.reference}")
    assert (chinese.language, chinese.subject) == ("zh", f"待办：{case.reference} Screen the demand")


def test_a_second_run_writes_no_second_letter(session, people):
    outbox.put(
        session, "letter", {"template": "incident", "audience": {"user": person(people.steward).id}, "number": "1"}
    )
    work()
    [first] = written("incident")
    session.execute(database.update(Job).values(state=JobState.READY))
    work()
    assert written("incident") == [first]


def test_the_mark_of_a_letter_depends_on_the_job_and_the_person_alone(session, people):
    for address in (people.steward, people.auditor):
        meant = {"template": "incident", "audience": {"user": person(address).id}, "number": "1"}
        outbox.put(session, "letter", meant, key=f"letter:1:1:{address}")
    work()
    marks = [letter.message_id for letter in written("incident")]
    assert len(set(marks)) == 2
    assert all(mark.startswith("<") and mark.endswith("@kaimen.office.example>") for mark in marks)
    session.execute(database.delete(Letter))
    session.execute(database.update(Job).values(state=JobState.READY))
    work()
    assert [letter.message_id for letter in written("incident")] == marks


def test_a_near_limit_and_one_that_has_passed_are_told_and_escalated(session, people, walker):
    case = walker.at("screen_demand")
    walker.expire(case, "demand_screening")
    work()
    assert [letter.user.email for letter in written("overdue")] == [people.desk]
    assert people.authority in [letter.user.email for letter in written("escalated")]


def test_every_template_can_be_written_in_both_languages(session, people):
    said = {"number": "XQ-2026-000012", "kind": "开放需求", "step": "办理", "due": "12月3日（周四）", "person": "读者"}
    said |= {"site": SITE.url, "link": f"{SITE.url}/confirm/abc", "hours": 48, "sign_in": "", "forgot": ""}
    said |= {"consultation": "LZ-2026-000001", "meeting": 1, "title": "第一次会议", "place": "三楼会议室"}
    said |= {"begins": "14:00", "ends": "16:00", "agenda": ["LZ-2026-000001"]}
    said |= {"inviter": "申请人", "email": "colleague@kaimen.example", "days": 14, "reason": "已核对。"}
    names = {file.name.removesuffix(".zh.txt") for file in letters.TEMPLATES.glob("[!_]*.zh.txt")}
    assert names == {file.name.removesuffix(".en.txt") for file in letters.TEMPLATES.glob("[!_]*.en.txt")}
    for name in names:
        for language in letters.DAYS:
            subject, text = letters.compose(name, language, said)
            assert subject
            assert text.endswith("\n")
            assert "\n\n\n" not in text


def test_a_person_with_a_name_of_several_lines_changes_nothing_of_the_letter(session, people):
    citizen = person(people.citizen)
    citizen.name = "Reader\n\nhttps://elsewhere.example/"
    outbox.put(session, "letter", {"template": "incident", "audience": {"user": citizen.id}, "number": "1"})
    work()
    assert "Reader https://elsewhere.example/：" in written("incident")[0].text


def test_reading_marks_ones_own_letters_alone(session, people):
    for address in (people.steward, people.auditor):
        outbox.put(session, "letter", {"template": "incident", "audience": {"user": person(address).id}, "number": "1"})
    work()
    mine, other = written("incident")
    letters.mark_read(session, person(people.steward), other.id)
    assert (mine.read_at, other.read_at) == (None, None)
    letters.mark_read(session, person(people.steward))
    assert mine.read_at is not None
    assert other.read_at is None
