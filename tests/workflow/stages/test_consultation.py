"""The committee: declared before the file opens, sealed until the close, counted by rules, and never deciding."""

import json
from datetime import timedelta

import pytest
from marshmallow import ValidationError

from models import (
    Case,
    Clock,
    ClockState,
    Event,
    Expert,
    Incident,
    Letter,
    Opinion,
    Role,
    SealedOpinion,
    Stance,
    User,
    db,
)
from tests.consulted import ASKED, CONCLUSION, MEMBERS, NO_TIE, OPINION, QUESTION, TIE, UNSURE, opinion, to_seat
from workflow import access, casework, consultations, drafts, history, replay, seating, sweep
from workflow.errors import Failed, Held, NotFound, NotOpen, NotYours
from workflow.worklist import open_items

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def case(walker):
    """Return a case of which the committee has been seated."""
    return walker.at("declare_interest")


@pytest.fixture
def act(walker):
    """Return a function that lets a person take a step."""

    def take(case, step, who, answer):
        casework.submit(case, step, answer, actor=walker.person(who))
        walker.open_ballot(case)

    return take


@pytest.fixture
def declare_all(act):
    """Return a function that lets all members declare that nothing ties them."""

    def declare(case, members=MEMBERS):
        for who in members:
            act(case, "declare_interest", who, NO_TIE)

    return declare


def steps(case) -> set[str]:
    """Return the steps that wait on a case."""
    return {item.step for item in open_items(case) if not item.offered}


# Seating


@pytest.mark.parametrize(
    ("members", "field"),
    [(MEMBERS[:4], "experts"), (MEMBERS[:3], "experts"), (MEMBERS[:6], "experts")],
)
def test_fewer_than_five_or_an_even_number_are_refused(walker, members, field):
    case = walker.at("seat_experts")
    with pytest.raises(ValidationError) as refused:
        casework.submit(case, "seat_experts", to_seat(walker, members), actor=walker.person("secretary"))
    assert field in refused.value.normalized_messages()
    assert steps(case) == {"seat_experts"}


def test_the_chair_must_sit_and_nobody_sits_twice(walker):
    case, secretary = walker.at("seat_experts"), walker.person("secretary")
    outside = str(walker.person("expert9").id)
    with pytest.raises(ValidationError, match="chair"):
        casework.submit(case, "seat_experts", to_seat(walker, stand_ins=(), chair=outside), actor=secretary)
    with pytest.raises(ValidationError, match="stand_ins"):
        casework.submit(case, "seat_experts", to_seat(walker, stand_ins=("expert1",)), actor=secretary)


def test_who_is_tied_to_a_party_cannot_be_seated(walker):
    case = walker.at("seat_experts")
    tied = db.session.get(Expert, walker.person("expert3").id)
    tied.conflicts = [case.body.name]
    db.session.commit()
    with pytest.raises(ValidationError, match="专家委员（交通）"):
        casework.submit(case, "seat_experts", to_seat(walker), actor=walker.person("secretary"))
    proposed = seating.candidates(case)
    assert proposed[-1].expert.user_id == tied.user_id
    assert proposed[-1].bars


def test_only_a_secretary_seats(walker):
    case = walker.at("seat_experts")
    with pytest.raises(NotYours):
        casework.submit(case, "seat_experts", to_seat(walker), actor=walker.person("authority"))


# Declaring


def test_the_file_opens_to_a_member_who_has_declared_and_not_before(walker, case, act):
    expert = walker.person("expert2")
    with pytest.raises(NotFound):
        access.find(case.reference, expert)
    assert access.reach(case.reference, expert) is case
    act(case, "declare_interest", "expert2", NO_TIE)
    assert access.find(case.reference, expert) is case


def test_a_stranger_among_the_experts_does_not_learn_of_the_case(walker, case):
    with pytest.raises(NotFound):
        access.reach(case.reference, walker.person("expert9"))


