"""The published conditions of a data set as data: versions, what reviewers judge, and a check before applying.

A version's `terms` are a mapping; what is left out is no condition:

- `applicants`: the types of applicant that are eligible (`person`, `legal_person`, `organisation`)
- `capability`, `safeguards`: lists of `{"text": …}`; some with a `bound` the machine can check, such as
  `protection_level:2` (see BOUNDS)
- `purposes`: `{"allowed": [purpose classes], "barred": [texts]}`
- `people`: how many may handle the data at most
- `places`: texts, where the data may be used
- `modes`: the ways of delivery (`download`, `api`, `sandbox`)
- `months`: the longest period
- `items`: the data items that are offered
- `quota`: `{"downloads": …, "rows": …}` a month; `reports`: every how many months a report on the use is due
- `words`: conditions that are only words, line by line: imported, or as they were confirmed by a classification
- `wording`: every line as it was published, in order; the words that bind

A version is never changed: what is published anew is the next version (article 15). An application is judged by the
version that was in force when it was accepted, and by nothing that has not been published.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from models import N_, Case, Conditions, ConditionsDraft, Dataset, OpenType, User, db
from workflow.applying import (
    APPLICANTS,
    ENCRYPTION,
    LOGGING,
    LONGEST_MONTHS,
    MODES,
    NETWORKS,
    PROTECTION,
    PURPOSES,
    months_between,
)
from workflow.errors import NotApart, NotFound, NotOpen
from workflow.fields import Answer, Group, Lines, choice, prose

MET, UNMET, ASK = "met", "unmet", "ask"
# What the machine can check of an applicant's safeguards: a fact of the form, and the answers that satisfy it.
BOUNDS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "protection_level:1": ("protection_level", ("1", "2", "3", "4"), N_("等级保护一级以上")),
    "protection_level:2": ("protection_level", ("2", "3", "4"), N_("等级保护二级以上")),
    "protection_level:3": ("protection_level", ("3", "4"), N_("等级保护三级以上")),
    "logging:6": ("logging", ("6", "12", "36"), N_("访问记录留存 6 个月以上")),
    "logging:12": ("logging", ("12", "36"), N_("访问记录留存 12 个月以上")),
    "logging:36": ("logging", ("36",), N_("访问记录留存 36 个月以上")),
    "encryption:storage": ("encryption", ("storage", "both"), N_("存储加密")),
    "encryption:both": ("encryption", ("both",), N_("传输和存储都加密")),
    "network:protected": ("network", ("isolated", "controlled", "cloud"), N_("网络有边界防护")),
    "network:isolated": ("network", ("isolated",), N_("与互联网隔离")),
}
KINDS = {
    "applicants": N_("申请主体"),
    "capability": N_("技术能力"),
    "safeguards": N_("安全保障"),
    "purposes": N_("用途"),
    "barred": N_("禁止的用途"),
    "people": N_("人员"),
    "places": N_("地点"),
    "modes": N_("获取方式"),
    "months": N_("使用期限"),
    "items": N_("数据项"),
    "quota": N_("用量"),
    "reports": N_("利用报告"),
    "words": N_("条件"),
}
# Duties of whoever is granted access: shown and agreed, but nothing in an application meets or misses them.
DUTIES = frozenset({"quota", "reports"})
SENTENCES = {
    "applicants": N_("%(applicants)s可以申请。"),
    "purposes": N_("用途限于%(purposes)s。"),
    "people": N_("使用数据的人员不超过 %(people)d 人。"),
    "modes": N_("以%(modes)s的方式提供。"),
    "months": N_("一次不超过 %(months)d 个月，到期前可以续期。"),
    "items": N_("可以申请的数据项：%(items)s。"),
    "downloads": N_("每月最多下载 %(downloads)d 次。"),
    "rows": N_("每月最多取得 %(rows)d 行。"),
    "reports": N_("每 %(reports)d 个月提交一次利用报告。"),
}
WORDS = {"applicants": APPLICANTS, "purposes": PURPOSES, "modes": MODES}


@dataclass(frozen=True)
class Criterion:
    """One line of published conditions; `text` is what was published, `sentence` and `filling` say it in any language.

    A line that a person has written has no sentence.
    """

    id: str
    text: str
    kind: str
    sentence: str = ""
    filling: Mapping[str, Any] = field(default_factory=dict)
    bound: str = ""

    @property
    def title(self) -> str:
        """Return what the line is about, to be translated where it is shown."""
        return KINDS[self.kind]

    @property
    def duty(self) -> bool:
        """Say whether the line is a duty of whoever is granted access, and no condition of the grant."""
        return self.kind in DUTIES


def lines(conditions: Conditions | None) -> list[Criterion]:
    """Return every line of a version, numbered C1, C2 and so on."""
    return _lines(conditions.terms if conditions else {})


def criteria(conditions: Conditions | None) -> list[Criterion]:
    """Return the lines of a version that an application meets or misses, with the numbers they were published under."""
    return [line for line in lines(conditions) if not line.duty]


def _lines(terms: Mapping[str, Any]) -> list[Criterion]:
    published = terms.get("wording", ())
    made = list(_made(terms))
    return [
        Criterion(
            f"C{number}",
            published[number - 1] if number <= len(published) else line.text,
            line.kind,
            line.sentence,
            line.filling,
            line.bound,
        )
        for number, line in enumerate(made, 1)
    ]


def _made(terms: Mapping[str, Any]) -> Iterable[Criterion]:
    purposes, quota = terms.get("purposes", {}), terms.get("quota", {})
    if terms.get("applicants"):
        yield _said("applicants", applicants=terms["applicants"])
    for kind in ("capability", "safeguards"):
        for clause in terms.get(kind, ()):
            yield Criterion("", clause["text"], kind, bound=clause.get("bound", ""))
    if purposes.get("allowed"):
        yield _said("purposes", purposes=purposes["allowed"])
    for text in purposes.get("barred", ()):
        yield Criterion("", text, "barred")
    if terms.get("people"):
        yield _said("people", people=terms["people"])
    for text in terms.get("places", ()):
        yield Criterion("", text, "places")
    if terms.get("modes"):
        yield _said("modes", modes=terms["modes"])
    if terms.get("months"):
        yield _said("months", months=terms["months"])
    if terms.get("items"):
        yield _said("items", items=terms["items"])
    for name in ("downloads", "rows"):
        if quota.get(name):
            yield _said("quota", name, **{name: quota[name]})
    if terms.get("reports"):
        yield _said("reports", reports=terms["reports"])
    for text in terms.get("words", ()):
        yield Criterion("", text, "words")


def _said(kind: str, sentence: str = "", **values: Any) -> Criterion:
    """Return a line made of values, in the words that are published."""
    pattern = SENTENCES[sentence or kind]
    return Criterion("", spoken(pattern, values), kind, pattern, values)


def spoken(pattern: str, values: Mapping[str, Any], translate: Callable[[str], str] = str) -> str:
    """Return a line's sentence in words; `translate` says each word of ours in another language."""
    comma = translate(N_("、"))
    filled = dict(values)
    for name, several in values.items():
        if isinstance(several, list):
            words: Mapping[str, str] = WORDS.get(name, {})
            filled[name] = comma.join(translate(words[word]) if word in words else str(word) for word in several)
    return translate(pattern) % filled


