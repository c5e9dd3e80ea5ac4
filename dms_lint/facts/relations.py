"""Which endpoints a task or a serverless replication joins."""

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
