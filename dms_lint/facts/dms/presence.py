"""The DMS resources of an account: of which kinds it has any, and whether all of them were read."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.endpoints import direction, engine
from dms_lint.facts.fact import Fact, texts
from dms_lint.logic.kleene import collect
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

ACCOUNT: Final = ("account",)

_DMS_KINDS: Final = (
    "endpoint",
    "replication-instance",
    "subnet-group",
    "certificate",
    "task",
    "replication-config",
    "event-subscription",
    "data-provider",
    "instance-profile",
    "migration-project",
    "data-migration",
)


def regions_by_kind(inventory: Inventory) -> Mapping[str, Mapping[str, set[str]]]:
    """By account and kind, the Regions in which DMS resources of that kind were read."""

    def make() -> Mapping[str, Mapping[str, set[str]]]:
        regions: dict[str, dict[str, set[str]]] = defaultdict(dict)
        for kind in _DMS_KINDS:
            for resource in inventory.known(kind):
                regions[resource.account].setdefault(kind, set()).add(resource.region)
        return regions

    return inventory.once("dms-presence", make)


def require_listed(account: Resource, inventory: Inventory, *kinds: str) -> None:
    """Missing unless these kinds are fully listed in a Region of the account.

    And in every other of which the input holds something of DMS, and in none unreadable.
    """
    unlisted = {
        region: [missing for kind in kinds if (missing := _unlisted(kind, account.id, region, inventory))]
        for region in inventory.once("regions", inventory.regions)
    }
    in_any_region = [missing for reasons in unlisted.values() for missing in reasons]
    in_scanned_regions = [
        missing
        for region, reasons in unlisted.items()
        if (account.id, region) in inventory.scanned
        for missing in reasons
    ]
    is_listed_somewhere = not all(unlisted.values())
    if is_listed_somewhere and not in_scanned_regions:
        return
    if not in_any_region:
        for kind in kinds:
            inventory.all(kind, account.id)
        raise Missing(
            f"no Region of the account {account.id} was read", needs="dms:DescribeEndpoints", reason="not in the input"
        )
    raise (in_scanned_regions or in_any_region)[0]


def _unlisted(kind: str, account: str, region: str, inventory: Inventory) -> Missing | None:
    """Why a kind is not fully listed in a Region; raises that where AWS refused the listing or it is garbled."""
    try:
        inventory.all(kind, account, region)
    except Missing as missing:
        if missing.status is Status.NOT_READABLE:
            raise
        return missing.with_traceback(None)
    return None


def missing_listing(account: str, inventory: Inventory, *kinds: str) -> Missing | None:
    """Why an account may have more of these kinds than were read; None where it certainly has no more."""
    resource = inventory.find("account", account)
    if resource is None:
        return Missing(f"the account {account} is not in the input", needs="an input that names the account")
    try:
        require_listed(resource, inventory, *kinds)
    except Missing as missing:
        return missing.with_traceback(None)
    return None


def dms_kinds(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The kinds of DMS resources that the account has in the scanned Regions: `endpoint`, `task`, ...

    None is certain once endpoints and replication instances are fully listed in each of them.
    """
    regions = regions_by_kind(inventory).get(account.id)
    if not regions:
        require_listed(account, inventory, "endpoint", "replication-instance")
    return tuple(sorted(regions or ()))


def redshift_targets(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The names of the account's Amazon Redshift target endpoints, in order."""
    endpoints = inventory.index("endpoint", account_of).get(account.id, ())
    names = collect(endpoints, lambda endpoint: _redshift_target_name(endpoint, inventory)).certain()
    if not names:
        require_listed(account, inventory, "endpoint")
    return tuple(sorted(set(names)))


def _redshift_target_name(endpoint: Resource, inventory: Inventory) -> str | None:
    is_target = engine(endpoint, inventory).startswith("redshift") and direction(endpoint, inventory) == "target"
    return endpoint.name if is_target else None


def account_of(resource: Resource) -> tuple[str]:
    """The account of a resource, to index by."""
    return (resource.account,)


FACTS: Final = (
    Fact("account.dms_kinds", ACCOUNT, texts(*_DMS_KINDS), dms_kinds),
    Fact("account.redshift_targets", ACCOUNT, texts(), redshift_targets),
)