# Versions.


def in_force(dataset: Dataset) -> Conditions | None:
    """Return the version that is in force, or nothing where the data are not open under conditions.

    Conditions that are only words become a version of their own when one is first needed, and again when a later import
    words them otherwise. Call it within a transaction that is committed.
    """
    if dataset.open_type is not OpenType.CONDITIONAL:
        return None
    newest = latest(dataset)
    if newest is not None and not _outdated(newest, dataset):
        return newest
    _lock(dataset)
    newest = latest(dataset)
    if newest is not None and not _outdated(newest, dataset):
        return newest
    return _add(dataset, _words_alone(dataset), newest)


def shown(dataset: Dataset) -> Conditions | None:
    """Return the version the public reads; words of which no version has been made yet are shown as the next one."""
    if dataset.open_type is not OpenType.CONDITIONAL:
        return None
    newest = latest(dataset)
    if newest is not None and not _outdated(newest, dataset):
        return newest
    version = newest.version + 1 if newest else 1
    return Conditions(dataset_id=dataset.id, version=version, terms=_words_alone(dataset), reason="")


def latest(dataset: Dataset) -> Conditions | None:
    """Return the newest version of a data set's conditions."""
    query = db.select(Conditions).where(Conditions.dataset_id == dataset.id)
    newest: Conditions | None = db.session.scalar(query.order_by(Conditions.version.desc()).limit(1))
    return newest


def versions(dataset: Dataset) -> list[Conditions]:
    """Return every version of a data set's conditions, the newest first."""
    query = db.select(Conditions).where(Conditions.dataset_id == dataset.id)
    return list(db.session.scalars(query.order_by(Conditions.version.desc())))


