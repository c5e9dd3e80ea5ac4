"""What the secrets of an endpoint hold: members, address, and characters of passwords; never a value of one.

All of it rests on what `--read-secrets` derives of a value, which is never here.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.data.tables import table
from dms_lint.facts.credentials import secret_settings
from dms_lint.facts.credentials.secrets import Reference, current_values, each, find_secret
from dms_lint.facts.dms.endpoints import ENDPOINT, direction, engine
from dms_lint.facts.fact import Fact, each_of, memoized, texts
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

_READS: Final = "secretsmanager:GetSecretValue"
_PORT: Final = r":\d{1,5}(?!\d)"
"""How a port stands in `host:port/+ASM`."""

_PASSWORDS: Final = {"database": "PasswordCharacters", "asm": "AsmPasswordCharacters"}


class Purpose(NamedTuple):
    """A secret as an endpoint uses it."""

    secret: Reference
    use: Literal["database", "asm"]


@cache
def _characters() -> Mapping[str, Any]:
    characters: Mapping[str, Any] = table("password-characters")
    return characters


def forbidden_by_guide() -> str:
    """The characters that the guide forbids in a password."""
    return str(_characters()["guide"]["characters"])


def forbidden_since() -> str:
    """The characters that AWS forbids today and the guide does not."""
    return "".join(each for each in _characters()["current"]["characters"] if each not in forbidden_by_guide())


# -- the record of a secret


def contents(secret: Reference, inventory: Inventory) -> Record:
    """What was derived of a secret's value; Missing where it was not read."""
    values = current_values(secret, inventory)
    if len(values) > 1:
        raise Missing(
            f"secret {secret.id}: {len(values)} answers with different values are said to be current",
            needs=_READS,
            reason="several values are said to be current",
            status=Status.NOT_READABLE,
        )
    if values:
        return values[0].block("Derived")
    refusal = inventory.refusal(_READS, secret.id, secret.account)
    if refusal is not None:
        raise refusal.missing(f"secret {secret.id}", _READS)
    raise Missing(
        f"secret {secret.id}: what it holds was not read; --read-secrets reads it",
        needs=f"{_READS}, with --read-secrets",
        reason="what the secret holds is read with --read-secrets only",
    )


def held(secret: Reference, member: str, inventory: Inventory) -> str:
    """A value that was kept of a secret: Host, Port or AsmServer; Missing where it has none that looks like one."""
    record = contents(secret, inventory)
    value = record.text(member, default="")
    if not value:
        raise Missing(
            f"secret {secret.id} has no {member} that looks like one",
            needs=f"a {member} in the secret",
            reason=f"the secret has no {member} that looks like one",
        )
    return value


@memoized
def purposes(endpoint: Resource, inventory: Inventory) -> tuple[Purpose, ...]:
    """The secrets of an endpoint: that for the database, and that for Oracle's ASM."""
    database = secret_settings.secret_id(endpoint, inventory)
    asm = secret_settings.asm_secret_id(endpoint, inventory)
    scope = (endpoint.account, endpoint.region)
    databases = (Purpose(Reference(database, *scope), "database"),) if database else ()
    return (*databases, Purpose(Reference(asm, *scope), "asm")) if asm else databases


def _each(endpoint: Resource, inventory: Inventory, judge: Callable[[Purpose], str]) -> tuple[str, ...]:
    """What `judge` says of each secret, without ''; Missing where only what was not read could be more."""
    return each_of(purposes(endpoint, inventory), judge)


# -- members


