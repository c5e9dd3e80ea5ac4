"""Whom a key's policy lets use, manage or lend the key without a bound, and whether the key rotates."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.partitions import partition_of
from dms_lint.data.tables import table
from dms_lint.facts.access import secret_roles, target_key_access
from dms_lint.facts.access.effective_access import key_policy, policy_of_key
from dms_lint.facts.access.key_usage import missing_uses, uses
from dms_lint.facts.dms import encryption_keys
from dms_lint.facts.dms.encryption_keys import KEY
from dms_lint.facts.fact import FLAG, Fact, memoized, text, texts
from dms_lint.facts.iam.dms_roles.service_access_roles import role_of
from dms_lint.facts.iam.identities.attached_policies import identity
from dms_lint.iam_policy.confused_deputy import STRANGERS, admits, for_everybody, is_pinned
from dms_lint.iam_policy.evaluation import about_action, allowed_by_key
from dms_lint.iam_policy.requests import Request, role_context
from dms_lint.logic.kleene import Partial, attempt, collect
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.facts.access.secret_roles import Pair
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
    reference = encryption_keys.key_of(key, inventory)
    assert reference is not None  # noqa: S101 - a key is itself
    return reference


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
    by_policy = _by_key_policy(key, policy)
    if not _leaves_it_to_the_account(policy, key):
        return _labels(by_policy)
    by_own_policies = _by_own_policies(key, policy, by_policy, inventory)
    return Partial((*_labels(by_policy), *by_own_policies.items), by_own_policies.missing).certain()


def _labels(sids: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{who} ({sid})" for who, sid in sids.items())


def _by_key_policy(key: Resource, policy: Policy) -> Mapping[str, str]:
    """By principal that may make grants by the key's policy, the first statement that lets it."""
    sids: dict[str, str] = {}
    for statement in policy.statements:
        if statement.effect != "Allow" or not about_action(statement, _GRANT) or _is_open(statement, policy, key):
            continue
        for who, context in _users(statement, policy, key):
            caller = None if who == _EVERYBODY else who
            if admits(statement, policy, {**context, **_direct()}, _GRANT, caller):
                sids.setdefault(who, statement.sid)
    return sids


def _users(statement: Statement, policy: Policy, key: Resource) -> Iterator[tuple[str, Context]]:
    """Whom a statement names that are no administrators, each with what is known of its requests."""
    if for_everybody(statement):
        if not any(for_everybody(peer) and _administers(peer, policy, {}, None) for peer in policy.statements):
            yield _EVERYBODY, {}
        return
    for kind, value in statement.principals or ():
        account = _account_of(value) if kind == "AWS" else ""
        if not account or (account == key.account and _ACCOUNT.fullmatch(value)):
            continue
        context = _context(value, account)
        if not _is_administrator(value, policy, context):
            yield value, context


def _account_of(principal: str) -> str:
    """The account of a principal; '' of one that was deleted, which nobody can use."""
    match = _ACCOUNT.fullmatch(principal) or _PRINCIPAL.fullmatch(principal)
    return match[1] if match else ""


def _context(principal: str, account: str) -> Context:
    arn = f"arn:*:iam::{account}:*" if _ACCOUNT.fullmatch(principal) else principal
    return {"aws:principalarn": (arn,), "aws:principalaccount": (account,), "kms:calleraccount": (account,)}


def _is_administrator(principal: str, policy: Policy, context: Context) -> bool:
    return any(
        (for_everybody(statement) or ("AWS", principal) in (statement.principals or ()))
        and _administers(statement, policy, context, principal)
        for statement in policy.statements
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


def _by_own_policies(key: Resource, policy: Policy, by_policy: Mapping[str, str], inventory: Inventory) -> Partial[str]:
    """The roles of DMS that may make grants by their own policies, each with the statement."""
    reference = _reference(key, inventory)

    def grantor(role: Resource | Missing) -> str | Missing | None:
        if isinstance(role, Missing):
            return role
        if role.id in by_policy or _is_administrator(role.id, policy, _context(role.id, role.account)):
            return None
        request = Request("kms:CreateGrant", reference.arn, {**role_context(role.id, role.account), **_direct()})
        decision = allowed_by_key(request, identity(role, inventory), policy_of_key(reference, inventory), key.account)
        if decision.allowed is None:
            return decision.as_missing(role.where)
        # What the key's policy itself lets the role do is in `by_policy`, or is open to everybody.
        granting = [statement for statement in decision.statements if statement.principals is None]
        return f"{role.id} ({granting[0].label})" if decision.allowed and granting else None

    return collect(Partial(_roles(key, inventory), missing_uses(key, inventory)), grantor)


def _roles(key: Resource, inventory: Inventory) -> tuple[Resource | Missing, ...]:
    """The roles with which DMS reads the secrets and reaches the data of the endpoints that use a key."""
    roles = (
        role
        for use in uses(key, inventory)
        if use.resource.kind == "endpoint"
        for role in _roles_of(use.resource, use.target, inventory)
        if role is not None
    )
    return tuple(dict.fromkeys(roles))


def _roles_of(endpoint: Resource, target: bool, inventory: Inventory) -> Iterator[Resource | Missing | None]:
    """The roles of an endpoint in the order in which they are looked up; Missing where a role may be one more."""
    yield attempt(lambda: target_key_access.role(endpoint, inventory) if target else role_of(endpoint, inventory)[1])
    pairs = attempt(lambda: secret_roles.pairs(endpoint, inventory))
    if isinstance(pairs, Missing):
        yield pairs
        return
    yield pairs.missing
    for pair in pairs.items:
        yield _pair_role(pair, endpoint, inventory)


def _pair_role(pair: Pair, endpoint: Resource, inventory: Inventory) -> Resource | Missing | None:
    return attempt(lambda: secret_roles.role_of(pair, endpoint, inventory)[1])


# -- rotation


def origin(key: Resource, inventory: Inventory) -> str:
    """Where the key's material is from: `AWS_KMS`, `EXTERNAL` (imported), `AWS_CLOUDHSM` or `EXTERNAL_KEY_STORE`."""
    description = encryption_keys.described_of(key, inventory)
    return (description or key).text("Origin")


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
