"""Which secrets an endpoint, a task or a migration project names, and what is known of them; never a secret's value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.connection_attributes import credentials_in
from dms_lint.aws.timestamps import moment, to_the_second
from dms_lint.facts.credentials.secret_settings import BOTH, SECRET, asm_secret_id, descriptors, secret_id
from dms_lint.facts.dms import relations
from dms_lint.facts.dms.endpoints import ENDPOINT, unsettled
from dms_lint.facts.fact import Fact, each_of, memoized, text, texts
from dms_lint.logic.kleene import Partial
from dms_lint.model import EMPTY, Missing

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

TASK: Final = ("task",)

SUFFIX: Final = re.compile(r"-[A-Za-z0-9]{6}\Z")
"""What Secrets Manager adds to a name to make an ARN; a partial ARN goes without it."""

_ARN: Final = r"arn:[^:]*:secretsmanager:[^:]+:\d{12}:secret:."
"""How the ARN of a secret begins."""

"""What ends the name of an attribute."""


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
    found, hole = references_known(resource, inventory)
    if hole is not None:
        raise hole
    return found


@memoized
def references_known(resource: Resource, inventory: Inventory) -> tuple[tuple[Reference, ...], Missing | None]:
    """The secrets that are certainly named, and the Missing that hides more, if any."""
    hole: Missing | None = None
    if resource.kind in TASK:
        found: list[Reference] = []
        for leg in (relations.source, relations.target):
            try:
                found += references(leg(resource, inventory), inventory)
            except Missing as missing:
                hole = hole or missing.with_traceback(None)
        return tuple(dict.fromkeys(found)), hole
    if resource.kind == "migration-project":
        providers, hole = descriptors(resource)
        ids = [one.text(SECRET, default="") for _, one in providers]
    else:
        ids = [secret_id(resource, inventory), asm_secret_id(resource, inventory)]
        if not any(ids):
            return (), None
    return tuple([Reference(one, resource.account, resource.region) for one in dict.fromkeys(ids) if one]), hole


def each(resource: Resource, inventory: Inventory, judge: Callable[[Reference], str]) -> tuple[str, ...]:
    """What `judge` says of each secret that the resource names, without '': Missing where only that could be more."""
    named, hole = references_known(resource, inventory)
    return each_of(named, judge, hole)


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
    found = index.get(key)
    if not found:
        return None
    return found[0] if len(found) == 1 else next((one for one in found if one.arn == key), found[0])


def find_secret(reference: Reference, inventory: Inventory) -> Resource | None:
    """The secret, as DescribeSecret or ListSecrets shows it; None when it certainly does not exist.

    A complete ListSecrets leaves out what is scheduled for deletion, unless asked for it: None is either.
    """
    known: dict[Reference, Resource | None] = inventory.once("secrets found", dict)
    if reference not in known:
        known[reference] = _find_secret(reference, inventory)
    return known[reference]


def _find_secret(reference: Reference, inventory: Inventory) -> Resource | None:
    if reference.id.startswith("arn:") and not re.match(_ARN, reference.id):
        return None
    found = known("secret", reference, inventory)
    if found is not None:
        return found
    return inventory.find("secret", reference.id, reference.account, reference.region)


def names(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets that the resource names, each by ARN, partial ARN or name, as it is written there.

    Of an endpoint the secret for the database and the one for Oracle's ASM; of a task those of its two endpoints; of
    a migration project those of its data providers.
    """
    named, hole = references_known(resource, inventory)
    return Partial(tuple(dict.fromkeys([reference.id for reference in named])), hole).certain()


