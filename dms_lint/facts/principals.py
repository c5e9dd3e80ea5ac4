"""Who may manage DMS: users and roles, and what they may make, change or delete there."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.facts import roles
from dms_lint.facts.base import Fact, derived, text, texts
from dms_lint.facts.globs import matches
from dms_lint.facts.identities import holder_of, identity, trust_policy
from dms_lint.facts.policies import UNLIKELY, Decision, Request, about_action, allowed, partition_of
from dms_lint.facts.statements import ANYTHING
from dms_lint.facts.trust import service_of
from dms_lint.model import EMPTY, Missing
from dms_lint.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dms_lint.facts.conditions import Context
    from dms_lint.facts.policies import Identity
    from dms_lint.facts.statements import Policy, Statement
    from dms_lint.inventory import Inventory
    from dms_lint.model import Resource

PRINCIPAL: Final = ("principal",)
USER: Final = "user"
ROLE: Final = "role"

CREATING: Final = ("dms:CreateEndpoint", "dms:CreateReplicationConfig", "dms:CreateReplicationInstance")
EDITING: Final = ("dms:CreateEndpoint", "dms:ModifyEndpoint")
_LINKED: Final = ":role/aws-service-role/"
"""The path of service-linked roles: only their service may assume them, and nobody can edit them."""


@cache
def actions() -> Mapping[str, str]:
    """By action of DMS that makes, changes or deletes something, the type of resource that IAM asks about."""
    found: Mapping[str, str] = table("principal-actions")["actions"]
    return found


@cache
def chosen(*of: str) -> frozenset[str]:
    """The condition keys that tell how it is called (`call`), or on what (`resource`), and not what may be done."""
    rows = table("request-conditions")["rows"]
    return frozenset(key.lower() for row in rows if row["of"] in of for key in row["keys"])


@cache
def _code_services() -> frozenset[str]:
    return frozenset(row["service"] for row in table("code-services")["rows"])


# -- who


def is_linked(arn: str) -> bool:
    """Whether a role is linked to a service: made, changed and used by that service alone."""
    return _LINKED in arn


@derived
def left_out(principal: Resource, inventory: Inventory) -> bool:
    """Whether nobody works with this role: it is linked to a service, or only services may assume it.

    Services that run other people's code (rules/tables/code-services.yaml) do not count: what the role may do, the
    code may.
    """
    holder = holder_of(principal, inventory)
    return holder.kind == ROLE and (is_linked(principal.id) or not _assumed_by_others(trust_policy(holder)))


def _assumed_by_others(policy: Policy) -> bool:
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


def context_of(principal: Resource, inventory: Inventory) -> Context:
    """What is known of the requests that a user makes, or whoever has assumed a role.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    holder, now = holder_of(principal, inventory), inventory.now
    known: dict[str, tuple[str, ...]] = {
        "aws:principalarn": (principal.id,),
        "aws:principalaccount": (principal.account,),
        "aws:principalisawsservice": ("false",),
        "aws:principaltype": ("User" if holder.kind == USER else "AssumedRole",),
        "aws:username": (holder.name,) if holder.kind == USER else (),
        "aws:securetransport": ("true",),
        "aws:currenttime": (now.isoformat(),),
        "aws:epochtime": (str(int(now.timestamp())),),
        # Only a service that calls by itself, and not for somebody, sends these.
        "aws:sourceaccount": (),
        "aws:sourcearn": (),
        "aws:sourceorgid": (),
        "kms:calleraccount": (principal.account,),
    }
    if holder.kind == USER and "Tags" in holder:
        # A role's session may have other tags than the role.
        for tag in holder.records("Tags"):
            known[f"aws:principaltag/{tag.text('Key').lower()}"] = (tag.text("Value", default=""),)
    return known


# -- what they may do


