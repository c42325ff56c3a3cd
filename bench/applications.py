"""Measure the steps of an application through the door, signatures and all, and the page of a case that has grown long.

The longest form has as many rows as it takes, every text as long as it may be, and as many files as it takes. The page
is asked for through the whole application, in turns with that of a case that has just been handed in.
`python -m bench.applications` prints it.
"""

import io
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from marshmallow import fields, validate

from api.seed import clauses
from bench.cases import taken
from bench.databases import app_on, postgresql, prepare, server
from bench.http import PASSWORD
from models import Case, Event, File, db, now
from tests.answers import USED
from tests.applications import FORM, form
from tests.conftest import people_of
from tests.walks import SIGNING, Walker
from workflow import applying, casework, files, site
from workflow.documents import certificates
from workflow.fields import Group
from workflow.stages import STEPS

LIVES, ROUNDS, WARM = 12, 40, 10
LINES, ATTACHED = 200, 30
PLAN = b"0" * 100_000 + b"\n%%EOF\n"
WORDS = "逐项说明数据的用途、必要性和安全措施。"
# What calls for other answers stays as it is in a good form.
STAYS = {"credit_code", "unpublished"}
Steps = Mapping[str, float]


def longest(walker: Walker) -> dict[str, Any]:
    """Return the longest form there is: every group full, and every text as long as it may be."""
    most = {name: field.most for name, field in fields_of(applying.ApplicationForm).items() if isinstance(field, Group)}
    entries = [walker.dataset(name=f"轨道交通分站客流{number}") for number in range(most["datasets"])]
    said = filled(applying.ApplicationForm, form(*entries)) | {"reidentification": WORDS}
    said["datasets"] = [filled(applying.DataRow, row) for row in said["datasets"]]
    said["people"] = [{**FORM["people"][0], "email": f"person{n}@example.org"} for n in range(most["people"])]
    said["joined"] = [{"name": f"数据{n}", "source": "own", "risk": WORDS} for n in range(most["joined"])]
    return said


def fields_of(schema: type[Any]) -> dict[str, fields.Field[Any]]:
    """Return the fields of a form."""
    found: dict[str, fields.Field[Any]] = schema().load_fields
    return found


