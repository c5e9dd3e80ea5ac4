"""Where an instance or a serverless replication stands: its VPC, groups, subnets and addresses."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from dms_lint.facts.fact import memoized
from dms_lint.libs.ip_ranges import Span, span
from dms_lint.logic.kleene import Verdictish, all_of, unanimous
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource


class Subnet(NamedTuple):
    """A subnet by its id, with its VPC; the zone is '' where AWS does not name it."""

    id: str
    vpc: str
    zone: str
    account: str
    region: str


class Placement:
    """The place of a runner in its network; each part is Missing only when it is read."""

    def __init__(self, runner: Resource, inventory: Inventory) -> None:
        self.runner = runner
        self.inventory = inventory

    @cached_property
    def vpc(self) -> str:
        """The id of its VPC."""
        return vpc_of(self.runner, self.inventory)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The ids of the security groups that are active on it."""
        return security_group_ids(self.runner, self.inventory)

    @cached_property
    def subnet_alternatives(self) -> tuple[tuple[Subnet, ...], ...]:
        """The subnets it stands in, each as the alternatives among which it is.

        What holds must hold of each: a replication that fails over must work too.  An instance that names its zones
        is in one subnet of each; a serverless replication that names none may come to run in any.
        """
        return _subnet_alternatives(self.runner, _subnets_of_runner(self.runner, self.inventory))

    @cached_property
    def subnets(self) -> tuple[Subnet, ...]:
        """Every subnet that it may stand in: of its zones, else of its subnet group."""
        return tuple(dict.fromkeys(subnet for alternatives in self.subnet_alternatives for subnet in alternatives))

    @cached_property
    def private(self) -> tuple[Span, ...]:
        """Its private addresses; () where AWS shows none, as with a serverless replication."""
        return _addresses(self.runner, "ReplicationInstancePrivateIpAddress")

    @cached_property
    def public(self) -> tuple[Span, ...]:
        """Its public addresses; () where it certainly has none."""
        if self.runner.kind != "replication-instance":
            return ()
        addresses = _addresses(self.runner, "ReplicationInstancePublicIpAddress")
        if addresses or not self.runner.flag("PubliclyAccessible"):
            return addresses
        raise self.runner.missing("ReplicationInstancePublicIpAddresses")

    @cached_property
    def sources(self) -> tuple[Span, ...]:
        """The spans of its private address: the addresses themselves, else the ranges of its subnets."""
        return self.private or tuple(span for subnet in self.subnets for span in subnet_ranges(subnet, self.inventory))

    def holds_in_every_subnet(self, verdicts: Mapping[Subnet, Verdictish]) -> Verdictish:
        """Whether something holds wherever it stands, by the verdict for each of its subnets."""
        return all_of(
            unanimous(verdicts[subnet] for subnet in alternatives) for alternatives in self.subnet_alternatives
        )


@memoized
def placement_of(runner: Resource, inventory: Inventory) -> Placement:
    """The placement of a replication instance or a serverless replication; made once for each."""
    return Placement(runner, inventory)


def subnet_ranges(subnet: Subnet, inventory: Inventory) -> tuple[Span, ...]:
    """The ranges of a subnet, of IPv4 and, where it has one, IPv6."""
    return _ranges(listed_subnet(subnet, inventory), inventory)


def listed_subnet(subnet: Subnet, inventory: Inventory) -> Resource:
    """The subnet as it was listed; Missing where it was not."""
    resource = inventory.find("subnet", subnet.id, subnet.account, subnet.region)
    if resource is None:
        raise Missing(
            f"subnet {subnet.id} is not among those listed",
            needs="ec2:DescribeSubnets",
            reason="a subnet is not among those listed",
        )
    return resource


@memoized
def _ranges(subnet: Resource, inventory: Inventory) -> tuple[Span, ...]:
    cidrs = [subnet.text("CidrBlock", default="")]
    for entry in subnet.records("Ipv6CidrBlockAssociationSet", default=()):
        state = entry.block("Ipv6CidrBlockState", default={}).text("State", default="associated")
        if state == "associated":
            cidrs.append(entry.text("Ipv6CidrBlock"))
    spans = [_span(subnet, cidr) for cidr in cidrs if cidr]
    if not spans:
        raise subnet.missing("CidrBlock")
    return tuple(spans)


def _span(record: Record, cidr: str) -> Span:
    addresses = span(cidr)
    if addresses is None:
        raise record.malformed("CidrBlock", "a range of addresses")
    return addresses


def _addresses(runner: Resource, member: str) -> tuple[Span, ...]:
    """The addresses of a member that AWS gives as a list, and in older answers as one."""
    if runner.kind != "replication-instance":
        return ()
    ipv4 = runner.texts(f"{member}es", default=()) or (runner.text(member, default=""),)
    ipv6 = runner.texts("ReplicationInstanceIpv6Addresses", default=()) if "Private" in member else ()
    return tuple(_span_of_address(runner, member, address) for address in (*ipv4, *ipv6) if address)


def _span_of_address(runner: Resource, member: str, address: str) -> Span:
    addresses = span(address)
    if addresses is None:
        raise runner.malformed(f"{member}es", "a list of addresses")
    return addresses


