"""Who may manage DMS: users and roles, and what they may make, change or delete there."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from dms_lint.data.tables import table
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.facts.iam.identities.attached_policies import holder_of, sound_trust_policy
from dms_lint.facts.iam.identities.requester import ROLE, USER, requester
from dms_lint.iam_policy.decisions import Decision
from dms_lint.iam_policy.statements import ANYTHING
from dms_lint.iam_policy.trust_policies import service_of
from dms_lint.logic.kleene import Partial, attempt, collect
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dms_lint.iam_policy.evaluation import Identity
    from dms_lint.iam_policy.statements import Policy
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

PRINCIPAL: Final = ("principal",)

CREATING: Final = ("dms:CreateEndpoint", "dms:CreateReplicationConfig", "dms:CreateReplicationInstance")
EDITING: Final = ("dms:CreateEndpoint", "dms:ModifyEndpoint")
_DMS: Final = "dms:"
_LINKED: Final = ":role/aws-service-role/"
"""The path of service-linked roles: only their service may assume them, and nobody can edit them."""


@cache
def actions() -> Mapping[str, str]:
    """By action of DMS that makes, changes or deletes something, the type of resource that IAM asks about."""
    types: Mapping[str, str] = table("principal-actions")["actions"]
    return types


@cache
def _code_services() -> frozenset[str]:
    return frozenset(row["service"] for row in table("code-services")["rows"])


# -- who


def is_linked(arn: str) -> bool:
    """Whether a role is linked to a service: made, changed and used by that service alone."""
    return _LINKED in arn


@memoized
def is_service_only(principal: Resource, inventory: Inventory) -> bool:
    """Whether nobody works with this role: it is linked to a service, or only services may assume it.

    Services that run other people's code (rules/tables/code-services.yaml) do not count: what the role may do, the
    code may.
    """
    holder = holder_of(principal, inventory)
    return holder.kind == ROLE and (is_linked(principal.id) or not _has_operators(sound_trust_policy(holder)))


def _has_operators(policy: Policy) -> bool:
    """Whether somebody else than a service may assume a role, or a service that runs other people's code."""
    return any(
        statement.not_principals or kind != "Service" or service_of(value) in _code_services()
        for statement in policy.statements
        if statement.effect == "Allow"
        for kind, value in statement.principals or ()
    )


def kind_of(principal: Resource, inventory: Inventory) -> str:
    """Whether the principal is a user, with long-term credentials, or a role."""
    return holder_of(principal, inventory).kind


# -- what they may do


def _may_touch_dms(who: Identity) -> bool:
    """Whether any statement may grant an action of DMS, or a policy was not read: cheaper than to ask for each."""
    return who.policies.missing is not None or any(
        statement.effect == "Allow" and (statement.not_actions or any(map(begins_like_dms, statement.actions)))
        for policy in who.policies.items
        for statement in policy.statements
    )


@lru_cache(maxsize=4096)
def begins_like_dms(pattern: str) -> bool:
    """Whether a pattern may match an action of DMS, by the text before its first wildcard."""
    plain = re.split(r"[*?]", pattern, maxsplit=1)[0]
    return plain.startswith(_DMS) or _DMS.startswith(plain)


def template_of(action: str) -> str:
    """The template of the ARNs that an action of DMS takes; ANYTHING where it takes no resource."""
    kind = actions()[action]
    return kind if kind == ANYTHING else f"arn:{{partition}}:dms:{{region}}:{{account}}:{kind}:{{name}}"


@memoized
def allowed_actions(principal: Resource, inventory: Inventory) -> Mapping[str, Decision]:
    """By action that makes, changes or deletes something of DMS, whether the principal may on some resource.

    Actions that it certainly may not are not here.  Nothing is, for a role with which nobody works.
    """
    who = requester(principal, inventory)
    if not _may_touch_dms(who.identity):
        return {}
    service_only = attempt(lambda: is_service_only(principal, inventory))
    if service_only is True:
        return {}
    decisions = {action: who.on_some(action, template_of(action)) for action in actions()}
    return {
        action: Decision(None, missing=service_only) if isinstance(service_only, Missing) else decision
        for action, decision in decisions.items()
        if decision.allowed is not False
    }


def may(principal: Resource, inventory: Inventory, requested: Iterable[str]) -> Partial[str]:
    """The actions of some that the principal may do on a resource at least, and why there may be more."""
    decisions = allowed_actions(principal, inventory)
    return collect(
        (action for action in requested if action in decisions),
        lambda action: _if_allowed(action, decisions[action], principal),
    )


def _if_allowed(action: str, decision: Decision, principal: Resource) -> str | Missing | None:
    """For `collect`: an action that is allowed."""
    if decision.allowed is None:
        return decision.as_missing(principal.where)
    return action if decision.allowed else None


def creates(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of the actions that make endpoints, instances and serverless replications those that the principal may do.

    On one resource at least, in whatever circumstances a policy asks for (MFA, a network, tags).  None for a
    service-linked role and one that only services may assume, which run nobody's code.
    """
    return may(principal, inventory, CREATING).certain()


def edits(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of the actions that make or change endpoints those that the principal may do, as in principal.creates."""
    return may(principal, inventory, EDITING).certain()


def sensitive() -> tuple[str, ...]:
    """The actions that change or delete something of DMS."""
    return tuple(action for action in actions() if action.startswith(("dms:Delete", "dms:Modify")))


def changes(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The actions that change or delete something of DMS and that the principal may do, as in principal.creates."""
    return may(principal, inventory, sensitive()).certain()


def manages(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The actions that make, change or delete something of DMS that the principal may do, as in principal.creates."""
    return may(principal, inventory, actions()).certain()


def changes_without_mfa(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of those that change or delete something the ones that need no MFA: the principal may do them with keys alone.

    A request that is signed with long-term keys and without MFA has neither aws:MultiFactorAuthPresent nor
    aws:MultiFactorAuthAge.  So Bool in a Deny does not hold for it, and BoolIfExists does:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
    """
    who = requester(principal, inventory)
    without = {"aws:multifactorauthpresent": (), "aws:multifactorauthage": ()}
    return collect(
        (action for action in allowed_actions(principal, inventory) if action in sensitive()),
        lambda action: _if_allowed(action, who.on_some(action, template_of(action), without), principal),
    ).certain()


def shown(lacking: Iterable[str], missing: Missing | None) -> tuple[str, ...]:
    """The things that are certainly lacking; raises `missing` where nothing is, and something may be."""
    return Partial(tuple(lacking), missing).certain()


FACTS: Final = (
    Fact("principal.kind", PRINCIPAL, text(USER, ROLE), kind_of),
    Fact("principal.creates", PRINCIPAL, texts(*CREATING), creates),
    Fact("principal.edits", PRINCIPAL, texts(*EDITING), edits),
    Fact("principal.manages", PRINCIPAL, texts(), manages),
    Fact("principal.changes", PRINCIPAL, texts(), changes),
    Fact("principal.changes_without_mfa", PRINCIPAL, texts(), changes_without_mfa),
)