def filled(schema: type[Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return some answers with every free text as long as it may be."""
    longer = dict(said)
    for name, field in fields_of(schema).items():
        ends = [each.max for each in field.validators if isinstance(each, validate.Length) and each.max]
        free = field.metadata.get("widget") == "textarea" and "when" not in field.metadata
        if ends and free and name not in STAYS:
            longer[name] = (WORDS * (ends[0] // len(WORDS) + 1))[: ends[0]]
    return longer


def timed(took: dict[str, list[float]], label: str, action: Any) -> Any:
    """Do something and write down how many milliseconds it took."""
    begun = time.perf_counter()
    done = action()
    took[label].append(1000 * (time.perf_counter() - begun))
    return done


def handed_in(walker: Walker, took: dict[str, list[float]]) -> Case:
    """Hand the longest form in, from a draft with as many files as it takes."""
    citizen, step = walker.person("citizen"), STEPS["submit_application"]
    case = casework.start("application", citizen, outcome={"basis": "new"})
    room = fields_of(applying.ApplicationForm)["attachments"].most  # type: ignore[attr-defined]
    keep = partial(files.keep, case=case, person=citizen, step=step, field="attachments")
    kept = [timed(took, "a file of 100 KB, kept", partial(keep, *plan(n))).id for n in range(room)]
    said = longest(walker) | {"attachments": kept}
    timed(took, "submit_application, the longest form", lambda: casework.submit(case, step.name, said, actor=citizen))
    return case


def plan(number: int) -> tuple[io.BytesIO, str]:
    """Return a file that may be attached, and its name."""
    return io.BytesIO(b"%%PDF-1.7\n%d\n" % number + PLAN), f"安全保障方案{number}.pdf"


def life(walker: Walker, took: dict[str, list[float]]) -> None:
    """Walk an application from its form to access, each step timed; documents are made between them, by the worker."""
    case = None
    for name, who, answer in USED:
        person = walker.person(who)
        said = walker.full(name, dict(answer), case) if case else form(walker.dataset())
        if name in SIGNING and case:
            walker.make_documents(case)
            said = {**said, "code": walker.code(person)}
        if case is None:
            act = partial(casework.start, "application", person, said, outcome={"basis": "new"})
        else:
            act = partial(casework.submit, case, name, said, actor=person)
        case = timed(took, name, act)


def steps(app: Flask) -> Steps:
    """Return what each step took, in milliseconds, median."""
    took: dict[str, list[float]] = defaultdict(list)
    with app.app_context():
        walker = Walker(app, people_of(app))
        for _ in range(LIVES):
            life(walker, took)
        for _ in range(LIVES):
            handed_in(walker, took)
        db.session.remove()
    return {label: statistics.median(times[1:]) for label, times in took.items()}


def grown(walker: Walker) -> tuple[str, str]:
    """Return an application that has just been handed in, and one with many lines and files."""
    young, old = walker.at("check_application"), walker.at("check_application")
    citizen, desk = walker.person("citizen"), walker.person("desk")
    while db.session.query(Event).filter_by(case_id=old.id).count() < LINES:
        casework.claim(old, "check_application", actor=desk)
        casework.release(old, "check_application", actor=desk)
    said = {"case_id": old.id, "step": "submit_application", "field": "attachments", "mark": "internal"}
    said |= {"media_type": "application/pdf", "size": len(PLAN), "uploaded_by_id": citizen.id, "attached_at": now()}
    for number in range(ATTACHED):
        db.session.add(File(**said, name=f"附件{number}.pdf", sha256=f"{number:064x}"))
    db.session.commit()
    return young.reference, old.reference


def page(app: Flask, folder: Path) -> tuple[float, float]:
    """Return how many milliseconds the page of a young case takes, and of an old one, for who must check it."""
    with app.app_context():
        young, old = grown(Walker(app, people_of(app)))
        db.session.remove()
    password = PASSWORD.search((folder / "demo-passwords.txt").read_text("utf-8"))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    sent = client.post("/sign-in", data={"email": "desk.hub@demo.kaimen.example", "password": password[1]})  # type: ignore[index]
    if sent.status_code != 303:
        raise RuntimeError("the desk could not sign in")

    def ask(reference: str) -> float:
        return taken(lambda: client.get(f"/cases/{reference}"))

    turns = [(ask(young), ask(old)) for _ in range(WARM + ROUNDS)][WARM:]
    few, many = (statistics.median(times) for times in zip(*turns, strict=True))
    return few, many


def on(folder: str, url: str = "") -> tuple[Steps, tuple[float, float]]:
    """Return the figures of one database."""
    app = app_on(folder, url)
    prepare(app)
    with app.app_context():
        clauses.load()
        certificates.make_demonstration(site.current().signing)
    found = steps(app), page(app, Path(folder))
    with app.app_context():
        db.engine.dispose()
    return found


def rows() -> dict[str, tuple[Steps, tuple[float, float]]]:
    """Return the figures of both databases."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"SQLite": on(folder)}
    with server() as address, postgresql(address) as (url, _), tempfile.TemporaryDirectory() as folder:
        found["PostgreSQL"] = on(folder, url)
    return found


def table(found: Mapping[str, tuple[Steps, tuple[float, float]]]) -> str:
    """Return the figures as two tables in Markdown."""
    names = list(found)
    text = "| a step through the door, ms |" + "".join(f" {name} |" for name in names) + "\n|---|" + "--:|" * len(names)
    for label in found[names[0]][0]:
        text += f"\n| {label} |" + "".join(f" {found[name][0][label]:.1f} |" for name in names)
    text += f"\n\n| page of a case | just handed in, ms | {LINES} lines and {ATTACHED} files, ms | ratio |"
    text += "\n|---|--:|--:|--:|"
    for name, (_, (few, many)) in found.items():
        text += f"\n| {name} | {few:.1f} | {many:.1f} | {many / few:.2f} |"
    return text + "\n"


if __name__ == "__main__":
    sys.stdout.write(table(rows()))
