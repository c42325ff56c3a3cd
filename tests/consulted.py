"""The committee's way through a case: who is seated, what they declare, and what they think."""

QUESTION = "按五分钟取整后与公开数据结合，重识别的风险有多大？"
ASKED = {"review": "consult", "question": QUESTION, "grounds": "对重识别风险没有把握，提请专家委员会论证后再审。"}
NO_TIE = {"interest": "none", "binding": True}
TIE = {"interest": "conflict", "interest_text": "与申请单位有合作项目。", "binding": True}
UNSURE = {"interest": "unsure", "interest_text": "曾经给申请单位讲过一次课。", "binding": True}
REASONS = "公开的数据不能还原到个人，风险在可以接受的范围之内。"
OPINION = {"stance": "support", "reasons": REASONS}
CONCLUSION = {"advice": "support", "advice_text": "多数委员认为风险可控，建议同意，保留意见附后。"}
MEMBERS = tuple(f"expert{number}" for number in range(1, 8))
STAND_INS = ("expert8", "expert9")


def opinion(stance: str) -> dict:
    """Return a complete opinion of a stance."""
    return OPINION | {"stance": stance} | ({"measures": ["只在数据沙箱内使用"]} if stance == "conditions" else {})


def to_seat(walker, members=MEMBERS, stand_ins=STAND_INS, **changes) -> dict:
    """Return the secretary's answer that seats some members, the first of them in the chair."""
    keys = {who: str(walker.person(who).id) for who in (*members, *stand_ins)}
    return {
        "question": QUESTION,
        "experts": [keys[who] for who in members],
        "chair": keys[members[0]] if members else "",
        "stand_ins": [keys[who] for who in stand_ins],
    } | changes
