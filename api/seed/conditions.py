"""The conditions of the demonstration's entries as data, so that people can check themselves before they apply.

The list that comes with the service has them in words; here they get structure, by the entry's grade and eligible
applicants. They are published by nobody in particular: a clerk and a decider publish the next version.
"""

from typing import Any

from models import Conditions, Dataset, OpenType, db
from workflow import conditions

# What a safeguard must hold by the entry's grade: level of protection, months of access records, encryption.
BY_GRADE = {2: ("2", "6", "storage"), 3: ("3", "12", "both")}
LEVELS = {"2": "二", "3": "三"}
EXCLUDED = "不向个人开放"
WITHOUT_PERSONS = ["legal_person", "organisation"]


def load() -> int:
    """Publish the first version of each conditional entry that has none; return how many there were."""
    versions = db.select(Conditions.dataset_id)
    query = db.select(Dataset).where(Dataset.open_type == OpenType.CONDITIONAL, Dataset.id.not_in(versions))
    entries = db.session.scalars(query.where(Dataset.source.is_not(None)).order_by(Dataset.id)).all()
    for entry in entries:
        conditions.publish(entry, terms(entry), None)
    db.session.commit()
    return len(entries)


def terms(entry: Dataset) -> dict[str, Any]:
    """Return the conditions of an entry as data."""
    level, months, encryption = BY_GRADE[3 if (entry.grade or 0) > 2 else 2]
    secure = "传输和存储都加密。" if encryption == "both" else "存储加密。"
    made: dict[str, Any] = {
        "capability": [{"text": "有专门的数据处理人员，能按约定的格式和频率取得、使用数据。"}],
        "safeguards": [
            {"text": "在境内存储和处理数据。"},
            {
                "text": f"处理数据的系统通过网络安全等级保护{LEVELS[level]}级以上测评。",
                "bound": f"protection_level:{level}",
            },
            {"text": f"访问记录留存 {months} 个月以上。", "bound": f"logging:{months}"},
            {"text": secure, "bound": f"encryption:{encryption}"},
        ],
        "purposes": {"barred": ["转让原始数据", "识别个人，或者推断个人行踪"]},
        "people": 20,
        "modes": modes(entry),
        "months": 24 if level == "2" else 12,
        "reports": 6,
    }
    if EXCLUDED in entry.conditions:
        made["applicants"] = WITHOUT_PERSONS
    if "download" in made["modes"]:
        made["quota"] = {"downloads": 30, "rows": 1_000_000}
    return made


def modes(entry: Dataset) -> list[str]:
    """Return the ways of delivery; what is not so strict that it stays in the sandbox can be downloaded as well."""
    stays = "sandbox" in entry.delivery_modes
    return list(dict.fromkeys([*entry.delivery_modes, *([] if stays else ["download"])]))
