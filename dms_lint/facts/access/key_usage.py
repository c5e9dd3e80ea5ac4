"""What DMS encrypts with which key: the endpoints, instances, serverless replications and targets that name one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.dms import encryption_keys, key_references
from dms_lint.facts.dms.encryption_keys import KEY
from dms_lint.facts.dms.endpoints import direction, engine
from dms_lint.facts.dms.presence import missing_listing
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.targets import encryption as targets
from dms_lint.logic.kleene import Partial, attempt, collect, require
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


class _UnknownKey(NamedTuple):
    """A key of which only its place is known, if that."""

    owner: str
    """The account of the resource that uses it."""
    account: str
    region: str
    """The place of the key; '' where that is not known."""
    target: bool
    managed: bool
    """Whether it is one of AWS's own."""


class _Uses(NamedTuple):
    by_key: Mapping[Reference, tuple[Use, ...]]
    unknown: Mapping[_UnknownKey, Missing]


def _all_uses(inventory: Inventory) -> _Uses:
    """Every use of a key, by key; and why the key of a use is not known."""

    def read() -> _Uses:
        by_key: dict[Reference, list[Use]] = {}
        unknown: dict[_UnknownKey, Missing] = {}
        for kind in encryption_keys.ENCRYPTED:
            for resource in inventory.known(kind):
                for target in (False, True) if kind == "endpoint" else (False,):
                    _add(Use(resource, target), by_key, unknown, inventory)
        return _Uses({key: tuple(uses) for key, uses in by_key.items()}, unknown)

    return inventory.once("uses of keys", read)


def _add(
    use: Use, by_key: dict[Reference, list[Use]], unknown: dict[_UnknownKey, Missing], inventory: Inventory
) -> None:
    reference = attempt(lambda: _reference(use, inventory))
    if reference is None:
        return
    key = attempt(lambda: key_references.resolved(require(reference), inventory))
    if isinstance(key, Missing):
        unknown.setdefault(_unknown_key(use, reference), key)
    elif key is not None:
        by_key.setdefault(key, []).append(use)


def _unknown_key(use: Use, reference: Reference | Missing) -> _UnknownKey:
    resource = use.resource
    if isinstance(reference, Missing):
        return _UnknownKey(resource.account, "", resource.region, use.target, managed=False)
    managed = reference.alias.startswith(encryption_keys.AWS_ALIASES)
    return _UnknownKey(resource.account, reference.account, reference.region, use.target, managed)


def _reference(use: Use, inventory: Inventory) -> Reference | None:
    if not use.target:
        return encryption_keys.key_of(use.resource, inventory)
    if engine(use.resource, inventory) not in _TARGETS or direction(use.resource, inventory) != "target":
        return None
    return targets.key_reference(use.resource, inventory)


def uses(key: Resource, inventory: Inventory) -> tuple[Use, ...]:
    """The uses of a key, as far as they are known."""
    reference = encryption_keys.key_of(key, inventory)
    return _all_uses(inventory).by_key.get(reference, ()) if reference is not None else ()


def missing_uses(key: Resource, inventory: Inventory) -> Missing | None:
    """Why a key may have more uses than are known; None where nothing else of its account and Region may use it."""
    listed = attempt(lambda: [inventory.all(kind, key.account, key.region) for kind in encryption_keys.ENCRYPTED])
    if isinstance(listed, Missing):
        return listed
    return next(
        (
            missing
            for unknown, missing in _all_uses(inventory).unknown.items()
            if unknown.region in (key.region, "") and unknown.account in (key.account, "")
        ),
        None,
    )


def dms_users(key: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What DMS encrypts with the key, in order: `data of endpoint lake`, `endpoint orders`.

    None is certain once all endpoints, instances and serverless replications of the key's account and Region are
    listed, and the key of each that was read can be told.
    """
    labels = tuple(sorted({_label(use) for use in uses(key, inventory)}))
    return labels or Partial(labels, missing_uses(key, inventory)).certain()


def _label(use: Use) -> str:
    return f"{'data of ' if use.target else ''}{use.resource.kind} {use.resource.name}"


def customer_keys(account: str, inventory: Inventory) -> Partial[Reference]:
    """The customer keys that encrypt what DMS keeps in an account, in order.

    Those that encrypt the data of targets are not among them: whoever makes an endpoint does not use these.
    """

    def read() -> Partial[Reference]:
        listed = Partial(
            tuple(_storage_keys(account, inventory)),
            missing_listing(account, inventory, "endpoint", "replication-instance"),
        )
        customer = collect(listed, lambda item: _if_customer(item[0], item[1], inventory))
        unknown = (
            missing
            for place, missing in _all_uses(inventory).unknown.items()
            if place.owner == account and not place.target and not place.managed
        )
        return Partial(tuple(sorted(customer.items)), customer.missing or next(unknown, None))

    return inventory.once(("customer keys", account), read)


def _if_customer(key: Reference, resource: Resource, inventory: Inventory) -> Reference | None:
    return key if encryption_keys.manager(resource, inventory) == "CUSTOMER" else None


def _storage_keys(account: str, inventory: Inventory) -> Iterator[tuple[Reference, Resource]]:
    """The keys that encrypt what DMS keeps in an account, each with one resource that it does so for."""
    for key, uses_of_key in _all_uses(inventory).by_key.items():
        for use in uses_of_key:
            if not use.target and use.resource.account == account:
                yield key, use.resource
                break


FACTS: Final = (Fact("key.dms_users", KEY, texts(), dms_users),)
