"""Whether security groups and network ACLs let a connection through to the VPC endpoint of Secrets Manager."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from dms_lint.facts import vpc_endpoint_groups
from dms_lint.facts.admission import EGRESS, EPHEMERAL, INGRESS, Network, Peer, acl_lets, acl_of, admitted, range_of
from dms_lint.facts.base import Fact, derived, texts
from dms_lint.facts.internet import has_internet, subnets_of
from dms_lint.facts.placement import security_groups
from dms_lint.facts.secret_paths import RUNNERS, of_runner
from dms_lint.facts.ternary import every
from dms_lint.facts.vpc_endpoint_groups import HTTPS
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dms_lint.facts.ternary import Ternary
    from dms_lint.inventory import Inventory
    from dms_lint.model import Resource


def blocks(runner: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What keeps it from each of the VPC endpoints for Secrets Manager; none where it reaches one of them.

    Its own groups must let TCP 443 out to the endpoint, a group of the endpoint must admit it, and the network ACLs of
    both subnets must let it through.  Carrying the same group helps only where that group admits itself.
    """
    found = of_runner(runner, inventory)
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
    own = security_groups(runner, inventory)
    groups = vpc_endpoint_groups.groups(endpoint, inventory)
    peer = Peer(_networks(endpoint.texts("SubnetIds"), endpoint, inventory), groups)
    if admitted(own, EGRESS, HTTPS, peer, runner, inventory):
        return ""
    return f"its security groups ({', '.join(own)}) let no HTTPS out to {endpoint.id}"


def _ingress_block(runner: Resource, endpoint: Resource, inventory: Inventory) -> str:
    groups = vpc_endpoint_groups.groups(endpoint, inventory)
    if not groups:
        raise endpoint.missing("Groups")
    peer = Peer(_addresses(runner, inventory), security_groups(runner, inventory))
    if admitted(groups, INGRESS, HTTPS, peer, endpoint, inventory):
        return ""
    return f"the security groups of {endpoint.id} ({', '.join(groups)}) admit no HTTPS from it"


def _acl_block(runner: Resource, endpoint: Resource, inventory: Inventory) -> str:
    """Network ACLs are asked in both directions, for they keep no state; within one subnet they are not asked."""
    theirs = endpoint.texts("SubnetIds")
    if not theirs:
        raise endpoint.missing("SubnetIds")
    pairs = [(near, far) for near in subnets_of(runner, inventory) for far in theirs]
    holes: list[Missing] = []

    def passes(near: str, far: str) -> Ternary:
        try:
            return near == far or _acls_let(near, far, runner, inventory)
        except Missing as missing:
            holes.append(missing)
            return None

    results = [passes(near, far) for near, far in pairs]
    if all(result is False for result in results):
        return f"the network ACLs between {', '.join(subnets_of(runner, inventory))} and {endpoint.id} block it"
    if all(results):
        return ""
    raise (
        holes[0]
        if holes
        else Missing(
            f"{runner.where}: network ACLs block a part of the ways to {endpoint.id}",
            needs="the addresses of both ends",
            reason="network ACLs block a part of the ways",
        )
    )


def _acls_let(near: str, far: str, runner: Resource, inventory: Inventory) -> Ternary:
    (own,), (other,) = (_networks((subnet,), runner, inventory) for subnet in (near, far))
    here, there = (acl_of(subnet, runner, inventory) for subnet in (near, far))
    https = (HTTPS, HTTPS)
    return every(
        (
            acl_lets(here, egress=True, ports=https, remote=other),
            acl_lets(there, egress=False, ports=https, remote=own),
            acl_lets(there, egress=True, ports=EPHEMERAL, remote=own),
            acl_lets(here, egress=False, ports=EPHEMERAL, remote=other),
        )
    )


def _networks(subnets: Iterable[str], asks: Resource, inventory: Inventory) -> tuple[Network, ...]:
    """The ranges of addresses of subnets."""
    found = []
    for id_ in subnets:
        subnet = inventory.find("subnet", id_, asks.account, asks.region)
        if subnet is None:
            raise Missing(
                f"{asks.where}: {id_} is not among the subnets listed",
                needs="ec2:DescribeSubnets",
                reason="a subnet is not among those listed",
            )
        found.append(range_of(subnet, "CidrBlock"))
    return tuple(found)


@derived
def _addresses(runner: Resource, inventory: Inventory) -> tuple[Network, ...]:
    """The private addresses of an instance; of what shows none the ranges of its subnets."""
    try:
        return tuple(map(ip_network, runner.texts("ReplicationInstancePrivateIpAddresses", default=()))) or _networks(
            subnets_of(runner, inventory), runner, inventory
        )
    except ValueError:
        raise runner.malformed("ReplicationInstancePrivateIpAddresses", "a list of addresses") from None


FACTS: Final = (Fact("runner.secrets_endpoint_blocks", RUNNERS, texts(), blocks),)