def dangling(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets named that do not exist or are scheduled for deletion, each with which of the two."""

    return each(resource, inventory, lambda reference: lost(reference, inventory))


def gone(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """As secret.dangling, with no claim of those of which nothing is known: what else is wrong is said of them too."""
    found = []
    for reference in references_known(resource, inventory)[0]:
        try:
            found.append(lost(reference, inventory))
        except Missing:
            continue
    return tuple(dict.fromkeys(filter(None, found)))


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
    found = inventory.index("secret-value", _value_keys).get(key, ())
    exact = [one for one in found if one.text("ARN") == key]
    return list(exact or found)


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
    parts = secret.arn.split(":")
    parts[3] = home
    primary = inventory.find("secret", ":".join(parts))
    return primary if primary is not None and primary.flag("RotationEnabled", default=False) else None


# -- a task and its credentials


def running_since(task: Resource, inventory: Inventory) -> str:
    """When a running task was last started or resumed, in UTC; '' while it does not run."""
    started = _started(task, inventory)
    return to_the_second(started) if started else ""


@memoized
def _started(task: Resource, inventory: Inventory) -> datetime | None:
    if task.text("Status").lower() != "running":
        return None
    statistics = task.block("ReplicationTaskStats", default=EMPTY)
    if "StartDate" in statistics:
        return moment(statistics, "StartDate")
    # Documented as the date at which the task is scheduled to start: only where there is no better.
    if "ReplicationTaskStartDate" in task:
        return moment(task, "ReplicationTaskStartDate")
    raise task.missing("ReplicationTaskStats.StartDate")


def change_dates(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets of the task's endpoints with the date, in UTC, at which their value last changed.

    Without those that do not exist, and those that were never set up to rotate and whose versions were not read.
    """

    def judge(reference: Reference) -> str:
        changed = _changed(reference, inventory)
        return _dated(reference, changed) if changed else ""

    return each(task, inventory, judge)


def changed_since_start(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets of the task's endpoints whose value changed after the running task started, with the date."""
    started = _started(task, inventory)

    def judge(reference: Reference) -> str:
        changed = _changed(reference, inventory)
        return _dated(reference, changed) if changed and started and changed > started else ""

    return each(task, inventory, judge)


def _dated(reference: Reference, changed: datetime) -> str:
    return f"{reference.id} ({to_the_second(changed)})"


def _changed(reference: Reference, inventory: Inventory) -> datetime | None:
    """When the secret's value last changed; None where it does not exist, or never rotated and no more is known.

    LastChangedDate says nothing of it: every change of a tag or of the description moves it.
    """
    versions = known("secret-versions", reference, inventory)
    for version in versions.records("Versions") if versions is not None else ():
        # Absent where a version has no label: API reference of SecretVersionsListEntry.
        if "AWSCURRENT" in version.texts("VersionStages", default=()) and "CreatedDate" in version:
            return moment(version, "CreatedDate")
    secret = find_secret(reference, inventory)
    if secret is None:
        return None
    if "LastRotatedDate" in secret:
        return moment(secret, "LastRotatedDate")
    if "RotationEnabled" not in secret and "RotationRules" not in secret:
        return None
    if versions is None:
        versions = _versions(secret, inventory)
    raise Missing(
        f"{versions.where} has no version labelled AWSCURRENT",
        needs=versions.needs,
        reason="no version labelled AWSCURRENT",
    )


@memoized
def _versions(secret: Resource, inventory: Inventory) -> Resource:
    return inventory.about("secret-versions", secret.arn, secret.name, account=secret.account, region=secret.region)


# -- credentials among the extra connection attributes


def credential_attributes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The extra connection attributes that hold a password, a token or a key: their names, never a value.

    Missing where an attribute that AWS does not document is named like a credential and holds a mere switch.
    """
    written = endpoint.text("ExtraConnectionAttributes", default="")
    if not written:
        return ()
    found = credentials_in(written)
    if found.certain or not found.doubtful:
        return found.certain
    raise unsettled(
        endpoint,
        f"the extra connection attribute {found.doubtful[0]} may be a credential or a switch: AWS does not document it",
        "documentation of the extra connection attribute",
    )


FACTS: Final = (
    Fact("secret.names", (*BOTH, *TASK), texts(), names),
    Fact("secret.dangling", BOTH, texts(), dangling),
    Fact("secret.gone", BOTH, texts(), gone),
    Fact("secret.unrotated", BOTH, texts(), unrotated),
    Fact("secret.change_dates", TASK, texts(), change_dates),
    Fact("secret.changed_since_start", TASK, texts(), changed_since_start),
    Fact("secret.credential_attributes", ENDPOINT, texts(), credential_attributes),
    Fact("task.running_since", TASK, text(), running_since),
)
