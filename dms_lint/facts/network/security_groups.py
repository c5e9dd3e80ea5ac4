"""What security groups let out and admit: over TCP, to or from addresses, other groups and prefix lists."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from dms_lint.facts.fact import memoized
from dms_lint.facts.network.prefix_lists import prefix_list_ranges
from dms_lint.libs.ip_ranges import WHOLE, Span, range_of, without
from dms_lint.logic.kleene import Verdictish, attempt
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dms_lint.facts.network.placement import Placement
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

    _Reader = Callable[[Resource, Inventory], "Rules"]

T = TypeVar("T")


class End(NamedTuple):
    """What stands at the other end of a connection, as far as it is known."""

    spans: tuple[Span, ...] = ()
    """Where its address may lie; () where nothing is known of it."""
    groups: tuple[str, ...] | None = None
    """The security groups that it carries and that rules may name: () for none, None where it is not known."""


def end_of(where: Placement, version: int = 4) -> End:
    """What runs a migration, as what it reaches over private addresses sees it: its addresses and its groups."""
    spans = attempt(lambda: where.sources)
    groups = attempt(lambda: where.groups)
    return End(
        () if isinstance(spans, Missing) else tuple(one for one in spans if one.version == version),
        None if isinstance(groups, Missing) else groups,
    )


class Allowed(NamedTuple):
    """Whom a rule lets through, as far as it was read: what is in here is certain, whatever else was not read."""

    spans: tuple[Span, ...]
    groups: tuple[str, ...]
    """The ids of the groups that it names, those of peered VPCs too."""
    peered: tuple[str, ...]
    """Those of them that are of peered VPCs."""
    lists: tuple[str, ...]
    """The ids of the prefix lists that it names."""
    hole: Missing | None
    """What of it could not be read: the rule may let through anybody else."""


class Permission(NamedTuple):
    """A rule about TCP, on the ports from `first` to `last`."""

    first: int
    last: int
    allowed: Allowed

    def is_on(self, port: int) -> bool:
        """Whether it is about a port."""
        return self.first <= port <= self.last


class Rules(NamedTuple):
    """The rules of a group for one direction."""

    permissions: tuple[Permission, ...]
    hole: Missing | None
    """What of the group's rules could not be read, but for whom one lets through: each permission says that itself."""


def groups_of(ids: Iterable[str], account: str, region: str, inventory: Inventory) -> tuple[Resource | Missing, ...]:
    """The security groups with these ids; in the place of each that cannot be read, what is missing."""
    return tuple(attempt(partial(_group, one, account, region, inventory)) for one in ids)


def _group(id: str, account: str, region: str, inventory: Inventory) -> Resource:  # noqa: A002
    found = inventory.find("security-group", id, account, region)
    if found is None:
        raise Missing(
            f"security group {id} is not among those listed",
            needs="ec2:DescribeSecurityGroups",
            reason="a security group is not among those listed",
        )
    return found


def lets_out(groups: Iterable[Resource | Missing], port: int, target: End, inventory: Inventory) -> Verdictish:
    """Whether groups together let TCP out to a port of the target.

    True when they let it out to every address that the target may have, or to a group that it carries; False when to
    none; else Missing.  Where its address is not known: True of rules to everywhere, False when no rule has the port.
    """
    return _judge([(group, _egress) for group in groups], port, target, inventory)


def lets_all_out(groups: Iterable[Resource | Missing], inventory: Inventory) -> bool:
    """Whether some group certainly lets TCP out on every port to every IPv4 address, wherever it goes."""
    return any(
        rule.first <= 0 and rule.last >= 65535 and WHOLE[4] in rule.allowed.spans
        for group in groups
        if not isinstance(group, Missing)
        for rule in _egress(group, inventory).permissions
    )


def admits(groups: Iterable[Resource | Missing], port: int, source: End, inventory: Inventory) -> Verdictish:
    """Whether groups together admit TCP on a port from the source; True, False and Missing as of `lets_out`."""
    return _judge([(group, ingress_permissions) for group in groups], port, source, inventory)


class _Gathered(NamedTuple):
    """What the rules of several groups let through on a port."""

    spans: list[Span]
    named: set[str]
    """The ids of the groups that they name."""
    hole: Missing | None


def _judge(rules: list[tuple[Resource | Missing, _Reader]], port: int, end: End, inventory: Inventory) -> Verdictish:
    found = _gather(rules, port, inventory)
    if end.groups is not None and not found.named.isdisjoint(end.groups):
        return True
    return _covered(found.spans, end, found.hole, named=end.groups is None and bool(found.named))


def _gather(rules: list[tuple[Resource | Missing, _Reader]], port: int, inventory: Inventory) -> _Gathered:
    spans: list[Span] = []
    hole: Missing | None = None
    named: set[str] = set()
    for group, read in rules:
        if isinstance(group, Missing):
            hole = hole or group
            continue
        found = read(group, inventory)
        hole = hole or found.hole
        for permission in found.permissions:
            if not permission.is_on(port):
                continue
            named.update(permission.allowed.groups)
            admitted, unread = every_span(permission.allowed, group, inventory)
            spans += admitted
            hole = hole or unread
    return _Gathered(spans, named, hole)


