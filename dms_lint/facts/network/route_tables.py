"""Where the route tables of subnets send a packet, and whether something reaches the internet."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.fact import memoized
from dms_lint.facts.network.placement import Subnet, placement_of
from dms_lint.facts.network.security_groups import prefix_list_ranges
from dms_lint.libs.ip_ranges import WHOLE, Span, private, span, without
from dms_lint.logic.kleene import attempt, require
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.facts.network.placement import Placement
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

# The member of a route that names where it leads, and what that is.  A GatewayId is told by how its id begins.
_TARGETS: Final = (
    ("NatGatewayId", "nat"),
    ("TransitGatewayId", "tgw"),
    ("VpcPeeringConnectionId", "peering"),
    ("CoreNetworkArn", "corenetwork"),
    ("NetworkInterfaceId", "eni"),
    ("InstanceId", "eni"),
    ("EgressOnlyInternetGatewayId", "eigw"),
    ("LocalGatewayId", "lgw"),
    ("CarrierGatewayId", "cagw"),
)
_GATEWAYS: Final = {"local": "local", "igw": "igw", "vgw": "vgw", "vpce": "vpce"}
_FAR: Final = ("tgw", "corenetwork", "vgw", "eni", "vpce", "lgw", "cagw")
"""Ways that lead where this account may not see on."""


class Hop(NamedTuple):
    """Where a packet goes next.

    `kind` is local, peering, tgw, corenetwork, vgw, eni, vpce (gateway or Gateway Load Balancer endpoint), nat, igw,
    eigw (egress-only internet gateway), lgw, cagw, or none: no route matches, or one to what is gone (a blackhole).
    """

    kind: str
    target: str
    """The id of where it leads; of a blackhole too, '' where no route matches."""
    table: str
    """The id of the route table."""


class _Route(NamedTuple):
    span: Span | None
    """None for a destination that is not known."""
    list: str
    """The prefix list it is of, or ''."""
    rank: int
    """Of routes to the same range the lowest counts."""
    hop: Hop | Missing


def route_table_of(subnet: Subnet, inventory: Inventory) -> Resource:
    """The route table of a subnet: the one associated with it, else the main one of its VPC."""
    tables = inventory.index("route-table", _associated)
    for found in tables.get(subnet.id, ()):
        return found
    inventory.all("route-table", subnet.account, subnet.region)
    for unread in tables.get("", ()):
        for _ in _associated(unread):
            pass  # raises what is Missing
    for found in tables.get(f"main {subnet.vpc}", ()):
        return found
    raise Missing(
        f"the route table of subnet {subnet.id} is not among those listed",
        needs="ec2:DescribeRouteTables",
        reason="a subnet's route table is not among those listed",
    )


def _associated(table: Resource) -> Iterator[str]:
    """The subnets of a route table, and `main vpc-...` for a main table."""
    for association in table.records("Associations"):
        state = association.block("AssociationState", default={}).text("State", default="associated")
        if state in ("disassociated", "failed") or "GatewayId" in association:
            continue
        if "SubnetId" in association:
            yield association.text("SubnetId")
        elif association.flag("Main"):
            yield f"main {table.text('VpcId')}"
        else:
            raise association.missing("SubnetId")


def next_hop(subnet: Subnet, address: Span, inventory: Inventory) -> Hop:
    """Where the subnet's route table sends a packet to an address, or to all of a range of addresses.

    The longest prefix decides; a blackhole is a hop of kind none.  Missing where the table was not read, and where
    parts of the range, or the unread entries of a prefix list, may lead elsewhere.
    """
    table = route_table_of(subnet, inventory)
    hops: list[Hop] = []
    for hop in _hops(table, address, inventory):
        if isinstance(hop, Missing):
            raise hop
        if not any(known[:2] == hop[:2] for known in hops):
            hops.append(hop)
    if len(hops) > 1:
        ways = " and ".join(hop.target or "nowhere" for hop in hops)
        raise Missing(
            f"route table {table.id} sends parts of {address} to {ways}",
            needs="the address of the other end",
            reason="parts of where the address may lie are routed differently",
        )
    return hops[0]


def _hops(table: Resource, address: Span, inventory: Inventory) -> Iterator[Hop | Missing]:
    """All that a packet to some address of the span may meet."""
    left: tuple[Span, ...] = (address,)
    for route in _routes(table, inventory):
        if route.span is None:
            # AWS's own lists, of gateway endpoints, hold public addresses alone.
            gateway = isinstance(route.hop, Hop) and route.hop.kind == "vpce"
            if not (route.list and gateway and private(address)):
                yield route.hop if isinstance(route.hop, Missing) else _unlisted(table, route, left, inventory)
            continue
        met = [one for one in left if one.meets(route.span)]
        if met:
            yield route.hop
            left = tuple(rest for one in left for rest in without(one, (route.span,)))
        if not left:
            return
    yield Hop("none", "", table.id)


def _unlisted(table: Resource, route: _Route, left: tuple[Span, ...], inventory: Inventory) -> Hop | Missing:
    """A route to a prefix list that was not read: it is no matter where all else leads the same way."""
    others = [one for one in _routes(table, inventory) if one.span is not None and one.span.meets(left[0])]
    if others and others[0].span is not None and others[0].span.holds(left[0]):
        hop = others[0].hop
        if isinstance(hop, Hop) and isinstance(route.hop, Hop) and hop[:2] == route.hop[:2]:
            return hop
    return Missing(
        f"route table {table.id} has a route to {route.list or 'an unknown range'}, whose entries are not in the input",
        needs="ec2:GetManagedPrefixListEntries",
        reason="the entries of a prefix list are not in the input",
    )


@memoized
def _routes(table: Resource, inventory: Inventory) -> tuple[_Route, ...]:
    """The routes of a table, those of unknown destination first, then the longest prefix first."""
    found = [route for record in table.records("Routes") for route in _read(record, table, inventory)]
    local = [one.span for one in found if one.span and isinstance(one.hop, Hop) and one.hop.kind == "local"]
    # VPC User Guide, route priority: the local route comes before any that is propagated within its range.
    found = [one for one in found if not (one.rank == 3 and one.span and any(of.holds(one.span) for of in local))]
    return tuple(sorted(found, key=_order))


def _order(route: _Route) -> tuple[int, int]:
    return (0 if route.span is None else route.span.last - route.span.first + 1, route.rank)


def _read(record: Record, table: Resource, inventory: Inventory) -> Iterator[_Route]:
    hop = attempt(lambda: _hop(record, table))
    propagated = record.text("Origin", default="") == "EnableVgwRoutePropagation"
    local = isinstance(hop, Hop) and hop.kind == "local"
    for key in ("DestinationCidrBlock", "DestinationIpv6CidrBlock"):
        written = record.text(key, default="")
        if written:
            yield _Route(span(written), "", 3 if propagated else 0 if local else 1, hop)
            return
    listed = record.text("DestinationPrefixListId", default="")
    ranges = attempt(lambda: prefix_list_ranges(listed, table.account, table.region, inventory)) if listed else None
    if ranges is None or isinstance(ranges, Missing):
        yield _Route(None, listed, 2, hop)
        return
    for one in ranges:
        yield _Route(one, listed, 2, hop)


def _hop(record: Record, table: Resource) -> Hop:
    kind, target = _target(record)
    state = record.text("State")
    return Hop(kind if state == "active" else "none", target, table.id)


def _target(record: Record) -> tuple[str, str]:
    for member, kind in _TARGETS:
        if member in record:
            return kind, record.text(member)
    gateway = record.text("GatewayId")
    kind = _GATEWAYS.get(gateway.partition("-")[0], "")
    if not kind:
        raise record.malformed("GatewayId", "the id of a gateway")
    return kind, gateway


def default_hop(subnet: Subnet, inventory: Inventory, *, versions: tuple[int, ...] = (4, 6)) -> Hop:
    """Where the default route of a subnet, of IPv4, leads; of kind none where it has none.

    Missing where it has none, but routes to a part of the internet, of the IP versions that matter.
    """
    table = route_table_of(subnet, inventory)
    for route in _routes(table, inventory):
        if route.span == WHOLE[4]:
            if isinstance(route.hop, Missing):
                raise route.hop
            return route.hop
    for one in _routes(table, inventory):
        if one.span is not None and (one.span.version not in versions or private(one.span)):
            continue
        hop = one.hop
        # A gateway endpoint leads to its service alone, which its prefix list is of.
        nowhere = ("local", "peering", "none", "vpce") if one.list else ("local", "peering", "none")
        if isinstance(hop, Missing) or hop.kind not in nowhere:
            raise Missing(
                f"route table {table.id} has no default route, and routes to a part of the internet",
                needs="the address of the other end",
                reason="a route table leads to a part of the internet alone",
            )
    return Hop("none", "", table.id)


@memoized
def has_internet(runner: Resource, inventory: Inventory) -> bool:
    """Whether an instance or a serverless replication reaches the internet, from wherever it may come to stand.

    By an internet gateway and a public address, or by a public NAT gateway.  Missing where the default route leaves by
    what this account may not see on, or where something was not read.
    """
    where = placement_of(runner, inventory)
    said = {subnet: attempt(partial(_reaches, where, subnet)) for subnet in where.subnets}
    return require(where.throughout(said))


def _reaches(where: Placement, subnet: Subnet) -> bool:
    both = where.runner.text("NetworkType", default="IPV4").upper() != "IPV4"
    hop = default_hop(subnet, where.inventory, versions=(4, 6) if both else (4,))
    if hop.kind == "igw":
        return bool(where.public)
    if hop.kind == "nat":
        return nat_works(hop.target, subnet, where.inventory)
    if hop.kind in _FAR:
        raise Missing(
            f"the default route of {subnet.id} in {hop.table} leaves by {hop.target}, and whether that leads to the "
            "internet cannot be seen",
            needs="where the default route leads",
            reason="the default route leaves by a transit gateway, a VPN or an appliance",
        )
    return False


def nat_works(id: str, subnet: Subnet, inventory: Inventory) -> bool:  # noqa: A002
    """Whether a NAT gateway is a public one that works; not where its own subnet certainly leads to no internet.

    Missing where it is not listed: of a shared VPC only the owner sees the NAT gateways.
    """
    gateway = inventory.find("nat-gateway", id, subnet.account, subnet.region)
    if gateway is None:
        raise Missing(
            f"NAT gateway {id}, to which the default route of {subnet.id} leads, is not among those listed",
            needs="ec2:DescribeNatGateways",
            reason="a NAT gateway is not among those listed",
        )
    if gateway.text("State") != "available" or gateway.text("ConnectivityType") != "public":
        return False
    own = gateway.text("SubnetId", default="")
    if not own:
        return True  # a regional NAT gateway has no subnet, and routes of its own
    at = Subnet(own, gateway.text("VpcId"), "", subnet.account, subnet.region)
    hop = attempt(lambda: default_hop(at, inventory))
    # A firewall often stands between a NAT gateway and the internet gateway.
    return isinstance(hop, Missing) or hop.kind == "igw" or hop.kind in _FAR
