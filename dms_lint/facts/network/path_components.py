"""The path between two subnets: network ACLs, peerings and transit gateways, NAT gateways and hosts that forward."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dms_lint.facts.network.databases import Database
from dms_lint.facts.network.network_acls import Lookup, lookups
from dms_lint.facts.network.placement import Subnet, subnet_ranges
from dms_lint.facts.network.route_tables import Hop, leads_alike, next_hop
from dms_lint.facts.network.security_groups import End, admits, groups_of
from dms_lint.libs.ip_ranges import Span, span
from dms_lint.logic.kleene import Verdictish, all_of, attempt, unanimous
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.facts.network.flows import Flow
    from dms_lint.facts.network.placement import Placement
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_OPAQUE = ("corenetwork", "vgw", "eni", "vpce", "lgw", "cagw", "nat", "local")
"""The kinds of hops to another VPC of which this account does not see whether they arrive there."""


# -- network ACLs


def _database_alternatives(flow: Flow) -> tuple[tuple[Subnet | None, ...], ...]:
    """The alternative subnets of the database, when its side is ours and is reached by its private address."""
    if not isinstance(flow.database, Database) or flow.public:
        return ((None,),)
    require_address_kind(flow)
    return flow.database.subnet_alternatives


def require_address_kind(flow: Flow) -> None:
    """Raises Missing where nothing says whether a database is met by its private or its public address."""
    if isinstance(flow.database, Database) and flow.database.vpc != flow.placement.vpc:
        public = flow.database.public
        if public and not flow.public and flow.missing is not None:
            raise flow.missing


def subnet_pairs(flow: Flow) -> Iterator[tuple[Subnet, Subnet | None]]:
    """Each subnet of the instance with each of the database; with None where the database is not ours."""
    for near in flow.placement.subnets:
        for far in dict.fromkeys(far for alternatives in _database_alternatives(flow) for far in alternatives):
            yield near, far


def acl_lookups_between(flow: Flow, near: Subnet, far: Subnet | None, inventory: Inventory) -> tuple[Lookup, ...]:
    """The lookups in the ACLs of a pair of subnets."""
    version = flow.spans[0].version if flow.spans else 4
    at_one_address = isinstance(flow.database, Database) and flow.database.address is not None
    targets = flow.spans if far is None or at_one_address else ranges_by_version(far, version, inventory)
    sources = source_spans(flow.placement, near, version, inventory)
    return lookups(near, far, sources, targets, flow.port, inventory)


def source_spans(placement: Placement, subnet: Subnet, version: int, inventory: Inventory) -> tuple[Span, ...]:
    """The spans of a runner's private address in a subnet: its addresses there, else the subnet's ranges."""
    private = attempt(lambda: placement.private)
    ranges = ranges_by_version(subnet, version, inventory)
    addresses = () if isinstance(private, Missing) else private
    return tuple(address for address in addresses if any(span.holds(address) for span in ranges)) or ranges


def ranges_by_version(subnet: Subnet, version: int, inventory: Inventory) -> tuple[Span, ...]:
    """The ranges of a subnet of one IP version; () where they were not read."""
    ranges = attempt(partial(subnet_ranges, subnet, inventory))
    return () if isinstance(ranges, Missing) else tuple(span for span in ranges if span.version == version)


def acl_verdict(flow: Flow, inventory: Inventory) -> tuple[Verdictish, str]:
    """Whether the ACLs of both sides let a connection through, and those that do not."""
    verdicts: dict[tuple[Subnet, Subnet | None], Verdictish] = {}
    denials: list[str] = []
    for near, far in subnet_pairs(flow):
        passages = acl_lookups_between(flow, near, far, inventory)
        verdicts[near, far] = all_of(lookup.passes for lookup in passages)
        denials += [
            f"{lookup.acl} of {lookup.subnet}: {lookup.direction}" for lookup in passages if lookup.passes is False
        ]
    verdict = all_of(
        unanimous(verdicts[near, far] for near in near_alternatives for far in far_alternatives)
        for near_alternatives in flow.placement.subnet_alternatives
        for far_alternatives in _database_alternatives(flow)
    )
    # The near side alone passes, and the far side may be ours, or the address another.
    if isinstance(flow.database, Missing) and verdict is True:
        return flow.database, ""
    return verdict, "; ".join(dict.fromkeys(denials))


# -- between VPCs


def join_verdict(flow: Flow, inventory: Inventory) -> tuple[Verdictish, str]:
    """Whether routes lead from the instance's VPC to the database's and back; True where there is but one VPC."""
    if flow.unlocated is not None:
        return flow.unlocated, ""
    if not isinstance(flow.database, Database) or flow.public:
        return True, ""
    database = flow.database
    if database.vpc == flow.placement.vpc:
        return True, ""
    if not flow.spans:
        require_address_kind(flow)
        return flow.missing or _undecided_join(flow.destination), ""
    joins = [join for near in flow.placement.subnets for join in _joins_from(near, flow, database, inventory)]
    verdicts = [verdict for verdict, _ in joins]
    result = all_of(verdicts)
    # Where nothing says in which subnet it stands, a route is certainly absent only where every subnet lacks it.
    in_every_subnet = len(flow.placement.subnets) == len(flow.placement.subnet_alternatives)
    if result is False and not in_every_subnet and any(verdict is not False for verdict in verdicts):
        result = unanimous(verdicts)
    return result, "; ".join(dict.fromkeys(text for verdict, text in joins if verdict is False))


def _joins_from(near: Subnet, flow: Flow, database: Database, inventory: Inventory) -> Iterator[tuple[Verdictish, str]]:
    """Whether routes lead from one subnet of the runner to the database's VPC, and back."""
    hops = [attempt(partial(next_hop, near, span, inventory)) for span in flow.spans]
    for hop in hops:
        yield _leads_to(database.vpc, hop, near, inventory)
    yield from _ways_back(flow, database, [hop for hop in hops if isinstance(hop, Hop)], inventory)


