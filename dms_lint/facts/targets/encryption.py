"""How an S3 or Redshift target protects what it writes: encryption mode, key, access control list.

Not the roles through which DMS reaches a target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.encryption_keys import NONEXISTENT, STATES, regions_besides, spec_of, state_of
from dms_lint.facts.dms.endpoints import ENDPOINT, attributes, engine, settings
from dms_lint.facts.dms.key_references import described, reference_in, resolved
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.logic.kleene import collect
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.facts.dms.key_references import Reference
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
    value = block.text(member, default="") if block is not None else ""
    value = value.strip() or attributes(endpoint).get(member.lower(), "")
    if not value and block is None:
        settings(endpoint, inventory)  # says which block is missing; an engine without one states nothing
    return value


def _mode(spelling: str) -> str:
    # The API writes sse-kms, its reference and the attributes SSE_KMS.
    return spelling.strip().upper().replace("-", "_")


@memoized
def encryption_mode(endpoint: Resource, inventory: Inventory) -> str:
    """The encryption mode that an S3 or Redshift target states, as the guide spells it: `SSE_S3`, `SSE_KMS`.

    Another text where it states another; empty where neither settings nor extra connection attributes state one.
    """
    return _mode(_stated(endpoint, inventory, MODE))


def encryption_statements(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the target is seen to state about its encryption, as it is written, and where."""
    block, by_attribute = _block(endpoint, inventory), attributes(endpoint)
    statements = []
    for member in (MODE, KEY):
        setting, attribute = (
            block.text(member, default="") if block is not None else "",
            by_attribute.get(member.lower()),
        )
        statements += [f"{member} {setting} in the settings"] if setting else []
        statements += [f"{member} {attribute} in the extra connection attributes"] if attribute else []
    return tuple(statements)


def conflicting_settings(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The encryption settings that the target's settings and its extra connection attributes state differently.

    The same in another spelling, as AWS echoes it, is no difference: a mode in another case, a key by its id, its
    ARN or an alias.
    """
    members = (MODE, KEY) if attributes(endpoint) else ()
    return collect(members, lambda member: member if _differs(endpoint, inventory, member) else None).certain()


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
    by_setting, by_attribute = (reference_in(endpoint, member, key) for key in (setting, attribute))
    return by_setting != by_attribute and _resolved(by_setting, inventory) != _resolved(by_attribute, inventory)


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
    name = key(endpoint, inventory)
    return reference_in(endpoint, KEY, name) if name else None


@memoized
def _described(endpoint: Resource, inventory: Inventory) -> Resource | None:
    """What KMS says of the target's key, where one is named; None when the key certainly does not exist."""
    reference = key_reference(endpoint, inventory)
    return described(reference, inventory) if reference else None


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
    reference = key_reference(endpoint, inventory)
    return regions_besides(endpoint, reference) if reference else ()


def key_traits(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What is known of the target's key: its Region where that is another, its state and spec."""
    regions = tuple(f"Region {region}" for region in key_foreign_regions(endpoint, inventory))

    def trait(name: str, derive: Callable[[Resource, Inventory], str]) -> str | None:
        value = derive(endpoint, inventory)
        return f"{name} {value}" if value else None

    # Evidence: a trait that cannot be read is left out.
    return regions + collect([("KeyState", key_state), ("KeySpec", key_spec)], lambda each: trait(*each)).items


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
