"""Trust policies of roles: the services that they let assume the role."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from dms_lint.aws.partitions import dns_suffixes, partition_of
from dms_lint.iam_policy.conditions import satisfied
from dms_lint.iam_policy.evaluation import about_action
from dms_lint.iam_policy.statements import ANYTHING
from dms_lint.logic.kleene import all_of

if TYPE_CHECKING:
    from dms_lint.iam_policy.conditions import Context
    from dms_lint.iam_policy.statements import Policy, Statement

DMS: Final = "dms.amazonaws.com"
"""The service principal of DMS, as `service_of` has it."""

_DMS: Final = r"dms(\.[a-z0-9-]+)?\.amazonaws\.com|dms-data-migrations\.amazonaws\.com"


@lru_cache(maxsize=1024)
def service_of(principal: str) -> str:
    """A service principal as it is compared: in lower case, with the DNS suffix that most partitions have."""
    name = principal.lower()
    for suffix in dns_suffixes().values():
        if name.endswith(f".{suffix}"):
            return name.removesuffix(suffix) + dns_suffixes()["aws"]
    return name


def is_dms(principal: str) -> bool:
    """Whether a service principal is DMS: the service, the service in one Region, or its data migrations."""
    return re.fullmatch(_DMS, service_of(principal)) is not None


def service_context(service: str, role: str, account: str) -> Context:
    """The context in which a service assumes a role on behalf of a resource of an account."""
    owner = "dms" if is_dms(service) else service.partition(".")[0]
    return {
        "aws:sourceaccount": (account,),
        "aws:sourcearn": (f"arn:{partition_of(role)}:{owner}:*:{account}:*",),
        "aws:securetransport": ("true",),
    }


def trusts(policy: Policy, service: str, context: Context) -> bool:
    """Whether a role's trust policy lets a service assume the role.

    A condition that cannot be decided does not take trust away, and is no denial either.
    """
    service = service_of(service)
    effects = {
        statement.effect
        for statement in policy.statements
        if about_action(statement, "sts:assumerole")
        and _names_service(statement, service)
        and _takes_effect(statement, context)
    }
    return effects == {"Allow"}


def _takes_effect(statement: Statement, context: Context) -> bool:
    """Whether the conditions of a statement are met: possibly for what it allows, certainly for what it denies."""
    is_met = all_of(satisfied(condition, context) for condition in statement.conditions)
    return is_met is True or (is_met is None and statement.effect == "Allow")


def _names_service(statement: Statement, service: str) -> bool:
    """Whether the principals hold a service.  `*` and AWS `*` are the same to AWS: everybody."""
    is_listed = any(
        (kind == "Service" and service_of(value) == service) or (value == ANYTHING and kind in (ANYTHING, "AWS"))
        for kind, value in statement.principals or ()
    )
    return is_listed is not statement.not_principals


def trusted_services(policy: Policy, role: str, account: str, *candidates: str) -> tuple[str, ...]:
    """The services that a trust policy names, and candidates, where it lets them assume the role, in order.

    `*` is among them where it lets everybody.  They ask on behalf of a resource of that account.
    """
    services = {
        service_of(value)
        for statement in policy.statements
        if statement.effect == "Allow" and not statement.not_principals
        for kind, value in statement.principals or ()
        if kind == "Service" or (value == ANYTHING and kind in (ANYTHING, "AWS"))
    }
    return tuple(
        service
        for service in sorted(services.union(candidates))
        if trusts(policy, service, service_context(service, role, account))
    )
