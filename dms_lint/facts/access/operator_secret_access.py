"""What those who may make or change endpoints lack for the secrets in use, and for the roles that read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.aws.partitions import partition_of
from dms_lint.facts.access.effective_access import secret_policy
from dms_lint.facts.access.operator_permissions import GET_ROLE, PASS_ROLE, on_role
from dms_lint.facts.access.secret_access import DESCRIBE, Pair, asked_about, pairs
from dms_lint.facts.dms.presence import account_of, missing_listing
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.iam.identities.principals import EDITING, PRINCIPAL, may, shown
from dms_lint.facts.iam.identities.requester import chosen, requester
from dms_lint.iam_policy.evaluation import allowed_by_resource
from dms_lint.iam_policy.requests import Request
from dms_lint.logic.kleene import Partial
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dms_lint.facts.iam.identities.requester import Requester
    from dms_lint.iam_policy.decisions import Decision
    from dms_lint.iam_policy.statements import Policy
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

    Used = tuple[Mapping[Resource, tuple[Pair, ...]], Missing | None]
    """By endpoint its secrets, each with the role that reads it; and why there may be more."""

_CREATE: Final = "dms:CreateEndpoint"
_MODIFY: Final = "dms:ModifyEndpoint"


def _secret_pairs(principal: Resource, inventory: Inventory) -> Used:
    """The account's endpoints that take secrets, with each secret and its role; and why there may be more."""

    def read() -> Used:
        found: dict[Resource, tuple[Pair, ...]] = {}
        hole = missing_listing(principal.account, inventory, "endpoint")
        for endpoint in inventory.index("endpoint", account_of).get(principal.account, ()):
            try:
                named, doubt = pairs(endpoint, inventory)
            except Missing as missing:
                named, doubt = (), missing.with_traceback(None)
            hole = hole or doubt
            # A role of another account cannot be handed to DMS by anybody: that is another rule's.
            own = tuple(pair for pair in named if f":iam::{principal.account}:role/" in pair.role)
            if own:
                found[endpoint] = own
        return found, hole

    return inventory.once(("secret pairs", principal.account), read)


def secret_endpoints(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The endpoints of the account that take their credentials from a secret, by name."""
    found, hole = _secret_pairs(principal, inventory)
    return shown(sorted(endpoint.name for endpoint in found), hole)


def unusable_secrets(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the principal lacks to make or change endpoints with the secrets and roles that are in use.

    Each with the secret or role that it lacks it on.  Those of every endpoint that it may change; where it may only
    make endpoints, of all, unless it lacks nothing for one of them.
    """
    editing, hole = may(principal, inventory, EDITING)
    used, doubt = _secret_pairs(principal, inventory)
    hole = hole or doubt
    who = requester(principal, inventory)
    known: dict[Pair, tuple[tuple[str, ...], Missing | None]] = {}
    on_roles: dict[str, tuple[tuple[str, Decision], ...]] = {}
    found: dict[str, None] = {}
    others: dict[str, None] = {}
    served = False
    for endpoint, named in used.items():
        lacking: dict[str, None] = {}
        unsure = None
        for pair in named:
            if pair not in known:
                if pair.role not in on_roles:
                    on_roles[pair.role] = _on_role(pair.role, who, inventory)
                known[pair] = _lacking_for(pair, on_roles[pair.role], who, inventory)
            lacking.update(dict.fromkeys(known[pair][0]))
            unsure = unsure or known[pair][1]
        if not lacking:
            served = True
            hole = hole or unsure
            continue
        changing = who.on(_MODIFY, endpoint.id)
        if changing.allowed:
            found.update(lacking)
            continue
        if changing.allowed is None:
            hole = hole or changing.as_missing(principal.where)
        others.update(lacking)
    if not found and not served and _CREATE in editing and hole is None:
        found = others
    return shown(found, hole)


def _on_role(role: str, who: Requester, inventory: Inventory) -> tuple[tuple[str, Decision], ...]:
    return tuple((action, on_role(who, action, role, inventory)) for action in (GET_ROLE, PASS_ROLE))


def _lacking_for(
    pair: Pair, on: Iterable[tuple[str, Decision]], who: Requester, inventory: Inventory
) -> tuple[tuple[str, ...], Missing | None]:
    """What a principal lacks to name a secret and its role in an endpoint, and why there may be more."""
    asked = inventory.once(("secret asked about", pair.secret), lambda: _asked(pair, inventory))
    if not asked:
        return (), None  # a secret that does not exist is another rule's
    described = [
        allowed_by_resource(
            Request(DESCRIBE, arn, {**who.context, "aws:requestedregion": (arn.split(":")[3],)}, chosen("call")),
            who.about(DESCRIBE),
            policy,
            arn.split(":")[4],
        )
        for arn, policy in asked
    ]
    one = described[0]
    if any(other.allowed is not one.allowed for other in described):
        one = one._replace(allowed=None, depends_on="which secret is meant", statements=())
    decisions = [*((action, pair.role, decision) for action, decision in on), (DESCRIBE, pair.secret.id, one)]
    lacking = tuple(f"{action} on {what}" for action, what, decision in decisions if decision.allowed is False)
    doubts = (decision.as_missing(who.principal.where) for _, _, decision in decisions if decision.allowed is None)
    return lacking, next(doubts, None)


def _asked(pair: Pair, inventory: Inventory) -> tuple[tuple[str, Partial[Policy]], ...]:
    """The ARNs that a secret may have, each with its resource policy; none where there is no such secret."""
    asked = asked_about(pair.secret, partition_of(pair.role), inventory)

    def policy(arn: str, about: Resource | None) -> Partial[Policy]:
        try:
            return Partial((secret_policy(arn, about, inventory),))
        except Missing as missing:
            return Partial((), missing.with_traceback(None))

    return tuple((arn, policy(arn, asked.about)) for arn in asked.arns) if asked is not None else ()


FACTS: Final = (
    Fact("principal.secret_endpoints", PRINCIPAL, texts(), secret_endpoints),
    Fact("principal.unusable_secrets", PRINCIPAL, texts(), unusable_secrets),
)
