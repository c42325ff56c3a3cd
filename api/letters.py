"""Letters: what the service has written to a person, kept here whether or not it was mailed."""

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from sqlalchemy import ColumnElement, bindparam, func, select

from api.auth import actor, sign_in_first
from api.numbers import key
from api.pages import someone
from models import Letter, User, db
from workflow import letters
from workflow.errors import NotFound
from workflow.mail import blocks

bp = Blueprint("letters", __name__, url_prefix="/letters")
PAGE = 30
# Each page says how many letters its reader has not opened.
UNREAD = select(func.count()).select_from(Letter).where(Letter.user_id == bindparam("reader"), Letter.read_at.is_(None))


@bp.get("")
def index() -> ResponseReturnValue:
    """List the reader's letters, the unread ones first; in a demonstration, those of everybody on request."""
    person = actor()
    if person is None and not demonstration():
        return sign_in_first()
    everybody = demonstration() and (person is None or "all" in request.args)
    mine = db.true() if person is None or everybody else Letter.user_id == person.id
    unread = page_of(mine, Letter.read_at.is_(None)) if not everybody else []
    rest = page_of(mine, db.true() if everybody else Letter.read_at.is_not(None))
    return render_template(
        "office/letters.html",
        everybody=everybody,
        demonstration=demonstration(),
        fresh=unread[:PAGE],
        letters=rest[:PAGE],
        older=url_for("letters.index", before=rest[PAGE - 1].id, all=request.args.get("all")) if rest[PAGE:] else None,
    )


@bp.get("/<int:number>")
def show(number: int) -> ResponseReturnValue:
    """Show a letter; opened by the one it was written to, it counts as read."""
    person = actor()
    if person is None and not demonstration():
        return sign_in_first()
    letter = find(number, person)
    if person is not None and letter.user_id == person.id and letter.read_at is None:
        letters.mark_read(db.session, person, number)
        # The mark was this request's only change; what follows reads, and needs no lock.
        db.session.connection(execution_options={"write": False})
    return render_template("office/letter.html", letter=letter, blocks=blocks_of(letter))


@bp.post("/read")
@login_required
def read() -> ResponseReturnValue:
    """Count every letter as read."""
    letters.mark_read(db.session, someone())
    return redirect(url_for("letters.index"), 303)


def page_of(*conditions: ColumnElement[bool]) -> list[Letter]:
    """Return the newest letters that meet some conditions, and one more where there are older ones."""
    query = db.select(Letter).where(*conditions).options(db.joinedload(Letter.user), db.joinedload(Letter.case))
    before = request.args.get("before", type=key)
    if before is not None:
        query = query.where(Letter.id < before)
    return list(db.session.scalars(query.order_by(Letter.id.desc()).limit(PAGE + 1)))


def find(number: int, person: User | None) -> Letter:
    """Return a letter. Raises NotFound when there is none or it was written to somebody else."""
    letter = db.session.get(Letter, number)
    own = letter is not None and person is not None and letter.user_id == person.id
    if letter is None or not (own or demonstration()):
        raise NotFound(str(number))
    return letter


def demonstration() -> bool:
    """Say whether everybody may read every letter: in a demonstration that sends none."""
    return bool(current_app.config["DEMO"] and not current_app.config["SMTP_HOST"])


def blocks_of(letter: Letter) -> list[dict[str, Any]]:
    """Return a letter's paragraphs; addresses of this service become paths, which also lead there from elsewhere."""
    here = current_app.config["PUBLIC_URL"].rstrip("/")
    return [
        block | {"address": block["address"].removeprefix(here) or "/"} if block["kind"] == "action" else block
        for block in blocks(letter.text)
    ]


@bp.app_template_global("unread_letters")
def unread_letters() -> int:
    """Return how many letters the reader has not opened."""
    person = actor()
    if person is None:
        return 0
    return db.session.scalar(UNREAD, {"reader": person.id}) or 0
