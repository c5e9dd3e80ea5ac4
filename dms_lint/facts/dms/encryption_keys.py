"""Which KMS key encrypts a resource, and what KMS says of it.  Nothing here reads a key policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.endpoints import engine
from dms_lint.facts.dms.key_references import Reference, described, parse_reference, reference_in, resolved
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

ENCRYPTED: Final = ("replication-instance", "replication-config", "endpoint")
"""The kinds whose storage or connection information a key encrypts."""
KEY: Final = ("kms-key",)
_KEYED: Final = (*ENCRYPTED, *KEY)
"""And a key itself, of which the same is asked."""

NONEXISTENT: Final = "nonexistent"
"""The state of a key that certainly does not exist; KMS has no word for it."""

STATES: Final = (
    "Creating",
    "Enabled",
    "Disabled",
    "PendingDeletion",
    "PendingImport",
    "PendingReplicaDeletion",
    "Unavailable",
    "Updating",
)
"""The key states of KMS (KeyState in the API reference of DescribeKey)."""

MANAGERS: Final = ("AWS", "CUSTOMER")

AWS_ALIASES: Final = "alias/aws/"
DEFAULT_ALIAS: Final = "alias/aws/dms"
"""How the aliases of AWS managed keys begin, and that of DMS's default key."""


def state_of(key: Resource | None) -> str:
    """The state of a key, in KMS's words; `nonexistent` when it certainly does not exist."""
    if key is None:
        return NONEXISTENT
    if "KeyState" not in key and "Enabled" in key:
        # "When KeyState is Enabled this value is true, otherwise it is false" (API reference of KeyMetadata).
        return "Enabled" if key.flag("Enabled") else "Disabled"
    value = key.text("KeyState")
    if value not in STATES:
        raise key.malformed("KeyState", "a key state")
    return value


def spec_of(key: Resource | None) -> str:
    """The KeySpec of a key; '' when it certainly does not exist."""
    if key is None:
        return ""
    # Until 2021 the member was CustomerMasterKeySpec; KMS still sends both, with the same value.
    return key.text("KeySpec" if "KeySpec" in key or "CustomerMasterKeySpec" not in key else "CustomerMasterKeySpec")


def usage_of(key: Resource | None) -> str:
    """The KeyUsage of a key; '' when it certainly does not exist."""
    if key is None:
        return ""
    if "KeyUsage" not in key and spec_of(key) == "SYMMETRIC_DEFAULT":
        return "ENCRYPT_DECRYPT"  # the only use that such a key can have (API reference of CreateKey, KeyUsage)
    return key.text("KeyUsage")


def _place(key: Reference) -> str:
    # A multi-Region key has the same id in several Regions.
    return f"{key.account} {key.region} {key.id}"


def _aws_managed(alias: Resource) -> tuple[str, ...]:
    """The key that an alias of AWS's stands for; no key yet where no service has used it."""
    if not alias.text("AliasName").startswith(AWS_ALIASES):
        return ()
    target = parse_reference(alias.text("TargetKeyId", default=""))
    return (_place(Reference(target.id, "", "", alias.account, alias.region)),) if target else ()


# -- of a resource


def _name(resource: Resource, inventory: Inventory) -> str:
    record = resource.block("ComputeConfig") if resource.kind == "replication-config" else resource
    name = record.text("KmsKeyId", default="")
    if name or (resource.kind == "endpoint" and engine(resource, inventory) == "s3"):
        return name  # an S3 endpoint has no password to encrypt: DescribeEndpoints shows no key for it
    raise record.missing("KmsKeyId")


def reference(resource: Resource, inventory: Inventory) -> str:
    """The key that encrypts the resource, as the resource names it: an ARN, an id or an alias.

    Empty for an S3 endpoint, which has no connection information to encrypt.
    """
    return _name(resource, inventory)


@memoized
def key_of(resource: Resource, inventory: Inventory) -> Reference | None:
    """The key as it is named, of which an alias is not resolved; None where the resource has none."""
    if resource.kind in KEY:
        return reference_in(resource, "Arn", resource.id)
    name = _name(resource, inventory)
    return reference_in(resource, "KmsKeyId", name) if name else None