def version(dataset: Dataset, number: int) -> Conditions:
    """Return one version of a data set's conditions.

    Raises NotFound when there is none with this number.
    """
    query = db.select(Conditions).where(Conditions.dataset_id == dataset.id, Conditions.version == number)
    found: Conditions | None = db.session.scalar(query)
    if found is None:
        raise NotFound(f"{dataset.code}/{number}")
    return found


def publish(
    dataset: Dataset,
    terms: Mapping[str, Any],
    person: User | None,
    case: Case | None = None,
    reason: str = "",
    drafted_by: User | None = None,
) -> Conditions:
    """Publish a new version of a data set's conditions; the versions before it stay as they are."""
    _lock(dataset)
    wording = [line.text for line in _made(terms)]
    made = _add(dataset, {**terms, "wording": wording}, latest(dataset), person, case, reason, drafted_by)
    dataset.conditions = "\n".join(_entry_words(made))
    db.session.flush()
    return made


def keep_words(dataset: Dataset, case: Case) -> None:
    """Make a version of the words that a classification has confirmed, where they say anything new."""
    if dataset.open_type is not OpenType.CONDITIONAL:
        return
    _lock(dataset)
    newest = latest(dataset)
    if newest is not None and not dataset.conditions.strip():
        dataset.conditions = "\n".join(_entry_words(newest))
    elif newest is None or _said_now(dataset) != _entry_words(newest):
        _add(dataset, _words_alone(dataset), newest, case=case)


def _add(
    dataset: Dataset,
    terms: dict[str, Any],
    newest: Conditions | None,
    person: User | None = None,
    case: Case | None = None,
    reason: str = "",
    drafted_by: User | None = None,
) -> Conditions:
    number = newest.version + 1 if newest else 1
    made = Conditions(dataset_id=dataset.id, version=number, terms=terms, reason=reason)
    made.published_by, made.drafted_by = person, drafted_by
    made.case_id = case.id if case else None
    db.session.add(made)
    db.session.flush()
    return made


def _lock(dataset: Dataset) -> None:
    """Let two who make a version of the same conditions come one after the other."""
    db.session.execute(db.select(Dataset.id).where(Dataset.id == dataset.id).with_for_update())


def _words_alone(dataset: Dataset) -> dict[str, Any]:
    """Return conditions that are only words as terms."""
    words = _said_now(dataset)
    return {"words": words, "wording": words}


def _said_now(dataset: Dataset) -> list[str]:
    return [line.strip() for line in dataset.conditions.splitlines() if line.strip()]


def _entry_words(version: Conditions) -> list[str]:
    """Return a version's lines as the entry of the open list has them."""
    said = [line.text if line.kind == "words" else f"{line.title}：{line.text}" for line in lines(version)]
    return [" ".join(text.split()) if "\n" in text else text for text in said]


def _outdated(newest: Conditions, dataset: Dataset) -> bool:
    """Say whether words that were taken over from an import have changed there since."""
    taken_over = newest.published_by_id is None and newest.case_id is None
    now = _said_now(dataset)
    return taken_over and bool(now) and now != _entry_words(newest)


# The next version: the clerk writes it, the decider publishes it.


class Clause(Answer):
    """A condition in words, which the machine may be able to check."""

    text = prose(5, 500, N_("条件"), rows=2)
    bound = choice(
        {bound: title for bound, (_, _, title) in BOUNDS.items()},
        required=False,
        load_default="",
        metadata={"label": N_("自动核对"), "hint": N_("选填；申请人自查和审核时自动比对。")},
    )


def several(words: Mapping[str, str], **metadata: Any) -> fields.List[Any]:
    """Return a field that takes some of a few words, each with its label."""
    one_of = validate.OneOf(list(words), error=N_("请从列出的选项里选。"))
    return fields.List(
        fields.String(validate=one_of), load_default=list, metadata={"words": words, "widget": "check", **metadata}
    )


def number(least: int, most: int, label: str, hint: str = "") -> fields.Integer:
    """Return a number that may be left out."""
    return fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(least, most),
        error_messages={"invalid": N_("写成数字。")},
        metadata={"label": label, **({"hint": hint} if hint else {})},
    )