def test_a_tie_closes_the_file_and_seats_the_stand_in(walker, case, act):
    act(case, "declare_interest", "expert3", TIE)
    with pytest.raises(NotFound):
        access.reach(case.reference, walker.person("expert3"))
    with pytest.raises(NotYours):
        act(case, "give_opinion", "expert3", OPINION)
    seats = seating.sitting(consultations.current(case))
    assert [each.user.email.partition("@")[0] for each in seats][2] == "expert8"
    assert len(seats) == 7
    act(case, "declare_interest", "expert8", NO_TIE)
    assert access.find(case.reference, walker.person("expert8")) is case


def test_without_a_stand_in_the_seat_stays_empty_and_the_quorum_falls(walker, act):
    case = walker.at("seat_experts")
    act(case, "seat_experts", "secretary", to_seat(walker, stand_ins=()))
    for who in ("expert3", "expert4"):
        act(case, "declare_interest", who, TIE)
    assert len(seating.sitting(consultations.current(case))) == 5


def test_a_member_who_is_unsure_waits_for_the_secretary(walker, case, act):
    act(case, "declare_interest", "expert2", UNSURE)
    with pytest.raises(NotFound):
        access.find(case.reference, walker.person("expert2"))
    with pytest.raises(ValidationError):
        act(case, "rule_on_interest", "secretary", {"seat": 3, "ruling": "cleared", "reason": "一次讲课不影响公正。"})
    act(case, "rule_on_interest", "secretary", {"seat": 2, "ruling": "recused", "reason": "合作持续至今，应当回避。"})
    assert [each.number for each in seating.sitting(consultations.current(case)) if each.stand_in] == [2]


def test_the_secretary_replaces_the_member_they_name_and_nobody_else(walker, case, act):
    act(case, "replace_expert", "secretary", {"seat": 5, "reason": "委员因病住院，不能履职。"})
    seats = seating.sitting(consultations.current(case))
    assert [each.number for each in seats if each.stand_in] == [5]
    with pytest.raises(NotFound):
        access.reach(case.reference, walker.person("expert5"))


# Giving an opinion


def test_one_cannot_answer_for_another_nor_twice_in_one_seat(walker, case, act, declare_all):
    declare_all(case)
    for who in ("secretary", "reviewer", "expert9", "decider"):
        with pytest.raises((NotYours, NotOpen)):
            act(case, "give_opinion", who, OPINION)
    act(case, "give_opinion", "expert2", OPINION)
    held = [item.holder_id for item in open_items(case) if item.step == "give_opinion"]
    assert walker.person("expert2").id not in held
    assert len(held) == 6


def test_an_opinion_may_be_changed_until_the_close_and_the_last_counts(walker, case, act, declare_all):
    declare_all(case)
    act(case, "give_opinion", "expert2", opinion("support"))
    act(case, "give_opinion", "expert2", opinion("oppose"))
    for who in MEMBERS[:1] + MEMBERS[2:]:
        act(case, "give_opinion", who, opinion("support"))
    found = {each.seat: each.stance for each in consultations.current(case).opinions}
    assert found == {number: Stance.OPPOSE if number == 2 else Stance.SUPPORT for number in range(1, 8)}
    with pytest.raises(NotOpen):
        act(case, "give_opinion", "expert2", opinion("support"))
    assert replay.faults(case) == []


def test_who_is_recused_later_is_not_counted(walker, act):
    case = walker.at("seat_experts")
    act(case, "seat_experts", "secretary", to_seat(walker, stand_ins=()))
    for who in MEMBERS:
        act(case, "declare_interest", who, NO_TIE)
    act(case, "give_opinion", "expert1", opinion("support"))
    act(case, "recuse", "expert4", {"interest_text": "刚刚接受了申请单位的委托。"})
    for who in ("expert2", "expert3", "expert5", "expert6", "expert7"):
        act(case, "give_opinion", who, opinion("support"))
    count = consultations.current(case).count
    assert (count["entitled"], count["quorum"], count["valid"]) == (6, 4, 6)