@memoized
def described_of(resource: Resource, inventory: Inventory) -> Resource | None:
    """What KMS says of the resource's key, where it has one; None when the key certainly does not exist."""
    key = key_of(resource, inventory)
    return described(key, inventory) if key else None


def arn(resource: Resource, inventory: Inventory) -> str:
    """The ARN of the key, or of the one that encrypts the resource, an alias being resolved to its key.

    The ARN of the alias itself where there is no such alias; empty where the resource has no key.
    """
    key = key_of(resource, inventory)
    return (resolved(key, inventory) or key).arn if key else ""


def spec(resource: Resource, inventory: Inventory) -> str:
    """The KeySpec of the key, or of the one that encrypts the resource: `SYMMETRIC_DEFAULT`, `RSA_2048`, ...

    Empty where the resource has no key or the key does not exist.
    """
    return spec_of(described_of(resource, inventory)) if key_of(resource, inventory) else ""


def usage(resource: Resource, inventory: Inventory) -> str:
    """The KeyUsage of the key, or of the one that encrypts the resource: `ENCRYPT_DECRYPT`, `SIGN_VERIFY`, ...

    Empty where the resource has no key or the key does not exist.
    """
    return usage_of(described_of(resource, inventory)) if key_of(resource, inventory) else ""


def state(resource: Resource, inventory: Inventory) -> str:
    """The KeyState of the key, or of the one that encrypts the resource; `nonexistent` where there is no such key.

    Empty where the resource has no key.
    """
    return state_of(described_of(resource, inventory)) if key_of(resource, inventory) else ""


def foreign_regions(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The Region of the key that encrypts the resource, where that is not the resource's own; else none.

    A key id or an alias name says no Region: it is looked up in the resource's own.
    """
    key = key_of(resource, inventory)
    return regions_besides(resource, key) if key else ()


def regions_besides(resource: Resource, key: Reference) -> tuple[str, ...]:
    """The Region that a key's ARN names, where it is another than the resource's."""
    if not resource.region:
        raise Missing(
            f"{resource.where}: its Region is not in the input",
            needs="an input that names the Region",
            reason="the Region of the resource is not in the input",
        )
    return () if key.region == resource.region else (key.region,)


def manager(resource: Resource, inventory: Inventory) -> str:
    """Who manages the key, or the one that encrypts the resource: `AWS`, as for the default key aws/dms, or `CUSTOMER`.

    Empty where the resource has no key or the key does not exist.
    """
    key = key_of(resource, inventory)
    if key is None:
        return ""
    if key.alias:
        # CreateAlias takes customer keys only and no name that begins with alias/aws/ (its API reference).
        return "AWS" if key.alias.startswith(AWS_ALIASES) else "CUSTOMER"
    if resource.account and key.account and key.account != resource.account:
        return "CUSTOMER"  # an AWS managed key serves its own account alone (KMS Developer Guide, "AWS managed keys")
    aliased = inventory.index("kms-alias", _aws_managed)
    if _place(key) in aliased:
        return "AWS"
    try:
        description = described_of(resource, inventory)
        value = description.text("KeyManager") if description else ""
    except Missing:
        # Every AWS managed key has an alias of AWS's; but a listing without DMS's own was filtered, or is of another.
        complete = inventory.listed("kms-alias", key.account, key.region) and "" not in aliased
        if complete and _default_is_listed(key, inventory):
            return "CUSTOMER"
        raise
    if description and value not in MANAGERS:
        raise description.malformed("KeyManager", "AWS or CUSTOMER")
    return value


def _default_is_listed(key: Reference, inventory: Inventory) -> bool:
    """Whether the listing of the key's place names DMS's default key, as every whole one does."""
    place = (key.account, key.region)
    return any(
        alias.name == DEFAULT_ALIAS and (alias.account, alias.region) == place for alias in inventory.known("kms-alias")
    )


FACTS: Final = (
    Fact("key.reference", ENCRYPTED, text(), reference),
    Fact("key.arn", _KEYED, text(), arn),
    Fact("key.spec", _KEYED, text(), spec),
    Fact("key.usage", _KEYED, text(), usage),
    Fact("key.state", _KEYED, text("", NONEXISTENT, *STATES), state),
    Fact("key.foreign_regions", ENCRYPTED, texts(), foreign_regions),
    Fact("key.manager", _KEYED, text("", *MANAGERS), manager),
)
