"""What the network ACLs of subnets let in and out: numbered entries, of which the first that matches decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.fact import memoized
from dms_lint.libs.ip_ranges import Span, range_of
from dms_lint.logic.kleene import Verdictish, attempt
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.facts.network.placement import Subnet
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

HOST_PORTS: Final = (32768, 60999)
"""The ports from which a Linux host, as those of DMS are, opens connections (ip_local_port_range)."""
NAT_PORTS: Final = (1024, 65535)
"""The ports from which a NAT gateway opens connections (VPC User Guide, ephemeral ports)."""
_TCP: Final = ("6", "-1")
# Protocols as numbers, which is how AWS answers; -1 is all of them.


class Lookup(NamedTuple):
    """One of the ways that a packet takes through the ACL of a subnet, and whether it is let through."""

    subnet: str
    acl: str
    """The id of the ACL; '' where it is not known."""
    way: str
    """`out to port 5432`, `in from port 5432`, ..., for a message."""
    passes: Verdictish


class _Entry(NamedTuple):
    number: int
    egress: bool
    allows: bool
    span: Span
    first: int
    last: int


def lookups(
    near: Subnet,
    far: Subnet | None,
    near_spans: tuple[Span, ...],
    far_spans: tuple[Span, ...],
    port: int,
    inventory: Inventory,
    *,
    ephemeral: tuple[int, int] = HOST_PORTS,
) -> tuple[Lookup, ...]:
    """The lookups for a TCP connection from `near` (the instance's subnet) to a port of `far` (the database's).

    Four: out of `near` to the port, into `far` on the port, out of `far` to the ephemeral ports, into `near` on them.
    `near_spans` and `far_spans` are where the two addresses may lie; empty for an address that is not known.
    Two, at the near side alone, where `far` is None: that side is not ours.  None within one subnet, for ACLs do not
    filter there.  `passes` is True when all that may be sent passes, False when nothing does, else Missing.
    """
    if far is not None and near.id == far.id:
        return ()
    found = [_lookup(near, f"out to port {port}", far_spans, (port, port), inventory, egress=True)]
    if far is not None:
        found.append(_lookup(far, f"in to port {port}", near_spans, (port, port), inventory, egress=False))
        way = f"out from port {port} to ports {ephemeral[0]}-{ephemeral[1]}"
        found.append(_lookup(far, way, near_spans, ephemeral, inventory, egress=True))
    way = f"in from port {port} to ports {HOST_PORTS[0]}-{HOST_PORTS[1]}"
    found.append(_lookup(near, way, far_spans, HOST_PORTS, inventory, egress=False))
    return tuple(found)


def _lookup(
    subnet: Subnet, way: str, spans: tuple[Span, ...], ports: tuple[int, int], inventory: Inventory, *, egress: bool
) -> Lookup:
    acl = attempt(lambda: acl_of(subnet, inventory))
    if isinstance(acl, Missing):
        return Lookup(subnet.id, "", way, acl)
    return Lookup(subnet.id, acl.id, way, passes(acl, spans, ports, inventory, egress=egress))


def acl_of(subnet: Subnet, inventory: Inventory) -> Resource:
    """The ACL that is associated with a subnet: each subnet has one, always."""
    for acl in inventory.index("network-acl", _subnets_of).get(subnet.id, ()):
        return acl
    inventory.all("network-acl", subnet.account, subnet.region)
    raise Missing(
        f"the network ACL of subnet {subnet.id} is not among those listed",
        needs="ec2:DescribeNetworkAcls",
        reason="a subnet's network ACL is not among those listed",
    )


def _subnets_of(acl: Resource) -> Iterator[str]:
    for association in acl.records("Associations"):
        yield association.text("SubnetId")


def passes(
    acl: Resource, spans: tuple[Span, ...], ports: tuple[int, int], inventory: Inventory, *, egress: bool
) -> Verdictish:
    """Whether an ACL lets TCP through in one direction, to or from the addresses and on the ports.

    True when all of them pass, False when none does; Missing when some do, and when the ACL cannot be read.  Of
    addresses that are not known (no spans) it is True or False where it is that of the whole of IPv4.
    """
    found = attempt(lambda: _entries(acl, inventory))
    if isinstance(found, Missing):
        return found
    allowed = denied = False
    for one in spans or (Span(4, 0, 2**32 - 1),):
        some, not_all = _through([entry for entry in found if entry.egress is egress], (one, *ports))
        allowed, denied = allowed or some, denied or not_all
    # AWS's own documentation asks for more ephemeral ports than a host uses: what the host uses is enough.
    if denied and allowed and ports == NAT_PORTS and _whole(found, spans, egress=egress):
        return True
    if allowed and denied:
        return Missing(
            f"{acl.where} lets a part of the traffic through and denies another",
            needs="which of the addresses and ports are used",
            reason="a network ACL denies a part of the addresses or ports that may be used",
        )
    return allowed


def _whole(entries: tuple[_Entry, ...], spans: tuple[Span, ...], *, egress: bool) -> bool:
    """Whether the ports of a host, of those of a NAT gateway, pass all."""
    ways = [entry for entry in entries if entry.egress is egress]
    return not any(_through(ways, (one, *HOST_PORTS))[1] for one in spans or (Span(4, 0, 2**32 - 1),))


_Box = tuple[Span, int, int]


def _through(entries: list[_Entry], box: _Box) -> tuple[bool, bool]:
    """Whether some of a box of addresses and ports is allowed, and whether some is denied."""
    left = [box]
    allowed = denied = False
    for entry in entries:
        rest: list[_Box] = []
        for part in left:
            pieces = _cut(part, entry)
            if pieces != [part]:
                allowed, denied = allowed or entry.allows, denied or not entry.allows
            rest += pieces
        left = rest
        if not left:
            return allowed, denied
    return allowed, True  # the last entry, which AWS numbers 32767, denies the rest


def _cut(part: _Box, entry: _Entry) -> list[_Box]:
    """What of a box an entry does not match."""
    addresses, first, last = part
    if not addresses.meets(entry.span) or last < entry.first or entry.last < first:
        return [part]
    found: list[_Box] = []
    if addresses.first < entry.span.first:
        found.append((addresses._replace(last=entry.span.first - 1), first, last))
    if entry.span.last < addresses.last:
        found.append((addresses._replace(first=entry.span.last + 1), first, last))
    middle = Span(addresses.version, max(addresses.first, entry.span.first), min(addresses.last, entry.span.last))
    if first < entry.first:
        found.append((middle, first, entry.first - 1))
    if entry.last < last:
        found.append((middle, entry.last + 1, last))
    return found


@memoized
def _entries(acl: Resource, inventory: Inventory) -> tuple[_Entry, ...]:
    """The entries for TCP, in the order of their numbers."""
    found = [_entry(record) for record in acl.records("Entries") if _speaks_of_tcp(record)]
    return tuple(sorted(found))


def _speaks_of_tcp(record: Record) -> bool:
    return record.text("Protocol") in _TCP


def _entry(record: Record) -> _Entry:
    key = "Ipv6CidrBlock" if "Ipv6CidrBlock" in record else "CidrBlock"
    where = range_of(record, key)
    first, last = 0, 65535
    if record.text("Protocol") == "6":
        ports = record.block("PortRange")
        first, last = ports.number("From"), ports.number("To")
    action = record.text("RuleAction")
    if action not in ("allow", "deny"):
        raise record.malformed("RuleAction", "allow or deny")
    return _Entry(record.number("RuleNumber"), record.flag("Egress"), action == "allow", where, first, last)