def test_who_has_handed_in_may_still_recuse_and_is_not_counted(walker, case, act, declare_all):
    declare_all(case)
    for who in MEMBERS[:4]:
        act(case, "give_opinion", who, opinion("support"))
    consultation, gone = consultations.current(case), walker.person("expert2")
    bound = consultations.commitments(consultation)[2]
    for who in ("expert9", "secretary", "reviewer"):
        with pytest.raises((NotYours, NotOpen)):
            act(case, "recuse", who, {"interest_text": "刚刚接受了申请单位的委托。"})
    act(case, "recuse", "expert2", {"interest_text": "刚刚接受了申请单位的委托。"})
    # The file and the vote are gone at once, the commitment stays, and a line says that it was taken back.
    with pytest.raises(NotFound):
        access.reach(case.reference, gone)
    assert case.id not in db.session.scalars(access.visible_to(gone).with_only_columns(Case.id)).all()
    for step in ("give_opinion", "recuse"):
        with pytest.raises((NotYours, NotOpen)):
            act(case, step, "expert2", OPINION if step == "give_opinion" else {"interest_text": "再一次声明回避。"})
    lines = db.session.scalars(db.select(Event).where(Event.case_id == case.id, Event.actor_id == gone.id)).all()
    told = {line.step: line.data["outcome"] for line in lines}
    assert (told["give_opinion"]["commitment"], told["recuse"]["taken_back"]) == (bound, bound)
    # A stand-in sits in the seat and begins at the beginning.
    assert [each.number for each in seating.sitting(consultation) if each.stand_in] == [2]
    with pytest.raises(Held):
        act(case, "give_opinion", "expert8", opinion("oppose"))
    act(case, "declare_interest", "expert8", NO_TIE)
    act(case, "give_opinion", "expert8", opinion("oppose"))
    for who in MEMBERS[4:]:
        act(case, "give_opinion", who, opinion("support"))
    assert {each.seat: each.user_id for each in consultation.opinions}[2] == walker.person("expert8").id
    assert consultation.count["stances"] == {"support": 6, "conditions": 0, "oppose": 1, "abstain": 0}
    assert replay.faults(case) == []


def test_with_the_last_who_has_not_handed_in_leaving_the_ballot_closes(walker, act):
    case = walker.at("seat_experts")
    act(case, "seat_experts", "secretary", to_seat(walker, stand_ins=()))
    for who in MEMBERS:
        act(case, "declare_interest", who, NO_TIE)
    for who in MEMBERS[:6]:
        act(case, "give_opinion", who, opinion("support"))
    act(case, "recuse", "expert1", {"interest_text": "刚刚接受了申请单位的委托。"})
    assert consultations.current(case).state == "hearing"
    act(case, "recuse", "expert7", {"interest_text": "刚刚接受了申请单位的委托。"})
    count = consultations.current(case).count
    assert (count["entitled"], count["quorum"], count["valid"]) == (5, 4, 5)
    with pytest.raises(NotOpen):
        act(case, "recuse", "expert2", {"interest_text": "刚刚接受了申请单位的委托。"})
    assert replay.faults(case) == []


def test_in_an_extended_ballot_too_who_has_handed_in_may_recuse(walker, case, act, declare_all):
    declare_all(case)
    for who in MEMBERS[:4]:
        act(case, "give_opinion", who, OPINION)
    walker.expire(case, "expert_opinion")
    walker.open_ballot(case)
    act(case, "extend_ballot", "secretary", {"extension": "extend", "reason": "三名委员出差在外，延长一次。"})
    act(case, "recuse", "expert1", {"interest_text": "刚刚接受了申请单位的委托。"})
    assert {item.member for item in open_items(case) if item.step == "declare_interest"} == {"1"}
    act(case, "declare_interest", "expert8", NO_TIE)
    for who in ("expert8", *MEMBERS[4:]):
        act(case, "give_opinion", who, OPINION)
    assert consultations.current(case).count["valid"] == 7
    assert replay.faults(case) == []


# Counting and concluding


