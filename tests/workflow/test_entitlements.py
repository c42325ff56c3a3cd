"""Entitlements: made once, opened, paused by whoever may, and never back from their end."""

from datetime import date, timedelta

import pytest

from models import EntitlementState, db
from tests.grants import agreed, granted
from tests.walks import Walker
from workflow import entitlements, sweep
from workflow.calendar import day_start
from workflow.errors import NotFound

pytestmark = pytest.mark.usefixtures("context")
REASON = "收到权益主张，先行暂停。"


@pytest.fixture
def listing(walker: Walker):
    """Return a case that keeps an entry of the open list."""
    return walker.at("suspend_dataset")


@pytest.fixture
def entitlement(walker, listing):
    return granted(walker, listing.listing.dataset)


def state(entitlement):
    db.session.refresh(entitlement)
    return entitlement.state


def test_an_agreement_makes_its_entitlements_once(walker, listing):
    case, code = walker.at("assess_demand"), listing.listing.dataset.code
    agreement = agreed(walker, case, code, items=["站点名称"], quota={"downloads": 3, "rows": None}, watermark=True)
    [made] = entitlements.make(case, agreement)
    assert entitlements.make(case, agreement) == [made]
    assert made.reference.startswith("QX-")
    assert made.state is EntitlementState.PROVISIONING
    assert (made.items, made.quota, made.watermarked) == (["站点名称"], {"downloads": 3}, True)
    assert made.mode == "download"


def test_where_the_terms_name_no_items_all_of_the_entry_are_meant(walker, listing):
    assert granted(walker, listing.listing.dataset).items == listing.listing.dataset.items


def test_an_entitlement_on_suspended_data_is_not_opened(walker, listing):
    walker.take(listing, [("suspend_dataset", "security", {"reason": REASON})])
    made = granted(walker, listing.listing.dataset)
    assert made.state is EntitlementState.SUSPENDED
    assert made.state_reason == REASON


def test_suspending_the_data_pauses_every_entitlement_in_the_same_moment(walker, listing, entitlement):
    walker.take(listing, [("suspend_dataset", "security", {"reason": REASON})])
    assert state(entitlement) is EntitlementState.SUSPENDED
    assert entitlement.state_reason == REASON
    resumed = {"resumption": "resume", "reason": "经核实没有侵权，恢复开放。"}
    walker.take(listing, [("resume_dataset", "decider", resumed)])
    assert state(entitlement) is EntitlementState.ACTIVE
    assert entitlement.state_reason == ""


def test_withdrawing_the_data_pauses_every_entitlement(walker, listing, entitlement):
    walker.take(listing, [("withdraw_dataset", "decider", {"reason": "数据源停止采集，不再更新，撤回条目。"})])
    assert state(entitlement) is EntitlementState.SUSPENDED


def test_what_two_hold_goes_on_only_when_both_let_go(walker, listing, entitlement):
    case, dataset = entitlement.case, entitlement.dataset
    entitlements.suspend(case, "没有按期提交报告")
    entitlements.suspend_dataset(dataset, REASON)
    entitlements.resume(case)
    db.session.commit()
    assert state(entitlement) is EntitlementState.SUSPENDED
    assert entitlement.state_reason == REASON
    entitlements.resume_dataset(dataset)
    db.session.commit()
    assert state(entitlement) is EntitlementState.ACTIVE


def test_what_is_not_provisioned_is_not_opened_by_resuming(walker, listing):
    case = walker.at("assess_demand")
    [made] = entitlements.make(case, agreed(walker, case, listing.listing.dataset.code))
    entitlements.suspend(case, REASON)
    entitlements.resume(case)
    assert made.state is EntitlementState.PROVISIONING


@pytest.mark.parametrize("close", ["revoke", "expire"])
def test_nothing_comes_back_from_its_end(entitlement, close):
    if close == "revoke":
        entitlements.revoke(entitlement.case, "双方约定终止")
    else:
        entitlements.expire(entitlement.ends_on + timedelta(days=1))
    db.session.commit()
    ended = state(entitlement)
    assert ended in entitlements.CLOSED
    entitlements.suspend(entitlement.case, REASON)
    entitlements.resume(entitlement.case)
    entitlements.resume_dataset(entitlement.dataset)
    entitlements.activate(entitlement.case)
    entitlements.revoke(entitlement.case, "again")
    db.session.commit()
    assert state(entitlement) is ended
    assert entitlement.state_reason != "again"


def test_the_last_day_counts_and_the_sweep_ends_the_rest(entitlement):
    sweep.sweep(day_start(entitlement.ends_on))
    assert state(entitlement) is EntitlementState.ACTIVE
    sweep.sweep(day_start(entitlement.ends_on + timedelta(days=1)))
    assert state(entitlement) is EntitlementState.EXPIRED


def test_a_change_that_is_rolled_back_has_not_happened(entitlement):
    entitlements.revoke(entitlement.case, REASON)
    db.session.rollback()
    assert state(entitlement) is EntitlementState.ACTIVE


def test_an_entitlement_is_seen_with_its_case(walker, entitlement):
    for word in ("citizen", "clerk", "decider", "auditor"):
        assert entitlements.find(entitlement.reference, walker.person(word)) is entitlement
    for word in ("stranger", "other_clerk", "steward"):
        with pytest.raises(NotFound):
            entitlements.find(entitlement.reference, walker.person(word))
    with pytest.raises(NotFound):
        entitlements.find(entitlement.reference, None)
    with pytest.raises(NotFound):
        entitlements.find("QX-2026-999999", walker.person("citizen"))


def test_the_days_are_those_of_the_terms(walker, listing):
    made = granted(walker, listing.listing.dataset, starts_on="2027-02-01", ends_on="2028-01-31")
    assert (made.starts_on, made.ends_on) == (date(2027, 2, 1), date(2028, 1, 31))
