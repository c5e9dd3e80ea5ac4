"""What the network ACLs of subnets let in and out: numbered entries, the first that matches decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.fact import memoized
from dms_lint.libs.ip_ranges import WHOLE, Span, range_of
from dms_lint.logic.kleene import Verdictish, attempt
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.facts.network.placement import Subnet
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

HOST_PORTS: Final = (32768, 60999)
"""The ports from which a Linux host, as those of DMS are, opens connections (ip_local_port_range)."""
_TCP: Final = ("6", "-1")
"""The protocols of entries that match TCP, as numbers, which is how AWS answers; -1 is every protocol."""
_IPV4: Final = (WHOLE[4],)


class Lookup(NamedTuple):
    """The passage of a packet through the ACL of a subnet, in one direction."""

    subnet: str
    acl: str
    """The id of the ACL; '' where it was not read."""
    direction: str
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
) -> tuple[Lookup, ...]:
    """The lookups for a TCP connection from `near` (the instance's subnet) to a port of `far` (the database's).

    Four: out of `near` to the port, into `far` on the port, out of `far` to the ephemeral ports, into `near` on them.
    `near_spans` and `far_spans` are where the two addresses may lie; empty for an address that cannot be told.
    Two, at the near side alone, where `far` is None: that side is not ours.  None within one subnet, for ACLs do not
    filter there.  `passes` is True when every packet that may be sent passes, False when none does, else Missing.
    """
    if far is not None and near.id == far.id:
        return ()
    back = f"from port {port} to ports {HOST_PORTS[0]}-{HOST_PORTS[1]}"
    near_out = _lookup(near, f"out to port {port}", far_spans, (port, port), inventory, egress=True)
    near_in = _lookup(near, f"in {back}", far_spans, HOST_PORTS, inventory, egress=False)
    if far is None:
        return near_out, near_in
    far_in = _lookup(far, f"in to port {port}", near_spans, (port, port), inventory, egress=False)
    far_out = _lookup(far, f"out {back}", near_spans, HOST_PORTS, inventory, egress=True)
    return near_out, far_in, far_out, near_in


def _lookup(
    subnet: Subnet,
    direction: str,
    spans: tuple[Span, ...],
    ports: tuple[int, int],
    inventory: Inventory,
    *,
    egress: bool,
) -> Lookup:
    acl = attempt(lambda: acl_of(subnet, inventory))
    if isinstance(acl, Missing):
        return Lookup(subnet.id, "", direction, acl)
    return Lookup(subnet.id, acl.id, direction, passes(acl, spans, ports, inventory, egress=egress))


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

    True when all of them pass, False when none does; Missing when some do, and when the ACL cannot be read.  Without
    spans, when an address cannot be told, it is the verdict for all of IPv4.
    """
    entries = attempt(lambda: _entries(acl, inventory))
    if isinstance(entries, Missing):
        return entries
    allowed = denied = False
    for span in spans or _IPV4:
        some, not_all = _through([entry for entry in entries if entry.egress is egress], (span, *ports))
        allowed, denied = allowed or some, denied or not_all
    if allowed and denied:
        return Missing(
            f"{acl.where} lets a part of the traffic through and denies another",
            needs="which of the addresses and ports are used",
            reason="a network ACL denies a part of the addresses or ports that may be used",
        )
    return allowed


_Box = tuple[Span, int, int]


def _through(entries: list[_Entry], box: _Box) -> tuple[bool, bool]:
    """Whether some of a box of addresses and ports is allowed, and whether some is denied."""
    undecided = [box]
    allowed = denied = False
    for entry in entries:
        rest: list[_Box] = []
        for part in undecided:
            pieces = _unmatched(part, entry)
            if pieces != [part]:
                allowed, denied = allowed or entry.allows, denied or not entry.allows
            rest += pieces
        undecided = rest
        if not undecided:
            return allowed, denied
    # The last entry, which AWS numbers 32767, denies the rest.
    return allowed, True


def _unmatched(part: _Box, entry: _Entry) -> list[_Box]:
    """The parts of a box that an entry does not match."""
    addresses, first, last = part
    if not addresses.meets(entry.span) or last < entry.first or entry.last < first:
        return [part]
    unmatched: list[_Box] = []
    if addresses.first < entry.span.first:
        unmatched.append((addresses._replace(last=entry.span.first - 1), first, last))
    if entry.span.last < addresses.last:
        unmatched.append((addresses._replace(first=entry.span.last + 1), first, last))
    middle = Span(addresses.version, max(addresses.first, entry.span.first), min(addresses.last, entry.span.last))
    if first < entry.first:
        unmatched.append((middle, first, entry.first - 1))
    if entry.last < last:
        unmatched.append((middle, entry.last + 1, last))
    return unmatched


@memoized
def _entries(acl: Resource, inventory: Inventory) -> tuple[_Entry, ...]:
    """The entries for TCP, in the order of their numbers."""
    return tuple(sorted(_entry(record) for record in acl.records("Entries") if record.text("Protocol") in _TCP))


def _entry(record: Record) -> _Entry:
    key = "Ipv6CidrBlock" if "Ipv6CidrBlock" in record else "CidrBlock"
    span = range_of(record, key)
    first, last = 0, 65535
    if record.text("Protocol") == "6":
        ports = record.block("PortRange")
        first, last = ports.number("From"), ports.number("To")
    action = record.text("RuleAction")
    if action not in ("allow", "deny"):
        raise record.malformed("RuleAction", "allow or deny")
    return _Entry(record.number("RuleNumber"), record.flag("Egress"), action == "allow", span, first, last)
