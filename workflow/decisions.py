"""Decisions on applications: what may be decided, on which grounds, and the letter that says so."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError

from models import N_, Application, Case, DataRequest, User, now
from workflow import calendar, documents, terms
from workflow.applications import application_of, criteria, findings
from workflow.applying import LONGEST_MONTHS, filters, months_between

OUTCOMES = {
    "approve": N_("同意申请"),
    "conditions": N_("附条件同意"),
    "part": N_("部分同意"),
    "refuse": N_("不同意"),
}
# The legal bars on which an application may be refused besides a condition that is not met.
BARS = {
    "law": N_("法律、行政法规禁止"),
    "security": N_("可能危害国家安全、公共安全"),
    "rights": N_("侵害他人商业秘密、个人隐私等合法权益"),
    "sanction": N_("申请人有正在执行的限制措施"),
}
SENTENCES = {
    "approve": ("经审核，同意你（单位）的申请。", "Your application is granted."),
    "conditions": ("经审核，附条件同意你（单位）的申请。", "Your application is granted under conditions."),
    "part": ("经审核，部分同意你（单位）的申请。", "Your application is granted in part."),
    "refuse": ("经审核，不同意你（单位）的申请。", "Your application is refused."),
}
REMEDY = (
    "如不服本决定，可以自收到本决定之日起六十日内依法申请行政复议，或者在六个月内依法向人民法院提起行政诉讼。",
    "If you disagree with this decision you may apply for administrative reconsideration within sixty days of "
    "receiving it, or bring an action before the people's court within six months.",
)


def ruled(case: Case, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a decision as it would stand, in full.

    Raises ValidationError where it may not be decided so: a refusal names an unmet published condition or a legal bar,
    a partial grant grants less than was asked for and more than nothing.
    """
    application, outcome = application_of(case), answer["decision"]
    decision: dict[str, Any] = {
        "outcome": outcome,
        "text": answer["text"],
        "conditions": list(answer["conditions"]) if outcome in ("conditions", "part") else [],
        "unmet": [],
        "bar": "",
    }
    if outcome == "refuse":
        return decision | grounds(application, answer)
    decision |= period(application, answer)
    decision["mode"] = answer["mode"] or application.form["mode"]
    decision["reports"] = answer["reports"] or promised(application, "reports") or terms.REPORTS
    decision["datasets"] = granted(application, answer)
    if outcome == "part":
        decision |= grounds(application, answer, needed=False)
    return decision


def grounds(application: Application, answer: Mapping[str, Any], needed: bool = True) -> dict[str, Any]:
    """Return the grounds of a refusal: published conditions that were found unmet, or a legal bar."""
    published, found = criteria(application), findings(application)
    unmet = list(dict.fromkeys(answer["unmet"]))
    if any(key not in published for key in unmet):
        raise ValidationError({"unmet": [N_("只能写公布过的条件的编号。")]})
    if any(found.get(key, {}).get("finding") != "unmet" for key in unmet):
        raise ValidationError({"unmet": [N_("只能写审核认定为不符合的条件。")]})
    if needed and not unmet and not answer["bar"]:
        raise ValidationError({"unmet": [N_("不同意只能依据公布的条件不符合，或者法律禁止；请写明是哪一条。")]})
    return {"unmet": unmet, "bar": answer["bar"] or ""}


def period(application: Application, answer: Mapping[str, Any]) -> dict[str, str]:
    """Return from when until when the data may be used."""
    first = answer["starts_on"] or date.fromisoformat(application.form["starts_on"])
    last = answer["ends_on"] or date.fromisoformat(application.form["ends_on"])
    if last <= first:
        raise ValidationError({"ends_on": [N_("结束日期要晚于开始日期。")]})
    if months_between(first, last) > LONGEST_MONTHS:
        raise ValidationError({"ends_on": [N_("最长 %(months)d 个月，到期前可以续期。"), {"months": LONGEST_MONTHS}]})
    return {"starts_on": first.isoformat(), "ends_on": last.isoformat()}


