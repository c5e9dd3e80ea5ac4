"""What the security groups of a VPC endpoint admit from its own VPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.network.prefix_lists import prefix_list_ranges
from dms_lint.facts.network.private_endpoints.vpc_endpoints import VPC_ENDPOINT
from dms_lint.facts.network.security_groups import Allowed, groups_of, ingress_permissions
from dms_lint.libs.ip_ranges import WHOLE, Span, range_of
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

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
    for group in groups_of(carried, endpoint.account, endpoint.region, inventory):
        if isinstance(group, Missing):
            hole = hole or group
            continue
        rules = ingress_permissions(group, inventory)
        hole = hole or rules.hole
        for permission in rules.permissions:
            if permission.is_on(HTTPS):
                sources, missing = _sources(permission.allowed, endpoint, inventory)
                found += [f"{group.id} from {source}" for source in sources]
                hole = hole or missing
    if hole is not None and not found:
        raise hole
    return tuple(dict.fromkeys(found))


def groups(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ids of the security groups of the VPC endpoint."""
    return tuple(group.text("GroupId") for group in endpoint.records("Groups"))


def _sources(allowed: Allowed, endpoint: Resource, inventory: Inventory) -> tuple[list[str], Missing | None]:
    """What a rule admits from the VPC of the endpoint, and what of it cannot be known."""
    found = [group for group in allowed.groups if group not in allowed.peered]
    hole = allowed.hole
    for one in allowed.spans:
        try:
            if _touches(one, endpoint, inventory):
                found.append(str(one))
        except Missing as missing:
            hole = hole or missing
    for listed in allowed.lists:
        try:
            spans = prefix_list_ranges(listed, endpoint.account, endpoint.region, inventory)
            if any(_touches(one, endpoint, inventory) for one in spans):
                found.append(listed)
        except Missing as missing:
            hole = hole or missing
    return found, hole


def _touches(one: Span, endpoint: Resource, inventory: Inventory) -> bool:
    """Whether a range has addresses of the endpoint's VPC, of a version that the endpoint speaks."""
    # API reference of VpcEndpoint: ipv4 unless it was made otherwise.
    speaks = endpoint.text("IpAddressType", default="ipv4").lower()
    if speaks != "dualstack" and speaks != f"ipv{one.version}":
        return False
    if one == WHOLE[one.version]:
        return True
    vpc = inventory.find("vpc", endpoint.text("VpcId"), endpoint.account, endpoint.region)
    if vpc is None:
        raise Missing(
            f"{endpoint.where}: its VPC is not among those listed",
            needs="ec2:DescribeVpcs",
            reason="a VPC is not among those listed",
        )
    return any(own.meets(one) for own in _own_ranges(vpc, inventory))


@memoized
def _own_ranges(vpc: Resource, inventory: Inventory) -> tuple[Span, ...]:
    associated = [range_of(one, "CidrBlock") for one in vpc.records("CidrBlockAssociationSet", default=())]
    associated += [range_of(one, "Ipv6CidrBlock") for one in vpc.records("Ipv6CidrBlockAssociationSet", default=())]
    return (range_of(vpc, "CidrBlock"), *associated)


FACTS: Final = (
    Fact("vpc_endpoint.groups", VPC_ENDPOINT, texts(), groups),
    Fact("vpc_endpoint.https_sources", VPC_ENDPOINT, texts(), https_sources),
)
