"""An answer to each step as an example: shown in the description, and used by the tests, so that it stays right."""

from typing import Any

GROUNDS = "停车泊位余量是设施的运行数据，不含个人信息和商业秘密，按规则可以无条件开放。"
DESCRIPTION: dict[str, Any] = {
    "name": "公共停车场实时余位",
    "summary": "全市公共停车场的名称、位置、总泊位和每五分钟更新一次的空余泊位。",
    "domain": "道路交通",
    "frequency": "realtime",
    "formats": ["json", "api"],
    "items": ["停车场名称", "经度", "纬度", "总泊位", "空余泊位"],
    "tags": ["停车"],
    "coverage": "全市，2026 年起",
}

ANSWERS: dict[str, dict[str, Any]] = {
    "submit_demand": {
        "subject": "各区公共停车场实时空余泊位",
        "asks_for": "unlisted",
        "description": "希望开放各区公共停车场的位置、总泊位和实时空余泊位，每五分钟更新一次。",
        "purpose": "用于导航应用里的停车引导，减少绕行。",
        "frequency": "realtime",
        "delivery": "api",
    },
    "screen_demand": {
        "screening": "route",
        "body": "1",
        "public_subject": "各区公共停车场实时空余泊位",
        "public_text": "希望开放各区公共停车场的位置和实时空余泊位。",
    },
    "clarify_demand": {
        "description": "只需要路外公共停车场，不含路内泊位；字段为名称、位置、总泊位和空余泊位。",
        "purpose": "用于导航应用里的停车引导，减少绕行。",
    },
    "assess_demand": {"assessment": "held", "remark": "本单位的停车信息系统有这项数据。", **DESCRIPTION},
    "propose_classification": {
        "security_demand": "normal",
        "timeliness": "normal",
        "person": 0,
        "organisation": 0,
        "thing": 0,
        "national_grade": "general",
        "open_type": "unconditional",
        "grounds": GROUNDS,
    },
    "review_classification": {"review": "agree", "grounds": "事实逐项核对无误，同意按无条件开放分类，级别为零级。"},
    "give_security_opinion": {
        "security_opinion": "support",
        "grounds": "数据已经脱密处理，开放后的风险可以接受，同意放宽开放属性。",
    },
    "confirm_classification": {"confirmation": "confirm", "remark": "同意。"},
    "answer_demand": {
        "answer": "open",
        "opens_on": "2027-03-31",
        "text": "这项数据将列入开放清单，以接口方式无条件开放，可以直接调用。",
    },
    "withdraw_demand": {"reason": "已经从别处得到这项数据。"},
    "extend_answer": {"reason": "需要与停车场经营单位核对数据的更新频度，十五个工作日内不能完成。"},
    "dispute_answer": {"grounds": "答复所说的替代数据集没有实时余位，不能用于停车引导。"},
    "coordinate_demand": {"coordination": "uphold", "text": "经与答复单位核对，实时余位目前没有归集，维持原答复。"},
    "describe_dataset": {**DESCRIPTION, "own_data": True},
    "check_listing": {"checking": "pass"},
    "approve_listing": {"approval": "approve"},
    "drop_listing": {"reason": "这项数据改由市级平台统一列入清单。"},
    "amend_listing": {**DESCRIPTION, "narrowing": False, "reason": "增加停车场的经纬度两个字段。"},
    "suspend_dataset": {"reason": "接口数据出现错误，核实期间暂停开放。"},
    "withdraw_dataset": {"reason": "停车信息系统停止运行，这项数据不再更新。"},
    "resume_dataset": {"resumption": "resume", "reason": "接口数据的错误已经改正，恢复开放。"},
    "reevaluate_dataset": {"reevaluation": "keep", "grounds": "数据的内容和风险没有变化，维持现有分类。"},
}
