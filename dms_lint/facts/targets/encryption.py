"""How an S3 or Redshift target protects what it writes: encryption mode, key, access control list.

Not the roles through which DMS reaches a target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.encryption_keys import (
    NONEXISTENT,
    STATES,
    described,
    reference_in,
    regions_besides,
    resolved,
    spec_of,
    state_of,
)
from dms_lint.facts.dms.endpoints import ENDPOINT, attributes, engine, settings
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from dms_lint.facts.dms.encryption_keys import Reference
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

MODE: Final = "EncryptionMode"
KEY: Final = "ServerSideEncryptionKmsKeyId"
ACL: Final = "CannedAclForObjects"

ACLS: Final = (
    "none",
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
)
"""What CannedAclForObjects can be (API reference of S3Settings)."""


def _block(endpoint: Resource, inventory: Inventory) -> Record | None:
    """The engine's settings; None where the answer does not show them.  Missing when they are garbled."""
    try:
        return settings(endpoint, inventory)
    except Missing as missing:
        if missing.status is Status.NOT_READABLE or "EngineName" not in endpoint:
            raise
        return None


def _stated(endpoint: Resource, inventory: Inventory, member: str) -> str:
    """A setting of the target, from its settings or else its extra connection attributes; '' where neither names it.

    AWS gives the settings precedence (DMS User Guide, "Creating source and target endpoints").  Attributes count
    even where the settings are not shown; only what they do not name is Missing then.
    """
    block = _block(endpoint, inventory)
    named = block.text(member, default="") if block is not None else ""
    named = named.strip() or attributes(endpoint).get(member.lower(), "")
    if not named and block is None:
        settings(endpoint, inventory)  # says which block is missing; an engine without one states nothing
    return named


def _mode(written: str) -> str:
    # The API writes sse-kms, its reference and the attributes SSE_KMS.
    return written.strip().upper().replace("-", "_")


@memoized
def encryption_mode(endpoint: Resource, inventory: Inventory) -> str:
    """The encryption mode that an S3 or Redshift target states, as the guide spells it: `SSE_S3`, `SSE_KMS`.

    Another text where it states another; empty where neither settings nor extra connection attributes state one.
    """
    return _mode(_stated(endpoint, inventory, MODE))


