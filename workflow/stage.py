"""The words in which a stage is written: the steps people take, and the services that follow."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models import Case, Role, User
from workflow.fields import Answer

Outcome = Mapping[str, Any]
Effect = Callable[[Case, dict[str, Any], User], Outcome | None]
Service = Callable[[Case], Outcome | None]
Signal = Callable[[Case], bool]


@dataclass(frozen=True)
class Step:
    """A step that a person takes: who may take it, what they hand in, and what it does."""

    name: str
    stage: str
    role: Role
    answer: type[Answer]
    effect: Effect
    limit: str | None = None
    # Whoever answered one of these steps in the case's present round may not answer this one.
    apart_from: tuple[str, ...] = ()
    # The limit that stands still while this step waits.
    stops: str | None = None
    # The answer is sealed by its effect: it is kept nowhere in clear, and may be changed while the stage allows it.
    sealed: bool = False
    # The field of the answer that names the member for whom the step waits, where it waits for several at once.
    member: str | None = None
    # With an answer to this step the case goes round once more, and who did what before keeps nobody apart.
    begins_round: bool = False

    @property
    def title(self) -> str:
        """Return the first line of the effect's docstring, without its full stop."""
        return (inspect.getdoc(self.effect) or "").partition("\n")[0].rstrip(".")


@dataclass
class Stage:
    """The steps and services of one stage, in the order in which they are written."""

    module: str
    steps: dict[str, Step] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    # What the stage itself gives as a signal, after an answer by which it has come to be true.
    signals: dict[str, Signal] = field(default_factory=dict)
    # While the stage is at work every limit of the case stands still, but for these.
    stands_still: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """Return the stage's name: the last part of its module's."""
        return self.module.rpartition(".")[2]

    def step(
        self,
        role: Role,
        answer: type[Answer],
        limit: str | None = None,
        apart_from: tuple[str, ...] = (),
        stops: str | None = None,
        sealed: bool = False,
        member: str | None = None,
        begins_round: bool = False,
    ) -> Callable[[Effect], Effect]:
        """Declare a step; the decorated function's name is its id, its docstring's first line its title."""

        def declare(effect: Effect) -> Effect:
            name = effect.__name__
            self.steps[name] = Step(
                name, self.name, role, answer, effect, limit, apart_from, stops, sealed, member, begins_round
            )
            return effect

        return declare

    def service(self, effect: Service) -> Service:
        """Declare a service: what follows of an answer with nobody present."""
        self.services[effect.__name__] = effect
        return effect

    def signal(self, holds: Signal) -> Signal:
        """Declare a signal that a case gives itself: after each answer at this stage for which the function holds."""
        self.signals[holds.__name__] = holds
        return holds
