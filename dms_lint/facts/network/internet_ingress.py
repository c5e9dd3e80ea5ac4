"""Which rules of security groups admit the whole internet."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import ip_network
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.network.placement import security_group_ids
from dms_lint.facts.network.security_groups import admitted_spans, groups_of, peers_of, resolve
from dms_lint.libs.ip_ranges import WHOLE, Span, span_of, without
from dms_lint.logic.kleene import Partial, collect, collect_each, listing, require
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

# Nothing on the internet has one of these addresses (RFC 6890; IANA gives out 2000::/3 alone): ranges that together
# are all the others admit the whole internet.
UNROUTED: Final = {
    version: tuple(span_of(ip_network(cidr)) for cidr in cidrs)
    for version, cidrs in (
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


def _size(span: Span) -> int:
    return span.last - span.first + 1


_ROUTED: Final = {version: _size(WHOLE[version]) - sum(map(_size, unrouted)) for version, unrouted in UNROUTED.items()}
"""The number of addresses that are left, by IP version."""
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
    ids = security_group_ids(instance, inventory)
    groups = groups_of(ids, instance.account, instance.region, inventory)
    openings: Partial[_Opening] = collect_each(groups, lambda group: _openings(require(group), inventory))
    return Partial(tuple(_open(openings.items)), openings.missing).distinct().certain()


@memoized
def _openings(group: Resource, inventory: Inventory) -> Partial[_Opening]:
    """Every range that the rules of a group admit."""
    permissions = listing(lambda: group.records("IpPermissions"))
    return collect_each(permissions, lambda permission: _openings_of_rule(permission, group, inventory))


def _openings_of_rule(permission: Record, group: Resource, inventory: Inventory) -> Partial[_Opening]:
    protocol, first, last = _ports(permission)
    peers = resolve(peers_of(permission), group, inventory)
    return collect(
        peers, lambda peer: _Opening(group.id, protocol, first, last, peer) if isinstance(peer, Span) else None
    )


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
    for opening in openings:
        if opening.span == WHOLE[opening.span.version]:
            yield f"{opening.group} {opening.traffic} from {opening.span}"
        else:
            parts[opening.span.version].append(opening)
    for version in sorted(parts):
        if covers_internet([opening.span for opening in parts[version]]):
            yield from _open_together(parts[version])


def _open_together(openings: list[_Opening]) -> Iterator[str]:
    """The internet as ranges of one IP version admit it together, by protocol and, of its ports, stretch by stretch."""
    all_traffic = [opening for opening in openings if opening.protocol == _ANY]
    if covers_internet([opening.span for opening in all_traffic]):
        yield _together(all_traffic, "all traffic")
        return
    for protocol in sorted({opening.protocol for opening in openings} - {_ANY}):
        of_protocol = [opening for opening in openings if opening.protocol == protocol]
        for first, last, alike in _stretches(of_protocol) if protocol in _PORTS else _alike(of_protocol):
            if alike and covers_internet([opening.span for opening in (*alike, *all_traffic)]):
                yield _together([*alike, *all_traffic], _traffic(protocol, first, last))


def _stretches(openings: list[_Opening]) -> Iterator[tuple[int, int, list[_Opening]]]:
    """The stretches of ports that the same openings admit, each with these."""
    edges = sorted({opening.first for opening in openings} | {opening.last + 1 for opening in openings})
    for first, after in pairwise(edges):
        yield first, after - 1, [opening for opening in openings if opening.first <= first < after <= opening.last + 1]


def _alike(openings: list[_Opening]) -> Iterator[tuple[int, int, list[_Opening]]]:
    """Openings of the same two numbers, which are no ports: for ICMP a type and a code."""
    for numbers in sorted({(opening.first, opening.last) for opening in openings}):
        yield *numbers, [opening for opening in openings if (opening.first, opening.last) == numbers]


def _traffic(protocol: str, first: int, last: int) -> str:
    if protocol == _ANY:
        return "all traffic"
    if protocol in _PORTS:
        return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"
    return f"protocol {protocol}" if protocol.isdigit() else protocol


def _together(openings: list[_Opening], traffic: str) -> str:
    groups = "+".join(sorted({opening.group for opening in openings}))
    spans = sorted({opening.span for opening in openings}, key=lambda span: (span.first, -span.last))
    few = " and ".join(map(str, spans)) if len(spans) < 4 else f"{len(spans)} ranges"
    return f"{groups} {traffic} from {few}, together all public IPv{spans[0].version} addresses"


def covers_internet(spans: Iterable[Span]) -> bool:
    """Whether ranges of one IP version together hold every address that the internet routes."""
    ranges = list(spans)
    if not ranges:
        return False
    version = ranges[0].version
    # Too few addresses to hold them all, which costs less to see than what is left uncovered.
    if sum(map(_size, ranges)) < _ROUTED[version]:
        return False
    return not without(WHOLE[version], (*ranges, *UNROUTED[version]))


def open_to_internet(ids: Iterable[str], account: str, region: str, port: int, inventory: Inventory) -> tuple[str, ...]:
    """The IP versions by which groups together admit the whole internet on a port, for a message.

    Missing where nothing certainly does, and something could not be read.
    """
    groups = groups_of(ids, account, region, inventory)
    names = "+".join(group.id for group in groups if not isinstance(group, Missing))
    spans = admitted_spans(groups, port, inventory)
    exposures = tuple(
        f"{names} tcp {port} from all public IPv{version} addresses"
        for version in (4, 6)
        if covers_internet([span for span in spans.items if span.version == version])
    )
    return Partial(exposures, spans.missing).certain()


FACTS: Final = (Fact("network.open_ingress", ("replication-instance",), texts(), open_ingress),)
