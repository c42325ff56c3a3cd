"""Walk cases to where a test needs them, through the door and nothing else."""

from datetime import timedelta
from types import SimpleNamespace

from models import Case, Clock, ClockState, Organisation, User, db
from tests.answers import ANSWERS, DETOURS, LISTED, OPENED
from workflow import casework, sweep

BODY = "上海市交通委员会"


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

    def answer(self, step: str) -> dict:
        """Return a good answer to a step, in which the body is named where one is asked for."""
        return dict(ANSWERS[step]) | ({"body": str(self.body().id)} if step == "screen_demand" else {})

    def take(self, case: Case, steps) -> Case:
        """Answer some steps, one after the other."""
        for step, who, answer in steps:
            full = {"body": str(self.body().id), **answer} if answer.get("screening") == "route" else answer
            casework.submit(case, step, full, actor=self.person(who))
        return case

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
        way, aside = DETOURS.get(step, (None, []))
        if step == "reevaluate_dataset":
            case = self.take(self.listing(), LISTED)
            self.expire(case, "reevaluation")
            return case
        if way is None:
            way = next(w for w in (OPENED, LISTED) if any(name == step for name, _, _ in w))
            way = way[: [name for name, _, _ in way].index(step)]
        if way[:1] == OPENED[:1]:
            return self.take(self.take(self.demand(), way[1:]), aside)
        return self.take(self.take(self.listing(), way), aside)

    def expire(self, case: Case, limit: str) -> None:
        """Let a limit of a case run out, as the sweep does a second after it is due."""
        running = Clock.state == ClockState.RUNNING
        due = db.session.scalar(db.select(Clock.due_at).where(Clock.case_id == case.id, Clock.limit == limit, running))
        sweep.sweep(due + timedelta(seconds=1))
        db.session.refresh(case)
