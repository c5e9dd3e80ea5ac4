"""Whom a key's policy lets use, manage or lend the key without a bound, and whether the key rotates."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.partitions import partition_of
from dms_lint.data.tables import table
from dms_lint.facts.access import secret_access
from dms_lint.facts.access import target_key_access as target_keys
from dms_lint.facts.access.effective_access import key_policy, policy_of_key
from dms_lint.facts.access.key_usage import doubt, uses
from dms_lint.facts.dms import encryption_keys as keys
from dms_lint.facts.dms.encryption_keys import KEY
from dms_lint.facts.fact import FLAG, Fact, memoized, text, texts
from dms_lint.facts.iam.dms_roles.service_access_roles import role_of
from dms_lint.facts.iam.identities.attached_policies import identity
from dms_lint.iam_policy.confused_deputy import STRANGERS, admits, for_everybody, is_pinned
from dms_lint.iam_policy.evaluation import about_action, allowed_by_key
from dms_lint.iam_policy.requests import Request, role_context
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.facts.dms.key_references import Reference
    from dms_lint.iam_policy.conditions import Context
    from dms_lint.iam_policy.statements import Policy, Statement
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_GRANT: Final = "kms:creategrant"
_ADMINISTER: Final = "kms:putkeypolicy"
_EVERYBODY: Final = "everybody that it does not keep out"
_ACCOUNT: Final = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?")
_PRINCIPAL: Final = re.compile(r"arn:[\w-]+:(?:iam|sts)::(\d{12}):.+")


@cache
def _actions() -> tuple[str, ...]:
    rows: Mapping[str, Any] = table("key-actions")
    return (*rows["uses"], *rows["manages"])


def _reference(key: Resource, inventory: Inventory) -> Reference:
    found = keys.key_of(key, inventory)
    assert found is not None  # noqa: S101 - a key is itself
    return found


@memoized
def _policy(key: Resource, inventory: Inventory) -> Policy:
    return key_policy(_reference(key, inventory), inventory)


# -- everybody


def open_statements(key: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements of the key's policy that let everybody use or manage the key, whatever the account.

    A condition pins the caller where it asks for an account or an organization, of the caller or of what a service
    works for; one on the service alone (kms:ViaService) does not.  A denial in the same policy counts.
    """
    policy = _policy(key, inventory)
    return tuple(statement.sid for statement in policy.statements if _is_open(statement, policy, key))


def _is_open(statement: Statement, policy: Policy, key: Resource) -> bool:
    return (
        statement.effect == "Allow"
        and for_everybody(statement)
        and any(
            about_action(statement, action) and not is_pinned(statement, policy, action, partition_of(key.id))
            for action in _actions()
        )
    )


# -- grants


@cache
def _direct() -> Context:
    """What is known of a request to let a stranger do everything, made directly and through no service of AWS.

    Such a request has no kms:GrantIsForAWSResource: so BoolIfExists holds for it, and Bool does not.
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    return {
        "kms:grantisforawsresource": (),
        "kms:viaservice": (),
        "kms:granteeprincipal": (f"arn:aws:iam::{STRANGERS[0]}:role/q7zxk2vw9jr4",),
        "kms:granteeserviceprincipal": (),
        "kms:grantconstraintsourcearn": (),
        "kms:grantoperations": tuple(table("key-actions")["grant_operations"]),
        "aws:viaawsservice": ("false",),
        "aws:calledvia": (),
        "aws:principalisawsservice": ("false",),
        "aws:securetransport": ("true",),
    }


def unbounded_grantors(key: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Who may let anybody do anything with the key by a grant, without being an administrator; each with the statement.

    By the key's policy; and of the roles with which DMS works for endpoints that use the key, by their own policies
    too.  What bounds it is kms:GrantIsForAWSResource or another condition that asks for a service of AWS, for certain
    operations or for certain grantees.  Administrators are the account and whom the key's policy lets change it.
    Statements of key.open_statements are not among them, nor services.
    """
    policy = _policy(key, inventory)
    found: dict[str, str] = {}
    for statement in policy.statements:
        if statement.effect != "Allow" or not about_action(statement, _GRANT) or _is_open(statement, policy, key):
            continue
        for who, context in _users(statement, policy, key):
            caller = None if who == _EVERYBODY else who
            if admits(statement, policy, {**context, **_direct()}, _GRANT, caller):
                found.setdefault(who, statement.sid)
    hole = None
    if _leaves_it_to_the_account(policy, key):
        hole = _by_own_policies(key, policy, found, inventory)
    if not found and hole is not None:
        raise hole
    return tuple(f"{who} ({sid})" for who, sid in found.items())


def _users(statement: Statement, policy: Policy, key: Resource) -> Iterator[tuple[str, Context]]:
    """Whom a statement names that are no administrators, each with what is known of its requests."""
    if for_everybody(statement):
        if not any(for_everybody(one) and _administers(one, policy, {}, None) for one in policy.statements):
            yield _EVERYBODY, {}
        return
    for kind, value in statement.principals or ():
        account = _account_of(value) if kind == "AWS" else ""
        if not account or (account == key.account and _ACCOUNT.fullmatch(value)):
            continue
        context = _asking(value, account)
        if not _is_administrator(value, policy, context):
            yield value, context


