"""The work list as a table for a spreadsheet, written piece by piece."""

import csv
import io
from collections.abc import Iterator

from flask import Response, stream_with_context
from flask_babel import gettext

from api.entries import Entry, entries
from models import N_, User
from workflow import inbox
from workflow.calendar import today
from workflow.inbox import Question

AT_ONCE = 500
HEADS = (
    N_("编号"), N_("标题"), N_("种类"), N_("环节"), N_("状态"), N_("主管单位"), N_("申请人"), N_("到期日"), N_("期限"),
    N_("收到"), N_("承办"),
)  # fmt: skip
# A cell that begins with one of these would be taken for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_of(person: User, question: Question) -> Response:
    """Return the rows of a person's work list as a file; it is read and sent in pieces."""
    answer = Response(stream_with_context(_lines(person, question)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="kaimen-work-{today():%Y%m%d}.csv"'
    return answer


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULAS) else cell


def _lines(person: User, question: Question) -> Iterator[str]:
    # Spreadsheets know by this mark that the file is written in UTF-8.
    yield "\ufeff" + _line([gettext(head) for head in HEADS])
    mark = None
    while True:
        found = inbox.page(person, question, AT_ONCE, mark)
        for entry in entries(found.rows, person):
            yield _line(_cells(entry))
        mark = found.behind
        if mark is None:
            return


def _cells(entry: Entry) -> list[str]:
    row = entry.item
    return [
        row.reference,
        entry.title,
        entry.kind,
        entry.step,
        entry.badge.words,
        entry.body,
        entry.requester,
        entry.deadline.due.isoformat() if entry.deadline else "",
        entry.deadline.words if entry.deadline else "",
        entry.came_on.isoformat(),
        row.holder or "",
    ]


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([harmless(cell) for cell in cells])
    return text.getvalue()
