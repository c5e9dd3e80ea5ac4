"""The database behind a host, where it is one of the inventory: its VPC, groups and subnets.  No name is looked up."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from dms_lint.aws.responses import operations
from dms_lint.facts.dms.endpoints import ENDPOINT
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.network.hosts import address_of, known_destinations
from dms_lint.facts.network.internet_ingress import open_to_internet
from dms_lint.facts.network.placement import (
    Subnet,
    active_group_ids,
    alternatives_by_zone,
    listed_subnet,
    subnet_ranges,
    subnets_of_group,
)
from dms_lint.libs.ip_ranges import Span, span_of
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

# Names that only these services give: where one is not listed, it is another account's, or its listing was not read.
_NAMES: Final = re.compile(
    r".*\.(?P<service>rds|docdb|neptune|redshift|redshift-serverless)(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?"
)
_LISTED: Final = {"redshift": ("redshift-cluster",), "redshift-serverless": ("redshift-workgroup",)}
_KINDS: Final = ("db-instance", "db-cluster", "redshift-cluster", "redshift-workgroup")


class Database:
    """A database of the inventory, or the network interface of one; each part is Missing only for who asks for it."""

    def __init__(self, resource: Resource, inventory: Inventory, address: Span | None = None) -> None:
        self.resource = resource
        self.inventory = inventory
        self.address = address

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The ids of its active security groups."""
        if self.resource.kind == "network-interface":
            return tuple(group.text("GroupId") for group in self.resource.records("Groups"))
        if self.resource.kind == "redshift-workgroup":
            return self.resource.texts("securityGroupIds")
        return active_group_ids(self.resource, "VpcSecurityGroups")

    @cached_property
    def public(self) -> bool:
        """Whether its name resolves to a public address from outside its VPC."""
        if self.resource.kind == "redshift-workgroup":
            return self.resource.flag("publiclyAccessible")
        if self.resource.kind == "network-interface":
            return False
        if self.resource.kind == "db-cluster":
            return any(member.flag("PubliclyAccessible") for member in self._members())
        return self.resource.flag("PubliclyAccessible")

    def _members(self) -> Iterator[Resource]:
        for member in self.resource.records("DBClusterMembers"):
            name = member.text("DBInstanceIdentifier")
            found = self.inventory.find("db-instance", name, self.resource.account, self.resource.region)
            if found is None:
                raise Missing(
                    f"DB instance {name} is not among those listed",
                    needs="rds:DescribeDBInstances",
                    reason="a member of a DB cluster is not among those listed",
                )
            yield found

    @cached_property
    def vpc(self) -> str:
        """The id of its VPC."""
        if self.resource.kind in ("network-interface", "redshift-cluster"):
            return self.resource.text("VpcId")
        return self.stands[0][0].vpc

    @cached_property
    def stands(self) -> tuple[tuple[Subnet, ...], ...]:
        """The subnets it stands in, each given as those of which it is one, as of `Placement.stands`."""
        of = self.resource
        if of.kind == "network-interface":
            zone = of.text("AvailabilityZone", default="")
            return ((Subnet(of.text("SubnetId"), of.text("VpcId"), zone, of.account, of.region),),)
        if of.kind == "db-instance":
            group = of.block("DBSubnetGroup")
            zones = (of.text("AvailabilityZone", default=""), of.text("SecondaryAvailabilityZone", default=""))
            several = of.flag("MultiAZ") if "MultiAZ" in of else None
            return alternatives_by_zone(subnets_of_group(group, of, group.text("VpcId")), zones, several=several)
        return (self._any(),)

    def _any(self) -> tuple[Subnet, ...]:
        of = self.resource
        if of.kind == "redshift-workgroup":
            unplaced = [Subnet(one, "", "", of.account, of.region) for one in of.texts("subnetIds")]
            found = [one._replace(vpc=listed_subnet(one, self.inventory).text("VpcId")) for one in unplaced]
            if not found:
                raise of.missing("subnetIds")
            return tuple(found)
        cluster = of.kind == "db-cluster"
        kind, member = (
            ("db-subnet-group", "DBSubnetGroup") if cluster else ("redshift-subnet-group", "ClusterSubnetGroupName")
        )
        name = of.text(member)
        group = self.inventory.find(kind, name, of.account, of.region)
        if group is None:
            raise Missing(f"{of.where} names the subnet group {name}, which does not exist", needs=of.needs)
        return subnets_of_group(group, of, group.text("VpcId"))

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Where its private address lies: the address, else the ranges of its subnets."""
        if self.address is not None:
            return (self.address,)
        return tuple(
            one
            for either in self.stands
            for subnet in either
            for one in subnet_ranges(subnet, self.inventory)
            if one.version == 4
        )


def database_of(host: str, of: Resource, inventory: Inventory) -> Database | None:
    """The database with this name in the inventory; None for a host that neither RDS nor Redshift names.

    Missing where one of them names it, and it is not among those that were read.
    """
    for kind in _KINDS:
        for found in inventory.index(kind, _names).get(host, ()):
            return Database(found, inventory)
    service = _NAMES.fullmatch(host)
    if service is None:
        return None
    kinds = _LISTED.get(service["service"], ("db-instance", "db-cluster"))
    for kind in kinds:
        inventory.all(kind, of.account, of.region)
    raise Missing(
        f"{host} is not among the databases listed: it may be of another account or Region",
        needs=operations(kinds[0])[0],
        reason="a database is not among those listed",
    )


def interface_of(host: str, vpc: str, inventory: Inventory) -> Database | None:
    """The network interface in a VPC that has the private address which a host is; None where none was read."""
    address = address_of(host)
    if address is None:
        return None
    for found in inventory.index("network-interface", _private).get(str(address), ()):
        if found.data.get("VpcId") == vpc:
            return Database(found, inventory, span_of(address))
    return None


def _private(interface: Resource) -> Iterator[str]:
    for record in (interface, *interface.records("PrivateIpAddresses", default=())):
        yield record.text("PrivateIpAddress", default="")


def _names(resource: Resource) -> Iterator[str]:
    """The names by which clients reach it."""
    if resource.kind == "db-cluster":
        written = [resource.text("Endpoint", default=""), resource.text("ReaderEndpoint", default="")]
        written += resource.texts("CustomEndpoints", default=())
    elif resource.kind == "redshift-workgroup":
        written = [resource.block("endpoint", default={}).text("address", default="")]
    else:
        written = [resource.block("Endpoint", default={}).text("Address", default="")]
    for name in written:
        if name:
            yield name.rstrip(".").lower()


def in_inventory(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The databases of the inventory that the endpoint's hosts are, with their kind."""
    known = known_destinations(endpoint, inventory)
    found = [database_of(host, endpoint, inventory) for host, _ in known.found]
    names = tuple(dict.fromkeys(f"{one.resource.kind} {one.resource.name}" for one in found if one is not None))
    if known.hole is not None and not names:
        raise known.hole
    return names


def open_to_world(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the security groups of the endpoint's database admit on its port from the whole internet."""
    known = known_destinations(endpoint, inventory)
    offending: list[str] = []
    missing = known.hole
    for host, port in known.found:
        try:
            one = database_of(host, endpoint, inventory)
            if one is not None:
                groups = (one.groups, endpoint.account, one.resource.region)
                offending += open_to_internet(*groups, port, inventory)
        except Missing as hole:
            missing = missing or hole
    if missing is not None and not offending:
        raise missing
    return tuple(dict.fromkeys(offending))


FACTS: Final = (
    Fact("database.in_inventory", ENDPOINT, texts(), in_inventory),
    Fact("database.open_to_world", ENDPOINT, texts(), open_to_world),
)
