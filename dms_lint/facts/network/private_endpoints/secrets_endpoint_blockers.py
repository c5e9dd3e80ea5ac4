"""Whether security groups and network ACLs let a connection through to the VPC endpoint of Secrets Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.network.network_acls import lookups
from dms_lint.facts.network.path_components import ranges_by_version, source_spans
from dms_lint.facts.network.placement import Subnet, placement_of
from dms_lint.facts.network.private_endpoints import endpoint_security_groups as vpc_endpoint_groups
from dms_lint.facts.network.private_endpoints.endpoint_security_groups import HTTPS
from dms_lint.facts.network.private_endpoints.secrets_reachability import RUNNERS, secrets_manager_endpoints
from dms_lint.facts.network.route_tables import has_internet
from dms_lint.facts.network.security_groups import End, admits, end_of, groups_of, lets_out
from dms_lint.logic.kleene import Verdictish, all_of, attempt, require, unanimous
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource


def blockers(runner: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What keeps it from each of the VPC endpoints for Secrets Manager; none where it reaches one of them.

    Its own groups must let TCP 443 out to the endpoint, a group of the endpoint must admit it, and the network ACLs of
    both subnets must let it through.  Carrying the same group helps only where that group admits itself.
    """
    found = secrets_manager_endpoints(runner, inventory)
    flaws: list[str] = []
    hole = found.hole
    for endpoint in found.endpoints:
        try:
            flaw = _block(runner, endpoint, inventory)
        except Missing as missing:
            hole = hole or missing
            continue
        if not flaw:
            return ()
        flaws.append(flaw)
    if hole is not None:
        raise hole
    # Where it may have a way to the internet, nothing is certain: asked for its Missing.
    if flaws and has_internet(runner, inventory):
        return ()
    return tuple(flaws)


def _block(runner: Resource, endpoint: Resource, inventory: Inventory) -> str:
    """What keeps it from one VPC endpoint, the first of the three that certainly does; '' where nothing does."""
    hole: Missing | None = None
    for judge in (_egress_block, _ingress_block, _acl_block):
        try:
            flaw = judge(runner, endpoint, inventory)
        except Missing as missing:
            hole = hole or missing
            continue
        if flaw:
            return flaw
    if hole is not None:
        raise hole
    return ""


def _egress_block(runner: Resource, endpoint: Resource, inventory: Inventory) -> str:
    own = placement_of(runner, inventory).groups
    theirs = attempt(lambda: vpc_endpoint_groups.groups(endpoint, inventory))
    spans = tuple(one for subnet in _subnets(endpoint) for one in ranges_by_version(subnet, 4, inventory))
    end = End(spans, None if isinstance(theirs, Missing) else theirs)
    if require(lets_out(groups_of(own, runner.account, runner.region, inventory), HTTPS, end, inventory)):
        return ""
    return f"its security groups ({', '.join(own)}) let no HTTPS out to {endpoint.id}"


def _ingress_block(runner: Resource, endpoint: Resource, inventory: Inventory) -> str:
    ids = vpc_endpoint_groups.groups(endpoint, inventory)
    if not ids:
        raise endpoint.missing("Groups")
    groups = groups_of(ids, endpoint.account, endpoint.region, inventory)
    if require(admits(groups, HTTPS, end_of(placement_of(runner, inventory)), inventory)):
        return ""
    return f"the security groups of {endpoint.id} ({', '.join(ids)}) admit no HTTPS from it"


def _acl_block(runner: Resource, endpoint: Resource, inventory: Inventory) -> str:
    """Network ACLs block where, of some subnet that it stands in, they do to every subnet of the endpoint."""
    where = placement_of(runner, inventory)
    theirs = _subnets(endpoint)

    def passes(near: Subnet, far: Subnet) -> Verdictish:
        here, there = source_spans(where, near, 4, inventory), ranges_by_version(far, 4, inventory)
        return all_of(one.passes for one in lookups(near, far, here, there, HTTPS, inventory))

    said = {near: unanimous([passes(near, far) for far in theirs]) for near in where.subnets}
    if require(where.holds_in_every_subnet(said)):
        return ""
    names = ", ".join(near.id for near, one in said.items() if one is False)
    return f"the network ACLs between {names} and {endpoint.id} block it"


def _subnets(endpoint: Resource) -> list[Subnet]:
    """The subnets in which the VPC endpoint has a network interface."""
    ids = endpoint.texts("SubnetIds")
    if not ids:
        raise endpoint.missing("SubnetIds")
    return [Subnet(one, endpoint.text("VpcId"), "", endpoint.account, endpoint.region) for one in ids]


FACTS: Final = (Fact("runner.secrets_endpoint_blocks", RUNNERS, texts(), blockers),)
