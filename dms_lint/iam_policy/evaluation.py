"""Policy evaluation: whether the policies of an identity and a resource together allow a request.

Everything here is a function of parsed documents alone.  How they are parsed stands in `statements`, how two
decisions combine in `decisions`, which services a role trusts in `trust_policies`.
Service and resource control policies and session policies are not seen from an account; they could only take
away what is allowed here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dms_lint.aws.arn import parse_arn
from dms_lint.iam_policy.conditions import resolve, satisfied
from dms_lint.iam_policy.decisions import NO, Decision, apply_denies, both, either
from dms_lint.iam_policy.statements import ANYTHING
from dms_lint.iam_policy.wildcards import is_pattern, matches, relation, tokens
from dms_lint.logic.kleene import any_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dms_lint.iam_policy.requests import Request
    from dms_lint.iam_policy.statements import Policy, Statement
    from dms_lint.logic.kleene import Partial, Ternary
    from dms_lint.model import Missing


class Identity(NamedTuple):
    """A user or role: its own policies, and the boundary that limits them."""

    arn: str
    account: str
    policies: Partial[Policy]
    boundary: Partial[Policy] | None = None
    """None where it has no permissions boundary."""

    @property
    def is_role(self) -> bool:
        """Whether it is a role, and not a user."""
        return _is_role(self.arn)


@lru_cache(maxsize=4096)
def _is_role(text: str) -> bool:
    arn = parse_arn(text)
    return arn is not None and arn.resource.startswith("role/")


def allowed(request: Request, identity: Identity) -> Decision:
    """Whether the policies of a user or role allow a request, where no policy of the resource has a say."""
    identity_grant, boundary_grant, denial = _identity_decisions(request, identity)
    return apply_denies(both(identity_grant, boundary_grant), denial)


def allowed_by_resource(request: Request, identity: Identity, policy: Partial[Policy], owner: str) -> Decision:
    """The same where the resource has a policy of its own; `owner` is the account of the resource.

    A resource without a policy has `Partial()`; of one whose policy was not read it is missing.  Within an account
    either side may allow it, and naming the account only leaves it to the identity's policies.  Across accounts
    both sides must allow it.
    """
    identity_grant, boundary_grant, identity_denial = _identity_decisions(request, identity)
    direct, through_account, resource_denial = _resource_decisions(request, identity, policy)
    denial = either(identity_denial, resource_denial)
    if owner != identity.account:
        grant = both(both(identity_grant, boundary_grant), either(direct, through_account))
    elif identity.is_role:
        # A boundary's implicit deny limits what a policy grants to a role's ARN, but not to a user's:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        grant = both(either(identity_grant, direct), boundary_grant)
    else:
        grant = either(both(identity_grant, boundary_grant), direct)
    return apply_denies(grant, denial)


def allowed_by_key(
    request: Request, identity: Identity, policy: Partial[Policy], owner: str, granted: Ternary = False
) -> Decision:
    """The same for a KMS key, whose policy has the first word; `granted`: whether a grant of the key allows it.

    An identity's own policies count only where the key's policy leaves the account to decide.
    """
    identity_grant, boundary_grant, identity_denial = _identity_decisions(request, identity)
    direct, through_account, key_denial = _resource_decisions(request, identity, policy)
    bounded_grant = both(identity_grant, boundary_grant)
    if owner != identity.account:
        policy_grant = both(bounded_grant, either(direct, through_account))
    else:
        direct = both(direct, boundary_grant) if identity.is_role else direct
        policy_grant = either(direct, both(through_account, bounded_grant))
    key_grant = Decision(granted, depends_on="grants of the key")
    return apply_denies(either(policy_grant, key_grant), either(identity_denial, key_denial))


def _identity_decisions(request: Request, identity: Identity) -> tuple[Decision, Decision, Decision]:
    """The grant of an identity's policies, the grant of its boundary, and the denial of either."""
    identity_grant, identity_denial = weigh_statements(identity.policies, request)
    if identity.boundary is None:
        return identity_grant, Decision(True), identity_denial
    boundary_grant, boundary_denial = weigh_statements(identity.boundary, request)
    return identity_grant, boundary_grant, either(identity_denial, boundary_denial)


def _resource_decisions(
    request: Request, identity: Identity, policy: Partial[Policy]
) -> tuple[Decision, Decision, Decision]:
    """The grant of a resource's policy to the identity by name, its grant to the account, and its denial."""
    direct, _ = weigh_statements(policy, request, lambda statement: _principal_match(statement, identity)[0])
    through_account, _ = weigh_statements(policy, request, lambda statement: _principal_match(statement, identity)[1])
    _, denial = weigh_statements(policy, request, lambda statement: any_of(_principal_match(statement, identity)))
    return direct, through_account, denial


