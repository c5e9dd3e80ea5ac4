"""What those who may make or change endpoints lack for the secrets in use, and for the roles that read them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from dms_lint.aws.partitions import partition_of
from dms_lint.facts.access.effective_access import policy_of_secret
from dms_lint.facts.access.operator_permissions import GET_ROLE, PASS_ROLE, endpoints_of, is_role_of, on_role
from dms_lint.facts.access.secret_access import DESCRIBE, secret_in_policies, unanimous_decision
from dms_lint.facts.access.secret_roles import Pair, pairs
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.iam.identities.principals import EDITING, PRINCIPAL, may
from dms_lint.facts.iam.identities.requester import chosen, requester
from dms_lint.iam_policy.evaluation import allowed_by_resource
from dms_lint.iam_policy.requests import Request
from dms_lint.logic.kleene import Partial, collect, collect_each, counterexample, merged
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dms_lint.aws.arn import Arn
    from dms_lint.facts.iam.identities.requester import Requester
    from dms_lint.iam_policy.decisions import Decision
    from dms_lint.iam_policy.statements import Policy
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

    _EndpointPairs = tuple[Resource, tuple[Pair, ...]]
    """An endpoint and its secrets, each with the role that reads it."""

_CREATE: Final = "dms:CreateEndpoint"
_MODIFY: Final = "dms:ModifyEndpoint"


def _secret_pairs(principal: Resource, inventory: Inventory) -> Partial[_EndpointPairs]:
    """The account's endpoints that take secrets, with each secret and its role."""

    def own_pairs(endpoint: Resource) -> Partial[_EndpointPairs]:
        endpoint_pairs = pairs(endpoint, inventory)
        # A role of another account cannot be handed to DMS by anybody: that is another rule's.
        usable = tuple(pair for pair in endpoint_pairs.items if is_role_of(principal.account, pair.role))
        return Partial(((endpoint, usable),) if usable else (), endpoint_pairs.missing)

    return inventory.once(
        ("secret pairs", principal.account),
        lambda: collect_each(endpoints_of(principal.account, inventory), own_pairs),
    )


def secret_endpoints(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The endpoints of the account that take their credentials from a secret, by name."""
    names = collect(_secret_pairs(principal, inventory), lambda item: item[0].name)
    return tuple(sorted(names.certain()))


def unusable_secrets(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the principal lacks to make or change endpoints with the secrets and roles that are in use.

    Each with the secret or role that it lacks it on.  Those of every endpoint that it may change; where it may only
    make endpoints, of all, unless it lacks nothing for one of them.
    """
    editing, used = may(principal, inventory, EDITING), _secret_pairs(principal, inventory)
    who = requester(principal, inventory)
    lacking_by_endpoint = _lacking_by_endpoint(used.items, who, inventory)

    def lacking_to_change(endpoint: Resource) -> Partial[str]:
        lacking = lacking_by_endpoint[endpoint]
        if not lacking.items:
            return lacking
        may_change = who.on(_MODIFY, endpoint.id).verdict(principal.where)
        if isinstance(may_change, Missing):
            return Partial((), may_change)
        return Partial(lacking.items if may_change else ())

    to_change = collect_each(
        Partial(tuple(lacking_by_endpoint), editing.missing or used.missing), lacking_to_change
    ).distinct()
    if to_change.items or to_change.missing is not None or _CREATE not in editing.items:
        return to_change.certain()
    to_create = lacking_by_endpoint.values()
    return merged(to_create).distinct().items if all(lacking.items for lacking in to_create) else ()


def _lacking_by_endpoint(
    used: Iterable[_EndpointPairs], who: Requester, inventory: Inventory
) -> Mapping[Resource, Partial[str]]:
    """What a principal lacks for the secrets and roles of each endpoint."""

    @cache
    def on_role_of(role: str) -> tuple[tuple[str, Decision], ...]:
        return tuple((action, on_role(who, action, role, inventory)) for action in (GET_ROLE, PASS_ROLE))

    @cache
    def lacking_for(pair: Pair) -> Partial[str]:
        return _lacking_for(pair, on_role_of(pair.role), who, inventory)

    return {endpoint: merged([lacking_for(pair) for pair in usable]).distinct() for endpoint, usable in used}


def _lacking_for(
    pair: Pair, role_decisions: Iterable[tuple[str, Decision]], who: Requester, inventory: Inventory
) -> Partial[str]:
    """What a principal lacks to name a secret and its role in an endpoint."""
    policies = inventory.once(("secret asked about", pair.secret), lambda: _policies(pair, inventory))
    if not policies:
        return Partial()  # a secret that does not exist is another rule's
    described = unanimous_decision(
        [
            allowed_by_resource(
                Request(DESCRIBE, str(arn), {**who.context, "aws:requestedregion": (arn.region,)}, chosen("call")),
                who.about(DESCRIBE),
                policy,
                arn.account,
            )
            for arn, policy in policies
        ]
    )
    decisions = [
        *((f"{action} on {pair.role}", decision) for action, decision in role_decisions),
        (f"{DESCRIBE} on {pair.secret.id}", described),
    ]
    return collect(decisions, lambda item: counterexample(item[1].verdict(who.principal.where), item[0]))


def _policies(pair: Pair, inventory: Inventory) -> tuple[tuple[Arn, Partial[Policy]], ...]:
    """The ARNs that a secret may have, each with its resource policy; none where there is no such secret."""
    secret = secret_in_policies(pair.secret, partition_of(pair.role), inventory)
    if secret is None:
        return ()
    return tuple((arn, policy_of_secret(str(arn), secret.resource, inventory)) for arn in secret.arns)


FACTS: Final = (
    Fact("principal.secret_endpoints", PRINCIPAL, texts(), secret_endpoints),
    Fact("principal.unusable_secrets", PRINCIPAL, texts(), unusable_secrets),
)
