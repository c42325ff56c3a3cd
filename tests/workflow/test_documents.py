"""Documents: made once from the facts as ordered, signed without touching what was there, and whole or found out."""

import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from shutil import rmtree

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from marshmallow import ValidationError
from pypdf import PdfReader
from sqlalchemy import select, update

from api.worker import background_of
from models import Document, DocumentState, Incident, Job, Signature, db, now
from tests.papers import AGREEMENT, DECISION, exhaust, made, ordered, work
from workflow import background, documents, outbox, site, store, verifying
from workflow.documents import NotMade, certificates, rendering

pytestmark = pytest.mark.usefixtures("context")
ROOT = Path(__file__).parents[2]
# What somebody may write in the hope that it is read as more than a text.
TRICKS = '#panic("read") $x$ `raw` *bold* <label> @ref \\ // note /* open [ ] { } "quoted" https://example.org'

# A worker that dies when a document is set and nothing of it is kept yet.
DOOMED = """
import sys, time
from datetime import timedelta
from api import create_app
from api.worker import background_of
from models import db
from workflow import background, documents

def sleep_over_it(*_):
    print("in the middle", flush=True)
    time.sleep(60)

documents.store.put = sleep_over_it
app = create_app({"DATA_DIR": sys.argv[1], "DATABASE_URL": sys.argv[2], "SECRET_KEY": "for tests alone"})
with app.app_context():
    background.run_due(db.session, background_of(app).site, lease=timedelta(seconds=1))
"""


@pytest.fixture
def case(walker):
    """Return a case to which documents may belong."""
    return walker.demand()


def text_of(content: bytes) -> str:
    """Return the words of a PDF, without the breaks of its lines."""
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages))


def anchors() -> list[bytes]:
    return [each.public_bytes(Encoding.DER) for each in certificates.anchors(site.current().signing)]


def examined(content: bytes) -> verifying.Verdict:
    return verifying.examine(content, anchors())


def signed(document: Document, walker) -> Document:
    """Return an agreement that both sides have signed."""
    documents.sign(document, "party", walker.person("citizen"), "甲某")
    documents.sign(document, "body", walker.person("decider"), "乙某")
    db.session.commit()
    return document


def files(app) -> list[Path]:
    """Return the files in the store."""
    return [each for each in (Path(app.config["DATA_DIR"]) / "store").rglob("*") if each.is_file()]


def test_a_document_says_what_it_was_ordered_with_in_both_languages(app, case):
    said = text_of(documents.content(made(app, case, "decision")))
    for words in ("公共数据开放决定书", "SQ-2026-000012", "示例数据研究所", "2026年11月20日", "20November2026"):
        assert words in said
    for fact in ("outcome_text", "outcome_en", "text", "remedy", "remedy_en"):
        assert re.sub(r"\s+", "", DECISION[fact]) in said
    for words in (*DECISION["conditions"], "等级保护不低于二级", "备案证明有效。", "DS-000012", "泊位编号"):
        assert words in said


def test_an_agreement_says_terms_clauses_and_their_digest(app, case):
    said = text_of(documents.content(made(app, case)))
    for words in ("公共数据利用协议", "XY-2026-000007", "91310000MA1FL00000", "停车需求研究", "甲；乙", "第8条"):
        assert words in said
    assert "Forresearchalone." in said
    assert AGREEMENT["digest"] in said


def test_whatever_people_wrote_is_set_as_text(app, case):
    said = text_of(documents.content(made(app, case, "decision", text=TRICKS, applicant=TRICKS, conditions=[TRICKS])))
    for trick in ("#panic(", "$x$", "`raw`", "*bold*", "<label>", "@ref", "//note", "/*open"):
        assert said.count(trick) >= 3


def test_facts_that_change_after_the_order_do_not_reach_the_document(app, case):
    facts = {"conditions": ["第一个条件。"]}
    document = ordered(case, "decision", **facts)
    facts["conditions"][0] = "改过的条件。"
    work(app)
    assert "第一个条件。" in text_of(documents.content(document))


@pytest.mark.parametrize("kind", ["decision", "agreement"])
def test_a_document_is_archivable_tagged_and_brings_its_letters(app, case, walker, kind):
    document = made(app, case, kind)
    if kind == "agreement":
        signed(document, walker)
    reader = PdfReader(BytesIO(documents.content(document)))
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert re.search(r"<pdfaid:part>2</pdfaid:part>\s*<pdfaid:conformance>B</pdfaid:conformance>", metadata)
    assert document.title in metadata
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/OutputIntents"]
    assert reader.trailer["/Root"]["/Lang"]
    assert not reader.trailer["/Root"]["/AcroForm"].get("/NeedAppearances")
    for page in reader.pages:
        for note in page.get("/Annots", []):
            widget = note.get_object()
            assert widget["/AP"]["/N"]
            assert widget["/F"] & 4, "it is printed"
    fonts = {id(font): font for font in fonts_of(reader)}
    assert fonts
    assert all(font.get("/FontFile3") or font.get("/FontFile2") for font in fonts.values())


