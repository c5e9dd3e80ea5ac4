"""Whether security groups and network ACLs let a connection through to a port, as far as addresses are known."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dms_lint.facts.ternary import Ternary
    from dms_lint.inventory import Inventory
    from dms_lint.model import Record, Resource

Network: TypeAlias = IPv4Network | IPv6Network

INGRESS: Final = "IpPermissions"
EGRESS: Final = "IpPermissionsEgress"
EPHEMERAL: Final = (32768, 60999)
"""The ports from which a host of Linux, as a replication instance is, opens connections."""
_TCP: Final = ("tcp", "6")
_ANY: Final = "-1"


@lru_cache(maxsize=4096)
def _network(written: str) -> Network | None:
    try:
        return ip_network(written, strict=False)
    except ValueError:
        return None


def range_of(record: Record, member: str) -> Network:
    """The range of addresses that a member is; Missing where it is none."""
    network = _network(record.text(member))
    if network is None:
        raise record.malformed(member, "a range of addresses")
    return network


# -- security groups


def on_port(permission: Record, port: int) -> bool:
    """Whether a rule of a security group is about TCP on a port."""
    protocol = permission.text("IpProtocol")
    if protocol in _TCP:
        return permission.number("FromPort") <= port <= permission.number("ToPort")
    return protocol == _ANY


def ranges(permission: Record) -> Iterator[Network]:
    """The ranges of addresses that a rule of a security group names."""
    for key, member in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        for entry in permission.records(key, default=()):
            yield range_of(entry, member)


def peer_groups(permission: Record) -> tuple[str, ...]:
    """The groups that a rule names, without those of peered VPCs."""
    pairs = permission.records("UserIdGroupPairs", default=())
    # AWS names the peering connection, and its status, of a group in another VPC.
    return tuple(
        pair.text("GroupId") for pair in pairs if "VpcPeeringConnectionId" not in pair and "PeeringStatus" not in pair
    )


def listed_ranges(entry: Record, asks: Resource, inventory: Inventory) -> list[Network]:
    """The ranges of the prefix list that a rule names; Missing where they were not read."""
    id_ = entry.text("PrefixListId")
    listed = inventory.about("prefix-list-entries", id_, account=asks.account, region=asks.region)
    return [range_of(one, "Cidr") for one in listed.records("Entries")]


def find_group(id_: str, asks: Resource, inventory: Inventory) -> Resource:
    """A security group that something carries; Missing where it was not read."""
    found = inventory.find("security-group", id_, asks.account, asks.region)
    if found is not None:
        return found
    raise Missing(
        f"{asks.where} has the security group {id_}, which is not among those listed",
        needs="ec2:DescribeSecurityGroups",
        reason="a security group is not among those listed",
    )


class Peer(NamedTuple):
    """Whom a connection is with: any of its addresses, each of which must be admitted, or one of its groups."""

    networks: Sequence[Network]
    groups: Sequence[str]


def admitted(groups: Iterable[str], member: str, port: int, peer: Peer, asks: Resource, inventory: Inventory) -> bool:
    """Whether one of the groups that `asks` carries lets TCP through to or from a peer; Missing where that is open.

    `member` is INGRESS or EGRESS.  It is open where only a part of the peer's addresses is let through.
    """
    open_: list[Network] = []
    hole: Missing | None = None
    for id_ in groups:
        try:
            for permission in find_group(id_, asks, inventory).records(member):
                if not on_port(permission, port):
                    continue
                if set(peer_groups(permission)).intersection(peer.groups):
                    return True
                open_ += ranges(permission)
                for entry in permission.records("PrefixListIds", default=()):
                    open_ += listed_ranges(entry, asks, inventory)
        except Missing as missing:
            hole = hole or missing
    within = _within(peer.networks, open_)
    if within is True:
        return True
    if hole is not None:
        raise hole
    if within is None:
        raise Missing(
            f"{asks.where}: its security groups admit only a part of the addresses that a connection may have",
            needs="the addresses of both ends",
            reason="security groups admit a part of the addresses only",
        )
    return False


def _within(wanted: Sequence[Network], open_: Iterable[Network]) -> Ternary:
    """Whether ranges hold all addresses of others (True), none (False) or a part."""
    parts = list(open_)
    if not wanted:
        return None if parts else False
    merged: list[Network] = []
    for version in (4, 6):
        merged += collapse_addresses([one for one in parts if one.version == version])  # type: ignore[type-var]
    if all(any(_holds(one, network) for one in merged) for network in wanted):
        return True
    touched = any(one.version == network.version and one.overlaps(network) for one in merged for network in wanted)
    return None if touched else False


def _holds(one: Network, other: Network) -> bool:
    return one.version == other.version and other.subnet_of(one)  # type: ignore[arg-type]


# -- network ACLs


def acl_of(subnet: str, asks: Resource, inventory: Inventory) -> Resource:
    """The network ACL of a subnet; Missing where it was not read."""
    for acl in inventory.index("network-acl", _subnets_of).get(subnet, ()):
        return acl
    inventory.all("network-acl", asks.account, asks.region)
    raise Missing(
        f"{asks.where}: the network ACL of {subnet} is not among those listed",
        needs="ec2:DescribeNetworkAcls",
        reason="a network ACL is not among those listed",
    )


def _subnets_of(acl: Resource) -> tuple[str, ...]:
    return tuple(one.text("SubnetId") for one in acl.records("Associations"))


def acl_lets(acl: Resource, *, egress: bool, ports: tuple[int, int], remote: Network) -> Ternary:
    """Whether a network ACL lets TCP through on a range of ports, to or from a range of addresses.

    The first entry that is about all of it decides; None where one before it says otherwise of a part.
    """
    entries = [entry for entry in acl.records("Entries") if entry.flag("Egress") is egress]
    entries.sort(key=lambda entry: entry.number("RuleNumber"))
    said: set[bool] = set()
    for entry in entries:
        about = _about(entry, ports, remote)
        if about is False:
            continue
        allows = entry.text("RuleAction").lower() == "allow"
        if about is True:
            return allows if said <= {allows} else None
        said.add(allows)
    return None if True in said else False


def _about(entry: Record, ports: tuple[int, int], remote: Network) -> Ternary:
    """Whether an entry is about all of a range of ports and addresses, a part (None), or none."""
    protocol = entry.text("Protocol")
    if protocol not in (_ANY, "6"):
        return False
    member = "CidrBlock" if "CidrBlock" in entry else "Ipv6CidrBlock"
    network = range_of(entry, member)
    if network.version != remote.version or not network.overlaps(remote):
        return False
    first, last = ports
    if protocol == "6":
        span = entry.block("PortRange")
        low, high = span.number("From"), span.number("To")
    else:
        low, high = 0, 65535
    if high < first or low > last:
        return False
    return True if _holds(network, remote) and low <= first and last <= high else None
