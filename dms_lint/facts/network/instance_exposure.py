"""How an instance stands in its network: whether it is public, and what its security groups let out."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from dms_lint.facts.fact import FLAG, Fact, memoized, texts
from dms_lint.facts.network.placement import security_group_ids
from dms_lint.facts.network.security_groups import groups_of, peers_of
from dms_lint.libs.ip_ranges import Span, span_of
from dms_lint.logic.kleene import Verdictish, any_of, collect, require

if TYPE_CHECKING:
    from dms_lint.facts.network.security_groups import Peer
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Missing, Record, Resource

RUNNERS: Final = ("replication-instance", "replication-config")

# A rule to these addresses lets nothing out: templates write it where CloudFormation would add an open rule.
_NOWHERE: Final = tuple(span_of(ip_network(cidr)) for cidr in ("255.255.255.255/32", "127.0.0.0/8", "::1/128"))


def publicly_accessible(resource: Resource, inventory: Inventory) -> bool:
    """Whether it has a public IP address: PubliclyAccessible."""
    return resource.flag("PubliclyAccessible")


def egress_groups(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The security groups on it that let something out.

    A rule to 255.255.255.255 or to the loopback addresses lets nothing out.  A group that could not be read is left
    out where another lets something out.
    """
    ids = security_group_ids(resource, inventory)
    groups = groups_of(ids, resource.account, resource.region, inventory)
    return collect(groups, lambda group: _id_if_open(group, inventory)).certain()


def _id_if_open(group: Resource | Missing, inventory: Inventory) -> str | None:
    readable = require(group)
    return readable.id if _lets_out(readable, inventory) else None


@memoized
def _lets_out(group: Resource, inventory: Inventory) -> bool:
    return require(any_of(map(_leads_out, group.records("IpPermissionsEgress"))))


def _leads_out(permission: Record) -> Verdictish:
    return collect(peers_of(permission), lambda peer: None if _is_nowhere(peer) else peer).is_nonempty()


def _is_nowhere(peer: Peer) -> bool:
    return isinstance(peer, Span) and any(addresses.holds(peer) for addresses in _NOWHERE)


FACTS: Final = (
    Fact("network.publicly_accessible", ("replication-instance", "instance-profile"), FLAG, publicly_accessible),
    Fact("network.security_groups", RUNNERS, texts(), security_group_ids),
    Fact("network.egress_groups", RUNNERS, texts(), egress_groups),
)
