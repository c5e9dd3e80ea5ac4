"""How a replication survives the loss of an Availability Zone: its standby, and the zones of its subnets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.fact import FLAG, Fact, texts
from dms_lint.logic.kleene import collect

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource


def multi_az(resource: Resource, inventory: Inventory) -> bool:
    """Whether a standby in another Availability Zone stands by: MultiAZ."""
    if resource.kind == "replication-instance":
        return resource.flag("MultiAZ")
    config = resource.block("ComputeConfig")
    if "MultiAZ" not in config and config.text("AvailabilityZone", default=""):
        # API reference, ComputeConfig: an AvailabilityZone cannot be set where MultiAZ is true.
        return False
    return config.flag("MultiAZ")


def zones(group: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The Availability Zones in which the subnets of the subnet group lie, in order.

    Where the zone of a subnet is not known, those of the others are given if they are two or more.
    """
    read = collect(group.records("Subnets"), lambda subnet: _zone(subnet, group, inventory)).distinct()
    return tuple(sorted(read.items if len(read.items) > 1 else read.complete()))


def _zone(subnet: Record, group: Resource, inventory: Inventory) -> str:
    """The zone as DMS gives it, else as EC2 does: a template's subnet group has ids of subnets alone."""
    if "SubnetAvailabilityZone" in subnet:
        return subnet.block("SubnetAvailabilityZone").text("Name")
    resource = inventory.find("subnet", subnet.text("SubnetIdentifier"), group.account, group.region)
    if resource is None:
        raise subnet.missing("SubnetAvailabilityZone")
    return resource.text("AvailabilityZone")


FACTS: Final = (
    Fact("availability.multi_az", ("replication-instance", "replication-config"), FLAG, multi_az),
    Fact("availability.zones", ("subnet-group",), texts(), zones),
)
