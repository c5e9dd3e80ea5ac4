"""Where what runs a migration stands in its VPC, and whether it has a way to the internet."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Final, TypeAlias

from dms_lint.facts.base import derived
from dms_lint.facts.ternary import every
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.facts.ternary import Ternary
    from dms_lint.inventory import Inventory
    from dms_lint.model import Record, Resource

Network: TypeAlias = IPv4Network | IPv6Network

_EVERYWHERE: Final = "0.0.0.0/0"
_PEERING: Final = "VpcPeeringConnectionId"
"""A next hop that never leads to the internet: a peering connection does not hand on what another VPC has."""
_HOPS: Final = (
    "TransitGatewayId",
    "CoreNetworkArn",
    "NetworkInterfaceId",
    "InstanceId",
    "LocalGatewayId",
    "CarrierGatewayId",
)
"""Next hops behind which nobody sees what follows; a VPN's and an appliance's are gateways."""
_PRIVATE: Final = tuple(
    map(ip_network, ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"))
)


# -- who and where


def runner_of(path: Resource, inventory: Inventory) -> Resource:
    """The instance or serverless replication of a network path; Missing where it was not read."""
    serverless = "ReplicationConfigArn" in path
    kind = "replication-config" if serverless else "replication-instance"
    arn = path.text("ReplicationConfigArn" if serverless else "ReplicationInstanceArn")
    return _certain(inventory.find(kind, arn), path, kind, arn)


def endpoint_of(path: Resource, inventory: Inventory) -> Resource:
    """The endpoint of a network path; Missing where it was not read."""
    arn = path.text("EndpointArn")
    return _certain(inventory.find("endpoint", arn), path, "endpoint", arn)


def _certain(found: Resource | None, asks: Resource, kind: str, id_: str) -> Resource:
    if found is not None:
        return found
    raise Missing(
        f"{asks.where} names the {kind} {id_}, which does not exist",
        needs=asks.needs,
        reason=f"the {kind} that something names does not exist",
    )


def _group(runner: Resource, inventory: Inventory) -> Record:
    """The subnet group: an instance shows its own, a serverless replication names it."""
    if runner.kind == "replication-instance":
        return runner.block("ReplicationSubnetGroup")
    name = runner.block("ComputeConfig").text("ReplicationSubnetGroupId")
    found = inventory.find("subnet-group", name, runner.account, runner.region)
    return _certain(found, runner, "subnet-group", name)


def vpc_of(runner: Resource, inventory: Inventory) -> str:
    """The VPC in which an instance or a serverless replication runs."""
    return _group(runner, inventory).text("VpcId")


@derived
def subnets_of(runner: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ids of the subnets in which it runs, or may after a failover.

    Those of its subnet group in its Availability Zones; all, where it does not say these.
    """
    listed = _group(runner, inventory).records("Subnets")
    if not listed:
        raise Missing(
            f"{runner.where}: its subnet group has no subnets",
            needs="dms:DescribeReplicationSubnetGroups",
            reason="a subnet group without subnets",
        )
    zones = {runner.text(member, default="") for member in ("AvailabilityZone", "SecondaryAvailabilityZone")} - {""}
    standby = runner.kind != "replication-instance" or runner.flag("MultiAZ", default=True)
    if standby and len(zones) < 2:
        zones = set()
    mine = [one for one in listed if zones and one.block("SubnetAvailabilityZone").text("Name") in zones]
    return tuple(one.text("SubnetIdentifier") for one in mine or listed)


# -- routes


def table_of(subnet: str, vpc: str, asks: Resource, inventory: Inventory) -> Resource:
    """The route table of a subnet: the one that names it, else the main one of its VPC."""
    for table in inventory.index("route-table", _subnets_of_table).get(subnet, ()):
        return table
    inventory.all("route-table", asks.account, asks.region)
    for unread in inventory.index("route-table", _subnets_of_table).get("", ()):
        raise unread.missing("Associations")
    for table in inventory.index("route-table", _main_of).get(vpc, ()):
        return table
    raise Missing(
        f"{asks.where}: no route table of {subnet} in {vpc} is among those listed",
        needs="ec2:DescribeRouteTables",
        reason="the route table of a subnet is not among those listed",
    )


def _subnets_of_table(table: Resource) -> Iterator[str]:
    for one in table.records("Associations"):
        # A main table is associated with no subnet, a gateway's with that gateway.
        if not one.flag("Main", default=False) and "GatewayId" not in one:
            yield one.text("SubnetId")


def _main_of(table: Resource) -> tuple[str, ...]:
    main = any(one.flag("Main", default=False) for one in table.records("Associations"))
    return (table.text("VpcId"),) if main else ()