@pytest.mark.parametrize(
    ("stances", "result"),
    [
        (["support"] * 7, "support"),
        (["support"] * 4 + ["oppose"] * 3, "support"),
        (["support"] * 2 + ["conditions"] * 2 + ["oppose"] * 3, "conditions"),
        (["support"] * 3 + ["oppose"] * 3 + ["abstain"], "divided"),
    ],
)
def test_seven_opinions_are_counted_and_the_chair_concludes(walker, case, act, declare_all, stances, result):
    declare_all(case)
    for who, stance in zip(MEMBERS, stances, strict=True):
        act(case, "give_opinion", who, opinion(stance))
    consultation = consultations.current(case)
    assert consultation.count["result"] == result
    with pytest.raises(NotYours):
        act(case, "conclude_consultation", "secretary", CONCLUSION)
    act(case, "conclude_consultation", "expert1", CONCLUSION)
    assert steps(case) == {"review_classification"}
    assert consultation.minutes.kind == "minutes"
    dissent = [each["seat"] for each in consultation.minutes.facts["opinions"] if each["dissent"]]
    assert dissent == [number for number, stance in enumerate(stances, 1) if stance == "oppose"]
    assert replay.faults(case) == []


def test_at_the_deadline_five_of_seven_are_enough_and_none_is_lost(walker, case, act, declare_all):
    declare_all(case)
    for who in MEMBERS[:5]:
        act(case, "give_opinion", who, OPINION)
    walker.expire(case, "expert_opinion")
    walker.open_ballot(case)
    assert consultations.current(case).count["valid"] == 5
    assert steps(case) == {"conclude_consultation"}


def test_without_a_quorum_nothing_is_opened_and_the_secretary_extends_once(walker, case, act, declare_all):
    declare_all(case)
    for who in MEMBERS[:4]:
        act(case, "give_opinion", who, OPINION)
    walker.expire(case, "expert_opinion")
    walker.open_ballot(case)
    consultation = consultations.current(case)
    assert steps(case) == {"extend_ballot"}
    assert not consultation.opinions
    act(case, "extend_ballot", "secretary", {"extension": "extend", "reason": "三名委员出差在外，延长一次。"})
    # Who has declared need not declare again, and who has handed in is not asked.
    assert steps(case) == {"give_opinion"}
    assert {item.member for item in open_items(case) if item.step == "give_opinion"} == {"5", "6", "7"}
    act(case, "give_opinion", "expert5", opinion("oppose"))
    walker.expire(case, "expert_opinion")
    walker.open_ballot(case)
    assert consultation.count["stances"] == {"support": 4, "conditions": 0, "oppose": 1, "abstain": 0}
    assert steps(case) == {"conclude_consultation"}


def test_a_second_time_without_a_quorum_there_is_no_opinion(walker, case, act, declare_all):
    declare_all(case)
    act(case, "give_opinion", "expert1", OPINION)
    for _ in range(2):
        walker.expire(case, "expert_opinion")
        walker.open_ballot(case)
        if "extend_ballot" in steps(case):
            act(case, "extend_ballot", "secretary", {"extension": "extend", "reason": "多名委员出差在外，延长一次。"})
    assert consultations.current(case).state == "no_quorum"
    assert steps(case) == {"review_classification"}


def test_the_committee_may_be_seated_anew(walker, case, act):
    walker.expire(case, "expert_opinion")
    walker.open_ballot(case)
    act(case, "extend_ballot", "secretary", {"extension": "reseat", "reason": "委员大多不能参加，重新组成。"})
    assert steps(case) == {"seat_experts"}
    act(case, "seat_experts", "secretary", to_seat(walker, (*MEMBERS[:4], "expert9"), ("expert8",)))
    assert len(seating.sitting(consultations.current(case))) == 5
    with pytest.raises(NotFound):
        access.reach(case.reference, walker.person("expert6"))


# Reminders


def letters_to(walker, template) -> list[str]:
    """Return to whom letters of a kind were written, each as often as they were."""
    walker.work()
    query = db.select(User.email).join(Letter).where(Letter.template == template)
    return sorted(email.partition("@")[0] for email in db.session.scalars(query))


def test_who_has_not_declared_is_reminded_once_and_the_secretary_told(walker, case, act):
    for who in MEMBERS[:3]:
        act(case, "declare_interest", who, NO_TIE)
    act(case, "declare_interest", "expert4", TIE)
    walker.expire(case, "interest_declaration")
    assert letters_to(walker, "overdue") == ["expert5", "expert6", "expert7", "expert8"]
    assert set(letters_to(walker, "escalated")) == {"secretary.shuju"}
    assert replay.faults(case) == []


