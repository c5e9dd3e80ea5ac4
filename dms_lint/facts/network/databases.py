"""The database behind a host, where it is one of the inventory: its VPC, groups and subnets.  No name is looked up."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from dms_lint.aws.responses import operations
from dms_lint.facts.dms.endpoints import ENDPOINT
from dms_lint.facts.fact import Fact, reads, texts
from dms_lint.facts.network.hosts import address_of, destinations_of
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
from dms_lint.logic.kleene import Partial, collect_each
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
    """A database of the inventory, or its network interface; each part is Missing only when it is read."""

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
            member_instance = self.inventory.find("db-instance", name, self.resource.account, self.resource.region)
            if member_instance is None:
                raise Missing(
                    f"DB instance {name} is not among those listed",
                    needs="rds:DescribeDBInstances",
                    reason="a member of a DB cluster is not among those listed",
                )
            yield member_instance

    @cached_property
    def vpc(self) -> str:
        """The id of its VPC."""
        if self.resource.kind in ("network-interface", "redshift-cluster"):
            return self.resource.text("VpcId")
        return self.subnet_alternatives[0][0].vpc

    @cached_property
    def subnet_alternatives(self) -> tuple[tuple[Subnet, ...], ...]:
        """The subnets it stands in, each as the alternatives among which it is, as in `Placement`."""
        database = self.resource
        if database.kind == "network-interface":
            zone = database.text("AvailabilityZone", default="")
            subnet, vpc = database.text("SubnetId"), database.text("VpcId")
            return ((Subnet(subnet, vpc, zone, database.account, database.region),),)
        if database.kind == "db-instance":
            group = database.block("DBSubnetGroup")
            zones = [database.text(member, default="") for member in ("AvailabilityZone", "SecondaryAvailabilityZone")]
            multi_az = database.flag("MultiAZ") if "MultiAZ" in database else None
            subnets = subnets_of_group(group, database, group.text("VpcId"))
            return alternatives_by_zone(subnets, zones, multi_az=multi_az)
        # Clusters and workgroups do not say in which of their subnets they stand.
        return (self._workgroup_subnets() if database.kind == "redshift-workgroup" else self._subnets_of_group(),)

    def _workgroup_subnets(self) -> tuple[Subnet, ...]:
        workgroup = self.resource
        subnets = [Subnet(id_, "", "", workgroup.account, workgroup.region) for id_ in workgroup.texts("subnetIds")]
        if not subnets:
            raise workgroup.missing("subnetIds")
        return tuple(subnet._replace(vpc=listed_subnet(subnet, self.inventory).text("VpcId")) for subnet in subnets)

    @reads("db-subnet-group", "redshift-subnet-group")
    def _subnets_of_group(self) -> tuple[Subnet, ...]:
        cluster = self.resource
        kind, member = (
            ("db-subnet-group", "DBSubnetGroup")
            if cluster.kind == "db-cluster"
            else ("redshift-subnet-group", "ClusterSubnetGroupName")
        )
        name = cluster.text(member)
        group = self.inventory.find(kind, name, cluster.account, cluster.region)
        if group is None:
            raise Missing(f"{cluster.where} names the subnet group {name}, which does not exist", needs=cluster.needs)
        return subnets_of_group(group, cluster, group.text("VpcId"))

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The spans of its private address: the address, else the ranges of its subnets."""
        if self.address is not None:
            return (self.address,)
        return tuple(
            span
            for alternatives in self.subnet_alternatives
            for subnet in alternatives
            for span in subnet_ranges(subnet, self.inventory)
            if span.version == 4
        )


@reads(*_KINDS)
def database_of(host: str, client: Resource, inventory: Inventory) -> Database | None:
    """The database with this name in the inventory; None for a host that neither RDS nor Redshift names.

    Missing where either names it, and it is not among those that were read in the account and Region of the client.
    """
    for kind in _KINDS:
        for resource in inventory.index(kind, _names).get(host, ()):
            return Database(resource, inventory)
    service = _NAMES.fullmatch(host)
    if service is None:
        return None
    kinds = _LISTED.get(service["service"], ("db-instance", "db-cluster"))
    for kind in kinds:
        inventory.all(kind, client.account, client.region)
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
    for interface in inventory.index("network-interface", _private).get(str(address), ()):
        if interface.data.get("VpcId") == vpc:
            return Database(interface, inventory, span_of(address))
    return None


def _private(interface: Resource) -> Iterator[str]:
    for record in (interface, *interface.records("PrivateIpAddresses", default=())):
        yield record.text("PrivateIpAddress", default="")


def _names(resource: Resource) -> Iterator[str]:
    """The names by which clients reach it."""
    if resource.kind == "db-cluster":
        names = [resource.text("Endpoint", default=""), resource.text("ReaderEndpoint", default="")]
        names += resource.texts("CustomEndpoints", default=())
    elif resource.kind == "redshift-workgroup":
        names = [resource.block("endpoint", default={}).text("address", default="")]
    else:
        names = [resource.block("Endpoint", default={}).text("Address", default="")]
    for name in names:
        if name:
            yield name.rstrip(".").lower()


def in_inventory(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The databases of the inventory that the endpoint's hosts are, with their kind."""
    destinations = destinations_of(endpoint, inventory)
    databases = [database_of(host, endpoint, inventory) for host, _ in destinations.items]
    names = tuple(
        f"{database.resource.kind} {database.resource.name}" for database in databases if database is not None
    )
    return Partial(names, destinations.missing).distinct().certain()


def open_to_world(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the security groups of the endpoint's database admit on its port from the whole internet."""

    def exposures(destination: tuple[str, int]) -> tuple[str, ...]:
        host, port = destination
        database = database_of(host, endpoint, inventory)
        if database is None:
            return ()
        return open_to_internet(database.groups, endpoint.account, database.resource.region, port, inventory)

    return collect_each(destinations_of(endpoint, inventory), exposures).distinct().certain()


FACTS: Final = (
    Fact("database.in_inventory", ENDPOINT, texts(), in_inventory),
    Fact("database.open_to_world", ENDPOINT, texts(), open_to_world),
)
