"""The secrets that an endpoint, a task or a migration project names, and their state; never a secret's value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.arn import parse_arn
from dms_lint.aws.connection_attributes import credentials_in
from dms_lint.facts.credentials.secret_settings import BOTH, SECRET, asm_secret_id, descriptors, secret_id
from dms_lint.facts.dms import relations
from dms_lint.facts.dms.endpoints import ENDPOINT, unsettled
from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.logic.kleene import Partial, collect, collect_each
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

TASK: Final = ("task",)

SUFFIX: Final = re.compile(r"-[A-Za-z0-9]{6}\Z")
"""What Secrets Manager adds to a name to make an ARN; a partial ARN goes without it."""

_ARN: Final = r"arn:[^:]*:secretsmanager:[^:]+:\d{12}:secret:."
"""How the ARN of a secret begins."""


# -- the secrets themselves


class Reference(NamedTuple):
    """A secret as a resource names it, and the account and Region in which a name is looked up."""

    id: str
    """Its ARN, its ARN without the six random characters, or its name."""
    account: str
    region: str


def references(resource: Resource, inventory: Inventory) -> tuple[Reference, ...]:
    """Every secret that an endpoint, a migration project, or one of a task's endpoints names.

    Those of an engine without secret authentication do not count: nothing reads them.  Missing unless all of the
    settings that may name one were read.
    """
    return references_known(resource, inventory).complete()


@memoized
def references_known(resource: Resource, inventory: Inventory) -> Partial[Reference]:
    """The secrets that are certainly named."""
    if resource.kind in TASK:
        sides = (relations.source, relations.target)
        return collect_each(sides, lambda side: references(side(resource, inventory), inventory)).distinct()
    if resource.kind == "migration-project":
        providers = descriptors(resource)
        # Read without `collect`: a garbled name makes all of the project's secrets Missing.
        ids = Partial(
            tuple(filter(None, [each.text(SECRET, default="") for _, each in providers.items])), providers.missing
        )
    else:
        ids = Partial(tuple(filter(None, (secret_id(resource, inventory), asm_secret_id(resource, inventory)))))
    return collect(ids.distinct(), lambda id_: Reference(id_, resource.account, resource.region))


def each(resource: Resource, inventory: Inventory, judge: Callable[[Reference], str]) -> tuple[str, ...]:
    """What `judge` says of each secret that the resource names, without '': Missing where only that could be more."""
    return collect(references_known(resource, inventory), lambda secret: judge(secret) or None).distinct().certain()


def _keys(secret: Resource) -> tuple[str, ...]:
    """What a secret, or an answer about one, may be called: ARN, partial ARN, and name in its account and Region."""
    names = (secret.arn, SUFFIX.sub("", secret.arn)) if secret.arn else ()
    return (*names, f"{secret.account}:{secret.region}:{secret.name}")


def known(kind: str, reference: Reference, inventory: Inventory) -> Resource | None:
    """The resource of a kind that is, or is about, the secret; None where none was read."""
    index = inventory.index(kind, _keys)
    if not index:
        return None
    key = reference.id
    if not key.startswith("arn:"):
        key = f"{reference.account}:{reference.region}:{key}"
    resources = index.get(key)
    if not resources:
        return None
    return next((resource for resource in resources if resource.arn == key), resources[0])


def find_secret(reference: Reference, inventory: Inventory) -> Resource | None:
    """The secret, as DescribeSecret or ListSecrets shows it; None when it certainly does not exist.

    A complete ListSecrets leaves out what is scheduled for deletion, unless asked for it: None is either.
    """
    secrets: dict[Reference, Resource | None] = inventory.once("secrets found", dict)
    if reference not in secrets:
        secrets[reference] = _find_secret(reference, inventory)
    return secrets[reference]


def _find_secret(reference: Reference, inventory: Inventory) -> Resource | None:
    if reference.id.startswith("arn:") and not re.match(_ARN, reference.id):
        return None
    secret = known("secret", reference, inventory)
    if secret is not None:
        return secret
    return inventory.find("secret", reference.id, reference.account, reference.region)


def names(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets that the resource names, each by ARN, partial ARN or name, as it is written there.

    Of an endpoint the secret for the database and the one for Oracle's ASM; of a task those of its two endpoints; of
    a migration project those of its data providers.
    """
    return collect(references_known(resource, inventory), lambda reference: reference.id).distinct().certain()


