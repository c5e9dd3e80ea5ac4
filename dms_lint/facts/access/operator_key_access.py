"""Which of the customer keys in use those who may make instances and endpoints cannot work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.aws.partitions import dns_suffixes
from dms_lint.facts.access import key_usage
from dms_lint.facts.access.effective_access import key_decision, policy_of_key
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.iam.identities.principals import CREATING, PRINCIPAL, may
from dms_lint.facts.iam.identities.requester import chosen, requester
from dms_lint.iam_policy.evaluation import allowed_by_key
from dms_lint.iam_policy.requests import Request
from dms_lint.logic.kleene import Partial, all_of, any_of, collect
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dms_lint.facts.dms.key_references import Reference
    from dms_lint.facts.iam.identities.requester import Requester
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.logic.kleene import Ternary
    from dms_lint.model import Resource

_KEY_USER: Final = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey",
                    "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey")  # fmt: skip
"""What makes somebody a user of a key: the console's statement for key users, with its patterns spelled out."""
_KEY_ADMINISTRATOR: Final = ("kms:PutKeyPolicy",)
_KEY_NEEDS: Final = ("kms:DescribeKey", "kms:CreateGrant", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo")
"""What the guide asks for of somebody who is neither, on the key; and kms:ListAliases besides (G133)."""
_LIST_ALIASES: Final = "kms:ListAliases"


def customer_keys(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The customer managed keys that encrypt instances, endpoints or serverless replications of the account, by ARN."""
    return collect(key_usage.customer_keys(principal.account, inventory), lambda key: key.arn).certain()


def unusable_keys(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of principal.customer_keys with which the principal cannot make anything, each with what it lacks.

    It can with a key whose policy names it as an administrator or as a user, or that it may describe, encrypt and
    re-encrypt with and grant the use of through DMS, being allowed to list aliases.
    """
    creating = may(principal, inventory, CREATING)
    customer = key_usage.customer_keys(principal.account, inventory)
    who = requester(principal, inventory)

    def unusable(key: Reference) -> str | Missing | None:
        lacking = _lacking_on(key, who, inventory)
        if isinstance(lacking, Missing):
            return lacking
        return f"{key.arn} ({', '.join(lacking)})" if lacking else None

    return collect(Partial(customer.items, creating.missing or customer.missing), unusable).certain()


def _lacking_on(key: Reference, who: Requester, inventory: Inventory) -> tuple[str, ...] | Missing:
    """The actions on a key that a principal certainly lacks; none where it can work with the key."""
    suffix = dns_suffixes().get(key.partition, dns_suffixes()["aws"])
    context = {
        **who.context,
        "kms:viaservice": (f"dms.{key.region}.{suffix}",),
        "kms:grantisforawsresource": ("true",),
    }

    def request(action: str) -> Request:
        return Request(action, key.arn, context, chosen("call"))

    needs = {action: key_decision(request(action), who.about(action), key, inventory) for action in _KEY_NEEDS}
    needs[_LIST_ALIASES] = who.on(_LIST_ALIASES)
    has_needs = all_of(decision.allowed for decision in needs.values())
    if has_needs is True:
        return ()
    policy = policy_of_key(key, inventory)
    # By the key's policy alone, and not taken back by another; a grant makes nobody a user of a key.
    by_policy = {
        action: tuple(
            allowed_by_key(request(action), identity, policy, key.account)
            for identity in (who.about(action)._replace(policies=Partial()), who.about(action))
        )
        for action in (*_KEY_ADMINISTRATOR, *_KEY_USER)
    }

    def is_named(actions: Sequence[str]) -> Ternary:
        return all_of(decision.allowed for action in actions for decision in by_policy[action])

    can_work = any_of((has_needs, is_named(_KEY_ADMINISTRATOR), is_named(_KEY_USER)))
    if can_work is True:
        return ()
    if can_work is False:
        return tuple(action for action, decision in needs.items() if decision.allowed is False)
    decisions = (*needs.values(), *(decision for decisions in by_policy.values() for decision in decisions))
    return next(decision.as_missing(who.principal.where) for decision in decisions if decision.allowed is None)


FACTS: Final = (
    Fact("principal.customer_keys", PRINCIPAL, texts(), customer_keys),
    Fact("principal.unusable_keys", PRINCIPAL, texts(), unusable_keys),
)
