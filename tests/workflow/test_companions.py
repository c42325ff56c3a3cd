"""Whoever works on an application with its requester gets its letters and finds it among their work; others do not."""

import pytest

from api.language import say
from models import Letter, User, WorkItem, db
from tests.answers import ANSWERS, ASKED, RETURNED, USED
from workflow import access, casework, companions, inbox
from workflow.errors import NotYours
from workflow.inbox import Question
from workflow.stages import STEPS
from workflow.walks import View
from workflow.worklist import open_items

pytestmark = pytest.mark.usefixtures("context")
URL = "http://localhost"


@pytest.fixture
def case(walker):
    """Return an application that has been handed in."""
    return walker.application()


def join(walker, case) -> User:
    """Let somebody work on an application with the citizen."""
    person = walker.person("stranger")
    link = companions.invite(case, person.email, False, actor=walker.person("citizen"), url=URL)
    companions.join(companions.secret_of(link), actor=person)
    return person


def leave(case, person) -> None:
    [asked] = [each for each in companions.listed(case) if each.user_id == person.id]
    companions.remove(case, asked.id, actor=person)


def letters(walker, word: str, case) -> list[str]:
    """Return the kinds of letters about a case that a person has got, once the worker has written them."""
    walker.work()
    query = db.select(Letter.template).where(Letter.user_id == walker.person(word).id, Letter.case_id == case.id)
    return list(db.session.scalars(query.order_by(Letter.id)))


def asked_of(person, **question) -> list[str]:
    """Return the steps on a person's work list."""
    return [row.step for row in inbox.page(person, Question(**question), 20).rows]


def test_a_stranger_gets_no_letter_and_no_work(walker, case):
    companions.invite(case, walker.person("stranger").email, True, actor=walker.person("citizen"), url=URL)
    walker.take(case, [("check_application", "desk", RETURNED)])
    assert "your_turn" in letters(walker, "citizen", case)
    assert letters(walker, "stranger", case) == []
    assert asked_of(walker.person("stranger")) == []


def test_whoever_has_joined_is_asked_and_told_as_the_requester_is(walker, case):
    walker.work()
    person = join(walker, case)
    walker.take(case, [("check_application", "desk", RETURNED)])
    assert letters(walker, "stranger", case) == ["your_turn"]
    assert asked_of(person) == asked_of(person, view=View.MINE) == asked_of(walker.person("citizen"))
    assert asked_of(person) == ["complete_application"]
    assert inbox.counts(person, Question()).views[View.MINE] == 1
    assert inbox.is_listed(person, case, "complete_application")
    assert asked_of(person, view=View.GROUP) == []
    casework.submit(case, "complete_application", walker.answer("complete_application", case), actor=person)
    walker.take(case, [USED[1], ("review_application", "reviewer", ASKED)])
    for word in ("citizen", "stranger"):
        assert letters(walker, word, case)[-3:] == ["received", "accepted", "your_turn"], word
    assert letters(walker, "auditor", case) == []


def test_what_one_of_them_takes_in_hand_stays_with_all_of_them(walker, case):
    person = join(walker, case)
    walker.take(case, [("check_application", "desk", RETURNED)])
    casework.claim(case, "complete_application", actor=person)
    assert asked_of(walker.person("citizen")) == ["complete_application"]
    leave(case, person)
    assert asked_of(walker.person("citizen")) == ["complete_application"]


def test_whoever_has_left_is_neither_asked_nor_told(walker, case):
    person = join(walker, case)
    leave(case, person)
    walker.take(case, [("check_application", "desk", RETURNED)])
    assert letters(walker, "stranger", case) == []
    assert asked_of(person) == []
    waits = db.select(WorkItem.id).where(access.waiting_for(person))
    assert db.session.scalars(waits).all() == []


def test_a_near_limit_warns_everybody_on_the_requesters_side(walker, case):
    person = join(walker, case)
    walker.take(case, [("check_application", "desk", RETURNED)])
    walker.expire(case, "completion")
    for word in ("citizen", "stranger"):
        assert {"overdue", "ended"} <= set(letters(walker, word, case)), word
    assert asked_of(person) == []


def test_only_those_named_for_it_are_asked_to_sign(walker, case):
    plain, signatory = join(walker, case), signing(walker, case)
    walker.take(case, USED[1:7])
    assert [item.step for item in open_items(case) if not item.offered] == ["sign_agreement"]
    assert asked_of(plain) == []
    assert asked_of(signatory) == asked_of(walker.person("citizen")) == ["sign_agreement"]
    [item] = [item for item in open_items(case) if item.step == "sign_agreement"]
    assert not access.may_take(plain, case, item)
    assert access.may_take(signatory, case, item)
    turns = db.select(Letter.user_id).where(Letter.case_id == case.id, Letter.template == "your_turn")
    walker.work()
    of_signing = list(db.session.scalars(turns.where(Letter.text.contains(words_of("sign_agreement")))))
    assert sorted(of_signing) == sorted([case.requester_id, signatory.id])
    with pytest.raises(NotYours):
        casework.submit(case, "sign_agreement", {**ANSWERS["sign_agreement"], "code": "000000"}, actor=plain)


def test_a_withdrawal_by_somebody_else_is_told_to_the_requester(walker, case):
    person = join(walker, case)
    casework.submit(case, "withdraw_application", {"reason": "项目取消"}, actor=person)
    assert letters(walker, "citizen", case)[-1] == "ended"


def test_the_requesters_own_withdrawal_is_told_to_nobody(walker, case):
    join(walker, case)
    walker.take(case, [("withdraw_application", "citizen", {"reason": "不再需要"})])
    assert "ended" not in letters(walker, "citizen", case)


def signing(walker, case) -> User:
    """Return somebody who may sign for the citizen."""
    confirmed = walker.person("citizen").confirmed_at
    person = User(email="signatory@example.org", name="签署人", password="-", confirmed_at=confirmed)
    db.session.add(person)
    db.session.commit()
    link = companions.invite(case, person.email, True, actor=walker.person("citizen"), url=URL)
    companions.join(companions.secret_of(link), actor=person)
    return person


def words_of(step: str) -> str:
    """Return the title of a step as a Chinese letter names it."""
    return say(STEPS[step].title, "zh")
