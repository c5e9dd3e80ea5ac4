"""Trust policies of the roles that DMS assumes: outsiders that may assume them too, and confused deputies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dms_lint.aws.partitions import partition_of
from dms_lint.facts.dms.endpoints import engine
from dms_lint.facts.dms.presence import account_of, missing_listing
from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.iam.dms_roles import service_access_roles
from dms_lint.facts.iam.dms_roles.required_roles import ACCESS_ROLE, REDSHIFT
from dms_lint.facts.iam.identities.attached_policies import sound_trust_policy
from dms_lint.facts.iam.identities.principals import is_linked
from dms_lint.iam_policy.confused_deputy import (
    SOURCE_KEYS,
    STRANGERS,
    admits,
    for_everybody,
    for_stranger,
    from_stranger,
    is_pinned,
)
from dms_lint.iam_policy.evaluation import about_action
from dms_lint.iam_policy.statements import ANYTHING
from dms_lint.iam_policy.trust_policies import DMS, is_dms, service_of, trusted_services
from dms_lint.logic.kleene import Partial, collect, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.iam_policy.conditions import Context
    from dms_lint.iam_policy.statements import Policy, Statement
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

ROLE: Final = ("role",)
EVERYBODY: Final = "everybody"

_ASSUME: Final = "sts:assumerole"
_ASSUMING: Final = (_ASSUME, "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")
_DELETED: Final = r"A[A-Z0-9]{15,}"
"""The unique id, as which IAM writes a principal that was deleted."""
_ACCOUNT: Final = r"(?:arn:[\w-]+:(?:iam|sts)::)?(\d{12})(?::.+)?"


# -- who may assume it


@memoized
def _policy(role: Resource, inventory: Inventory) -> Policy:
    return sound_trust_policy(role)


@memoized
def _services(role: Resource, inventory: Inventory) -> tuple[str, ...]:
    return trusted_services(_policy(role, inventory), role.id, role.account, DMS)


def dms_services(role: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The service principals of DMS that may assume the role: the service, its Regions, its data migrations.

    None for a service-linked role, which nobody can edit.
    """
    return () if is_linked(role.id) else tuple(filter(is_dms, _services(role, inventory)))


def outsiders(role: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Who may assume the role besides DMS and the role's own account, each with what is wrong.

    Everybody, unless a condition pins the caller's account or organization; another account, unless its callers must
    send an external id or be of an organization or under certain names; another service.  Redshift is none where
    DMS loads a cluster with the role.  A denial in the same policy counts.
    """
    policy = _policy(role, inventory)
    principals = [
        outsider
        for statement in policy.statements
        if statement.effect == "Allow"
        for action in _ASSUMING
        if about_action(statement, action)
        for outsider in _outside_principals(statement, policy, role, action)
    ]

    def outside_service(service: str) -> str | None:
        if service == ANYTHING or is_dms(service) or (service == REDSHIFT and _loads_redshift(role, inventory)):
            return None
        return f"the service {service}"

    services = collect(_services(role, inventory), outside_service)
    return merged((Partial(tuple(principals)), services)).distinct().certain()


def _outside_principals(statement: Statement, policy: Policy, role: Resource, action: str) -> Iterator[str]:
    """Everybody, and the other accounts, that a statement lets in."""
    if for_everybody(statement):
        if not is_pinned(statement, policy, action, partition_of(role.id)):
            yield f"{EVERYBODY} ({statement.sid})"
        return
    for kind, value in statement.principals or ():
        account = re.fullmatch(_ACCOUNT, value) if kind == "AWS" else None
        if account is None or account[1] == role.account:
            continue
        if any(admits(statement, policy, context, action, value) for context in _caller(role, account[1])):
            yield f"{value}, of another account ({statement.sid})"


def _caller(role: Resource, account: str) -> Iterator[Context]:
    """The requests of another account: without an external id, and with one that was not agreed on."""
    for external in ((), ("q7zxk2vw9jr4",)):
        yield {**from_stranger(account, partition_of(role.id)), "sts:externalid": external}


def _loads_redshift(role: Resource, inventory: Inventory) -> bool:
    """Whether the role is the one with which DMS loads Redshift, by its name or because an endpoint names it."""
    if role.name == ACCESS_ROLE:
        return True

    def role_of(endpoint: Resource) -> str | None:
        is_redshift = engine(endpoint, inventory).startswith("redshift")
        return service_access_roles.role_arn(endpoint, inventory) if is_redshift else None

    def read() -> Partial[str]:
        endpoints = inventory.index("endpoint", account_of).get(role.account, ())
        missing = missing_listing(role.account, inventory, "endpoint")
        return collect(Partial(tuple(endpoints), missing), role_of).distinct()

    arns = inventory.once(("roles of Redshift", role.account), read)
    return role.id in arns.items or role.id in arns.complete()


def deleted(role: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The unique ids of deleted users and roles that the trust policy still names: nobody can use them any more."""
    return tuple(
        dict.fromkeys(
            value
            for statement in _policy(role, inventory).statements
            for kind, value in statement.principals or ()
            if kind == "AWS" and re.fullmatch(_DELETED, value)
        )
    )


# -- for whom DMS assumes it


def _named_dms(role: Resource, inventory: Inventory) -> Iterator[tuple[Statement, str]]:
    """The statements that let in DMS by name, each with the service principal."""
    for statement in _policy(role, inventory).statements:
        if statement.effect == "Allow" and not statement.not_principals and about_action(statement, _ASSUME):
            for kind, value in statement.principals or ():
                if kind == "Service" and is_dms(value):
                    yield statement, service_of(value)


def dms_statements(role: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements of the trust policy that let in DMS by name; none of a service-linked role."""
    if is_linked(role.id):
        return ()
    return _sids(statement for statement, _ in _named_dms(role, inventory))


def unbounded_statements(role: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of trust.dms_statements that let DMS in whoever's resource it works for.

    What bounds one is a condition on aws:SourceAccount or aws:SourceArn, or on the organization that these are of,
    which does not hold either for a stranger's resource or for a request that does not say whose it is: so IfExists
    and ForAllValues bound nothing.  A denial in the same policy counts.
    """
    policy = _policy(role, inventory)
    contexts = [for_stranger(account, partition_of(role.id)) for account in STRANGERS]
    contexts.append({**contexts[0], **dict.fromkeys(SOURCE_KEYS, ())})
    return _sids(
        statement
        for statement, service in _named_dms(role, inventory)
        if any(admits(statement, policy, context, _ASSUME, service) for context in contexts)
    )


def _sids(statements: Iterable[Statement]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(statement.sid for statement in statements))


FACTS: Final = (
    Fact("trust.dms_services", ROLE, texts(), dms_services),
    Fact("trust.outsiders", ROLE, texts(), outsiders),
    Fact("trust.deleted", ROLE, texts(), deleted),
    Fact("trust.dms_statements", ROLE, texts(), dms_statements),
    Fact("trust.unbounded_statements", ROLE, texts(), unbounded_statements),
)
