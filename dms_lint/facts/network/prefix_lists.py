"""The ranges of a prefix list: a managed one's entries, or those of an AWS service's list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.facts.fact import memoized
from dms_lint.libs.ip_ranges import Span, range_of, span
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource


def prefix_list_ranges(id: str, account: str, region: str, inventory: Inventory) -> tuple[Span, ...]:  # noqa: A002
    """The ranges of a prefix list; Missing where neither its entries nor the service's list were read."""
    try:
        found = inventory.about("prefix-list-entries", id, account=account, region=region)
        return _entries(found, inventory)
    except Missing as missing:
        try:
            listed = inventory.find("prefix-list", id, account, region)
        except Missing:
            listed = None
        if listed is None:
            raise missing from None
    return _cidrs(listed, inventory)


@memoized
def _entries(found: Resource, inventory: Inventory) -> tuple[Span, ...]:
    return tuple(range_of(entry, "Cidr") for entry in found.records("Entries"))


@memoized
def _cidrs(listed: Resource, inventory: Inventory) -> tuple[Span, ...]:
    return tuple(_span(listed, written) for written in listed.texts("Cidrs"))


def _span(resource: Resource, written: str) -> Span:
    found = span(written)
    if found is None:
        raise resource.malformed("Cidr", "a range of addresses")
    return found
