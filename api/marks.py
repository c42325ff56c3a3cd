"""Marks: the badge of a state, the sign of an open type, and how much time is left.

A tone says whose turn it is, never whether something is good: neutral (nobody's), progress (the authorities'), action
(a named person's), paused (the clock stands still), done (reached), stopped (refused or closed).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Flask
from flask_babel import gettext, ngettext

from api import strips
from models import N_, now
from workflow.calendar import local_day, today, working_days_left


@dataclass(frozen=True)
class Mark:
    """An icon with words, in a tone."""

    tone: str
    icon: str
    words: str


STATES = {
    "draft": Mark("neutral", "pencil", N_("草稿")),
    "submitted": Mark("progress", "send", N_("已提交")),
    "screening": Mark("progress", "list-check", N_("受理中")),
    "clarifying": Mark("action", "message-question", N_("待补充说明")),
    "assessing": Mark("progress", "zoom-question", N_("评估中")),
    "classifying": Mark("progress", "stack-2", N_("分级分类")),
    "deciding": Mark("progress", "gavel", N_("待决定")),
    "returned": Mark("action", "arrow-back-up", N_("待修改")),
    "answered": Mark("done", "message-check", N_("已答复")),
    "disputed": Mark("action", "flag", N_("有异议")),
    "coordinating": Mark("progress", "users-group", N_("协调中")),
    "joined": Mark("neutral", "git-merge", N_("已并入")),
    "declined": Mark("stopped", "circle-x", N_("不予开放")),
    "listed": Mark("done", "circle-check", N_("已列入清单")),
    "suspended": Mark("paused", "player-pause", N_("已暂停")),
    "withdrawn": Mark("neutral", "arrow-back", N_("已撤回")),
    "lapsed": Mark("neutral", "hourglass-off", N_("逾期失效")),
    "closed": Mark("neutral", "archive", N_("已办结")),
    "advised": Mark("neutral", "signpost", N_("不属于受理范围")),
    "reviewing": Mark("progress", "zoom-question", N_("审核中")),
    "consulting": Mark("paused", "users-group", N_("专家论证")),
    "parted": Mark("progress", "arrows-split", N_("各单位分别办理")),
    "decided": Mark("done", "gavel", N_("各单位已决定")),
    "refused": Mark("stopped", "circle-x", N_("未同意")),
    "agreeing": Mark("progress", "file-text", N_("起草协议")),
    "negotiating": Mark("action", "messages", N_("协商条款")),
    "signing": Mark("action", "signature", N_("待签署")),
    "countersigning": Mark("progress", "signature", N_("待会签")),
    "unsigned": Mark("neutral", "hourglass-off", N_("逾期未签署")),
    "provisioning": Mark("progress", "plug", N_("待开通")),
    "in_force": Mark("done", "circle-check", N_("协议有效")),
    "expired": Mark("neutral", "calendar-off", N_("已到期")),
    "terminated": Mark("stopped", "circle-x", N_("已终止")),
    "replaced": Mark("neutral", "replace", N_("已被替代")),
}
INCIDENT = Mark("stopped", "alert-triangle", N_("系统处理中断"))

OPEN_TYPES = {
    "unconditional": Mark("done", "lock-open", N_("无条件开放")),
    "conditional": Mark("progress", "key", N_("有条件开放")),
    "reviewer_choice": Mark("action", "zoom-question", N_("待审核确定")),
    "non_open": Mark("neutral", "lock", N_("非开放")),
    "out_of_scope": Mark("neutral", "ban", N_("不适用本办法")),
}


@dataclass(frozen=True)
class Deadline:
    """A due day, and how far off it is."""

    due: date
    words: str
    tone: str = ""
    icon: str = ""


def state_mark(word: str) -> Mark:
    """Return the badge of a case's state; a word without one is shown as it is."""
    mark = STATES.get(word, Mark("neutral", "circle-dashed", word))
    return Mark(mark.tone, mark.icon, gettext(mark.words))


def open_type_mark(value: Any) -> Mark:
    """Return the sign of an open type; a word without one is shown as it is."""
    mark = OPEN_TYPES.get(str(value), Mark("neutral", "circle-dashed", str(value)))
    return Mark(mark.tone, mark.icon, gettext(mark.words))


def deadline_of(item: Any) -> Deadline | None:
    """Return how much time is left for a work item or a clock; nothing where no limit runs.

    :param item: what has `due_at`, `soon_at` and, if it can stand still, `paused`
    """
    if item.due_at is None:
        return None
    due, left = local_day(item.due_at), working_days_left(local_day(item.due_at), today())
    if getattr(item, "paused", False):
        return Deadline(due, gettext("停计"), "paused", "player-pause")
    if today() > due:
        late = ngettext("超期 %(num)d 个工作日", "超期 %(num)d 个工作日", -left) if left else gettext("已过期")
        return Deadline(due, late, "stopped", "alert-triangle")
    soon = item.soon_at is not None and item.soon_at <= now()
    words = ngettext("剩 %(num)d 个工作日", "剩 %(num)d 个工作日", left) if due > today() else gettext("今天到期")
    return Deadline(due, words, "action", "clock-exclamation") if soon or due == today() else Deadline(due, words)


def register(app: Flask) -> None:
    """Give the templates what `_parts.html` needs."""
    app.jinja_env.globals.update(
        state_mark=state_mark,
        open_type_mark=open_type_mark,
        deadline_of=deadline_of,
        strip_of=strips.strip_of,
    )
