"""The register of time limits and the calendar of working days, as they are when an installation begins.

The days are proposals of domain.md, section 2.9, until they have been compared with the official text; each row says
what it rests on. The steward corrects both as data.
"""

import datetime as dt

import chinese_calendar

from models import N_, Holiday, Limit, Unit, db

FIRST_YEAR = 2025
SINCE = dt.date(2019, 10, 1)
# name, title, days, unit, extension, basis
LIMITS = (
    ("draft", N_("草稿保存"), 90, Unit.CALENDAR, 0, N_("平台规则：草稿九十天不提交即失效")),
    (
        "demand_screening",
        N_("需求初审"),
        5,
        Unit.WORKING,
        0,
        N_("参照上海市2022年公共数据开放重点工作安排：平均受理时间不超过5个工作日"),
    ),
    ("completion", N_("补充说明"), 20, Unit.WORKING, 0, N_("参照《政府信息公开条例》第30条：逾期不补充视为放弃")),
    ("demand_answer", N_("需求答复"), 15, Unit.WORKING, 15, N_("参照《上海市数据条例》第39条：15个工作日")),
    ("answer_dispute", N_("对答复提出异议"), 15, Unit.WORKING, 0, N_("平台规则")),
    ("coordination", N_("协调异议"), 15, Unit.WORKING, 0, N_("《暂行办法》第7条协调机制；期限为平台规则")),
    ("classification_review", N_("分类审核"), 5, Unit.WORKING, 0, N_("《暂行办法》第11条；期限为平台规则")),
    ("classification_confirmation", N_("分类确认"), 5, Unit.WORKING, 0, N_("《暂行办法》第11条；期限为平台规则")),
    ("listing_check", N_("条目核对"), 5, Unit.WORKING, 0, N_("《暂行办法》第12条；期限为平台规则")),
    ("listing_approval", N_("条目批准"), 5, Unit.WORKING, 0, N_("《暂行办法》第12条；期限为平台规则")),
    (
        "formal_check",
        N_("形式审查"),
        5,
        Unit.WORKING,
        0,
        N_("参照《行政许可法》第32条；上海市2022年公共数据开放重点工作安排：平均受理时间不超过5个工作日"),
    ),
    (
        "decision",
        N_("决定"),
        15,
        Unit.WORKING,
        15,
        N_("《暂行办法》第15条；期限参照《政府信息公开条例》第33条，延长一次，须写明理由"),
    ),
    (
        "right_holder_opinion",
        N_("征求权利人意见"),
        15,
        Unit.WORKING,
        0,
        N_("参照《政府信息公开条例》第32条：15个工作日，不计入决定期限；没有答复不视为同意"),
    ),
    ("agreement_signing", N_("签署协议"), 10, Unit.WORKING, 10, N_("《暂行办法》第15条；期限为平台规则")),
    ("delivery", N_("开通授权"), 5, Unit.WORKING, 0, N_("《暂行办法》第15条；期限为平台规则")),
    (
        "agreement_end",
        N_("协议期限"),
        730,
        Unit.CALENDAR,
        0,
        N_("协议写明的结束日期；最长两年为平台规则"),
    ),
    ("seating", N_("组成论证会"), 5, Unit.WORKING, 0, N_("《暂行办法》第8条；期限为平台规则")),
    ("interest_declaration", N_("声明利益关系"), 3, Unit.WORKING, 0, N_("《暂行办法》第8条；期限为平台规则")),
    (
        "expert_opinion",
        N_("专家意见"),
        15,
        Unit.WORKING,
        0,
        N_("参照《行政许可法》第45条：专家评审时间不计入决定期限；期限为平台规则"),
    ),
    ("consultation_conclusion", N_("论证结论"), 5, Unit.WORKING, 0, N_("《暂行办法》第8条；期限为平台规则")),
    ("reevaluation", N_("年度重新评估"), 365, Unit.CALENDAR, 0, N_("《暂行办法》第13条：定期评估；每年一次为平台规则")),
)
# What the package calls the holidays, and what they are called here.
NAMES = {
    "New Year's Day": N_("元旦"),
    "Spring Festival": N_("春节"),
    "Tomb-sweeping Day": N_("清明节"),
    "Labour Day": N_("劳动节"),
    "Dragon Boat Festival": N_("端午节"),
    "Mid-autumn Festival": N_("中秋节"),
    "National Day": N_("国庆节"),
}


def load() -> None:
    """Load the rows that are not there yet; what the steward has changed stays as it is."""
    known = set(db.session.scalars(db.select(Limit.name)))
    for name, title, days, unit, extension, basis in LIMITS:
        if name not in known:
            row = Limit(name=name, title=title, days=days, unit=unit, extension=extension, basis=basis, since=SINCE)
            db.session.add(row)
    dates = set(db.session.scalars(db.select(Holiday.day)))
    db.session.add_all(row for row in special_days() if row.day not in dates)
    db.session.commit()


def special_days() -> list[Holiday]:
    """Return the holidays and the worked weekend days that have been published."""
    arranged = ((chinese_calendar.constants.holidays, False), (chinese_calendar.constants.workdays, True))
    return [
        Holiday(day=day, working=working, name=NAMES.get(str(name), str(name)), provisional=False)
        for days, working in arranged
        for day, name in days.items()
        if day.year >= FIRST_YEAR
    ]
