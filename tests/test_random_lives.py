"""Random lives: whatever people, time and chance do to a case, in whatever order, its parts stay of one mind."""

import os
from collections import Counter
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from marshmallow import ValidationError

from api.worker import background_of
from models import (
    Case,
    Clock,
    ClockState,
    Dataset,
    Organisation,
    OrganisationKind,
    Role,
    User,
    db,
)
from tests import hourglass
from tests.answers import LISTED, OPENED
from tests.one_mind import everything, is_of_one_mind
from tests.random_answers import faulty, good
from tests.undone import undone
from tests.walks import DELICATE
from workflow import access, background, calendar, casework, definitions, documents, factors, sweep
from workflow.catalogue import entry
from workflow.errors import Failed, Refused, Repeated
from workflow.site import Site
from workflow.stages import STEPS
from workflow.worklist import open_items

# The everyday run lives the same few lives; LIVES=500 lives as many, other ones each time.
LIVES = int(os.environ.get("LIVES", "12"))
BEGIN = datetime(2026, 10, 30, 10, tzinfo=calendar.SHANGHAI)
# What is extended a second time, or too late, is refused as no longer open.
EXTENDING = ("extend_answer", "extend_decision")
# What the entries say that the applications of these lives ask for.
ASKED_FOR = "各站每日进出站人次。"
SITE = Site("https://kaimen.example")
SPANS = st.sampled_from([1 / 24, 1, 3, 8, 16, 30, 100, 370])


