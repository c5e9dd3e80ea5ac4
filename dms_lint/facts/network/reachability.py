"""The path from the runner of a migration to a database: where each packet goes, and where it stops."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.relations import endpoint_of, runner_of
from dms_lint.facts.fact import FLAG, Fact, texts
from dms_lint.facts.network import instance_exposure
from dms_lint.facts.network.databases import Database
from dms_lint.facts.network.flows import counterexamples, flows, holds_in_every_subnet, hop_of
from dms_lint.facts.network.hosts import has_host
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
from dms_lint.logic.kleene import Partial, Verdictish, any_of, attempt, collect, collect_each, counterexample
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dms_lint.facts.network.flows import Flow
    from dms_lint.facts.network.placement import Subnet
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

PATH: Final = ("network-path",)


def destinations(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The hosts and ports to which the path leads; none for a service that has no host, as S3."""
    return collect(flows(path, inventory), lambda flow: flow.destination).certain()


def hops(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Where the route table of each subnet of the instance sends the packets, as far as it is known."""
    lines: list[str] = []
    for flow in flows(path, inventory).items:
        for subnet in flow.placement.subnets:
            hop = attempt(partial(hop_of, flow, subnet, inventory))
            if isinstance(hop, Hop):
                lines.append(f"{flow.destination} from {subnet.id} by {hop.table}: {hop.kind} {hop.target}".rstrip())
    return tuple(dict.fromkeys(lines))


def egress_groups(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The security groups of what runs the migration that let something out."""
    return instance_exposure.egress_groups(runner_of(path, inventory), inventory)


def blocked_egress(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The destinations to which no security group of the instance lets traffic out.

    None where nothing certainly is blocked and a group lets everything out by IPv4, wherever it goes.
    """
    try:
        return counterexamples(path, inventory, _lets_out)
    except Missing:
        runner = runner_of(path, inventory)
        groups = groups_of(placement_of(runner, inventory).groups, runner.account, runner.region, inventory)
        # A destination that nobody can name is let out too where everything is.
        if not lets_all_out(groups, inventory):
            raise
        return ()


def leads_to_host(path: Resource, inventory: Inventory) -> bool:
    """Whether the path leads to a host, and not to a service of the Region that has none, as S3."""
    return has_host(endpoint_of(path, inventory), inventory)


def _lets_out(flow: Flow, inventory: Inventory) -> tuple[Verdictish, str]:
    runner = flow.runner
    groups = groups_of(flow.placement.groups, runner.account, runner.region, inventory)
    return lets_out(groups, flow.port, End(flow.spans, _groups_of_target(flow)), inventory), flow.destination


def _groups_of_target(flow: Flow) -> tuple[str, ...] | None:
    """The groups of the database that rules may name; None where they cannot be told."""
    # A rule that names a group admits its private addresses alone.
    if flow.public:
        return ()
    database = flow.database
    if not isinstance(database, Database) or isinstance(attempt(partial(require_address_kind, flow)), Missing):
        return None
    groups = attempt(lambda: database.groups)
    return None if isinstance(groups, Missing) else groups


def databases(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The databases of the inventory, or network interfaces, to which the path leads."""

    def name(flow: Flow) -> str | Missing | None:
        if isinstance(flow.database, Database):
            return f"{flow.database.resource.kind} {flow.database.resource.name}"
        return flow.database

    return collect(flows(path, inventory), name).distinct().certain()


def blocked_ingress(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The databases of which no security group admits the instance by an address or group that it appears with."""
    return counterexamples(path, inventory, _admitted)


def _admitted(flow: Flow, inventory: Inventory) -> tuple[Verdictish, str]:
    if isinstance(flow.database, Missing):
        return flow.database, ""
    if flow.database is None:
        return True, ""
    require_address_kind(flow)
    resource, ids = flow.database.resource, flow.database.groups
    groups = groups_of(ids, resource.account, resource.region, inventory)
    sources = [attempt(partial(_private_source, flow))]
    if flow.public:
        # Over a peering the same name may resolve to the private address: blocked is only what both are.
        sources += [attempt(partial(_public_source, flow, subnet, inventory)) for subnet in flow.placement.subnets]
    verdict = any_of(
        source if isinstance(source, Missing) else admits(groups, flow.port, source, inventory) for source in sources
    )
    return verdict, f"{resource.kind} {resource.name} ({', '.join(ids)}) on port {flow.port}"


def _private_source(flow: Flow) -> End:
    """The runner as a database sees it that is reached over private addresses."""
    return end_of(flow.placement, flow.spans[0].version if flow.spans else 4)


def _public_source(flow: Flow, subnet: Subnet, inventory: Inventory) -> End:
    """The runner as a database sees it over the internet: by its public address or that of its NAT gateway."""
    hop = default_hop(subnet, inventory)
    if hop.kind == "igw":
        return End(flow.placement.public or (WHOLE[4],), ())
    if hop.kind != "nat":
        raise Missing(
            f"{flow.destination} is reached by {hop.target or 'no route'}, and what it sees is not known",
            needs="the network beyond",
            reason="the route leads where it is not known what address the database sees",
        )
    return End(nat_addresses(hop.target, subnet, inventory), ())


def acl_lookups(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The subnets whose network ACLs the traffic crosses, in and out; none within one subnet."""
    lines = [
        f"{lookup.subnet} {lookup.direction}"
        for flow in flows(path, inventory).items
        for near, far in subnet_pairs(flow)
        for lookup in acl_lookups_between(flow, near, far, inventory)
    ]
    return tuple(dict.fromkeys(lines))


def acl_denials(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the network ACLs of either side deny: the port, or the ephemeral ports on the way back."""
    return counterexamples(path, inventory, acl_verdict)


def other_vpcs(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The VPCs, other than the instance's, of databases that are not reached over the internet."""
    return collect(flows(path, inventory), _other_vpc).distinct().certain()


def _other_vpc(flow: Flow) -> str | Missing | None:
    if not isinstance(flow.database, Database):
        return flow.unlocated
    vpc, runner_vpc = flow.database.vpc, flow.placement.vpc
    if flow.missing is not None:
        return flow.missing
    return vpc if vpc != runner_vpc and not flow.public else None


def unjoined(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What is missing between the instance and databases in other VPCs that are not reached over the internet."""
    return counterexamples(path, inventory, join_verdict)


def unrouted(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The destinations to which a subnet of the instance has no route."""
    return counterexamples(path, inventory, _routed)


def _routed(flow: Flow, inventory: Inventory) -> tuple[Verdictish, str]:
    def has_route(subnet: Subnet) -> Verdictish:
        if hop_of(flow, subnet, inventory).kind != "none":
            return True
        if flow.spans or flow.public:
            return False
        return _unknown_address(f"{subnet.id} has no default route, and nothing says what address {flow.host} has")

    return holds_in_every_subnet(flow, has_route)


def stranded(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The public destinations to which an internet gateway leads, from an instance without a public address."""
    return counterexamples(path, inventory, _answered)


def _answered(flow: Flow, inventory: Inventory) -> tuple[Verdictish, str]:
    def answers_return(subnet: Subnet) -> Verdictish:
        # An internet gateway carries no packet to a private address.
        if flow.spans and not flow.public:
            return True
        if hop_of(flow, subnet, inventory).kind != "igw" or flow.placement.public:
            return True
        # An address of IPv6 is public itself.
        if flow.public and not (flow.spans and flow.spans[0].version == 6):
            return False
        return _unknown_address(
            f"{subnet.id} leads to an internet gateway, and nothing says whether {flow.host} has a public address"
        )

    return holds_in_every_subnet(flow, answers_return)


def _unknown_address(message: str) -> Missing:
    return Missing(message, needs="the address of the other end", reason="the address of a host is not known")


def nat_hosts(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The network interfaces of hosts through which the routes lead."""
    return tuple(dict.fromkeys(hop.target for _, hop in _hops_by_host(path, inventory)))


def _hops_by_host(path: Resource, inventory: Inventory) -> tuple[tuple[Flow, Hop], ...]:
    every_flow = flows(path, inventory)
    pairs = tuple((flow, subnet) for flow in every_flow.items for subnet in flow.placement.subnets)

    def by_host(pair: tuple[Flow, Subnet]) -> tuple[Flow, Hop] | None:
        flow, subnet = pair
        hop = hop_of(flow, subnet, inventory)
        return (flow, hop) if hop.kind == "eni" else None

    return collect(Partial(pairs, every_flow.missing), by_host).certain()


def nat_host_faults(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Why a host through which the routes lead does not let the traffic through."""

    def faults(hop_of_flow: tuple[Flow, Hop]) -> Iterable[str] | Partial[str]:
        flow, hop = hop_of_flow
        verdicts = forwarding_verdicts(hop.target, flow.port, _private_source(flow), flow.runner, inventory)
        return collect(verdicts, lambda judged: counterexample(*judged))

    return collect_each(_hops_by_host(path, inventory), faults).distinct().certain()


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
