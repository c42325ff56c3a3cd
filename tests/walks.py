"""Walk cases to where a test needs them, through the door and nothing else."""

from datetime import timedelta
from types import SimpleNamespace

import pyotp

from api.worker import background_of
from models import Case, Clock, ClockState, Dataset, Document, DocumentState, Factor, Organisation, User, db
from tests import consulted
from tests.answers import ANSWERS, DETOURS, LISTED, OPENED, USED
from tests.applications import conditional, form
from workflow import applications, casework, factors, sweep

BODY = "上海市交通委员会"
# Data of which somebody besides the body has a say, and which only the security officer may wave through.
DELICATE = {"name": "公交从业人员考勤", "grade": 3, "extra": {"consent_ground": True}}
HAS_A_SAY = ("review_security", "consult_right_holder")
SIGNING = ("sign_agreement", "countersign_agreement")


class Walker:
    """Walks cases of the transport commission to a step."""

    def __init__(self, app, people: SimpleNamespace) -> None:
        self.app, self.people = app, people

    def person(self, word: str) -> User:
        """Return a person by their word; must be called inside an application context."""
        return db.session.scalar(db.select(User).where(User.email == getattr(self.people, word)))

    def body(self) -> Organisation:
        """Return the transport commission."""
        return db.session.scalar(db.select(Organisation).where(Organisation.name == BODY))

    def answer(self, step: str, case: Case | None = None) -> dict:
        """Return a good answer to a step, in which the body, the data set or the conditions are named where asked for.

        :param case: the case on which it is given, where the answer depends on it
        """
        return self.full(step, dict(ANSWERS[step]), case)

    def full(self, step: str, answer: dict, case: Case | None = None) -> dict:
        """Return an answer with what depends on the place and on the case."""
        if answer.get("screening") == "route" or (step == "screen_demand" and "screening" not in answer):
            return {"body": str(self.body().id), **answer}
        if step == "seat_experts":
            return {**consulted.to_seat(self), **answer}
        if step in ("submit_application", "complete_application"):
            return {**form(*self.asked_for(case)), **answer}
        if step == "review_application" and case is not None and answer["opinion"] != "ask":
            found = {"finding": "met", "reason": "材料齐全，核对无误。"}
            criteria = applications.criteria(case.application)
            return {"findings": [{"criterion": key, **found} for key in criteria], **answer}
        return answer

    def asked_for(self, case: Case | None = None) -> list[Dataset]:
        """Return the data sets that a case asks for, or the one that is there to be asked for."""
        if case is not None and case.application is not None and case.application.requests:
            return [request.dataset for request in case.application.requests]
        return [self.dataset()]

    def dataset(self, **more) -> Dataset:
        """Return an entry that is open under conditions; there is one of each name."""
        name = more.get("name", "轨道交通分站客流")
        entry = db.session.scalar(db.select(Dataset).where(Dataset.name == name))
        if entry is None:
            entry = conditional(name, **({"body": more.pop("body")} if "body" in more else {}))
            for word, value in more.items():
                setattr(entry, word, value)
            db.session.commit()
        return entry

    def take(self, case: Case, steps) -> Case:
        """Answer some steps, one after the other."""
        for step, who, answer in steps:
            if who is None:
                self.expire(case, step)
                self.open_ballot(case)
                continue
            person = self.person(who)
            full = self.full(step, answer, case)
            if step in SIGNING:
                self.make_documents(case)
                full = {**full, "code": self.code(person)}
            casework.submit(case, step, full, actor=person)
            self.open_ballot(case)
        return case

    def open_ballot(self, case: Case) -> None:
        """Open a ballot that has closed, as the worker does."""
        if case.consultations and case.consultations[-1].state == "closing":
            casework.signal(case, "open_ballot")

    def work(self) -> None:
        """Let the worker do what is due, in an application context of its own."""
        db.session.rollback()
        background_of(self.app).work()
        db.session.expire_all()

    def make_documents(self, case: Case) -> None:
        """Let the worker make the documents of a case, and do whatever else is due."""
        waiting = db.select(Document.id).where(Document.case_id == case.id, Document.state == DocumentState.ORDERED)
        if db.session.scalar(waiting.limit(1)) is not None:
            self.work()

    def code(self, person: User) -> str:
        """Return a code of a person's second factor that has not been used; without a factor one is set up."""
        if not factors.enrolled(person):
            factors.begin(person)
            factors.confirm(person, pyotp.TOTP(factors.pending(person)).at(factors.now()))
        factor = db.session.get(Factor, person.id)
        factor.last_step = 0
        db.session.commit()
        return pyotp.TOTP(factors._secret(factor)).at(factors.now())

    def application(self, *entries: Dataset, who: str = "citizen", **changes) -> Case:
        """Return a new application that has been handed in."""
        asked = form(*(entries or (self.dataset(),)), **changes)
        return casework.start("application", self.person(who), asked, outcome={"basis": "new"})

    def demand(self) -> Case:
        """Return a new demand that has been handed in."""
        return casework.start("demand", self.person("citizen"), OPENED[0][2])

    def listing(self) -> Case:
        """Return a new listing that waits for its description."""
        body = self.body()
        return casework.start(
            "listing",
            self.person("clerk"),
            outcome={"adopted": False},
            prepare=lambda case: setattr(case, "body_id", body.id),
        )

    def at(self, step: str) -> Case:
        """Return a case that waits for a step or offers it; must be called inside an application context."""
        if step == "submit_demand":
            return casework.start("demand", self.person("citizen"))
        if step == "submit_application":
            return casework.start("application", self.person("citizen"), outcome={"basis": "new"})
        way, aside = DETOURS.get(step, (None, []))
        if step == "reevaluate_dataset":
            case = self.take(self.listing(), LISTED)
            self.expire(case, "reevaluation")
            return case
        if way is None:
            way = next(w for w in (OPENED, LISTED, USED) if any(name == step for name, _, _ in w))
            way = way[: [name for name, _, _ in way].index(step)]
        if way[:1] == OPENED[:1]:
            return self.take(self.take(self.demand(), way[1:]), aside)
        if way[:1] == USED[:1]:
            entry = self.dataset(**DELICATE) if step in HAS_A_SAY else self.dataset()
            return self.take(self.take(self.application(entry), way[1:]), aside)
        return self.take(self.take(self.listing(), way), aside)

    def expire(self, case: Case, limit: str) -> None:
        """Let a limit of a case run out, as the sweep does a second after it is due."""
        running = Clock.state == ClockState.RUNNING
        due = db.session.scalar(db.select(Clock.due_at).where(Clock.case_id == case.id, Clock.limit == limit, running))
        sweep.sweep(due + timedelta(seconds=1))
        db.session.refresh(case)
