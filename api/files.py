"""Files of a case: hand one in for a step, take it back, and read what others have handed in."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from marshmallow import ValidationError

from api.mistakes import explained
from api.numbers import in_words
from api.pages import address_of, someone
from models import N_, Case, File, User
from workflow import access, casework, consultations, files
from workflow.stage import Step
from workflow.worklist import open_items

bp = Blueprint("files", __name__)
# A file of somebody's runs nothing and loads nothing, even where a browser opens it after all.
POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
NO_FILE = N_("请选择文件。")


def register(app: Flask) -> None:
    """Give the templates the files of a case, and a way to say how large one is."""
    app.jinja_env.globals.update(files_of=files_of, file_facts=files.facts)
    app.jinja_env.filters.update(bytes=in_words)


def files_of(case: Case) -> list[File]:
    """Return the files of a case that the reader may read."""
    return files.listed(case, someone())


@bp.post("/cases/<reference>/steps/<step>/files")
@login_required
def hand_in(reference: str, step: str) -> ResponseReturnValue:
    """Keep a file for a field of a step that waits for the reader."""
    person = someone()
    case, asked = opened(reference, step, person)
    sent, field = request.files.get("file"), request.form.get("field", "attachments")
    wants_json = request.accept_mimetypes.best == "application/json"
    try:
        if sent is None or not sent.filename:
            raise ValidationError({field: [NO_FILE]})
        file = files.keep(sent.stream, sent.filename, case, person, asked, field)
    except ValidationError as error:
        words = list(mistakes(error))
        if wants_json:
            return jsonify(errors=words), 422
        flash(" ".join(words), "stopped")
    else:
        if wants_json:
            return jsonify(described(file)), 201
        flash(gettext("文件已保存：%(name)s", name=files.facts(file).name), "done")
    return redirect(address_of(case, asked), 303)


@bp.post("/cases/<reference>/files/<int:number>/remove")
@login_required
def remove(reference: str, number: int) -> ResponseReturnValue:
    """Take back a file that no answer names yet."""
    person = someone()
    case = access.find(reference, person)
    files.remove(case, number, person)
    if request.accept_mimetypes.best == "application/json":
        return "", 204
    flash(gettext("文件已删去"), "done")
    return redirect(url_for("cases.show", reference=reference), 303)


@bp.get("/cases/<reference>/files/<int:number>")
@login_required
def show(reference: str, number: int) -> ResponseReturnValue:
    """Give a file out, to be kept and not to be opened here."""
    person = someone()
    return given(files.find(access.find(reference, person), number, person))


def opened(reference: str, step: str, person: User) -> tuple[Case, Step]:
    """Return a case and a step of it that a person may answer now, or refuse."""
    case, asked = access.find(reference, person), casework.step_named(step)
    if not (asked.sealed and consultations.may_change(case, person)):
        casework.answerable(case, asked, person, open_items(case))
    return case, asked


def given(file: File) -> Response:
    """Return a file as an answer that no browser opens by itself."""
    told = files.facts(file)
    answer = Response(files.content(file), mimetype=told.media_type)
    answer.headers["Content-Length"] = str(told.size)
    answer.headers["Content-Disposition"] = attachment(told.name)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def attachment(name: str) -> str:
    """Return the header that has a browser keep a file under its name (RFC 6266)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def described(file: File) -> dict[str, Any]:
    """Return what a page's script has to know of a file."""
    told = files.facts(file)
    return {"id": file.id, "name": told.name, "size": told.size, "media_type": told.media_type}


def mistakes(error: ValidationError) -> list[str]:
    """Return what is wrong with a file, in the reader's language."""
    messages: Any = error.normalized_messages()
    return [sentence for each in messages.values() for sentence in explained(each, None)]
