"""Users and roles as requesters: the context of their requests, and the decisions of their policies."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.partitions import partition_of
from dms_lint.data.tables import table
from dms_lint.facts.fact import memoized
from dms_lint.facts.iam.identities.attached_policies import holder_of, identity
from dms_lint.iam_policy.decisions import Decision, any_decision
from dms_lint.iam_policy.evaluation import about_action, allowed
from dms_lint.iam_policy.requests import IMPROBABLE_NAMES, Request
from dms_lint.iam_policy.statements import ANYTHING
from dms_lint.iam_policy.wildcards import matches
from dms_lint.logic.kleene import Partial
from dms_lint.model import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.iam_policy.conditions import Context
    from dms_lint.iam_policy.evaluation import Identity
    from dms_lint.iam_policy.statements import Policy, Statement
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

USER: Final = "user"
ROLE: Final = "role"

_VARIABLE: Final = re.compile(r"\$\{([^},]+)\}")


@cache
def chosen(*aspects: str) -> frozenset[str]:
    """The condition keys that tell how it is called (`call`), or on what (`resource`), and not what may be done."""
    rows = table("request-conditions")["rows"]
    return frozenset(key.lower() for row in rows if row["of"] in aspects for key in row["keys"])


def context_of(principal: Resource, inventory: Inventory) -> Context:
    """The context of requests that a user makes, or whoever has assumed a role, as far as it is known.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    holder, now = holder_of(principal, inventory), inventory.now
    context: dict[str, tuple[str, ...]] = {
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
            context[f"aws:principaltag/{tag.text('Key').lower()}"] = (tag.text("Value", default=""),)
    return context


class Requester(NamedTuple):
    """A principal with its policies and the context of its requests."""

    principal: Resource
    identity: Identity
    context: Context
    regions: tuple[str, ...]
    """The scanned Regions of its account, and one that is none."""
    narrow: dict[str, Identity]
    """By action, the identity with the statements about that action alone: what else it has costs time only."""

    def about(self, action: str) -> Identity:
        """The identity as far as it matters to an action."""
        identity = self.narrow.get(action)
        if identity is None:
            identity = self.narrow[action] = _narrowed(self.identity, action.lower())
        return identity

    def on(self, action: str, resource: str = ANYTHING, extra: Context = EMPTY) -> Decision:
        """Whether it may do something with that resource, called as it has to be."""
        return allowed(Request(action, resource, {**self.context, **extra}, chosen("call")), self.about(action))

    def on_some(self, action: str, template: str = ANYTHING, extra: Context = EMPTY) -> Decision:
        """Whether it may do something with any resource at all of those that a template's ARN stands for.

        `True` names the statements that allow it; None what the first undecided resource depends on.
        """
        if not may_be_granted(self.identity, action):
            return Decision(False)
        keys = chosen("call", "resource")
        context = {**self.context, **extra}
        return any_decision(
            allowed(Request(action, resource, context, keys), self.about(action))
            for resource in self.candidates(action, template)
        )

    def candidates(self, action: str, template: str) -> Iterator[str]:
        """Resources of which one is allowed if any is: of unlikely names, and like those that the policies name."""
        if "{" not in template:
            yield template
            return
        values = {"partition": partition_of(self.principal.id), "account": self.principal.account}
        for region in self.regions:
            yield template.format(**values, region=region, name=IMPROBABLE_NAMES[0])
        plain = template.format(**values, region=self.regions[0], name=IMPROBABLE_NAMES[0])
        patterns = dict.fromkeys(
            pattern
            for statement in _statements(self.about(action))
            for pattern in statement.resources or ()
            if pattern != ANYTHING
        )
        yield from filter(None, (_like(pattern, plain, self.context) for pattern in patterns))


def _like(pattern: str, plain: str, context: Context) -> str:
    """A resource that is like a plain one, and matched by a pattern as far as can be; '' where no such is.

    `arn:aws:dms:eu-west-1:*:endpoint:orders-*` and `arn:aws:dms:us-east-1:111122223333:endpoint:x` make
    `arn:aws:dms:eu-west-1:111122223333:endpoint:orders-x`.
    """
    pattern = _VARIABLE.sub(lambda variable: (context.get(variable[1].strip().lower()) or (variable[0],))[0], pattern)
    # Not parse_arn: a pattern may have fewer than six parts, `arn:aws:dms:*`.
    pattern_parts, plain_parts = pattern.split(":", 5), plain.split(":", 5)
    while len(pattern_parts) < len(plain_parts) and pattern_parts[-1].endswith("*"):
        pattern_parts.append("*")
    if len(pattern_parts) != len(plain_parts):
        return ""
    parts = [
        plain_part if matches(part, plain_part) else part.replace("*", IMPROBABLE_NAMES[0]).replace("?", "x")
        for part, plain_part in zip(pattern_parts, plain_parts, strict=True)
    ]
    fixed = (parts[n] == plain_parts[n] for n in (0, 1, 2, 4))
    return ":".join(parts) if all(fixed) and parts[5].startswith(_type_of(plain_parts[5])) else ""


def _type_of(resource: str) -> str:
    """The beginning of the last part of an ARN, up to the name: `endpoint:`, `network-interface/`."""
    return resource[: resource.index(IMPROBABLE_NAMES[0])] if IMPROBABLE_NAMES[0] in resource else resource


def _narrowed(identity: Identity, action: str) -> Identity:
    """An identity with the statements about an action alone."""

    def narrowed(policies: Partial[Policy]) -> Partial[Policy]:
        documents = (
            policy._replace(
                statements=tuple(statement for statement in policy.statements if about_action(statement, action))
            )
            for policy in policies.items
        )
        return Partial(tuple(policy for policy in documents if policy.statements), policies.missing)

    boundary = None if identity.boundary is None else narrowed(identity.boundary)
    return identity._replace(policies=narrowed(identity.policies), boundary=boundary)


def _statements(identity: Identity) -> Iterator[Statement]:
    boundary = () if identity.boundary is None else identity.boundary.items
    for policy in (*identity.policies.items, *boundary):
        yield from policy.statements


def may_be_granted(identity: Identity, action: str) -> bool:
    """Whether any statement is about an action, or a policy was not read: the cheap half of an answer."""
    if identity.policies.missing is not None:
        return True
    lower = action.lower()
    return any(
        about_action(statement, lower)
        for policy in identity.policies.items
        for statement in policy.statements
        if statement.effect == "Allow"
    )


@memoized
def requester(principal: Resource, inventory: Inventory) -> Requester:
    """The principal as a requester."""
    regions = [region for account, region in inventory.scopes() if account == principal.account]
    return Requester(
        principal,
        identity(holder_of(principal, inventory), inventory),
        context_of(principal, inventory),
        (*regions, IMPROBABLE_NAMES[1]),
        {},
    )
