"""The DMS resources of an account: of which kinds it has any, and whether all of them were read."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.endpoints import direction, engine
from dms_lint.facts.fact import Fact, texts
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
        found: dict[str, dict[str, set[str]]] = defaultdict(dict)
        for kind in _DMS_KINDS:
            for resource in inventory.known(kind):
                found[resource.account].setdefault(kind, set()).add(resource.region)
        return found

    return inventory.once("dms-presence", make)


def require_listed(account: Resource, inventory: Inventory, *kinds: str) -> None:
    """Missing unless these kinds are fully listed in a Region of the account.

    And in every other of which the input holds something of DMS, and in none unreadable.
    """
    listed, hole, elsewhere = False, None, None
    for region in inventory.once("regions", inventory.regions):
        whole = True
        for kind in kinds:
            try:
                inventory.all(kind, account.id, region)
            except Missing as missing:
                if missing.status is Status.NOT_READABLE:
                    raise
                whole = False
                elsewhere = elsewhere or missing
                if (account.id, region) in inventory.scanned:
                    hole = hole or missing
        listed = listed or whole
    if hole is None and listed:
        return
    if hole is None and elsewhere is None:
        for kind in kinds:
            inventory.all(kind, account.id)
    raise (
        hole
        or elsewhere
        or Missing(
            f"no Region of the account {account.id} was read", needs="dms:DescribeEndpoints", reason="not in the input"
        )
    )


def missing_listing(account: str, inventory: Inventory, *kinds: str) -> Missing | None:
    """Why an account may have more of these kinds than were read; None where it certainly has no more."""
    found = inventory.find("account", account)
    try:
        if found is None:
            raise Missing(f"the account {account} is not in the input", needs="an input that names the account")
        require_listed(found, inventory, *kinds)
    except Missing as missing:
        return missing.with_traceback(None)
    return None


def dms_kinds(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The kinds of DMS resources that the account has in the scanned Regions: `endpoint`, `task`, ...

    None is certain once endpoints and replication instances are fully listed in each of them.
    """
    found = regions_by_kind(inventory).get(account.id)
    if not found:
        require_listed(account, inventory, "endpoint", "replication-instance")
    return tuple(sorted(found or ()))


def redshift_targets(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The names of the account's Amazon Redshift target endpoints, in order."""
    found, hole = set(), None
    for endpoint in inventory.index("endpoint", account_of).get(account.id, ()):
        try:
            if engine(endpoint, inventory).startswith("redshift") and direction(endpoint, inventory) == "target":
                found.add(endpoint.name)
        except Missing as missing:
            hole = hole or missing.with_traceback(None)
    if not found:
        if hole is not None:
            raise hole
        require_listed(account, inventory, "endpoint")
    return tuple(sorted(found))


def account_of(resource: Resource) -> tuple[str]:
    """The account of a resource, to index by."""
    return (resource.account,)


FACTS: Final = (
    Fact("account.dms_kinds", ACCOUNT, texts(*_DMS_KINDS), dms_kinds),
    Fact("account.redshift_targets", ACCOUNT, texts(), redshift_targets),
)
