"""A few cases of a demonstration, walked to different places through the door, so that no page is empty."""

from typing import Any

from api.seed.people import DOMAIN
from models import Case, Organisation, User, db
from workflow import casework, demands

BODY = "上海市交通委员会"
DEMANDS: tuple[tuple[str, str, str, str], ...] = (
    (
        "citizen1",
        "公共充电桩实时空闲数量",
        "全市公共充电站每五分钟一次的空闲枪数和位置，含站点名称与坐标。",
        "给市民的找桩小程序显示哪里有空位。",
    ),
    (
        "citizen2",
        "共享单车停放点位与容量",
        "各区共享单车推荐停放点的位置、容量和启用时间。",
        "研究轨道站点周边的接驳，给街道提建议。",
    ),
    (
        "requester.keji",
        "道路停车泊位实时占用",
        "收费道路停车泊位的路段、泊位数和实时占用情况。",
        "在导航产品里提示哪条路还有车位，减少绕行。",
    ),
    (
        "citizen1",
        "公交车辆无障碍设施情况",
        "哪些线路、哪些班次配有无障碍踏板和轮椅位。",
        "给行动不便的人规划出行路线。",
    ),
)
DATASET: dict[str, Any] = {
    "name": "公交无障碍车辆班次",
    "summary": "配有无障碍踏板和轮椅位的公交线路、首末班时间和每日班次数。",
    "domain": "道路交通",
    "frequency": "monthly",
    "formats": ["csv", "json"],
    "items": ["线路", "方向", "首班时间", "末班时间", "无障碍班次数"],
}
FACTS: dict[str, Any] = {
    "security_demand": "normal",
    "timeliness": "normal",
    "person": 0,
    "organisation": 1,
    "thing": 1,
    "national_grade": "general",
    "open_type": "unconditional",
    "grounds": "线路和班次是已经公布的运营信息，不含个人信息和商业秘密。",
}


def load() -> None:
    """Walk the demonstration's cases, unless there are cases already."""
    if db.session.scalar(db.select(Case.id).limit(1)) is not None:
        return
    opened = [
        casework.start("demand", person(who), {"subject": subject, "description": text, "purpose": purpose})
        for who, subject, text, purpose in DEMANDS
    ]
    for case in opened[1:]:
        screen(case)
    conditional = {"open_type": "conditional", "timeliness": "high", "conditions": "具备接口对接能力，按约定频率调用。"}
    assess(opened[2], FACTS | conditional)
    answer(opened[3])
    demands.support(opened[1], person("citizen1"))


def person(word: str) -> User:
    """Return one of the demonstration's people."""
    found: User = db.session.scalars(db.select(User).where(User.email == f"{word}@{DOMAIN}")).one()
    return found


def screen(case: Case) -> None:
    """Give a demand to the transport commission."""
    body = db.session.scalars(db.select(Organisation).where(Organisation.name == BODY)).one()
    subject = case.demand.subject if case.demand else ""
    text = case.demand.description if case.demand else ""
    said = {"screening": "route", "body": str(body.id), "public_subject": subject, "public_text": text}
    casework.submit(case, "screen_demand", said, actor=person("desk.hub"))


def assess(case: Case, facts: dict[str, Any]) -> None:
    """Let the clerk describe the data and propose their classification."""
    said = {"assessment": "held", "remark": "本单位有这项数据，可以提供。", **DATASET}
    if case.demand is not None and case.demand.subject != DEMANDS[3][1]:
        said |= {"name": case.demand.subject, "summary": case.demand.description}
    casework.submit(case, "assess_demand", said, actor=person("clerk.jiaotong"))
    casework.submit(case, "propose_classification", facts, actor=person("clerk.jiaotong"))


def answer(case: Case) -> None:
    """Carry a demand to its published entry."""
    assess(case, FACTS)
    review = {"review": "agree", "grounds": "事实清楚，依据正确，同意无条件开放的建议。"}
    casework.submit(case, "review_classification", review, actor=person("reviewer.jiaotong"))
    casework.submit(case, "confirm_classification", {"confirmation": "confirm"}, actor=person("decider.jiaotong"))
    said = {"answer": "open", "opens_on": "2026-12-31", "text": "数据已列入开放清单，可以直接下载，每月更新一次。"}
    casework.submit(case, "answer_demand", said, actor=person("decider.jiaotong"))