@memoized
def security_group_ids(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ids of the security groups that are active on it.

    A serverless replication that names none has the default group of its VPC.
    """
    if resource.kind == "replication-config":
        config = resource.block("ComputeConfig")
        ids = config.texts("VpcSecurityGroupIds", default=())
        return ids or (_default_group(resource, inventory),)
    return active_group_ids(resource, "VpcSecurityGroups")


def active_group_ids(resource: Resource, member: str) -> tuple[str, ...]:
    """The ids of the groups of a list of memberships that are active; Missing where it has none."""
    ids = tuple(
        membership.text("VpcSecurityGroupId")
        for membership in resource.records(member)
        # AWS sends the status with each; a template names groups without one.
        if membership.text("Status", default="active") == "active"
    )
    if not ids:
        raise resource.missing(member)
    return ids


def _default_group(resource: Resource, inventory: Inventory) -> str:
    vpc = vpc_of(resource, inventory)
    for group in inventory.index("security-group", _default_of).get(vpc, ()):
        return group.id
    inventory.all("security-group", resource.account, resource.region)
    raise Missing(
        f"{resource.where}: the default security group of {vpc} is not among those listed",
        needs="ec2:DescribeSecurityGroups",
        reason="the VPC's default security group is not among those listed",
    )


def _default_of(group: Resource) -> tuple[str, ...]:
    return (group.text("VpcId"),) if group.text("GroupName") == "default" else ()


def vpc_of(resource: Resource, inventory: Inventory) -> str:
    """The VPC in which a task, an instance or a serverless replication runs."""
    if resource.kind == "task":
        arn = resource.text("ReplicationInstanceArn")
        instance = inventory.find("replication-instance", arn)
        if instance is None:
            raise resource.missing("ReplicationInstanceArn")
        resource = instance
    return _subnet_group(resource, inventory).text("VpcId")


def _subnet_group(resource: Resource, inventory: Inventory) -> Record:
    """The subnet group of an instance, which its own answer holds, or of a serverless replication."""
    if resource.kind == "replication-instance":
        return resource.block("ReplicationSubnetGroup")
    name = resource.block("ComputeConfig").text("ReplicationSubnetGroupId")
    group = inventory.find("subnet-group", name, resource.account, resource.region)
    if group is None:
        raise Missing(
            f"{resource.where} names the subnet group {name}, which does not exist",
            needs="dms:DescribeReplicationSubnetGroups",
            reason="a subnet group does not exist",
        )
    return group


def _subnets_of_runner(runner: Resource, inventory: Inventory) -> tuple[Subnet, ...]:
    return subnets_of_group(_subnet_group(runner, inventory), runner, vpc_of(runner, inventory))


def subnets_of_group(group: Record, resource: Resource, vpc: str) -> tuple[Subnet, ...]:
    """The subnets of the subnet group (of DMS, RDS or Redshift) of a resource; Missing where it lists none."""
    subnets = tuple(
        Subnet(
            entry.text("SubnetIdentifier"),
            vpc,
            entry.block("SubnetAvailabilityZone", default={}).text("Name", default=""),
            resource.account,
            resource.region,
        )
        for entry in group.records("Subnets")
    )
    if not subnets:
        raise group.missing("Subnets")
    return subnets


def _subnet_alternatives(runner: Resource, subnets: tuple[Subnet, ...]) -> tuple[tuple[Subnet, ...], ...]:
    record = runner if runner.kind == "replication-instance" else runner.block("ComputeConfig")
    first = record.text("AvailabilityZone", default="")
    if not first and runner.kind == "replication-config":
        # API reference, ComputeConfig: the zone is then chosen by the system, anew each time capacity is.
        return tuple((subnet,) for subnet in subnets)
    return alternatives_by_zone(
        subnets,
        (first, record.text("SecondaryAvailabilityZone", default="")),
        multi_az=record.flag("MultiAZ") if "MultiAZ" in record else None,
    )


def alternatives_by_zone(
    subnets: tuple[Subnet, ...], zones: Iterable[str], *, multi_az: bool | None
) -> tuple[tuple[Subnet, ...], ...]:
    """The subnets of each zone that has a name; for a second zone without one, those of all the rest.

    `multi_az` is whether it stands in two zones; where AWS does not say (None), it may be in any subnet.
    """
    named_zones = [zone for zone in zones if zone]
    alternatives = [_in_zone(subnets, zone) for zone in named_zones]
    if not named_zones or (len(named_zones) < 2 and multi_az is None):
        alternatives.append(subnets)
    elif len(named_zones) < 2 and multi_az:
        alternatives.append(tuple(_outside_zones(subnets, named_zones)) or subnets)
    return tuple(dict.fromkeys(alternatives))


def _in_zone(subnets: tuple[Subnet, ...], zone: str) -> tuple[Subnet, ...]:
    """The subnets of a zone; all where none is, as for a zone that goes by another name."""
    return tuple(subnet for subnet in subnets if subnet.zone in (zone, "")) or subnets


def _outside_zones(subnets: tuple[Subnet, ...], zones: list[str]) -> Iterator[Subnet]:
    for subnet in subnets:
        if subnet.zone not in zones:
            yield subnet
