"""What lies between two subnets: network ACLs, peerings and transit gateways, NAT gateways and hosts that forward."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dms_lint.facts.network.databases import Database
from dms_lint.facts.network.network_acls import Lookup, lookups
from dms_lint.facts.network.placement import Subnet, subnet_ranges
from dms_lint.facts.network.route_tables import Hop, next_hop
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

_UNSEEN = ("corenetwork", "vgw", "eni", "vpce", "lgw", "cagw", "nat", "local")
"""Ways to another VPC of which this account does not see whether they arrive there."""


def _far(way: Flow) -> tuple[tuple[Subnet | None, ...], ...]:
    """Where the database stands, when its side is ours and is reached by its private address."""
    if not isinstance(way.database, Database) or way.public:
        return ((None,),)
    require_address_kind(way)
    return way.database.stands


def require_address_kind(way: Flow) -> None:
    """Raises what is Missing where it cannot be told whether a database is met by its private or a public address."""
    if isinstance(way.database, Database) and way.database.vpc != way.where.vpc:
        public = way.database.public
        if public and not way.public and way.hole is not None:
            raise way.hole


def subnet_pairs(way: Flow) -> Iterator[tuple[Subnet, Subnet | None]]:
    """Each subnet of the instance with each of the database; with None where the database is not ours."""
    for near in way.where.subnets:
        for far in dict.fromkeys(one for either in _far(way) for one in either):
            yield near, far


def acl_lookups_between(way: Flow, near: Subnet, far: Subnet | None, inventory: Inventory) -> tuple[Lookup, ...]:
    """The lookups in the ACLs of a pair of subnets."""
    version = way.spans[0].version if way.spans else 4
    there = way.spans if far is None or _fixed(way) else ranges_by_version(far, version, inventory)
    return lookups(near, far, source_spans(way.where, near, version, inventory), there, way.port, inventory)


def source_spans(where: Placement, near: Subnet, version: int, inventory: Inventory) -> tuple[Span, ...]:
    """Where the private address of what stands in a subnet may lie: its addresses there, else the subnet's ranges."""
    private = attempt(lambda: where.private)
    within = ranges_by_version(near, version, inventory)
    own = () if isinstance(private, Missing) else private
    return tuple(one for one in own if any(range_.holds(one) for range_ in within)) or within


def ranges_by_version(subnet: Subnet, version: int, inventory: Inventory) -> tuple[Span, ...]:
    """The ranges of a subnet of one IP version; () where they are not known."""
    found = attempt(partial(subnet_ranges, subnet, inventory))
    return () if isinstance(found, Missing) else tuple(one for one in found if one.version == version)


def _fixed(way: Flow) -> bool:
    return isinstance(way.database, Database) and way.database.address is not None


def acl_verdict(way: Flow, inventory: Inventory) -> tuple[Verdictish, str]:
    """Whether the ACLs of both sides let a connection through, and those that do not."""
    said: dict[tuple[Subnet, Subnet | None], Verdictish] = {}
    denials: list[str] = []
    for near, far in subnet_pairs(way):
        found = acl_lookups_between(way, near, far, inventory)
        said[near, far] = all_of(one.passes for one in found)
        denials += [f"{one.acl} of {one.subnet}: {one.way}" for one in found if one.passes is False]
    verdict = all_of(
        unanimous(said[near, far] for near in here for far in there) for here in way.where.stands for there in _far(way)
    )
    if isinstance(way.database, Missing) and verdict is True:
        return way.database, ""
    return verdict, "; ".join(dict.fromkeys(denials))


