"""The engine does what SpiffWorkflow does, in any order of acts, whether or not it stores the case after each of them.

Where the library is known to be wrong the difference is a test of its own, in test_traps.py.
"""

import random
from typing import Any

import pytest

from bench.stock import Stock, is_timer, member_of
from tests.workflow.engine.toys import FILES, Toy, words

TRACK = """
track = 'open' if level == 'open' and grade < 3 else ('closed' if level == 'secret' else 'conditional')
days = 0 if track != 'conditional' else (30 if level == 'open' else 60)
"""
CHOICES: dict[str, list[Any]] = {
    "stop": [True, False, False, False],
    "more": [True, False],
    "rough": [True, False],
    "reread": [True, False],
    "redo": [True, False],
    "reopen": [True, False],
    "again": [False],
    "decision": ["over"],
    "screening": ["pass", "pass", "ask"],
    "level": ["open", "restricted", "secret"],
    "grade": [0, 1, 2, 3, 4],
    "opinion": ["for", "mostly", "against"],
    "use": ["goes_on", "goes_on", "stops"],
}
# Where branches meet, the library keeps what the last of them knew of a word, however old. So steps open at the same
# time say words of their own here, and the word by which a branch goes round is not compared.
AT_ONCE = {"give_opinion", "sign_applicant", "sign_authority", "grant", "right"}
EXPERTS = {"experts": ["anna", "bei", "chen"]}


class Pair:
    """One toy case run by both engines."""

    def __init__(self, key: str, rnd: random.Random, *, stored: bool) -> None:
        self.rnd = rnd
        known = {name: rnd.choice(values) for name, values in CHOICES.items()} | EXPERTS
        self.ours = Toy(key, known, stored=stored)
        self.stock = Stock(key, FILES, {"track": TRACK})
        self.stock.start(known)

    def views(self) -> tuple[list[Any], list[Any]]:
        """Return what both see: what is open, and what is known there."""
        process = self.ours.process
        ours = [(each.step, self._plain(words(process, each.id))) for each in process.waiting()]
        stock = [(task.task_spec.bpmn_id, self._plain(task.data)) for task in self.stock.open()]
        return sorted(ours), sorted(stock)

    def act(self) -> None:
        """Do one of the things that can be done, in both."""
        waiting = self.rnd.choice(sorted(self.ours.process.waiting(), key=lambda each: (each.step, str(each.assignee))))
        task = next(
            task
            for task in self.stock.open()
            if task.task_spec.bpmn_id == waiting.step
            and (waiting.assignee is None or member_of(task) == waiting.assignee)
        )
        if is_timer(task):
            self.ours.expire(waiting.step)
            self.stock.expire(task)
            return
        outcome = {name: self.rnd.choice(CHOICES[name]) for name in self.rnd.sample(sorted(CHOICES), 3)}
        if waiting.step == "left":
            outcome = {"more": self.rnd.choice([True, False]), "left": self.rnd.randrange(100)}
        elif waiting.step in AT_ONCE:
            outcome = {f"{waiting.step}_{waiting.assignee}": self.rnd.randrange(100)}
        self.ours.take(waiting.step, waiting.assignee, **outcome)
        self.stock.complete(task, outcome)

    def _plain(self, data: dict[str, Any]) -> str:
        return repr(sorted((name, value) for name, value in data.items() if name not in ("assignee", "more")))


@pytest.mark.parametrize("key", ["loop", "branches", "inner", "offers", "ballot", "access"])
@pytest.mark.parametrize("seed", range(24))
def test_any_order_of_acts_leads_where_the_library_leads(key: str, seed: int) -> None:
    pair = Pair(key, random.Random(f"{key} {seed}"), stored=seed % 4 > 0)
    for _ in range(40):
        ours, stock = pair.views()
        assert ours == stock
        assert pair.ours.process.ended == pair.stock.ended
        assert pair.ours.served == [name for name in pair.stock.served if name != "track"]
        if pair.stock.ended:
            break
        pair.act()
