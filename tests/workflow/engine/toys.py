"""Small diagrams and how to play them."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from workflow.engine import Decision, Definition, Process, Waiting, load, start

FOLDER = Path(__file__).parent / "diagrams"
FILES = {path.name: path.read_bytes() for path in FOLDER.iterdir()}


@cache
def definition(key: str) -> Definition:
    """Return a toy definition, read once."""
    return Definition.parse(key, FILES)


class Toy:
    """One toy case, which is stored and loaded again after every act unless told otherwise."""

    def __init__(
        self,
        key: str,
        outcome: Mapping[str, Any] | None = None,
        *,
        stored: bool = True,
        answers: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.definition = definition(key)
        self.stored = stored
        self.answers = answers or {}
        self.served: list[str] = []
        self.decided: list[tuple[str, dict[str, Any], Decision]] = []
        self.process = start(self.definition, self.call, self.note, outcome)
        self.store()

    def call(self, name: str) -> Mapping[str, Any] | None:
        """Serve."""
        self.served.append(name)
        return self.answers.get(name)

    def note(self, name: str, inputs: dict[str, Any], decision: Decision) -> None:
        """Keep the journal of tables."""
        self.decided.append((name, inputs, decision))

    def store(self) -> None:
        """Write the case and read it again."""
        if self.stored:
            self.process = self.load(self.process.dump())

    def load(self, state: bytes) -> Process:
        """Read a case."""
        return load(self.definition, state, self.call, self.note)

    def waiting(self, kind: str = "step") -> list[str]:
        """Return the names of what waits, in alphabetical order."""
        return sorted(waiting.step for waiting in self.process.waiting() if waiting.kind == kind)

    def find(self, step: str, assignee: Any = None) -> Waiting:
        """Return what waits under a name."""
        return next(
            waiting for waiting in self.process.waiting() if waiting.step == step and waiting.assignee == assignee
        )

    def take(self, step: str, assignee: Any = None, **outcome: Any) -> None:
        """Complete a step, offered or not."""
        self.process.complete(self.find(step, assignee).id, outcome)
        self.store()

    def expire(self, step: str) -> None:
        """Let a timer run out."""
        self.process.expire(self.find(step).id)
        self.store()


def words(process: Process, waiting_id: str) -> dict[str, Any]:
    """Return the words known where something waits."""
    return dict(process._find(waiting_id, "step", "offered", "timer").data)