@derived
def has_internet(runner: Resource, inventory: Inventory) -> bool:
    """Whether it has a way to the internet from all of its subnets; Missing where that is not known.

    By an internet gateway, where it has a public address; or by a public NAT gateway.  What leaves by a transit
    gateway, a VPN or an appliance may reach the internet there, out of sight.
    """
    vpc = vpc_of(runner, inventory)
    holes: list[Missing] = []

    def leads(subnet: str) -> Ternary:
        try:
            return _leads_out(table_of(subnet, vpc, runner, inventory), runner, inventory)
        except Missing as missing:
            holes.append(missing)
            return None

    result = every([leads(subnet) for subnet in subnets_of(runner, inventory)])
    if result is None:
        raise holes[0]
    return result


def _leads_out(table: Resource, runner: Resource, inventory: Inventory) -> bool:
    route = _default(table, inventory)
    if route is None:
        return False
    if "NatGatewayId" in route:
        return _nat_leads_out(route.text("NatGatewayId"), runner, inventory)
    gateway = route.text("GatewayId", default="")
    if gateway.startswith("igw-"):
        return _has_public_address(runner)
    if _PEERING in route:
        return False
    hop = gateway or next((str(route[member]) for member in _HOPS if member in route), "what it does not name")
    raise Missing(
        f"{runner.where}: the default route of {table.id} leaves by {hop}, and whether that "
        "leads to the internet cannot be seen",
        needs="where the default route leads",
        reason="the default route leaves by a transit gateway, a VPN or an appliance",
    )


def _default(table: Resource, inventory: Inventory) -> Record | None:
    """The route to everywhere that works; None where there certainly is none."""
    partial = ""
    for route in table.records("Routes"):
        gateway = route.text("GatewayId", default="")
        # A VPC endpoint leads to its service, local to the VPC.
        if gateway == "local" or (gateway.startswith("vpce-") and "DestinationPrefixListId" in route):
            continue
        for to in _destinations(route, table, inventory):
            if to == _EVERYWHERE and route.text("State") != "blackhole":
                return route
            if to != _EVERYWHERE and _PEERING not in route and _is_public(to):
                partial = to
    if partial:
        raise Missing(
            f"{table.where}: a route leads to {partial}, which may be a part of the internet or all of it",
            needs="where the routes to public addresses lead",
            reason="routes to parts of the internet",
        )
    return None


def _destinations(route: Record, table: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ranges of IPv4 that a route is for; the id of a prefix list whose entries were not read."""
    to = route.text("DestinationPrefixListId", default="")
    if not to:
        return (route.text("DestinationCidrBlock", default=""),)
    try:
        listed = inventory.about("prefix-list-entries", to, account=table.account, region=table.region)
    except Missing:
        return (to,)
    return tuple(entry.text("Cidr") for entry in listed.records("Entries"))


def _is_public(to: str) -> bool:
    """Whether a range has addresses of the internet; what is no range may have."""
    network = _network(to) if to else None
    if network is None:
        return bool(to)
    return network.version == 4 and not any(network.subnet_of(one) for one in _PRIVATE)  # type: ignore[arg-type]


@lru_cache(maxsize=4096)
def _network(written: str) -> Network | None:
    try:
        return ip_network(written, strict=False)
    except ValueError:
        return None


def _has_public_address(runner: Resource) -> bool:
    if runner.kind != "replication-instance":
        return False  # a serverless replication never has one
    if runner.texts("ReplicationInstancePublicIpAddresses", default=()):
        return True
    if runner.text("ReplicationInstancePublicIpAddress", default=""):
        return True
    if runner.flag("PubliclyAccessible"):
        raise runner.missing("ReplicationInstancePublicIpAddresses")
    return False


def _nat_leads_out(id_: str, runner: Resource, inventory: Inventory) -> bool:
    nat = inventory.find("nat-gateway", id_, runner.account, runner.region)
    if nat is None:
        raise Missing(
            f"{runner.where}: its default route names {id_}, which is not among the NAT gateways listed",
            needs="ec2:DescribeNatGateways",
            reason="a NAT gateway is not among those listed",
        )
    if nat.text("State").lower() != "available" or nat.text("ConnectivityType").lower() != "public":
        return False
    try:
        if "SubnetId" not in nat:
            return True  # a regional NAT gateway has no subnet, and routes of its own
        route = _default(table_of(nat.text("SubnetId"), nat.text("VpcId"), runner, inventory), inventory)
    except Missing:
        return True  # a public NAT gateway should stand in a public subnet
    return route is not None and route.text("GatewayId", default="").startswith("igw-")
