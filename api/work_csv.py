"""The work list as a table for a spreadsheet, written piece by piece."""

from collections.abc import Iterator

from flask import Response, stream_with_context
from flask_babel import gettext

from api.entries import Entry, entries
from api.spreadsheets import row
from models import N_, User
from workflow import inbox
from workflow.calendar import today
from workflow.inbox import Question

AT_ONCE = 500
HEADS = (
    N_("编号"), N_("标题"), N_("种类"), N_("环节"), N_("状态"), N_("主管单位"), N_("申请人"), N_("到期日"), N_("期限"),
    N_("收到"), N_("承办"),
)  # fmt: skip


def csv_of(person: User, question: Question) -> Response:
    """Return the rows of a person's work list as a file; it is read and sent in pieces."""
    answer = Response(stream_with_context(_lines(person, question)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="kaimen-work-{today():%Y%m%d}.csv"'
    return answer


def _lines(person: User, question: Question) -> Iterator[str]:
    # Spreadsheets know by this mark that the file is written in UTF-8.
    yield "\ufeff" + row([gettext(head) for head in HEADS])
    mark = None
    while True:
        found = inbox.page(person, question, AT_ONCE, mark)
        for entry in entries(found.rows, person):
            yield row(_cells(entry))
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
