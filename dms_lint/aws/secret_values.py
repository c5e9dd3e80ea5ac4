"""The one place where the value of a secret is read: what is derived of it, and nothing else, leaves.

What leaves is which of the members that DMS reads the value has, where the database is, and which of the characters
that DMS does not take the passwords have.  Nothing here raises, prints or keeps a value.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws import redaction
from dms_lint.aws.responses import SECRET_VALUES
from dms_lint.data.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DERIVED: Final = "Derived"
"""The member that stands in the place of a value."""

_HOST: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}|\[?[0-9A-Fa-f:.]{2,45}\]?"
_SHAPES: Final = {
    # A named instance or a port may follow the host of SQL Server.
    "Host": ("host", rf"(?:{_HOST})(?:\\[A-Za-z0-9_$-]{{1,16}})?(?:[,:][0-9]{{1,5}})?"),
    "Port": ("port", r"[0-9]{1,5}"),
    "AsmServer": ("asm_server", rf"(?:{_HOST})(?::[0-9]{{1,5}})?(?:[:/]\+?[A-Za-z0-9_.]{{1,30}})?"),
}
"""The values that are kept, and what each looks like: what looks otherwise may be something else, and is not kept."""

_ROTATION: Final = ("EXCLUDE_CHARACTERS", "EXCLUDE_PUNCTUATION")

_LEAST: Final = 4
"""The length from which a password is looked for in the values that are kept."""


@cache
def members() -> frozenset[str]:
    """The members of a secret that DMS reads, whatever the secret is for."""
    return frozenset(name for row in table("secret-members").values() for name in row["members"])


@cache
def characters() -> str:
    """The characters that DMS does not take in a password, by the guide or today, in the order of the table."""
    rows = table("password-characters")
    return "".join(dict.fromkeys(rows["guide"]["characters"] + rows["current"]["characters"]))


def without_values(operation: str, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """An answer of an operation without what in it may be secret: of a secret's value what is derived of it is left.

    A function's variables may hold anything: only those that say what a rotation leaves out of passwords stay.  What
    has gone through here once is the same after a second time.
    """
    if operation == "secretsmanager:GetSecretValue":
        return answer if DERIVED in answer and not holds_value(answer) else derive(answer)
    answer = redaction.answer(answer)
    if operation != "lambda:GetFunctionConfiguration" or not isinstance(answer.get("Environment"), dict):
        return answer
    variables = answer["Environment"].get("Variables")
    harmless = {name: variables[name] for name in _ROTATION if name in variables} if isinstance(variables, dict) else {}
    return {**answer, "Environment": {**answer["Environment"], "Variables": harmless}}


def holds_value(answer: Any) -> bool:
    """Whether an answer holds the value of a secret."""
    return isinstance(answer, dict) and any(name in answer for name in SECRET_VALUES)


def derive(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer of GetSecretValue says of a secret, with what is derived of its value in the value's place.

    `Derived` has Json (whether the value is a JSON object), Members (those of DMS's that hold something), Host, Port
    and AsmServer where they look like such, PasswordCharacters and AsmPasswordCharacters.
    """
    values = _values(answer.get("SecretString"))
    derived: dict[str, Any] = {"Json": values is not None, "Members": sorted(values or ())}
    return {
        **_description(answer),
        DERIVED: {**derived, **dict(_addresses(values or {})), **dict(_characters_used(values or {}))},
    }


def _values(secret: Any) -> dict[str, str] | None:
    """The members that DMS reads and that hold something; None where the secret is no JSON object."""
    try:
        value = json.loads(secret) if isinstance(secret, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    texts = {
        name: str(member).strip()
        for name, member in value.items()
        if name in members() and isinstance(member, (str, int, float)) and not isinstance(member, bool)
    }
    return {name: text for name, text in texts.items() if text}


def _passwords(values: Mapping[str, str]) -> tuple[str, str]:
    return values.get("password", ""), values.get("asm_password", "")


def _addresses(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Where the database is, as far as it looks like an address and holds no password."""
    for name, (member, shape) in _SHAPES.items():
        value = values.get(member, "")
        gives_away = any(len(password) >= _LEAST and password in value for password in _passwords(values))
        if re.fullmatch(shape, value) and not gives_away:
            yield name, value


def _characters_used(values: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The characters of each password that DMS does not take."""
    for name, password in zip(("PasswordCharacters", "AsmPasswordCharacters"), _passwords(values), strict=True):
        yield name, [character for character in characters() if character in password]


def _description(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer says of the secret besides its value."""
    description: dict[str, Any] = {
        name: answer[name] for name in ("ARN", "Name", "VersionId") if isinstance(answer.get(name), str)
    }
    stages = answer.get("VersionStages")
    if isinstance(stages, (list, tuple)):
        description["VersionStages"] = [stage for stage in stages if isinstance(stage, str)]
    if isinstance(answer.get("CreatedDate"), (str, int, float)):
        description["CreatedDate"] = answer["CreatedDate"]
    return description
