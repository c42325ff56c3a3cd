"""The data behind a data set: its versions, for the body that answers for it."""

from flask import request
from marshmallow import Schema, fields

from api.data import of_body, of_clerk
from api.v1.reading import Section, person
from api.v1.schemas import moment, number, several, word
from models import N_, Resource, db
from workflow import resources, sniff

section = Section("data", "/datasets", N_("数据版本"))
BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


class ResourceSheet(Schema):
    """A version of the data behind a data set."""

    version = number(N_("版本"))
    media_type = word(N_("交来的文件类型"))
    source = word(N_("交来的文件的 SHA-256"))
    rows = number(N_("行数"))
    columns = fields.List(fields.String(), metadata={"label": N_("列名")})
    loaded_at = moment(N_("载入时间"))


class ResourceList(Schema):
    """The versions of the data behind a data set, the newest first."""

    items = several(ResourceSheet, N_("数据版本"))


@section.route("/<code>/data", methods=["GET"])
@section.response(200, ResourceList)
def list_data(code: str) -> dict[str, list[Resource]]:
    """List the versions of a data set's data.

    For the body that answers for it alone.
    """
    return {"items": resources.versions(of_body(code, person()))}


@section.route("/<code>/data", methods=["POST"])
@section.response(201, ResourceSheet)
@section.doc(requestBody={"required": True, "content": BYTES})
def load_data(code: str) -> tuple[Resource, int]:
    """Hand over a new version of a data set's data.

    The body of the request is a CSV file (UTF-8 or GB18030, the first line names the columns) or a Parquet file. A
    faulty file changes nothing; the same file again is the same version.
    """
    someone = person()
    dataset = of_clerk(code, someone)
    # However slowly it comes in, nobody waits for it.
    db.session.rollback()
    with sniff.spool(request.stream) as file:
        return resources.load(dataset, file, someone), 201
