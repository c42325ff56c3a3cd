"""The command that brings a catalogue in, as operators meet it."""

import re

from models import Dataset, OpenType, db

HEAD = "entry_id,dataset_name,provider,open_attribute\n"


def run(app, *arguments: str):
    return app.test_cli_runner().invoke(args=["import-catalogue", *arguments])


def total(app) -> int:
    with app.app_context():
        return db.session.scalar(db.select(db.func.count()).select_from(Dataset))


def test_the_command_brings_rows_in_and_reports_each_refused_one(app, tmp_path):
    file, report = tmp_path / "list.csv", tmp_path / "refused.csv"
    file.write_text(HEAD + "1,公交,市交通委,无条件开放\n2,=医院,市卫健委,看情况\n", "utf-8")
    done = run(app, str(file), "--report", str(report))
    assert done.exit_code == 0
    assert re.search(r"2 rows: 1 added, 0 changed, 0 unchanged, 1 refused; 1 bodies", done.stdout)
    assert "row 3: =医院: The open type “看情况” is not known." in done.stderr
    assert report.read_text("utf-8-sig").splitlines()[1].startswith("3,'=医院,")
    assert "0 added, 0 changed, 1 unchanged" in run(app, str(file)).stdout
    assert total(app) == 1


def test_a_dry_run_says_what_would_happen_and_changes_nothing(app, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(HEAD + "1,公交,市交通委,无条件开放\n", "utf-8")
    done = run(app, str(file), "--dry-run")
    assert "1 added" in done.stdout
    assert "Nothing was changed" in done.stdout
    assert total(app) == 0


def test_a_bad_file_changes_nothing_and_says_why_in_one_sentence(app, tmp_path):
    file = tmp_path / "list.csv"
    for data in (b"<html>", b"", b"\xff\xff\xff\x81", (HEAD + '1,"公交').encode()):
        file.write_bytes(data)
        done = run(app, str(file))
        assert done.exit_code == 1
        assert len(done.stderr.strip().splitlines()) == 1
        assert "Traceback" not in done.stderr
    assert run(app, str(tmp_path / "nothing.csv")).exit_code == 1
    assert run(app, "ftp://portal.example/list.csv").exit_code == 1
    assert total(app) == 0


def test_source_provider_and_open_type_can_be_given_for_rows_that_state_none(app, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("dataset_name\n公交\n", "utf-8")
    assert run(app, str(file)).exit_code == 1
    done = run(app, str(file), "--source", "某门户", "--provider", "市交通委", "--open-type", "conditional")
    assert "1 added" in done.stdout
    with app.app_context():
        one = db.session.scalar(db.select(Dataset))
        assert (one.source, one.provider.name, one.open_type) == ("某门户", "市交通委", OpenType.CONDITIONAL)