def admitted_spans(
    groups: Iterable[Resource | Missing], port: int, inventory: Inventory
) -> tuple[tuple[Span, ...], Missing | None]:
    """The ranges of addresses that groups admit together on a port, and what of it could not be read."""
    gathered = _gather([(group, ingress_permissions) for group in groups], port, inventory)
    return tuple(gathered.spans), gathered.hole


def _covered(spans: list[Span], end: End, hole: Missing | None, *, named: bool) -> Verdictish:
    if not end.spans:
        if not without(WHOLE[4], spans):
            return True
        if hole is None and not named and not spans:
            return False
        return hole or _open("the address is not known")
    if not any(without(one, spans) for one in end.spans):
        return True
    if hole is not None:
        return hole
    if named:
        return _open("the security groups at the other end are not known")
    if any(one.meets(other) for one in end.spans for other in spans):
        return _open("the rules admit only a part of the addresses that the other end may have")
    return False


def _open(why: str) -> Missing:
    return Missing(
        f"whether the security groups let it through is open: {why}", needs="the address of the other end", reason=why
    )


@memoized
def _egress(group: Resource, inventory: Inventory) -> Rules:
    return _read(group, "IpPermissionsEgress")


@memoized
def ingress_permissions(group: Resource, inventory: Inventory) -> Rules:
    """The rules of a group that admit TCP, and what of them could not be read."""
    return _read(group, "IpPermissions")


def _read(group: Resource, member: str) -> Rules:
    found: list[Permission] = []
    hole: Missing | None = None
    try:
        for record in group.records(member):
            one = attempt(partial(_permission, record))
            if isinstance(one, Missing):
                hole = hole or one
            elif one is not None:
                found.append(one)
    except Missing as missing:
        hole = missing
    return Rules(tuple(found), hole)


def _permission(record: Record) -> Permission | None:
    """A rule that speaks of TCP; None for one of another protocol."""
    protocol = record.text("IpProtocol")
    if protocol not in ("-1", "tcp", "6"):
        return None
    first, last = 0, 65535
    if protocol != "-1":
        first, last = record.number("FromPort"), record.number("ToPort")
        if first < 0:
            first, last = 0, 65535
    return Permission(first, last, allowed_by(record))


def allowed_by(permission: Record) -> Allowed:
    """Whom a rule of a security group lets through, and what of that could not be read.

    AWS sends all four lists with every rule, those that name nobody empty (API reference of DescribeSecurityGroups,
    sample responses): one that is absent was left out, and may have named anybody.
    """
    ipv4, ipv4_hole = _items(permission, "IpRanges", lambda item: range_of(item, "CidrIp"))
    ipv6, ipv6_hole = _items(permission, "Ipv6Ranges", lambda item: range_of(item, "CidrIpv6"))
    pairs, pairs_hole = _items(permission, "UserIdGroupPairs", _pair)
    lists, lists_hole = _items(permission, "PrefixListIds", lambda item: item.text("PrefixListId"))
    hole = ipv4_hole or ipv6_hole or pairs_hole or lists_hole
    if not (ipv4 or ipv6 or pairs or lists):
        hole = hole or permission.missing("IpRanges")  # AWS has no rule for nobody: whom it is for was left out
    groups = tuple(group for group, _ in pairs)
    peered = tuple(group for group, is_peered in pairs if is_peered)
    return Allowed((*ipv4, *ipv6), groups, peered, tuple(lists), hole)


def _items(permission: Record, member: str, read: Callable[[Record], T]) -> tuple[list[T], Missing | None]:
    """What could be read of a list of a rule, and the first of what could not."""
    records = attempt(lambda: permission.records(member))
    if isinstance(records, Missing):
        return [], records
    items: list[T] = []
    hole: Missing | None = None
    for record in records:
        item = attempt(partial(read, record))
        if isinstance(item, Missing):
            hole = hole or item
        else:
            items.append(item)
    return items, hole


def _pair(pair: Record) -> tuple[str, bool]:
    """The group that a rule names, and whether it is in a peered VPC."""
    # AWS names the peering connection, and its status, of a group in another VPC.
    return pair.text("GroupId"), "VpcPeeringConnectionId" in pair or "PeeringStatus" in pair


def every_span(allowed: Allowed, group: Resource, inventory: Inventory) -> tuple[list[Span], Missing | None]:
    """The ranges that a rule of a group lets through, those of its prefix lists too, and what could not be read."""
    spans = list(allowed.spans)
    hole = allowed.hole
    for prefix_list in allowed.lists:
        listed = attempt(partial(prefix_list_ranges, prefix_list, group.account, group.region, inventory))
        if isinstance(listed, Missing):
            hole = hole or listed
        else:
            spans += listed
    return spans, hole