def encryption_statements(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the target is seen to state about its encryption, as it is written, and where."""
    block, named = _block(endpoint, inventory), attributes(endpoint)
    found = []
    for member in (MODE, KEY):
        setting = block.text(member, default="") if block is not None else ""
        for value, place in ((setting, "settings"), (named.get(member.lower(), ""), "extra connection attributes")):
            if value:
                found.append(f"{member} {value} in the {place}")
    return tuple(found)


def conflicting_settings(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The encryption settings that the target's settings and its extra connection attributes state differently.

    The same in another spelling, as AWS echoes it, is no difference: a mode in another case, a key by its id, its
    ARN or an alias.
    """
    found, unknown = [], None
    for member in (MODE, KEY) if attributes(endpoint) else ():
        try:
            if _differs(endpoint, inventory, member):
                found.append(member)
        except Missing as missing:
            unknown = missing
    if unknown is not None and not found:
        raise unknown
    return tuple(found)


def _differs(endpoint: Resource, inventory: Inventory, member: str) -> bool:
    attribute = attributes(endpoint).get(member.lower(), "")
    if not attribute:
        return False
    block = settings(endpoint, inventory)
    setting = block.text(member, default="").strip() if block is not None else ""
    if not setting or setting == attribute:
        return False
    if member == MODE:
        return _mode(setting) != _mode(attribute)
    one, other = (reference_in(endpoint, member, written) for written in (setting, attribute))
    if one == other:
        return False
    return _resolved(one, inventory) != _resolved(other, inventory)


def _resolved(key: Reference, inventory: Inventory) -> Reference:
    # An alias that does not exist is no other key's name: it differs from every key.
    return resolved(key, inventory) or key


@memoized
def key(endpoint: Resource, inventory: Inventory) -> str:
    """The key that an S3 or Redshift target encrypts its objects with, as it is named: an ARN, an id or an alias.

    Empty where none is named.
    """
    return _stated(endpoint, inventory, KEY)


@memoized
def key_reference(endpoint: Resource, inventory: Inventory) -> Reference | None:
    """The target's key as it is named, of which an alias is not resolved; None where none is named."""
    written = key(endpoint, inventory)
    return reference_in(endpoint, KEY, written) if written else None


@memoized
def _described(endpoint: Resource, inventory: Inventory) -> Resource | None:
    """What KMS says of the target's key, where one is named; None when the key certainly does not exist."""
    named = key_reference(endpoint, inventory)
    return described(named, inventory) if named else None


def key_state(endpoint: Resource, inventory: Inventory) -> str:
    """The KeyState of the target's key; `nonexistent` where there is no such key, empty where none is named."""
    return state_of(_described(endpoint, inventory)) if key_reference(endpoint, inventory) else ""


def key_spec(endpoint: Resource, inventory: Inventory) -> str:
    """The KeySpec of the target's key: `SYMMETRIC_DEFAULT`, `RSA_2048`, ...

    Empty where none is named or the key does not exist.
    """
    return spec_of(_described(endpoint, inventory)) if key_reference(endpoint, inventory) else ""


def key_foreign_regions(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The Region of the target's key, where that is not the endpoint's own; else none."""
    named = key_reference(endpoint, inventory)
    return regions_besides(endpoint, named) if named else ()


def key_traits(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What is known of the target's key: its Region where that is another, its state and spec."""
    found = [f"Region {region}" for region in key_foreign_regions(endpoint, inventory)]
    for name, derive in (("KeyState", key_state), ("KeySpec", key_spec)):
        try:
            value = derive(endpoint, inventory)
        except Missing:
            continue
        if value:
            found.append(f"{name} {value}")
    return tuple(found)


def object_acl(endpoint: Resource, inventory: Inventory) -> str:
    """The canned access control list that an S3 target puts on its objects: `public-read`, ...; `none` by default."""
    # "The default value is NONE" (API reference of S3Settings).  The attributes write PUBLIC_READ.
    value = (_stated(endpoint, inventory, ACL) or "none").lower().replace("_", "-")
    if value not in ACLS:
        raise endpoint.malformed(ACL, "a canned access control list")
    return value


def settings_option(endpoint: Resource, inventory: Inventory) -> str:
    """The option with which `aws dms create-endpoint` and `modify-endpoint` take the settings of the target's engine.

    Empty for an engine other than S3 and Redshift.
    """
    return _OPTIONS.get(engine(endpoint, inventory), "")


_OPTIONS: Final = {
    "s3": "--s3-settings",
    "redshift": "--redshift-settings",
    "redshift-serverless": "--redshift-settings",
}

FACTS: Final = (
    Fact("target.encryption_mode", ENDPOINT, text(), encryption_mode),
    Fact("target.encryption_statements", ENDPOINT, texts(), encryption_statements),
    Fact("target.conflicting_settings", ENDPOINT, texts(MODE, KEY), conflicting_settings),
    Fact("target.key", ENDPOINT, text(), key),
    Fact("target.key_state", ENDPOINT, text("", NONEXISTENT, *STATES), key_state),
    Fact("target.key_spec", ENDPOINT, text(), key_spec),
    Fact("target.key_foreign_regions", ENDPOINT, texts(), key_foreign_regions),
    Fact("target.key_traits", ENDPOINT, texts(), key_traits),
    Fact("target.settings_option", ENDPOINT, text("", "--s3-settings", "--redshift-settings"), settings_option),
    Fact("target.object_acl", ENDPOINT, text(*ACLS), object_acl),
)
