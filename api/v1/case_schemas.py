"""What the interface gives of cases, their journal, the work list, demands and data sets."""

from marshmallow import Schema, fields, validate

from api.v1.paging import Cursor, Paging
from api.v1.public_schemas import DemandAnswer, DemandProgress
from api.v1.schemas import Body, Paged, Standing, day, moment, number, one, several, word, yes
from models import KIND_TITLES, N_
from workflow.fields import choice
from workflow.stages import STEPS
from workflow.walks import Tab, View


class Turn(Schema):
    """A step that waits or is offered: who must act, and by when."""

    step = word(N_("步骤"))
    title = word(N_("名称"))
    role = word(N_("由谁办理"))
    role_title = word(N_("角色名称"))
    body = one(Body, N_("单位"))
    opened_at = moment(N_("开始等待的时间"))
    due_at = moment(N_("最迟时间"))
    soon_at = moment(N_("临期提醒的时间"))
    paused = yes(N_("期限是否停计"))
    limit = word(N_("期限的名称"), allow_none=True)
    holder = word(N_("领取人，只对办理单位显示"), allow_none=True)
    held = yes(N_("是否已有人领取"))
    yours = yes(N_("您现在能否办理"))


class Stop(Schema):
    """A time in which a clock stood still."""

    reason = word(N_("等待的步骤"))
    began_at = moment(N_("停计时间"))
    ended_at = moment(N_("继续时间"))


class ClockFacts(Schema):
    """A limit that runs on a case, with its arithmetic."""

    limit = word(N_("期限的名称"))
    title = word(N_("期限"))
    basis = word(N_("依据"))
    state = word(N_("状态"))
    unit = word(N_("计算单位：working 为工作日，calendar 为自然日"))
    days = number(N_("期限天数"))
    extended = number(N_("延长天数"))
    started_at = moment(N_("起算时间"))
    first_day = day(N_("第一天"))
    due_day = day(N_("到期日"))
    used = number(N_("已用天数"))
    stopped = number(N_("停计天数"))
    left = number(N_("剩余天数"))
    pauses = several(Stop, N_("停计"))


class CaseSummary(Standing):
    """A case in a list."""

    kind = word(N_("办件种类"))
    kind_title = word(N_("种类名称"))
    title = word(N_("标题"))
    status = word(N_("进展"))
    opened_at = moment(N_("开始时间"))
    ended_at = moment(N_("结束时间"))
    mine = yes(N_("是否由您提出"))


class CasePage(Paged):
    """A page of cases."""

    items = several(CaseSummary, N_("办件"))


class DemandFacts(DemandProgress, DemandAnswer):
    """What a demand asks for, and the answer to it."""

    subject = word(N_("想要什么数据"))
    description = word(N_("具体内容"))
    purpose = word(N_("用来做什么"))
    value = word(N_("预期价值"))
    suspected_holder = word(N_("可能由哪个单位掌握"))
    frequency = word(N_("需要的更新频度"))
    delivery = word(N_("希望的获取方式"))
    clarification = word(N_("请您补充的内容"))
    public_subject = word(N_("公开标题"))
    public_text = word(N_("公开说明"))


class CaseSheet(CaseSummary):
    """A case: where it is, who must act by when, and what you may do."""

    version = number(N_("版本"))
    waiting = several(Turn, N_("正在等待的步骤"))
    offered = several(Turn, N_("您还可以办理的步骤"))
    clocks = several(ClockFacts, N_("期限"))
    demand = one(DemandFacts, N_("需求"))
    dataset = word(N_("清单条目的编号"), allow_none=True)


class Recorded(Schema):
    """What was recorded, and the case as it is now; empty where it is no longer yours to see."""

    reference = word(N_("编号"))
    step = word(N_("步骤"), allow_none=True)
    case = one(CaseSheet, N_("办件"))


class DraftKept(Schema):
    """A half-written answer."""

    step = word(N_("步骤"))
    answer = fields.Dict(metadata={"label": N_("内容")})
    saved_at = moment(N_("保存时间"))
    base = word(N_("这份草稿的标记，保存时一起送回"))
    clashes = fields.List(fields.String(), metadata={"label": N_("您和别人都改了、因此没有保存您的内容的字段")})


class SaidField(Schema):
    """A field of an answer that you may read."""

    name = word(N_("字段"))
    label = word(N_("名称"))
    value = fields.Raw(metadata={"label": N_("值")})
    text = fields.Raw(metadata={"label": N_("显示的文字；列表逐项给出")})


class JournalLine(Schema):
    """A line of a case's journal, as you may read it."""

    number = number(N_("行号"))
    at = moment(N_("时间"))
    kind = word(N_("事项"))
    kind_title = word(N_("事项名称"))
    step = word(N_("步骤"))
    title = word(N_("名称"))
    role = word(N_("角色"), allow_none=True)
    role_title = word(N_("角色名称"))
    name = word(N_("姓名，只对办理单位显示"))
    mine = yes(N_("是否由您办理"))
    answer = several(SaidField, N_("内容"))
    outcome = fields.Dict(metadata={"label": N_("结果，只对办理单位显示")})
    rules = fields.List(fields.String(), metadata={"label": N_("适用的规则，只对办理单位显示")})
    where = word(N_("单位"))
    limit = word(N_("期限的名称"))
    reason = word(N_("理由"))
    due_at = moment(N_("最迟时间"))


class Journal(Paged):
    """A page of a journal."""

    items = several(JournalLine, N_("记录"))


class Verification(Schema):
    """Whether a journal is whole."""

    whole = yes(N_("链条是否完整"))
    lines = number(N_("行数"))
    hash = word(N_("最后一行的校验值"))
    faults = fields.List(fields.String(), metadata={"label": N_("不符之处")})


class WorklistFilter(Paging):
    """Whose work is listed, and which of it."""

    view = choice(
        {
            View.ALL.value: N_("全部"),
            View.MINE.value: N_("我的"),
            View.GROUP.value: N_("本组待领取"),
        },
        required=False,
        load_default=View.MINE.value,
        metadata={"label": N_("谁的待办")},
    )
    tab = choice(
        {
            Tab.ALL.value: N_("全部"),
            Tab.OVERDUE.value: N_("已超期"),
            Tab.SOON.value: N_("快到期"),
            Tab.IN_TIME.value: N_("未到期"),
            Tab.STOPPED.value: N_("停计"),
        },
        required=False,
        load_default=Tab.ALL.value,
        metadata={"label": N_("期限")},
    )
    kind = choice(dict(KIND_TITLES), required=False, load_default=None, metadata={"label": N_("办件种类")})
    step = fields.String(
        load_default="",
        validate=validate.OneOf(["", *STEPS], error=N_("请从列出的选项里选一项。")),
        metadata={"label": N_("步骤")},
    )
    q = fields.String(load_default="", validate=validate.Length(max=100), metadata={"label": N_("标题或编号里的词")})
    after = Cursor(str, int, str, load_default=None, metadata={"label": N_("上一页给出的 next；不填则从头开始")})


class WorkEntry(Turn):
    """A step in the work list, with its case."""

    case = one(CaseSummary, N_("办件"))


class Worklist(Paged):
    """A page of the work list, the earliest due first."""

    items = several(WorkEntry, N_("待办"))
