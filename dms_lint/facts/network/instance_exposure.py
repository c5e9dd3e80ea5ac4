"""How an instance stands in its network: whether it is public, and what its security groups let out."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from dms_lint.facts.fact import FLAG, Fact, memoized, texts
from dms_lint.facts.network.placement import security_group_ids
from dms_lint.facts.network.security_groups import allowed_by, groups_of
from dms_lint.libs.ip_ranges import Span, span_of
from dms_lint.logic.kleene import Verdictish, any_of, require
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

RUNNERS: Final = ("replication-instance", "replication-config")

# A rule to these addresses lets nothing out: templates write it where CloudFormation would add an open rule.
_NOWHERE: Final = tuple(span_of(ip_network(one)) for one in ("255.255.255.255/32", "127.0.0.0/8", "::1/128"))


def publicly_accessible(resource: Resource, inventory: Inventory) -> bool:
    """Whether it has a public IP address: PubliclyAccessible."""
    return resource.flag("PubliclyAccessible")


def egress_groups(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The security groups on it that let something out.

    A rule to 255.255.255.255 or to the loopback addresses lets nothing out.  A group that could not be read is left
    out where another lets something out.
    """
    found: list[str] = []
    missing: Missing | None = None
    ids = security_group_ids(resource, inventory)
    for group in groups_of(ids, resource.account, resource.region, inventory):
        if isinstance(group, Missing):
            missing = missing or group
            continue
        try:
            if _lets_out(group, inventory):
                found.append(group.id)
        except Missing as hole:
            missing = missing or hole
    if missing is not None and not found:
        raise missing
    return tuple(found)


@memoized
def _lets_out(group: Resource, inventory: Inventory) -> bool:
    return require(any_of(map(_leads_out, group.records("IpPermissionsEgress"))))


def _leads_out(permission: Record) -> Verdictish:
    allowed = allowed_by(permission)
    if allowed.groups or allowed.lists or any(map(_is_somewhere, allowed.spans)):
        return True
    return allowed.hole or False


def _is_somewhere(one: Span) -> bool:
    return not any(no.holds(one) for no in _NOWHERE)


FACTS: Final = (
    Fact("network.publicly_accessible", ("replication-instance", "instance-profile"), FLAG, publicly_accessible),
    Fact("network.security_groups", RUNNERS, texts(), security_group_ids),
    Fact("network.egress_groups", RUNNERS, texts(), egress_groups),
)