def _leads_to(vpc: str, hop: Hop | Missing, subnet: Subnet, inventory: Inventory) -> tuple[Verdictish, str]:
    if isinstance(hop, Missing):
        return hop, ""
    if hop.kind == "peering":
        return _is_active(hop.target, subnet, inventory), f"peering {hop.target} is not active"
    if hop.kind == "tgw":
        return True, ""
    if hop.kind in _OPAQUE:
        return _undecided_join(hop.target), ""
    return False, f"{subnet.id} has no route to {vpc}"


def _is_active(peering_id: str, subnet: Subnet, inventory: Inventory) -> Verdictish:
    peering = attempt(partial(inventory.find, "vpc-peering", peering_id, subnet.account, subnet.region))
    if isinstance(peering, Missing):
        return peering
    if peering is None:
        return False
    code = attempt(lambda: peering.block("Status").text("Code"))
    return code if isinstance(code, Missing) else code == "active"


def _ways_back(
    flow: Flow, database: Database, hops: list[Hop], inventory: Inventory
) -> Iterator[tuple[Verdictish, str]]:
    """Whether the route tables of the database's subnets lead back by one of the hops there."""
    for alternatives in database.subnet_alternatives:
        verdict = unanimous(
            [
                _returns_by(hops, attempt(partial(next_hop, far, source, inventory)))
                for far in alternatives
                for source in flow.placement.sources
                if source.version == 4
            ]
        )
        names = ", ".join(subnet.id for subnet in alternatives)
        yield verdict, f"{names} of {database.vpc} has no route back to {flow.placement.vpc}"


def _returns_by(hops: list[Hop], back: Hop | Missing) -> Verdictish:
    if isinstance(back, Missing):
        return back
    if any(leads_alike(back, hop) for hop in hops):
        return True
    if back.kind in ("none", "igw"):
        return False
    return _undecided_join(back.target)


def _undecided_join(target: str) -> Missing:
    return Missing(
        f"whether {target} joins the two VPCs is not seen from here",
        needs="the network beyond",
        reason="two VPCs are joined by what this account does not see through",
    )


# -- gateways and hosts


def nat_addresses(id: str, subnet: Subnet, inventory: Inventory) -> tuple[Span, ...]:
    """The public addresses from which a NAT gateway sends; Missing where AWS does not show them."""
    gateway = inventory.find("nat-gateway", id, subnet.account, subnet.region)
    if gateway is None:
        raise Missing(f"NAT gateway {id} does not exist", needs="ec2:DescribeNatGateways")
    addresses = [span(address.text("PublicIp", default="")) for address in gateway.records("NatGatewayAddresses")]
    spans = tuple(address for address in addresses if address is not None)
    if not spans:
        raise gateway.missing("NatGatewayAddresses")
    return spans


def forwarding_verdicts(
    target: str, port: int, source: End, runner: Resource, inventory: Inventory
) -> Iterator[tuple[Verdictish, str]]:
    """Whether a host forwards packets that are not for itself, and whether its security groups admit the instance."""
    host = attempt(partial(_interface, target, runner, inventory))
    if isinstance(host, Missing):
        yield host, ""
        return
    checked = attempt(lambda: host.flag("SourceDestCheck"))
    yield (
        checked if isinstance(checked, Missing) else not checked,
        f"{target} checks source and destination, and drops what is not for itself",
    )
    ids = attempt(lambda: tuple(group.text("GroupId") for group in host.records("Groups")))
    if isinstance(ids, Missing):
        yield ids, ""
        return
    groups = groups_of(ids, host.account, host.region, inventory)
    yield admits(groups, port, source, inventory), f"{target} ({', '.join(ids)}) does not admit it on port {port}"


def _interface(target: str, runner: Resource, inventory: Inventory) -> Resource:
    interface = inventory.find("network-interface", target, runner.account, runner.region)
    if interface is None:
        raise Missing(
            f"network interface {target} is not among those listed",
            needs="ec2:DescribeNetworkInterfaces",
            reason="a network interface is not among those listed",
        )
    return interface
