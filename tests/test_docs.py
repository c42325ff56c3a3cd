"""What the documents say is so: the toy step can be built as told, and every table, link and picture is up to date."""

import importlib
import re
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader

from api.commands.office import step_table
from api.settings import DEFAULTS
from api.worker import background_of
from models import PREFIXES, Case, User, db
from tests.answers import DEMAND
from workflow import casework, check, definitions, journal, stages
from workflow.worklist import open_items

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
README, OPERATIONS = ROOT / "README.md", ROOT / "docs" / "operations.md"
BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
ROW = re.compile(r"^\| `([^`]+)` \| `?([^`|]*)`? \|", re.MULTILINE)
KEPT = ("answer", "letter", "job")
SUGGESTION = "把开放清单的搜索结果导出成表格。"
WEIGHING = {"weighing": "take", "reply": "下一个版本会做，谢谢您的建议。"}


def blocks() -> dict[str, str]:
    """Return the files that the document about steps builds; blocks of one file follow each other in it."""
    files: dict[str, str] = {}
    for name, text in BLOCK.findall((ROOT / "docs" / "adding-a-step.md").read_text("utf-8")):
        files[name] = files.get(name, "") + ("\n\n" if name in files else "") + text
    return files


class Toy:
    """A copy of what is drawn and shown, with the toy's files in it."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        self.folder = folder
        for name in ("bpmn", "templates"):
            shutil.copytree(ROOT / name, folder / name)
        for name, text in blocks().items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        monkeypatch.setattr(stages, "__path__", [*stages.__path__, str(folder / "workflow" / "stages")])
        monkeypatch.delitem(sys.modules, "workflow.stages.suggestion", raising=False)
        self.stage = importlib.import_module("workflow.stages.suggestion").stage
        monkeypatch.setitem(PREFIXES, "suggestion", "JY")
        monkeypatch.setattr(check, "STAGES", (*check.STAGES, self.stage))
        monkeypatch.setattr(check, "TEMPLATES", folder / "templates")
        for name, step in self.stage.steps.items():
            monkeypatch.setitem(stages.STEPS, name, step)

    def complaints(self) -> list[str]:
        """Return what the check says, but for the toy's first step, which has no page of its own here."""
        found = check.problems(self.folder / "bpmn")
        return [line for line in found if "make_suggestion has no template" not in line]


def proof(client, page: str) -> dict[str, str]:
    """Return the proof that a form comes from a page of ours."""
    return {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)[1]}


class TestAStepAddedAsTold:
    @pytest.fixture
    def toy(self, tmp_path_factory, monkeypatch):
        """Return the toy; its module is forgotten afterwards."""
        yield Toy(tmp_path_factory.mktemp("toy"), monkeypatch)
        sys.modules.pop("workflow.stages.suggestion", None)

    @pytest.fixture
    def app(self, database_url, toy, own_app):
        """Return the service as it starts with the toy in it; its database was made without."""
        app = own_app
        app.jinja_env.loader = ChoiceLoader([FileSystemLoader(toy.folder / "templates"), app.jinja_env.loader])
        with app.app_context():
            definitions.deploy(toy.folder / "bpmn")
        return app

    @pytest.fixture
    def suggestion(self, app, people) -> SimpleNamespace:
        """Return the reference of a suggestion that the desk has to weigh, and the page to do so."""
        with app.app_context():
            citizen = db.session.scalar(db.select(User).where(User.email == people.citizen))
            reference = casework.start("suggestion", citizen, {"text": SUGGESTION}).reference
            db.session.remove()
        return SimpleNamespace(reference=reference, page=f"/desk/cases/{reference}/weigh_suggestion")

    def test_has_no_problems(self, toy):
        assert toy.complaints() == []

    def test_must_have_its_function(self, toy, monkeypatch):
        monkeypatch.delitem(stages.STEPS, "weigh_suggestion")
        assert toy.complaints() == ["suggestion: step weigh_suggestion is drawn and not declared"]

    def test_must_be_drawn_under_its_name(self, toy):
        file = toy.folder / "bpmn" / "suggestion.bpmn"
        file.write_text(file.read_text("utf-8").replace("weigh_suggestion", "weigh_idea"), "utf-8")
        assert toy.complaints() == [
            "step weigh_suggestion is declared and drawn nowhere",
            "suggestion: step weigh_idea is drawn and not declared",
        ]

    def test_must_have_its_template(self, toy):
        (toy.folder / "templates" / "suggestion" / "weigh_suggestion.html").unlink()
        missing = "templates/suggestion/weigh_suggestion.html"
        assert toy.complaints() == [f"step weigh_suggestion has no template {missing}"]

    def test_passes_the_test_that_comes_with_it(self, toy):
        space: dict[str, object] = {}
        exec(compile(blocks()["tests/workflow/stages/test_suggestion.py"], "test_suggestion.py", "exec"), space)
        ran = 0
        for rule in [value for name, value in space.items() if name.startswith("test_")]:
            marked = [mark.args for mark in getattr(rule, "pytestmark", [])] or [((), [()])]
            for names, cases in marked:
                for values in cases:
                    rule(**dict(zip(names, values, strict=True)))
                    ran += 1
        assert ran == 3

    def test_is_nobody_elses(self, suggestion, client_of, people):
        assert client_of(people.stranger).get(suggestion.page).status_code == 404
        assert client_of(people.citizen).get(suggestion.page).status_code == 403

    def test_shows_what_was_suggested_and_asks_for_each_field(self, suggestion, client_of, people):
        page = client_of(people.desk).get(suggestion.page)
        assert page.status_code == 200
        assert SUGGESTION in page.text
        assert re.findall(r'name="(weighing|reply)"', page.text) == ["weighing", "weighing", "reply"]

    def test_waits_until_it_is_answered_well(self, app, suggestion, client_of, people):
        client = client_of(people.desk)
        empty = client.post(suggestion.page, data=proof(client, suggestion.page))
        assert empty.status_code == 422
        assert self.waiting(app, suggestion) == ["weigh_suggestion"]
        done = client.post(suggestion.page, data=proof(client, suggestion.page) | WEIGHING)
        assert done.status_code == 303
        assert self.waiting(app, suggestion) == []

    def test_stands_in_the_journal(self, app, suggestion, client_of, people):
        client = client_of(people.desk)
        client.post(suggestion.page, data=proof(client, suggestion.page) | WEIGHING)
        with app.app_context():
            case = db.session.scalar(db.select(Case).where(Case.reference == suggestion.reference))
            told = {line.step: line.data for line in journal.lines(case) if line.kind.value == "answered"}
            assert told["weigh_suggestion"]["answer"] == WEIGHING
            assert journal.verify(case) == []

    @staticmethod
    def waiting(app, suggestion) -> list[str]:
        """Return the steps for which the suggestion waits."""
        with app.app_context():
            case = db.session.scalar(db.select(Case).where(Case.reference == suggestion.reference))
            return [item.step for item in open_items(case)]