def test_a_stand_in_has_the_whole_time_to_declare(walker, case, act):
    began = db.session.scalar(db.select(Clock.due_at).where(Clock.case_id == case.id, Clock.member == "4"))
    db.session.execute(
        db.update(Clock)
        .where(Clock.case_id == case.id, Clock.limit == "interest_declaration")
        .values(due_at=began - timedelta(days=2))
    )
    db.session.commit()
    act(case, "declare_interest", "expert4", TIE)
    due = {item.member: item.due_at for item in open_items(case) if item.step == "declare_interest"}
    assert due == dict.fromkeys("123567", began - timedelta(days=2)) | {"4": began}


def test_who_has_not_answered_is_warned_of_the_close_and_nobody_is_late(walker, case, act, declare_all):
    declare_all(case)
    for who in MEMBERS[:5]:
        act(case, "give_opinion", who, OPINION)
    closes = db.session.scalar(db.select(Clock).where(Clock.case_id == case.id, Clock.limit == "expert_opinion"))
    sweep.sweep(closes.soon_at)
    assert letters_to(walker, "soon_due") == ["expert6", "expert7"]
    walker.expire(case, "expert_opinion")
    assert letters_to(walker, "overdue") == []
    walker.open_ballot(case)
    assert letters_to(walker, "ballot_closed") == sorted(MEMBERS)
    assert letters_to(walker, "advice_given") == []
    act(case, "conclude_consultation", "expert1", CONCLUSION)
    assert letters_to(walker, "advice_given") == ["reviewer.jiaotong"]


# The case that asked


def test_the_clocks_of_the_case_stand_still_meanwhile(walker, act, declare_all):
    case = walker.at("give_opinion")
    running = db.session.scalars(
        db.select(Clock.limit).where(Clock.case_id == case.id, Clock.state == ClockState.RUNNING)
    )
    assert set(running) == {"interest_declaration", "expert_opinion"}


def test_while_nobody_is_asked_and_the_ballot_is_to_be_opened_no_limit_runs_on(walker, act):
    case = reviewed(walker, act, consult=True, committee_question=QUESTION)
    act(case, "seat_experts", "secretary", to_seat(walker))
    for who in MEMBERS:
        act(case, "declare_interest", who, NO_TIE)
    for who in MEMBERS:
        casework.submit(case, "give_opinion", OPINION, actor=walker.person(who))
    assert consultations.current(case).state == "closing"
    assert steps(case) == set()
    clocks = {each.limit: each for each in db.session.scalars(db.select(Clock).where(Clock.case_id == case.id))}
    assert (clocks["decision"].state, len(clocks["decision"].pauses)) == (ClockState.PAUSED, 1)
    walker.open_ballot(case)
    assert (clocks["decision"].state, len(clocks["decision"].pauses)) == (ClockState.PAUSED, 1)
    act(case, "conclude_consultation", "expert1", CONCLUSION)
    assert clocks["decision"].state is ClockState.RUNNING


def test_a_decision_that_departs_from_the_advice_must_say_why(walker, case, act, declare_all):
    declare_all(case)
    for who in MEMBERS:
        act(case, "give_opinion", who, opinion("oppose"))
    act(case, "conclude_consultation", "expert1", CONCLUSION | {"advice": "oppose"})
    agreed = {"review": "agree", "grounds": "事实清楚，依据正确，同意经办人的建议，无补充意见。"}
    act(case, "review_classification", "reviewer", agreed)
    with pytest.raises(ValidationError, match="departure"):
        act(case, "confirm_classification", "decider", {"confirmation": "confirm"})
    why = "已经按委员意见删除起讫点，剩余风险可控，仍按有条件开放。"
    act(case, "confirm_classification", "decider", {"confirmation": "confirm", "departure": why})
    assert (consultations.current(case).followed, consultations.current(case).departure) == (False, why)


# Sealing