def fonts_of(reader: PdfReader):
    """Yield the description of every font in a file, those of the seals as well."""
    for number in range(1, reader.trailer["/Size"]):
        try:
            found = reader.get_object(number)
        except Exception:  # Not every number is one of an object.
            continue
        if isinstance(found, dict) and found.get("/Type") == "/FontDescriptor":
            yield found


def test_what_is_not_committed_is_never_made(app, case):
    documents.order(case, "decision", "题", DECISION)
    work(app)
    assert db.session.scalars(select(Document)).all() == []


def test_documents_of_one_kind_are_numbered(app, case):
    assert [ordered(case).number, ordered(case).number, ordered(case, "decision").number] == [1, 2, 1]


def test_the_letter_of_decision_is_signed_for_the_office(app, case):
    document = made(app, case, "decision")
    (found,) = examined(documents.content(document)).signatures
    assert (found.side, found.intact, found.trusted) == ("office", True, True)
    assert "Demonstration" in found.name
    (row,) = document.signatures
    assert (row.side, row.after, row.certificate, row.user_id) == ("office", document.sha256, found.certificate, None)
    assert row.before != row.after


def test_a_second_run_changes_nothing(app, case):
    document = made(app, case, "decision")
    before = (document.sha256, document.made_at)
    job = db.session.scalars(select(Job).where(Job.kind == "render")).one()
    documents.render(db.session, job, background_of(app).site)
    db.session.commit()
    db.session.refresh(document)
    assert (document.sha256, document.made_at) == before
    assert len(document.signatures) == 1
    assert len(files(app)) == 1


def test_a_worker_killed_in_the_middle_leaves_one_document_and_one_file(app, case, database_url):
    document = ordered(case, "decision")
    number = document.id
    db.session.rollback()
    command = [sys.executable, "-c", DOOMED, app.config["DATA_DIR"], database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ) as doomed:
        assert doomed.stdout.readline() == "in the middle\n"
        doomed.send_signal(signal.SIGKILL)
    assert files(app) == []
    assert db.session.get(Document, number, populate_existing=True).state is DocumentState.ORDERED
    db.session.execute(update(Job).values(leased_until=now() - timedelta(seconds=1)))
    db.session.commit()
    work(app)
    document = db.session.scalars(select(Document)).one()
    assert (document.id, document.state) == (number, DocumentState.MADE)
    assert [each.name for each in files(app)] == [document.sha256]
    assert examined(documents.content(document)).ours


def test_a_document_that_cannot_be_set_is_given_up_told_to_the_office_and_made_when_tried_again(
    app, case, walker, monkeypatch
):
    document = ordered(case, "decision")
    kept = rendering.document
    monkeypatch.setattr(rendering, "document", lambda *_: (_ for _ in ()).throw(OSError("the fonts are gone")))
    exhaust(app)
    db.session.refresh(document)
    assert document.state is DocumentState.ORDERED
    assert documents.given_up(document)
    incident = db.session.scalars(select(Incident)).one()
    assert (incident.case_id, incident.step, incident.error) == (case.id, "render", "OSError: the fonts are gone")
    monkeypatch.setattr(rendering, "document", kept)
    outbox.retry(db.session, incident, walker.person("steward"))
    assert not documents.given_up(document)
    work(app)
    db.session.refresh(document)
    assert document.state is DocumentState.MADE


def test_without_the_offices_key_no_letter_of_decision_is_made(app, case):
    document = ordered(case, "decision")
    (Path(site.current().signing) / "office.key").unlink()
    exhaust(app)
    db.session.refresh(document)
    assert document.state is DocumentState.ORDERED
    assert "office.key" in db.session.scalars(select(Incident.error)).one()
    assert files(app) == []


def test_nobody_signs_what_is_not_made(app, case, walker):
    document = ordered(case)
    with pytest.raises(NotMade):
        documents.sign(document, "party", walker.person("citizen"), "甲某")
    with pytest.raises(NotMade):
        documents.content(document)


def test_both_sides_sign_and_the_first_signature_stays_valid(app, case, walker):
    document = made(app, case)
    unsigned = documents.content(document)
    documents.sign(document, "party", walker.person("citizen"), "甲某")
    once = documents.content(document)
    documents.sign(document, "body", walker.person("decider"), "乙某")
    db.session.commit()
    twice = documents.content(document)
    assert once.startswith(unsigned), "no byte of what was there is touched"
    assert twice.startswith(once)
    verdict = examined(twice)
    assert verdict.ours
    assert [(each.side, each.name, each.organisation) for each in verdict.signatures] == [
        ("party", "甲某", AGREEMENT["party"]),
        ("body", "乙某", AGREEMENT["body"]),
    ]
    first, second = document.signatures
    assert first.after == second.before
    assert second.after == document.sha256
    assert document.size == len(twice)
    assert (first.user_id, second.user_id) == (walker.person("citizen").id, walker.person("decider").id)
    assert [first.certificate, second.certificate] == [each.certificate for each in verdict.signatures]


