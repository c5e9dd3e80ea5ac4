from __future__ import annotations

from typing import Any

import pytest

from dms_lint.facts.operations import availability
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW


def subnet_group(subnets: Any) -> tuple[Resource, Inventory]:
    body = {"ReplicationSubnetGroupIdentifier": "private", "Subnets": subnets}
    inventory = Inventory([Document("dms:DescribeReplicationSubnetGroups", {"ReplicationSubnetGroups": [body]})], NOW)
    (resource,) = inventory.known("subnet-group")
    return resource, inventory


def test_zones_are_given_once_and_in_order() -> None:
    subnets = [{"SubnetAvailabilityZone": {"Name": f"eu-west-1{letter}"}} for letter in "baab"]
    assert availability.zones(*subnet_group([*subnets, None])) == ("eu-west-1a", "eu-west-1b")


def test_a_group_without_subnets_lies_nowhere() -> None:
    assert availability.zones(*subnet_group([])) == ()


@pytest.mark.parametrize("subnets", ["garbage", ["garbage"], [{}], [{"SubnetAvailabilityZone": {"Name": 1}}]])
def test_subnets_that_cannot_be_read_are_missing(subnets: Any) -> None:
    with pytest.raises(Missing):
        availability.zones(*subnet_group(subnets))


@pytest.mark.parametrize("config", [None, "garbage", {}, {"MultiAZ": "false"}, {"AvailabilityZone": 1}])
def test_a_serverless_replication_that_is_silent_is_missing(config: Any) -> None:
    body = {
        "ReplicationConfigArn": "arn:aws:dms:eu-west-1:111122223333:replication-config:NIGHTLY",
        "ComputeConfig": config,
    }
    inventory = Inventory([Document("dms:DescribeReplicationConfigs", {"ReplicationConfigs": [body]})], NOW)
    (resource,) = inventory.known("replication-config")
    with pytest.raises(Missing):
        availability.multi_az(resource, inventory)
