"""How a KMS key can be named, and the key that DescribeKey shows under a name."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.arn import parse_arn
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Refusal, Resource

_DESCRIBE: Final = "kms:DescribeKey"
_LIST: Final = "kms:ListKeys"
# A UUID or, of a multi-Region key, `mrk-` and as many digits (KMS Developer Guide, "Key identifiers").
_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}"
_ALIAS: Final = r"alias/[A-Za-z0-9:/_-]+"
_PLACE: Final = r"aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}"


class Reference(NamedTuple):
    """A key as it can be named: by `id` or by `alias` (`alias/NAME`), the other being ''.

    Partition, account and Region are those of its ARN; '' where they are not known.
    """

    id: str
    alias: str
    partition: str = ""
    account: str = ""
    region: str = ""

    @property
    def arn(self) -> str:
        """The ARN of the key or the alias; the mere id or name where account or Region is not known."""
        if not (self.account and self.region):
            return self.alias or self.id
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:{self.alias or f'key/{self.id}'}"


@lru_cache(maxsize=1024)
def parse_reference(key: str) -> Reference | None:
    """A key's ARN, id, alias ARN or alias name, taken apart; None for a text that is none of these."""
    partition = region = account = ""
    name = key
    if key.startswith("arn:"):
        arn = parse_arn(key)
        if arn is None or not re.fullmatch(_PLACE, ":".join(arn[:4])):
            return None
        if not arn.resource.startswith(("key/", "alias/")) or arn.resource.startswith("key/alias/"):
            return None
        partition, region, account = arn.partition, arn.region, arn.account
        name = arn.resource.removeprefix("key/")
    if re.fullmatch(_ID, name):
        return Reference(name, "", partition, account, region)
    return Reference("", name, partition, account, region) if re.fullmatch(_ALIAS, name) else None


def reference_in(resource: Resource, member: str, key: str) -> Reference:
    """The key that a member of a resource names, looked for where the resource is unless an ARN says otherwise.

    Missing when the text names no key.
    """
    reference = parse_reference(key)
    if reference is None:
        raise resource.malformed(member, "a key's ARN, id or alias")
    if reference.account:
        return reference
    arn = parse_arn(resource.arn)
    partition = arn.partition if arn is not None else "aws"
    return Reference(reference.id, reference.alias, partition, resource.account, resource.region)


def resolved(reference: Reference, inventory: Inventory) -> Reference | None:
    """The key itself where the reference is an alias, else the reference.

    None when there is certainly no such alias; Missing when its key cannot be told.
    """
    if not reference.alias:
        return reference
    listed = _find("kms-alias", reference, inventory)
    if listed is None:
        return None
    # KMS lists the aliases of AWS managed keys that no service has made yet without a key (API reference of
    # ListAliases, TargetKeyId): the key comes to be at its first use.
    target = parse_reference(listed.text("TargetKeyId"))
    if target is None or target.alias:
        raise listed.malformed("TargetKeyId", "a key id")
    account, region = listed.account or reference.account, listed.region or reference.region
    return Reference(target.id, "", reference.partition, account, region)


def described(reference: Reference, inventory: Inventory) -> Resource | None:
    """The key that a reference names, as DescribeKey tells of it; None when it certainly does not exist.

    Missing when DescribeKey was refused or never called, even where ListKeys shows that there is such a key.
    """
    descriptions: dict[Reference, Resource | None] = inventory.once("described keys", dict)
    if reference not in descriptions:
        descriptions[reference] = _describe(reference, inventory)
    return descriptions[reference]


def _describe(reference: Reference, inventory: Inventory) -> Resource | None:
    key = resolved(reference, inventory)
    if key is None:
        return None
    try:
        description = _find("kms-key", key, inventory)
    except Missing as missing:
        if missing.status is Status.NOT_READABLE and _refusal(key, inventory) is None:
            raise
        raise _undescribed(key, inventory) from None
    if description is not None and description.operation == _LIST:
        raise _undescribed(key, inventory)
    return description


def _find(kind: str, reference: Reference, inventory: Inventory) -> Resource | None:
    return inventory.find(kind, reference.arn, reference.account, reference.region)


def _refusal(key: Reference, inventory: Inventory) -> Refusal | None:
    return inventory.refusal(_DESCRIBE, key.arn, key.account)


def _undescribed(key: Reference, inventory: Inventory) -> Missing:
    refusal = _refusal(key, inventory)
    if refusal is not None:
        return refusal.missing(f"kms-key {key.arn}", _DESCRIBE)
    return Missing(f"kms-key {key.arn}: not described in the input", needs=_DESCRIBE, reason="not in the input")
