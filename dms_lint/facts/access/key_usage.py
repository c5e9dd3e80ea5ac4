"""What DMS encrypts with which key: the endpoints, instances, serverless replications and targets that name one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.dms import encryption_keys as keys
from dms_lint.facts.dms import key_references
from dms_lint.facts.dms.encryption_keys import KEY
from dms_lint.facts.dms.endpoints import direction, engine
from dms_lint.facts.dms.presence import missing_listing
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.targets import encryption as targets
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.facts.dms.key_references import Reference
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_TARGETS: Final = ("s3", "redshift", "redshift-serverless")


class Use(NamedTuple):
    """A resource that a key encrypts something of."""

    resource: Resource
    target: bool
    """Whether that is the data which DMS writes to a target, and not what it keeps itself."""


class _Hole(NamedTuple):
    """Why it is not known which key a resource uses."""

    owner: str
    """The account of the resource."""
    account: str
    region: str
    """The place of the key; '' where that is not known."""
    target: bool
    managed: bool
    """Whether it is one of AWS's own."""


class _Uses(NamedTuple):
    by_key: Mapping[Reference, tuple[Use, ...]]
    holes: Mapping[_Hole, Missing]


def _uses(inventory: Inventory) -> _Uses:
    def read() -> _Uses:
        found: dict[Reference, list[Use]] = {}
        holes: dict[_Hole, Missing] = {}
        for kind in keys.ENCRYPTED:
            for resource in inventory.known(kind):
                for target in (False, True) if kind == "endpoint" else (False,):
                    _add(Use(resource, target), found, holes, inventory)
        return _Uses({key: tuple(of) for key, of in found.items()}, holes)

    return inventory.once("uses of keys", read)


def _add(use: Use, found: dict[Reference, list[Use]], holes: dict[_Hole, Missing], inventory: Inventory) -> None:
    resource, named = use.resource, None
    try:
        named = _named(use, inventory)
        key = key_references.resolved(named, inventory) if named is not None else None
        if key is not None:
            found.setdefault(key, []).append(use)
    except Missing as missing:
        place = (named.account, named.region) if named is not None else ("", resource.region)
        managed = named is not None and named.alias.startswith(keys.AWS_ALIASES)
        holes.setdefault(_Hole(resource.account, *place, use.target, managed), missing.with_traceback(None))


def _named(use: Use, inventory: Inventory) -> Reference | None:
    if not use.target:
        return keys.key_of(use.resource, inventory)
    if engine(use.resource, inventory) not in _TARGETS or direction(use.resource, inventory) != "target":
        return None
    return targets.key_reference(use.resource, inventory)


def uses(key: Resource, inventory: Inventory) -> tuple[Use, ...]:
    """What is known to use a key."""
    reference = keys.key_of(key, inventory)
    return _uses(inventory).by_key.get(reference, ()) if reference is not None else ()


def doubt(key: Resource, inventory: Inventory) -> Missing | None:
    """Why more may use a key than is known; None where nothing else does, of its own account and Region."""
    try:
        for kind in keys.ENCRYPTED:
            inventory.all(kind, key.account, key.region)
    except Missing as missing:
        return missing.with_traceback(None)
    for at, why in _uses(inventory).holes.items():
        if at.region in (key.region, "") and at.account in (key.account, ""):
            return why
    return None


def dms_users(key: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What DMS encrypts with the key, in order: `data of endpoint lake`, `endpoint orders`.

    None is certain once all endpoints, instances and serverless replications of the key's account and Region are
    listed, and the key of each that was read can be told.
    """
    found = uses(key, inventory)
    hole = None if found else doubt(key, inventory)
    if hole is not None:
        raise hole
    return tuple(sorted({_called(use) for use in found}))


def _called(use: Use) -> str:
    return f"{'data of ' if use.target else ''}{use.resource.kind} {use.resource.name}"


def customer_keys(account: str, inventory: Inventory) -> tuple[tuple[Reference, ...], Missing | None]:
    """The customer keys that encrypt what DMS keeps in an account, in order, and why there may be more.

    Those that encrypt the data of targets are not among them: whoever makes an endpoint does not use these.
    """

    def read() -> tuple[tuple[Reference, ...], Missing | None]:
        found: list[Reference] = []
        hole = missing_listing(account, inventory, "endpoint", "replication-instance")
        for key, resource in _kept(account, inventory):
            try:
                if keys.manager(resource, inventory) == "CUSTOMER":
                    found.append(key)
            except Missing as missing:
                hole = hole or missing.with_traceback(None)
        for at, why in _uses(inventory).holes.items():
            if at.owner == account and not at.target and not at.managed:
                hole = hole or why
        return tuple(sorted(found)), hole

    return inventory.once(("customer keys", account), read)


def _kept(account: str, inventory: Inventory) -> Iterator[tuple[Reference, Resource]]:
    """The keys that encrypt what DMS keeps in an account, each with one resource that it does so for."""
    for key, of in _uses(inventory).by_key.items():
        mine = (use.resource for use in of if not use.target and use.resource.account == account)
        one = next(mine, None)
        if one is not None:
            yield key, one


FACTS: Final = (Fact("key.dms_users", KEY, texts(), dms_users),)
