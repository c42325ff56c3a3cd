"""Documents of a case: what there is, who has signed it, and the file itself."""

from typing import Any

from flask import Response, url_for
from marshmallow import Schema

from api.documents import PDF, file_of, find, papers_of
from api.v1.cases import find as case_of
from api.v1.reading import Section, person
from api.v1.schemas import moment, number, several, word
from models import N_, Case, Document, DocumentState
from workflow.documents import NotMade

section = Section("documents", "/cases", N_("文件"))


class SignatureShown(Schema):
    """A signature in a document: who signed, when, and the file before and after."""

    side = word(N_("签署的一方：party、body 或 office"))
    name = word(N_("证书里的姓名"))
    at = moment(N_("签署时间"))
    certificate = word(N_("证书指纹（SHA-256）"))
    before = word(N_("签署前文件的 SHA-256"))
    after = word(N_("签署后文件的 SHA-256"))


class DocumentShown(Schema):
    """A document of a case."""

    document = number(N_("文件号"))
    kind = word(N_("文件种类"))
    title = word(N_("标题"))
    state = word(N_("状态：ordered 为正在生成，made 为已生成"))
    ordered_at = moment(N_("开始生成的时间"))
    made_at = moment(N_("生成时间"))
    sha256 = word(N_("文件现在的 SHA-256"), allow_none=True)
    size = number(N_("字节数"), allow_none=True)
    url = word(N_("下载地址"))
    signatures = several(SignatureShown, N_("签名"))


class DocumentList(Schema):
    """The documents of a case, in the order in which they were ordered."""

    items = several(DocumentShown, N_("文件"))


@section.route("/<reference>/documents", methods=["GET"])
@section.response(200, DocumentList)
def list_documents(reference: str) -> dict[str, Any]:
    """List a case's documents.

    Each with who has signed it. The hashes let anybody check that a file is the one that was signed.
    """
    case = case_of(reference, person())
    return {"items": [shown(case, each) for each in papers_of(case)]}


@section.route("/<reference>/documents/<int:number>.pdf", methods=["GET"])
@section.response(200, {"type": "string", "format": "binary"}, content_type=PDF)
def read_document(reference: str, number: int) -> Response:
    """Read a document as PDF.

    Answers 422 while it is still being made.
    """
    case = case_of(reference, person())
    document = find(case, number)
    if document.state is DocumentState.ORDERED:
        raise NotMade()
    return file_of(case, document)


def shown(case: Case, document: Document) -> dict[str, Any]:
    """Return a document as programs see it."""
    return {
        "document": document.id,
        "kind": document.kind,
        "title": document.title,
        "state": document.state.value,
        "ordered_at": document.ordered_at,
        "made_at": document.made_at,
        "sha256": document.sha256,
        "size": document.size,
        "url": url_for("v1_documents.read_document", reference=case.reference, number=document.id, _external=True),
        "signatures": document.signatures,
    }
