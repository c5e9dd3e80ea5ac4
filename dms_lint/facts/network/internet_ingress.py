"""Which rules of security groups admit the whole internet."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import ip_network
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.network.placement import security_group_ids
from dms_lint.facts.network.security_groups import admitted_spans, allowed_by, every_span, groups_of
from dms_lint.libs.ip_ranges import WHOLE, Span, span_of, without
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

# Nothing on the internet has one of these addresses (RFC 6890; IANA gives out 2000::/3 alone): ranges that together
# are all the others admit the whole internet.
UNROUTED: Final = {
    version: tuple(span_of(ip_network(written)) for written in listed)
    for version, listed in (
        (
            4,
            (
                "0.0.0.0/8",
                "10.0.0.0/8",
                "100.64.0.0/10",
                "127.0.0.0/8",
                "169.254.0.0/16",
                "172.16.0.0/12",
                "192.168.0.0/16",
                "224.0.0.0/3",
            ),
        ),
        (6, ("::/3", "4000::/2", "8000::/1")),
    )
}


def _size(one: Span) -> int:
    return one.last - one.first + 1


_ROUTED: Final = {version: _size(WHOLE[version]) - sum(map(_size, unrouted)) for version, unrouted in UNROUTED.items()}
"""How many addresses are left."""
_PORTS: Final = {"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp"}
_ANY: Final = "-1"


class _Opening(NamedTuple):
    """One range of addresses that a rule of a security group admits."""

    group: str
    protocol: str
    first: int
    last: int
    span: Span

    @property
    def traffic(self) -> str:
        return _traffic(self.protocol, self.first, self.last)


def open_ingress(instance: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the security groups of the instance admit from the whole internet, by group, port and range.

    Ranges that are the whole internet only together count, in one group or in several, port by port.  A prefix
    list stands for its entries; where these were not read and nothing else is open, they could be.
    """
    openings: list[_Opening] = []
    missing: Missing | None = None
    ids = security_group_ids(instance, inventory)
    for group in groups_of(ids, instance.account, instance.region, inventory):
        if isinstance(group, Missing):
            missing = missing or group
            continue
        admitted, hole = _admitted(group, inventory)
        openings += admitted
        missing = missing or hole
    found = tuple(dict.fromkeys(_open(openings)))
    if missing is not None and not found:
        raise missing
    return found


@memoized
def _admitted(group: Resource, inventory: Inventory) -> tuple[list[_Opening], Missing | None]:
    """What a group admits, and what of it cannot be known."""
    openings: list[_Opening] = []
    missing: Missing | None = None
    try:
        for permission in group.records("IpPermissions"):
            hole = _admit(permission, group, openings, inventory)
            missing = missing or hole
    except Missing as hole:
        missing = missing or hole
    return openings, missing


def _admit(permission: Record, group: Resource, openings: list[_Opening], inventory: Inventory) -> Missing | None:
    """Adds what a rule admits to `openings`; gives what of it cannot be known."""
    try:
        protocol, first, last = _ports(permission)
    except Missing as missing:
        return missing
    spans, hole = every_span(allowed_by(permission), group, inventory)
    openings.extend(_Opening(group.id, protocol, first, last, admitted) for admitted in spans)
    return hole


def _ports(permission: Record) -> tuple[str, int, int]:
    """The protocol of a rule, and its ports from the first to the last; of ICMP, type and code."""
    protocol = permission.text("IpProtocol")
    protocol = _PORTS.get(protocol, protocol)
    first, last = permission.number("FromPort", default=-1), permission.number("ToPort", default=-1)
    if protocol in _PORTS and first < 0:
        return protocol, 0, 65535
    if protocol in _PORTS and last < 0:
        raise permission.missing("ToPort")
    return protocol, first, last


def _open(openings: Iterable[_Opening]) -> Iterator[str]:
    parts: dict[int, list[_Opening]] = defaultdict(list)
    for one in openings:
        if one.span == WHOLE[one.span.version]:
            yield f"{one.group} {one.traffic} from {one.span}"
        else:
            parts[one.span.version].append(one)
    for version in sorted(parts):
        if covers_internet([one.span for one in parts[version]]):
            yield from _open_together(parts[version])


def _open_together(openings: list[_Opening]) -> Iterator[str]:
    """What ranges of one IP version admit together, protocol by protocol and, of its ports, stretch by stretch."""
    everywhere = [one for one in openings if one.protocol == _ANY]
    if covers_internet([one.span for one in everywhere]):
        yield _together(everywhere, "all traffic")
        return
    for protocol in sorted({one.protocol for one in openings} - {_ANY}):
        mine = [one for one in openings if one.protocol == protocol]
        for first, last, here in _stretches(mine) if protocol in _PORTS else _alike(mine):
            if here and covers_internet([one.span for one in (*here, *everywhere)]):
                yield _together([*here, *everywhere], _traffic(protocol, first, last))


def _stretches(openings: list[_Opening]) -> Iterator[tuple[int, int, list[_Opening]]]:
    """The stretches of ports that the same openings admit, each with these."""
    edges = sorted({one.first for one in openings} | {one.last + 1 for one in openings})
    for first, after in pairwise(edges):
        yield first, after - 1, [one for one in openings if one.first <= first < after <= one.last + 1]


def _alike(openings: list[_Opening]) -> Iterator[tuple[int, int, list[_Opening]]]:
    """Openings of the same two numbers, which are no ports: for ICMP a type and a code."""
    for numbers in sorted({(one.first, one.last) for one in openings}):
        yield *numbers, [one for one in openings if (one.first, one.last) == numbers]


def _traffic(protocol: str, first: int, last: int) -> str:
    if protocol == _ANY:
        return "all traffic"
    if protocol in _PORTS:
        return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"
    return f"protocol {protocol}" if protocol.isdigit() else protocol


def _together(openings: list[_Opening], traffic: str) -> str:
    groups = "+".join(sorted({one.group for one in openings}))
    spans = sorted({one.span for one in openings}, key=lambda one: (one.first, -one.last))
    few = " and ".join(map(str, spans)) if len(spans) < 4 else f"{len(spans)} ranges"
    return f"{groups} {traffic} from {few}, together all public IPv{spans[0].version} addresses"


def covers_internet(spans: Iterable[Span]) -> bool:
    """Whether ranges of one IP version together hold every address that the internet routes."""
    found = list(spans)
    if not found:
        return False
    version = found[0].version
    if sum(map(_size, found)) < _ROUTED[version]:
        return False
    return not without(WHOLE[version], (*found, *UNROUTED[version]))


def open_to_internet(ids: Iterable[str], account: str, region: str, port: int, inventory: Inventory) -> tuple[str, ...]:
    """What groups together admit on a port from the whole internet, by IP version.

    Missing where nothing certainly does, and something could not be read.
    """
    groups = groups_of(ids, account, region, inventory)
    spans, hole = admitted_spans(groups, port, inventory)
    found: list[str] = []
    for version in (4, 6):
        if covers_internet([one for one in spans if one.version == version]):
            names = "+".join(group.id for group in groups if not isinstance(group, Missing))
            found.append(f"{names} tcp {port} from all public IPv{version} addresses")
    if hole is not None and not found:
        raise hole
    return tuple(found)


FACTS: Final = (Fact("network.open_ingress", ("replication-instance",), texts(), open_ingress),)
