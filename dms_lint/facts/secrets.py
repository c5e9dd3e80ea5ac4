"""Which secrets an endpoint, a task or a migration project names, and what is known of them; never a secret's value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.answers import command
from dms_lint.facts import relations
from dms_lint.facts.attributes import has_userinfo, is_documented, is_suspect, is_switch
from dms_lint.facts.base import Fact, text, texts
from dms_lint.facts.endpoints import ENDPOINT, attributes, engine, unsettled
from dms_lint.facts.endpoints import settings as engine_block
from dms_lint.facts.times import moment
from dms_lint.model import Missing, Status
from dms_lint.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from dms_lint.inventory import Inventory
    from dms_lint.model import Record, Resource

SECRET: Final = "SecretsManagerSecretId"  # noqa: S105 - the name of a setting
ROLE: Final = "SecretsManagerAccessRoleArn"
ASM_SECRET: Final = "SecretsManagerOracleAsmSecretId"  # noqa: S105 - the name of a setting
ASM_ROLE: Final = "SecretsManagerOracleAsmAccessRoleArn"

PAIR: Final = (SECRET, ROLE)
ASM_PAIR: Final = (ASM_SECRET, ASM_ROLE)

CLEAR: Final[Mapping[str, tuple[str, ...]]] = {
    "Username": ("username",),
    "ServerName": ("servername",),
    "Port": ("port",),
    "Password": ("password",),
}
"""The settings that a secret replaces, and what they are called among extra connection attributes."""

ASM_CLEAR: Final[Mapping[str, tuple[str, ...]]] = {
    "AsmUser": ("asmuser", "asm_user"),
    "AsmServer": ("asmserver", "asm_server"),
    "AsmPassword": ("asmpassword", "asm_password", "asm_user_password"),
}
"""The same for Oracle's ASM."""

_SUFFIX: Final = re.compile(r"-[A-Za-z0-9]{6}\Z")
"""What Secrets Manager adds to a name to make an ARN; a partial ARN goes without it."""

_NO_NAME: Final = re.compile(r"[^\w.-]")
"""What ends the name of an attribute."""


# -- which engines take a secret


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    rows = table("secret-authentication")
    return {
        name: row | {"secret": part == "secret"}
        for part in ("secret", "none")
        for row in rows[part]
        for name in row["engines"]
    }


def takes_secret(endpoint: Resource, inventory: Inventory) -> bool:
    """Whether the engine has settings for a secret; Missing for an engine that no table knows."""
    name = engine(endpoint, inventory)
    row = _rows().get(name)
    if row is None:
        raise unsettled(
            endpoint,
            f"no table says whether the engine {name} takes its credentials from a secret",
            "documentation of the engine's authentication",
        )
    return bool(row["secret"])


