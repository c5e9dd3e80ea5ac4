"""Policies that touch DMS: which of its actions and condition keys they name, and which of these DMS does not know."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from dms_lint.aws.partitions import partition_of
from dms_lint.data.tables import table
from dms_lint.facts.fact import FLAG, Fact, texts
from dms_lint.facts.iam.identities.attached_policies import aws_managed
from dms_lint.facts.iam.policy_documents import POLICY, from_statements, statements_of
from dms_lint.iam_policy.arn_patterns import is_of_dms, matches_some, resource_types
from dms_lint.iam_policy.conditions import satisfied
from dms_lint.iam_policy.evaluation import about_action, about_resource
from dms_lint.iam_policy.requests import IMPROBABLE_NAMES, Request
from dms_lint.iam_policy.wildcards import matches
from dms_lint.logic.kleene import Partial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.iam_policy.conditions import Condition
    from dms_lint.iam_policy.statements import Statement
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_PASSING: Final = "iam:passrole"
_IMPROBABLE_ACTION: Final = ":".join(IMPROBABLE_NAMES)
"""An action that no service has: who is allowed it is allowed everything."""


def managed_by_aws(policy: Resource, inventory: Inventory) -> bool:
    """Whether it is a policy of AWS's own, which nobody else can change."""
    return bool(aws_managed(policy.arn))


# -- actions


@cache
def _names() -> tuple[str, ...]:
    """Every IAM action and API operation of DMS, in lower case: the two lists differ."""
    authorization = table("dms-authorization")
    return tuple(f"dms:{name.lower()}" for name in (*authorization["actions"], *authorization["only_api"]))


@lru_cache(maxsize=4096)
def is_known(pattern: str) -> bool:
    """Whether a pattern of actions, in lower case, matches an IAM action or an API operation of DMS."""
    return any(matches(pattern, name) for name in _names())


