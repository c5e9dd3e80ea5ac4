"""Which resources belong together: a task and its two endpoints, an endpoint and the tasks that use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.facts.base import derived
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory import Inventory
    from dms_lint.model import Resource


@derived
def source(task: Resource, inventory: Inventory) -> Resource:
    """The source endpoint of a task or a serverless replication; Missing when it was not read."""
    return _endpoint(task, task.text("SourceEndpointArn"), inventory)


@derived
def target(task: Resource, inventory: Inventory) -> Resource:
    """The target endpoint of a task or a serverless replication; Missing when it was not read."""
    return _endpoint(task, task.text("TargetEndpointArn"), inventory)


def _endpoint(task: Resource, arn: str, inventory: Inventory) -> Resource:
    found = inventory.find("endpoint", arn)
    if found is None:
        raise Missing(
            f"{task.where} names the endpoint {arn}, which does not exist",
            needs="dms:DescribeEndpoints",
            reason="a task names an endpoint that does not exist",
        )
    return found


def tasks_of(endpoint: Resource, inventory: Inventory) -> tuple[Resource, ...]:
    """Every task that uses the endpoint; Missing unless all tasks of the account and Region were read."""
    inventory.all("task", endpoint.account, endpoint.region)
    return tuple(inventory.index("task", _legs).get(endpoint.arn, ()))


def replications_of(endpoint: Resource, inventory: Inventory) -> tuple[Resource, ...]:
    """Every serverless replication that uses the endpoint; Missing unless all of them were read."""
    inventory.all("replication-config", endpoint.account, endpoint.region)
    return tuple(inventory.index("replication-config", _legs).get(endpoint.arn, ()))


def _legs(task: Resource) -> tuple[str, str]:
    return task.text("SourceEndpointArn"), task.text("TargetEndpointArn")
