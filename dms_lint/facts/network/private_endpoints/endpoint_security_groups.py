"""What the security groups of a VPC endpoint admit from its own VPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.network.private_endpoints.vpc_endpoints import VPC_ENDPOINT
from dms_lint.facts.network.security_groups import (
    GroupReference,
    PrefixListReference,
    groups_of,
    ingress_permissions,
    prefix_list_ranges,
)
from dms_lint.libs.ip_ranges import WHOLE, Span, range_of
from dms_lint.logic.kleene import Partial, collect, collect_each, require
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dms_lint.facts.network.security_groups import Peer, Permission
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

HTTPS: Final = 443


def https_sources(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the security groups of the VPC endpoint admit to port 443 from within its VPC, by group and source.

    A range counts where it has addresses of the VPC, another group where it is not one of a peered VPC.  What could
    not be read is left out where something else is admitted.
    """
    ids = groups(endpoint, inventory)
    if not ids:
        raise endpoint.missing("Groups")
    of_endpoint = groups_of(ids, endpoint.account, endpoint.region, inventory)
    sources: Partial[str] = collect_each(of_endpoint, lambda group: _sources(require(group), endpoint, inventory))
    return sources.distinct().certain()


def groups(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ids of the security groups of the VPC endpoint."""
    return tuple(group.text("GroupId") for group in endpoint.records("Groups"))


def _sources(group: Resource, endpoint: Resource, inventory: Inventory) -> Partial[str]:
    """The sources within the VPC of the endpoint that one of its groups admits on HTTPS."""

    def sources(permission: Permission) -> Iterable[str] | Partial[str]:
        return _sources_of_rule(permission.peers, endpoint, inventory) if permission.is_on(HTTPS) else ()

    return collect(
        collect_each(ingress_permissions(group, inventory), sources), lambda source: f"{group.id} from {source}"
    )


def _sources_of_rule(peers: Partial[Peer], endpoint: Resource, inventory: Inventory) -> Partial[str]:
    # Reports name groups before ranges.
    groups_first = sorted(peers.items, key=lambda peer: not isinstance(peer, GroupReference))
    peered = {peer.id for peer in peers.items if isinstance(peer, GroupReference) and peer.peered}

    def source(peer: Peer) -> str | None:
        if isinstance(peer, GroupReference):
            return None if peer.id in peered else peer.id
        if isinstance(peer, PrefixListReference):
            ranges = prefix_list_ranges(peer.id, endpoint.account, endpoint.region, inventory)
            return peer.id if any(_touches(span, endpoint, inventory) for span in ranges) else None
        return str(peer) if _touches(peer, endpoint, inventory) else None

    return collect(Partial(tuple(groups_first), peers.missing), source)


def _touches(span: Span, endpoint: Resource, inventory: Inventory) -> bool:
    """Whether a range has addresses of the endpoint's VPC, of a version that the endpoint speaks."""
    # API reference of VpcEndpoint: ipv4 unless it was made otherwise.
    speaks = endpoint.text("IpAddressType", default="ipv4").lower()
    if speaks != "dualstack" and speaks != f"ipv{span.version}":
        return False
    # Everywhere is in every VPC, also in one whose ranges were not read.
    if span == WHOLE[span.version]:
        return True
    vpc = inventory.find("vpc", endpoint.text("VpcId"), endpoint.account, endpoint.region)
    if vpc is None:
        raise Missing(
            f"{endpoint.where}: its VPC is not among those listed",
            needs="ec2:DescribeVpcs",
            reason="a VPC is not among those listed",
        )
    return any(vpc_range.meets(span) for vpc_range in _vpc_ranges(vpc, inventory))


@memoized
def _vpc_ranges(vpc: Resource, inventory: Inventory) -> tuple[Span, ...]:
    associated = [range_of(block, "CidrBlock") for block in vpc.records("CidrBlockAssociationSet", default=())]
    associated += [range_of(block, "Ipv6CidrBlock") for block in vpc.records("Ipv6CidrBlockAssociationSet", default=())]
    return (range_of(vpc, "CidrBlock"), *associated)


FACTS: Final = (
    Fact("vpc_endpoint.groups", VPC_ENDPOINT, texts(), groups),
    Fact("vpc_endpoint.https_sources", VPC_ENDPOINT, texts(), https_sources),
)
