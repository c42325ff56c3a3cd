"""Measure how many documents a worker makes in a second, and what a signature and its verification cost.

Everything runs in this process on one core, without database and store; CPU seconds are counted.
`python -m bench.documents` prints it.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography.hazmat.primitives.serialization import Encoding

from tests.papers import AGREEMENT, DECISION
from workflow import verifying
from workflow.documents import certificates, rendering, signing

ROUNDS = 40
DATED = {"dated": "2026-11-20"}


def each(what: Callable[[int], object], rounds: int = ROUNDS) -> float:
    """Return the CPU seconds that something costs, done for the first time before it counts."""
    what(-1)
    began = time.process_time()
    for number in range(rounds):
        what(number)
    return (time.process_time() - began) / rounds


def results() -> list[tuple[str, float]]:
    """Return what each piece of work costs, in CPU milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        certificates.make_demonstration(folder)
        anchors = [known.public_bytes(Encoding.DER) for known in certificates.anchors(folder)]
        moment = datetime.now(UTC)

        def rendered(kind: str, number: int) -> bytes:
            facts = {**DATED, **(DECISION if kind == "decision" else AGREEMENT), "reference": f"SQ-2026-{number:06d}"}
            made = rendering.document(kind, f"{kind} {number}", facts, "", demonstration=True)
            return signing.with_places(made.content, made.places)

        def by_office(content: bytes) -> bytes:
            return signing.signed(content, "office", certificates.office(folder), "", "", "", moment)

        def by_person(content: bytes, side: str) -> bytes:
            who = certificates.for_act(folder, "某人", AGREEMENT[side], side)
            return signing.signed(content, side, who, "", "", "", moment)

        decision, agreement = rendered("decision", 1), rendered("agreement", 1)
        once = by_person(agreement, "party")
        twice = by_person(once, "body")
        seconds = [
            ("letter of decision, set", each(lambda n: rendered("decision", n))),
            ("letter of decision, signed for the office", each(lambda _: by_office(decision))),
            ("agreement, set", each(lambda n: rendered("agreement", n))),
            ("agreement, signed by a person (key and certificate made)", each(lambda _: by_person(agreement, "party"))),
            ("agreement, countersigned", each(lambda _: by_person(once, "body"))),
            ("agreement with two signatures, verified", each(lambda _: verifying.examine(twice, anchors))),
        ]
        began = time.perf_counter()
        verifying.verdict(twice, anchors)
        seconds.append(("the same in a process of its own (time, not CPU)", time.perf_counter() - began))
    return [(label, 1000 * cost) for label, cost in seconds]


def table() -> str:
    """Return the results as a table in Markdown."""
    head = "| documents | ms | in a second |\n|---|--:|--:|\n"
    return head + "".join(f"| {label} | {cost:.1f} | {1000 / cost:.0f} |\n" for label, cost in results())


if __name__ == "__main__":
    sys.stdout.write(table())