def everything(case) -> str:
    """Return every row of every table as text."""
    tables = db.metadata.sorted_tables
    return "\n".join(repr(row) for table in tables for row in db.session.execute(db.select(table)))


def test_before_the_close_no_table_holds_an_opinion_in_clear(walker, case, act, declare_all, caplog):
    declare_all(case)
    secret = opinion("oppose") | {"reasons": "这一句话在启封以前谁也不能看到，包括运维人员和审计员。"}
    casework.save(case, "give_opinion", {"reasons": secret["reasons"]}, actor=walker.person("expert3"))
    act(case, "give_opinion", "expert2", secret)
    act(case, "give_opinion", "expert2", secret | {"stance": "abstain"})
    with pytest.raises(ValidationError):
        act(case, "give_opinion", "expert4", secret | {"stance": "perhaps"})
    walker.work()
    said = everything(case) + caplog.text
    assert "这一句话" not in said
    assert json.dumps("这一句话")[1:-1] not in said
    assert "abstain" not in said


def test_two_boxes_are_of_one_size_whatever_is_in_them(case, act, declare_all):
    declare_all(case)
    act(case, "give_opinion", "expert1", opinion("abstain"))
    act(case, "give_opinion", "expert2", opinion("conditions") | {"reasons": "理由很长。" * 500})
    sizes = {len(box) for box in db.session.scalars(db.select(SealedOpinion.box))}
    assert len(sizes) == 1


@pytest.mark.parametrize("tamper", ["exchanged", "changed", "removed", "swapped", "forgotten", "unseated", "added"])
def test_what_was_tampered_with_is_not_opened_and_an_incident_tells_of_it(walker, case, act, declare_all, tamper):
    declare_all(case)
    for who in MEMBERS[:6]:
        act(case, "give_opinion", who, opinion("support"))
    rows = list(db.session.scalars(db.select(SealedOpinion).order_by(SealedOpinion.id)))
    if tamper == "exchanged":
        rows[0].box = rows[1].box
    elif tamper == "changed":
        rows[0].box = rows[0].box[:-1] + bytes([rows[0].box[-1] ^ 1])
    elif tamper == "removed":
        db.session.delete(rows[0])
    elif tamper in ("forgotten", "unseated"):
        seat = seating.taken(consultations.current(case), rows[0].seat)
        if tamper == "forgotten":
            db.session.delete(rows[0])
            seat.answered_at = None
        else:
            seating.leave(seat, "recused")
    elif tamper == "added":
        consultations.hand_in(case, opinion("oppose"), walker.person("expert1"))
    else:
        rows[0].commitment, rows[1].commitment = rows[1].commitment, rows[0].commitment
    db.session.commit()
    casework.submit(case, "give_opinion", opinion("support"), actor=walker.person("expert7"))
    if tamper == "forgotten":
        # It looks as if one were still to come, until the time has run out.
        walker.expire(case, "expert_opinion")
    with pytest.raises(Failed):
        casework.signal(case, "open_ballot")
    assert db.session.scalar(db.select(db.func.count()).select_from(Opinion)) == 0
    assert "BrokenSeal" in db.session.scalar(db.select(Incident.error))


def test_what_was_tampered_with_is_found_where_there_is_no_quorum_either(walker, case, act, declare_all):
    declare_all(case)
    for who in MEMBERS[:2]:
        act(case, "give_opinion", who, opinion("support"))
    db.session.delete(db.session.scalar(db.select(SealedOpinion).limit(1)))
    db.session.commit()
    walker.expire(case, "expert_opinion")
    with pytest.raises(Failed):
        casework.signal(case, "open_ballot")


def test_a_line_of_the_journal_that_was_rewritten_keeps_the_ballot_shut(walker, case, act, declare_all):
    declare_all(case)
    for who in MEMBERS[:6]:
        act(case, "give_opinion", who, opinion("support"))
    casework.submit(case, "give_opinion", opinion("support"), actor=walker.person("expert7"))
    line = consultations.handed_in(consultations.current(case))[0]
    sqlite = db.engine.dialect.name == "sqlite"
    db.session.execute(db.text("DROP TRIGGER event_no_update" if sqlite else "SET session_replication_role = replica"))
    other = db.update(Event).where(Event.id == line.id).values(actor_id=walker.person("secretary").id)
    db.session.execute(other)
    db.session.commit()
    with pytest.raises(Failed):
        casework.signal(case, "open_ballot")
    assert "BrokenSeal" in db.session.scalar(db.select(Incident.error))