class Lives(RuleBasedStateMachine):
    """A handful of cases, the people around them, and time."""

    walker, glass, seen = None, None, Counter()

    def __init__(self) -> None:
        super().__init__()
        self.glass.turn(BEGIN)
        self.block = undone(self.walker.app)
        self.block.__enter__()
        self.cases: list[int] = []
        self.looked_at: dict[int, int] = {}
        self.sent: tuple | None = None
        self.refused = ""
        self.before = db.session.scalar(db.select(db.func.max(Case.id))) or 0
        self.people = list(db.session.scalars(db.select(User.id).order_by(User.id)))
        self.bodies = list(db.session.scalars(bodies()))
        datasets = list(db.session.scalars(db.select(Dataset.code).order_by(Dataset.id)))
        twins = list(db.session.scalars(db.select(Case.reference).where(Case.kind == "demand").order_by(Case.id)))
        conditional = list(db.session.scalars(db.select(Dataset.code).where(Dataset.summary == ASKED_FOR)))
        self.good = good([str(body) for body in self.bodies], twins, datasets, conditional)

    def teardown(self) -> None:
        try:
            self.looked_at.clear()
            self.what_has_moved_is_of_one_mind()
        finally:
            self.block.__exit__(None, None, None)

    # What is looked at.

    def case(self, data) -> Case:
        assume(self.cases)
        return db.session.get_one(Case, data.draw(st.sampled_from(self.cases), "case"), populate_existing=True)

    def person(self, data) -> User:
        return db.session.get_one(User, data.draw(st.sampled_from(self.people), "person"))

    def right_person(self, data, case: Case, step: str) -> User:
        """Return one of those who hold the step's role on the case."""
        everybody = db.session.scalars(db.select(User).order_by(User.id))
        right = [person.id for person in everybody if STEPS[step].role in access.roles_on(person, case)]
        return db.session.get_one(User, data.draw(st.sampled_from(right), "person"))

    def open_step(self, data, case: Case) -> str | None:
        items = open_items(case)
        asked = sorted(item.step for item in items if not item.offered)
        offered = sorted(item.step for item in items if item.offered)
        # What is only offered ends most lives early.
        turn_off = offered and (not asked or data.draw(st.integers(0, 9), "turn off") == 9)
        steps = offered if turn_off else asked
        return data.draw(st.sampled_from(steps), "step") if steps else None

    def attempt(self, what: str, act) -> Case | None:
        """Do something through the door; where it is refused, nothing at all may have changed."""
        db.session.rollback()
        before = everything()
        try:
            done = act()
        except Failed as failure:
            raise failure.__cause__ or failure from None
        except (Refused, ValidationError) as refusal:
            self.refused = type(refusal).__name__
            self.seen[what, self.refused] += 1
            db.session.rollback()
            assert everything() == before
            return None
        self.seen[what, "done"] += 1
        db.session.rollback()
        return done

    # What happens.

    @initialize(data=st.data())
    def begin(self, data) -> None:
        (self.application if data.draw(st.booleans(), "application") else self.demand)(data=data)

    @precondition(lambda self: len(self.cases) < 4)
    @rule(data=st.data())
    def demand(self, data) -> None:
        """Somebody starts a demand: handed in, kept as a draft, or faulty."""
        who, said = self.person(data), data.draw(self.good["submit_demand"])
        how = data.draw(st.sampled_from(["raw", "raw", "draft", "faulty"]))
        raw = data.draw(faulty(said)) if how == "faulty" else said if how == "raw" else None
        draft = data.draw(st.one_of(st.just(said), faulty(said))) if how == "draft" else None
        case = self.attempt("start", lambda: casework.start("demand", who, raw, draft=draft))
        self.cases += [case.id] if case else []

    @precondition(lambda self: len(self.cases) < 4)
    @rule(data=st.data(), adopted=st.booleans())
    def listing(self, data, adopted: bool) -> None:
        """A body describes a new entry, or takes one in hand that is already on the list."""
        who, body = self.person(data), data.draw(st.sampled_from(self.bodies))
        if data.draw(st.booleans(), "right"):
            who = next(each for each in db.session.scalars(db.select(User)) if (Role.CLERK, body) in each.offices)
        taken = db.session.scalar(db.select(Dataset).where(Dataset.source.is_not(None)))

        def prepare(case: Case) -> None:
            if adopted:
                entry.adopt(case, taken)
            else:
                case.body_id = body

        outcome = {"adopted": adopted}
        case = self.attempt("list", lambda: casework.start("listing", who, outcome=outcome, prepare=prepare))
        self.cases += [case.id] if case else []

    @precondition(lambda self: len(self.cases) < 4)
    @rule(data=st.data())
    def application(self, data) -> None:
        """Somebody applies for data that are open under conditions."""
        who, said = self.person(data), data.draw(self.good["submit_application"])
        raw = data.draw(faulty(said)) if data.draw(st.integers(0, 4), "faulty") == 4 else said
        begin = {"outcome": {"basis": "new"}}
        case = self.attempt("apply", lambda: casework.start("application", who, raw, **begin))
        self.cases += [case.id] if case else []

    @rule()
    def work(self) -> None:
        """The worker does what has been put aside; it may open other cases."""
        while background.run_due(db.session, SITE):
            pass
        self.cases = list(db.session.scalars(db.select(Case.id).where(Case.id > self.before).order_by(Case.id)))

    @rule(data=st.data(), times=st.integers(2, 10))
    def go_on(self, data, times: int) -> None:
        """Those who may answer what a case asks for or offers, well, one after the other."""
        case = self.case(data)
        for _ in range(times):
            if (step := self.open_step(data, case)) is None:
                return
            who, raw = self.right_person(data, case, step), data.draw(self.good[step], "answer")
            key = f"{case.id}, line {case.journal_length}"
            if self.attempt(step, lambda: casework.submit(case, step, raw, actor=who, key=key)):  # noqa: B023 - called at once
                self.sent = (case.id, step, raw, who.id, key)
            else:
                # What is open to those who may is refused for what they said or did before, or is extended twice.
                assert self.refused in ("ValidationError", "NotApart", "Held") or step in EXTENDING
            self.look_at(case)

    @rule(data=st.data())
    def blunder(self, data) -> None:
        """Somebody hands in a faulty answer."""
        case = self.case(data)
        if (step := self.open_step(data, case)) is None:
            return
        who, raw = self.right_person(data, case, step), data.draw(faulty(data.draw(self.good[step])))
        done = self.attempt("blunder", lambda: casework.submit(case, step, raw, actor=who))
        assert not (done and "nobody asked" in raw)

    @rule(data=st.data(), step=st.sampled_from(sorted(STEPS)))
    def meddle(self, data, step: str) -> None:
        """Anybody answers anything."""
        case, who, raw = self.case(data), self.person(data), data.draw(self.good[step])
        waits = step in {item.step for item in open_items(case)}
        may = waits and STEPS[step].role in access.roles_on(who, case)
        done = self.attempt("meddle", lambda: casework.submit(case, step, raw, actor=who))
        assert may or not done

    @rule(data=st.data(), verb=st.sampled_from(["claim", "take over", "release", "save"]))
    def handle(self, data, verb: str) -> None:
        """Anybody takes a step, gives it back, or writes half an answer."""
        case = self.case(data)
        if (step := self.open_step(data, case)) is None:
            return
        who = self.right_person(data, case, step) if data.draw(st.booleans(), "right") else self.person(data)
        half = data.draw(faulty(data.draw(self.good[step])), "draft") if verb == "save" else {}
        verbs = {
            "claim": lambda: casework.claim(case, step, actor=who),
            "take over": lambda: casework.claim(case, step, actor=who, take_over=True),
            "release": lambda: casework.release(case, step, actor=who),
            "save": lambda: casework.save(case, step, half, actor=who),
        }
        self.attempt(verb, verbs[verb])

    @precondition(lambda self: self.sent)
    @rule(other=st.booleans())
    def repeat(self, other: bool) -> None:
        """A form comes a second time, with the same or with other content."""
        number, step, raw, who, key = self.sent
        case, before = db.session.get_one(Case, number), everything()
        if other:
            raw = {**raw, "remark": "something else"}
        try:
            casework.submit(case, step, raw, actor=db.session.get_one(User, who), key=key)
        except Repeated:
            assert other
        else:
            assert not other
        db.session.rollback()
        assert everything() == before

    @rule(data=st.data())
    def hear(self, data) -> None:
        """Something happens elsewhere, of which the case is told."""
        case = self.case(data)
        offered = sorted(definitions.parsed(case.definition).offered)
        name = data.draw(st.sampled_from([*offered, "nobody waits for this"]))
        db.session.rollback()
        before = everything()
        heard = casework.signal(case, name)
        assert heard is (everything() != before)

    @rule(days=SPANS)
    def wait(self, days: float) -> None:
        """Time passes."""
        self.glass.let_pass(days=days)

    @rule(data=st.data(), late=st.booleans())
    def run_out(self, data, late: bool) -> None:
        """A limit is said to have run out, truly or too early."""
        clocks = list(
            db.session.scalars(
                db.select(Clock.id).where(Clock.case_id.in_(self.cases)).order_by(Clock.due_at, Clock.limit)
            )
        )
        if not clocks:
            return
        clock = db.session.get_one(Clock, clocks[data.draw(st.integers(0, len(clocks) - 1), "clock")])
        if late and clock.due_at >= self.glass.now():
            self.glass.turn(clock.due_at + timedelta(seconds=1))
        may = clock.state is ClockState.RUNNING and clock.due_at < self.glass.now()
        done = self.attempt("expire", lambda: (casework.expire(clock.case, clock.id), True))
        assert bool(done) is may

    @rule()
    def sweep(self) -> None:
        """The sweep passes; a second one finds nothing left to do."""
        sweep.sweep(self.glass.now())
        before = everything()
        sweep.sweep(self.glass.now())
        assert everything() == before
        running = db.select(Clock).where(Clock.state == ClockState.RUNNING, Clock.due_at <= self.glass.now())
        assert db.session.scalars(running).all() == []

    # What is always so.

    @invariant()
    def what_has_moved_is_of_one_mind(self) -> None:
        db.session.rollback()
        for case in db.session.scalars(db.select(Case).where(Case.id.in_(self.cases)).order_by(Case.id)):
            if self.looked_at.get(case.id) != case.version:
                self.look_at(case)

    def look_at(self, case: Case) -> None:
        """Compare a case's row, process, work list, clocks and journal with each other."""
        is_of_one_mind(case)
        self.looked_at[case.id] = case.version
        self.seen["largest state", "bytes"] = max(self.seen["largest state", "bytes"], len(case.process))


