"""Files: hand one in for a step, list those of a case, read one, take one back."""

from dataclasses import asdict
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from api.files import given, opened
from api.v1.cases import find
from api.v1.reading import Section, person
from api.v1.schemas import Strict, moment, number, several, word, yes
from models import N_, File
from workflow import files

section = Section("files", "/cases", N_("附件"))
BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


class Place(Strict):
    """Where a file belongs, and what it is called."""

    field = fields.String(
        load_default="attachments", validate=validate.Length(1, 60), metadata={"label": N_("步骤里的哪一项")}
    )
    name = fields.String(
        required=True,
        validate=validate.Length(1, 300),
        error_messages={"required": N_("请写明文件名。")},
        metadata={"label": N_("文件名，带扩展名")},
    )


class FileSheet(Schema):
    """A file of a case."""

    id = number(N_("文件的编号，写进步骤的答复"))
    name = word(N_("文件名"))
    media_type = word(N_("类型"))
    size = number(N_("字节数"))
    sha256 = word(N_("内容的 SHA-256"))
    step = word(N_("步骤"))
    field = word(N_("步骤里的哪一项"))
    mark = word(N_("公开范围：publishable、internal、restricted 或 committee（随专家意见）"))
    uploaded_at = moment(N_("上传时间"))
    attached = yes(N_("是否已写进答复；没有写进的可以删去"))


class FileList(Schema):
    """The files of a case."""

    items = several(FileSheet, N_("附件"))


@section.route("/<reference>/steps/<step>/files", methods=["POST"])
@section.arguments(Place, location="query")
@section.response(201, FileSheet)
@section.doc(requestBody={"required": True, "content": BYTES})
def hand_in_file(asked: dict[str, Any], reference: str, step: str) -> ResponseReturnValue:
    """Hand in a file for a step that waits for you.

    The body of the request is the file itself. Its kind is told by its bytes, and must be the one its name says. Put
    the number that you get into the step's answer; until then the file is a draft that you may take back.
    """
    someone = person()
    case, waiting = opened(find(reference, someone).reference, step, someone)
    kept = files.keep(request.stream, asked["name"], case, someone, waiting, asked["field"])
    return shown(kept), 201


@section.route("/<reference>/files", methods=["GET"])
@section.response(200, FileList)
def list_files(reference: str) -> dict[str, Any]:
    """List the files of a case that you may read."""
    someone = person()
    return {"items": [shown(file) for file in files.listed(find(reference, someone), someone)]}


@section.route("/<reference>/files/<int:number>", methods=["GET"])
@section.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
def read_file(reference: str, number: int) -> ResponseReturnValue:
    """Read a file of a case."""
    someone = person()
    return given(files.find(find(reference, someone), number, someone))


@section.route("/<reference>/files/<int:number>", methods=["DELETE"])
@section.response(204)
def take_back_file(reference: str, number: int) -> ResponseReturnValue:
    """Take back a file that no answer names yet."""
    someone = person()
    files.remove(find(reference, someone), number, someone)
    return "", 204


def shown(file: File) -> dict[str, Any]:
    """Return what may be known of a file."""
    named = ("id", "step", "field", "mark", "uploaded_at")
    told = {name: getattr(file, name) for name in named} | {"attached": file.attached_at is not None}
    return told | asdict(files.facts(file))
