from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.network.private_endpoints import service_reachability
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW

ACCOUNT, REGION = "111122223333", "eu-west-1"
PREFIX = f"arn:aws:dms:{REGION}:{ACCOUNT}"


def asked(operation: str, body: dict[str, Any]) -> Document:
    return Document(operation, body, account=ACCOUNT, region=REGION)


def path(*, version: str | None = "3.6.1", **endpoint: Any) -> tuple[Resource, Inventory]:
    instance = {"ReplicationInstanceArn": f"{PREFIX}:rep:ORDERS", "EngineVersion": version}
    joined = {"ReplicationInstanceArn": f"{PREFIX}:rep:ORDERS", "EndpointArn": f"{PREFIX}:endpoint:LAKE"}
    members = {"EndpointArn": f"{PREFIX}:endpoint:LAKE", "EndpointType": "TARGET", "EngineName": "s3", **endpoint}
    inventory = Inventory(
        [
            asked("dms:DescribeReplicationInstances", {"ReplicationInstances": [instance]}),
            asked("dms:DescribeEndpoints", {"Endpoints": [members]}),
            asked("dms:DescribeConnections", {"Connections": [joined]}),
        ],
        NOW,
    )
    (resource,) = inventory.known("network-path")
    return resource, inventory


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_versions_are_compared_as_numbers(major: int, minor: int, patch: int) -> None:
    supported = service_reachability.vpc_endpoint_support(*path(version=f"{major}.{minor}.{patch}"))
    assert supported is ((major, minor, patch) >= (3, 4, 7))


@pytest.mark.parametrize("version", [None, "", "3.4", "new", "3.4.x"])
def test_what_is_no_version_is_missing(version: str | None) -> None:
    with pytest.raises(Missing):
        service_reachability.vpc_endpoint_support(*path(version=version))


@pytest.mark.parametrize(
    ("members", "services"),
    [
        ({"EngineName": "S3"}, ("s3",)),
        ({"EngineName": "dynamodb"}, ("dynamodb",)),
        ({"EngineName": "kinesis"}, ("kinesis-streams",)),
        ({"EngineName": "redshift-serverless"}, ("s3",)),
        ({"EngineName": "redshift", "EndpointType": "SOURCE"}, ()),
        ({"EngineName": "postgres"}, ()),
        (
            {"EngineName": "opensearch", "ElasticsearchSettings": {"EndpointUri": "vpc-a.eu-west-1.es.amazonaws.com"}},
            (),
        ),
        (
            {"EngineName": "opensearch", "ElasticsearchSettings": {"EndpointUri": "https://search.example.com:9200"}},
            (),
        ),
        (
            {
                "EngineName": "elasticsearch",
                "ElasticsearchSettings": {"EndpointUri": "https://search-a.eu-west-1.es.amazonaws.com"},
            },
            ("search-a.eu-west-1.es.amazonaws.com",),
        ),
    ],
    ids=str,
)
def test_an_engine_needs_its_service(members: dict[str, Any], services: tuple[str, ...]) -> None:
    assert service_reachability.services(*path(**members)) == services


def test_nothing_is_said_of_a_vpc_that_was_not_read() -> None:
    with pytest.raises(Missing):
        service_reachability.unreached_services(*path())
    with pytest.raises(Missing):
        service_reachability.only_vpc_endpoints(*path())
