"""Published conditions of conditional data: every version, a check before applying, and the next version."""

from typing import Any

from marshmallow import Schema, fields

from api.v1.reading import Section, person
from api.v1.schemas import moment, number, one, several, word, yes
from models import N_, Conditions, Dataset, Role
from workflow import conditions, durations
from workflow.catalogue import entry
from workflow.conditions import SelfCheck, Terms
from workflow.errors import NotOpen, NotYours

section = Section("conditions", "/datasets", N_("使用条件"), public=True)


class ConditionLine(Schema):
    """One line of published conditions."""

    id = word(N_("编号"))
    kind = word(N_("种类"))
    text = word(N_("公布的文字"))
    bound = word(N_("自动核对的条件，没有则为空"))
    duty = yes(N_("是否获准后的义务"))


class ConditionVersion(Schema):
    """A version of a data set's conditions."""

    version = number(N_("版本；尚未公布的为 0"))
    published_at = moment(N_("公布时间"))
    reason = word(N_("变更说明"))
    lines = several(ConditionLine, N_("条件"))
    terms = fields.Dict(metadata={"label": N_("条件的数据")})


class ConditionVersions(Schema):
    """The versions of a data set's conditions, the newest first."""

    items = several(ConditionVersion, N_("版本"))


class CheckedLine(ConditionLine):
    """A condition, and whether it is met."""

    result = word(N_("符合 met，不符合 unmet，申请时说明 ask"))


class UsualTime(Schema):
    """How many working days decisions took, out of past cases."""

    scope = word(N_("谁的办件：dataset、body 或者 all"))
    cases = number(N_("件数"))
    median = number(N_("半数在几个工作日内，不含停计"))
    ninety = number(N_("九成在几个工作日内，不含停计"))
    median_whole = number(N_("半数在几个工作日内，含停计"))
    ninety_whole = number(N_("九成在几个工作日内，含停计"))


class CheckResult(Schema):
    """Which published conditions are met, and how long a decision usually takes."""

    version = number(N_("版本"))
    items = several(CheckedLine, N_("条件"))
    usual = one(UsualTime, N_("要等多久"))


@section.route("/<code>/conditions", methods=["GET"])
@section.response(200, ConditionVersions)
def list_conditions(code: str) -> dict[str, Any]:
    """List the versions of a data set's conditions.

    An application is judged by the version that was in force when it was accepted.
    """
    return {"items": [shown(version) for version in conditions.versions(found(code))]}


@section.route("/<code>/conditions/<int:number>", methods=["GET"])
@section.response(200, ConditionVersion)
def show_conditions(code: str, number: int) -> dict[str, Any]:
    """Read one version of a data set's conditions."""
    return shown(conditions.version(found(code), min(number, 2**31)))


@section.route("/<code>/self-check", methods=["GET"])
@section.arguments(SelfCheck, location="query")
@section.response(200, CheckResult)
def check_conditions(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Check yourself against the conditions in force.

    Every answer may be left out. Nothing is kept. What no machine can tell is `ask`.
    """
    dataset = found(code)
    version = conditions.shown(dataset)
    results = conditions.selfcheck(version, asked)
    return {
        "version": version.version if version else 0,
        "items": [{**line_of(line), "result": result} for line, result in results],
        "usual": durations.usual(dataset) if version else None,
    }


@section.route("/<code>/conditions/draft", methods=["PUT"])
@section.arguments(Terms)
@section.response(200, ConditionVersion)
def write_conditions(said: dict[str, Any], code: str) -> dict[str, Any]:
    """Write the next version of a data set's conditions.

    The clerk of the body writes it; another person, the decider, publishes it.
    """
    dataset = own(code, Role.CLERK)
    draft = conditions.write(dataset, said, person())
    return shown(Conditions(version=0, terms=draft.terms, reason=draft.reason))


@section.route("/<code>/conditions/publish", methods=["POST"])
@section.response(200, ConditionVersion)
def publish_conditions(code: str) -> dict[str, Any]:
    """Publish the next version of a data set's conditions."""
    return shown(conditions.publish_draft(own(code, Role.DECIDER), person()))


def found(code: str) -> Dataset:
    """Return the entry with a code."""
    return entry.by_code(code.replace("\x00", "")[:40])


def own(code: str, role: Role) -> Dataset:
    """Return an entry of a body in which the asking person holds a role."""
    dataset = found(code)
    if dataset.provider_id not in person().bodies(role):
        raise NotYours(code)
    if conditions.shown(dataset) is None:
        raise NotOpen(code)
    return dataset


def shown(version: Conditions) -> dict[str, Any]:
    """Return a version as a program reads it."""
    return {
        "version": version.version,
        "published_at": version.published_at,
        "reason": version.reason,
        "lines": [line_of(line) for line in conditions.lines(version)],
        "terms": {name: value for name, value in version.terms.items() if name != "wording"},
    }


def line_of(line: conditions.Criterion) -> dict[str, Any]:
    """Return a line of conditions as a program reads it."""
    return {"id": line.id, "kind": line.kind, "text": line.text, "bound": line.bound, "duty": line.duty}
