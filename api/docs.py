"""The readable page about the interface for programs, made of the same description that programs read."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from werkzeug.exceptions import NotFound

from api.v1.problems import TABLE, Problem
from models import N_

bp = Blueprint("docs", __name__)
# What stands in an address, by its name there.
PLACES = {"reference": N_("编号"), "step": N_("步骤"), "code": N_("数据集编号"), "year": N_("年份")}
WHERE = {"path": N_("地址"), "query": N_("地址里的参数"), "header": N_("请求头")}
TYPES = {
    "string": N_("文字"),
    "integer": N_("整数"),
    "number": N_("数字"),
    "boolean": N_("是或否"),
    "array": N_("列表"),
    "object": N_("对象"),
    "date": N_("日期"),
    "date-time": N_("时间"),
}
HEADERS = {
    "Idempotency-Key": N_("您自己定的键，8 至 200 个字符；同一个键的同一个请求只生效一次。"),
    "If-Match": N_("您读到的办件的 ETag；办件在此之后有变化时，这次提交不生效。"),
}


@dataclass(frozen=True)
class Item:
    """A field of what is sent or given, or a parameter."""

    name: str
    label: str
    type: str
    where: str = ""
    hint: str = ""
    required: bool = False
    least: int | None = None
    most: int | None = None
    choices: tuple[tuple[str, str], ...] = ()
    when: str = ""
    schema: str = ""


@dataclass(frozen=True)
class Operation:
    """What a program may ask."""

    id: str
    method: str
    path: str
    title: str
    paragraphs: tuple[str, ...]
    public: bool
    parameters: tuple[Item, ...]
    body: tuple[Item, ...]
    example: str
    call: str
    answers: tuple[tuple[str, str], ...]
    refusals: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """The operations about one thing."""

    id: str
    title: str
    operations: tuple[Operation, ...]


@bp.get("/api")
def api() -> ResponseReturnValue:
    """Show the page."""
    document = described()
    return render_template(
        "docs/api.html",
        groups=list(groups(document)),
        schemas=list(given(document)),
        problems=sorted(TABLE.values(), key=lambda problem: (problem.status, problem.word)),
        server=current_app.config["PUBLIC_URL"],
        sentence=sentence,
        problem_example=problem_example(),
    )


@bp.get("/api/problems/<word>")
def problem(word: str) -> ResponseReturnValue:
    """Lead from the address of a problem to its explanation."""
    if word not in TABLE:
        raise NotFound
    return redirect(url_for("docs.api", _anchor=f"problem-{word}"), 303)


def described() -> dict[str, Any]:
    """Return the description that programs read; it does not change while the service runs."""
    kept = current_app.extensions.setdefault("kaimen-description", {})
    if not kept:
        made = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
        kept.update(json.loads(json.dumps(made.spec.to_dict())))
    return dict(kept)


def problem_example() -> str:
    """Return a refused answer as a program gets it."""
    known = TABLE["invalid"]
    mistake = {"pointer": "/answer/subject", "field": "subject", "message": gettext("请填写这一项。")}
    said = {"type": known.type, "title": gettext(known.title), "status": known.status, "errors": [mistake]}
    return json.dumps(said, ensure_ascii=False, indent=2)


def sentence(one: Problem) -> str:
    """Return what a kind of problem means."""
    return str(gettext(one.title))


def groups(document: Mapping[str, Any]) -> Iterator[Group]:
    """Yield the operations of each part, in the order of the parts."""
    found: dict[str, list[Operation]] = {}
    for path, operations in document["paths"].items():
        for method, said in operations.items():
            if method != "parameters":
                shared = operations.get("parameters", [])
                found.setdefault(said["tags"][0], []).append(operation(document, method, path, said, shared))
    for tag in document["tags"]:
        yield Group(tag["name"], gettext(tag["description"]), tuple(found[tag["name"]]))


def operation(
    document: Mapping[str, Any], method: str, path: str, said: Mapping[str, Any], shared: list[Any]
) -> Operation:
    """Return an operation as the page shows it."""
    content = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    example = json.dumps(content["example"], ensure_ascii=False, indent=2) if "example" in content else ""
    good = [(status, answer) for status, answer in said["responses"].items() if status[0] in "23"]
    paragraphs = " ".join(said.get("description", "").split())
    public = {} in said["security"]
    return Operation(
        id=said["operationId"],
        method=method.upper(),
        path=path,
        title=gettext(said["summary"]),
        paragraphs=(gettext(paragraphs),) if paragraphs else (),
        public=public,
        parameters=tuple(parameter(one) for one in [*shared, *said.get("parameters", [])]),
        body=tuple(body(document, content.get("schema", {}))),
        example=example,
        call=call(method.upper(), path, public, example),
        answers=tuple((status, name_of(answer.get("content", {}))) for status, answer in good),
        refusals=tuple(sorted(status for status in said["responses"] if status[0] in "45")),
    )


def parameter(said: Mapping[str, Any]) -> Item:
    """Return a parameter as the page shows it."""
    name, schema = said["name"], said["schema"]
    label = gettext(PLACES[name]) if name in PLACES else words_of(schema.get("x-label")) or ""
    if name in HEADERS:
        label = gettext(HEADERS[name])
    return item(name, {**schema, "x-hint": None}, said.get("required", False), label, gettext(WHERE[said["in"]]))


def body(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Item]:
    """Yield the fields of what is sent; those of an answer stand under its own name."""
    properties, required = properties_of(document, schema)
    for name, field in properties.items():
        inner, inner_required = properties_of(document, field)
        if not inner:
            yield item(name, field, name in required)
        for below, part in inner.items():
            yield item(f"{name}.{below}", part, below in inner_required)


def properties_of(document: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of an object, and which of them are required."""
    name = reference_of(schema)
    found = document["components"]["schemas"][name] if name else schema
    return found.get("properties", {}), found.get("required", [])


