"""Files handed in with a case: kept whole or not at all, attached once, and read by whom they are for."""

import io
import stat
from dataclasses import replace

import pytest
from marshmallow import ValidationError

from models import File, Incident, Role, db
from tests.samples import CSV, GOOD, PDF, zipped
from workflow import files, site, store
from workflow.errors import NotFound, NotOpen
from workflow.fields import Answer, Attachments
from workflow.stage import Step

pytestmark = pytest.mark.usefixtures("context")


class Papers(Answer):
    """An answer with three kinds of papers."""

    attachments = Attachments(most=2, metadata={"label": "附件"})
    secret = Attachments(metadata={"label": "内部", "private": "restricted"})


def step_for(role):
    return Step("clarify_demand", "demand", role, Papers, lambda case, answer, person: None)


ASKED = step_for(Role.REQUESTER)


@pytest.fixture
def case(walker):
    return walker.at("assess_demand")


@pytest.fixture
def citizen(walker):
    return walker.person("citizen")


def keep(case, person, content=PDF, name="plan.pdf", field="attachments", step=ASKED):
    return files.keep(io.BytesIO(content), name, case, person, step, field)


def refusal(case, person, *what, field="attachments", **how):
    with pytest.raises(ValidationError) as refused:
        keep(case, person, *what, field=field, **how)
    return refused.value.messages[field]


def scanner(monkeypatch, tmp_path, script):
    file = tmp_path / "scan.sh"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IEXEC)
    here = replace(site.current(), scanner=str(file))
    monkeypatch.setattr(site, "_find", [lambda: here])


@pytest.mark.parametrize("name", GOOD)
def test_a_file_is_kept_as_it_came(case, citizen, name):
    file = keep(case, citizen, GOOD[name], name)
    assert store.get(file.sha256) == GOOD[name]
    assert (file.name, file.size, file.mark) == (name, len(GOOD[name]), "internal")
    assert (file.case_id, file.step, file.field, file.attached_at) == (case.id, "clarify_demand", "attachments", None)


@pytest.mark.parametrize(("name", "content"), [("x.pdf", CSV), ("x.exe", PDF), ("x.pdf", b""), ("x.pdf", PDF[:-7])])
def test_of_a_refused_file_nothing_is_kept(case, citizen, name, content, tmp_path):
    refusal(case, citizen, content, name)
    assert db.session.scalars(db.select(File)).all() == []
    assert [file for file in (tmp_path / "store").rglob("*") if file.is_file()] == []


def test_a_file_that_is_too_large_is_refused(case, citizen, monkeypatch):
    monkeypatch.setattr(files, "MOST", len(PDF) - 1)
    assert "太大" in refusal(case, citizen)[0]


def test_a_case_holds_no_more_than_so_much(case, citizen, monkeypatch):
    monkeypatch.setattr(files, "MOST_OF_CASE", 2 * len(PDF))
    keep(case, citizen)
    keep(case, citizen, field="secret")
    assert "合计" in refusal(case, citizen, field="secret")[0]


def test_a_field_holds_no_more_than_so_many(case, citizen):
    first = keep(case, citizen)
    keep(case, citizen)
    assert "最多" in refusal(case, citizen)[0]
    files.remove(case, first.id, citizen)
    keep(case, citizen)


def test_only_a_field_that_asks_for_files_takes_them(case, citizen):
    with pytest.raises(NotFound):
        keep(case, citizen, field="subject")


def test_an_answer_attaches_the_files_it_names(case, citizen):
    one, two = keep(case, citizen), keep(case, citizen)
    assert files.attach(case, [two.id, one.id, two.id], citizen) == [two, one]
    db.session.commit()
    assert one.attached_at is not None
    assert files.attach(case, [one.id], citizen) == [one]
    assert files.attach(case, [], citizen) == []