class Grants(Lives):
    """Lives that begin with an application which is already under way."""

    @initialize(data=st.data())
    def begin(self, data) -> None:
        step = data.draw(st.sampled_from(["consult_right_holder", "decide_application", "request_renewal"]), "step")
        self.cases.append(self.walker.at(step).id)


def bodies():
    """Return the statement of the opening bodies that have people."""
    body = Organisation.kind == OrganisationKind.BODY
    return db.select(Organisation.id).where(body).order_by(Organisation.id)


@pytest.fixture
def glass(monkeypatch) -> hourglass.Hourglass:
    """Return the hourglass that everybody in these lives looks at."""
    return hourglass.install(monkeypatch, BEGIN)


@pytest.fixture
def surroundings(app, walker, glass, monkeypatch) -> None:
    """Put a published demand, an entry with a case and an entry without one into the city."""
    # Factors and documents have tests of their own; here every code is right, and every document is signed at once.
    monkeypatch.setattr(factors, "demand", lambda person, code: None)
    monkeypatch.setattr(documents, "sign", lambda *_: SimpleNamespace(after="signed"))
    monkeypatch.setitem(background.JOBS, "render", lambda *_: None)
    with app.app_context():
        walker.take(walker.demand(), OPENED[1:2])
        case = walker.take(walker.listing(), LISTED)
        described = {"name": "外地导入的条目", "open_type": case.listing.dataset.open_type, "provider_id": case.body_id}
        db.session.add(Dataset(source="elsewhere", source_key="1", **described))
        for entry in (
            walker.dataset(),
            walker.dataset(**DELICATE),
            walker.dataset(name="空气", body="上海市生态环境局"),
        ):
            assert entry.summary == ASKED_FOR
        background_of(app).work()
        # What happened before does not tick beside the lives that begin now.
        db.session.execute(db.update(Clock).values(state=ClockState.STOPPED))
        db.session.commit()


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize(
    ("lives", "lived"), [(Lives, {"screen_demand", "check_application"}), (Grants, {"draft_agreement"})]
)
def test_whatever_happens_to_a_case_its_parts_stay_of_one_mind(walker, glass, lives, lived):
    seen = Counter()
    here = type("Here", (lives,), {"walker": walker, "glass": glass, "seen": seen})
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    how = settings(
        derandomize="LIVES" not in os.environ,
        max_examples=LIVES,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=quiet,
        database=None,
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(here, settings=how)
    assert all(seen[step, "done"] for step in lived)
    assert any(what == "meddle" for what, _ in seen)
    if "LIVES" in os.environ:
        print(*sorted(seen.items()), sep="\n")
