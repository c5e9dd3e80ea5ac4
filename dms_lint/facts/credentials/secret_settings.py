"""What an endpoint or a migration project sets of secrets, and of the clear text that a secret replaces."""

from __future__ import annotations

from functools import cache
from itertools import compress
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.responses import command
from dms_lint.data.tables import table
from dms_lint.facts.dms.endpoints import ENDPOINT, attributes, engine, unsettled
from dms_lint.facts.dms.endpoints import settings as engine_block
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.logic.kleene import Partial, collect_each
from dms_lint.model import EMPTY, Missing, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

SECRET: Final = "SecretsManagerSecretId"  # noqa: S105 - the name of a setting
ROLE: Final = "SecretsManagerAccessRoleArn"
ASM_SECRET: Final = "SecretsManagerOracleAsmSecretId"  # noqa: S105 - the name of a setting
ASM_ROLE: Final = "SecretsManagerOracleAsmAccessRoleArn"

PAIR: Final = (SECRET, ROLE)
ASM_PAIR: Final = (ASM_SECRET, ASM_ROLE)
_SETTINGS: Final = frozenset({*PAIR, *ASM_PAIR})

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

BOTH: Final = ("endpoint", "migration-project")


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


@memoized
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


@memoized
def _blocks(endpoint: Resource, inventory: Inventory) -> Partial[Record]:
    """The engine's settings block, for an engine that has one; missing where it is not shown."""
    try:
        block = engine_block(endpoint, inventory)
    except Missing as missing:
        if missing.status is Status.NOT_READABLE:
            raise
        if engine(endpoint, inventory) == "mysql" and "GcpMySQLSettings" in endpoint:
            return Partial((endpoint.block("GcpMySQLSettings"),))
        return Partial((), missing.with_traceback(None))
    return Partial(() if block is None else (block,))


def setting(endpoint: Resource, inventory: Inventory, member: str) -> str:
    """A setting of the engine's block, else of the extra connection attributes; '' where it is not set.

    An answer that shows no block, but a user name or a server, shows an endpoint without a secret: those of an
    endpoint with one are not shown.  Without them the block's absence says nothing, and is Missing.
    """
    blocks = _blocks(endpoint, inventory)
    in_block = "".join(block.text(member, default="") for block in blocks.items)
    value = in_block or attributes(endpoint).get(member.lower(), "")
    if not value and not in_clear(endpoint):
        blocks.complete()
    return value


def in_clear(endpoint: Resource) -> bool:
    """Whether the endpoint itself shows a user name or a server."""
    return bool(endpoint.text("Username", default="") or endpoint.text("ServerName", default=""))


