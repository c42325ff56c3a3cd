"""Running cases move to newer diagrams one by one; what does not fit is named and stays where it is."""

import shutil

import pytest

from models import Event, EventKind, db
from tests.answers import ANSWERER
from workflow import casework, definitions, migration, replay
from workflow.worklist import open_items

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def redrawn(tmp_path):
    """Return a function that deploys the diagrams with a change to that of demands."""

    def redraw(old: str, new: str) -> None:
        folder = shutil.copytree(definitions.FOLDER, tmp_path / "bpmn", dirs_exist_ok=True)
        drawn = (folder / "demand.bpmn").read_text("utf-8")
        assert old in drawn
        (folder / "demand.bpmn").write_text(drawn.replace(old, new), "utf-8")
        definitions.deploy(folder)

    return redraw


def test_a_case_is_moved_with_all_it_waits_for_and_goes_on(walker, redrawn):
    case = walker.at("assess_demand")
    before = [(item.id, item.step, item.due_at) for item in open_items(case)]
    redrawn("评估与答复", "评估和答复")
    assert [each.obstacle for each in map(migration.move, migration.behind("demand"))] == [""]
    db.session.refresh(case)
    assert case.definition_id == definitions.current("demand").id
    assert [(item.id, item.step, item.due_at) for item in open_items(case)] == before
    assert db.session.scalar(db.select(Event.step).where(Event.kind == EventKind.MIGRATED)) == "demand"
    assert replay.faults(case) == []
    casework.submit(
        case, "assess_demand", walker.answer("assess_demand"), actor=walker.person(ANSWERER["assess_demand"])
    )
    assert replay.faults(case) == []
    assert migration.behind("demand") == []


def test_a_case_that_waits_for_what_is_no_longer_drawn_stays_and_is_named(walker, redrawn):
    case = walker.at("assess_demand")
    redrawn("assess_demand", "weigh_demand")
    (stays,) = map(migration.move, migration.behind("demand"))
    assert stays.reference == case.reference
    assert "'assess_demand' is open" in stays.obstacle
    db.session.refresh(case)
    assert case.definition.version == 1
    assert replay.faults(case) == []


def test_a_dry_run_changes_nothing(app, walker, redrawn):
    case = walker.at("assess_demand")
    redrawn("评估与答复", "评估和答复")
    length, db_version = case.journal_length, case.version
    result = app.test_cli_runner().invoke(args=["migrate-cases", "demand", "--dry-run"])
    assert result.exit_code == 0
    assert f"{case.reference} (version 1): would move" in result.output
    db.session.refresh(case)
    assert (case.journal_length, case.version, case.definition.version) == (length, db_version, 1)


def test_an_ended_case_is_left_alone(walker, redrawn):
    case = walker.at("assess_demand")
    assert casework.signal(case, "withdraw_demand")
    redrawn("评估与答复", "评估和答复")
    assert migration.behind("demand") == []
