"""Ranges of addresses as whole numbers: containment, overlap and difference."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.model import Record

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


class Span(NamedTuple):
    """The addresses from `first` to `last`, both included, of one IP version."""

    version: int
    first: int
    last: int

    def holds(self, span: Span) -> bool:
        """Whether every address of another span is in this one."""
        return self.version == span.version and self.first <= span.first and span.last <= self.last

    def meets(self, span: Span) -> bool:
        """Whether another span has an address of this one."""
        return self.version == span.version and self.first <= span.last and span.first <= self.last

    def __str__(self) -> str:
        return str(spell(self))


WHOLE: Final = {4: Span(4, 0, 2**32 - 1), 6: Span(6, 0, 2**128 - 1)}


@lru_cache(maxsize=8192)
def network(text: str) -> Network | None:
    """A range as AWS writes it, or an address by itself; None for what is neither."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def span(text: str) -> Span | None:
    """A range as AWS writes it, or an address by itself, as a span; None for what is neither."""
    addresses = network(text)
    return None if addresses is None else span_of(addresses)


def range_of(record: Record, member: str) -> Span:
    """The range of addresses, or the address, that a member is; Missing where it is none."""
    addresses = span(record.text(member))
    if addresses is None:
        raise record.malformed(member, "a range of addresses")
    return addresses


def span_of(addresses: Network | Address) -> Span:
    """The span of a network or an address."""
    if isinstance(addresses, IPv4Address | IPv6Address):
        return Span(addresses.version, int(addresses), int(addresses))
    first = int(addresses.network_address)
    return Span(addresses.version, first, first + addresses.num_addresses - 1)


@lru_cache(maxsize=4096)
def spell(addresses: Span) -> str:
    """A span as AWS writes it: an address, a range, or its two ends."""
    size = addresses.last - addresses.first + 1
    make = IPv4Address if addresses.version == 4 else IPv6Address
    if size == 1:
        return str(make(addresses.first))
    bits = (32 if addresses.version == 4 else 128) - (size.bit_length() - 1)
    if size & (size - 1) == 0 and addresses.first % size == 0:
        return f"{make(addresses.first)}/{bits}"
    return f"{make(addresses.first)}-{make(addresses.last)}"


def without(minuend: Span, taken: Iterable[Span]) -> tuple[Span, ...]:
    """The parts of a span that are left when other spans are taken away from it."""
    left = [minuend]
    for gone in taken:
        left = [rest for part in left for rest in _cut(part, gone)]
        if not left:
            break
    return tuple(left)


def _cut(part: Span, gone: Span) -> Iterator[Span]:
    if not part.meets(gone):
        yield part
        return
    if part.first < gone.first:
        yield part._replace(last=gone.first - 1)
    if gone.last < part.last:
        yield part._replace(first=gone.last + 1)


def private(addresses: Span) -> bool:
    """Whether nothing of the span can be reached over the internet by its address."""
    return any(ground.holds(addresses) for ground in _PRIVATE)


# RFC 1918, RFC 6598 (what VPCs may have besides), RFC 3927 and RFC 4193.
_PRIVATE: Final = tuple(
    span_of(ip_network(block))
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7")
)
