"""What the functions that rotate secrets leave out of the passwords that they make."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from dms_lint.aws.arn import parse_arn
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
    resource = find_secret(secret, inventory)
    if resource is None:
        return ""
    rotated = rotating(resource, inventory)
    if rotated is None:
        if "RotationEnabled" not in resource and ("RotationLambdaARN" in resource or "RotationRules" in resource):
            raise resource.missing("RotationEnabled")
        return ""
    arn = rotated.text("RotationLambdaARN", default="")
    if not arn and not any(name in rotated for name in _WITHOUT_FUNCTION):
        raise rotated.missing("RotationLambdaARN")
    return arn


def allowed_by(function: str, inventory: Inventory) -> str:
    """The characters that DMS does not take and that a function may put into the passwords it makes."""
    resource = _function(function, inventory)
    # Absent where a function has no variables: API reference of GetFunctionConfiguration.
    environment = resource.block("Environment", default=EMPTY)
    if "Error" in environment:
        raise Missing(
            f"{resource.where}: its variables could not be decrypted",
            needs="lambda:GetFunctionConfiguration, and kms:Decrypt on the function's key",
            reason="the variables of the function could not be decrypted",
            status=Status.NOT_READABLE,
        )
    variables = environment.block("Variables", default=EMPTY)
    if variables.text("EXCLUDE_PUNCTUATION", default="").lower() in _TRUE:
        return ""
    left_out = variables.text("EXCLUDE_CHARACTERS", default=table("password-characters")["left_out"]["characters"])
    return "".join(character for character in forbidden_by_guide() + forbidden_since() if character not in left_out)


def _function(arn: str, inventory: Inventory) -> Resource:
    # A version or an alias of the function may be named: arn:...:function:NAME:ALIAS.
    parts = parse_arn(arn)
    unqualified = str(parts._replace(resource=":".join(parts.resource.split(":")[:2]))) if parts is not None else arn
    names = (arn, unqualified)
    function = next((resource for resource in inventory.known("function") if resource.arn in names), None)
    if function is None:
        function = inventory.find("function", arn)
    if function is None:
        raise Missing(
            f"function {arn} does not exist",
            needs="a function that rotates the secret",
            reason="the function that rotates the secret does not exist",
        )
    return function


def functions(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The functions that rotate the endpoint's secrets, by ARN; none where rotation is off or needs no function."""
    return each(endpoint, inventory, lambda secret: function_of(secret, inventory))


def _allows(secret: Reference, forbidden: str, inventory: Inventory) -> str:
    function = function_of(secret, inventory)
    allowed = allowed_by(function, inventory) if function else ""
    bad = "".join(character for character in allowed if character in forbidden)
    return f"{secret.id}: {_function_name(function)} does not leave out {spelt(bad)}" if bad else ""


def _function_name(arn: str) -> str:
    parts = parse_arn(arn)
    return parts.resource.split(":")[1] if parts is not None else arn


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
    checks = product(purposes(endpoint, inventory), (_has_current, _may_get_current))
    return each_of(checks, lambda check: check[1](check[0], endpoint, inventory))


def _has_current(purpose: Purpose, endpoint: Resource, inventory: Inventory) -> str:
    characters = password_characters(purpose, endpoint, inventory)
    bad = "".join(character for character in characters if character in forbidden_since())
    return f"{purpose.secret.id}: its password has {spelt(bad)}" if bad else ""


def _may_get_current(purpose: Purpose, endpoint: Resource, inventory: Inventory) -> str:
    return _allows(purpose.secret, forbidden_since(), inventory)


FACTS: Final = (
    Fact("secret.rotation_functions", ENDPOINT, texts(), functions),
    Fact("secret.rotation_allows", ENDPOINT, texts(), allows),
    Fact("secret.current_characters", ENDPOINT, texts(), current_characters),
)
