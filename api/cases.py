"""My cases, and the page of a case: where it is, what comes next, who must act, by when."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from api.numbers import key
from api.pages import address_of, someone
from api.process_map import Map, maps_of, next_after, ways_ahead
from models import Case, CaseStatus, Companion, Definition, EventKind, Role, User, WorkItem, db
from workflow import access, clock
from workflow.history import LATEST, Passed, Reading, history, passed, reading_of
from workflow.journal import verify
from workflow.stage import Step
from workflow.stages import STEPS
from workflow.worklist import open_items

bp = Blueprint("cases", __name__)
PAGE = 20
# The limits that run for the requester's own benefit are told as a chance, not as a deadline of the office; how long
# an agreement lasts stands in its terms.
CHANCES = frozenset({"agreement_end", "answer_dispute", "draft", "reevaluation"})


@dataclass(frozen=True)
class Turn:
    """A step that waits or is offered, and whether the reader may take it."""

    item: WorkItem
    step: Step
    mine: bool
    address: str
    # For how many people it waits at once: a ballot is answered by several.
    several: int = 1


@bp.get("/cases")
@login_required
def index() -> ResponseReturnValue:
    """List the reader's own cases: those that wait for them first."""
    person = someone()
    after = request.args.get("before", type=key)
    # Each of the two goes along an index of its own; both in one condition would look at every case.
    own = db.select(Case.id).where(Case.requester_id == person.id)
    ways = (own, Case.id), (access.shared_with(person), Companion.case_id)
    latest: set[int] = set()
    for query, column in ways:
        before = query if after is None else query.where(column < after)
        latest.update(db.session.scalars(before.order_by(column.desc()).limit(PAGE + 1)))
    keys = sorted(latest, reverse=True)[: PAGE + 1]
    found = list(db.session.scalars(db.select(Case).where(Case.id.in_(keys)).order_by(Case.id.desc())))
    # Each case is asked for what waits on it: asked together, every step that waits for anybody would be looked at.
    waiting = {case.id for case in found[:PAGE] if case.status is not CaseStatus.ENDED and waits_for(person, case)}
    groups = {"turn": [], "open": [], "draft": [], "ended": []}  # type: dict[str, list[Case]]
    for case in found[:PAGE]:
        groups[group_of(case, case.id in waiting)].append(case)
    older = url_for("cases.index", before=found[PAGE - 1].id) if len(found) > PAGE else None
    return render_template("cases/index.html", groups=groups, older=older, paged=after is not None)


def waits_for(person: User, case: Case) -> bool:
    """Say whether a step waits for a person on a case, and is not merely offered."""
    return any(not item.offered and access.may_take(person, case, item) for item in open_items(case))


def group_of(case: Case, waits: bool) -> str:
    """Return the heading under which a requester finds a case."""
    if case.status is CaseStatus.DRAFT:
        return "draft"
    if case.status is CaseStatus.ENDED:
        return "ended"
    return "turn" if waits else "open"


@bp.get("/cases/<reference>")
@login_required
def show(reference: str) -> ResponseReturnValue:
    """Show a case."""
    person = someone()
    case = access.find(reference, person)
    turns = told_once([turn_of(case, item, person) for item in open_items(case)])
    asked = [turn for turn in turns if not turn.item.offered]
    done, whole = passed(case, person), "history" in request.args
    told = history(case, person, None if whole else LATEST)
    ahead = ways_ahead(case.definition, [turn.step.name for turn in asked])
    maps = maps_of(case.definition, [turn.step.name for turn in asked], done)
    drawn = next((each for each in maps if each.name == request.args.get("map")), maps[0])
    alive = clock.each_limit(clock.running(case))
    return render_template(
        "cases/show.html",
        case=case,
        own=case.requester_id == person.id or access.is_companion(person, case),
        asked=asked,
        offered=[turn for turn in turns if turn.item.offered and turn.mine],
        clocks=[each for each in alive if each.limit not in CHANCES],
        chances=[each for each in alive if each.limit in CHANCES],
        told=told,
        earlier=not whole and len(told) == LATEST,
        ahead=ahead,
        then={turn.step.name: next_after(case.definition, turn.step.name) for turn in asked},
        stops=stops(done, asked, ahead),
        steps=STEPS,
        maps=maps,
        map=drawn,
        map_state=state_of(drawn, asked),
        chain=verified(case, person),
        reads_form=reading_of(case, person) is not Reading.PUBLIC,
    )


@bp.get("/process/<int:definition>/<name>.bpmn")
def diagram(definition: int, name: str) -> ResponseReturnValue:
    """Return a diagram as BPMN; the procedure is public, the cases that run on it are not."""
    row = db.session.get(Definition, definition)
    if row is None or f"{name}.bpmn" not in row.bpmn:
        abort(404)
    response = Response(row.bpmn[f"{name}.bpmn"], mimetype="application/xml")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def state_of(drawn: Map, asked: list[Turn]) -> dict[str, Any]:
    """Return what the map's script marks: what is done, and where the tokens stand and for whom."""
    roles = {turn.step.name: gettext(turn.step.role.title) for turn in asked}
    here = [{"id": name, "label": roles.get(name) or gettext("现在")} for name in drawn.here]
    return {"done": drawn.done, "flows": [], "here": here}


def stops(before: list[Passed], asked: list[Turn], ahead: list[str]) -> list[dict[str, Any]]:
    """Return the whole way of a case: what has been answered, what waits, and what may come."""
    done = [
        {"title": gettext(each.title), "done": True, "at": each.at}
        for each in before
        if each.kind is EventKind.ANSWERED
    ]
    here = [{"title": gettext(turn.step.title), "here": True, "who": gettext(turn.step.role.title)} for turn in asked]
    return (
        done + here + [{"title": gettext(STEPS[name].title), "who": gettext(STEPS[name].role.title)} for name in ahead]
    )


def turn_of(case: Case, item: WorkItem, person: User) -> Turn:
    """Return a waiting step as the reader sees it."""
    step = STEPS[item.step]
    mine = access.may_take(person, case, item)
    return Turn(item, step, mine, address_of(case, step) if mine else "")


def told_once(turns: list[Turn]) -> list[Turn]:
    """Return one turn of each step, the reader's own if there is one, with the number of people for whom it waits."""
    several = Counter(turn.step.name for turn in turns)
    chosen: dict[str, Turn] = {}
    for turn in turns:
        if turn.step.name not in chosen or (turn.mine and not chosen[turn.step.name].mine):
            chosen[turn.step.name] = replace(turn, several=several[turn.step.name])
    return list(chosen.values())


def verified(case: Case, person: User) -> str:
    """Return, for an auditor, whether the journal's chain is whole."""
    if Role.AUDITOR not in person.roles:
        return ""
    return gettext("链条完整") if not verify(case) else gettext("链条有断裂")
