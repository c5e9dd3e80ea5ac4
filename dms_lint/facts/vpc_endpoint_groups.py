"""What the security groups of a VPC endpoint admit from its own VPC."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Final, TypeAlias

from dms_lint.facts.base import Fact, derived, texts
from dms_lint.facts.vpc_endpoints import VPC_ENDPOINT
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.inventory import Inventory
    from dms_lint.model import Record, Resource

Network: TypeAlias = IPv4Network | IPv6Network

HTTPS: Final = 443
_TCP: Final = ("tcp", "6")
_ANY: Final = "-1"


def https_sources(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the security groups of the VPC endpoint admit to port 443 from within its VPC, by group and source.

    A range counts where it has addresses of the VPC, another group where it is not one of a peered VPC.  What could
    not be read is left out where something else is admitted.
    """
    found: list[str] = []
    hole: Missing | None = None
    carried = endpoint.records("Groups")
    if not carried:
        raise endpoint.missing("Groups")
    for named in carried:
        try:
            id_ = named.text("GroupId")
            group = inventory.find("security-group", id_, endpoint.account, endpoint.region)
            if group is None:
                raise _unlisted(endpoint, id_)
            permissions = group.records("IpPermissions")
        except Missing as missing:
            hole = hole or missing
            continue
        for permission in permissions:
            try:
                found += [f"{id_} from {source}" for source in _sources(permission, endpoint, inventory)]
            except Missing as missing:
                hole = hole or missing
    if hole is not None and not found:
        raise hole
    return tuple(dict.fromkeys(found))


def groups(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ids of the security groups of the VPC endpoint."""
    return tuple(group.text("GroupId") for group in endpoint.records("Groups"))


def _unlisted(endpoint: Resource, group: str) -> Missing:
    return Missing(
        f"{endpoint.where} has the security group {group}, which is not among those listed",
        needs="ec2:DescribeSecurityGroups",
        reason="a security group is not among those listed",
    )


def _sources(permission: Record, endpoint: Resource, inventory: Inventory) -> Iterator[str]:
    """What a rule admits to port 443 from the VPC of the endpoint; a Missing comes after what is certain."""
    protocol = permission.text("IpProtocol")
    if protocol in _TCP:
        if not permission.number("FromPort") <= HTTPS <= permission.number("ToPort"):
            return
    elif protocol != _ANY:
        return
    for pair in permission.records("UserIdGroupPairs", default=()):
        # AWS names the peering connection of a group in another VPC.
        if "VpcPeeringConnectionId" not in pair:
            yield pair.text("GroupId")
    hole: Missing | None = None
    for network in _ranges(permission):
        try:
            if _touches(network, endpoint, inventory):
                yield str(network)
        except Missing as missing:
            hole = hole or missing
    for entry in permission.records("PrefixListIds", default=()):
        id_ = entry.text("PrefixListId")
        try:
            listed = inventory.about("prefix-list-entries", id_, account=endpoint.account, region=endpoint.region)
            ranges = [_parse(one, "Cidr") for one in listed.records("Entries")]
            if any(_touches(network, endpoint, inventory) for network in ranges):
                yield id_
        except Missing as missing:
            hole = hole or missing
    if hole is not None:
        raise hole


def _ranges(permission: Record) -> Iterator[Network]:
    for key, member in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        for entry in permission.records(key, default=()):
            yield _parse(entry, member)


def _parse(record: Record, member: str) -> Network:
    network = _network(record.text(member))
    if network is None:
        raise record.malformed(member, "a range of addresses")
    return network


@lru_cache(maxsize=4096)
def _network(written: str) -> Network | None:
    try:
        return ip_network(written, strict=False)
    except ValueError:
        return None


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
    associated = [_parse(one, "CidrBlock") for one in vpc.records("CidrBlockAssociationSet", default=())]
    associated += [_parse(one, "Ipv6CidrBlock") for one in vpc.records("Ipv6CidrBlockAssociationSet", default=())]
    return (_parse(vpc, "CidrBlock"), *associated)


FACTS: Final = (
    Fact("vpc_endpoint.groups", VPC_ENDPOINT, texts(), groups),
    Fact("vpc_endpoint.https_sources", VPC_ENDPOINT, texts(), https_sources),
)
