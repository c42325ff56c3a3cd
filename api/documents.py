"""Documents of a case, and the page on which anybody has a signed file verified."""

from cryptography.hazmat.primitives.serialization import Encoding
from flask import Blueprint, Flask, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from api.pages import someone
from api.security import limited
from models import Case, Document, DocumentState
from workflow import access, documents, hearing, site, verifying
from workflow.documents import SIDES, certificates
from workflow.errors import NotFound

bp = Blueprint("documents", __name__)
PDF = "application/pdf"
# After so many seconds a browser looks again whether a document has been made.
AGAIN = 4


def register(app: Flask) -> None:
    """Give the templates what shows a case's documents."""
    app.jinja_env.globals.update(documents_of=papers_of, document_address=address, side_title=side_title)


@bp.get("/cases/<reference>/documents/<int:number>.pdf")
@login_required
def show(reference: str, number: int) -> ResponseReturnValue:
    """Show a document of a case, or say that it is being made."""
    case = access.find(reference, someone())
    document = find(case, number)
    if document.state is DocumentState.ORDERED:
        given_up = documents.given_up(document)
        page = render_template("documents/waiting.html", case=case, document=document, given_up=given_up)
        return (page, 503) if given_up else (page, 202, {"Refresh": str(AGAIN)})
    return file_of(case, document)


@bp.get("/verify")
def verify() -> ResponseReturnValue:
    """Show the page on which a file is verified."""
    return render_template("documents/verify.html", verdict=None, demonstration=demonstration())


@bp.post("/verify")
@limited()
def examine() -> ResponseReturnValue:
    """Say whose signatures a file bears and whether it is as it was signed; nothing of it is kept."""
    sent = request.files.get("file")
    content = sent.read() if sent else b""
    if not content:
        page = render_template("documents/verify.html", verdict=None, missing=True, demonstration=demonstration())
        return page, 422
    verdict = verifying.verdict(content, *trusted())
    return render_template("documents/verify.html", verdict=verdict, demonstration=demonstration())


@bp.get("/verify/ca.pem")
def authority() -> ResponseReturnValue:
    """Return the certificate of the service's authority, for whoever verifies elsewhere."""
    try:
        certificate = certificates.anchors(site.current().signing)[0]
    except certificates.NoKey as error:
        raise NotFound("ca.pem") from error
    return Response(certificate.public_bytes(Encoding.PEM), mimetype="application/x-pem-file")


def papers_of(case: Case) -> list[Document]:
    """Return the documents of a case that the reader may read."""
    return hearing.papers(case, someone())


def find(case: Case, number: int) -> Document:
    """Return a document of a case. Raises NotFound when it has none with this number that the reader may read."""
    for document in papers_of(case):
        if document.id == number:
            return document
    raise NotFound(str(number))


def file_of(case: Case, document: Document) -> Response:
    """Return a document as a browser shows it, or as little as possible where the reader has it already."""
    response = Response(documents.content(document), mimetype=PDF)
    response.set_etag(document.sha256 or "")
    response.headers.set("Content-Disposition", "inline", filename=f"{case.reference}-{document.kind}.pdf")
    response.make_conditional(request)
    return response


def trusted() -> tuple[list[bytes], list[bytes]]:
    """Return the certificates of those whose word counts, and of time-stamping services; none if missing."""
    folder = site.current().signing
    try:
        known = certificates.anchors(folder), certificates.stampers(folder)
    except certificates.NoKey:
        return [], []
    anchors, stampers = ([each.public_bytes(Encoding.DER) for each in each_kind] for each_kind in known)
    return anchors, stampers


def demonstration() -> bool:
    """Say whether what is signed here is marked as a demonstration."""
    return certificates.is_demonstration(site.current().signing)


def address(case: Case, document: Document) -> str:
    """Return where a document of a case is read."""
    return url_for("documents.show", reference=case.reference, number=document.id)


def side_title(side: str) -> str:
    """Return what the side that signed is called, or its own word where it is none of ours."""
    return gettext(SIDES[side]) if side in SIDES else side
