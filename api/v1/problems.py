"""Problems: every refusal and failure under /api/, as problem+json (RFC 9457), from one table.

A problem's `type` is an address of this service, at which people find it explained. Its title is written in the
reader's language. What does not exist and what is not for the reader are the same problem.
"""

import logging
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_limiter import RateLimitExceeded
from marshmallow import ValidationError
from werkzeug.exceptions import BadRequest, HTTPException

from api.mistakes import explained
from api.security import API
from models import N_, db
from workflow import companions, downloads, errors, links, people
from workflow.errors import Refused
from workflow.stages import STEPS

log = logging.getLogger("kaimen.problems")

MEDIA_TYPE = "application/problem+json"
TYPES = "/api/problems/"
REALM = 'Bearer realm="kaimen"'


class Outdated(Refused):
    """The case has changed since you read it; read it again before you answer."""

    status = 412


class Unreadable(BadRequest):
    """The body of a request is not what it says it is; the description says why, in the reader's language."""


class BadParameter(ValidationError):
    """What is asked for in the address cannot be answered."""


@dataclass(frozen=True)
class Problem:
    """A kind of problem: its word in the address, its status, and the sentence that names it."""

    word: str
    status: int
    title: str

    @property
    def type(self) -> str:
        """Return the address that identifies this kind of problem."""
        return TYPES + self.word


@dataclass(frozen=True)
class Named:
    """A field, as far as a sentence about a mistake has to know it."""

    label: str
    kind: str = "text"


def word_of(refusal: type[Refused]) -> str:
    """Return the word of a refusal: NotOpen is not-open."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", refusal.__name__).lower()


def problem_of(refusal: type[Refused]) -> Problem:
    """Return the kind of problem that a refusal is; its docstring is the sentence."""
    return Problem(word_of(refusal), refusal.status, (refusal.__doc__ or "").strip())


REFUSALS = (
    errors.NotFound,
    errors.NotYours,
    errors.NotApart,
    errors.NotOpen,
    errors.Held,
    errors.Repeated,
    errors.Rewritten,
    errors.Failed,
    people.WrongPassword,
    people.NotConfirmed,
    downloads.Shut,
    downloads.NotNamed,
    downloads.OtherMode,
    downloads.NotYet,
    downloads.Paused,
    downloads.Over,
    downloads.Closed,
    downloads.UsedUp,
    downloads.NotLoaded,
    downloads.NotAsAgreed,
    links.LinkExpired,
    companions.FromAnOffice,
    companions.TakesPart,
    Outdated,
)
INVALID = Problem("invalid", 422, N_("有些内容需要修改"))
FAILED = Problem("failure", 500, N_("系统出了问题，没有任何内容被改动"))
BY_STATUS = {
    problem.status: problem
    for problem in (
        Problem("unreadable", 400, N_("这个请求读不懂")),
        Problem("unauthorized", 401, N_("请先登录，或者带上有效的令牌")),
        Problem("out-of-scope", 403, N_("这个令牌没有这项权限")),
        problem_of(errors.NotFound),
        Problem("method-not-allowed", 405, N_("这个地址不接受这种请求")),
        Problem("too-large", 413, N_("提交的内容太大：文字最多 2 MB，文件最多 20 MB")),
        Problem("unsupported", 415, N_("请用 UTF-8 编码的 JSON 提交")),
        INVALID,
        Problem("too-many", 429, N_("请求太频繁，请过一会儿再试")),
        FAILED,
    )
}
TABLE = {problem.word: problem for problem in [*BY_STATUS.values(), *map(problem_of, REFUSALS)]}


def register(app: Flask) -> None:
    """Answer every failure under /api/ with a problem, whoever else answers failures elsewhere."""
    pages = app.handle_user_exception

    def judge(error: Exception) -> Any:
        return answer(error) if request.path.startswith(API) else pages(error)

    app.handle_user_exception = judge  # type: ignore[method-assign, assignment]


def answer(error: Exception) -> ResponseReturnValue:
    """Return the problem that an exception is."""
    db.session.rollback()
    match error:
        case Refused():
            known = TABLE.get(word_of(type(error))) or problem_of(type(error))
            return told(known, step_title(error))
        case BadParameter():
            named = mistakes(error.messages)
            return told(INVALID, errors=[{"parameter": one["field"], "message": one["message"]} for one in named])
        case ValidationError():
            return told(INVALID, errors=list(mistakes(error.messages)))
        case RateLimitExceeded():
            seconds = error.limit.limit.get_expiry() if error.limit else 60
            return told(BY_STATUS[429], headers={"Retry-After": str(seconds)})
        case HTTPException() if error.code is not None and error.code < 400:
            return error.get_response()
        case HTTPException() if error.code != 500:
            return of_http(error)
    number = secrets.token_hex(4)
    log.error("unforeseen failure %s at %s", number, request.endpoint, exc_info=error)
    return told(FAILED, number=number)


def of_http(error: HTTPException) -> ResponseReturnValue:
    """Return the problem that a status of HTTP is, with the headers that belong to it."""
    code = error.code or 500
    known = BY_STATUS.get(code) or Problem(f"http-{code}", code, error.name)
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    if code == 401:
        headers["WWW-Authenticate"] = f'{REALM}, error="invalid_token"' if request.authorization else REALM
    if code == 403:
        headers["WWW-Authenticate"] = f'{REALM}, error="insufficient_scope"'
    detail = error.description if isinstance(error, Unreadable) else None
    return told(known, detail or "", headers=headers)


def told(problem: Problem, detail: str = "", headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """Write a problem as a response, in the reader's language."""
    said = {"type": problem.type, "title": gettext(problem.title), "status": problem.status}
    if detail:
        said["detail"] = detail
    said |= {"instance": request.path, **more}
    response = Response(orjson.dumps(said), problem.status, mimetype=MEDIA_TYPE)
    response.headers.update(headers or {})
    return response


def step_title(error: Refused) -> str:
    """Return the title of the step that a refusal is about, if it is about one."""
    about = error.args[0] if error.args else None
    return gettext(STEPS[about].title) if isinstance(about, str) and about in STEPS else ""


def mistakes(messages: Any, pointer: str = "", name: str = "") -> Iterator[dict[str, str]]:
    """Yield each mistake in an answer: where it is (RFC 6901), in which field, and how to mend it."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            if key == "_schema":
                yield from mistakes(inner, pointer, name)
            else:
                place = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
                yield from mistakes(inner, place, name if isinstance(key, int) else str(key))
        return
    for sentence in explained(messages, Named(name) if name else None):
        yield {"pointer": pointer, "field": name, "message": sentence}
