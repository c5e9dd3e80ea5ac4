from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.operations import tasks
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW

DMS = "arn:aws:dms:eu-west-1:111122223333:"
GARBAGE: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.just({})
)


def task(**more: Any) -> dict[str, Any]:
    return {
        "ReplicationTaskArn": f"{DMS}task:NIGHTLY",
        "ReplicationTaskIdentifier": "nightly",
        "SourceEndpointArn": f"{DMS}endpoint:ORDERS",
        "TargetEndpointArn": f"{DMS}endpoint:LAKE",
        "ReplicationInstanceArn": f"{DMS}rep:ONE",
        "MigrationType": "cdc",
        "ReplicationTaskSettings": "{}",
        **more,
    }


def endpoint(name: str, engine: str, mode: str | None) -> dict[str, Any]:
    data = {"EndpointArn": f"{DMS}endpoint:{name.upper()}", "EndpointIdentifier": name, "EngineName": engine}
    return {**data, "SslMode": mode}


def connection(status: Any, instance: str = "ONE") -> dict[str, Any]:
    return {
        "EndpointArn": f"{DMS}endpoint:ORDERS",
        "ReplicationInstanceArn": f"{DMS}rep:{instance}",
        "Status": status,
    }


def account(
    found: list[dict[str, Any]], endpoints: list[dict[str, Any]], connections: list[dict[str, Any]] | None = None
) -> Inventory:
    documents = [
        Document("dms:DescribeReplicationTasks", {"ReplicationTasks": found}),
        Document("dms:DescribeEndpoints", {"Endpoints": endpoints}),
    ]
    if connections is not None:
        documents.append(Document("dms:DescribeConnections", {"Connections": connections}))
    return Inventory(documents, NOW)


def one(inventory: Inventory, kind: str, name: str) -> Resource:
    (found,) = (resource for resource in inventory.known(kind) if resource.name == name)
    return found


@given(st.dictionaries(st.sampled_from(sorted(task().keys() - {"ReplicationTaskArn"})), GARBAGE))
def test_garbled_tasks_are_missing_and_never_an_error(bad: dict[str, Any]) -> None:
    inventory = account([task(**bad)], [endpoint("orders", "oracle", "verify-ca"), endpoint("lake", "s3", "none")])
    resources = {"task": next(iter(inventory.known("task"))), "endpoint": one(inventory, "endpoint", "orders")}
    for fact in tasks.FACTS:
        with contextlib.suppress(Missing):
            fact.derive(resources[fact.kinds[0]], inventory)


def test_a_certain_oracle_endpoint_counts_beside_a_missing_one() -> None:
    inventory = account([task()], [endpoint("orders", "oracle", "verify-ca")])
    assert tasks.oracle_over_ssl(one(inventory, "task", "nightly"), inventory) == ("orders",)


def test_no_oracle_is_not_said_while_one_endpoint_is_not_there() -> None:
    inventory = account([task()], [endpoint("orders", "mysql", "verify-ca")])
    with pytest.raises(Missing, match="LAKE, which does not exist"):
        tasks.oracle_over_ssl(one(inventory, "task", "nightly"), inventory)


def test_the_mode_of_another_engine_is_not_asked_for() -> None:
    inventory = account([task()], [endpoint("orders", "mysql", None), endpoint("lake", "s3", None)])
    assert tasks.oracle_over_ssl(one(inventory, "task", "nightly"), inventory) == ()


def test_both_legs_or_none_in_clear_are_no_unmatched_leg() -> None:
    for modes in (("none", "none"), ("verify-full", "verify-full")):
        inventory = account([task()], [endpoint("orders", "mysql", modes[0]), endpoint("lake", "postgres", modes[1])])
        assert tasks.unmatched_legs(one(inventory, "task", "nightly"), inventory) == ()


def test_a_source_that_is_also_target_has_its_instance_once() -> None:
    both = task(TargetEndpointArn=f"{DMS}endpoint:ORDERS")
    inventory = account([both], [endpoint("orders", "mysql", "none")], [])
    found = one(inventory, "endpoint", "orders")
    assert tasks.instances(found, inventory) == (f"{DMS}rep:ONE",)
    assert tasks.failed_tests(found, inventory) == (f"never ran with {DMS}rep:ONE",)


def test_a_task_that_does_not_say_its_endpoints_may_use_any() -> None:
    inventory = account([task(SourceEndpointArn=None)], [endpoint("orders", "mysql", "none")], [])
    with pytest.raises(Missing, match="has no SourceEndpointArn"):
        tasks.instances(one(inventory, "endpoint", "orders"), inventory)


def test_a_failed_test_counts_beside_a_task_without_instance() -> None:
    other = task(
        ReplicationTaskArn=f"{DMS}task:HOURLY", ReplicationTaskIdentifier="hourly", ReplicationInstanceArn=None
    )
    inventory = account([other, task()], [endpoint("orders", "mysql", "none")], [connection("failed")])
    found = one(inventory, "endpoint", "orders")
    assert tasks.failed_tests(found, inventory) == (f"failed with {DMS}rep:ONE",)
    passing = account([other, task()], [endpoint("orders", "mysql", "none")], [connection("successful")])
    with pytest.raises(Missing, match="has no ReplicationInstanceArn"):
        tasks.failed_tests(one(passing, "endpoint", "orders"), passing)


@pytest.mark.parametrize("status", ["testing", "deleting", "", "garbage"])
def test_a_test_without_result_is_neither_failed_nor_successful(status: str) -> None:
    inventory = account([task()], [endpoint("orders", "mysql", "none")], [connection(status)])
    with pytest.raises(Missing, match=f"the connection test with .* is {status}"):
        tasks.failed_tests(one(inventory, "endpoint", "orders"), inventory)