def test_after_the_close_a_member_can_check_that_theirs_was_counted_unchanged(walker, case, act, declare_all):
    declare_all(case)
    for who in MEMBERS:
        act(case, "give_opinion", who, OPINION)
    bound = consultations.commitments(consultations.current(case))
    for each in consultations.current(case).opinions:
        place = consultations.place(consultations.current(case), seating.taken(consultations.current(case), each.seat))
        assert consultations.sealing.commitment(place, each.answer, each.salt) == each.commitment == bound[each.seat]


def test_a_sealed_draft_comes_back_to_its_writer(walker, case, act, declare_all):
    declare_all(case)
    expert = walker.person("expert1")
    casework.save(case, "give_opinion", {"reasons": "写到一半"}, actor=expert)
    item = next(item for item in open_items(case) if item.step == "give_opinion" and item.holder_id == expert.id)
    db.session.expire_all()
    assert kept(item, expert) == {"reasons": "写到一半"}


def kept(item, person) -> dict:
    """Return the words of a person's draft."""
    return drafts.begun(item, person).form


def test_no_work_is_left_to_members_after_the_close(walker, case, act, declare_all):
    declare_all(case)
    for who in MEMBERS:
        act(case, "give_opinion", who, OPINION)
    left = {item.step for item in open_items(case) if item.role is Role.EXPERT}
    assert left == {"conclude_consultation"}


# Called by an application


def reviewed(walker, act, **changes):
    """Return an application that its reviewer has found on."""
    case = walker.at("review_application")
    answer = walker.full(
        "review_application", {"opinion": "support", "grounds": "逐条核对，全部符合公布的条件。"}, case
    )
    act(case, "review_application", "reviewer", answer | changes)
    return case


def test_a_reviewer_may_put_an_application_to_the_committee(walker, act):
    case = reviewed(walker, act, consult=True, committee_question=QUESTION)
    assert steps(case) == {"seat_experts"}
    assert consultations.current(case).question == QUESTION
    act(case, "seat_experts", "secretary", to_seat(walker))
    for who in MEMBERS:
        act(case, "declare_interest", who, NO_TIE)
    for who in MEMBERS:
        act(case, "give_opinion", who, opinion("oppose"))
    act(case, "conclude_consultation", "expert1", CONCLUSION | {"advice": "oppose"})
    assert steps(case) == {"draft_decision"}
    granted = {"decision": "approve", "text": "申请的用途、能力和安全保障符合公布的条件，同意按申请使用。"}
    act(case, "draft_decision", "clerk", granted)
    with pytest.raises(ValidationError, match="departure"):
        act(case, "decide_application", "decider", granted)
    act(case, "decide_application", "decider", granted | {"departure": "委员担心的起讫点数据不在本次申请的范围之内。"})
    assert consultations.current(case).followed is False
    assert replay.faults(case) == []


def test_a_question_must_be_put(walker, act):
    with pytest.raises(ValidationError, match="committee_question"):
        reviewed(walker, act, consult=True)


def test_without_a_question_an_application_goes_on(walker, act):
    assert steps(reviewed(walker, act)) == {"draft_decision"}


def test_delicate_data_go_before_the_committee_by_the_table(walker, act):
    case = walker.at("review_security")
    assert case.kind == "application"
    answers = (
        ("review_application", "reviewer", {"opinion": "support", "grounds": "逐条核对，全部符合公布的条件。"}),
        ("review_security", "security", {"security": "support", "grounds": "安全保障与数据级别相当，可以同意。"}),
        ("consult_right_holder", "clerk", None),
    )
    for step, who, answer in answers:
        full = walker.answer(step, case) if answer is None else walker.full(step, answer, case)
        act(case, step, who, full)
    assert steps(case) == {"seat_experts"}
    assert len(consultations.current(case).question) > 20


