"""Pages of long lists: by a cursor that names the last row seen, so that nothing is skipped or shown twice."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson
from marshmallow import Schema, fields, validate

from models import N_

MOST, USUAL = 100, 20
LONGEST_CURSOR = 200

Row = TypeVar("Row")


class Cursor(fields.Field[Any]):
    """The place after which a page begins, as an earlier page gave it."""

    default_error_messages = {"invalid": N_("请原样使用上一页给出的 next。")}

    def __init__(self, *kinds: type, **options: Any) -> None:
        self.kinds = kinds
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        try:
            if not isinstance(value, str) or len(value) > LONGEST_CURSOR:
                raise ValueError(value)
            place = orjson.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
        except (ValueError, binascii.Error) as error:
            raise self.make_error("invalid") from error
        if not isinstance(place, list) or [type(part) for part in place] != list(self.kinds):
            raise self.make_error("invalid")
        if not all(map(sound, place)):
            raise self.make_error("invalid")
        return place


def sound(part: int | str) -> bool:
    """Say whether a part of a cursor is one that every database can be asked for."""
    return abs(part) < 2**53 if isinstance(part, int) else part.isascii() and part.isprintable()


class Paging(Schema):
    """How long a page is, and where it begins."""

    limit = fields.Integer(
        load_default=USUAL,
        validate=validate.Range(1, MOST, error=N_("每页 1 至 100 项。")),
        error_messages={"invalid": N_("写成数字。")},
        metadata={"label": N_("每页的项数，最多 100")},
    )
    after = Cursor(int, load_default=None, metadata={"label": N_("上一页给出的 next；不填则从头开始")})


def cursor(*place: Any) -> str:
    """Return the cursor that names a place."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).rstrip(b"=").decode()


def page(rows: Sequence[Row], limit: int, place: Callable[[Row], Sequence[Any]]) -> tuple[list[Row], str | None]:
    """Return the rows of a page, and the cursor of the next one where there is more.

    :param rows: one row more than the page holds, if there are so many
    """
    shown = list(rows[:limit])
    return shown, cursor(*place(shown[-1])) if len(rows) > limit else None
