"""Effects of policies that touch DMS: permissions beyond DMS, and allowances that have no effect."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.partitions import partition_of
from dms_lint.data.tables import table
from dms_lint.facts.dms.presence import redshift_targets
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.iam.dms_policies import allows_everything
from dms_lint.facts.iam.dms_roles.required_roles import ACCESS_ROLE, LOGS_ROLE, VPC_ROLE
from dms_lint.facts.iam.policy_documents import POLICY, from_statements, statements_of
from dms_lint.iam_policy.arn_patterns import is_of_dms, matches_some, matches_type
from dms_lint.iam_policy.evaluation import about_action, about_resource
from dms_lint.iam_policy.requests import IMPROBABLE_NAMES, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.iam_policy.statements import Statement
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_MAKING: Final = ("iam:CreateRole", "iam:AttachRolePolicy")


# -- roles


def role_making(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The actions that make a role or give it policies, where the policy allows them on every role, and where.

    Without those under a condition, which bounds them, and those of a statement that allows everything.
    """
    role = f"arn:{partition_of(policy.id)}:iam::{policy.account}:role/"

    def making(statement: Statement) -> Iterator[str]:
        if statement.effect != "Allow" or statement.conditions or allows_everything(statement):
            return
        for action in _MAKING:
            if about_action(statement, action.lower()) and all(
                about_resource(statement, Request(action, role + name)) for name in IMPROBABLE_NAMES
            ):
                yield f"{action} ({statement.sid})"

    return from_statements(policy, inventory, making)


def missing_required_roles(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The roles that DMS looks for by name and that the policy's account does not have.

    dms-access-for-endpoint counts only where there is a Redshift target, and the others exist.
    """
    roles = [name for name in (VPC_ROLE, LOGS_ROLE) if inventory.find("role", name, policy.account) is None]
    if not roles and inventory.find("role", ACCESS_ROLE, policy.account) is None:
        account = inventory.find("account", policy.account)
        if account is not None and redshift_targets(account, inventory):
            roles.append(ACCESS_ROLE)
    return tuple(roles)


# -- actions and the resources that they take


@cache
def _rows() -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """By the action in lower case, with its prefix: the action as it is written, and its row."""
    return {f"dms:{name.lower()}": (f"dms:{name}", row) for name, row in table("dms-authorization")["actions"].items()}


def plain_actions(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The actions of DMS that the policy allows by their whole names, on resources that it names."""
    return from_statements(
        policy, inventory, lambda statement: (_rows()[action][0] for action in _plain_actions(statement))
    )


def _plain_actions(statement: Statement) -> tuple[str, ...]:
    is_identity_policy = statement.principals is None and statement.resources is not None
    if statement.effect != "Allow" or statement.not_actions or not is_identity_policy:
        return ()
    return tuple(action for action in statement.actions if action in _rows())


def vain_actions(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of policy.plain_actions that are never allowed all the same, each with the reason.

    An action that takes no resource is allowed on `*` alone, and one that needs resources of some types on some of each
    type, as the table has it.  Any statement of the policy may allow what is lacking.
    """
    statements = statements_of(policy, inventory).items

    def vain(statement: Statement) -> Iterator[str]:
        for action in _plain_actions(statement):
            if reason := _reason_in_vain(action, statements):
                yield f"{_rows()[action][0]} ({statement.sid}) {reason}"

    return from_statements(policy, inventory, vain)


def _reason_in_vain(action: str, statements: tuple[Statement, ...]) -> str:
    """Why an action never takes effect; '' where it does, and where an ARN that matches nothing is why."""
    row = _rows()[action][1]
    allowing = [
        statement
        for statement in statements
        if statement.effect == "Allow" and statement.principals is None and about_action(statement, action)
    ]
    if "needs" not in row and "takes" not in row:
        on_all = any(about_resource(statement, Request(action)) is not False for statement in allowing)
        return "" if on_all else "takes no resource, and is not allowed on *"
    if any(statement.not_resources or statement.resources is None for statement in allowing):
        return ""
    patterns = [pattern for statement in allowing for pattern in statement.resources or ()]
    if any(is_of_dms(pattern) and not matches_some(pattern) for pattern in patterns):
        return ""
    lacking = [type_ for type_ in row.get("needs", ()) if not any(matches_type(pattern, type_) for pattern in patterns)]
    return f"needs a resource of type {' and of type '.join(lacking)}, and is allowed on none" if lacking else ""


FACTS: Final = (
    Fact("policy.role_making", POLICY, texts(), role_making),
    Fact("policy.missing_required_roles", POLICY, texts(VPC_ROLE, LOGS_ROLE, ACCESS_ROLE), missing_required_roles),
    Fact("policy.plain_actions", POLICY, texts(), plain_actions),
    Fact("policy.vain_actions", POLICY, texts(), vain_actions),
)