def lacking(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets that lack what DMS reads in them: each with the members that it lacks, or that it is no JSON object.

    A secret for the database needs username, password (unless the endpoint uses IAM or Kerberos), port and host; one
    for ASM needs asm_user, asm_password and asm_server, and the port stands in asm_server.
    """

    def judge(purpose: Purpose) -> str:
        record = contents(purpose.secret, inventory)
        if not record.flag("Json"):
            return f"{purpose.secret.id} is no JSON object"
        lacks = [name for name in _needed(purpose, endpoint, inventory) if name not in record.texts("Members")]
        if purpose.use == "asm" and "asm_server" not in lacks:
            if "AsmServer" not in record:
                if lacks:
                    return f"{purpose.secret.id} lacks {' and '.join(lacks)}"
                held(purpose.secret, "AsmServer", inventory)
            elif not re.search(_PORT, record.text("AsmServer")):
                lacks.append("the port in asm_server")
        return f"{purpose.secret.id} lacks {' and '.join(lacks)}" if lacks else ""

    return _each(endpoint, inventory, judge)


def _needed(purpose: Purpose, endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    names = tuple(table("secret-members")[purpose.use]["members"])
    if purpose.use == "asm" or _has_password(endpoint, inventory):
        return names
    return tuple(name for name in names if name != "password")


def _has_password(endpoint: Resource, inventory: Inventory) -> bool:
    # Absent means password: API reference of the settings, which only add the other methods to it.
    method = secret_settings.setting(endpoint, inventory, "AuthenticationMethod").lower()
    return method not in ("iam", "kerberos")


# -- passwords


def password_characters(purpose: Purpose, endpoint: Resource, inventory: Inventory) -> str:
    """Which of all the characters that DMS does not take the secret's password has; Missing where it has none."""
    record = contents(purpose.secret, inventory)
    member = "password" if purpose.use == "database" else "asm_password"
    if member not in record.texts("Members"):
        if purpose.use == "database" and not _has_password(endpoint, inventory):
            return ""
        raise Missing(
            f"secret {purpose.secret.id} has no {member}",
            needs=f"a {member} in the secret",
            reason=f"the secret has no {member}",
        )
    characters = record.texts(_PASSWORDS[purpose.use])
    if not all(len(each) == 1 and each in forbidden_by_guide() + forbidden_since() for each in characters):
        raise record.malformed(_PASSWORDS[purpose.use], "a list of forbidden characters")
    return "".join(characters)


def spelt(characters: str) -> str:
    """Characters within a sentence: each for itself."""
    return " ".join(characters)


def forbidden_characters(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets whose password has a character that the guide forbids, each with those characters alone."""

    def judge(purpose: Purpose) -> str:
        characters = password_characters(purpose, endpoint, inventory)
        bad = "".join(character for character in characters if character in forbidden_by_guide())
        return f"{purpose.secret.id} ({spelt(bad)})" if bad else ""

    return _each(endpoint, inventory, judge)


def engine_characters(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The characters that AWS's table of endpoint settings forbids in a password for the endpoint's engine."""
    name = engine(endpoint, inventory)
    characters = ""
    for row in _characters()["engines"]:
        if row["engines"] and name not in row["engines"]:
            continue
        if "side" not in row or direction(endpoint, inventory) == row["side"]:
            characters += row["characters"]
    return tuple(dict.fromkeys(characters))


# -- whose it is


def rds_managed(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets that Amazon RDS made and manages for a database's master user."""

    def judge(secret: Reference) -> str:
        # A service alone can put a `!` into the name of a secret: API reference of CreateSecret, Name.
        if re.search(r"(?:\A|:secret:)rds!", secret.id):
            return secret.id
        resource = find_secret(secret, inventory)
        # Absent where no service made the secret: API reference of DescribeSecret.
        return secret.id if resource is not None and resource.text("OwningService", default="") == "rds" else ""

    return each(endpoint, inventory, judge)


FACTS: Final = (
    Fact("secret.lacking_members", ENDPOINT, texts(), lacking),
    Fact("secret.forbidden_characters", ENDPOINT, texts(), forbidden_characters),
    Fact("secret.rds_managed", ENDPOINT, texts(), rds_managed),
    Fact("secret.engine_characters", ENDPOINT, texts(), engine_characters),
)
