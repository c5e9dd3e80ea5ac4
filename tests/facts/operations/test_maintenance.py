from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.operations import maintenance as operations
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW

ARN = "arn:aws:dms:eu-west-1:111122223333:rep:ORDERS"


def instance(*documents: Document, now: datetime = NOW) -> tuple[Resource, Inventory]:
    body = {"ReplicationInstances": [{"ReplicationInstanceArn": ARN, "EngineVersion": "3.5.3"}]}
    inventory = Inventory([Document("dms:DescribeReplicationInstances", body), *documents], now)
    (resource,) = inventory.known("replication-instance")
    return resource, inventory


def versions(**members: Any) -> Document:
    return Document("dms:DescribeEngineVersions", {"EngineVersions": [{"Version": "3.5.3", **members}]})


@given(st.timedeltas(timedelta(days=-3000), timedelta(days=3000)))
def test_days_left_count_a_begun_day(away: timedelta) -> None:
    end = NOW + away
    left = operations.version_days_left(*instance(versions(DeprecationDate=end.isoformat())))
    assert timedelta(days=left - 1) < end - NOW <= timedelta(days=left)


def test_the_earlier_end_counts() -> None:
    found = instance(versions(DeprecationDate="2027-03-01T00:00:00Z", ForceUpgradeDate="2027-02-01T00:00:00Z"))
    assert operations.version_end(*found) == "its ForceUpgradeDate is 2027-02-01"


def test_a_version_without_an_end_has_endless_days_left() -> None:
    found = instance(versions())
    assert operations.version_days_left(*found) == operations.ENDLESS
    assert operations.version_end(*found) == ""


@pytest.mark.parametrize("members", [{"DeprecationDate": True}, {"ForceUpgradeDate": []}, {"Lifecycle": 1}])
def test_a_garbled_version_is_missing_its_end(members: dict[str, Any]) -> None:
    with pytest.raises(Missing):
        operations.version_days_left(*instance(versions(**members)))


@pytest.mark.parametrize("action", [{}, {"Action": None}, {"Action": "db-upgrade", "CurrentApplyDate": "soon"}])
def test_an_action_is_pending_whatever_cannot_be_read_of_it(action: dict[str, Any]) -> None:
    body = {"PendingMaintenanceActions": [{"ResourceIdentifier": ARN, "PendingMaintenanceActionDetails": [action]}]}
    found = instance(Document("dms:DescribePendingMaintenanceActions", body))
    assert operations.pending_actions(*found) == (action.get("Action") or "an action without a name",)


@pytest.mark.parametrize("details", [None, "garbage", ["garbage"]])
def test_actions_that_cannot_be_read_are_missing(details: Any) -> None:
    body = {"PendingMaintenanceActions": [{"ResourceIdentifier": ARN, "PendingMaintenanceActionDetails": details}]}
    with pytest.raises(Missing):
        operations.pending_actions(*instance(Document("dms:DescribePendingMaintenanceActions", body)))


@pytest.mark.parametrize("status", ["ACTIVE", "Topic-Not-Exist"])
def test_the_case_of_a_status_does_not_matter(status: str) -> None:
    assert operations.subscription_status(*subscription(Status=status)) == status.lower()


@pytest.mark.parametrize("status", ["broken", 1, ""])
def test_a_status_that_is_none_of_dms_is_missing(status: Any) -> None:
    with pytest.raises(Missing):
        operations.subscription_status(*subscription(Status=status))


def subscription(**members: Any) -> tuple[Resource, Inventory]:
    body = {"EventSubscriptionsList": [{"CustSubscriptionId": "failures", **members}]}
    inventory = Inventory([Document("dms:DescribeEventSubscriptions", body)], NOW)
    (resource,) = inventory.known("event-subscription")
    return resource, inventory