def item(name: str, schema: Mapping[str, Any], required: bool, label: str = "", where: str = "") -> Item:
    """Return a field as the page shows it."""
    inner = schema.get("items", {})
    words = schema.get("x-words", {})
    choices = schema.get("enum") or inner.get("enum") or list(words)
    plain = [kind for kind in listed(schema.get("type")) if kind != "null"]
    conditions = schema.get("x-when", {})
    kind = schema.get("format") or (plain[0] if plain else "object" if reference_of(schema) else "string")
    return Item(
        name=name,
        label=label or words_of(schema.get("x-label")),
        type=gettext(TYPES.get(kind, TYPES["string"])),
        where=where,
        hint=words_of(schema.get("x-hint")),
        required=required,
        least=schema.get("minLength", schema.get("minimum")),
        most=schema.get("maxLength", schema.get("maximum")),
        choices=tuple((str(value), words_of(words.get(str(value)))) for value in choices if value is not None),
        when=", ".join(f"{other} = {' | '.join(map(str, wanted))}" for other, wanted in conditions.items()),
        schema=reference_of(schema) or reference_of(inner),
    )


def given(document: Mapping[str, Any]) -> Iterator[tuple[str, list[Item]]]:
    """Yield the objects that the interface gives, each with its fields."""
    schemas = document["components"]["schemas"]
    sent = {
        name_of(said["requestBody"]["content"])
        for operations in document["paths"].values()
        for method, said in operations.items()
        if method != "parameters" and "requestBody" in said
    }
    inside = {reference_of(field) for name in sent if name for field in schemas[name]["properties"].values()}
    for name, schema in schemas.items():
        if name not in sent | inside:
            required = schema.get("required", ())
            yield name, [item(field, said, field in required) for field, said in schema["properties"].items()]


def call(method: str, path: str, public: bool, example: str) -> str:
    """Return how an operation is called from a terminal."""
    parts = ["curl", f"-X {method}"] if method != "GET" else ["curl"]
    if not public:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if example:
        parts += ["-H 'Content-Type: application/json'", "-d @answer.json"]
    return " ".join([*parts, f"'{current_app.config['PUBLIC_URL']}{path}'"])


def name_of(content: Mapping[str, Any]) -> str:
    """Return the name of the object that is sent or given."""
    return reference_of(content.get("application/json", {}).get("schema", {}))


def reference_of(schema: Mapping[str, Any]) -> str:
    """Return the name of the object that a schema stands for, if it stands for one."""
    parts = [schema, *schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return next((part["$ref"].rpartition("/")[2] for part in parts if "$ref" in part), "")


def words_of(both: Mapping[str, str] | None) -> str:
    """Return the one of two texts that is in the reader's language."""
    locale = get_locale()
    return (both or {}).get(locale.language if locale else "zh", "")


def listed(value: Any) -> list[Any]:
    """Return a value as a list: none as nothing, one as one."""
    return [] if value is None else value if isinstance(value, list) else [value]
