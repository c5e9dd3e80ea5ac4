"""The way from what runs a migration to a database: where each packet goes, and where it stops."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.relations import endpoint_of, runner_of
from dms_lint.facts.fact import FLAG, Fact, texts
from dms_lint.facts.network.databases import Database
from dms_lint.facts.network.flows import counterexamples, flows, holds_in_every_subnet, hop_of
from dms_lint.facts.network.hosts import has_host
from dms_lint.facts.network.instance_exposure import egress_groups as open_groups
from dms_lint.facts.network.path_components import (
    acl_lookups_between,
    acl_verdict,
    forwarding_verdicts,
    join_verdict,
    nat_addresses,
    require_address_kind,
    subnet_pairs,
)
from dms_lint.facts.network.placement import placement_of
from dms_lint.facts.network.route_tables import Hop, default_hop
from dms_lint.facts.network.security_groups import End, admits, end_of, groups_of, lets_all_out, lets_out
from dms_lint.libs.ip_ranges import WHOLE
from dms_lint.logic.kleene import Verdictish, any_of, attempt
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.facts.network.flows import Flow
    from dms_lint.facts.network.placement import Subnet
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

PATH: Final = ("network-path",)


def destinations(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The hosts and ports to which the path leads; none for a service that has no host, as S3."""
    found = flows(path, inventory)
    if found.hole is not None and not found.found:
        raise found.hole
    return tuple(way.named for way in found.found)


