"""The roles with which DMS reaches what an endpoint stands for: a bucket, a stream, a domain, a table."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.data.tables import table
from dms_lint.facts.dms.endpoints import ENDPOINT, attributes, direction, engine, settings
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.facts.iam.identities.attached_policies import trust_policy
from dms_lint.iam_policy.trust_policies import DMS, trusted_services
from dms_lint.logic.kleene import attempt, collect, require
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_ARN: Final = r"arn:[\w-]+:iam::(\d{12}):role/.+"

HERE: Final = "the endpoint's account"
ELSEWHERE: Final = "another account"
NOWHERE: Final = "no account"


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return {engine: row for row in table("service-roles")["rows"] for engine in row["engines"]}


@memoized
def role_arn(endpoint: Resource, inventory: Inventory) -> str:
    """The ARN of the service access role: of the settings, the extra connection attributes, or the endpoint itself.

    The first that names one counts.  '' where none does.
    """
    setting: str | Missing = ""
    if engine(endpoint, inventory) in _rows():
        setting = _setting(endpoint, inventory, "ServiceAccessRoleArn")
    if isinstance(setting, str) and setting:
        return setting
    return endpoint.text("ServiceAccessRoleArn", default="") or require(setting)


def _setting(endpoint: Resource, inventory: Inventory, member: str) -> str | Missing:
    """A setting of the engine's, or of that name among the extra connection attributes; '' where neither has it.

    Missing where neither has it and the answer may have kept it back.
    """

    def read() -> str:
        block = settings(endpoint, inventory)
        return block.text(member, default="") if block is not None else ""

    setting = attempt(read)
    if isinstance(setting, str) and setting:
        return setting
    return attributes(endpoint).get(member.lower(), "") or setting


def needs(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What DMS cannot reach unless the endpoint names a service access role: `Amazon S3`, `bucket orders-staging`.

    A Redshift target names one for a bucket or a key of its own; for all else the role dms-access-for-endpoint does.
    """
    row = _rows().get(engine(endpoint, inventory), {})
    sides = row.get("sides", ())
    if not sides or (len(sides) == 1 and direction(endpoint, inventory) not in sides):
        return ()
    if "own" not in row:
        return (row["service"],)
    values = [(word, _setting(endpoint, inventory, member)) for member, word in row["own"].items()]
    return collect(values, lambda value: _needed(*value)).certain()


def _needed(word: str, value: str | Missing) -> str | Missing | None:
    """For `collect`: something that the endpoint names."""
    if isinstance(value, Missing):
        return value
    return f"{word} {value}" if value else None


@memoized
def role_of(endpoint: Resource, inventory: Inventory) -> tuple[str, Resource | None]:
    """Where the service access role stands, and the role where it is one of the endpoint's account."""
    arn = role_arn(endpoint, inventory)
    return role_at(arn, "ServiceAccessRoleArn", endpoint, inventory) if arn else (NOWHERE, None)


def role_at(arn: str, member: str, resource: Resource, inventory: Inventory) -> tuple[str, Resource | None]:
    """Where the role stands that a member of a resource names, and the role where it is one of the resource's account.

    NOWHERE where there certainly is no such role.
    """
    match = re.fullmatch(_ARN, arn)
    if match is None:
        raise resource.malformed(member, "the ARN of a role")
    if not resource.account:
        raise resource.malformed("EndpointArn" if resource.kind == "endpoint" else "ARN", "an ARN")
    if match[1] != resource.account:
        return ELSEWHERE, None
    role = inventory.find("role", arn)
    return (NOWHERE, None) if role is None else (HERE, role)


def role_name(endpoint: Resource, inventory: Inventory) -> str:
    """The name of the service access role, without its path; '' where none is named."""
    return role_arn(endpoint, inventory).rpartition("/")[2]


def whereabouts(endpoint: Resource, inventory: Inventory) -> str:
    """Where the service access role stands: in the endpoint's account, in another one, or in none."""
    return role_of(endpoint, inventory)[0]


def services(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The services that the service access role lets assume it, in order: `dms.amazonaws.com` in every partition.

    `*` is among them where it lets everybody.  None where the role is not one of the endpoint's account: DMS takes
    no other.
    """
    _, role = role_of(endpoint, inventory)
    if role is None:
        return ()
    return _trusted(role, inventory)


@memoized
def _trusted(role: Resource, inventory: Inventory) -> tuple[str, ...]:
    return trusted_services(trust_policy(role), role.id, role.account, DMS)


FACTS: Final = (
    Fact("service_role.arn", ENDPOINT, text(), role_arn),
    Fact("service_role.name", ENDPOINT, text(), role_name),
    Fact("service_role.needs", ENDPOINT, texts(), needs),
    Fact("service_role.whereabouts", ENDPOINT, text(HERE, ELSEWHERE, NOWHERE), whereabouts),
    Fact("service_role.services", ENDPOINT, texts(), services),
)
