"""Which rules of security groups admit the whole internet on a port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.facts.addresses import network, spell
from dms_lint.facts.network import covers_internet
from dms_lint.facts.security_groups import admitted_spans, groups_of
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dms_lint.inventory import Inventory


def open_to_internet(ids: Iterable[str], account: str, region: str, port: int, inventory: Inventory) -> tuple[str, ...]:
    """What groups together admit on a port from the whole internet, by IP version.

    Missing where nothing certainly does, and something could not be read.
    """
    groups = groups_of(ids, account, region, inventory)
    spans, hole = admitted_spans(groups, port, inventory)
    found: list[str] = []
    for version in (4, 6):
        ranges = [network(spell(one)) for one in spans if one.version == version]
        if covers_internet([one for one in ranges if one is not None]):
            names = "+".join(group.id for group in groups if not isinstance(group, Missing))
            found.append(f"{names} tcp {port} from all public IPv{version} addresses")
    if hole is not None and not found:
        raise hole
    return tuple(found)