def hops(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Where the route table of each subnet of the instance sends the packets, as far as it is known."""
    said: list[str] = []
    for way in flows(path, inventory).found:
        for subnet in way.where.subnets:
            hop = attempt(partial(hop_of, way, subnet, inventory))
            if isinstance(hop, Hop):
                said.append(f"{way.named} from {subnet.id} by {hop.table}: {hop.kind} {hop.target}".rstrip())
    return tuple(dict.fromkeys(said))


def egress_groups(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The security groups of what runs the migration that let something out."""
    return open_groups(runner_of(path, inventory), inventory)


def blocked_egress(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The destinations to which no security group of the instance lets traffic out.

    None where nothing certainly is blocked and a group lets everything out by IPv4, wherever it goes.
    """
    try:
        return counterexamples(path, inventory, _lets_out)
    except Missing:
        runner = runner_of(path, inventory)
        groups = placement_of(runner, inventory).groups
        everything = lets_all_out(groups_of(groups, runner.account, runner.region, inventory), inventory)
        if not everything:
            raise
        return ()


def leads_to_host(path: Resource, inventory: Inventory) -> bool:
    """Whether the path leads to a host, and not to a service of the Region that has none, as S3."""
    return has_host(endpoint_of(path, inventory), inventory)


def _lets_out(way: Flow, inventory: Inventory) -> tuple[Verdictish, str]:
    runner = way.runner
    groups = groups_of(way.where.groups, runner.account, runner.region, inventory)
    return lets_out(groups, way.port, End(way.spans, _carried(way)), inventory), way.named


def _carried(way: Flow) -> tuple[str, ...] | None:
    """The groups of the database that rules may name; None where they are not known."""
    if isinstance(way.database, Database) and not way.public:
        if isinstance(attempt(partial(require_address_kind, way)), Missing):
            return None
        groups = attempt(lambda: way.database.groups)  # type: ignore[union-attr]
        return None if isinstance(groups, Missing) else groups
    return () if way.public else None


def databases(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The databases of the inventory, or network interfaces, to which the path leads."""
    found = flows(path, inventory)
    missing = found.hole
    said: list[str] = []
    for way in found.found:
        if isinstance(way.database, Missing):
            missing = missing or way.database
        elif way.database is not None:
            said.append(f"{way.database.resource.kind} {way.database.resource.name}")
    if missing is not None and not said:
        raise missing
    return tuple(dict.fromkeys(said))


def blocked_ingress(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The databases of which no security group admits the instance by an address or group that it appears with."""
    return counterexamples(path, inventory, _admitted)


def _admitted(way: Flow, inventory: Inventory) -> tuple[Verdictish, str]:
    if isinstance(way.database, Missing):
        return way.database, ""
    if way.database is None:
        return True, ""
    require_address_kind(way)
    of = way.database.resource
    groups = groups_of(way.database.groups, of.account, of.region, inventory)
    sources = [attempt(partial(_inside, way))]
    if way.public:
        # Over a peering the same name may resolve to the private address: either way must be shut.
        sources += [attempt(partial(_outside, way, subnet, inventory)) for subnet in way.where.subnets]
    verdict = any_of(
        source if isinstance(source, Missing) else admits(groups, way.port, source, inventory) for source in sources
    )
    return verdict, f"{of.kind} {of.name} ({', '.join(way.database.groups)}) on port {way.port}"


def _inside(way: Flow) -> End:
    """What a database sees that is reached over private addresses."""
    return end_of(way.where, way.spans[0].version if way.spans else 4)


def _outside(way: Flow, subnet: Subnet, inventory: Inventory) -> End:
    """What a database sees that is reached over the internet: a public address of the instance or its NAT gateway."""
    hop = default_hop(subnet, inventory)
    if hop.kind == "igw":
        return End(way.where.public or (WHOLE[4],), ())
    if hop.kind != "nat":
        raise Missing(
            f"{way.named} is reached by {hop.target or 'no route'}, and what it sees is not known",
            needs="the network beyond",
            reason="the route leads where it is not known what address the database sees",
        )
    return End(nat_addresses(hop.target, subnet, inventory), ())


def acl_lookups(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The subnets whose network ACLs the traffic crosses, in and out; none within one subnet."""
    said: list[str] = []
    for way in flows(path, inventory).found:
        for near, far in subnet_pairs(way):
            said += [f"{one.subnet} {one.way}" for one in acl_lookups_between(way, near, far, inventory)]
    return tuple(dict.fromkeys(said))


def acl_denials(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the network ACLs of either side deny: the port, or the ephemeral ports on the way back."""
    return counterexamples(path, inventory, acl_verdict)


def other_vpcs(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The VPCs, other than the instance's, of databases that are not reached over the internet."""
    found = flows(path, inventory)
    missing = found.hole
    said: list[str] = []
    for way in found.found:
        if isinstance(way.database, Missing) and not way.spans:
            missing = missing or way.database
        elif isinstance(way.database, Database):
            vpc = attempt(lambda database=way.database: database.vpc)  # type: ignore[misc]
            own = attempt(lambda where=way.where: where.vpc)  # type: ignore[misc]
            hole = next((one for one in (vpc, own, way.hole) if isinstance(one, Missing)), None)
            if hole is not None:
                missing = missing or hole
            elif vpc != own and not way.public:
                said.append(str(vpc))
    if missing is not None and not said:
        raise missing
    return tuple(dict.fromkeys(said))


def unjoined(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What is missing between the instance and databases in other VPCs that are not reached over the internet."""
    return counterexamples(path, inventory, join_verdict)


def unrouted(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The destinations to which a subnet of the instance has no route."""
    return counterexamples(path, inventory, _routed)


def _routed(way: Flow, inventory: Inventory) -> tuple[Verdictish, str]:
    if isinstance(way.database, Missing) and not way.spans:
        return way.database, ""

    def routed(subnet: Subnet) -> Verdictish:
        if hop_of(way, subnet, inventory).kind != "none":
            return True
        if way.spans or way.public:
            return False
        return Missing(
            f"{subnet.id} has no default route, and nothing says what address {way.host} has",
            needs="the address of the other end",
            reason="the address of a host is not known",
        )

    verdict, where = holds_in_every_subnet(way, routed)
    return verdict, f"{way.named} from {where}"


def stranded(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The public destinations to which an internet gateway leads, from an instance without a public address."""
    return counterexamples(path, inventory, _returns)


def _returns(way: Flow, inventory: Inventory) -> tuple[Verdictish, str]:
    if isinstance(way.database, Missing) and not way.spans:
        return way.database, ""

    def returns(subnet: Subnet) -> Verdictish:
        if way.spans and not way.public:
            return True
        if hop_of(way, subnet, inventory).kind != "igw" or way.where.public:
            return True
        if way.public and not (way.spans and way.spans[0].version == 6):
            return False
        return Missing(
            f"{subnet.id} leads to an internet gateway, and nothing says whether {way.host} has a public address",
            needs="the address of the other end",
            reason="the address of a host is not known",
        )

    verdict, where = holds_in_every_subnet(way, returns)
    return verdict, f"{way.named} from {where}"


def nat_hosts(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The network interfaces of hosts through which the routes lead."""
    return tuple(dict.fromkeys(hop.target for way, _, hop in _by_host(path, inventory)))


def _by_host(path: Resource, inventory: Inventory) -> list[tuple[Flow, Subnet, Hop]]:
    found = flows(path, inventory)
    missing = found.hole
    said: list[tuple[Flow, Subnet, Hop]] = []
    for way in found.found:
        for subnet in way.where.subnets:
            hop = attempt(partial(hop_of, way, subnet, inventory))
            if isinstance(hop, Missing):
                missing = missing or hop
            elif hop.kind == "eni":
                said.append((way, subnet, hop))
    if missing is not None and not said:
        raise missing
    return said


def nat_host_faults(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Why a host through which the routes lead does not let the traffic through."""
    said: list[str] = []
    missing: Missing | None = None
    for way, _, hop in _by_host(path, inventory):
        for verdict, text in forwarding_verdicts(hop.target, way.port, _inside(way), way.runner, inventory):
            if verdict is False:
                said.append(text)
            elif isinstance(verdict, Missing):
                missing = missing or verdict
    if missing is not None and not said:
        raise missing
    return tuple(dict.fromkeys(said))


_LISTS: Final = (
    destinations,
    hops,
    egress_groups,
    blocked_egress,
    databases,
    blocked_ingress,
    acl_lookups,
    acl_denials,
    other_vpcs,
    unjoined,
    unrouted,
    stranded,
    nat_hosts,
    nat_host_faults,
)

FACTS: Final = (
    Fact("path.leads_to_host", PATH, FLAG, leads_to_host),
    *(Fact(f"path.{derive.__name__}", PATH, texts(), derive) for derive in _LISTS),
)
