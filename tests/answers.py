"""An answer to each step that moves a case on, and who gives it."""

from tests import consulted
from tests.consulted import CONCLUSION, MEMBERS, NO_TIE, OPINION, UNSURE

DEMAND = {
    "subject": "公共充电桩实时空闲数量",
    "description": "全市公共充电站每五分钟一次的空闲枪数和位置，含站点名称与坐标。",
    "purpose": "给市民的找桩小程序显示哪里有空位。",
}
DATASET = {
    "name": "公共充电站实时空闲数量",
    "summary": "全市公共充电站的站点名称、坐标和每五分钟一次的空闲枪数。",
    "domain": "道路交通",
    "frequency": "realtime",
    "formats": ["csv", "json"],
    "items": ["站点名称", "空闲枪数", "采集时间"],
}
PROPOSAL = {
    "security_demand": "normal",
    "timeliness": "high",
    "person": 0,
    "organisation": 0,
    "thing": 1,
    "national_grade": "general",
    "open_type": "conditional",
    "grounds": "不含个人信息和商业秘密，时效性要求高，按规则表有条件开放。",
    "conditions": "具备接口对接能力，按约定频率调用，不缓存超过一天。",
}
# The way of a demand from its form to a published entry: step, who answers, what.
OPENED = [
    ("submit_demand", "citizen", DEMAND),
    (
        "screen_demand",
        "desk",
        {"screening": "route", "public_subject": "充电桩空闲", "public_text": "充电桩实时空闲数量"},
    ),
    ("assess_demand", "clerk", {"assessment": "held", "remark": "本单位有这项数据，可以提供。", **DATASET}),
    ("propose_classification", "clerk", PROPOSAL),
    (
        "review_classification",
        "reviewer",
        {"review": "agree", "grounds": "事实清楚，依据正确，同意经办人的建议，无补充意见。"},
    ),
    ("confirm_classification", "decider", {"confirmation": "confirm"}),
    (
        "answer_demand",
        "decider",
        {
            "answer": "conditional",
            "opens_on": "2027-01-31",
            "text": "数据列入有条件开放清单，按公布的条件申请使用即可。",
        },
    ),
]
LISTED = [
    ("describe_dataset", "clerk", {**DATASET, "own_data": True}),
    ("propose_classification", "clerk", PROPOSAL),
    (
        "review_classification",
        "reviewer",
        {"review": "agree", "grounds": "事实清楚，依据正确，同意经办人的建议，无补充意见。"},
    ),
    ("confirm_classification", "decider", {"confirmation": "confirm"}),
    ("check_listing", "desk", {"checking": "pass"}),
    ("approve_listing", "decider", {"approval": "approve"}),
]
GRANT = {
    "decision": "approve",
    "text": "申请的用途、能力和安全保障符合公布的条件，同意按申请使用。",
}
SIGNED = {"agreed": True}
# The way of an application from its form to open access; what depends on the data set, or is a code, is filled in.
USED = [
    ("submit_application", "citizen", {}),
    ("check_application", "desk", {"checking": "accept"}),
    (
        "review_application",
        "reviewer",
        {"opinion": "support", "grounds": "公布的条件逐条核对，全部符合，建议同意。"},
    ),
    ("draft_decision", "clerk", GRANT),
    ("decide_application", "decider", GRANT),
    ("draft_agreement", "clerk", {"remark": "请在十个工作日内签署。"}),
    ("negotiate_clauses", "citizen", {"clauses": "agreed"}),
    ("sign_agreement", "citizen", SIGNED),
    ("countersign_agreement", "decider", SIGNED),
    ("provision_access", "operator", {"ready": True}),
]
RETURNED = {"checking": "return", "defects": [{"field": "storage", "words": "请写明机房的详细地址。"}]}
ASKED = {
    "opinion": "ask",
    "question": "请说明模型训练完成后数据保存多久。",
    "grounds": "申请里没有写明保存的时间。",
}
PAUSED = {"reason": "发现异常的大量下载，先行暂停并核实。"}
# A classification that is put to the committee.
PUT = [*LISTED[:2], ("review_classification", "reviewer", consulted.ASKED)]
SEATED = ("seat_experts", "secretary", {})
DECLARED = ("declare_interest", "expert1", NO_TIE)
BALLOT = [
    *(("declare_interest", who, NO_TIE) for who in MEMBERS),
    *(("give_opinion", who, OPINION) for who in MEMBERS),
]
# Where each other step is reached: the way up to it, then the answers that turn off that way.
DETOURS = {
    "seat_experts": (PUT, []),
    "declare_interest": (PUT, [SEATED]),
    "rule_on_interest": (PUT, [SEATED, ("declare_interest", "expert1", UNSURE)]),
    "give_opinion": (PUT, [SEATED, DECLARED]),
    "recuse": (PUT, [SEATED]),
    "replace_expert": (PUT, [SEATED]),
    "extend_ballot": (PUT, [SEATED, ("expert_opinion", None, None)]),
    "conclude_consultation": (PUT, [SEATED, *BALLOT]),
    "clarify_demand": (
        OPENED[:1],
        [("screen_demand", "desk", {"screening": "ask", "message": "请写明需要哪些区的数据。"})],
    ),
    "withdraw_demand": (OPENED[:1], []),
    "extend_answer": (OPENED[:2], []),
    "dispute_answer": (OPENED, []),
    "coordinate_demand": (
        OPENED,
        [("dispute_answer", "citizen", {"grounds": "答复没有说明为什么不能无条件开放，请重新考虑。"})],
    ),
    "give_security_opinion": (
        OPENED[:3],
        [
            ("propose_classification", "clerk", {**PROPOSAL, "open_type": "unconditional"}),
            (
                "review_classification",
                "reviewer",
                {"review": "agree", "grounds": "虽然时效性要求高，仍建议无条件开放，理由见附。"},
            ),
        ],
    ),
    "drop_listing": ([], []),
    "amend_listing": (LISTED, []),
    "suspend_dataset": (LISTED, []),
    "withdraw_dataset": (LISTED, []),
    "complete_application": (USED[:1], [("check_application", "desk", RETURNED)]),
    "clarify_application": (USED[:2], [("review_application", "reviewer", ASKED)]),
    "review_security": (USED[:2], []),
    "consult_right_holder": (USED[:2], []),
    "ask_extension": (USED[:2], []),
    "extend_decision": (
        USED[:2],
        [("ask_extension", "clerk", {"reason": "数据分布在几个系统，核对需要更多时间，申请延长一次。"})],
    ),
    "withdraw_application": (USED[:1], []),
    "request_amendment": (USED, []),
    "request_renewal": (USED, []),
    "suspend_access": (USED, []),
    "resume_access": (USED, [("suspend_access", "security", PAUSED)]),
    "terminate_agreement": (USED, []),
    "resume_dataset": (LISTED, [("suspend_dataset", "security", {"reason": "收到权益主张，先行中止开放并核实。"})]),
}
# A good answer to each step that is not on the straight way.
ASIDE = {
    "seat_experts": {},
    "declare_interest": NO_TIE,
    "rule_on_interest": {"seat": 1, "ruling": "cleared", "reason": "一次讲课不影响公正。"},
    "give_opinion": OPINION,
    "recuse": {"interest_text": "刚刚接受了申请单位的委托。"},
    "replace_expert": {"seat": 1, "reason": "委员因病住院，不能履职。"},
    "extend_ballot": {"extension": "extend", "reason": "三名委员出差在外，延长一次。"},
    "conclude_consultation": CONCLUSION,
    "clarify_demand": {
        "description": "全市各区公共充电站每五分钟一次的空闲枪数。",
        "purpose": "给市民的找桩小程序使用。",
    },
    "withdraw_demand": {"reason": "已经找到数据"},
    "extend_answer": {"reason": "数据分布在多个系统，核对需要更多时间，特此延长一次。"},
    "dispute_answer": {"grounds": "答复没有说明为什么不能无条件开放，请重新考虑。"},
    "coordinate_demand": {"coordination": "uphold", "text": "经协调，答复符合规定，维持原答复，理由已经说明。"},
    "give_security_opinion": {"security_opinion": "support", "grounds": "时效数据公开不增加安全风险，支持无条件开放。"},
    "complete_application": {},
    "clarify_application": {"text": "模型训练完成后三十日内销毁数据，保留销毁记录。"},
    "review_security": {"security": "support", "grounds": "安全保障与数据级别相当，可以同意。"},
    "consult_right_holder": {"reply": "agree", "asked_on": "2026-10-01", "grounds": "权利人书面同意，附件留存。"},
    "ask_extension": {"reason": "数据分布在几个系统，核对需要更多时间，申请延长一次。"},
    "extend_decision": {"extension": "grant", "text": "数据分布在几个系统，核对确需更多时间，同意延长一次。"},
    "withdraw_application": {"reason": "不再需要"},
    "request_amendment": {"reason": "增加一名使用数据的人员。"},
    "request_renewal": {"reason": "研究还没有完成，需要再用一年。"},
    "suspend_access": PAUSED,
    "resume_access": {"reason": "已经核实，下载是正常使用，恢复授权。"},
    "terminate_agreement": {
        "ground": "party",
        "heard_on": "2026-10-01",
        "hearing": "申请方表示研究已经完成。",
        "reason": "申请方的研究已经完成，双方同意提前终止协议，删除数据。",
    },
    "drop_listing": {"reason": "数据尚未整理完毕，暂不登记。"},
    "amend_listing": {**DATASET, "name": "公共充电站空闲数量（新版）", "reason": "更正名称，使其与内容一致。"},
    "suspend_dataset": {"reason": "收到权益主张，先行中止开放并核实。"},
    "withdraw_dataset": {"reason": "数据源停止采集，不再更新，撤回条目。"},
    "resume_dataset": {"resumption": "resume", "reason": "经核实没有侵权，恢复开放。"},
    "reevaluate_dataset": {"reevaluation": "keep", "grounds": "情况没有变化，维持现有分类。"},
}
STRAIGHT = {name: answer for name, _, answer in LISTED + OPENED + USED}
ANSWERS = STRAIGHT | ASIDE
ANSWERER = {
    "seat_experts": "secretary",
    "declare_interest": "expert1",
    "rule_on_interest": "secretary",
    "give_opinion": "expert1",
    "recuse": "expert1",
    "replace_expert": "secretary",
    "extend_ballot": "secretary",
    "conclude_consultation": "expert1",
    **{name: who for name, who, _ in OPENED + LISTED + USED},
    "complete_application": "citizen",
    "clarify_application": "citizen",
    "review_security": "security",
    "consult_right_holder": "clerk",
    "ask_extension": "clerk",
    "extend_decision": "decider",
    "withdraw_application": "citizen",
    "request_amendment": "citizen",
    "request_renewal": "citizen",
    "suspend_access": "security",
    "resume_access": "decider",
    "terminate_agreement": "decider",
    "clarify_demand": "citizen",
    "withdraw_demand": "citizen",
    "extend_answer": "decider",
    "dispute_answer": "citizen",
    "coordinate_demand": "authority",
    "give_security_opinion": "security",
    "drop_listing": "clerk",
    "amend_listing": "clerk",
    "suspend_dataset": "security",
    "withdraw_dataset": "decider",
    "resume_dataset": "decider",
    "reevaluate_dataset": "clerk",
}