@memoized
def _pair(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Which of SecretsManagerSecretId and SecretsManagerAccessRoleArn are set."""
    return tuple(compress(PAIR, (secret_id(endpoint, inventory), setting(endpoint, inventory, ROLE))))


@memoized
def _asm_pair(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Which of the two for Oracle's ASM are set."""
    return tuple(compress(ASM_PAIR, (asm_secret_id(endpoint, inventory), setting(endpoint, inventory, ASM_ROLE))))


@memoized
def secret_id(endpoint: Resource, inventory: Inventory) -> str:
    """The secret that holds the endpoint's credentials: its ARN, partial ARN or name; '' where there is none."""
    return setting(endpoint, inventory, SECRET) if takes_secret(endpoint, inventory) else ""


@memoized
def asm_secret_id(endpoint: Resource, inventory: Inventory) -> str:
    """The secret that holds the credentials of Oracle's ASM: its ARN, partial ARN or name; '' where there is none."""
    return setting(endpoint, inventory, ASM_SECRET) if engine(endpoint, inventory) == "oracle" else ""


@memoized
def settings(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings for secrets that are set, by name; of a migration project those of all its data providers."""
    if resource.kind == "migration-project":
        return collect_each(descriptors(resource), lambda each: _pair_of(each[1])).distinct().certain()
    name = engine(resource, inventory)
    if name in _rows() and takes_secret(resource, inventory):
        pair = _pair(resource, inventory)
        return pair + _asm_pair(resource, inventory) if name == "oracle" else pair
    # No block of such an engine has them: they stand in the attributes, or in the block of another engine.
    by_attribute = attributes(resource)
    blocks = [
        resource.block(key)
        for key, value in resource.data.items()
        if isinstance(value, dict) and not _SETTINGS.isdisjoint(value)
    ]
    stray = tuple(
        name
        for name in ((*PAIR, *ASM_PAIR) if by_attribute or blocks else ())
        if by_attribute.get(name.lower()) or any(block.text(name, default="") for block in blocks)
    )
    if not stray:
        takes_secret(resource, inventory)
    return stray


def unsupported_settings(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings for secrets that are set although the engine has no secret authentication."""
    names = settings(endpoint, inventory)
    return () if not names or engine_settings(endpoint, inventory) else names


def lacking(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The half of SecretsManagerSecretId and SecretsManagerAccessRoleArn that is not set beside the other.

    Of a migration project, with the side and the data provider that lack it.
    """
    if resource.kind != "migration-project":
        if not takes_secret(resource, inventory):
            return ()
        return _other_half(_pair(resource, inventory), PAIR)
    return collect_each(descriptors(resource), lambda each: _lacking_of(*each)).distinct().certain()


def _pair_of(descriptor: Record) -> tuple[str, ...]:
    return tuple(name for name in PAIR if descriptor.text(name, default=""))


def _lacking_of(side: str, descriptor: Record) -> Iterator[str]:
    for half in _other_half(_pair_of(descriptor), PAIR):
        yield f"{half} of the {side} {descriptor.text('DataProviderName', default='') or 'data provider'}"


def _other_half(set_: tuple[str, ...], pair: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in pair if name not in set_) if len(set_) == 1 else ()


@memoized
def clear_text(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings that a secret replaces and that are set in clear text: Username, ServerName, Port, Password."""
    return _clear(endpoint, inventory, CLEAR)


def asm_clear_text(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings of Oracle's ASM that a secret replaces and that are set in clear text."""
    return _clear(endpoint, inventory, ASM_CLEAR) if engine(endpoint, inventory) == "oracle" else ()


def _clear(endpoint: Resource, inventory: Inventory, members: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Which of the members are set: of the endpoint itself, in its engine's block or among its attributes."""
    blocks, by_attribute = _blocks(endpoint, inventory), attributes(endpoint)
    data, block_data = endpoint.data, blocks.items[0].data if blocks.items else EMPTY
    clear = tuple(
        [
            member
            for member, names in members.items()
            if data.get(member) or block_data.get(member) or (by_attribute and any(map(by_attribute.get, names)))
        ]
    )
    return Partial(clear, blocks.missing).certain()


@memoized
def asm_settings(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings of Oracle's ASM that are set: those for a secret, and those in clear text."""
    if engine(endpoint, inventory) != "oracle":
        return ()
    return _asm_pair(endpoint, inventory) + asm_clear_text(endpoint, inventory)


def asm_lacking(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The settings for ASM's secret that are not set although ASM is used.

    Both, where ASM is set in clear text only; the other half, where one of the two is set.
    """
    names = asm_settings(endpoint, inventory)
    pair = tuple(name for name in ASM_PAIR if name in names)
    return ASM_PAIR if names and not pair else _other_half(pair, ASM_PAIR)


@cache
def _options() -> Mapping[str, str]:
    # The AWS CLI spells members as it spells operations: MySQLSettings is --my-sql-settings.
    blocks = table("engines")["settings"].items()
    return {name: f"--{command(f'dms:{block}')}" for block, names in blocks for name in names}


def option(resource: Resource, inventory: Inventory) -> str:
    """The option of the AWS CLI that sets the engine's settings, like `--my-sql-settings`; '' where it has none."""
    return _options().get(engine(resource, inventory), "") if resource.kind == "endpoint" else ""


def descriptors(project: Resource) -> Partial[tuple[str, Record]]:
    """The data providers of a migration project, each with its side."""

    def on(side: str) -> list[tuple[str, Record]]:
        return [(side, record) for record in project.records(f"{side.capitalize()}DataProviderDescriptors")]

    return collect_each(("source", "target"), on)


FACTS: Final = (
    Fact("secret.engine_settings", ENDPOINT, texts(*PAIR, *ASM_PAIR), engine_settings),
    Fact("secret.option", BOTH, text(), option),
    Fact("secret.id", ENDPOINT, text(), secret_id),
    Fact("secret.settings", BOTH, texts(*PAIR, *ASM_PAIR), settings),
    Fact("secret.unsupported_settings", ENDPOINT, texts(*PAIR, *ASM_PAIR), unsupported_settings),
    Fact("secret.lacking", BOTH, texts(), lacking),
    Fact("secret.clear_text", ENDPOINT, texts(*CLEAR), clear_text),
    Fact("secret.asm_id", ENDPOINT, text(), asm_secret_id),
    Fact("secret.asm_settings", ENDPOINT, texts(*ASM_PAIR, *ASM_CLEAR), asm_settings),
    Fact("secret.asm_lacking", ENDPOINT, texts(*ASM_PAIR), asm_lacking),
    Fact("secret.asm_clear_text", ENDPOINT, texts(*ASM_CLEAR), asm_clear_text),
)