def between(text: str, word: str) -> str:
    """Return what stands between two marks of a document."""
    return re.search(rf"<!-- {word} -->\n(.*?)\n<!-- /{word} -->", text, re.DOTALL)[1].strip()


def shown(value: object) -> str:
    """Return a default as the table of settings shows it."""
    if isinstance(value, timedelta):
        return str(int(value.total_seconds()))
    return str(int(value)) if isinstance(value, bool) else str(value)


def left(table: str) -> int:
    """Return how many rows a table has."""
    return db.session.scalar(db.select(db.func.count()).select_from(db.metadata.tables[table]))


class TestTheDocuments:
    def test_list_the_steps_that_are_declared(self):
        assert between(README.read_text("utf-8"), "steps") == step_table()

    def test_list_every_setting_with_its_default(self):
        listed = dict(ROW.findall(between(OPERATIONS.read_text("utf-8"), "settings")))
        assert listed == {name: shown(default) for name, default in DEFAULTS.items()}

    def test_name_statements_that_leave_nothing_behind(self, app, walker):
        """The retention of operations.md, with a day that spares nothing, takes rows that a case has caused."""
        statements = re.search(r"```sql\n(.*?)```", OPERATIONS.read_text("utf-8"), re.DOTALL)[1]
        with app.app_context():
            casework.start("demand", walker.person("citizen"), DEMAND, key="a key of a form")
            background_of(app).work()
            assert all(left(table) for table in KEPT)
            for statement in statements.replace("2020-01-01", "2999-01-01").split(";"):
                if statement.strip():
                    db.session.execute(db.text(statement))
            db.session.commit()
            assert [table for table in KEPT if left(table)] == []

    def test_list_every_command(self, app):
        ours = {name for name, command in app.cli.commands.items() if ours_is(command)}
        assert set(re.findall(r"^\| `([\w-]+)", between(README.read_text("utf-8"), "commands"), re.MULTILINE)) == ours

    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
    def test_link_to_files_that_are_there(self, document):
        missing = [link for link in LINK.findall(document.read_text("utf-8")) if not (document.parent / link).exists()]
        assert missing == []

    @pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "img").iterdir()), ids=lambda path: path.name)
    def test_show_small_pictures_alone(self, picture):
        assert picture.suffix == ".png"
        assert picture.stat().st_size < 200_000
        assert any(picture.name in document.read_text("utf-8") for document in DOCUMENTS)


def ours_is(command) -> bool:
    """Say whether a command is one of this service, not of Flask or its extensions."""
    return getattr(command.callback, "__module__", "").startswith("api.")
