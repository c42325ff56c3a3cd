"""Verifying: a whole file is told from a changed one, to the byte, and no file does harm."""

import random
import re
import subprocess
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from shutil import which

import pytest
from asn1crypto import keys as keys_of
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper
from pypdf import PdfWriter

from tests import archivable
from tests.papers import AGREEMENT, DECISION
from workflow import verifying
from workflow.documents import certificates, rendering, signing

DAY = timedelta(days=1)
MOMENT = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> str:
    """Return the folder with the keys of a service."""
    folder = str(tmp_path_factory.mktemp("keys"))
    certificates.make_demonstration(folder)
    return folder


@pytest.fixture(scope="module")
def anchors(keys) -> list[bytes]:
    """Return the certificates by which the service's signatures are known."""
    return [each.public_bytes(Encoding.DER) for each in certificates.anchors(keys)]


@pytest.fixture(scope="module")
def decision(keys) -> bytes:
    """Return a letter of decision, signed for the office."""
    set_ = rendering.document("decision", "题", {"dated": "2026-11-20", **DECISION}, "", demonstration=True)
    plain = signing.with_places(set_.content, set_.places)
    return signing.signed(plain, "office", certificates.office(keys), "题", "", "", MOMENT)


@pytest.fixture(scope="module")
def agreement(keys) -> bytes:
    """Return an agreement that both sides have signed."""
    set_ = rendering.document("agreement", "题", {"dated": "2026-11-20", **AGREEMENT}, "", demonstration=True)
    content = signing.with_places(set_.content, set_.places)
    for side, name in (("party", "甲某"), ("body", "乙某")):
        who = certificates.for_act(keys, name, AGREEMENT[side], side)
        content = signing.signed(content, side, who, "题", "", "", MOMENT)
    return content


def flipped(content: bytes, place: int, bit: int) -> bytes:
    forged = bytearray(content)
    forged[place] ^= bit
    return bytes(forged)


def test_the_same_facts_make_the_same_bytes():
    facts = {"dated": "2026-11-20", **DECISION}
    first, second, other = (
        rendering.document("decision", "题", said, "", demonstration=True)
        for said in (facts, facts, {**facts, "text": "别的"})
    )
    assert first == second
    assert other.content != first.content


def test_fonts_may_be_the_offices_own(tmp_path):
    own = Path(rendering.noto_cjk_sans_otc.__file__).parent / "NotoSansCJK-Regular.ttc"
    (tmp_path / "own.ttc").symlink_to(own)
    assert rendering.families(str(tmp_path))[-1] == rendering.FONT
    assert len(rendering.families(str(tmp_path))) > 1
    facts = {"dated": "2026-11-20", **DECISION}
    assert rendering.document("decision", "题", facts, str(tmp_path), demonstration=True).content


def test_a_whole_file_is_said_to_be_whole_and_whose(agreement, anchors):
    verdict = verifying.examine(agreement, anchors)
    assert verdict.ours
    assert [(each.side, each.name, each.organisation) for each in verdict.signatures] == [
        ("party", "甲某", AGREEMENT["party"]),
        ("body", "乙某", AGREEMENT["body"]),
    ]
    assert all("Demonstration" in each.issuer for each in verdict.signatures)
    assert verifying.verdict(agreement, anchors) == verdict


def test_any_byte_that_is_changed_is_found_out(agreement, anchors):
    draw = random.Random(7)
    found = re.finditer(rb"/ByteRange ?\[(\d+) (\d+) (\d+) (\d+)", agreement)
    edges = [int(part) for each in found for part in each.groups()]
    places = {edge + shift for edge in edges for shift in (-1, 0) if 0 <= edge + shift < len(agreement)}
    for place in sorted(places | set(draw.sample(range(len(agreement)), 40))):
        forged = flipped(agreement, place, draw.choice((0x01, 0x20, 0x80)))
        assert not verifying.examine(forged, anchors).ours, f"byte {place}"


def test_any_change_to_the_signature_itself_is_found_out(decision, anchors):
    start, end = re.search(rb"/Contents <([0-9a-fA-F]+)>", decision).span(1)
    draw = random.Random(11)
    # What fills the place that was kept for the signature, and the case of its letters, are covered by nothing.
    for place in (start, end - 1, *draw.sample(range(start, end), 100)):
        forged = flipped(decision, place, 0x20 if chr(decision[place]).isalpha() else 0x01)
        assert not verifying.examine(forged, anchors).ours, f"byte {place - start} of the signature"


def test_what_is_cut_off_or_added_is_found_out(agreement, anchors):
    assert verifying.examine(agreement, anchors).ours
    for forged in (agreement[:-1], agreement[:-1000], agreement + b"\n", agreement + b"% more", b"%" + agreement):
        assert not verifying.examine(forged, anchors).ours


