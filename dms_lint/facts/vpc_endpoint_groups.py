"""What the security groups of a VPC endpoint admit from its own VPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.admission import Network, find_group, listed_ranges, on_port, peer_groups, range_of, ranges
from dms_lint.facts.base import Fact, derived, texts
from dms_lint.facts.vpc_endpoints import VPC_ENDPOINT
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory import Inventory
    from dms_lint.model import Record, Resource

HTTPS: Final = 443


def https_sources(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the security groups of the VPC endpoint admit to port 443 from within its VPC, by group and source.

    A range counts where it has addresses of the VPC, another group where it is not one of a peered VPC.  What could
    not be read is left out where something else is admitted.
    """
    found: list[str] = []
    hole: Missing | None = None
    carried = groups(endpoint, inventory)
    if not carried:
        raise endpoint.missing("Groups")
    for id_ in carried:
        try:
            for permission in find_group(id_, endpoint, inventory).records("IpPermissions"):
                if on_port(permission, HTTPS):
                    sources, missing = _sources(permission, endpoint, inventory)
                    found += [f"{id_} from {source}" for source in sources]
                    hole = hole or missing
        except Missing as missing:
            hole = hole or missing
    if hole is not None and not found:
        raise hole
    return tuple(dict.fromkeys(found))


def groups(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ids of the security groups of the VPC endpoint."""
    return tuple(group.text("GroupId") for group in endpoint.records("Groups"))


def _sources(permission: Record, endpoint: Resource, inventory: Inventory) -> tuple[list[str], Missing | None]:
    """What a rule admits from the VPC of the endpoint, and what of it cannot be known."""
    found = list(peer_groups(permission))
    hole: Missing | None = None
    for network in ranges(permission):
        try:
            if _touches(network, endpoint, inventory):
                found.append(str(network))
        except Missing as missing:
            hole = hole or missing
    for entry in permission.records("PrefixListIds", default=()):
        try:
            networks = listed_ranges(entry, endpoint, inventory)
            if any(_touches(network, endpoint, inventory) for network in networks):
                found.append(entry.text("PrefixListId"))
        except Missing as missing:
            hole = hole or missing
    return found, hole


def _touches(network: Network, endpoint: Resource, inventory: Inventory) -> bool:
    """Whether a range has addresses of the endpoint's VPC, of a version that the endpoint speaks."""
    # API reference of VpcEndpoint: ipv4 unless it was made otherwise.
    speaks = endpoint.text("IpAddressType", default="ipv4").lower()
    if speaks != "dualstack" and speaks != f"ipv{network.version}":
        return False
    if network.prefixlen == 0:
        return True
    vpc = inventory.find("vpc", endpoint.text("VpcId"), endpoint.account, endpoint.region)
    if vpc is None:
        raise Missing(
            f"{endpoint.where}: its VPC is not among those listed",
            needs="ec2:DescribeVpcs",
            reason="a VPC is not among those listed",
        )
    own = _own_ranges(vpc, inventory)
    return any(one.version == network.version and one.overlaps(network) for one in own)


@derived
def _own_ranges(vpc: Resource, inventory: Inventory) -> tuple[Network, ...]:
    associated = [range_of(one, "CidrBlock") for one in vpc.records("CidrBlockAssociationSet", default=())]
    associated += [range_of(one, "Ipv6CidrBlock") for one in vpc.records("Ipv6CidrBlockAssociationSet", default=())]
    return (range_of(vpc, "CidrBlock"), *associated)


FACTS: Final = (
    Fact("vpc_endpoint.groups", VPC_ENDPOINT, texts(), groups),
    Fact("vpc_endpoint.https_sources", VPC_ENDPOINT, texts(), https_sources),
)
