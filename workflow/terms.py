"""The terms of an agreement: data that the service enforces, as text in both languages, and as ODRL.

    {"purpose", "purpose_class", "people": [{"name", "role", "employer", "email"}], "place", "mode",
     "datasets": [{"code", "name", "items", "rows": [{"item", "is", "value"}],
                   "quota": {"downloads", "rows"}, "watermark"}],
     "starts_on", "ends_on", "reports", "conditions": [...]}

Days are written as 2027-03-31. A quota counts for a month; empty means no bound. `reports` is every how many months a
report on the use is due.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from models import Agreement, Application, DataRequest
from workflow.applying import MODES, PURPOSES

# From this grade on files carry the mark of their entitlement (table delivery_mode).
MARKED_FROM = 2
REPORTS = 6
# The modes and comparisons in the words of the agreement's English column.
MODES_EN = {"download": "download", "api": "API", "sandbox": "data sandbox"}
PURPOSES_EN = {
    "research": "scientific research",
    "public_service": "public service",
    "product": "products and services",
    "operation": "the company's own operation",
    "model_training": "training of AI models",
    "other": "other",
}
COMPARISONS = {"=": "eq", "!=": "neq", "<": "lt", "<=": "lteq", ">": "gt", ">=": "gteq", "in": "isAnyOf"}
VOCABULARY = "urn:kaimen:odrl:"


def of(application: Application, decision: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms of an application as it was decided."""
    form = application.form
    return {
        "purpose": form["scenario"],
        "purpose_class": form["purpose_class"],
        "people": [dict(person) for person in form["people"]],
        "place": form["storage"],
        "mode": decision["mode"],
        "datasets": [dict(part) for part in decision["datasets"]],
        "starts_on": decision["starts_on"],
        "ends_on": decision["ends_on"],
        "reports": decision["reports"],
        "conditions": list(decision["conditions"]),
    }


def part_of(
    request: DataRequest, items: list[str], rows: list[dict[str, Any]], quota: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the terms say of one data set."""
    dataset = request.dataset
    return {
        "code": dataset.code,
        "name": dataset.name,
        "items": list(items),
        "rows": [dict(row) for row in rows],
        "quota": {"downloads": quota.get("downloads"), "rows": quota.get("rows")},
        "watermark": (MARKED_FROM if dataset.grade is None else dataset.grade) >= MARKED_FROM,
    }


def digest(terms: Mapping[str, Any]) -> str:
    """Return the SHA-256 of terms, written in one way only: keys in order, no blanks, UTF-8."""
    return hashlib.sha256(orjson.dumps(dict(terms), option=orjson.OPT_SORT_KEYS)).hexdigest()


def lines(terms: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the terms as an agreement shows them: the label in Chinese and in English, and what was agreed."""
    return list(_lines(terms))


def _lines(terms: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    purpose, mode = terms["purpose_class"], terms["mode"]
    for part in terms["datasets"]:
        yield "数据集", "Data set", f"{part['code']} {part['name']}"
        yield "数据项", "Items", "、".join(part["items"]) or "全部 (all)"
        yield "行", "Rows", "；".join(spelt(row) for row in part["rows"]) or "全部 (all)"
        yield "用量", "Quota", "；".join(_quota(part["quota"])) or "不限 (no bound)"
        if part["watermark"]:
            yield "标记", "Mark", "文件带授权编号 (files carry the number of the entitlement)"
    yield "用途", "Purpose", f"{PURPOSES[purpose]} ({PURPOSES_EN[purpose]})：{terms['purpose']}"
    yield (
        "人员",
        "People",
        "；".join(f"{each['name']}（{each['role']}，{each['employer']}）" for each in terms["people"]),
    )
    yield "地点", "Place", terms["place"]
    yield "方式", "Mode", f"{MODES[mode]} ({MODES_EN[mode]})"
    yield "期限", "Period", f"{terms['starts_on']} — {terms['ends_on']}"
    yield "利用报告", "Reports on the use", f"每 {terms['reports']} 个月 (every {terms['reports']} months)"
    for number, condition in enumerate(terms["conditions"], 1):
        yield f"附加条件 {number}", f"Condition {number}", condition


def _quota(quota: Mapping[str, Any]) -> Iterator[str]:
    if quota.get("downloads"):
        yield f"每月 {quota['downloads']} 次 ({quota['downloads']} downloads a month)"
    if quota.get("rows"):
        yield f"每月 {quota['rows']} 行 ({quota['rows']} rows a month)"


def spelt(row: Mapping[str, Any]) -> str:
    """Return a condition on rows as people write it."""
    value = row["value"]
    if row["is"] == "between":
        return f"{row['item']} 介于 {value[0]} 至 {value[1]}"
    if row["is"] == "in":
        return f"{row['item']} 属于 {'、'.join(value)}"
    return f"{row['item']} {row['is']} {value}"


def odrl(agreement: Agreement, url: str) -> dict[str, Any]:
    """Return the terms of an agreement as an ODRL policy in JSON-LD, for programs that enforce such policies.

    :param url: the address of the service
    """
    terms, application = agreement.terms, agreement.case.application
    body = agreement.case.body
    return {
        "@context": ["http://www.w3.org/ns/odrl.jsonld", {"kaimen": VOCABULARY}],
        "@type": "Agreement",
        "uid": f"{url}/agreements/{agreement.reference}",
        "profile": f"{VOCABULARY}profile",
        "assigner": {"@type": "Party", "fullName": body.name if body else ""},
        "assignee": {"@type": "Party", "fullName": application.applicant if application else ""},
        "permission": [_permission(part, terms, url) for part in terms["datasets"]],
        "prohibition": [
            {"action": action, "target": f"{url}/datasets/{part['code']}"}
            for part in terms["datasets"]
            for action in ("sell", "distribute")
        ],
        "obligation": [{"action": "attribute"}, {"action": "delete", "constraint": [_upto("gt", terms["ends_on"])]}],
    }


def _permission(part: Mapping[str, Any], terms: Mapping[str, Any], url: str) -> dict[str, Any]:
    constraints: list[dict[str, Any]] = [
        _upto("gteq", terms["starts_on"]),
        _upto("lteq", terms["ends_on"]),
        {"leftOperand": "purpose", "operator": "eq", "rightOperand": f"kaimen:{terms['purpose_class']}"},
        {"leftOperand": "deliveryChannel", "operator": "eq", "rightOperand": f"kaimen:{terms['mode']}"},
    ]
    if part["quota"].get("downloads"):
        constraints.append(
            {"leftOperand": "count", "operator": "lteq", "rightOperand": part["quota"]["downloads"], "unit": "P1M"}
        )
    refinements = [_refinement(row) for row in part["rows"]]
    target = {"@type": "Asset", "uid": f"{url}/datasets/{part['code']}", "kaimen:items": part["items"]}
    if refinements:
        target["refinement"] = refinements
    return {"target": target, "action": "use", "constraint": constraints}


def _upto(operator: str, day: str) -> dict[str, Any]:
    right = {"@value": day, "@type": "http://www.w3.org/2001/XMLSchema#date"}
    return {"leftOperand": "dateTime", "operator": operator, "rightOperand": right}


def _refinement(row: Mapping[str, Any]) -> dict[str, Any]:
    left = f"kaimen:item/{row['item']}"
    if row["is"] == "between":
        return {
            "and": [
                {"leftOperand": left, "operator": "gteq", "rightOperand": row["value"][0]},
                {"leftOperand": left, "operator": "lteq", "rightOperand": row["value"][1]},
            ]
        }
    return {"leftOperand": left, "operator": COMPARISONS[row["is"]], "rightOperand": row["value"]}