def test_an_earlier_state_of_a_file_is_whole_and_says_who_had_signed_it(agreement, anchors):
    end = agreement.rindex(b"%%EOF", 0, agreement.rindex(b"%%EOF")) + 6
    verdict = verifying.examine(agreement[:end], anchors)
    assert verdict.ours
    assert [each.side for each in verdict.signatures] == ["party"]


def test_a_signature_of_another_authority_is_whole_and_not_vouched_for(agreement, tmp_path):
    certificates.make_demonstration(str(tmp_path))
    others = [each.public_bytes(Encoding.DER) for each in certificates.anchors(str(tmp_path))]
    for known in (others, []):
        verdict = verifying.examine(agreement, known)
        assert verdict.whole
        assert not verdict.ours
        assert [each.trusted for each in verdict.signatures] == [False, False]


def stamper_of() -> tuple[DummyTimeStamper, bytes]:
    """Return a time-stamping service and its certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stamps")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, MOMENT - DAY, MOMENT + 1000 * DAY)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    der = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    own = keys_of.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    return DummyTimeStamper(asn1.Certificate.load(der), own), der


def test_a_time_stamp_counts_only_from_a_service_that_is_known(keys, anchors, monkeypatch):
    stamper, certificate = stamper_of()
    monkeypatch.setattr(signing, "_timestamper", lambda tsa: stamper if tsa else None)
    set_ = rendering.document("decision", "题", {"dated": "2026-11-20", **DECISION}, "", demonstration=True)
    plain = signing.with_places(set_.content, set_.places)
    content = signing.signed(plain, "office", certificates.office(keys), "题", "", "https://tsa.example", MOMENT)
    verdict = verifying.examine(content, anchors, [certificate])
    assert verdict.ours
    assert verdict.signatures[0].stamped_at is not None
    assert verifying.verdict(content, anchors, [certificate]) == verdict
    unknown = verifying.examine(content, anchors)
    assert (unknown.whole, unknown.ours, unknown.signatures[0].stamped_at) == (True, False, None)
    start, end = re.search(rb"/Contents <([0-9a-fA-F]+)>", content).span(1)
    draw = random.Random(13)
    for place in draw.sample(range(start, end), 60):
        forged = verifying.examine(flipped(content, place, 0x01), anchors, [certificate])
        # Some bytes of a stamp, which is not ours, say nothing; changed, they let it say nothing else.
        assert not forged.ours or forged == verdict, f"byte {place - start} of the signature"


def test_a_service_that_gives_no_time_stamp_leaves_the_document_unsigned(keys):
    set_ = rendering.document("decision", "题", {"dated": "2026-11-20", **DECISION}, "", demonstration=True)
    plain = signing.with_places(set_.content, set_.places)
    with pytest.raises(Exception, match="timestamp service"):
        signing.signed(plain, "office", certificates.office(keys), "题", "", "http://127.0.0.1:9/", MOMENT)


def test_an_unsigned_file_is_not_whole(anchors):
    set_ = rendering.document("decision", "题", {"dated": "2026-11-20", **DECISION}, "", demonstration=True)
    for content in (set_.content, signing.with_places(set_.content, set_.places)):
        verdict = verifying.examine(content, anchors)
        assert verdict.readable
        assert not verdict.whole


@pytest.mark.parametrize(
    "content",
    [b"", b"no PDF", b"%PDF-1.7\n%%EOF", random.Random(3).randbytes(5000), b"%PDF-1.7\n" + b"[" * 100_000],
    ids=["nothing", "words", "head", "noise", "depth"],
)
def test_what_is_no_pdf_is_said_to_be_none(content, anchors):
    assert verifying.examine(content, anchors) == verifying.Verdict(readable=False)


def test_a_file_that_does_harm_gets_no_verdict_and_harms_nobody(monkeypatch, anchors):
    assert verifying.verdict(b"%PDF-1.7\n" + b"[" * 1_000_000, anchors) == verifying.Verdict(readable=False)
    monkeypatch.setattr(verifying, "SECONDS", 0.01)
    assert verifying.verdict(b"%PDF-1.7", anchors) == verifying.Verdict(readable=False)


def test_the_archives_validator_finds_no_fault_and_can_find_one(decision, agreement, tmp_path):
    unnamed = PdfWriter(clone_from=BytesIO(decision))
    del unnamed.root_object["/Metadata"]
    unnamed.write(without := BytesIO())
    *whole, faulty = archivable.faults(decision, agreement, without.getvalue(), folder=tmp_path)
    assert whole == [[], []]
    assert any(fault.startswith("6.6.2") for fault in faulty)


@pytest.mark.skipif(which("pdfsig") is None, reason="pdfsig is not installed")
def test_another_program_finds_the_same(agreement, tmp_path):
    for name, content, valid in (("whole", agreement, 2), ("changed", flipped(agreement, len(agreement) // 4, 1), 0)):
        (tmp_path / f"{name}.pdf").write_bytes(content)
        said = subprocess.run(["pdfsig", tmp_path / f"{name}.pdf"], capture_output=True, text=True, check=False).stdout
        assert said.count("Signature is Valid") == valid