class Asker(NamedTuple):
    """A principal as one who asks: its policies, and what is known of its requests."""

    principal: Resource
    identity: Identity
    context: Context
    regions: tuple[str, ...]
    """The scanned Regions of its account, and one that is none."""

    def on(self, action: str, resource: str = ANYTHING, more: Mapping[str, tuple[str, ...]] = EMPTY) -> Decision:
        """Whether it may do something with that resource, called as it has to be."""
        return allowed(Request(action, resource, {**self.context, **more}, chosen("call")), self.identity)

    def on_some(self, action: str, template: str = ANYTHING, more: Mapping[str, tuple[str, ...]] = EMPTY) -> Decision:
        """Whether it may do something with any resource at all of those that a template's ARN stands for.

        `True` names the statements that allow it; None of several doubts the first.
        """
        if not may_be_granted(self.identity, action):
            return Decision(False)
        keys = chosen("call", "resource")
        doubt, context = None, {**self.context, **more}
        for resource in self._candidates(action, template):
            decision = allowed(Request(action, resource, context, keys), self.identity)
            if decision.allowed:
                return decision
            doubt = doubt or (decision if decision.allowed is None else None)
        return doubt or Decision(False)

    def _candidates(self, action: str, template: str) -> Iterator[str]:
        """Resources of which one is allowed if any is: of unlikely names, and like those that the policies name."""
        if "{" not in template:
            yield template
            return
        values = {"partition": partition_of(self.principal.id), "account": self.principal.account}
        for region in self.regions:
            yield template.format(**values, region=region, name=UNLIKELY[0])
        plain = template.format(**values, region=self.regions[0], name=UNLIKELY[0])
        written = dict.fromkeys(
            pattern
            for statement in _statements(self.identity)
            if about_action(statement, action.lower())
            for pattern in statement.resources or ()
            if pattern != ANYTHING
        )
        yield from filter(None, (_like(pattern, plain, self.context) for pattern in written))


def _like(pattern: str, plain: str, context: Context) -> str:
    """A resource that is like a plain one, and matched by a pattern as far as can be; '' where no such is.

    `arn:aws:dms:eu-west-1:*:endpoint:orders-*` and `arn:aws:dms:us-east-1:111122223333:endpoint:x` make
    `arn:aws:dms:eu-west-1:111122223333:endpoint:orders-x`.
    """
    for name, values in context.items():
        if len(values) == 1:
            pattern = pattern.replace(f"${{{name}}}", values[0])
    parts, wanted = pattern.split(":", 5), plain.split(":", 5)
    while len(parts) < len(wanted) and parts[-1].endswith("*"):
        parts.append("*")
    if len(parts) != len(wanted):
        return ""
    found = [
        other if matches(part, other) else part.replace("*", UNLIKELY[0]).replace("?", "x")
        for part, other in zip(parts, wanted, strict=True)
    ]
    fixed = (found[n] == wanted[n] for n in (0, 1, 2, 4))
    return ":".join(found) if all(fixed) and found[5].startswith(_type_of(wanted[5])) else ""


def _type_of(resource: str) -> str:
    """How the last part of an ARN begins, up to the name: `endpoint:`, `network-interface/`."""
    return resource[: resource.index(UNLIKELY[0])] if UNLIKELY[0] in resource else resource


def _statements(who: Identity) -> Iterator[Statement]:
    for policies in (who.policies, *((who.boundary,) if who.boundary else ())):
        for policy in policies.documents:
            yield from policy.statements


def may_be_granted(who: Identity, action: str) -> bool:
    """Whether any statement is about an action, or a policy was not read: the cheap half of an answer."""
    if who.policies.gaps:
        return True
    lower = action.lower()
    return any(
        about_action(statement, lower)
        for policy in who.policies.documents
        for statement in policy.statements
        if statement.effect == "Allow"
    )


@derived
def asker(principal: Resource, inventory: Inventory) -> Asker:
    """The principal as one who asks."""
    regions = [region for account, region in inventory.scopes() if account == principal.account]
    return Asker(
        principal,
        identity(holder_of(principal, inventory), inventory),
        context_of(principal, inventory),
        (*regions, UNLIKELY[1]),
    )


def template_of(action: str) -> str:
    """The ARN of what an action of DMS is asked about, with its parts left open; ANYTHING where it takes nothing."""
    kind = actions()[action]
    return kind if kind == ANYTHING else f"arn:{{partition}}:dms:{{region}}:{{account}}:{kind}:{{name}}"


