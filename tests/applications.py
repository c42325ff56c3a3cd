"""A good application, and conditions under which it is judged."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from models import (
    Application,
    Case,
    CaseStatus,
    DataRequest,
    Dataset,
    DatasetState,
    Definition,
    Frequency,
    OpenType,
    Organisation,
    User,
    db,
)

ITEMS = ["日期", "线路", "车站", "进站人次", "出站人次"]
FORM: dict[str, Any] = {
    "applicant_type": "legal_person",
    "applicant": "上海示例科技有限公司",
    "credit_code": "91310000MA1KTE8T0W",
    "representative": "示例法定代表人",
    "contact": "联系人甲，021-00000000",
    "address": "上海市示例路 1 号",
    "sector": "软件和信息技术服务",
    "overseas": False,
    "people": [
        {"name": "人员甲", "role": "数据工程师", "employer": "上海示例科技有限公司", "email": "a@example.org"},
        {"name": "人员乙", "role": "算法工程师", "employer": "上海示例科技有限公司", "email": "b@example.org"},
    ],
    "responsible": "人员甲",
    "security_officer": "人员乙",
    "purpose_class": "research",
    "scenario": "研究轨道交通站点周边的客流变化，为公交接驳线路的调整提供依据，由本公司研究部门使用。",
    "method": "按站点和时段汇总客流，建立时间序列模型，比较调整前后的变化。",
    "results": "一份研究报告，结论向社会公开。",
    "social_value": "减少换乘等待时间。",
    "economic_value": "",
    "commercial": False,
    "joined": [],
    "reidentification": "",
    "staff": "数据工程师 2 人，算法工程师 1 人，均有三年以上经验。",
    "systems": "自有机房的数据分析平台，与互联网隔离。",
    "projects": "",
    "certificates": "",
    "storage": "上海市示例路 1 号机房",
    "network": "isolated",
    "encryption": "both",
    "access_control": "实名账号，按名单授权，双因素登录。",
    "logging": "12",
    "protection_level": 2,
    "destruction": "到期后覆写删除，并出具销毁证明。",
    "incident_plan": "发现异常后一小时内断开并报告数据开放主体。",
    "subcontractors": "",
    "personal": False,
    "cross_border": False,
    "starts_on": "2027-01-01",
    "ends_on": "2027-12-31",
    "period_reason": "需要一个完整年度的数据。",
    "mode": "download",
    "summary": "上海示例科技有限公司用轨道交通客流数据研究站点接驳，结论向社会公开。",
    "truthful": True,
    "no_sanction": True,
    "attribution": True,
    "no_transfer": True,
    "rules": True,
}
TERMS: dict[str, Any] = {
    "applicants": ["legal_person", "organisation"],
    "capability": [{"text": "有专门的数据处理人员，能够按约定的格式使用数据。"}],
    "safeguards": [
        {"text": "处理数据的系统通过网络安全等级保护二级以上测评。", "bound": "protection_level:2"},
        {"text": "保留访问记录。", "bound": "logging:6"},
    ],
    "purposes": {"allowed": ["research", "public_service"], "barred": ["用于识别个人的行踪"]},
    "people": 10,
    "places": ["上海市内的办公地点或者机房"],
    "modes": ["download"],
    "months": 12,
    "quota": {"downloads": 12, "rows": 1_000_000},
    "reports": 6,
    "items": ITEMS,
}


def conditional(name: str = "轨道交通分站客流", body: str = "上海市交通委员会", **more: Any) -> Dataset:
    """Return a new entry that is open under conditions, kept."""
    provider = db.session.scalars(db.select(Organisation).where(Organisation.name == body)).one()
    entry = Dataset(
        name=name,
        summary="各站每日进出站人次。",
        provider_id=provider.id,
        open_type=OpenType.CONDITIONAL,
        grade=2,
        frequency=Frequency.DAILY,
        state=DatasetState.PUBLISHED,
        **{"items": list(ITEMS), "delivery_modes": ["download"], "conditions": "", **more},
    )
    db.session.add(entry)
    db.session.commit()
    return entry


def form(*entries: Dataset, **changes: Any) -> dict[str, Any]:
    """Return a good application for some entries, with some answers changed."""
    rows = [
        {"dataset": entry.code, "items": ITEMS[:4], "need": "研究客流的时间和空间变化，逐项都要用到。"}
        for entry in entries
    ]
    return {**FORM, "datasets": rows, **changes}


_numbers = count(900_000)


def noon(day: str) -> datetime:
    """Return the moment of noon in Shanghai on a day."""
    return datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC)


def decided(entry: Dataset, outcome: str, accepted: str = "2026-10-12", on: str = "2026-10-26", **more: Any) -> Case:
    """Return a past case on an entry as it stands once it has been decided, written past the door."""
    requester = db.session.scalars(db.select(User).where(User.email.startswith("citizen1@"))).one()
    definition = db.session.scalars(db.select(Definition).limit(1)).one()
    case = Case(
        reference=f"SQ-2026-{next(_numbers)}",
        kind="application",
        title=entry.name,
        status=CaseStatus.ENDED,
        requester_id=requester.id,
        body_id=more.pop("body_id", entry.provider_id),
        definition=definition,
    )
    case.application = Application(
        **{
            "form": form(entry),
            "applicant_type": "legal_person",
            "applicant": FORM["applicant"],
            "purpose": "research",
            "accepted_at": noon(accepted),
            "decided_at": noon(on),
            "outcome": outcome,
            "decision": {"text": "经审核作出决定。", "grounds": []},
            "summary": FORM["summary"],
            **more,
        }
    )
    case.application.requests = [DataRequest(dataset=entry, items=list(ITEMS))]
    db.session.add(case)
    db.session.commit()
    return case
