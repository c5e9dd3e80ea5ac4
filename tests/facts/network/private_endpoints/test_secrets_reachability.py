from __future__ import annotations

from typing import Any

import pytest

from dms_lint.facts.network.private_endpoints import secrets_reachability
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW

ACCOUNT, REGION = "111122223333", "eu-west-1"
PREFIX = f"arn:aws:dms:{REGION}:{ACCOUNT}"
SECRET = {"SecretsManagerSecretId": "ledger", "SecretsManagerAccessRoleArn": f"arn:aws:iam::{ACCOUNT}:role/dms"}


def asked(operation: str, body: dict[str, Any]) -> Document:
    return Document(operation, body, account=ACCOUNT, region=REGION)


def endpoint(name: str, *, secret: bool = True, **members: Any) -> dict[str, Any]:
    login: dict[str, Any] = {"MySQLSettings": SECRET} if secret else {"Username": "dms", "MySQLSettings": {}}
    return {
        "EndpointArn": f"{PREFIX}:endpoint:{name}",
        "EndpointIdentifier": name,
        "EngineName": "mysql",
        **login,
        **members,
    }


def inventory(
    *endpoints: dict[str, Any],
    joined: tuple[str, ...] = (),
    listed: tuple[str, ...] = ("tasks", "connections"),
    extra: tuple[Document, ...] = (),
) -> Inventory:
    runner = f"{PREFIX}:rep:ORDERS"
    connections = [{"ReplicationInstanceArn": runner, "EndpointArn": f"{PREFIX}:endpoint:{name}"} for name in joined]
    documents = [
        asked("dms:DescribeReplicationInstances", {"ReplicationInstances": [{"ReplicationInstanceArn": runner}]}),
        asked("dms:DescribeEndpoints", {"Endpoints": list(endpoints)}),
        *extra,
    ]
    if "tasks" in listed:
        documents.append(asked("dms:DescribeReplicationTasks", {"ReplicationTasks": []}))
    if "connections" in listed:
        documents.append(asked("dms:DescribeConnections", {"Connections": connections}))
    return Inventory(documents, NOW)


def runner(inputs: Inventory) -> tuple[Resource, Inventory]:
    return next(iter(inputs.known("replication-instance"))), inputs


def test_an_instance_reads_the_secrets_of_what_it_is_joined_with() -> None:
    both = (endpoint("A"), endpoint("B", secret=False), endpoint("C"))
    assert secrets_reachability.secret_endpoints(*runner(inventory(*both, joined=("A", "B")))) == ("A",)
    assert secrets_reachability.secret_endpoints(*runner(inventory(*both, joined=("B",)))) == ()


@pytest.mark.parametrize("listed", [("tasks",), ("connections",), ()])
def test_none_is_said_only_where_all_that_joins_is_listed(listed: tuple[str, ...]) -> None:
    with pytest.raises(Missing):
        secrets_reachability.secret_endpoints(*runner(inventory(endpoint("A"), listed=listed)))


def test_an_endpoint_that_was_not_read_may_have_a_secret() -> None:
    with pytest.raises(Missing):
        secrets_reachability.secret_endpoints(*runner(inventory(joined=("A",))))


@pytest.mark.parametrize(
    ("attributes", "host"),
    [
        ("secretsManagerEndpointOverride=vpce-1.example.com", "vpce-1.example.com"),
        ("a=b; SECRETSMANAGERENDPOINTOVERRIDE = HTTPS://Vpce-1.example.com/ ;c=d", "vpce-1.example.com"),
        ("secretsManagerEndpointOverride=vpce-1.example.com:443", "vpce-1.example.com"),
        ("", ""),
    ],
)
def test_the_override_is_a_host(attributes: str, host: str) -> None:
    inputs = inventory(endpoint("A", ExtraConnectionAttributes=attributes))
    assert secrets_reachability.override(next(iter(inputs.known("endpoint"))), inputs) == host


def test_of_what_was_not_read_no_way_is_certain() -> None:
    subject = runner(inventory(endpoint("A"), joined=("A",)))
    assert secrets_reachability.certain_internet(*subject) is False
    for fact in (secrets_reachability.secrets_manager_routes, secrets_reachability.vpc_endpoints):
        with pytest.raises(Missing):
            fact(*subject)
