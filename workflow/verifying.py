"""Verifying: whose signatures a PDF bears, whether a byte of it has changed, and whether this service vouches for them.

A file comes from anybody and may be made to do harm, so it is read in a process of its own, with little memory and
little time. Nothing of it is kept.
"""

import base64
import json
import logging
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

SECONDS = 30
CPU_SECONDS = 20
MEMORY = 1024 * 1024 * 1024
ROOT = Path(__file__).parent.parent
# What a second signer may add to a file that a first one has signed.
HARMLESS = (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES, ModificationLevel.FORM_FILLING)
SIGNING = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)


@dataclass(frozen=True)
class Found:
    """A signature in a file."""

    # The name of its field: party, body or office in documents of this service.
    side: str
    name: str
    organisation: str
    issuer: str
    # The SHA-256 of the certificate.
    certificate: str
    # When it was made, as the signer says, and as a time-stamping service says where one was asked.
    at: datetime | None
    stamped_at: datetime | None
    # What it covers is as it was signed.
    intact: bool
    # Its certificate comes from this service, or is the office's own.
    trusted: bool


@dataclass(frozen=True)
class Verdict:
    """What can be said of a file."""

    # It could be read as a PDF.
    readable: bool
    signatures: tuple[Found, ...] = ()
    # Something stands in the file that its last signature does not cover.
    added: bool = False

    @property
    def whole(self) -> bool:
        """Say whether the file is signed, and as it was when it was signed last."""
        return bool(self.signatures) and not self.added and all(each.intact for each in self.signatures)

    @property
    def ours(self) -> bool:
        """Say whether this service vouches for each signature of a whole file."""
        return self.whole and all(each.trusted for each in self.signatures)


def verdict(content: bytes, anchors: Sequence[bytes], stampers: Sequence[bytes] = ()) -> Verdict:
    """Look at a file in a process of its own, and say what can be said of it; never fails for what is in the file.

    :param anchors: the certificates (DER) of those whose word counts
    :param stampers: the same for time-stamping services
    """
    words = json.dumps([[base64.b64encode(each).decode() for each in known] for known in (anchors, stampers)]).encode()
    command = [sys.executable, "-m", "workflow.verifying"]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command, input=words + b"\n" + content, capture_output=True, cwd=ROOT, timeout=SECONDS, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return Verdict(readable=False)
    said = json.loads(done.stdout)
    return Verdict(said["readable"], tuple(_read(each) for each in said["signatures"]), said["added"])


def examine(content: bytes, anchors: Sequence[bytes], stampers: Sequence[bytes] = ()) -> Verdict:
    """Say of a file what can be said of it, in this process."""
    try:
        reader = PdfFileReader(BytesIO(content), strict=True)
        signatures = list(reader.embedded_regular_signatures)
        found = [_found(each, content, anchors, stampers) for each in signatures]
    except Exception:  # A file may be broken in any way, and then all that can be said is that it is.
        return Verdict(readable=False)
    covered = bool(found) and found[-1][1]
    return Verdict(True, tuple(each for each, _ in found), added=bool(found) and not covered)


def _read(said: dict[str, Any]) -> Found:
    """Return a signature as the other process has told of it."""
    moments = {name: datetime.fromisoformat(said[name]) if said[name] else None for name in ("at", "stamped_at")}
    return Found(**{**said, **moments})


def _found(
    signature: EmbeddedPdfSignature, content: bytes, anchors: Sequence[bytes], stampers: Sequence[bytes]
) -> tuple[Found, bool]:
    """Return a signature, and whether it covers the file to its end."""
    signature.compute_integrity_info()
    at, certificate = signature.self_reported_timestamp, signature.signer_cert
    status = validate_pdf_signature(signature, _trust(anchors, at), _trust(stampers, at), key_usage_settings=SIGNING)
    subject, issuer = certificate.subject.native, certificate.issuer.native
    stamp = status.timestamp_validity
    stamped = stamp is None or (stamp.valid and stamp.intact and stamp.trusted)
    found = Found(
        side=str(signature.field_name),
        name=_text(subject, "common_name"),
        organisation=_text(subject, "organization_name"),
        issuer=_text(issuer, "common_name"),
        certificate=certificate.sha256.hex(),
        at=at,
        stamped_at=stamp.timestamp if stamp and stamped else None,
        intact=_intact(status) and _plain(signature, content),
        # A stamp is not covered by the signature: one that nobody vouches for may have been put there by anybody.
        trusted=status.trusted and status.valid and stamped and _nothing_smuggled(signature, status),
    )
    return found, status.coverage is SignatureCoverageLevel.ENTIRE_FILE


def _trust(known: Sequence[bytes], at: datetime | None) -> ValidationContext:
    """Return whose word counts. Whether it did is asked of the moment of signing: a document outlives certificates."""
    roots = [x509.Certificate.load(each) for each in known]
    return ValidationContext(trust_roots=roots, allow_fetching=False, moment=at, revocation_mode="soft-fail")


def _intact(status: PdfSignatureStatus) -> bool:
    """Say whether what is signed is as it was, and only signatures were added after it."""
    if not (status.intact and status.valid) or status.coverage is None:
        return False
    if status.coverage is SignatureCoverageLevel.ENTIRE_FILE:
        return True
    return status.coverage is SignatureCoverageLevel.ENTIRE_REVISION and status.modification_level in HARMLESS


def _plain(signature: EmbeddedPdfSignature, content: bytes) -> bool:
    """Say whether a signature is written in the one way in which it is written here.

    No signature covers its own bytes. Some of them could be changed without changing what it says; so there must be
    nothing in them that could be otherwise.
    """
    first, length, second, _ = (int(part) for part in signature.byte_range)
    start, end = first + length, second
    value = bytes(signature.pkcs7_content)
    said, data = signature.signed_data.dump(), signature.signed_data
    written = content[start:end]
    signer = data["signer_infos"][0]
    return (
        written.lower() == b"<" + value.hex().encode() + b">"
        and written in (written.lower(), written.upper())
        and not value[value.index(said) + len(said) :].strip(b"\0")
        and data["version"].native == "v1"
        and signer["version"].native == "v1"
        and len(data["signer_infos"]) == 1
        and data["encap_content_info"]["content_type"].native == "data"
        and [each.dump() for each in data["digest_algorithms"]] == [signer["digest_algorithm"].dump()]
        and not data["crls"]
        and {each["type"].native for each in signer["unsigned_attrs"] or ()} <= {"signature_time_stamp_token"}
    )


def _nothing_smuggled(signature: EmbeddedPdfSignature, status: PdfSignatureStatus) -> bool:
    """Say whether every certificate in a signature is one by which it is trusted."""
    if status.validation_path is None:
        return False
    path = {each.dump() for each in status.validation_path.iter_certs(include_root=True)}
    return all(each.dump() in path for each in signature.other_embedded_certs)


def _text(name: Any, part: str) -> str:
    """Return a part of a name; where it is there twice, all of it."""
    said = name.get(part, "")
    return "；".join(map(str, said)) if isinstance(said, list) else str(said)


def main() -> None:
    """Read certificates and a file from standard input, and say in JSON what can be said of the file."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    # What is wrong with the file is said in the verdict alone.
    logging.disable()
    words, _, content = sys.stdin.buffer.read().partition(b"\n")
    anchors, stampers = ([base64.b64decode(each) for each in known] for known in json.loads(words))
    found = examine(content, anchors, stampers)
    sys.stdout.write(json.dumps(asdict(found), default=datetime.isoformat))


if __name__ == "__main__":
    main()
