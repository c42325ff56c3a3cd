"""Delivery: access is opened under an agreement, and closed when it ends (Order 21, articles 15, 24, 29)."""

from typing import Any

from marshmallow import validate

from models import N_, AgreementState, Case, Role, User, now
from workflow import agreements, applications, entitlements
from workflow.agreements import agreement_of
from workflow.fields import Answer, Day, Tick, choice, prose
from workflow.stage import Stage

stage = Stage(__name__)


class Provision(Answer):
    """The operator's confirmation that access is ready."""

    ready = Tick(
        required=True,
        metadata={"label": N_("数据、数据项和用量已按协议核对")},
        validate=validate.Equal(True, error=N_("请确认这一项。")),
    )
    remark = prose(0, 1000, N_("告知申请人"))


@stage.step(Role.OPERATOR, Provision, limit="delivery")
def provision_access(case: Case, answer: dict[str, Any], operator: User) -> None:
    """Provision the access."""
    case.state = "provisioning"


class Wish(Answer):
    """Why an agreement should be changed or go on for longer."""

    reason = prose(10, 1000, N_("要改什么、为什么"), N_("至少 10 个字；接着会打开一份按原申请填好的草稿。"))


@stage.step(Role.REQUESTER, Wish)
def request_amendment(case: Case, answer: dict[str, Any], requester: User) -> None:
    """Request an amendment."""
    agreements.in_force(case)
    applications.wish(case, "amendment", answer["reason"], requester)


@stage.step(Role.REQUESTER, Wish)
def request_renewal(case: Case, answer: dict[str, Any], requester: User) -> None:
    """Request a renewal."""
    agreements.in_force(case)
    applications.wish(case, "renewal", answer["reason"], requester)


class Pause(Answer):
    """Why access stops for the time being."""

    reason = prose(10, 1000, N_("理由"), N_("申请人会看到，至少 10 个字。"))


@stage.step(Role.SECURITY, Pause)
def suspend_access(case: Case, answer: dict[str, Any], officer: User) -> None:
    """Suspend the access at once."""
    agreements.in_force(case).end_reason = answer["reason"]


@stage.step(Role.DECIDER, Pause, apart_from=("suspend_access",))
def resume_access(case: Case, answer: dict[str, Any], decider: User) -> None:
    """Resume the access."""
    agreements.in_force(case).end_reason = ""


class Termination(Answer):
    """Why an agreement ends before its time, and what the other side has said about it."""

    ground = choice(
        {
            "breach": N_("违反协议"),
            "party": N_("申请方要求"),
            "data": N_("数据撤回或者不再开放"),
            "agreed": N_("双方商定"),
        },
        metadata={"label": N_("终止的原因")},
    )
    heard_on = Day(
        required=True, metadata={"label": N_("听取意见的日期"), "hint": N_("终止以前应当听取申请方的意见。")}
    )
    hearing = prose(5, 2000, N_("申请方的意见"), N_("申请方没有意见的，写明怎样告知的。"))
    reason = prose(20, 2000, N_("理由"), N_("申请人会看到，至少 20 个字。"))


@stage.step(Role.DECIDER, Termination)
def terminate_agreement(case: Case, answer: dict[str, Any], decider: User) -> None:
    """Terminate the agreement.

    The other side has been heard before (domain.md 2.4).
    """
    agreement = agreements.in_force(case)
    agreement.state, agreement.ended_at, agreement.end_reason = AgreementState.TERMINATED, now(), answer["reason"]


@stage.service
def activate_access(case: Case) -> None:
    """Open the access."""
    # The old entitlements come before the new ones, as whoever suspends a data set locks them.
    agreements.replace(case)
    entitlements.activate(case)
    case.state = "in_force"


@stage.service
def pause_access(case: Case) -> None:
    """Stop the access for the time being."""
    agreement = agreement_of(case)
    agreement.state, case.state = AgreementState.SUSPENDED, "suspended"
    entitlements.suspend(case, agreement.end_reason)


@stage.service
def reopen_access(case: Case) -> None:
    """Open the access again."""
    agreement_of(case).state, case.state = AgreementState.EFFECTIVE, "in_force"
    entitlements.resume(case)


@stage.service
def close_access(case: Case) -> None:
    """Close the access for good."""
    case.state = agreements.close(case)
