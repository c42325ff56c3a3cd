"""What the interface takes and gives of the open list and of published demands; anybody may read these."""

from marshmallow import Schema, fields, validate
from webargs.fields import DelimitedList

from api.v1.paging import Cursor, Paging
from api.v1.schemas import Body, Paged, Standing, day, moment, number, one, several, word, yes
from models import N_
from workflow.fields import choice

LONGEST_QUESTION = 200


def question() -> fields.String:
    """Return the field in which people say what they look for."""
    short = validate.Length(max=LONGEST_QUESTION)
    return fields.String(load_default="", validate=short, metadata={"label": N_("搜索词")})


def facet(label: str) -> DelimitedList:
    """Return a field that narrows the open list to one of a few values."""
    return DelimitedList(
        fields.String(validate=validate.Length(1, 100)),
        load_default=list,
        validate=validate.Length(max=20),
        metadata={"label": label},
    )


class DatasetFilter(Schema):
    """What is looked for in the open list."""

    q = question()
    sort = choice(
        {"relevance": N_("最相关"), "newest": N_("最近更新")},
        required=False,
        load_default="relevance",
        metadata={"label": N_("排序")},
    )
    page = fields.Integer(
        load_default=1,
        validate=validate.Range(1, 50, error=N_("页码为 1 至 50。")),
        error_messages={"invalid": N_("写成数字。")},
        metadata={"label": N_("页码，每页 20 项")},
    )
    open_type = facet(N_("开放属性，可以写几个，用逗号隔开"))
    domain = facet(N_("数据领域，可以写几个，用逗号隔开"))
    provider = facet(N_("单位的编号，可以写几个，用逗号隔开"))
    frequency = facet(N_("更新频度，可以写几个，用逗号隔开"))
    format = facet(N_("数据格式，可以写几个，用逗号隔开"))


class DatasetSummary(Schema):
    """An entry of the open list."""

    code = word(N_("数据集编号"))
    name = word(N_("数据集名称"))
    summary = word(N_("摘要"))
    provider = one(Body, N_("数据开放主体"))
    domain = word(N_("数据领域"))
    open_type = word(N_("开放属性"))
    grade = number(N_("级别"), allow_none=True)
    frequency = word(N_("更新频度"))
    formats = fields.List(fields.String(), metadata={"label": N_("数据格式")})
    state = word(N_("状态"))
    updated_on = day(N_("更新日期"))


class DatasetSheet(DatasetSummary):
    """An entry of the open list in full."""

    theme = word(N_("主题"))
    conditions = word(N_("开放条件"))
    supervision = word(N_("监管措施"))
    delivery_modes = fields.List(fields.String(), metadata={"label": N_("提供方式")})
    ground = word(N_("理由"))
    items = fields.List(fields.String(), metadata={"label": N_("数据项")})
    tags = fields.List(fields.String(), metadata={"label": N_("标签")})
    coverage = word(N_("时间和空间范围"))
    sample = word(N_("样例"))
    state_reason = word(N_("变更理由"))
    first_published = day(N_("首次发布日期"))
    reevaluate_on = day(N_("下次评估日期"))
    source_page = word(N_("来源网页"), allow_none=True)


class FacetValue(Schema):
    """A value of a facet, and how many data sets it leaves."""

    value = word(N_("值"))
    name = word(N_("名称"))
    count = number(N_("数据集数"))
    chosen = yes(N_("是否已选"))


class DatasetPage(Schema):
    """A page of the open list."""

    items = several(DatasetSummary, N_("数据集"))
    total = number(N_("总数"))
    capped = yes(N_("总数之外是否还有更多"))
    page = number(N_("页码"))
    pages = number(N_("页数"))
    facets = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Nested(FacetValue)),
        metadata={"label": N_("每一类筛选的可选值")},
    )


class DemandFilter(Paging):
    """What is looked for among the published demands."""

    q = question()
    state = choice(
        {"open": N_("办理中"), "answered": N_("已答复")},
        required=False,
        load_default=None,
        metadata={"label": N_("进展")},
    )
    after = Cursor(int, int, load_default=None, metadata={"label": N_("上一页给出的 next；不填则从头开始")})


class Similar(Schema):
    """What a demand would ask for."""

    q = fields.String(
        required=True,
        validate=validate.Length(2, 80, error=N_("写 2 至 80 个字。")),
        metadata={"label": N_("想要什么数据")},
        error_messages={"required": N_("请填写这一项。")},
    )


class DemandProgress(Schema):
    """How far a demand has come in public."""

    supporters = number(N_("附议人数"))
    published_at = moment(N_("公开时间"))
    answered_at = moment(N_("答复时间"))


class DemandAnswer(Schema):
    """What a demand was answered, and what came of a dispute about that."""

    answer = word(N_("答复"))
    answer_text = word(N_("答复内容"))
    answer_ground = word(N_("不予开放的依据"))
    opens_on = day(N_("最迟开放日期"))
    coordination = word(N_("协调意见"))


class DemandSummary(Standing, DemandProgress):
    """A published demand."""

    subject = word(N_("公开标题"))


class DemandPage(Paged):
    """A page of published demands, the newest first."""

    items = several(DemandSummary, N_("需求"))


class DemandList(Schema):
    """Published demands that may ask for the same."""

    items = several(DemandSummary, N_("需求"))


class PublicStep(Schema):
    """What has happened to a demand, as the public reads it."""

    at = moment(N_("时间"))
    title = word(N_("名称"))
    role_title = word(N_("角色名称"))


class PublicDemand(DemandSummary, DemandAnswer):
    """A published demand with its answer."""

    text = word(N_("公开说明"))
    dataset = word(N_("清单条目的编号"), allow_none=True)
    steps = several(PublicStep, N_("办理过程"))
    supported = yes(N_("您是否已附议"))