def dangling(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets named that do not exist or are scheduled for deletion, each with which of the two."""

    return each(resource, inventory, lambda reference: lost(reference, inventory))


def gone(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """As secret.dangling, with no claim of those of which nothing is known: what else is wrong is said of them too."""
    references = references_known(resource, inventory)
    return collect(references, lambda reference: lost(reference, inventory) or None).distinct().items


def lost(reference: Reference, inventory: Inventory) -> str:
    """The secret with why it cannot be read; '' where it can be, Missing where that is not known."""
    try:
        secret = find_secret(reference, inventory)
    except Missing:
        # AWS gives the value neither of a secret that does not exist nor of one scheduled for deletion.
        if current_values(reference, inventory):
            return ""
        raise
    if secret is None:
        return f"{reference.id} (does not exist)"
    # Absent unless the secret is scheduled for deletion: API reference of DescribeSecret.
    return f"{reference.id} (scheduled for deletion)" if "DeletedDate" in secret else ""


def current_values(reference: Reference, inventory: Inventory) -> list[Resource]:
    """What was derived of the secret's value, as it is now: one record, none, or several that contradict each other."""
    key = reference.id
    if not key.startswith("arn:"):
        key = f"{reference.account}:{reference.region}:{key}"
    values = inventory.index("secret-value", _value_keys).get(key, ())
    exact = [value for value in values if value.text("ARN") == key]
    return list(exact or values)


def _value_keys(value: Resource) -> tuple[str, ...]:
    # Values that were, or are yet to be, say nothing of the connection.
    if "AWSCURRENT" not in value.texts("VersionStages", default=()):
        return ()
    arn = value.text("ARN")
    return arn, SUFFIX.sub("", arn), f"{value.account}:{value.region}:{value.name}"


def unrotated(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets named whose automatic rotation is off, or was never configured; existing ones only.

    A replica is rotated where its primary is: the primary's rotation counts.
    """

    def judge(reference: Reference) -> str:
        secret = find_secret(reference, inventory)
        return "" if secret is None or rotating(secret, inventory) else reference.id

    return each(resource, inventory, judge)


def rotating(secret: Resource, inventory: Inventory) -> Resource | None:
    """The secret whose rotation gives this one its value: itself or its primary; None where neither is rotated."""
    # Null where rotation was never configured: API reference of DescribeSecret.
    if secret.flag("RotationEnabled", default=False):
        return secret
    home = secret.text("PrimaryRegion", default="")
    if not home or home == secret.region or not secret.arn:
        return None
    arn = parse_arn(secret.arn)
    primary = inventory.find("secret", str(arn._replace(region=home))) if arn is not None else None
    return primary if primary is not None and primary.flag("RotationEnabled", default=False) else None


# -- credentials among the extra connection attributes


def credential_attributes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The extra connection attributes that hold a password, a token or a key: their names, never a value.

    Missing where an attribute that AWS does not document is named like a credential and holds a mere switch.
    """
    attributes = endpoint.text("ExtraConnectionAttributes", default="")
    if not attributes:
        return ()
    credentials = credentials_in(attributes)
    if credentials.certain or not credentials.doubtful:
        return credentials.certain
    raise unsettled(
        endpoint,
        f"the extra connection attribute {credentials.doubtful[0]} may be a credential or a switch: "
        "AWS does not document it",
        "documentation of the extra connection attribute",
    )


FACTS: Final = (
    Fact("secret.names", (*BOTH, *TASK), texts(), names),
    Fact("secret.dangling", BOTH, texts(), dangling),
    Fact("secret.gone", BOTH, texts(), gone),
    Fact("secret.unrotated", BOTH, texts(), unrotated),
    Fact("secret.credential_attributes", ENDPOINT, texts(), credential_attributes),
)