def granted(application: Application, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is granted of each data set: as asked for, or less where the grant is partial."""
    asked = {request.dataset.code: request for request in application.requests}
    if answer["decision"] != "part":
        return [part(request, answer, request.items, request.rows) for request in asked.values()]
    parts = []
    for row in answer["granted"]:
        request = asked.get(row["dataset"].code)
        if request is None:
            raise ValidationError({"granted": [N_("只能写申请的数据集。")]})
        items, wanted = list(row["items"]) or list(request.items), request.items or request.dataset.items
        if wanted and any(item not in wanted for item in items):
            raise ValidationError({"granted": [N_("只能写申请的数据项。")]})
        parts.append(part(request, answer, items, request.rows + filters(row["rows"])))
    whole = [part(request, answer, request.items, request.rows) for request in asked.values()]
    if not parts or parts == whole or len({each["code"] for each in parts}) < len(parts):
        raise ValidationError({"granted": [N_("写明同意的部分：哪些数据集、哪些数据项，要比申请的少。")]})
    return parts


def part(
    request: DataRequest, answer: Mapping[str, Any], items: list[str], rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return what is granted of one data set; the quota is the published one unless the decision names another."""
    quota = dict((request.conditions.terms if request.conditions else {}).get("quota") or {})
    quota |= {name: answer[name] for name in ("downloads", "rows") if answer[name]}
    return terms.part_of(request, items or list(request.dataset.items), rows, quota)


def promised(application: Application, name: str) -> int | None:
    """Return the smallest number that the published conditions of the data name for a duty."""
    numbers = [request.conditions.terms.get(name) for request in application.requests if request.conditions]
    return min((number for number in numbers if number), default=None)


def take(case: Case, answer: Mapping[str, Any], decider: User) -> None:
    """Take the decision, and have its letter made."""
    application = application_of(case)
    application.decision = ruled(case, answer)
    application.outcome, application.decided_at = answer["decision"], now()
    if answer["summary"]:
        application.summary = answer["summary"]
    documents.order(case, "decision", f"公共数据开放决定书 {case.reference}", letter(case, application))


def letter(case: Case, application: Application) -> dict[str, Any]:
    """Return everything that the letter of a decision says."""
    decision, published = application.decision, criteria(application)
    body = case.body.name if case.body else ""
    said = [
        {"criterion": published[key][1].text, "finding": each["finding"], "reason": each["reason"]}
        for key, each in findings(application).items()
        if key in published
    ]
    asked = [
        {"code": request.dataset.code, "name": request.dataset.name, "items": request.items or request.dataset.items}
        for request in application.requests
    ]
    bar = [BARS[decision["bar"]]] if decision["bar"] else []
    unmet = [f"不符合公布的条件：{published[key][1].text}" for key in decision["unmet"]]
    return {
        "reference": case.reference,
        "applicant": application.applicant,
        "body": body,
        "received_on": day(application.submitted_at),
        "accepted_on": day(application.accepted_at),
        "decided_on": day(application.decided_at),
        "datasets": decision.get("datasets", asked),
        "outcome": application.outcome,
        "outcome_text": SENTENCES[application.outcome][0],
        "outcome_en": SENTENCES[application.outcome][1],
        "conditions": decision["conditions"],
        "grounds": said,
        "text": "\n\n".join([decision["text"], *unmet, *bar]),
        "remedy": REMEDY[0],
        "remedy_en": REMEDY[1],
    }


def day(moment: Any) -> str:
    """Return the day of a moment in Shanghai, as it is written in data."""
    return calendar.local_day(moment).isoformat() if moment else ""


def proposed(application: Application) -> dict[str, Any]:
    """Return the answer with which the form of a decision begins: the draft, where there is one."""
    decision = application.decision
    if not decision:
        return {"mode": application.form.get("mode"), "summary": application.summary}
    values = {name: decision.get(name) for name in ("conditions", "unmet", "bar", "text", "mode", "reports")}
    values |= {name: decision.get(name) for name in ("starts_on", "ends_on")}
    values |= {"decision": decision["outcome"], "summary": application.summary}
    parts = decision.get("datasets", [])
    if decision["outcome"] == "part":
        values["granted"] = [{"dataset": each["code"], "items": each["items"]} for each in parts]
    if parts:
        values |= parts[0]["quota"]
    return {name: value for name, value in values.items() if value not in (None, "", [])}