# A seat's step is its holder's alone.


def holders(case, step) -> dict[str, str]:
    """Return who holds the step of each seat that waits for it."""
    items = [item for item in open_items(case) if item.step == step]
    return {item.member: item.holder.email.partition("@")[0] for item in items if item.holder}


@pytest.mark.parametrize("step", ["declare_interest", "give_opinion"])
def test_no_member_takes_anothers_step_over(walker, case, declare_all, step):
    if step == "give_opinion":
        declare_all(case)
    before = holders(case, step)
    item = casework.claim(case, step, actor=walker.person("expert3"), take_over=True)
    assert item.holder_id == walker.person("expert3").id
    assert holders(case, step) == before


def test_what_a_member_gives_back_waits_for_them_alone(walker, case, act, declare_all):
    declare_all(case)
    for who in MEMBERS:
        casework.release(case, "give_opinion", actor=walker.person(who))
    act(case, "give_opinion", "expert5", OPINION)
    waiting = {item.member for item in open_items(case) if item.step == "give_opinion"}
    seats = {str(seat.number): seat for seat in seating.sitting(consultations.current(case))}
    assert {number for number, seat in seats.items() if seat.answered_at} == set(seats) - waiting
    [answered] = [seat for seat in seats.values() if seat.answered_at]
    assert answered.user_id == walker.person("expert5").id


def test_a_ruling_moves_the_seat_it_names(walker, case, act):
    act(case, "declare_interest", "expert2", UNSURE)
    act(case, "declare_interest", "expert4", UNSURE)
    numbers = {seat.user_id: seat.number for seat in seating.sitting(consultations.current(case))}
    second, fourth = (numbers[walker.person(who).id] for who in ("expert2", "expert4"))
    act(
        case,
        "rule_on_interest",
        "secretary",
        {"seat": fourth, "ruling": "cleared", "reason": "一次讲课不影响公正的认定。"},
    )
    assert {item.member for item in open_items(case) if item.step == "rule_on_interest"} == {str(second)}
    act(case, "give_opinion", "expert4", OPINION)
    with pytest.raises(NotOpen):
        act(case, "give_opinion", "expert2", OPINION)


def test_a_replacement_moves_the_seat_it_names(walker, case, act):
    seat = seating.sitting(consultations.current(case))[-1]
    act(case, "replace_expert", "secretary", {"seat": seat.number, "reason": "委员因病住院，不能履职。"})
    sitting = {str(each.number): each.user_id for each in seating.sitting(consultations.current(case))}
    items = {item.member: item.holder_id for item in open_items(case) if item.step == "declare_interest"}
    assert items == sitting, "each seat's step is held by whoever sits in it"


def test_a_member_of_an_earlier_consultation_declares_anew_before_the_file_opens(walker, case, act, declare_all):
    declare_all(case)
    for who in MEMBERS:
        act(case, "give_opinion", who, OPINION)
    act(case, "conclude_consultation", "expert1", CONCLUSION)
    member = walker.person("expert3")
    assert access.may_see(member, case)
    casework.submit(case, "review_classification", ASKED, actor=walker.person("reviewer"))
    act(case, "seat_experts", "secretary", to_seat(walker))
    assert not access.may_see(member, case)
    act(case, "declare_interest", "expert3", TIE)
    assert not access.may_see(member, case)
    with pytest.raises(NotFound):
        access.find(case.reference, member)


@pytest.mark.parametrize(
    ("who", "reads"),
    [
        ("secretary", True),
        ("auditor", True),
        ("expert2", False),
        ("desk", False),
        ("reviewer", False),
    ],
)
def test_what_ties_a_member_is_read_by_the_secretary_and_overseers_alone(walker, case, act, who, reads):
    act(case, "declare_interest", "expert3", UNSURE)
    act(case, "declare_interest", "expert2", NO_TIE)
    lines = history.history(case, walker.person(who))
    said = {part.shown for line in lines if line.step == "declare_interest" for part in line.answer}
    assert (UNSURE["interest_text"] in said) is reads