class Terms(Answer):
    """The conditions of a data set, as the clerk writes them."""

    applicants = several(APPLICANTS, label=N_("可以申请的主体"), section=N_("谁可以申请"))
    people = number(1, 1000, N_("人员上限"))
    allowed = several(PURPOSES, label=N_("允许的用途"), section=N_("用来做什么"))
    barred = Lines(most=20, metadata={"label": N_("禁止的用途"), "widget": "lines", "hint": N_("每行一条")})
    capability = Group(Clause, most=20, metadata={"label": N_("技术能力要求"), "section": N_("能力和安全")})
    safeguards = Group(Clause, most=20, metadata={"label": N_("安全保障要求")})
    places = Lines(most=20, metadata={"label": N_("使用地点"), "widget": "lines", "hint": N_("每行一条")})
    modes = several(MODES, label=N_("获取方式"), section=N_("怎样提供"))
    months = number(1, LONGEST_MONTHS, N_("最长期限（月）"))
    downloads = number(1, 100_000, N_("每月下载次数上限"))
    rows = number(1, 10**12, N_("每月行数上限"))
    reports = number(1, LONGEST_MONTHS, N_("每几个月交一次利用报告"))
    items = Lines(
        most=500, metadata={"label": N_("可以申请的数据项"), "widget": "lines", "hint": N_("每行一个；不填表示全部。")}
    )
    reason = prose(10, 1000, N_("变更说明"), N_("公开显示：改了什么、为什么，至少 10 个字。"), section=N_("说明"))

    @validates_schema(skip_on_field_errors=True)
    def something_is_said(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse conditions that say nothing."""
        if not list(_made(terms_of(data))):
            raise ValidationError(N_("请至少写一条条件。"), "capability")


def terms_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms that a clerk's answer means."""
    purposes = {name: list(said[name]) for name in ("allowed", "barred") if said.get(name)}
    quota = {name: said[name] for name in ("downloads", "rows") if said.get(name)}
    clauses = {
        kind: [{name: text for name, text in clause.items() if text} for clause in said[kind]]
        for kind in ("capability", "safeguards")
        if said.get(kind)
    }
    plain = ("applicants", "people", "places", "modes", "months", "reports", "items")
    terms = {name: said[name] for name in plain if said.get(name)} | clauses
    return terms | ({"purposes": purposes} if purposes else {}) | ({"quota": quota} if quota else {})


def form_of(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return some terms as the clerk's form shows them; words without structure stand among the capabilities."""
    plain = ("applicants", "people", "places", "modes", "months", "reports", "items", "safeguards")
    form = {name: terms[name] for name in plain if name in terms}
    words = [{"text": text} for text in terms.get("words", ())]
    if words or terms.get("capability"):
        form["capability"] = [*terms.get("capability", ()), *words]
    return form | dict(terms.get("purposes", {})) | dict(terms.get("quota", {}))


def drafted(dataset: Dataset) -> ConditionsDraft | None:
    """Return the next version, if somebody has written one."""
    draft: ConditionsDraft | None = db.session.get(ConditionsDraft, dataset.id)
    return draft


def write(dataset: Dataset, said: Mapping[str, Any], clerk: User) -> ConditionsDraft:
    """Keep what a clerk has written as the next version, for the decider to publish.

    Raises NotOpen where the data are not open under conditions.
    """
    if dataset.open_type is not OpenType.CONDITIONAL:
        raise NotOpen(dataset.code)
    _lock(dataset)
    draft = drafted(dataset)
    if draft is None:
        draft = ConditionsDraft(dataset_id=dataset.id)
        db.session.add(draft)
    draft.terms, draft.reason, draft.drafted_by_id = terms_of(said), said["reason"], clerk.id
    db.session.commit()
    return draft


def publish_draft(dataset: Dataset, decider: User) -> Conditions:
    """Publish what the clerk has written.

    Raises NotOpen when nothing waits to be published, NotApart when the decider has written it.
    """
    _lock(dataset)
    draft = db.session.get(ConditionsDraft, dataset.id, populate_existing=True)
    if draft is None or dataset.open_type is not OpenType.CONDITIONAL:
        raise NotOpen(dataset.code)
    if draft.drafted_by_id == decider.id:
        raise NotApart(dataset.code)
    # What stood in words until now becomes a version too, so that the public sees what has changed.
    in_force(dataset)
    made = publish(dataset, draft.terms, decider, reason=draft.reason, drafted_by=draft.drafted_by)
    db.session.delete(draft)
    db.session.commit()
    return made


def give_back(dataset: Dataset) -> None:
    """Drop what the clerk has written; what is in force stays in force."""
    draft = drafted(dataset)
    if draft is not None:
        db.session.delete(draft)
        db.session.commit()


def changes(before: Conditions | None, after: Conditions) -> list[tuple[str, Criterion]]:
    """Return the lines of two versions: `kept`, `added`, and those that are gone as `removed`."""
    old, new = lines(before), lines(after)
    then, since = {line.text for line in old}, {line.text for line in new}
    told = [("kept" if line.text in then else "added", line) for line in new]
    return told + [("removed", line) for line in old if line.text not in since]


# Whether an application meets the conditions, as far as a machine can tell.


class SelfCheck(Answer):
    """What somebody says of themselves before applying; every answer may be left out."""

    applicant_type = choice(
        APPLICANTS, required=False, load_default=None, allow_none=True, metadata={"label": N_("申请人类型")}
    )
    purpose_class = choice(
        PURPOSES, required=False, load_default=None, allow_none=True, metadata={"label": N_("用途类别")}
    )
    people = number(1, 10_000, N_("使用数据的人数"))
    months = number(1, 240, N_("需要几个月"))
    mode = choice(MODES, required=False, load_default=None, allow_none=True, metadata={"label": N_("获取方式")})
    protection_level = choice(
        PROTECTION, required=False, load_default=None, allow_none=True, metadata={"label": N_("网络安全等级保护")}
    )
    logging = choice(LOGGING, required=False, load_default=None, allow_none=True, metadata={"label": N_("访问记录")})
    encryption = choice(ENCRYPTION, required=False, load_default=None, allow_none=True, metadata={"label": N_("加密")})
    network = choice(NETWORKS, required=False, load_default=None, allow_none=True, metadata={"label": N_("网络环境")})


FACTS = {
    "applicants": "applicant_type",
    "purposes": "purpose_class",
    "people": "people",
    "months": "months",
    "modes": "mode",
}


def asked(conditions: Conditions | None) -> dict[str, fields.Field[Any]]:
    """Return the questions that a self-check asks, because a condition turns on them."""
    facts = {FACTS.get(line.kind) or BOUNDS.get(line.bound, ("",))[0] for line in criteria(conditions)}
    return {name: field for name, field in SelfCheck().load_fields.items() if name in facts}


def selfcheck(conditions: Conditions | None, said: Mapping[str, Any]) -> list[tuple[Criterion, str]]:
    """Say of each condition whether it is met or unmet, or is still to be asked: what no machine can tell, or is blank.

    `said` has the names of the application form, or is that form; `people` may be a number or the list of them,
    `months` may be left to the first and the last day.
    """
    terms = conditions.terms if conditions else {}
    return [(line, _met(line, terms, said)) for line in criteria(conditions)]


def _met(line: Criterion, terms: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    if line.bound in BOUNDS:
        fact, enough, _ = BOUNDS[line.bound]
        return _among(said.get(fact), enough)
    if line.kind == "applicants":
        return _among(said.get("applicant_type"), terms["applicants"])
    if line.kind == "purposes":
        return _among(said.get("purpose_class"), terms["purposes"]["allowed"])
    if line.kind == "modes":
        return _among(said.get("mode"), terms["modes"])
    if line.kind == "people":
        people = said.get("people")
        return _within(len(people) if isinstance(people, list) else people, terms["people"])
    if line.kind == "months":
        return _within(_months(said), terms["months"])
    if line.kind == "items" and said.get("items") is not None:
        return MET if set(said["items"]) <= set(terms["items"]) else UNMET
    return ASK


def _among(value: Any, enough: Iterable[Any]) -> str:
    if value is None or value == "":
        return ASK
    return MET if str(value) in {str(word) for word in enough} else UNMET


def _within(value: Any, most: int) -> str:
    if not isinstance(value, int) or value <= 0:
        return ASK
    return MET if value <= most else UNMET


def _months(said: Mapping[str, Any]) -> Any:
    if said.get("months"):
        return said["months"]
    first, last = (_day(said.get(name)) for name in ("starts_on", "ends_on"))
    return months_between(first, last) if first and last and last > first else None


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def claims(form: Mapping[str, Any], dataset: Dataset) -> dict[str, Any]:
    """Return what an application says that bears on one data set's conditions, for `selfcheck`."""
    rows = [row for row in form.get("datasets", ()) if _code(row.get("dataset")) == dataset.code]
    return {**form, "items": rows[0].get("items", []) if rows else None}


def _code(value: Any) -> Any:
    return value.get("id") if isinstance(value, Mapping) else value