def join_verdict(way: Flow, inventory: Inventory) -> tuple[Verdictish, str]:
    """Whether routes lead from the instance's VPC to the database's and back; True where there is but one VPC."""
    if isinstance(way.database, Missing) and not way.spans:
        return way.database, ""
    if not isinstance(way.database, Database) or way.public:
        return True, ""
    database = way.database
    if database.vpc == way.where.vpc:
        return True, ""
    if not way.spans:
        require_address_kind(way)
        return way.hole or _unseen(way.named), ""
    said: list[Verdictish] = []
    texts: list[str] = []
    for near in way.where.subnets:
        there = [attempt(partial(next_hop, near, one, inventory)) for one in way.spans]
        for hop in there:
            verdict, text = _leads(hop, near, database.vpc, inventory)
            said.append(verdict)
            texts += [text] if verdict is False else []
        ways_back = _back(way, database, [one for one in there if isinstance(one, Hop)], inventory)
        for verdict, text in ways_back:
            said.append(verdict)
            texts += [text] if verdict is False else []
    by_group = len(way.where.subnets) == len(way.where.stands)
    result = all_of(said)
    if result is False and not by_group and any(one is not False for one in said):
        result = unanimous(said)
    return result, "; ".join(dict.fromkeys(texts))


def _leads(hop: Hop | Missing, subnet: Subnet, vpc: str, inventory: Inventory) -> tuple[Verdictish, str]:
    if isinstance(hop, Missing):
        return hop, ""
    if hop.kind == "peering":
        return _active(hop.target, subnet, inventory), f"peering {hop.target} is not active"
    if hop.kind == "tgw":
        return True, ""
    if hop.kind in _UNSEEN:
        return _unseen(hop.target), ""
    return False, f"{subnet.id} has no route to {vpc}"


def _active(peering: str, subnet: Subnet, inventory: Inventory) -> Verdictish:
    found = attempt(partial(inventory.find, "vpc-peering", peering, subnet.account, subnet.region))
    if isinstance(found, Missing):
        return found
    if found is None:
        return False
    code = attempt(lambda: found.block("Status").text("Code"))
    return code if isinstance(code, Missing) else code == "active"


def _back(way: Flow, database: Database, there: list[Hop], inventory: Inventory) -> Iterator[tuple[Verdictish, str]]:
    """Whether the route tables of the database's subnets lead back by the same way."""
    for either in database.stands:
        answers: list[Verdictish] = []
        for far in either:
            sources = [one for one in way.where.sources if one.version == 4]
            answers += [_returns(attempt(partial(next_hop, far, one, inventory)), there) for one in sources]
        verdict = unanimous(answers)
        names = ", ".join(subnet.id for subnet in either)
        yield verdict, f"{names} of {database.vpc} has no route back to {way.where.vpc}"


def _returns(hop: Hop | Missing, there: list[Hop]) -> Verdictish:
    if isinstance(hop, Missing):
        return hop
    if any(hop[:2] == one[:2] for one in there):
        return True
    if hop.kind in ("none", "igw"):
        return False
    return _unseen(hop.target)


def _unseen(target: str) -> Missing:
    return Missing(
        f"whether {target} joins the two VPCs is not seen from here",
        needs="the network beyond",
        reason="two VPCs are joined by what this account does not see through",
    )


def nat_addresses(id: str, subnet: Subnet, inventory: Inventory) -> tuple[Span, ...]:  # noqa: A002
    """The public addresses from which a NAT gateway sends; Missing where they are not known."""
    gateway = inventory.find("nat-gateway", id, subnet.account, subnet.region)
    if gateway is None:
        raise Missing(f"NAT gateway {id} does not exist", needs="ec2:DescribeNatGateways")
    found = [span(one.text("PublicIp", default="")) for one in gateway.records("NatGatewayAddresses")]
    spans = tuple(one for one in found if one is not None)
    if not spans:
        raise gateway.missing("NatGatewayAddresses")
    return spans


def forwarding_verdicts(
    target: str, port: int, source: End, runner: Resource, inventory: Inventory
) -> Iterator[tuple[Verdictish, str]]:
    """Whether a host forwards what is not for itself, and whether its security groups admit the instance."""
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
    found = inventory.find("network-interface", target, runner.account, runner.region)
    if found is None:
        raise Missing(
            f"network interface {target} is not among those listed",
            needs="ec2:DescribeNetworkInterfaces",
            reason="a network interface is not among those listed",
        )
    return found
