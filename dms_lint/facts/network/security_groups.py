"""What security groups let out and admit: over TCP, to or from addresses, other groups and prefix lists."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from dms_lint.facts.fact import memoized
from dms_lint.libs.ip_ranges import WHOLE, Span, range_of, span, without
from dms_lint.logic.kleene import Partial, Verdictish, attempt, collect, collect_each, listing, merged, require
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dms_lint.facts.network.placement import Placement
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

    _Reader = Callable[[Resource, Inventory], Partial["Permission"]]


class End(NamedTuple):
    """The other end of a connection, as far as it can be told."""

    spans: tuple[Span, ...] = ()
    """The ranges in which its address may lie; () where nothing says."""
    groups: tuple[str, ...] | None = None
    """The security groups on it that rules may name: () for none, None where they cannot be told."""


def end_of(placement: Placement, version: int = 4) -> End:
    """The runner of a migration, as hosts see it that it reaches over private addresses: its addresses and groups."""
    spans = attempt(lambda: placement.sources)
    groups = attempt(lambda: placement.groups)
    return End(
        () if isinstance(spans, Missing) else tuple(source for source in spans if source.version == version),
        None if isinstance(groups, Missing) else groups,
    )


class GroupReference(NamedTuple):
    """A security group that a rule names."""

    id: str
    peered: bool
    """Whether it is of a peered VPC."""


class PrefixListReference(NamedTuple):
    """A prefix list that a rule names."""

    id: str


Peer: TypeAlias = Span | GroupReference | PrefixListReference


class Permission(NamedTuple):
    """A rule about TCP, on the ports from `first` to `last`."""

    first: int
    last: int
    peers: Partial[Peer]

    def is_on(self, port: int) -> bool:
        """Whether it is about a port."""
        return self.first <= port <= self.last


def groups_of(ids: Iterable[str], account: str, region: str, inventory: Inventory) -> tuple[Resource | Missing, ...]:
    """The security groups with these ids; in the place of each that cannot be read, its Missing."""
    return tuple(attempt(partial(_group, id_, account, region, inventory)) for id_ in ids)


def _group(id: str, account: str, region: str, inventory: Inventory) -> Resource:
    group = inventory.find("security-group", id, account, region)
    if group is None:
        raise Missing(
            f"security group {id} is not among those listed",
            needs="ec2:DescribeSecurityGroups",
            reason="a security group is not among those listed",
        )
    return group


# -- verdicts


def lets_out(groups: Iterable[Resource | Missing], port: int, target: End, inventory: Inventory) -> Verdictish:
    """Whether groups together let TCP out to a port of the target.

    True when they let it out to every address that the target may have, or to a group that it carries; False when to
    none; else Missing.  Where its address cannot be told: True of rules to everywhere, False when no rule has the port.
    """
    return _verdict(_peers_on_port(groups, _egress_permissions, port, inventory), target)


def lets_all_out(groups: Iterable[Resource | Missing], inventory: Inventory) -> bool:
    """Whether some group certainly lets TCP out on every port to every IPv4 address, wherever it goes."""
    return any(
        permission.first <= 0 and permission.last >= 65535 and WHOLE[4] in permission.peers.items
        for group in groups
        if not isinstance(group, Missing)
        for permission in _egress_permissions(group, inventory).items
    )


def admits(groups: Iterable[Resource | Missing], port: int, source: End, inventory: Inventory) -> Verdictish:
    """Whether groups together admit TCP on a port from the source; True, False and Missing as for `lets_out`."""
    return _verdict(_peers_on_port(groups, ingress_permissions, port, inventory), source)


def admitted_spans(groups: Iterable[Resource | Missing], port: int, inventory: Inventory) -> Partial[Span]:
    """The ranges of addresses that groups admit together on a port."""
    return _spans(_peers_on_port(groups, ingress_permissions, port, inventory))


def _peers_on_port(
    groups: Iterable[Resource | Missing], read: _Reader, port: int, inventory: Inventory
) -> Partial[Span | GroupReference]:
    """The ranges and groups to which groups together open a port."""

    def peers_of_group(group: Resource | Missing) -> Partial[Span | GroupReference]:
        readable = require(group)
        return collect_each(
            read(readable, inventory),
            lambda permission: resolve(permission.peers, readable, inventory) if permission.is_on(port) else (),
        )

    return collect_each(groups, peers_of_group)


def _verdict(peers: Partial[Span | GroupReference], end: End) -> Verdictish:
    """Whether the peers hold the end of a connection, by a group on it or by every address that it may have."""
    groups = {peer.id for peer in peers.items if isinstance(peer, GroupReference)}
    if end.groups is not None and not groups.isdisjoint(end.groups):
        return True
    return _covers(_spans(peers), end, may_carry_group=end.groups is None and bool(groups))


def _spans(peers: Partial[Span | GroupReference]) -> Partial[Span]:
    def span_or_none(peer: Span | GroupReference) -> Span | None:
        return peer if isinstance(peer, Span) else None

    return collect(peers, span_or_none)


def _covers(spans: Partial[Span], end: End, *, may_carry_group: bool) -> Verdictish:
    if not end.spans:
        if not without(WHOLE[4], spans.items):
            return True
        if spans.is_nonempty() is False and not may_carry_group:
            return False
        return spans.missing or _undecided("the address is not known")
    if not any(without(address, spans.items) for address in end.spans):
        return True
    if spans.missing is not None:
        return spans.missing
    if may_carry_group:
        return _undecided("the security groups at the other end are not known")
    if any(address.meets(admitted) for address in end.spans for admitted in spans.items):
        return _undecided("the rules admit only a part of the addresses that the other end may have")
    return False


def _undecided(why: str) -> Missing:
    return Missing(
        f"whether the security groups let it through is open: {why}", needs="the address of the other end", reason=why
    )


# -- rules


@memoized
def _egress_permissions(group: Resource, inventory: Inventory) -> Partial[Permission]:
    return _permissions(group, "IpPermissionsEgress")


@memoized
def ingress_permissions(group: Resource, inventory: Inventory) -> Partial[Permission]:
    """The rules of a group that admit TCP; each says itself to whom else it may open the ports."""
    return _permissions(group, "IpPermissions")


def _permissions(group: Resource, member: str) -> Partial[Permission]:
    return collect(listing(lambda: group.records(member)), _permission)


def _permission(record: Record) -> Permission | None:
    """A rule that speaks of TCP; None for one of another protocol."""
    protocol = record.text("IpProtocol")
    if protocol not in ("-1", "tcp", "6"):
        return None
    first, last = 0, 65535
    if protocol != "-1":
        first, last = record.number("FromPort"), record.number("ToPort")
        # API reference, IpPermission: -1 means all types of ICMP; read alike for ports, it bounds nothing.
        if first < 0:
            first, last = 0, 65535
    return Permission(first, last, peers_of(record))


_PEERS: Final[tuple[tuple[str, Callable[[Record], Peer]], ...]] = (
    ("IpRanges", lambda entry: range_of(entry, "CidrIp")),
    ("Ipv6Ranges", lambda entry: range_of(entry, "CidrIpv6")),
    ("UserIdGroupPairs", lambda entry: _group_reference(entry)),
    ("PrefixListIds", lambda entry: PrefixListReference(entry.text("PrefixListId"))),
)
"""The lists of a rule, each with how its entries are read."""


def peers_of(permission: Record) -> Partial[Peer]:
    """The ranges, groups and prefix lists that a rule of a security group lets through.

    AWS sends all four lists with every rule, those that name nobody empty (API reference of DescribeSecurityGroups,
    sample responses): one that is absent was left out, and may have named anybody.
    """
    peers: Partial[Peer] = merged(
        collect(listing(partial(permission.records, member)), read) for member, read in _PEERS
    )
    # AWS has no rule for nobody: whom it is for was left out.
    return peers if peers.items else peers.or_missing(permission.missing("IpRanges"))


def _group_reference(pair: Record) -> GroupReference:
    # AWS names the peering connection, and its status, of a group in another VPC.
    return GroupReference(pair.text("GroupId"), "VpcPeeringConnectionId" in pair or "PeeringStatus" in pair)


def resolve(peers: Partial[Peer], group: Resource, inventory: Inventory) -> Partial[Span | GroupReference]:
    """The peers of a rule of a group, with the ranges of each prefix list in its place."""

    def ranges_or_group(peer: Peer) -> tuple[Span | GroupReference, ...]:
        if isinstance(peer, PrefixListReference):
            return prefix_list_ranges(peer.id, group.account, group.region, inventory)
        return (peer,)

    return collect_each(peers, ranges_or_group)


# -- prefix lists


def prefix_list_ranges(id: str, account: str, region: str, inventory: Inventory) -> tuple[Span, ...]:
    """The ranges of a prefix list: of a managed one's entries, else of the list of an AWS service.

    Missing where neither was read.
    """
    try:
        return _entries(inventory.about("prefix-list-entries", id, account=account, region=region), inventory)
    except Missing as missing:
        service_list = attempt(partial(inventory.find, "prefix-list", id, account, region))
        if service_list is None or isinstance(service_list, Missing):
            raise missing from None
    return _cidrs(service_list, inventory)


@memoized
def _entries(entries: Resource, inventory: Inventory) -> tuple[Span, ...]:
    return tuple(range_of(entry, "Cidr") for entry in entries.records("Entries"))


@memoized
def _cidrs(service_list: Resource, inventory: Inventory) -> tuple[Span, ...]:
    return tuple(_cidr_span(service_list, cidr) for cidr in service_list.texts("Cidrs"))


def _cidr_span(service_list: Resource, cidr: str) -> Span:
    addresses = span(cidr)
    if addresses is None:
        raise service_list.malformed("Cidr", "a range of addresses")
    return addresses
