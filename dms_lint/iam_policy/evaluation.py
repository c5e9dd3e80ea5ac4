"""What policies mean together: what they allow, deny or leave open.

Everything here is a function of parsed documents alone.  How they are parsed stands in `statements`, which of
them belong to a role in `identities`, whom a role trusts in `trust`.
Service and resource control policies and session policies are not seen from an account; they could only take
away what is allowed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dms_lint.iam_policy.conditions import resolve, satisfied
from dms_lint.iam_policy.decisions import NO, Decision, apply_denies, both, either
from dms_lint.iam_policy.statements import ANYTHING
from dms_lint.iam_policy.wildcards import is_pattern, matches, relation, tokens
from dms_lint.logic.kleene import any_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dms_lint.iam_policy.requests import Request
    from dms_lint.iam_policy.statements import Policy, Statement
    from dms_lint.logic.kleene import Ternary
    from dms_lint.model import Missing


class Policies(NamedTuple):
    """Documents that hold together, and what stands for those that could not be read."""

    documents: tuple[Policy, ...] = ()
    gaps: tuple[Missing, ...] = ()


class Identity(NamedTuple):
    """A user or role: its own policies, and the boundary that limits them."""

    arn: str
    account: str
    policies: Policies
    boundary: Policies | None = None
    """None where it has no permissions boundary."""

    @property
    def is_role(self) -> bool:
        """Whether it is a role, and not a user."""
        return self.arn.split(":", 5)[-1].startswith("role/")


def allowed(request: Request, identity: Identity) -> Decision:
    """Whether the policies of a user or role allow a request, where no policy of the resource has a say."""
    mine, limit, denied = _sides(request, identity)
    return apply_denies(both(mine, limit), denied)


def allowed_by_resource(request: Request, identity: Identity, policy: Policies, owner: str) -> Decision:
    """The same where the resource has a policy of its own; `owner` is the account of the resource.

    A resource without a policy has `Policies()`; one whose policy was not read has a gap.  Within an account
    either side may allow it, and naming the account only leaves it to the identity's policies.  Across accounts
    both sides must allow it.
    """
    mine, limit, denied = _sides(request, identity)
    direct, through_account, denied_there = _weigh_resource(request, identity, policy)
    denied = either(denied, denied_there)
    if owner != identity.account:
        return apply_denies(both(both(mine, limit), either(direct, through_account)), denied)
    if identity.is_role:
        # A boundary's implicit deny limits what a policy grants to a role's ARN, but not to a user's:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        return apply_denies(both(either(mine, direct), limit), denied)
    return apply_denies(either(both(mine, limit), direct), denied)


def allowed_by_key(
    request: Request, identity: Identity, policy: Policies, owner: str, granted: Ternary = False
) -> Decision:
    """The same for a KMS key, whose policy has the first word; `granted`: whether a grant of the key allows it.

    An identity's own policies count only where the key's policy leaves the account to decide.
    """
    mine, limit, denied = _sides(request, identity)
    direct, through_account, denied_there = _weigh_resource(request, identity, policy)
    denied = either(denied, denied_there)
    by_grant = Decision(granted, doubt="grants of the key")
    if owner != identity.account:
        found = both(both(mine, limit), either(direct, through_account))
    else:
        found = either(both(direct, limit) if identity.is_role else direct, both(through_account, both(mine, limit)))
    return apply_denies(either(found, by_grant), denied)


def _sides(request: Request, identity: Identity) -> tuple[Decision, Decision, Decision]:
    """What an identity's policies grant, what its boundary leaves, and what either denies."""
    granted, denied = _weigh(identity.policies, request)
    if identity.boundary is None:
        return granted, Decision(True), denied
    limit, cut = _weigh(identity.boundary, request)
    return granted, limit, either(denied, cut)


def _weigh_resource(request: Request, identity: Identity, policy: Policies) -> tuple[Decision, Decision, Decision]:
    """What a resource's policy grants the identity by name, what through its account, and what it denies."""
    direct, _ = _weigh(policy, request, lambda statement: _named(statement, identity)[0])
    through_account, _ = _weigh(policy, request, lambda statement: _named(statement, identity)[1])
    _, denied = _weigh(policy, request, lambda statement: any_of(_named(statement, identity)))
    return direct, through_account, denied


def _named(statement: Statement, identity: Identity) -> tuple[Ternary, Ternary]:
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
            itself = None  # some sessions of the role are named, and which one asks is not known
    if not statement.not_principals:
        return itself, account
    if itself is True and account:
        return False, False
    # Who is left out of NotPrincipal must be named together with its account; half of that is left open.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    return (True, True) if itself is False and not account else (None, None)


def _weigh(
    policies: Policies, request: Request, admits: Callable[[Statement], Ternary] = lambda _: True
) -> tuple[Decision, Decision]:
    """What these policies grant, and what they deny (there `allowed` says: denied)."""
    if not policies.documents:
        nothing = _tally("", {}, {}, policies.gaps[0]) if policies.gaps else NO
        return nothing, nothing
    found: dict[tuple[str, bool], list[Statement]] = {}
    doubts: dict[str, str] = {}
    for policy in policies.documents:
        for statement in policy.statements:
            fits, doubt = _fits(statement, request, admits)
            if fits is False:
                continue
            found.setdefault((statement.effect, fits is True), []).append(statement)
            if doubt:
                doubts.setdefault(statement.effect, doubt)
    gap = policies.gaps[0] if policies.gaps else None
    return _tally("Allow", found, doubts, gap), _tally("Deny", found, doubts, gap)


def _tally(
    effect: str,
    found: Mapping[tuple[str, bool], list[Statement]],
    doubts: Mapping[str, str],
    gap: Missing | None,
) -> Decision:
    if certain := found.get((effect, True)):
        return Decision(True, tuple(certain))
    if possible := found.get((effect, False)):
        return Decision(None, tuple(possible), doubts[effect], gap)
    return Decision(None, gap=gap, doubt="a policy that was not read") if gap is not None else NO


def _fits(statement: Statement, request: Request, admits: Callable[[Statement], Ternary]) -> tuple[Ternary, str]:
    """Whether a statement is about a request; where that is not known, what it depends on."""
    if not about_action(statement, request.action.lower()):
        return False, ""
    doubt = ""
    admitted = admits(statement)
    if admitted is False:
        return False, ""
    if admitted is None:
        doubt = f"whom {_called(statement)} names"
    about = about_resource(statement, request)
    if about is False:
        return False, ""
    if about is None:
        doubt = doubt or f"the resources of {_called(statement)}"
    for condition in statement.conditions:
        held = satisfied(condition, request.context)
        if held is None and condition.key.partition("/")[0] in request.chosen:
            held = statement.effect == "Allow"
        if held is False:
            return False, ""
        if held is None:
            doubt = doubt or f"the condition {condition.key} of {_called(statement)}"
    return (None if doubt else True), doubt


def _called(statement: Statement) -> str:
    return f"{statement.sid} in {statement.policy}"


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
    asked = request.resource
    if (not variables or "${" not in pattern) and (asked == ANYTHING or not is_pattern(asked)):
        return matches(pattern, asked)
    written, certain = resolve(pattern, request.context, variables=variables)
    related = relation(written, (ANYTHING,) if asked == ANYTHING else tokens(asked))
    return related if certain or related is False else None
