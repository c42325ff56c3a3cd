"""Write the states that `test_golden.py` reads: `python -m tests.workflow.engine.golden_states`.

Each file in `golden/` is a state as an earlier build of the service stored it, named `<toy>-<what was open>.<codec>`.
They are written once per codec and then only read: a change that cannot read them would strand running cases. Run this
after raising `CODEC`, keep the files of the earlier codec as long as states of it may be stored anywhere, and never run
it to make a failing test pass.
"""

from pathlib import Path

from tests.workflow.engine.toys import Toy
from workflow.engine import CODEC

FOLDER = Path(__file__).parent / "golden"
KNOWN = {
    "stop": False,
    "more": False,
    "again": False,
    "rough": True,
    "reread": False,
    "redo": False,
    "reopen": False,
    "decision": "over",
    "screening": "pass",
    "level": "restricted",
    "grade": 2,
    "opinion": "for",
    "use": "goes_on",
    "experts": ["anna", "bei", "chen"],
}
LIVES = {
    "access": [
        "submit",
        "screen",
        "review",
        "opinion_late",
        "summarise",
        "draft_agreement",
        "sign_authority",
        "sign_applicant",
        "grant",
        "report",
        "review_report",
        "revoke",
    ],
    "ballot": ["give_opinion anna", "give_opinion chen", "give_opinion bei", "summarise"],
    "branches": ["right"],
    "offers": ["submit", "extend", "propose", "draft", "polish", "read_late", "life_late", "read", "withdraw"],
    "wait": ["rest_over"],
}


def write() -> None:
    """Play each life and write a state after every act."""
    FOLDER.mkdir(exist_ok=True)
    for key, acts in LIVES.items():
        toy = Toy(key, KNOWN)
        for act in ["", *acts]:
            step, _, member = act.partition(" ")
            if step.endswith(("_late", "_over")):
                toy.expire(step)
            elif step:
                toy.take(step, member or None)
            opened = act.replace(" ", "-") or "start"
            (FOLDER / f"{key}-{opened}.{CODEC}").write_bytes(toy.process.dump())


if __name__ == "__main__":
    write()