def _principal_match(statement: Statement, identity: Identity) -> tuple[Ternary, Ternary]:
    """Whether a statement's principals name the identity itself, and whether they name its account."""
    itself: Ternary = False
    account = False
    root = f":iam::{identity.account}:root"
    session = f":sts::{identity.account}:assumed-role/{identity.arn.rpartition('/')[2]}/"
    for kind, value in statement.principals or ():
        if value == ANYTHING and kind in (ANYTHING, "AWS"):
            itself, account = True, True
        elif kind != "AWS":
            continue
        elif value == identity.arn:
            itself = True
        elif value == identity.account or (value.startswith("arn:") and value.endswith(root)):
            account = True
        elif identity.is_role and value.startswith("arn:") and session in value and itself is False:
            itself = None  # some sessions of the role are named, and which of them asks is not known
    if not statement.not_principals:
        return itself, account
    if itself is True and account:
        return False, False
    # Who is left out of NotPrincipal must be named together with its account; half of that is left open.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    return (True, True) if itself is False and not account else (None, None)


def weigh_statements(
    policies: Partial[Policy], request: Request, match_principal: Callable[[Statement], Ternary] = lambda _: True
) -> tuple[Decision, Decision]:
    """The grant of some policies, and their denial, where `allowed` says that they deny the request."""
    if not policies.items:
        nothing = _decision("", {}, {}, policies.missing)
        return nothing, nothing
    matching: dict[tuple[str, bool], list[Statement]] = {}
    dependencies: dict[str, str] = {}
    action = request.action.lower()
    for policy in policies.items:
        for statement in policy.statements:
            if not about_action(statement, action):
                continue
            match, depends_on = _match(statement, request, match_principal)
            if match is False:
                continue
            matching.setdefault((statement.effect, match is True), []).append(statement)
            if depends_on:
                dependencies.setdefault(statement.effect, depends_on)
    return (
        _decision("Allow", matching, dependencies, policies.missing),
        _decision("Deny", matching, dependencies, policies.missing),
    )


def _decision(
    effect: str,
    matching: Mapping[tuple[str, bool], list[Statement]],
    dependencies: Mapping[str, str],
    missing: Missing | None,
) -> Decision:
    """The decision of the statements of an effect; `matching` says for each whether it certainly matches."""
    if determining := matching.get((effect, True)):
        return Decision(True, tuple(determining))
    if residual := matching.get((effect, False)):
        return Decision(None, tuple(residual), dependencies[effect], missing)
    return Decision(None, depends_on="a policy that was not read", missing=missing) if missing is not None else NO


def _match(
    statement: Statement, request: Request, match_principal: Callable[[Statement], Ternary]
) -> tuple[Ternary, str]:
    """Whether a statement on the action of a request is about it; where that is not known, what it depends on."""
    depends_on: list[str] = []
    principal = match_principal(statement)
    if principal is False:
        return False, ""
    if principal is None:
        depends_on.append(f"whom {statement.label} names")
    resource = about_resource(statement, request)
    if resource is False:
        return False, ""
    if resource is None:
        depends_on.append(f"the resources of {statement.label}")
    for condition in statement.conditions:
        is_met = satisfied(condition, request.context)
        if is_met is None and condition.key.partition("/")[0] in request.chosen:
            is_met = statement.effect == "Allow"
        if is_met is False:
            return False, ""
        if is_met is None:
            depends_on.append(f"the condition {condition.key} of {statement.label}")
    return (None, depends_on[0]) if depends_on else (True, "")


def about_action(statement: Statement, action: str) -> bool:
    """Whether a statement is about an action, given in lower case."""
    return any(matches(pattern, action) for pattern in statement.actions) is not statement.not_actions


def about_resource(statement: Statement, request: Request) -> Ternary:
    """Whether a statement is about the resource of a request."""
    if statement.resources is None:
        # The policy of a role or a key is about what it hangs on; an identity's policy without Resource is none.
        return True if statement.principals is not None else None
    covered = any_of(_covers(pattern, request, statement.variables) for pattern in statement.resources)
    if not statement.not_resources:
        return covered
    return None if covered is None else not covered


def _covers(pattern: str, request: Request, variables: bool) -> Ternary:
    """Whether a pattern of Resource matches the resource of a request, which may be a pattern too."""
    resource = request.resource
    if (not variables or "${" not in pattern) and (resource == ANYTHING or not is_pattern(resource)):
        return matches(pattern, resource)
    resolved, certain = resolve(pattern, request.context, variables=variables)
    related = relation(resolved, (ANYTHING,) if resource == ANYTHING else tokens(resource))
    return related if certain or related is False else None
