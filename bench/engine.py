"""Measure rounds of load, complete, store: the engine beside SpiffWorkflow as it comes.

`python -m bench.engine` prints the table. Both run the same diagram (`access.bpmn` of the engine's tests: 31 elements
at the top, two processes inside with 16 more, a table, timers, an offered step, a loop of reports), one after the other
in each repeat, and processor time is counted, so that a busy machine slows both alike. A round reads a stored state,
completes one user task, runs everything that needs nobody, and writes the state.

The library has its scripts do nothing where ours calls a service or decides by a table: the comparison favours it.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from bench.stock import Stock, is_timer
from workflow.engine import Definition, Process, load, start

FOLDER = Path(__file__).parents[1] / "tests" / "workflow" / "engine" / "diagrams"
FILES = {path.name: path.read_bytes() for path in FOLDER.iterdir()}


@dataclass(frozen=True)
class Model:
    """A diagram, the words it starts with, the steps that lead to its loop, and those of one round of it."""

    key: str
    known: dict[str, Any]
    life: tuple[str, ...]
    loop: tuple[str, ...]


ACCESS = Model(
    "access",
    {"screening": "pass", "level": "restricted", "grade": 2, "opinion": "for", "use": "goes_on"},
    (
        *("submit", "screen", "review", "give_opinion", "summarise"),
        *("draft_agreement", "sign_applicant", "sign_authority", "grant"),
    ),
    ("report", "review_report"),
)
LOOP = Model("loop", {"stop": False}, (), ("report",))
RULES = {"track": "track = 'conditional'"}
LARGEST = 60  # After so many reports a stored case of the library is a quarter of a megabyte: enough to see the trend.
Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """A line of the table; the stock figures are missing where the library loses the case."""

    name: str
    stock_rounds: float | None
    our_rounds: float
    stock_bytes: int | None
    our_bytes: int
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Return how many of our rounds go into one of the library's."""
        return self.our_rounds / self.stock_rounds if self.stock_rounds else None


@dataclass(frozen=True)
class Moment:
    """A stored state of a case in both engines, and the step that is taken from there."""

    stock: str | None
    ours: bytes
    step: str


def rows(loops: tuple[int, ...] = (0, 20, 60, 400), repeats: int = 5, seconds: float = 0.3) -> list[Row]:
    """Return the table: a whole life, one round after some loops of reports, and a bare loop of one step.

    Args:
        loops: after how many reports to measure.
        repeats: how often each figure is taken; the median counts.
        seconds: processor time for one figure of one engine.

    """
    access, loop = _Play(ACCESS, max(loops)), _Play(LOOP, max(loops))
    places = [("a whole life", access, access.lived)]
    places += [(f"after {count} reports", access, [access.later[count]]) for count in loops]
    places += [(f"a bare loop, round {max(loops)}", loop, [loop.later[max(loops)]])]
    figures: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name, *_ in places}
    for _ in range(repeats):
        for name, play, moments in places:
            if all(moment.stock for moment in moments):
                figures[name][0].append(_rate([play.stock_round(moment) for moment in moments], seconds))
            figures[name][1].append(_rate([play.our_round(moment) for moment in moments], seconds))
    return [_row(name, moments, figures[name], play.lost) for name, play, moments in places]


def calls(reports: int) -> tuple[int | None, int]:
    """Return how many functions one round calls after some reports: in the library, if it still has the case, and ours.

    What is called does not depend on how busy a machine is, so tests hold this where they could not hold a time.
    """
    play = _Play(ACCESS, reports)
    moment = play.later[reports]
    return _calls(play.stock_round(moment)) if moment.stock else None, _calls(play.our_round(moment))


def _calls(work: Work) -> int:
    """Return how many functions a piece of work calls, Python's own included, once everything is warm."""
    count = 0

    def called(frame: object, event: str, of: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    work()
    before = sys.getprofile()
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


class _Play:
    """One case played in both engines, and its moments.

    `lived` are the moments on the way to the loop, `later` those before each round of it, and `lost` says when and how
    the library lost the case.
    """

    def __init__(self, model: Model, loops: int) -> None:
        self.definition = Definition.parse(model.key, FILES).sound()
        self.stock = Stock(model.key, FILES, RULES)
        self.lived: list[Moment] = []
        self.later: list[Moment] = []
        self.lost = ""
        process = start(self.definition, _serve, outcome=model.known)
        self.stock.start(model.known)
        for step in [*model.life, *(model.loop * (loops + 1))]:
            stored = not self.lost and len(self.later) <= LARGEST
            moment = Moment(self.stock.dump() if stored else None, process.dump(), step)
            if step == model.loop[0]:
                self.later.append(moment)
            elif step in model.life:
                self.lived.append(moment)
            process = load(self.definition, moment.ours, _serve)
            _complete(process, step)
            self._follow(step)

    def _follow(self, step: str) -> None:
        """Take the same step in the library, as long as it has the case."""
        if self.lost:
            return
        try:
            task = _stock_task(self.stock, step)
            if task is None:
                self.lost = f"the library calls the case finished after {len(self.later) - 1} reports, without an error"
            else:
                self.stock.complete(task, {})
        except RecursionError:
            self.lost = f"the library fails after {len(self.later) - 1} reports: RecursionError"

    def our_round(self, moment: Moment) -> Work:
        """Return one round of ours."""

        def work() -> bytes:
            process = load(self.definition, moment.ours, _serve)
            _complete(process, moment.step)
            return process.dump()

        return work

    def stock_round(self, moment: Moment) -> Work:
        """Return one round of the library's."""

        def work() -> str:
            self.stock.load(moment.stock or "")
            self.stock.complete(_stock_task(self.stock, moment.step), {})
            return self.stock.dump()

        return work


def _row(name: str, moments: list[Moment], figures: tuple[list[float], list[float]], lost: str) -> Row:
    """Return the line for some moments of a case."""
    stock, ours = figures
    whole = all(moment.stock for moment in moments)
    return Row(
        name,
        median(stock) if stock else None,
        median(ours),
        round(median(len(moment.stock or "") for moment in moments)) if whole else None,
        round(median(len(moment.ours) for moment in moments)),
        "" if whole else lost,
    )


def _rate(works: list[Work], seconds: float) -> float:
    """Return how often a second of processor time is enough for one piece of work."""
    rounds, begin = 0, process_time()
    while process_time() - begin < seconds:
        for work in works:
            work()
        rounds += len(works)
    return rounds / (process_time() - begin)


def _complete(process: Process, step: str) -> None:
    process.complete(next(each.id for each in process.waiting() if each.step == step), {})


def _stock_task(stock: Stock, step: str) -> Any:
    """Return the open task of a step in the library, if it has one."""
    return next((task for task in stock.open() if task.task_spec.bpmn_id == step and not is_timer(task)), None)


def _serve(name: str) -> None:
    """Do nothing, as the library's scripts do."""


def table(found: list[Row]) -> str:
    """Return rows as a table in Markdown."""

    def figure(value: float | None, unit: str = "") -> str:
        return "–" if value is None else f"{value:,.0f}{unit}"

    lines = [
        "| | stock, rounds/s | ours, rounds/s | ratio | stock, bytes | ours, bytes | |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    lines += [
        f"| {row.name} | {figure(row.stock_rounds)} | {figure(row.our_rounds)} | {figure(row.ratio, ' ×')} "
        f"| {figure(row.stock_bytes)} | {figure(row.our_bytes)} | {row.note} |"
        for row in found
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(rows()))