def engine_settings(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings for secrets that the endpoint's engine has.

    None where it has no secret authentication; those of Oracle include the pair for ASM.
    """
    if not takes_secret(endpoint, inventory):
        return ()
    name = engine(endpoint, inventory)
    if _rows()[name].get("inferred") and not setting(endpoint, inventory, SECRET):
        raise unsettled(
            endpoint,
            f"AWS does not say whether the engine {name} takes its credentials from a secret",
            "documentation of the engine's authentication",
        )
    return (*PAIR, *ASM_PAIR) if name == "oracle" else PAIR


# -- how the endpoint is set


def _block(endpoint: Resource, inventory: Inventory) -> Record | Missing | None:
    """The engine's settings block, or the Missing that says it is not shown."""
    try:
        return engine_block(endpoint, inventory)
    except Missing as missing:
        if missing.status is Status.NOT_READABLE:
            raise
        if engine(endpoint, inventory) == "mysql" and "GcpMySQLSettings" in endpoint:
            return endpoint.block("GcpMySQLSettings")
        return missing


def setting(endpoint: Resource, inventory: Inventory, member: str) -> str:
    """A setting of the engine's block, else of the extra connection attributes; '' where it is not set.

    An answer that shows no block, but a user name or a server, shows an endpoint without a secret: those of an
    endpoint with one are not shown.  Without them the block's absence says nothing, and is Missing.
    """
    block = _block(endpoint, inventory)
    named = "" if block is None or isinstance(block, Missing) else block.text(member, default="")
    named = named or attributes(endpoint).get(member.lower(), "")
    if not named and isinstance(block, Missing) and not in_clear(endpoint):
        raise block
    return named


def in_clear(endpoint: Resource) -> bool:
    """Whether the endpoint itself shows a user name or a server."""
    return bool(endpoint.text("Username", default="") or endpoint.text("ServerName", default=""))


def secret_id(endpoint: Resource, inventory: Inventory) -> str:
    """The secret that holds the endpoint's credentials: its ARN, partial ARN or name; '' where there is none."""
    return setting(endpoint, inventory, SECRET) if takes_secret(endpoint, inventory) else ""


def asm_secret_id(endpoint: Resource, inventory: Inventory) -> str:
    """The secret that holds the credentials of Oracle's ASM: its ARN, partial ARN or name; '' where there is none."""
    return setting(endpoint, inventory, ASM_SECRET) if engine(endpoint, inventory) == "oracle" else ""


def settings(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings for secrets that are set, by name; of a migration project those of all its data providers."""
    if resource.kind == "migration-project":
        found, hole = _descriptors(resource)
        return _certain({name: None for _, one in found for name in PAIR if one.text(name, default="")}, hole)
    name = engine(resource, inventory)
    if name in _rows() and takes_secret(resource, inventory):
        names = (*PAIR, *ASM_PAIR) if name == "oracle" else PAIR
        return tuple(one for one in names if setting(resource, inventory, one))
    # No block of such an engine has them: they stand in the attributes, or in the block of another engine.
    written = attributes(resource)
    blocks = [resource.block(key) for key, value in resource.data.items() if isinstance(value, dict)]
    stray = tuple(
        one
        for one in (*PAIR, *ASM_PAIR)
        if written.get(one.lower()) or any(block.text(one, default="") for block in blocks)
    )
    if not stray:
        takes_secret(resource, inventory)
    return stray


def unsupported_settings(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings for secrets that are set although the engine has no secret authentication."""
    found = settings(endpoint, inventory)
    return () if not found or engine_settings(endpoint, inventory) else found


def lacking(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The half of SecretsManagerSecretId and SecretsManagerAccessRoleArn that is not set beside the other.

    Of a migration project, with the side and the data provider that lack it.
    """
    if resource.kind != "migration-project":
        if not takes_secret(resource, inventory):
            return ()
        return _other_half(tuple(name for name in PAIR if setting(resource, inventory, name)), PAIR)
    found, hole = _descriptors(resource)
    halves = {
        f"{half} of the {side} {one.text('DataProviderName', default='') or 'data provider'}": None
        for side, one in found
        for half in _other_half(tuple(name for name in PAIR if one.text(name, default="")), PAIR)
    }
    return _certain(halves, hole)


def _other_half(set_: tuple[str, ...], pair: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in pair if name not in set_) if len(set_) == 1 else ()


def clear_text(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings that a secret replaces and that are set in clear text: Username, ServerName, Port, Password."""
    return _clear(endpoint, inventory, CLEAR)


def asm_clear_text(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings of Oracle's ASM that a secret replaces and that are set in clear text."""
    return _clear(endpoint, inventory, ASM_CLEAR) if engine(endpoint, inventory) == "oracle" else ()


def _clear(endpoint: Resource, inventory: Inventory, members: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Which of the members are set: of the endpoint itself, in its engine's block or among its attributes."""
    block = _block(endpoint, inventory)
    written = attributes(endpoint)
    places = [endpoint.data] if block is None or isinstance(block, Missing) else [endpoint.data, block.data]
    found = tuple(
        member
        for member, names in members.items()
        if any(place.get(member) for place in places) or any(written.get(name) for name in names)
    )
    if not found and isinstance(block, Missing):
        raise block
    return found


def asm_settings(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings of Oracle's ASM that are set: those for a secret, and those in clear text."""
    if engine(endpoint, inventory) != "oracle":
        return ()
    pair = tuple(name for name in ASM_PAIR if setting(endpoint, inventory, name))
    return pair + asm_clear_text(endpoint, inventory)


def asm_lacking(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings for ASM's secret that are not set although ASM is used.

    Both, where ASM is set in clear text only; the other half, where one of the two is set.
    """
    found = asm_settings(endpoint, inventory)
    pair = tuple(name for name in ASM_PAIR if name in found)
    return ASM_PAIR if found and not pair else _other_half(pair, ASM_PAIR)


@cache
def _options() -> Mapping[str, str]:
    # The AWS CLI spells members as it spells operations: MySQLSettings is --my-sql-settings.
    blocks = table("engines")["settings"].items()
    return {name: f"--{command(f'dms:{block}')}" for block, names in blocks for name in names}


def option(endpoint: Resource, inventory: Inventory) -> str:
    """The option of the AWS CLI that sets the engine's settings, like `--my-sql-settings`; '' where it has none."""
    return _options().get(engine(endpoint, inventory), "")


# -- the secrets themselves


@dataclass(frozen=True, slots=True)
class Reference:
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
    found, hole = _references(resource, inventory)
    if hole is not None:
        raise hole
    return found


def _references(resource: Resource, inventory: Inventory) -> tuple[tuple[Reference, ...], Missing | None]:
    """The secrets that are certainly named, and the Missing that hides more, if any."""
    found: dict[Reference, None] = {}
    hole: Missing | None = None
    if resource.kind == "migration-project":
        descriptors, hole = _descriptors(resource)
        for _, one in descriptors:
            found[Reference(one.text(SECRET, default=""), resource.account, resource.region)] = None
    elif resource.kind == "endpoint":
        for setting_of in (secret_id, asm_secret_id):
            found[Reference(setting_of(resource, inventory), resource.account, resource.region)] = None
    else:
        for leg in (relations.source, relations.target):
            try:
                found |= dict.fromkeys(references(leg(resource, inventory), inventory))
            except Missing as missing:
                hole = hole or missing
    return tuple(one for one in found if one.id), hole


def _descriptors(project: Resource) -> tuple[list[tuple[str, Record]], Missing | None]:
    """The data providers of a migration project with their side, and the Missing of a side that is not shown."""
    found: list[tuple[str, Record]] = []
    hole: Missing | None = None
    for side in ("source", "target"):
        try:
            found += [(side, one) for one in project.records(f"{side.capitalize()}DataProviderDescriptors")]
        except Missing as missing:
            hole = hole or missing
    return found, hole


def _certain(found: Iterable[str], hole: Missing | None) -> tuple[str, ...]:
    """What was found, which is certain whatever else is hidden; the hole where nothing was."""
    values = tuple(found)
    if not values and hole is not None:
        raise hole
    return values


def _each(resource: Resource, inventory: Inventory, judge: Callable[[Reference], str]) -> tuple[str, ...]:
    """What `judge` says of each secret that the resource names, without '': Missing where only that could be more."""
    named, hole = _references(resource, inventory)
    found: dict[str, None] = {}
    for reference in named:
        try:
            said = judge(reference)
        except Missing as missing:
            hole = hole or missing
        else:
            if said:
                found[said] = None
    return _certain(found, hole)


def _keys(secret: Resource) -> tuple[str, ...]:
    """What a secret, or an answer about one, may be called: ARN, partial ARN, and name in its account and Region."""
    names = (secret.arn, _SUFFIX.sub("", secret.arn)) if secret.arn else ()
    return (*names, f"{secret.account}:{secret.region}:{secret.name}")


def _known(kind: str, reference: Reference, inventory: Inventory) -> Resource | None:
    """The resource of a kind that is, or is about, the secret; None where none was read."""
    key = reference.id
    if not key.startswith("arn:"):
        key = f"{reference.account}:{reference.region}:{key}"
    found = inventory.index(kind, _keys).get(key, ())
    return next((one for one in found if one.arn == key), found[0] if found else None)


def find_secret(reference: Reference, inventory: Inventory) -> Resource | None:
    """The secret, as DescribeSecret or ListSecrets shows it; None when it certainly does not exist.

    A complete ListSecrets leaves out what is scheduled for deletion, unless asked for it: None is either.
    """
    if reference.id.startswith("arn:") and not re.match(
        r"arn:[^:]*:secretsmanager:[^:]+:\d{12}:secret:.", reference.id
    ):
        return None
    found = _known("secret", reference, inventory)
    if found is not None:
        return found
    return inventory.find("secret", reference.id, reference.account, reference.region)


def names(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets that the resource names, each by ARN, partial ARN or name, as it is written there.

    Of an endpoint the secret for the database and the one for Oracle's ASM; of a task those of its two endpoints; of
    a migration project those of its data providers.
    """
    return _each(resource, inventory, lambda reference: reference.id)


def dangling(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets named that do not exist or are scheduled for deletion, each with which of the two."""

    def judge(reference: Reference) -> str:
        secret = find_secret(reference, inventory)
        if secret is None:
            return f"{reference.id} (does not exist)"
        # Absent unless the secret is scheduled for deletion: API reference of DescribeSecret.
        return f"{reference.id} (scheduled for deletion)" if "DeletedDate" in secret else ""

    return _each(resource, inventory, judge)


def unrotated(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets named whose automatic rotation is off, or was never configured; existing ones only.

    A replica is rotated where its primary is: the primary's rotation counts.
    """

    def judge(reference: Reference) -> str:
        secret = find_secret(reference, inventory)
        return "" if secret is None or _rotates(secret, inventory) else reference.id

    return _each(resource, inventory, judge)


def _rotates(secret: Resource, inventory: Inventory) -> bool:
    # Null where rotation was never configured: API reference of DescribeSecret.
    if secret.flag("RotationEnabled", default=False):
        return True
    home = secret.text("PrimaryRegion", default="")
    if not home or home == secret.region or not secret.arn:
        return False
    parts = secret.arn.split(":")
    parts[3] = home
    primary = inventory.find("secret", ":".join(parts))
    return primary is not None and primary.flag("RotationEnabled", default=False)


# -- a task and its credentials


def running_since(task: Resource, inventory: Inventory) -> str:
    """When a running task was last started or resumed, in UTC; '' while it does not run."""
    started = _started(task)
    return f"{started:%Y-%m-%d %H:%M:%S}" if started else ""


def _started(task: Resource) -> datetime | None:
    if task.text("Status").lower() != "running":
        return None
    statistics = task.block("ReplicationTaskStats") if "ReplicationTaskStats" in task else None
    if statistics is not None and "StartDate" in statistics:
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

    return _each(task, inventory, judge)


def changed_since_start(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets of the task's endpoints whose value changed after the running task started, with the date."""
    started = _started(task)

    def judge(reference: Reference) -> str:
        changed = _changed(reference, inventory)
        return _dated(reference, changed) if changed and started and changed > started else ""

    return _each(task, inventory, judge)


def _dated(reference: Reference, changed: datetime) -> str:
    return f"{reference.id} ({changed:%Y-%m-%d %H:%M:%S})"


def _changed(reference: Reference, inventory: Inventory) -> datetime | None:
    """When the secret's value last changed; None where it does not exist, or never rotated and no more is known.

    LastChangedDate says nothing of it: every change of a tag or of the description moves it.
    """
    versions = _known("secret-versions", reference, inventory)
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
        versions = inventory.about(
            "secret-versions", secret.arn, secret.name, account=secret.account, region=secret.region
        )
    raise Missing(
        f"{versions.where} has no version labelled AWSCURRENT",
        needs=versions.needs,
        reason="no version labelled AWSCURRENT",
    )


# -- credentials among the extra connection attributes


def credential_attributes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The extra connection attributes that hold a password, a token or a key: their names, never a value.

    Missing where an attribute that AWS does not document is named like a credential and holds a mere switch.
    """
    found: dict[str, None] = {}
    hole: Missing | None = None
    for written, value in attributes(endpoint).items():
        # What is written carelessly may have a piece of the credential before the `=`: only the first word is a name.
        name = _NO_NAME.split(written, maxsplit=1)[0]
        if not value or not name:
            continue
        if is_documented(name) or has_userinfo(value):
            found[name] = None
        elif is_suspect(name) and is_switch(value):
            hole = unsettled(
                endpoint,
                f"the extra connection attribute {name} may be a credential or a switch: AWS does not document it",
                "documentation of the extra connection attribute",
            )
        elif is_suspect(name):
            found[name] = None
    return _certain(found, hole)


BOTH: Final = ("endpoint", "migration-project")
TASK: Final = ("task",)

FACTS: Final = (
    Fact("secret.engine_settings", ENDPOINT, texts(*PAIR, *ASM_PAIR), engine_settings),
    Fact("secret.option", ENDPOINT, text(), option),
    Fact("secret.id", ENDPOINT, text(), secret_id),
    Fact("secret.settings", BOTH, texts(*PAIR, *ASM_PAIR), settings),
    Fact("secret.unsupported_settings", ENDPOINT, texts(*PAIR, *ASM_PAIR), unsupported_settings),
    Fact("secret.lacking", BOTH, texts(), lacking),
    Fact("secret.clear_text", ENDPOINT, texts(*CLEAR), clear_text),
    Fact("secret.asm_id", ENDPOINT, text(), asm_secret_id),
    Fact("secret.asm_settings", ENDPOINT, texts(*ASM_PAIR, *ASM_CLEAR), asm_settings),
    Fact("secret.asm_lacking", ENDPOINT, texts(*ASM_PAIR), asm_lacking),
    Fact("secret.asm_clear_text", ENDPOINT, texts(*ASM_CLEAR), asm_clear_text),
    Fact("secret.names", (*BOTH, *TASK), texts(), names),
    Fact("secret.dangling", BOTH, texts(), dangling),
    Fact("secret.unrotated", BOTH, texts(), unrotated),
    Fact("secret.change_dates", TASK, texts(), change_dates),
    Fact("secret.changed_since_start", TASK, texts(), changed_since_start),
    Fact("secret.credential_attributes", ENDPOINT, texts(), credential_attributes),
    Fact("task.running_since", TASK, text(), running_since),
)
