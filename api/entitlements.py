"""My entitlements: what may be taken out, until when, how much is left, who took what; and the downloads themselves."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from api.files import POLICY, attachment
from api.marks import Mark
from api.numbers import key
from api.pages import someone
from models import ENTITLEMENT_STATES, N_, Entitlement, EntitlementState, Resource, User, db
from workflow import calendar, downloads, entitlements, extract, resources
from workflow.applying import MODES
from workflow.errors import Refused

bp = Blueprint("entitlements", __name__)
PAGE = 20
MARKS = {
    EntitlementState.PROVISIONING: ("progress", "plug"),
    EntitlementState.ACTIVE: ("done", "key"),
    EntitlementState.LIMITED: ("paused", "player-pause"),
    EntitlementState.SUSPENDED: ("paused", "player-pause"),
    EntitlementState.REVOKED: ("stopped", "circle-x"),
    EntitlementState.EXPIRED: ("neutral", "calendar-off"),
}
OUTCOMES = {
    "begun": ("progress", "loader", N_("正在传送或已中断")),
    "finished": ("done", "circle-check", N_("已完成")),
    "broken": ("paused", "plug-x", N_("中途断开")),
    "refused": ("stopped", "circle-x", N_("已拒绝")),
}
# The kinds of comparison in the terms, in words that follow the item.
COMPARISONS = {
    "=": N_("等于"),
    "!=": N_("不等于"),
    "<": N_("小于"),
    "<=": N_("不大于"),
    ">": N_("大于"),
    ">=": N_("不小于"),
    "in": N_("属于"),
    "between": N_("介于"),
}
REASONS = {
    refusal.__name__: refusal
    for refusal in (
        downloads.NotNamed,
        downloads.OtherMode,
        downloads.NotYet,
        downloads.Paused,
        downloads.Over,
        downloads.Closed,
        downloads.UsedUp,
        downloads.NotLoaded,
        downloads.NotAsAgreed,
    )
}


@dataclass(frozen=True)
class Card:
    """An entitlement as the reader sees it."""

    entitlement: Entitlement
    mark: Mark
    mode: str
    resource: Resource | None
    used: downloads.Used
    # Why the reader may not take data out now; empty where they may.
    shut: str


def register(app: Flask) -> None:
    """Give the page of a case its entitlements."""
    app.jinja_env.globals.update(entitlements_of=entitlements.of, entitlement_mark=mark_of)


def mark_of(state: EntitlementState) -> Mark:
    """Return the badge of an entitlement's state."""
    tone, icon = MARKS[state]
    return Mark(tone, icon, gettext(ENTITLEMENT_STATES[state]))


@bp.get("/entitlements")
@login_required
def index() -> ResponseReturnValue:
    """List the entitlements that the reader may see, the newest first."""
    person = someone()
    query = entitlements.visible_to(person).order_by(Entitlement.id.desc())
    before = request.args.get("before", type=key)
    if before is not None:
        query = query.where(Entitlement.id < before)
    found = list(db.session.scalars(query.limit(PAGE + 1)))
    older = url_for("entitlements.index", before=found[PAGE - 1].id) if found[PAGE:] else None
    return render_template("entitlements/index.html", cards=[card(each, person) for each in found[:PAGE]], older=older)


@bp.get("/entitlements/<reference>")
@login_required
def show(reference: str) -> ResponseReturnValue:
    """Show an entitlement, with its access log."""
    person = someone()
    return page(entitlements.find(reference, person), person)


@bp.get("/entitlements/<reference>/data.<any(csv, parquet):form>")
@login_required
def download(reference: str, form: str) -> ResponseReturnValue:
    """Give out what was agreed; a refusal is shown on the entitlement's page."""
    person = someone()
    found = entitlements.find(reference, person)
    if not own_wish():
        return redirect(url_for("entitlements.show", reference=reference), 303)
    try:
        return sent(found, person, form)
    except Refused as refusal:
        return page(entitlements.find(reference, person), person, gettext(refusal.sentence)), refusal.status


def own_wish() -> bool:
    """Say whether the reader asks of their own accord: not another site for them, nor their browser in advance.

    A download counts against the quota, which nobody else may use up.
    """
    asked_by = request.headers.get("Sec-Fetch-Site", "none")
    ahead = request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    return asked_by in ("none", "same-origin") and not ahead.startswith("prefetch")


def sent(entitlement: Entitlement, person: User, form: str) -> Response:
    """Return a download as an answer in pieces.

    :raises Refused: it is not allowed now
    """
    if request.method == "HEAD":
        if (refusal := downloads.shut(entitlement, person, calendar.today())) is not None:
            raise refusal(entitlement.reference)
        return Response(mimetype=extract.FORMATS[form])
    begun = downloads.begin(entitlement, person, form)
    answer = Response(stream_with_context(downloads.pieces(begun)), mimetype=extract.FORMATS[form])
    answer.headers["Content-Disposition"] = attachment(begun.name)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def page(entitlement: Entitlement, person: User, refused: str = "") -> str:
    """Return the page of an entitlement.

    :param refused: why the download that was just asked for was refused
    """
    return render_template(
        "entitlements/show.html",
        card=card(entitlement, person),
        terms=entitlement.agreement.terms,
        rows=[rule_words(rule) for rule in entitlement.rows],
        log=downloads.history(entitlement),
        outcome=outcome_mark,
        why=why,
        until=downloads.month_ends(calendar.today()),
        refused=refused,
    )


def card(entitlement: Entitlement, person: User) -> Card:
    """Return an entitlement as a person sees it."""
    today = calendar.today()
    refusal = downloads.shut(entitlement, person, today)
    resource = resources.newest(entitlement.dataset_id)
    if refusal is None and resource is None:
        shut = gettext(downloads.NotLoaded().sentence)
    else:
        shut = gettext(refusal().sentence) if refusal else ""
    return Card(
        entitlement,
        mark_of(entitlement.state),
        gettext(MODES.get(entitlement.mode, entitlement.mode)),
        resource,
        downloads.used(entitlement, today),
        shut,
    )


def rule_words(rule: dict[str, Any]) -> str:
    """Return in words which rows a rule lets out."""
    value = rule["value"]
    said = gettext("、").join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{rule['item']} {gettext(COMPARISONS.get(rule['is'], rule['is']))} {said}"


def outcome_mark(outcome: str) -> Mark:
    """Return the badge of what became of a download."""
    tone, icon, words = OUTCOMES[outcome]
    return Mark(tone, icon, gettext(words))


def why(reason: str) -> str:
    """Return in words why a download was refused or broke off; our own words for what went wrong stay in the log."""
    if reason in REASONS:
        return gettext(REASONS[reason]().sentence)
    return gettext("传送期间授权被停用") if reason == "Interrupted" else ""
