"""Signing: a PAdES signature added to a PDF without touching a byte that was there before."""

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from models import SHANGHAI
from workflow.documents.certificates import Identity
from workflow.documents.rendering import Place, seal

SECONDS = 10
# What is seen of a signature stands at the top left of its field, and is made smaller where it is too high.
LAYOUT = SimpleBoxLayoutRule(
    x_align=AxisAlignment.ALIGN_MIN, y_align=AxisAlignment.ALIGN_MAX, margins=Margins.uniform(0)
)


class Addition(IncrementalPdfFileWriter):
    """What is added to a PDF; its metadata stay as they were set, because archives are strict about them."""

    def _update_meta(self) -> None:
        """Leave the metadata alone."""


class Hand(Signer):
    """The hand that signs: an identity's key, used as it lies in memory."""

    def __init__(self, who: Identity) -> None:
        self.key = who.key
        # The authority is not put into the file: whoever verifies must have it from elsewhere anyway.
        others = SimpleCertificateStore.from_certs([_asn1(each) for each in who.chain])
        super().__init__(signing_cert=_asn1(who.certificate), cert_registry=others, embed_roots=False)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Return the signature of some bytes; in a dry run something as long as one."""
        if dry_run:
            return bytes(self.key.key_size // 8)
        return self.key.sign(data, PKCS1v15(), SHA256())


class Page(PdfContent):
    """The first page of a small PDF, drawn into another one together with its letters."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        super().__init__()

    def render(self) -> bytes:
        """Return the operator that draws the page."""
        writer = self._ensure_writer
        drawn = writer.import_page_as_xobject(PdfFileReader(BytesIO(self.content)), page_ix=0)
        self.resources.xobject["/Seal"] = drawn
        left, foot, right, top = drawn.get_object()["/BBox"]
        self.box = BoxConstraints(width=abs(right - left), height=abs(top - foot))
        return b"/Seal Do"


def with_places(content: bytes, places: Iterable[Place]) -> bytes:
    """Return a PDF with an empty field at each place where it is to be signed."""
    # Where the last line is not ended, the first object added would not begin a line (ISO 19005-2, 6.1.9).
    writer = Addition(BytesIO(content if content.endswith(b"\n") else content + b"\n"))
    for place in places:
        append_signature_field(writer, SigFieldSpec(place.side, on_page=place.page, box=place.box))
    made = BytesIO()
    writer.write(made)  # type: ignore[no-untyped-call] # our own class has it from a package without this type
    return made.getvalue()


def signed(content: bytes, side: str, who: Identity, reason: str, fonts: str, tsa: str, at: datetime) -> bytes:
    """Return a PDF with a signature in the field of a side, visible where the field is.

    :param tsa: the address of a service that confirms the moment; empty for none
    """
    writer = Addition(BytesIO(content))
    metadata = PdfSignatureMetadata(
        field_name=side, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, name=who.name, reason=reason
    )
    style = StaticStampStyle(
        border_width=0, background=Page(_seal(writer, side, who, fonts, at)), background_layout=LAYOUT
    )
    signer = PdfSigner(metadata, Hand(who), timestamper=_timestamper(tsa), stamp_style=style)
    made = BytesIO()
    signer.sign_pdf(writer, output=made)
    return made.getvalue()


def _timestamper(tsa: str) -> HTTPTimeStamper | None:
    return HTTPTimeStamper(tsa, timeout=SECONDS) if tsa else None


def _seal(writer: IncrementalPdfFileWriter, side: str, who: Identity, fonts: str, at: datetime) -> bytes:
    """Return what is seen of a signature, as wide as its field."""
    left, right = _width(writer, side)
    words = {
        "name": who.name,
        "organisation": who.organisation,
        "at": at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        "certificate": " ".join(who.fingerprint[at : at + 4] for at in range(0, 16, 4)),
        "issuer": who.issuer,
        "width": right - left,
    }
    return seal(words, fonts, at)


def _width(writer: IncrementalPdfFileWriter, side: str) -> tuple[float, float]:
    """Return where on its page the field of a side begins and ends. Raises ValueError when the document has none."""
    form = writer.root["/AcroForm"]
    for reference in form["/Fields"]:
        field = reference.get_object()
        if field["/T"] == side:
            left, _, right, _ = (float(part) for part in field["/Rect"])
            return left, right
    raise ValueError(f"the document has no place for the signature of {side}")


def _asn1(certificate: x509.Certificate) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