@derived
def allowed_actions(principal: Resource, inventory: Inventory) -> Mapping[str, Decision]:
    """By action that makes, changes or deletes something of DMS, whether the principal may on some resource.

    Actions that it certainly may not are not here.  Nothing is, for a role with which nobody works.
    """
    who = asker(principal, inventory)
    if not any(may_be_granted(who.identity, action) for action in actions()):
        return {}
    try:
        if left_out(principal, inventory):
            return {}
        unsure = None
    except Missing as missing:
        unsure = Decision(None, gap=missing.with_traceback(None))
    found = {action: who.on_some(action, template_of(action)) for action in actions()}
    return {action: unsure or decision for action, decision in found.items() if decision.allowed is not False}


def may(principal: Resource, inventory: Inventory, wanted: Iterable[str]) -> tuple[tuple[str, ...], Missing | None]:
    """Those of some actions that the principal may do on a resource at least, and why there may be more."""
    decisions = allowed_actions(principal, inventory)
    hole = None
    found = []
    for action in wanted:
        decision = decisions.get(action)
        if decision is not None and decision.allowed:
            found.append(action)
        elif decision is not None and hole is None:
            hole = decision.missing(principal.where)
    return tuple(found), hole


def _may(principal: Resource, inventory: Inventory, wanted: Iterable[str]) -> tuple[str, ...]:
    found, hole = may(principal, inventory, wanted)
    if not found and hole is not None:
        raise hole
    return found


def creates(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of the actions that make endpoints, instances and serverless replications those that the principal may do.

    On one resource at least, in whatever circumstances a policy asks for (MFA, a network, tags).  None for a
    service-linked role and one that only services may assume, which run nobody's code.
    """
    return _may(principal, inventory, CREATING)


def edits(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of the actions that make or change endpoints those that the principal may do, as in principal.creates."""
    return _may(principal, inventory, EDITING)


def sensitive() -> tuple[str, ...]:
    """The actions that change or delete something of DMS."""
    return tuple(action for action in actions() if action.startswith(("dms:Delete", "dms:Modify")))


def changes(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The actions that change or delete something of DMS and that the principal may do, as in principal.creates."""
    return _may(principal, inventory, sensitive())


def manages(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The actions that make, change or delete something of DMS that the principal may do, as in principal.creates."""
    return _may(principal, inventory, actions())


def changes_without_mfa(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of those that change or delete something the ones that need no MFA: the principal may do them with keys alone.

    A request that is signed with long-term keys and without MFA has neither aws:MultiFactorAuthPresent nor
    aws:MultiFactorAuthAge.  So Bool in a Deny does not hold for it, and BoolIfExists does:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
    """
    who = asker(principal, inventory)
    without = {"aws:multifactorauthpresent": (), "aws:multifactorauthage": ()}
    found, hole = [], None
    for action in allowed_actions(principal, inventory):
        if action not in sensitive():
            continue
        decision = who.on_some(action, template_of(action), without)
        if decision.allowed:
            found.append(action)
        elif decision.allowed is None and hole is None:
            hole = decision.missing(principal.where)
    if not found and hole is not None:
        raise hole
    return tuple(found)


def shown(found: Iterable[str], hole: Missing | None) -> tuple[str, ...]:
    """What is certainly lacking; the hole where nothing is, and something may be."""
    values: tuple[Any, ...] = tuple(found)
    if not values and hole is not None:
        raise hole
    return values


FACTS: Final = (
    Fact("principal.kind", PRINCIPAL, text(USER, ROLE), kind_of),
    Fact("principal.creates", PRINCIPAL, texts(*CREATING), creates),
    Fact("principal.edits", PRINCIPAL, texts(*EDITING), edits),
    Fact("principal.manages", PRINCIPAL, texts(), manages),
    Fact("principal.changes", PRINCIPAL, texts(), changes),
    Fact("principal.changes_without_mfa", PRINCIPAL, texts(), changes_without_mfa),
    Fact("principal.unseen_policies", PRINCIPAL, texts(), roles.unseen_policies),
)
