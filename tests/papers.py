"""Documents for tests: facts of each kind, ordered on a case and made by the worker."""

from sqlalchemy import update

from api.worker import background_of
from models import Case, Document, Job, JobState, db, now
from workflow import documents
from workflow.outbox import ATTEMPTS

DECISION = {
    "reference": "SQ-2026-000012",
    "applicant": "示例数据研究所",
    "body": "上海市交通委员会",
    "received_on": "2026-11-02",
    "accepted_on": "2026-11-04",
    "decided_on": "2026-11-20",
    "datasets": [{"code": "DS-000012", "name": "道路停车泊位历史流水", "items": ["泊位编号", "驶入时间"]}],
    "outcome": "conditions",
    "outcome_text": "经审核，同意利用下列公共数据，并附加条件。",
    "outcome_en": "Your application is granted, with conditions.",
    "conditions": ["数据的存放和处理都在境内。"],
    "grounds": [{"criterion": "等级保护不低于二级", "finding": "met", "reason": "备案证明有效。"}],
    "text": "申请用途明确，安全保障符合已公布的条件。",
    "remedy": "不服本决定的，可以申请行政复议或者提起行政诉讼。",
    "remedy_en": "You may apply for reconsideration or go to court.",
}
AGREEMENT = {
    "reference": "XY-2026-000007",
    "case": "SQ-2026-000012",
    "body": "上海市交通委员会",
    "party": "示例数据研究所",
    "party_code": "91310000MA1FL00000",
    "template": "1",
    "terms": [["用途", "Purpose", "停车需求研究"], ["人员", "People", ["甲", "乙"]], ["配额", "Quota", 20]],
    "clauses": [
        {"number": n, "title": "用途", "text": "仅用于研究。", "title_en": "Purpose", "text_en": "For research alone."}
        for n in range(1, 9)
    ],
    "digest": "ab" * 32,
}


def ordered(case: Case, kind: str = "agreement", **facts: object) -> Document:
    """Return a document of a case that waits for the worker."""
    all_of_it = {**(DECISION if kind == "decision" else AGREEMENT), **facts}
    document = documents.order(case, kind, f"{kind} {case.reference}", all_of_it)
    db.session.commit()
    return document


def work(app) -> None:
    """Let the worker do what is due, and see what it has done."""
    db.session.rollback()
    background_of(app).work()
    db.session.expire_all()


def exhaust(app) -> None:
    """Let the worker try until it gives up."""
    for _ in range(ATTEMPTS):
        work(app)
        db.session.execute(update(Job).where(Job.state == JobState.READY).values(run_at=now()))
        db.session.commit()


def made(app, case: Case, kind: str = "agreement", **facts: object) -> Document:
    """Return a document of a case that the worker has made."""
    document = ordered(case, kind, **facts)
    work(app)
    return document