def dms_actions(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The actions that the policy writes with the prefix `dms:`, in lower case and with their wildcards."""
    return from_statements(policy, inventory, _dms_actions)


def _dms_actions(statement: Statement) -> list[str]:
    return [action for action in statement.actions if action.startswith("dms:")]


def unknown_actions(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of policy.dms_actions that match neither an IAM action nor an API operation of DMS, and where."""

    def unknown(statement: Statement) -> Iterator[str]:
        for action in _dms_actions(statement):
            if not is_known(action):
                yield f"{action} ({statement.effect} in {statement.sid})"

    return from_statements(policy, inventory, unknown)


# -- condition keys


@cache
def _tag_keys() -> tuple[str, ...]:
    """The beginnings of the condition keys that DMS defines: `dms:endpoint-tag/`."""
    keys = table("dms-authorization")["condition_keys"]
    return tuple(key.lower().removesuffix("${tagkey}") for key in keys if key.startswith("dms:"))


def defined(key: str) -> bool:
    """Whether DMS defines a condition key, in lower case."""
    return any(key.startswith(start) and key != start for start in _tag_keys())


def _is_of_guide(key: str) -> bool:
    """Whether the guide of DMS names a key, in lower case, that the service authorization reference does not have."""
    return key in ("dms:instanceclass", "dms:storagesize") or key.startswith("dms:resourcetag/")


def condition_keys(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The condition keys that the policy writes with the prefix `dms:`, in lower case."""
    return from_statements(
        policy, inventory, lambda statement: (condition.key for condition in _dms_conditions(statement))
    )


def _dms_conditions(statement: Statement) -> list[Condition]:
    return [condition for condition in statement.conditions if condition.key.startswith("dms:")]


def unknown_condition_keys(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of policy.condition_keys that DMS does not define, where they stand, and what comes of it."""
    return from_statements(policy, inventory, _unknown_condition_keys)


def _unknown_condition_keys(statement: Statement) -> Iterator[str]:
    never = "never denies" if statement.effect == "Deny" else "never allows"
    for condition in _dms_conditions(statement):
        key = condition.key
        if not defined(key):
            met_without_key = satisfied(condition, {key: ()})
            effect = {False: f", which {never}", True: ", where it always holds", None: ""}[met_without_key]
            guide = "; the guide names it, and the service does not know it" if _is_of_guide(key) else ""
            yield f"{key} ({statement.effect} in {statement.sid}{effect}{guide})"


# -- resources


def arns(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ARNs of DMS that the policy writes as Resource or NotResource, with their wildcards."""
    return from_statements(policy, inventory, _dms_arns)


def _dms_arns(statement: Statement) -> list[str]:
    return [pattern for pattern in statement.resources or () if is_of_dms(pattern)]


def dead_arns(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of policy.arns that no resource of DMS can have, and where they stand."""

    def dead(statement: Statement) -> Iterator[str]:
        effect = ": so it denies nothing" if statement.effect == "Deny" else ""
        for pattern in _dms_arns(statement):
            if not matches_some(pattern):
                yield f"{pattern} ({statement.effect} in {statement.sid}{effect})"

    return from_statements(policy, inventory, dead)


# -- full access


def dms_statements(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements that are about some action of DMS, by Sid or number."""
    return from_statements(policy, inventory, lambda statement: (statement.sid,) if _is_about_dms(statement) else ())


def _is_about_dms(statement: Statement) -> bool:
    return any(about_action(statement, name) for name in _names())


def full_access(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements that allow every action of DMS on every resource of it, with no condition."""
    return from_statements(
        policy, inventory, lambda statement: (statement.label,) if _is_full_access(statement, policy) else ()
    )


def _is_full_access(statement: Statement, policy: Resource) -> bool:
    if statement.effect != "Allow" or statement.conditions or statement.principals is not None:
        return False
    if not all(about_action(statement, name) for name in _names()):
        return False
    prefix = f"arn:{partition_of(policy.id)}:dms:{IMPROBABLE_NAMES[0]}:{policy.account}"
    return all(
        about_resource(statement, Request("dms:*", f"{prefix}:{type_}:{name}"))
        for type_ in resource_types().values()
        for name in IMPROBABLE_NAMES
    )


def narrower_allowances(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements that allow actions of DMS, and not everything else too."""
    return from_statements(
        policy, inventory, lambda statement: (statement.sid,) if _is_narrower_allowance(statement) else ()
    )


def _is_narrower_allowance(statement: Statement) -> bool:
    return statement.effect == "Allow" and _is_about_dms(statement) and not allows_everything(statement)


def allows_everything(statement: Statement) -> bool:
    """Whether a statement is about every action of every service, as one about `*` is."""
    return all(about_action(statement, action) for action in (_PASSING, _IMPROBABLE_ACTION, *_names()))


def unbounded_pass_role(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements that allow iam:PassRole on every role, whatever service it is passed to.

    None where a Deny of the policy bounds that, and without those that allow every action there is.
    """
    statements = statements_of(policy, inventory)
    on_every_role = [statement for statement in statements.items if _is_about_every_role(statement, policy)]
    is_denied = any(
        statement.effect == "Deny" and all(map(_is_other_service, statement.conditions)) for statement in on_every_role
    )
    unbounded = [] if is_denied else [statement.label for statement in on_every_role if _passes_to_any(statement)]
    return Partial(tuple(unbounded), statements.missing).distinct().certain()


def _is_about_every_role(statement: Statement, policy: Resource) -> bool:
    role = f"arn:{partition_of(policy.id)}:iam::{policy.account}:role/"
    return about_action(statement, _PASSING) and all(
        about_resource(statement, Request(_PASSING, role + name)) for name in IMPROBABLE_NAMES
    )


def _passes_to_any(statement: Statement) -> bool:
    """Whether a statement on iam:PassRole allows it for any service, and not everything else too."""
    return statement.effect == "Allow" and not _names_service(statement) and not allows_everything(statement)


def _names_service(statement: Statement) -> bool:
    return any(
        condition.key == "iam:passedtoservice" and condition.operator != "null" for condition in statement.conditions
    )


def _is_other_service(condition: Condition) -> bool:
    return condition.key == "iam:passedtoservice" and condition.operator in ("stringnotequals", "stringnotlike")


FACTS: Final = (
    Fact("policy.dms_statements", POLICY, texts(), dms_statements),
    Fact("policy.full_access", POLICY, texts(), full_access),
    Fact("policy.narrower_allowances", POLICY, texts(), narrower_allowances),
    Fact("policy.unbounded_pass_role", POLICY, texts(), unbounded_pass_role),
    Fact("policy.managed_by_aws", POLICY, FLAG, managed_by_aws),
    Fact("policy.dms_actions", POLICY, texts(), dms_actions),
    Fact("policy.unknown_actions", POLICY, texts(), unknown_actions),
    Fact("policy.arns", POLICY, texts(), arns),
    Fact("policy.dead_arns", POLICY, texts(), dead_arns),
    Fact("policy.condition_keys", POLICY, texts(), condition_keys),
    Fact("policy.unknown_condition_keys", POLICY, texts(), unknown_condition_keys),
)
