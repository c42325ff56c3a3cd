"""Incidents: what stopped, why, and the steward's two answers to it: try again, or leave it."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from api.numbers import key
from api.pages import someone
from models import N_, Incident, Job, Resolution, Role, User, db
from workflow import access, outbox, sweep
from workflow.errors import Failed, NotFound
from workflow.stages import STEPS

bp = Blueprint("incidents", __name__, url_prefix="/incidents")
PAGE = 30
READERS = frozenset({Role.STEWARD, Role.AUDITOR})

VERBS = {
    "start": N_("开始办件"),
    "submit": N_("记录答复并往下走"),
    "signal": N_("传达信号"),
    "expire": N_("期限到了，往下走"),
    "job": N_("后台任务"),
    "scan": N_("检查上传的文件"),
    "download": N_("交付数据"),
}
JOBS = {
    "letter": N_("写信"),
    "mail": N_("寄邮件"),
    "render": N_("生成文件"),
    "part": N_("开分办件"),
    "part_decided": N_("告知主件"),
    "withdraw_part": N_("撤回分办件"),
    "smaller_case": N_("开变更或者续期申请"),
    "agreement_replaced": N_("告知旧协议"),
}
RESOLUTIONS = {Resolution.RETRIED: N_("已重试"), Resolution.CANCELLED: N_("已取消")}


@dataclass(frozen=True)
class Told:
    """An incident in the words of the page; nothing of what people wrote is among them."""

    incident: Incident
    what: str
    verb: str
    resolution: str
    # The number of times a job was tried.
    attempts: int | None
    readable: bool


@bp.get("")
@login_required
def index() -> ResponseReturnValue:
    """List what waits for the steward, the oldest first, and what was dealt with."""
    person = reader()
    waiting = db.select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.opened_at, Incident.id)
    settled = db.select(Incident).where(Incident.resolved_at.is_not(None)).order_by(Incident.id.desc())
    before = request.args.get("before", type=key)
    if before is not None:
        settled = settled.where(Incident.id < before)
    found = list(db.session.scalars(settled.limit(PAGE + 1)))
    return render_template(
        "incidents/index.html",
        waiting=[told(incident, person) for incident in db.session.scalars(waiting.limit(200))],
        settled=[told(incident, person) for incident in found[:PAGE]],
        older=url_for("incidents.index", before=found[PAGE - 1].id) if found[PAGE:] else None,
    )


@bp.get("/<int:number>")
@login_required
def show(number: int) -> ResponseReturnValue:
    """Show an incident and what can be done about it."""
    person = reader()
    incident = find(number)
    job = db.session.get(Job, incident.job_id) if incident.job_id else None
    acts = Role.STEWARD in person.roles and incident.resolved_at is None
    return render_template("incidents/show.html", told=told(incident, person), job=job, acts=acts)


@bp.post("/<int:number>/retry")
@login_required
def retry(number: int) -> ResponseReturnValue:
    """Try again what failed."""
    person, incident = steward(), find(number)
    try:
        settle(incident, person, sweep.retry, outbox.retry)
    except Failed:
        flash(gettext("又没有成功，原因见最新的事件"), "stopped")
        return redirect(url_for("incidents.index"), 303)
    flash(gettext("已重试"), "done")
    return redirect(url_for("incidents.index"), 303)


@bp.post("/<int:number>/cancel")
@login_required
def cancel(number: int) -> ResponseReturnValue:
    """Leave it, without trying again."""
    person, incident = steward(), find(number)
    settle(incident, person, sweep.cancel, outbox.cancel)
    flash(gettext("已取消，不再重试"), "done")
    return redirect(url_for("incidents.index"), 303)


def settle(incident: Incident, person: User, of_case: Callable[..., None], of_job: Callable[..., None]) -> None:
    """Deal with an incident: of a case through the door, of a job through the outbox."""
    if incident.job_id is None:
        of_case(incident, actor=person)
    else:
        of_job(db.session, incident, person)


def reader() -> User:
    """Return the person, who may read incidents. Raises NotFound for everybody else."""
    person = someone()
    if not person.roles & READERS:
        raise NotFound("incidents")
    return person


def steward() -> User:
    """Return the person, who may deal with incidents. Raises NotFound for everybody else."""
    person = someone()
    if Role.STEWARD not in person.roles:
        raise NotFound("incidents")
    return person


def find(number: int) -> Incident:
    """Return an incident. Raises NotFound when there is none."""
    incident = db.session.get(Incident, number)
    if incident is None:
        raise NotFound(str(number))
    return incident


def told(incident: Incident, person: User) -> Told:
    """Return an incident in the words of the page."""
    step = incident.step
    what = STEPS[step].title if step in STEPS else JOBS.get(step, step)
    verb = str(incident.attempt.get("verb", ""))
    return Told(
        incident,
        gettext(what),
        gettext(VERBS[verb]) if verb in VERBS else verb,
        gettext(RESOLUTIONS[incident.resolution]) if incident.resolution else "",
        incident.attempt.get("attempts"),
        incident.case is not None and access.may_see(person, incident.case),
    )
