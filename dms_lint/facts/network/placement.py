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
    """A subnet by its id, with the VPC it is of; the zone is '' where it is not said."""

    id: str
    vpc: str
    zone: str
    account: str
    region: str


class Placement:
    """Where something runs; each part is Missing only for who asks for it."""

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
    def stands(self) -> tuple[tuple[Subnet, ...], ...]:
        """The subnets it stands in, each given as those of which it is one.

        What holds must hold of each: a replication that fails over must work too.  An instance that names its zones
        is in one subnet of each; a serverless replication that names none may come to run in any.
        """
        return _stands(self.runner, _members(self.runner, self.inventory))

    @cached_property
    def subnets(self) -> tuple[Subnet, ...]:
        """All subnets that it may stand in: those of its zones, else those of its subnet group."""
        return tuple(dict.fromkeys(subnet for either in self.stands for subnet in either))

    @cached_property
    def private(self) -> tuple[Span, ...]:
        """Its private addresses; () where none is known, as with a serverless replication."""
        return _addresses(self.runner, "ReplicationInstancePrivateIpAddress")

    @cached_property
    def public(self) -> tuple[Span, ...]:
        """Its public addresses; () where it certainly has none."""
        if self.runner.kind != "replication-instance":
            return ()
        found = _addresses(self.runner, "ReplicationInstancePublicIpAddress")
        if found or not self.runner.flag("PubliclyAccessible"):
            return found
        raise self.runner.missing("ReplicationInstancePublicIpAddresses")

    @cached_property
    def sources(self) -> tuple[Span, ...]:
        """Where its private address lies: the addresses themselves, else the ranges of its subnets."""
        return self.private or tuple(one for subnet in self.subnets for one in subnet_ranges(subnet, self.inventory))

    def throughout(self, said: Mapping[Subnet, Verdictish]) -> Verdictish:
        """What holds wherever it stands, of what is said of each of its subnets."""
        return all_of(unanimous(said[subnet] for subnet in either) for either in self.stands)


@memoized
def placement_of(runner: Resource, inventory: Inventory) -> Placement:
    """Where a replication instance or a serverless replication stands; made once for each."""
    return Placement(runner, inventory)


def subnet_ranges(subnet: Subnet, inventory: Inventory) -> tuple[Span, ...]:
    """The ranges of a subnet, of IPv4 and, where it has one, IPv6."""
    return _ranges(listed_subnet(subnet, inventory), inventory)


def listed_subnet(subnet: Subnet, inventory: Inventory) -> Resource:
    """The subnet as it was listed; Missing where it was not."""
    found = inventory.find("subnet", subnet.id, subnet.account, subnet.region)
    if found is None:
        raise Missing(
            f"subnet {subnet.id} is not among those listed",
            needs="ec2:DescribeSubnets",
            reason="a subnet is not among those listed",
        )
    return found


@memoized
def _ranges(subnet: Resource, inventory: Inventory) -> tuple[Span, ...]:
    written = [subnet.text("CidrBlock", default="")]
    for entry in subnet.records("Ipv6CidrBlockAssociationSet", default=()):
        state = entry.block("Ipv6CidrBlockState", default={}).text("State", default="associated")
        if state == "associated":
            written.append(entry.text("Ipv6CidrBlock"))
    spans = [_span(subnet, one) for one in written if one]
    if not spans:
        raise subnet.missing("CidrBlock")
    return tuple(spans)


def _span(record: Record, written: str) -> Span:
    found = span(written)
    if found is None:
        raise record.malformed("CidrBlock", "a range of addresses")
    return found


def _addresses(runner: Resource, member: str) -> tuple[Span, ...]:
    """The addresses of a member that AWS gives as a list, and in older answers as one."""
    if runner.kind != "replication-instance":
        return ()
    written = runner.texts(f"{member}es", default=()) or (runner.text(member, default=""),)
    ipv6 = runner.texts("ReplicationInstanceIpv6Addresses", default=()) if "Private" in member else ()
    return tuple(_span_of_address(runner, member, one) for one in (*written, *ipv6) if one)


def _span_of_address(runner: Resource, member: str, written: str) -> Span:
    found = span(written)
    if found is None:
        raise runner.malformed(f"{member}es", "a list of addresses")
    return found


@memoized
def security_group_ids(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ids of the security groups that are active on it.

    A serverless replication that names none has the default group of its VPC.
    """
    if resource.kind == "replication-config":
        config = resource.block("ComputeConfig")
        named = config.texts("VpcSecurityGroupIds", default=())
        return named or (_default_group(resource, inventory),)
    return active_group_ids(resource, "VpcSecurityGroups")


def active_group_ids(resource: Resource, member: str) -> tuple[str, ...]:
    """The ids of the groups of a list of memberships that are active; Missing where it has none."""
    found = tuple(
        membership.text("VpcSecurityGroupId")
        for membership in resource.records(member)
        # AWS sends the status with each; a template names groups without one.
        if membership.text("Status", default="active") == "active"
    )
    if not found:
        raise resource.missing(member)
    return found


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


def _members(runner: Resource, inventory: Inventory) -> tuple[Subnet, ...]:
    return subnets_of_group(_subnet_group(runner, inventory), runner, vpc_of(runner, inventory))


def subnets_of_group(group: Record, of: Resource, vpc: str) -> tuple[Subnet, ...]:
    """The subnets that a subnet group of DMS, RDS or Redshift lists; Missing where it lists none."""
    found = tuple(
        Subnet(
            entry.text("SubnetIdentifier"),
            vpc,
            entry.block("SubnetAvailabilityZone", default={}).text("Name", default=""),
            of.account,
            of.region,
        )
        for entry in group.records("Subnets")
    )
    if not found:
        raise group.missing("Subnets")
    return found


def _stands(runner: Resource, subnets: tuple[Subnet, ...]) -> tuple[tuple[Subnet, ...], ...]:
    record = runner if runner.kind == "replication-instance" else runner.block("ComputeConfig")
    first = record.text("AvailabilityZone", default="")
    if not first and runner.kind == "replication-config":
        # API reference, ComputeConfig: the zone is then chosen by the system, anew each time capacity is.
        return tuple((subnet,) for subnet in subnets)
    return alternatives_by_zone(
        subnets,
        (first, record.text("SecondaryAvailabilityZone", default="")),
        several=record.flag("MultiAZ") if "MultiAZ" in record else None,
    )


def alternatives_by_zone(
    subnets: tuple[Subnet, ...], zones: Iterable[str], *, several: bool | None
) -> tuple[tuple[Subnet, ...], ...]:
    """The subnets of each zone that is named; where another is not named, those of all other zones.

    `several` is whether it stands in two zones; where that is not known (None), it may be in any subnet.
    """
    named = [zone for zone in zones if zone]
    found = [_in_zone(subnets, zone) for zone in named]
    if not named or (len(named) < 2 and several is None):
        found.append(subnets)
    elif len(named) < 2 and several:
        found.append(tuple(_elsewhere(subnets, named)) or subnets)
    return tuple(dict.fromkeys(found))


def _in_zone(subnets: tuple[Subnet, ...], zone: str) -> tuple[Subnet, ...]:
    """Those of a zone; all where none is, as of a zone by its other name nothing can be said."""
    return tuple(subnet for subnet in subnets if subnet.zone in (zone, "")) or subnets


def _elsewhere(subnets: tuple[Subnet, ...], zones: list[str]) -> Iterator[Subnet]:
    for subnet in subnets:
        if subnet.zone not in zones:
            yield subnet