def _account_of(principal: str) -> str:
    """The account of a principal; '' of one that was deleted, which nobody can use."""
    found = _ACCOUNT.fullmatch(principal) or _PRINCIPAL.fullmatch(principal)
    return found[1] if found else ""


def _asking(principal: str, account: str) -> Context:
    arn = f"arn:*:iam::{account}:*" if _ACCOUNT.fullmatch(principal) else principal
    return {"aws:principalarn": (arn,), "aws:principalaccount": (account,), "kms:calleraccount": (account,)}


def _is_administrator(principal: str, policy: Policy, context: Context) -> bool:
    return any(
        (for_everybody(one) or ("AWS", principal) in (one.principals or ()))
        and _administers(one, policy, context, principal)
        for one in policy.statements
    )


def _administers(statement: Statement, policy: Policy, context: Context, principal: str | None) -> bool:
    return (
        statement.effect == "Allow"
        and about_action(statement, _ADMINISTER)
        and admits(statement, policy, context, _ADMINISTER, principal)
    )


def _leaves_it_to_the_account(policy: Policy, key: Resource) -> bool:
    """Whether own policies of a role of the account may let it make grants."""
    return any(
        statement.effect == "Allow"
        and about_action(statement, _GRANT)
        and (
            for_everybody(statement)
            or any(
                kind == "AWS" and _ACCOUNT.fullmatch(value) and _account_of(value) == key.account
                for kind, value in statement.principals or ()
            )
        )
        for statement in policy.statements
    )


def _by_own_policies(key: Resource, policy: Policy, found: dict[str, str], inventory: Inventory) -> Missing | None:
    """Add the roles of DMS that may make grants by their own policies; why there may be more."""
    reference, hole = _reference(key, inventory), doubt(key, inventory)
    for role in _roles(key, inventory):
        if isinstance(role, Missing):
            hole = hole or role
            continue
        if role.id in found or _is_administrator(role.id, policy, _asking(role.id, role.account)):
            continue
        request = Request("kms:CreateGrant", reference.arn, {**role_context(role.id, role.account), **_direct()})
        decision = allowed_by_key(request, identity(role, inventory), policy_of_key(reference, inventory), key.account)
        if decision.allowed:
            # What the key's policy itself lets the role do was told before, or is open to everybody.
            mine = [one for one in decision.statements if one.principals is None]
            if mine:
                found[role.id] = f"{mine[0].sid} in {mine[0].policy}"
        elif decision.allowed is None:
            hole = hole or decision.as_missing(role.where)
    return hole


def _roles(key: Resource, inventory: Inventory) -> Iterator[Resource | Missing]:
    """The roles with which DMS reads the secrets and reaches the data of the endpoints that use a key."""
    seen: set[str] = set()
    for use in uses(key, inventory):
        if use.resource.kind != "endpoint":
            continue
        for role in _roles_of(use.resource, use.target, inventory):
            if isinstance(role, Missing):
                yield role
            elif role.id not in seen:
                seen.add(role.id)
                yield role


def _roles_of(endpoint: Resource, target: bool, inventory: Inventory) -> Iterator[Resource | Missing]:
    try:
        role = target_keys.role(endpoint, inventory) if target else role_of(endpoint, inventory)[1]
        if role is not None:
            yield role
    except Missing as missing:
        yield missing.with_traceback(None)
    try:
        named, hole = secret_access.pairs(endpoint, inventory)
    except Missing as missing:
        named, hole = (), missing.with_traceback(None)
    if hole is not None:
        yield hole
    for pair in named:
        try:
            _, role = secret_access.role_of(pair, endpoint, inventory)
            if role is not None:
                yield role
        except Missing as missing:
            yield missing.with_traceback(None)


# -- rotation


def origin(key: Resource, inventory: Inventory) -> str:
    """Where the key's material is from: `AWS_KMS`, `EXTERNAL` (imported), `AWS_CLOUDHSM` or `EXTERNAL_KEY_STORE`."""
    found = keys.described_of(key, inventory)
    return (found or key).text("Origin")


def rotates(key: Resource, inventory: Inventory) -> bool:
    """Whether AWS gives the key new material by itself, once a year or as often as is set."""
    reference = _reference(key, inventory)
    answer = inventory.about("kms-key-rotation", reference.arn, reference.id, account=key.account, region=key.region)
    return answer.flag("KeyRotationEnabled")


FACTS: Final = (
    Fact("key.open_statements", KEY, texts(), open_statements),
    Fact("key.unbounded_grantors", KEY, texts(), unbounded_grantors),
    Fact("key.origin", KEY, text(), origin),
    Fact("key.rotates", KEY, FLAG, rotates),
)
