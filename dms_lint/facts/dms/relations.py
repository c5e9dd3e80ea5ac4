"""Which endpoints a task or a serverless replication joins, and the two ends of a network path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.facts.fact import memoized
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource


@memoized
def source(task: Resource, inventory: Inventory) -> Resource:
    """The source endpoint of a task or a serverless replication; Missing when it was not read."""
    return _endpoint(task, task.text("SourceEndpointArn"), inventory)


@memoized
def target(task: Resource, inventory: Inventory) -> Resource:
    """The target endpoint of a task or a serverless replication; Missing when it was not read."""
    return _endpoint(task, task.text("TargetEndpointArn"), inventory)


def _endpoint(task: Resource, arn: str, inventory: Inventory) -> Resource:
    resource = inventory.find("endpoint", arn)
    if resource is None:
        raise Missing(
            f"{task.where} names the endpoint {arn}, which does not exist",
            needs="dms:DescribeEndpoints",
            reason="a task names an endpoint that does not exist",
        )
    return resource


def runner_of(path: Resource, inventory: Inventory) -> Resource:
    """The replication instance or the serverless replication at which a network path begins."""
    serverless = "ReplicationConfigArn" in path
    kind = "replication-config" if serverless else "replication-instance"
    return _end(kind, path.text("ReplicationConfigArn" if serverless else "ReplicationInstanceArn"), path, inventory)


def endpoint_of(path: Resource, inventory: Inventory) -> Resource:
    """The endpoint to which a network path leads."""
    return _end("endpoint", path.text("EndpointArn"), path, inventory)


def _end(kind: str, arn: str, path: Resource, inventory: Inventory) -> Resource:
    resource = inventory.find(kind, arn)
    if resource is None:
        raise Missing(
            f"{path.where} names the {kind} {arn}, which does not exist",
            needs=path.needs,
            reason=f"a path names a {kind} that does not exist",
        )
    return resource
