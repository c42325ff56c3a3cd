"""Listing: a body puts its own data set on the open list, and keeps the entry right (Order 21, articles 12 and 13)."""

from typing import Any

from marshmallow import ValidationError, validate, validates_schema

from models import FREQUENCY_TITLES, N_, Case, DatasetState, Listing, Role, User
from workflow import entitlements
from workflow.catalogue import entry
from workflow.fields import Answer, Day, Lines, Text, Tick, choice, prose
from workflow.stage import Stage

stage = Stage(__name__)

FORMATS = ("csv", "json", "xml", "xlsx", "geojson", "parquet", "api")
DOMAINS = (
    N_("经济建设"),
    N_("资源环境"),
    N_("教育科技"),
    N_("道路交通"),
    N_("社会发展"),
    N_("公共安全"),
    N_("文化休闲"),
    N_("卫生健康"),
    N_("民生服务"),
    N_("机构团体"),
    N_("城市建设"),
    N_("信用服务"),
)
FREQUENCIES = {frequency.value: title for frequency, title in FREQUENCY_TITLES.items()}


class Description(Answer):
    """The catalogue fields of a data set, as the open list shows them."""

    name = Text(4, 120, metadata={"section": N_("目录信息"), "label": N_("数据集名称")})
    summary = prose(20, 2000, N_("摘要"), N_("里面有什么、覆盖哪些范围，至少 20 个字。"))
    domain = choice({domain: domain for domain in DOMAINS}, metadata={"label": N_("数据领域")})
    frequency = choice(FREQUENCIES, metadata={"label": N_("更新频度")})
    formats = Lines(most=10, metadata={"label": N_("数据格式"), "widget": "lines", "hint": N_("每行一个，例如 csv")})
    items = Lines(metadata={"label": N_("数据项"), "widget": "lines", "hint": N_("每行一个字段名")})
    tags = Lines(most=20, metadata={"label": N_("标签"), "widget": "lines"})
    coverage = Text(0, 200, required=False, load_default="", metadata={"label": N_("时间和空间范围")})
    sample = prose(0, 4000, N_("样例"), N_("几行示例数据，不含个人信息和秘密。"))


class OwnDescription(Description):
    """The catalogue fields, with the statement that the body answers for the data itself (article 12)."""

    own_data = Tick(
        required=True,
        metadata={
            "label": N_("数据由本单位产生或者采集，不是从其他单位共享取得"),
            "hint": N_("从其他单位共享取得的数据，由提供单位列入清单。"),
        },
        validate=validate.Equal(True, error=N_("共享取得的数据不能由本单位列入清单。")),
    )


@stage.step(Role.CLERK, OwnDescription)
def describe_dataset(case: Case, answer: dict[str, Any], clerk: User) -> dict[str, Any]:
    """Describe the data set."""
    keep_description(case, {name: value for name, value in answer.items() if name != "own_data"})
    case.title, case.state = answer["name"], "assessing"
    return {"checking": "", "approval": ""}


def keep_description(case: Case, fields: dict[str, Any]) -> None:
    """Keep the catalogue fields on the case until the entry is written."""
    if case.listing is None:
        case.listing = Listing(fields=fields)
    else:
        case.listing.fields = fields


class Check(Answer):
    """The hub's check of the entry's form."""

    checking = choice({"pass": N_("通过"), "return": N_("退回修改")}, metadata={"label": N_("格式检查")})
    remark = prose(0, 1000, N_("说明"))

    @validates_schema(skip_on_field_errors=True)
    def a_return_says_why(self, data: dict[str, Any], **_: Any) -> None:
        """Ask what has to be mended where the entry is returned."""
        if data["checking"] == "return" and len(data["remark"]) < 10:
            raise ValidationError(N_("写明要改什么，至少 10 个字。"), "remark")


@stage.step(Role.DESK, Check, limit="listing_check")
def check_listing(case: Case, answer: dict[str, Any], desk: User) -> dict[str, Any]:
    """Check the entry's form."""
    case.state = "returned" if answer["checking"] == "return" else "deciding"
    return {"checking": answer["checking"]}


class Approval(Answer):
    """The decider's approval of the entry."""

    approval = choice({"approve": N_("同意发布"), "return": N_("退回修改")}, metadata={"label": N_("决定")})
    remark = prose(0, 1000, N_("说明"))

    @validates_schema(skip_on_field_errors=True)
    def a_return_says_why(self, data: dict[str, Any], **_: Any) -> None:
        """Ask what has to be mended where the entry is returned."""
        if data["approval"] == "return" and len(data["remark"]) < 10:
            raise ValidationError(N_("写明要改什么，至少 10 个字。"), "remark")


@stage.step(
    Role.DECIDER,
    Approval,
    limit="listing_approval",
    apart_from=("describe_dataset", "amend_listing", "review_classification"),
)
def approve_listing(case: Case, answer: dict[str, Any], decider: User) -> dict[str, Any]:
    """Approve the entry."""
    case.state = "returned" if answer["approval"] == "return" else "deciding"
    return {"approval": answer["approval"]}


class Reason(Answer):
    """A reason in words that the public may read."""

    reason = prose(10, 1000, N_("理由"), N_("公开显示，至少 10 个字。"))


class Dropping(Answer):
    """Why an entry that nobody has seen yet is given up."""

    reason = prose(10, 1000, N_("理由"), N_("写进办件记录，至少 10 个字。"))


