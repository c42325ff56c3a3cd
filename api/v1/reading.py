"""Requests read strictly: what could be meant in two ways is refused, never guessed."""

import inspect
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import flask_smorest
from flask import Request, request
from flask_babel import gettext
from marshmallow import RAISE, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import Unauthorized, UnsupportedMediaType

from api.auth import actor
from api.v1.problems import BadParameter, Outdated, Unreadable
from models import N_, Answer, Case, User, db
from workflow import casework

ADDRESS = "/api/v1"
MEDIA_TYPES = frozenset({"application/json"})
# What a number of JSON may be, so that every part of the service and every reader of ours can hold it.
GREATEST = 2**63 - 1
# The statuses with which an operation may be refused, by what it is.
ALWAYS, SIGNED_IN, NAMED, ASKED = (429, 500), (401, 403), (404,), (422,)
SENT, MOVING = (400, 413, 415), (409, 412, 503)
UNKEEPABLE = N_("文字里有不能保存的字符，请删去后重新提交。")
TOO_GREAT = N_("数字太大。")


class Parser(FlaskParser):
    """A parser that refuses unknown parameters, other encodings, and JSON that says a thing twice."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}

    def _raw_load_json(self, req: Request) -> Any:
        return document(req)

    def load_querystring(self, req: Request, schema: Any) -> Any:
        """Return the parameters of the address, none of them given twice."""
        twice = {name: [N_("这一项只能有一个答案。")] for name, values in req.args.lists() if len(values) > 1}
        if twice:
            raise ValidationError(twice)
        for name, value in req.args.items():
            check(value, (name,))
        return super().load_querystring(req, schema)

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Let the table of problems answer, as for every other mistake."""
        found: Any = error.messages
        if "query" in found:
            raise BadParameter(found["query"]) from error
        raise ValidationError(found["json"]) from error


class Section(flask_smorest.Blueprint):
    """A part of the interface whose requests are read strictly.

    `public` says that anybody may read it.
    """

    ARGUMENTS_PARSER = Parser()

    def __init__(self, tag: str, prefix: str, title: str, *, public: bool = False) -> None:
        super().__init__(f"v1_{tag}", __name__, url_prefix=ADDRESS + prefix, description=title)
        self.tag, self.public = tag, public

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **how: Any
    ) -> None:
        """Add an operation, and describe who may call it and how it may be refused."""
        method = how["methods"][0]
        changing = method != "GET"
        groups = (
            (ALWAYS, True),
            (SENT, changing),
            (ASKED, "arguments" in getattr(view_func, "_apidoc", {})),
            (NAMED, "<" in rule),
            (MOVING, changing and ("/steps/" in rule or "/support" in rule or "/conditions/" in rule or not rule)),
            (SIGNED_IN, changing or not self.public),
        )
        refusals = {status for group, applies in groups if applies for status in group}
        title = (inspect.getdoc(view_func) or "").partition("\n")[0].rstrip(".")
        described = self.doc(
            operationId=view_func.__name__,
            summary=title,
            security=[{}] if self.public and not changing else [{"token": []}],
            responses={status: f"Problem{status}" for status in sorted(refusals)},
        )
        super().add_url_rule(rule, endpoint, described(view_func), *args, **{**how, "tags": [self.tag]})


def document(req: Request) -> Any:
    """Return the JSON document of a request; an empty body is an empty object.

    :raises UnsupportedMediaType: it is sent as something else than JSON in UTF-8
    :raises Unreadable: it is not JSON, or an object in it names a field twice
    :raises ValidationError: a text or a number in it cannot be kept
    """
    body = req.get_data(cache=True)
    if not body:
        return {}
    charset = req.mimetype_params.get("charset", "utf-8").lower()
    if req.mimetype not in MEDIA_TYPES or charset not in ("utf-8", "utf8") or req.content_encoding:
        raise UnsupportedMediaType()
    try:
        said = json.loads(body.decode("utf-8"), object_pairs_hook=once, parse_constant=no_number)
        check(said)
    except UnicodeDecodeError as error:
        raise Unreadable(gettext("内容不是 UTF-8 编码。")) from error
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno}
        raise Unreadable(gettext("第 %(line)d 行第 %(column)d 个字符起不是 JSON。", **where)) from error
    except ValueError as error:
        raise Unreadable(gettext("内容不是 JSON。")) from error
    except RecursionError as error:
        raise Unreadable(gettext("内容嵌套得太深。")) from error
    return said


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of named fields, each named once."""
    named: dict[str, Any] = {}
    for name, value in pairs:
        if name in named:
            raise Unreadable(gettext("“%(field)s”写了两次。", field=name[:60].encode("utf-8", "replace").decode()))
        named[name] = value
    return named


def no_number(word: str) -> NoReturn:
    """Refuse NaN and the infinities, which are no JSON."""
    raise ValueError(word)


def check(said: Any, place: tuple[str | int, ...] = ()) -> None:
    """Refuse texts that a database cannot keep, and numbers that it would change."""
    match said:
        case str():
            if "\x00" in said or (not said.isascii() and halved(said)):
                raise at(place, UNKEEPABLE)
        case dict():
            for name, value in said.items():
                check(name, place)
                check(value, (*place, name))
        case list():
            for number, value in enumerate(said):
                check(value, (*place, number))
        case int() if abs(said) > GREATEST:
            raise at(place, TOO_GREAT)


def halved(text: str) -> bool:
    """Say whether a text holds half of a character that JSON writes in two parts."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def at(place: tuple[str | int, ...], sentence: str) -> ValidationError:
    """Return a mistake at a place in a document."""
    messages: Any = [sentence]
    for key in reversed(place):
        messages = {key: messages}
    return ValidationError(messages)


@contextmanager
def under(name: str) -> Iterator[None]:
    """Say of mistakes in an answer that they are below the field that holds it."""
    try:
        yield
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from error


def person() -> User:
    """Return the person who asks.

    :raises Unauthorized: nobody has signed in
    """
    someone = actor()
    if someone is None:
        raise Unauthorized()
    return someone


def repeat_key(someone: User) -> str | None:
    """Return the key by which a repeat of this request is recognised, bound to the person.

    :raises Unreadable: the header is not a key
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (8 <= len(key) <= 200 and key.isascii() and key.isprintable()):
        raise Unreadable(gettext("Idempotency-Key 为 8 至 200 个可见的 ASCII 字符。"))
    return f"{someone.id}:{key}"


def earlier(key: str | None) -> Answer | None:
    """Return the earlier request with a key, if there was one."""
    return db.session.get(Answer, key) if key else None


def lock_unchanged(case: Case, key: str | None) -> None:
    """Lock a case, and refuse if it is not in the version that the request names; a repeat may name an older one.

    :raises Outdated: it has changed since it was read
    """
    named = request.headers.get("If-Match")
    if named is None or named.strip() == "*":
        return
    casework.lock(case)
    versions = {tag.partition(".")[0] for tag in request.if_match.as_set(include_weak=True)}
    if str(case.version) not in versions and earlier(key) is None:
        raise Outdated(case.reference)
