"""Narration: what each line of a journal says in a sentence."""

from datetime import datetime

from flask import Flask
from flask_babel import gettext

from api.strips import EXTENDS, lengthened
from models import KIND_TITLES, N_, Clock, EventKind, Limit
from workflow import calendar, clock
from workflow.calendar import local_day
from workflow.history import Line, Said

SENTENCES = {
    EventKind.OPENED: N_("开立办件"),
    EventKind.AWAITED: N_("等待：%(step)s"),
    EventKind.ANSWERED: N_("%(step)s"),
    EventKind.SERVED: N_("自动完成：%(step)s"),
    EventKind.TABLED: N_("规则表“%(name)s”给出结论"),
    EventKind.CLAIMED: N_("认领：%(step)s"),
    EventKind.RELEASED: N_("退回小组：%(step)s"),
    EventKind.SIGNALLED: N_("得知：%(name)s"),
    EventKind.PAUSED: N_("停计，等待：%(step)s"),
    EventKind.RESUMED: N_("期限继续计算"),
    EventKind.EXTENDED: N_("延长期限"),
    EventKind.SOON_DUE: N_("提醒快到期"),
    EventKind.OVERDUE: N_("超过期限，已提醒并上报"),
    EventKind.INCIDENT: N_("系统处理中断，已通知管理员"),
    EventKind.RETRIED: N_("管理员重试成功"),
    EventKind.CHANGED: N_("改写意见"),
    EventKind.CONVENED: N_("列入会议议程"),
    EventKind.ADJOURNED: N_("移出会议议程"),
    EventKind.MIGRATED: N_("改用新版流程"),
    EventKind.CANCELLED: N_("管理员结束了中断"),
    EventKind.INVITED: N_("邀请别人一起填写"),
    EventKind.JOINED: N_("接受邀请，一起填写"),
    EventKind.LEFT: N_("不再一起填写"),
    EventKind.ENDED: N_("办结"),
}
# What the decision tables are called in a sentence.
TABLES = {
    "open_type": N_("开放属性"),
    "grade": N_("数据级别"),
    "grade_default": N_("级别的默认开放属性"),
    "delivery_mode": N_("开放方式"),
    "channel": N_("需求渠道"),
}
# What the signals are called that a case hears from elsewhere or gives itself.
SIGNALS = {
    "ballot_complete": N_("在席委员都已提交意见"),
    "open_ballot": N_("启封"),
    "parts_decided": N_("各部分都已决定"),
    "agreement_replaced": N_("协议已由新的协议代替"),
}


def register(app: Flask) -> None:
    """Give the templates what the pages of a case say."""
    app.jinja_env.globals.update(
        event_words=event_words,
        said_words=said_words,
        limit_of=limit_of,
        lengthened=lengthened,
        extends=EXTENDS,
        provisional=provisional,
        kind_titles=KIND_TITLES,
    )


def event_words(line: Line) -> str:
    """Return what a line says, in the reader's language."""
    step = gettext(line.title) if line.title else line.step
    named = TABLES | SIGNALS
    name = gettext(named[line.step]) if line.step in named else line.step
    return gettext(SENTENCES[line.kind], step=step, name=name)


def said_words(said: Said) -> str | list[str]:
    """Return what was said in a field, in the reader's language: a text, or several."""
    if said.rows:
        return [gettext("；").join(_pair(part) for part in row) for row in said.rows]
    if isinstance(said.shown, str):
        return gettext(said.shown) if said.ours else said.shown
    return list(said.shown)


def _pair(part: Said) -> str:
    words = said_words(part)
    return gettext(part.label) + gettext("：") + (words if isinstance(words, str) else gettext("、").join(words))


def limit_of(each: Clock) -> Limit:
    """Return the row of the register under which a clock runs."""
    return clock.register(each)


def provisional(moment: datetime) -> bool:
    """Say whether a day lies in a year whose holidays have not been published yet."""
    return calendar.is_provisional(local_day(moment))
