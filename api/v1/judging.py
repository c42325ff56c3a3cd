"""What stands beside an application for those who judge it: its conditions, what changed, and cases like it."""

from typing import Any

from marshmallow import Schema, fields

from api.judging import judging, outcome_words
from api.v1.reading import Section, person
from api.v1.schemas import day, number, several, word, yes
from models import BODY_ROLES, N_
from workflow import access, calendar
from workflow.access import READ_ALL
from workflow.differences import Change
from workflow.errors import NotFound, NotYours

section = Section("judging", "/cases", N_("审核申请"))


class JudgedLine(Schema):
    """A published condition, what a machine finds, and what a reviewer has found."""

    criterion = word(N_("条件编号"))
    kind = word(N_("种类"))
    text = word(N_("公布的文字"))
    version = number(N_("版本"), allow_none=True)
    machine = word(N_("符合 met，不符合 unmet，申请时说明 ask"))
    finding = word(N_("认定"))
    reason = word(N_("理由"))


class LikeCase(Schema):
    """A past case like this one."""

    reference = word(N_("编号"))
    outcome = word(N_("结果"))
    outcome_title = word(N_("结果的名称"))
    decided_on = day(N_("决定日期"))
    alike = fields.List(fields.String(), metadata={"label": N_("相同之处：dataset、purpose、applicant")})
    applicant = word(N_("申请人；个人和没有同意的申请为空"))
    reasons = word(N_("理由"))
    unmet = fields.List(fields.String(), metadata={"label": N_("不符合的条件")})
    readable = yes(N_("您能否查看这件办件"))


class ChangedField(Schema):
    """A field that says something else than in the version before."""

    field = word(N_("哪一项"))
    before = word(N_("改动前"))
    after = word(N_("改动后"))
    rows = fields.List(fields.Dict(), metadata={"label": N_("有改动的行")})


class BesideApplication(Schema):
    """Everything that stands beside an application."""

    version = number(N_("版本"))
    criteria = several(JudgedLine, N_("条件"))
    differences = several(ChangedField, N_("与上一版相比的改动"))
    similar = several(LikeCase, N_("相近先例"))
    departs = fields.List(fields.String(), metadata={"label": N_("结果都与拟定的决定不同的先例")})


@section.route("/<reference>/judging", methods=["GET"])
@section.response(200, BesideApplication)
def show_judging(reference: str) -> dict[str, Any]:
    """Read what stands beside an application.

    For the offices that handle it: each published condition with the automatic check and the findings, what the
    newest version changes, and cases like this one. Fields that only a few may read are left out for everybody else.
    """
    reader = person()
    case = access.find(reference.replace("\x00", ""), reader)
    if not reader.roles & READ_ALL and case.body_id not in reader.bodies(*BODY_ROLES):
        raise NotYours(reference)
    found = judging(case, "decide_application", {}, reader)
    if found is None:
        raise NotFound(reference)
    return {
        "version": found.version,
        "criteria": [
            {
                "criterion": each.key,
                "kind": each.line.kind,
                "text": each.line.text,
                "version": each.version.version if each.version else None,
                "machine": each.machine,
                "finding": each.finding.get("finding", ""),
                "reason": each.finding.get("reason", ""),
            }
            for each in found.criteria
        ],
        "differences": [changed(change) for change in found.differences],
        "similar": [
            {
                "reference": each.case.reference,
                "outcome": each.application.outcome,
                "outcome_title": outcome_words(each.application.outcome),
                "decided_on": calendar.local_day(each.application.decided_at) if each.application.decided_at else None,
                "alike": sorted(each.alike),
                "applicant": each.applicant,
                "reasons": each.reasons,
                "unmet": each.unmet,
                "readable": each.readable,
            }
            for each in found.precedents
        ],
        "departs": [each.case.reference for each in found.departs],
    }


def changed(change: Change) -> dict[str, Any]:
    """Return a change as a program reads it."""
    rows = [
        {"kind": row.kind, "name": row.name, "fields": [changed(inner) for inner in row.changes]} for row in change.rows
    ]
    return {"field": change.name, "before": change.before, "after": change.after, "rows": rows}
