"""Where the route tables of subnets send a packet, and whether a runner reaches the internet."""

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

# The member of a route that names its target, and the target's kind; that of a GatewayId is the prefix of its id.
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
_OPAQUE: Final = ("tgw", "corenetwork", "vgw", "eni", "vpce", "lgw", "cagw")
"""The kinds of hops beyond which this account cannot follow a packet."""
_LOCAL, _STATIC, _PREFIX_LIST, _PROPAGATED = range(4)
"""The ranks of routes to the same range (VPC User Guide, route priority)."""


class Hop(NamedTuple):
    """The next hop of a packet.

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
    """None for a prefix list that was not read."""
    prefix_list: str
    """The prefix list that it is for; '' for a range."""
    rank: int
    """The order among routes to the same range: the lowest counts."""
    hop: Hop | Missing


def route_table_of(subnet: Subnet, inventory: Inventory) -> Resource:
    """The route table of a subnet: the one associated with it, else the main one of its VPC."""
    tables = inventory.index("route-table", _associated)
    for associated in tables.get(subnet.id, ()):
        return associated
    inventory.all("route-table", subnet.account, subnet.region)
    # A table that does not show its associations may be the one of the subnet: raises what is Missing of it.
    for unreadable in tables.get("", ()):
        for _ in _associated(unreadable):
            pass
    for main in tables.get(f"main {subnet.vpc}", ()):
        return main
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
    """The hop to which the subnet's route table sends a packet to an address, or to all of a range of addresses.

    The longest prefix decides; a blackhole is a hop of kind none.  Missing where the table was not read, and where
    parts of the range, or entries of a prefix list that were not read, may lead elsewhere.
    """
    table = route_table_of(subnet, inventory)
    hops: list[Hop] = []
    for possible_hop in _possible_hops(table, address, inventory):
        hop = require(possible_hop)
        if not any(leads_alike(hop, earlier) for earlier in hops):
            hops.append(hop)
    if len(hops) > 1:
        targets = " and ".join(hop.target or "nowhere" for hop in hops)
        raise Missing(
            f"route table {table.id} sends parts of {address} to {targets}",
            needs="the address of the other end",
            reason="parts of where the address may lie are routed differently",
        )
    return hops[0]


def leads_alike(hop: Hop, second: Hop) -> bool:
    """Whether two hops lead to the same target, by whichever route table."""
    return hop[:2] == second[:2]


def _possible_hops(table: Resource, address: Span, inventory: Inventory) -> Iterator[Hop | Missing]:
    """The hops that a packet to some address of the span may take."""
    unrouted: tuple[Span, ...] = (address,)
    for route in _routes(table, inventory):
        if route.span is None:
            # AWS's own lists, of gateway endpoints, hold public addresses alone.
            gateway = isinstance(route.hop, Hop) and route.hop.kind == "vpce"
            if not (route.prefix_list and gateway and private(address)):
                yield route.hop if isinstance(route.hop, Missing) else _list_hop(table, route, unrouted[0], inventory)
            continue
        if any(part.meets(route.span) for part in unrouted):
            yield route.hop
            unrouted = tuple(rest for part in unrouted for rest in without(part, (route.span,)))
        if not unrouted:
            return
    yield Hop("none", "", table.id)


def _list_hop(table: Resource, route: _Route, address: Span, inventory: Inventory) -> Hop | Missing:
    """The hop by a route to a prefix list that was not read: no matter where the best route to a range leads alike."""
    ranges = [row for row in _routes(table, inventory) if row.span is not None and row.span.meets(address)]
    if ranges and ranges[0].span is not None and ranges[0].span.holds(address):
        hop = ranges[0].hop
        if isinstance(hop, Hop) and isinstance(route.hop, Hop) and leads_alike(hop, route.hop):
            return hop
    destination = route.prefix_list or "an unknown range"
    return Missing(
        f"route table {table.id} has a route to {destination}, whose entries are not in the input",
        needs="ec2:GetManagedPrefixListEntries",
        reason="the entries of a prefix list are not in the input",
    )


@memoized
def _routes(table: Resource, inventory: Inventory) -> tuple[_Route, ...]:
    """The routes of a table, prefix lists that were not read first, then the longest prefix first."""
    routes = [route for record in table.records("Routes") for route in _read(record, table, inventory)]
    local = [route.span for route in routes if route.span and isinstance(route.hop, Hop) and route.hop.kind == "local"]
    # VPC User Guide, route priority: the local route comes before any that is propagated within its range.
    routes = [
        route
        for route in routes
        if not (route.rank == _PROPAGATED and route.span and any(span.holds(route.span) for span in local))
    ]
    return tuple(sorted(routes, key=_order))


def _order(route: _Route) -> tuple[int, int]:
    return (0 if route.span is None else route.span.last - route.span.first + 1, route.rank)


def _read(record: Record, table: Resource, inventory: Inventory) -> Iterator[_Route]:
    hop = attempt(lambda: _hop(record, table))
    propagated = record.text("Origin", default="") == "EnableVgwRoutePropagation"
    local = isinstance(hop, Hop) and hop.kind == "local"
    for key in ("DestinationCidrBlock", "DestinationIpv6CidrBlock"):
        cidr = record.text(key, default="")
        if cidr:
            yield _Route(span(cidr), "", _PROPAGATED if propagated else _LOCAL if local else _STATIC, hop)
            return
    id_ = record.text("DestinationPrefixListId", default="")
    ranges = attempt(lambda: prefix_list_ranges(id_, table.account, table.region, inventory)) if id_ else None
    if ranges is None or isinstance(ranges, Missing):
        yield _Route(None, id_, _PREFIX_LIST, hop)
        return
    for entry in ranges:
        yield _Route(entry, id_, _PREFIX_LIST, hop)


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
    """The hop of the default route of a subnet, of IPv4; of kind none where it has none.

    Missing where it has none, but routes to a part of the internet, of the IP versions that matter.
    """
    table = route_table_of(subnet, inventory)
    for route in _routes(table, inventory):
        if route.span == WHOLE[4]:
            if isinstance(route.hop, Missing):
                raise route.hop
            return route.hop
    for route in _routes(table, inventory):
        if route.span is not None and (route.span.version not in versions or private(route.span)):
            continue
        hop = route.hop
        # A gateway endpoint leads to the ranges of its service alone, which its prefix list holds.
        nowhere = ("local", "peering", "none", "vpce") if route.prefix_list else ("local", "peering", "none")
        if isinstance(hop, Missing) or hop.kind not in nowhere:
            raise Missing(
                f"route table {table.id} has no default route, and routes to a part of the internet",
                needs="the address of the other end",
                reason="a route table leads to a part of the internet alone",
            )
    return Hop("none", "", table.id)


@memoized
def has_internet(runner: Resource, inventory: Inventory) -> bool:
    """Whether an instance or a serverless replication reaches the internet, from whichever subnet it stands in.

    By an internet gateway and a public address, or by a public NAT gateway.  Missing where the default route leaves by
    a hop beyond which this account cannot see, or where data were not read.
    """
    placement = placement_of(runner, inventory)
    verdicts = {subnet: attempt(partial(_reaches_from, placement, subnet)) for subnet in placement.subnets}
    return require(placement.holds_in_every_subnet(verdicts))


def _reaches_from(placement: Placement, subnet: Subnet) -> bool:
    dual_stack = placement.runner.text("NetworkType", default="IPV4").upper() != "IPV4"
    hop = default_hop(subnet, placement.inventory, versions=(4, 6) if dual_stack else (4,))
    if hop.kind == "igw":
        return bool(placement.public)
    if hop.kind == "nat":
        return nat_works(hop.target, subnet, placement.inventory)
    if hop.kind in _OPAQUE:
        raise Missing(
            f"the default route of {subnet.id} in {hop.table} leaves by {hop.target}, and whether that leads to the "
            "internet cannot be seen",
            needs="where the default route leads",
            reason="the default route leaves by a transit gateway, a VPN or an appliance",
        )
    return False


def nat_works(id: str, subnet: Subnet, inventory: Inventory) -> bool:
    """Whether a NAT gateway is public and works; not where its own subnet certainly leads to no internet.

    Missing where it is not listed: only the owner of a shared VPC sees its NAT gateways.
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
    subnet_id = gateway.text("SubnetId", default="")
    # A regional NAT gateway has no subnet, and routes of its own.
    if not subnet_id:
        return True
    public_subnet = Subnet(subnet_id, gateway.text("VpcId"), "", subnet.account, subnet.region)
    hop = attempt(lambda: default_hop(public_subnet, inventory))
    # A firewall often stands between a NAT gateway and the internet gateway.
    return isinstance(hop, Missing) or hop.kind == "igw" or hop.kind in _OPAQUE