def test_the_signatures_are_seen_in_the_page(app, case, walker):
    document = signed(made(app, case), walker)
    reader = PdfReader(BytesIO(documents.content(document)))
    page = next(page for page in reader.pages if page.get("/Annots"))
    seals = {}
    for note in page["/Annots"]:
        widget = note.get_object()
        seals[widget["/T"]] = widget["/AP"]["/N"].get_object()
        left, foot, right, top = widget["/Rect"]
        assert right - left > 150
        assert top - foot > 40
    assert set(seals) == {"party", "body"}
    assert all(seal["/Resources"]["/XObject"] for seal in seals.values())


def test_a_certificate_of_an_act_names_who_signs_for_whom_and_is_used_once(app, walker):
    folder = site.current().signing
    one, two = (certificates.for_act(folder, "甲某", "示例数据研究所", "party") for _ in range(2))
    assert one.certificate.subject.rfc4514_string() == "OU=party,O=示例数据研究所,CN=甲某"
    assert one.certificate.public_key() != two.certificate.public_key()
    assert one.certificate.serial_number != two.certificate.serial_number
    one.certificate.verify_directly_issued_by(certificates.authority(folder).certificate)
    assert not one.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_side_signs_once(app, case, walker):
    document = made(app, case)
    documents.sign(document, "party", walker.person("citizen"), "甲某")
    with pytest.raises(ValidationError):
        documents.sign(document, "party", walker.person("stranger"), "丙某")


def test_a_side_without_a_place_cannot_sign(app, case, walker):
    document = made(app, case)
    with pytest.raises(ValueError, match="no place"):
        documents.sign(document, "witness", walker.person("stranger"), "丙某")


@pytest.mark.parametrize("missing", ["authority.key", "authority.pem"])
def test_without_the_authority_nobody_signs_and_nothing_changes(app, case, walker, missing):
    document = made(app, case)
    before = document.sha256
    (Path(site.current().signing) / missing).unlink()
    with pytest.raises(certificates.NoKey, match=missing):
        documents.sign(document, "party", walker.person("citizen"), "甲某")
    db.session.rollback()
    assert db.session.get(Document, document.id, populate_existing=True).sha256 == before
    assert db.session.scalars(select(Signature)).all() == []


def test_a_key_that_cannot_be_read_or_does_not_fit_is_refused(app):
    folder = Path(site.current().signing)
    (folder / "office.key").write_bytes((folder / "authority.key").read_bytes())
    with pytest.raises(certificates.NoKey, match="does not belong"):
        certificates.office(str(folder))
    (folder / "office.key").write_text("no key")
    with pytest.raises(certificates.NoKey, match="cannot be read"):
        certificates.office(str(folder))


@pytest.mark.usefixtures("new_keys")
def test_what_was_signed_under_earlier_certificates_is_still_known(app, case):
    content = documents.content(made(app, case, "decision"))
    folder = Path(site.current().signing)
    earlier = b"".join((folder / f"{name}.pem").read_bytes() for name in ("office", "authority"))
    for each in list(folder.iterdir()):
        each.unlink()
    certificates.make_demonstration(str(folder))
    assert not examined(content).ours
    (folder / "earlier.pem").write_bytes(earlier)
    assert examined(content).ours


def test_a_demonstration_never_takes_the_place_of_real_keys(app):
    folder = Path(site.current().signing)
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    (folder / "office.pem").unlink()
    assert not certificates.make_demonstration(str(folder))
    del before["office.pem"]
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before
    rmtree(folder)
    assert certificates.make_demonstration(str(folder))
    assert (folder / "office.key").stat().st_mode & 0o077 == 0
    assert (folder / "authority.key").stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("new_keys")
def test_a_signature_by_somebody_elses_authority_is_whole_and_not_vouched_for(app, case, walker, tmp_path):
    document = made(app, case)
    certificates.make_demonstration(str(tmp_path / "forged"))
    app.config["SIGNING_DIR"] = str(tmp_path / "forged")
    known = anchors()
    background_of(app).__dict__.pop("site")
    signed(document, walker)
    verdict = verifying.examine(documents.content(document), known)
    assert verdict.whole
    assert not verdict.ours
    assert [each.trusted for each in verdict.signatures] == [False, False]


def test_the_store_finds_a_document_that_was_changed_in_it(app, case):
    document = made(app, case, "decision")
    (file,) = files(app)
    file.chmod(0o600)
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(store.Missing):
        documents.content(document)


def test_the_job_is_known_to_the_worker():
    assert background.JOBS["render"] is documents.render
