"""What the functions that rotate secrets leave out of the passwords that they make."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from dms_lint.data.tables import table
from dms_lint.facts.credentials.secret_records import (
    Purpose,
    forbidden_by_guide,
    forbidden_since,
    password_characters,
    purposes,
    spelt,
)
from dms_lint.facts.credentials.secrets import Reference, each, find_secret, rotating
from dms_lint.facts.dms.endpoints import ENDPOINT
from dms_lint.facts.fact import Fact, each_of, texts
from dms_lint.model import EMPTY, Missing, Status

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_TRUE: Final = frozenset({"true", "1", "y", "yes"})
"""How AWS's rotation functions read a variable that turns something on."""

_WITHOUT_FUNCTION: Final = (
    "OwningService",
    "Type",
    "ExternalSecretRotationRoleArn",
    "ExternalSecretRotationMetadata",
)
"""Members of a secret that a service of AWS's, or an external one, rotates without a function of the account."""


def function_of(secret: Reference, inventory: Inventory) -> str:
    """The ARN of the function that rotates a secret; '' where rotation is off, managed or external.

    '' too where the secret does not exist.
    """
    found = find_secret(secret, inventory)
    if found is None:
        return ""
    rotated = rotating(found, inventory)
    if rotated is None:
        if "RotationEnabled" not in found and ("RotationLambdaARN" in found or "RotationRules" in found):
            raise found.missing("RotationEnabled")
        return ""
    arn = rotated.text("RotationLambdaARN", default="")
    if not arn and not any(name in rotated for name in _WITHOUT_FUNCTION):
        raise rotated.missing("RotationLambdaARN")
    return arn


def allowed_by(function: str, inventory: Inventory) -> str:
    """The characters that DMS does not take and that a function may put into the passwords it makes."""
    found = _function(function, inventory)
    # Absent where a function has no variables: API reference of GetFunctionConfiguration.
    environment = found.block("Environment", default=EMPTY)
    if "Error" in environment:
        raise Missing(
            f"{found.where}: its variables could not be decrypted",
            needs="lambda:GetFunctionConfiguration, and kms:Decrypt on the function's key",
            reason="the variables of the function could not be decrypted",
            status=Status.NOT_READABLE,
        )
    variables = environment.block("Variables", default=EMPTY)
    if variables.text("EXCLUDE_PUNCTUATION", default="").lower() in _TRUE:
        return ""
    left_out = variables.text("EXCLUDE_CHARACTERS", default=table("password-characters")["left_out"]["characters"])
    return "".join(one for one in forbidden_by_guide() + forbidden_since() if one not in left_out)


def _function(arn: str, inventory: Inventory) -> Resource:
    # A version or an alias of the function may be named: arn:...:function:NAME:ALIAS.
    plain = ":".join(arn.split(":")[:7])
    found = next((one for one in inventory.known("function") if one.arn in (arn, plain)), None)
    found = found or inventory.find("function", arn)
    if found is None:
        raise Missing(
            f"function {arn} does not exist",
            needs="a function that rotates the secret",
            reason="the function that rotates the secret does not exist",
        )
    return found


def functions(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The functions that rotate the endpoint's secrets, by ARN; none where rotation is off or needs no function."""
    return each(endpoint, inventory, lambda secret: function_of(secret, inventory))


def _allows(secret: Reference, judged: str, inventory: Inventory) -> str:
    function = function_of(secret, inventory)
    bad = "".join(one for one in allowed_by(function, inventory) if one in judged) if function else ""
    return f"{secret.id}: {function.split(':')[6]} does not leave out {spelt(bad)}" if bad else ""


def allows(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets whose rotation may make a password with a character that the guide forbids.

    Each with the function and the characters that it does not leave out.  One whose variable EXCLUDE_PUNCTUATION is
    true leaves out all, if it reads that variable, as AWS's own functions do.
    """
    return each(endpoint, inventory, lambda secret: _allows(secret, forbidden_by_guide(), inventory))


def current_characters(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets whose password has, or by rotation may get, a character that AWS forbids today and the guide not.

    Each with those characters, and with the function where it is one that does not leave them out.
    """
    asked = product(purposes(endpoint, inventory), (_has_current, _may_get_current))
    return each_of(asked, lambda one: one[1](one[0], endpoint, inventory))


def _has_current(purpose: Purpose, endpoint: Resource, inventory: Inventory) -> str:
    bad = "".join(one for one in password_characters(purpose, endpoint, inventory) if one in forbidden_since())
    return f"{purpose.secret.id}: its password has {spelt(bad)}" if bad else ""


def _may_get_current(purpose: Purpose, endpoint: Resource, inventory: Inventory) -> str:
    return _allows(purpose.secret, forbidden_since(), inventory)


FACTS: Final = (
    Fact("secret.rotation_functions", ENDPOINT, texts(), functions),
    Fact("secret.rotation_allows", ENDPOINT, texts(), allows),
    Fact("secret.current_characters", ENDPOINT, texts(), current_characters),
)