@stage.step(Role.CLERK, Dropping)
def drop_listing(case: Case, answer: dict[str, Any], clerk: User) -> None:
    """Give the entry up before it is published."""
    case.state = "withdrawn"


class Amendment(Description):
    """The entry's fields as they shall be, and why."""

    narrowing = Tick(
        metadata={
            "label": N_("缩小开放范围"),
            "hint": N_("减少数据项、降低频度或者收紧条件；须说明理由，并通知使用者。"),
        }
    )
    reason = prose(10, 1000, N_("变更理由"), N_("公开显示，至少 10 个字。"))


@stage.step(Role.CLERK, Amendment, begins_round=True)
def amend_listing(case: Case, answer: dict[str, Any], clerk: User) -> dict[str, Any]:
    """Amend the entry."""
    extra = ("narrowing", "reason")
    keep_description(case, {name: value for name, value in answer.items() if name not in extra})
    listing = listing_of(case)
    listing.narrowing, listing.reason = answer["narrowing"], answer["reason"]
    case.state = "assessing"
    return {"amended": True, "checking": "", "approval": ""}


@stage.step(Role.SECURITY, Reason, begins_round=True)
def suspend_dataset(case: Case, answer: dict[str, Any], officer: User) -> None:
    """Suspend the data set at once."""
    listing_of(case).reason = answer["reason"]


@stage.step(Role.DECIDER, Reason)
def withdraw_dataset(case: Case, answer: dict[str, Any], decider: User) -> None:
    """Withdraw the data set from the open list."""
    listing_of(case).reason = answer["reason"]


class Resumption(Answer):
    """What becomes of a suspended entry."""

    resumption = choice(
        {"resume": N_("恢复开放"), "amend": N_("修改后再开放"), "withdraw": N_("撤回")}, metadata={"label": N_("处理")}
    )
    reason = prose(10, 1000, N_("理由"), N_("公开显示，至少 10 个字。"))


@stage.step(Role.DECIDER, Resumption, apart_from=("suspend_dataset",))
def resume_dataset(case: Case, answer: dict[str, Any], decider: User) -> dict[str, Any]:
    """Decide on a suspended data set."""
    listing_of(case).reason = answer["reason"]
    return {"resumption": answer["resumption"], "amended": False, "reevaluation": ""}


class Reevaluation(Answer):
    """The yearly look at an entry (article 13)."""

    reevaluation = choice(
        {"keep": N_("维持现有分类"), "reclassify": N_("重新分类分级")}, metadata={"label": N_("评估结论")}
    )
    grounds = prose(10, 1000, N_("理由"))
    next_on = Day(
        required=False, load_default=None, metadata={"label": N_("下次评估日期"), "hint": N_("不填则为一年后。")}
    )


@stage.step(Role.CLERK, Reevaluation, begins_round=True)
def reevaluate_dataset(case: Case, answer: dict[str, Any], clerk: User) -> dict[str, Any]:
    """Re-evaluate the data set."""
    entry.set_next_evaluation(case, answer["next_on"])
    return {"reevaluation": answer["reevaluation"], "amended": False}


@stage.service
def list_dataset(case: Case) -> dict[str, Any]:
    """Write the entry into the open list."""
    entitlements.resume_dataset(entry.write(case))
    if case.kind == "listing":
        case.state = "listed"
    return {"reevaluation": "", "amended": False, "suspended": False, "on_list": True}


@stage.service
def discard_change(case: Case) -> dict[str, Any]:
    """Give a change up; the entry stays as it was."""
    dataset = listing_of(case).dataset
    suspended = dataset is not None and dataset.state is DatasetState.SUSPENDED
    case.state = "suspended" if suspended else "listed"
    return {"amended": False, "reevaluation": ""}


@stage.service
def suspend_entry(case: Case) -> dict[str, Any]:
    """Mark the entry as suspended, and pause what depends on it."""
    entry.set_state(case, DatasetState.SUSPENDED)
    pause(case)
    case.state = "suspended"
    return {"suspended": True}


@stage.service
def resume_entry(case: Case) -> dict[str, Any]:
    """Open the suspended entry again."""
    entry.set_state(case, DatasetState.PUBLISHED)
    if case.listing is not None and case.listing.dataset is not None:
        entitlements.resume_dataset(case.listing.dataset)
    case.state = "listed"
    return {"suspended": False}


@stage.service
def withdraw_entry(case: Case) -> None:
    """Take the entry off the open list."""
    entry.set_state(case, DatasetState.WITHDRAWN)
    pause(case)
    case.state = "closed"


@stage.service
def refuse_listing(case: Case) -> None:
    """Close a case whose data are outside the scope of the rules; an entry that exists leaves the list."""
    entry.set_state(case, DatasetState.WITHDRAWN)
    pause(case)
    case.state = "closed"


def pause(case: Case) -> None:
    """Pause every entitlement on the case's entry, if it has one: nobody takes out what is not on the list."""
    if case.listing is not None and case.listing.dataset is not None:
        entitlements.suspend_dataset(case.listing.dataset, case.listing.reason)


def listing_of(case: Case) -> Listing:
    """Return what the case is to write into the open list."""
    if case.listing is None:
        raise LookupError(f"{case.reference} describes no data set")
    return case.listing
