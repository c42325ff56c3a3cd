"""The kinds of field an answer may have; each refuses what cannot be kept, and says how to mend it."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validate

from models import N_, Case, Dataset, Expert, Organisation, OrganisationKind, db

# Tab and line break are the only control characters a text may hold.
ALLOWED = {"\n", "\t"}
CONTROL = N_("文字里有看不见的控制字符，请删去后重新提交。")
# The letters of a half-written answer, with the names of its fields.
LONGEST_DRAFT = 100_000
# No character at all, and half of one: a database refuses them.
_UNKEPT = re.compile("[\x00\ud800-\udfff]")
# What stands where bytes were sent that are no text.
REPLACEMENT = "\ufffd"


class Answer(Schema):
    """What is handed in for a step; unknown fields are refused, never dropped."""

    class Meta:
        """Refuse what the step does not ask for."""

        unknown = RAISE
        ordered = True

    error_messages = {"unknown": N_("这里没有这一项。"), "type": N_("内容的格式不对。")}

    @pre_load
    def only_a_mapping(self, data: Any, **_: Any) -> Any:
        """Refuse an answer that is not an object of named fields."""
        if not isinstance(data, Mapping):
            raise ValidationError(N_("内容的格式不对。"))
        return data


class Text(fields.String):
    """A text of a least and a greatest length, without control characters, blanks trimmed."""

    default_error_messages = {
        "required": N_("请填写这一项。"),
        "null": N_("请填写这一项。"),
        "invalid": N_("请填写文字。"),
        "control": CONTROL,
    }

    def __init__(self, least: int = 1, most: int = 2000, **options: Any) -> None:
        required = options.setdefault("required", True)
        self.least, self.most = (least if required else 0), most
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str) and len(value) > 4 * self.most:
            raise ValidationError(too_long(self.most))
        text: str = super()._deserialize(value, attr, data, **kwargs)
        text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
        if any(unreadable(char) for char in text):
            raise self.make_error("control")
        if not text and self.required:
            raise self.make_error("required")
        if len(text) < self.least:
            raise ValidationError([N_("写得再具体一些，至少 %(least)d 个字。"), {"least": self.least}])
        if len(text) > self.most:
            raise ValidationError(too_long(self.most))
        return text


def unreadable(char: str) -> bool:
    """Say whether a character is one that nobody can read."""
    return char == REPLACEMENT or (unicodedata.category(char) in {"Cc", "Cs", "Cn"} and char not in ALLOWED)


def check_draft(form: Mapping[str, Any]) -> None:
    """Refuse a half-written answer that cannot be kept as it is; whether it is right is asked when it is handed in.

    Raises marshmallow's ValidationError.
    """
    unkept = [name for name, value in form.items() if any(_UNKEPT.search(text) for text in _texts(value))]
    if unkept:
        raise ValidationError({name: [CONTROL] for name in unkept})
    if len(json.dumps(dict(form), ensure_ascii=False)) > LONGEST_DRAFT:
        raise ValidationError(too_long(LONGEST_DRAFT))


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in an answer, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def too_long(most: int) -> list[Any]:
    """Return the message for a text that is too long, with its greatest length."""
    return [N_("最多 %(most)d 个字，请删减。"), {"most": most}]


def prose(least: int, most: int, label: str, hint: str = "", **metadata: Any) -> Text:
    """Return a text of several lines with its label and hint; where the least is nothing it may be left out."""
    metadata = {"label": label, "widget": "textarea", **({"hint": hint} if hint else {}), **metadata}
    if least:
        return Text(least, most, metadata=metadata)
    return Text(0, most, required=False, load_default="", metadata=metadata)


def choice(words: Mapping[str, str], **options: Any) -> fields.String:
    """Return a field that takes one of a few words, each with its label."""
    metadata = {"words": words, **options.pop("metadata", {})}
    return fields.String(
        required=options.pop("required", True),
        validate=validate.OneOf(list(words), error=N_("请从列出的选项里选一项。")),
        error_messages={"required": N_("请选一项。"), "invalid": N_("请选一项。"), "null": N_("请选一项。")},
        metadata=metadata,
        **options,
    )


def level(words: Mapping[str, str], **options: Any) -> fields.Integer:
    """Return a field that takes one of a few numbered levels, each with its label."""
    metadata = {"words": words, **options.pop("metadata", {})}
    return fields.Integer(
        required=True,
        validate=validate.OneOf([int(word) for word in words], error=N_("请从列出的选项里选一项。")),
        error_messages={"required": N_("请选一项。"), "invalid": N_("请选一项。"), "null": N_("请选一项。")},
        metadata=metadata,
        **options,
    )


class Tick(fields.Boolean):
    """A box that is ticked or not; unticked when it is left out."""

    default_error_messages = {"invalid": N_("请选是或否。"), "required": N_("请确认这一项。")}

    def __init__(self, **options: Any) -> None:
        if not options.get("required"):
            options.setdefault("load_default", False)
        super().__init__(**options)


class Day(fields.Date):
    """A day, written as 2027-03-31, within a sensible range."""

    default_error_messages = {
        "invalid": N_("请写成 2027-03-31 这样的日期。"),
        "required": N_("请选一个日期。"),
        "null": N_("请选一个日期。"),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        day = super()._deserialize(value, attr, data, **kwargs)
        if not 1900 <= day.year <= 2100:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return day


class Lines(fields.List[str]):
    """A list of short texts, one a line."""

    def __init__(self, most: int = 100, **options: Any) -> None:
        options.setdefault("load_default", list)
        error = N_("行数太多，请删减。")
        super().__init__(Text(most=200), validate=validate.Length(max=most, error=error), **options)


class Group(fields.List[Any]):
    """A list of nested answers, one a row; in a form each row has controls of its own."""

    def __init__(self, schema: type[Answer], least: int = 0, most: int = 20, **options: Any) -> None:
        if least:
            options.setdefault("required", True)
        else:
            options.setdefault("load_default", list)
        options.setdefault("error_messages", {"required": N_("请至少填写一行。"), "null": N_("请至少填写一行。")})
        rules = [
            validate.Length(min=least, error=N_("请至少填写一行。")),
            validate.Length(max=most, error=N_("行数太多，请删减。")),
        ]
        super().__init__(fields.Nested(schema), validate=rules, **options)
        self.answer, self.least, self.most = schema, least, most


class Attachments(fields.List[int]):
    """Files that were handed in for this field before, by their numbers; `workflow.files.attach` looks at each."""

    default_error_messages = {"invalid": N_("请用本页的按钮添加文件。")}

    def __init__(self, most: int = 10, **options: Any) -> None:
        self.most = most
        rule = validate.Length(max=most, error=N_("文件太多，请先删去一些。"))
        options.setdefault("load_default", list)
        number = fields.Integer(
            strict=False,
            validate=validate.Range(1, 2**53, error=N_("没有这个文件。")),
            error_messages={"invalid": N_("没有这个文件。"), "null": N_("没有这个文件。")},
        )
        super().__init__(number, validate=rule, **options)


class Code(fields.String):
    """A code of a person's second factor, or a recovery code; read once and never written down."""

    default_error_messages = {
        "required": N_("请输入验证码。"),
        "null": N_("请输入验证码。"),
        "invalid": N_("请输入 6 位数字的验证码，或一个恢复码。"),
    }

    def __init__(self, **options: Any) -> None:
        about = {"label": N_("验证码"), "hint": N_("手机验证器上的 6 位数字；手机不在身边时，用一个恢复码")}
        options["metadata"] = {**about, "autocomplete": "one-time-code", **options.get("metadata", {})}
        super().__init__(required=options.pop("required", True), load_only=True, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        plain = re.sub(r"[\s-]", "", text).lower()
        if not text.isascii() or not re.fullmatch(r"\d{6}|[a-z0-9]{12}", plain):
            raise self.make_error("invalid")
        return plain


def keepable(answer: type[Answer], form: Mapping[str, Any]) -> dict[str, Any]:
    """Return a half-written answer without what must never be kept, such as a code of a second factor."""
    asked = answer._declared_fields
    return {name: value for name, value in form.items() if name not in asked or not asked[name].load_only}


class Reference(fields.Field[Any]):
    """A field that names a row of ours and is loaded as that row, or as None where it may be left out and was."""

    default_error_messages = {
        "required": N_("请选一项。"),
        "null": N_("请选一项。"),
        "unknown": N_("没有找到，请核对后重新填写。"),
    }

    def __init__(self, **options: Any) -> None:
        if not options.get("required"):
            options.setdefault("load_default", None)
        super().__init__(**options)

    def find(self, word: str) -> Any:
        """Return the row that a word names, or None."""
        raise NotImplementedError

    def describe(self, row: Any) -> dict[str, str]:
        """Return what the journal keeps of a row: its word and its label."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        word = str(value).strip() if isinstance(value, str | int) else ""
        row = self.find(word) if 0 < len(word) <= 100 and word.isprintable() else None
        if row is None:
            raise self.make_error("unknown")
        return row

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else self.describe(value)


class ExpertReference(Reference):
    """A member of the expert committee, named by the key of their account."""

    def find(self, word: str) -> Expert | None:
        """Return the member with this key."""
        return db.session.get(Expert, int(word)) if word.isdecimal() and len(word) < 18 else None

    def describe(self, row: Expert) -> dict[str, str]:
        """Return the member's key and name."""
        return {"id": str(row.user_id), "label": row.user.name}


class BodyReference(Reference):
    """One of the opening bodies."""

    def find(self, word: str) -> Organisation | None:
        """Return the opening body with this key."""
        body = db.session.get(Organisation, int(word)) if word.isdecimal() and len(word) < 18 else None
        return body if body and body.kind is OrganisationKind.BODY else None

    def describe(self, row: Organisation) -> dict[str, str]:
        """Return the body's key and name."""
        return {"id": str(row.id), "label": row.name}


class DatasetReference(Reference):
    """An entry of the open list, named by its code."""

    def find(self, word: str) -> Dataset | None:
        """Return the entry with this code."""
        entry: Dataset | None = db.session.scalar(db.select(Dataset).where(Dataset.code == word.upper()))
        return entry

    def describe(self, row: Dataset) -> dict[str, str]:
        """Return the entry's code and name."""
        return {"id": row.code, "label": row.name}


class DemandReference(Reference):
    """A published demand, named by its reference."""

    def find(self, word: str) -> Case | None:
        """Return the case of a demand that the public can read."""
        case = db.session.scalar(db.select(Case).where(Case.reference == word.upper(), Case.kind == "demand"))
        return case if case and case.demand and case.demand.published_at else None

    def describe(self, row: Case) -> dict[str, str]:
        """Return the demand's reference and the subject shown to the public."""
        return {"id": row.reference, "label": row.demand.public_subject if row.demand else ""}