def test_nobody_attaches_what_is_not_theirs(walker, case, citizen):
    other = walker.at("screen_demand")
    here, elsewhere = keep(case, citizen), keep(other, citizen)
    gone, secret = keep(case, citizen), keep(case, citizen, field="secret")
    clerks = keep(case, walker.person("clerk"), field="secret")
    files.remove(case, gone.id, citizen)
    for number in (elsewhere.id, gone.id, secret.id, 999_999):
        with pytest.raises(ValidationError) as refused:
            files.attach(case, [here.id, number], citizen)
        assert list(refused.value.messages["attachments"]) == [1]
    with pytest.raises(ValidationError):
        files.attach(case, [clerks.id], citizen, "secret")
    with pytest.raises(ValidationError):
        files.attach(case, [here.id], walker.person("clerk"))
    db.session.refresh(here)
    assert here.attached_at is None


def test_a_draft_may_be_taken_back_and_an_answer_may_not(walker, case, citizen):
    draft, attached = keep(case, citizen), keep(case, citizen)
    files.attach(case, [attached.id], citizen)
    db.session.commit()
    for word in ("stranger", "clerk", "desk"):
        with pytest.raises(NotFound):
            files.remove(case, draft.id, walker.person(word))
    files.remove(case, draft.id, citizen)
    with pytest.raises(NotFound):
        files.find(case, draft.id, citizen)
    with pytest.raises(NotOpen):
        files.remove(case, attached.id, citizen)


def test_a_draft_is_read_by_whoever_writes_it_and_a_restricted_file_by_few(walker, case, citizen):
    draft, plain, secret = keep(case, citizen), keep(case, citizen), keep(case, citizen, field="secret")
    files.attach(case, [plain.id], citizen)
    files.attach(case, [secret.id], citizen, "secret")
    db.session.commit()
    words = ("citizen", "reviewer", "decider", "security", "clerk", "desk", "authority", "auditor")
    words += ("steward", "stranger", "other_clerk", "other_reviewer", "other_decider")
    reads = {word: files.listed(case, walker.person(word)) for word in words}
    assert reads.pop("citizen") == [draft, plain, secret]
    for word in ("reviewer", "decider", "security"):
        assert reads.pop(word) == [plain, secret]
    for word in ("clerk", "desk", "authority", "auditor"):
        assert reads.pop(word) == [plain]
    assert set(map(tuple, reads.values())) == {()}
    with pytest.raises(NotFound):
        files.find(walker.at("screen_demand"), plain.id, citizen)


def test_the_scanner_sees_the_file_and_its_word_holds(case, citizen, monkeypatch, tmp_path):
    scanner(monkeypatch, tmp_path, f'cp "$1" {tmp_path}/seen; exit 0')
    keep(case, citizen)
    assert (tmp_path / "seen").read_bytes() == PDF
    scanner(monkeypatch, tmp_path, "exit 1")
    assert "安全检查" in refusal(case, citizen)[0]
    assert db.session.scalars(db.select(Incident)).all() == []


@pytest.mark.parametrize("script", ["exit 2", "kill -9 $$", "sleep 5", None])
def test_a_scanner_that_does_not_say_keeps_the_file_out_and_the_office_is_told(
    case, citizen, monkeypatch, tmp_path, script
):
    monkeypatch.setattr(files, "PATIENCE", 0.2)
    scanner(monkeypatch, tmp_path, script or "")
    if script is None:
        (tmp_path / "scan.sh").unlink()
    assert "不能检查" in refusal(case, citizen)[0]
    assert "不能检查" in refusal(case, citizen)[0]
    [incident] = db.session.scalars(db.select(Incident))
    assert incident.attempt["verb"] == "scan"
    assert "plan.pdf" not in incident.error
    assert db.session.scalars(db.select(File)).all() == []


def test_the_same_bytes_in_two_cases_are_two_files(walker, case, citizen):
    other = walker.at("screen_demand")
    one, two = keep(case, citizen), keep(other, citizen)
    assert one.sha256 == two.sha256
    files.remove(case, one.id, citizen)
    assert store.get(files.find(other, two.id, citizen).sha256) == PDF


def test_a_bomb_is_refused_before_anything_is_kept(case, citizen):
    assert "太大" in refusal(case, citizen, zipped({"zeros": bytes(12 * 1024 * 1024)}), "a.zip")[0]
