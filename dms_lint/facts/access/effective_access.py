"""What a role or a user may do with a key or a secret, when the policies of both sides are taken together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.aws.arn import parse_arn
from dms_lint.facts.iam.identities.attached_policies import parsed
from dms_lint.iam_policy.evaluation import allowed_by_key, allowed_by_resource
from dms_lint.iam_policy.statements import Policy
from dms_lint.logic.kleene import any_of, attempt, collect, listing, require
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from dms_lint.facts.dms.key_references import Reference
    from dms_lint.iam_policy.decisions import Decision
    from dms_lint.iam_policy.evaluation import Identity
    from dms_lint.iam_policy.requests import Request
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.logic.kleene import Partial
    from dms_lint.model import Record, Resource

_GRANTEE: Final = "GranteePrincipal"
_SERVICE: Final = "GranteeServicePrincipal"
_CONSTRAINTS: Final = "Constraints"
_CONTEXT: Final = ("EncryptionContextEquals", "EncryptionContextSubset")
_WITHOUT_CONTEXT: Final = ("DescribeKey", "RetireGrant")
"""Operations to which constraints on an encryption context do not apply: API reference of GrantConstraints."""


def key_policy(key: Reference, inventory: Inventory) -> Policy:
    """The policy of a key (not of an alias); Missing where it was not read."""

    def read() -> Policy:
        answer = inventory.about("kms-key-policy", key.arn, key.id, account=key.account, region=key.region)
        return parsed(answer, "Policy", "the key policy")

    return require(inventory.once(("key policy", key), lambda: attempt(read)))


def policy_of_key(key: Reference, inventory: Inventory) -> Partial[Policy]:
    """The policy of a key, and why it is missing where it was not read."""
    return listing(lambda: (key_policy(key, inventory),))


def key_grants(key: Reference, inventory: Inventory) -> tuple[Record, ...]:
    """The grants of a key, as ListGrants has them; Missing where they were not read."""
    answer = inventory.about("kms-key-grants", key.arn, key.id, account=key.account, region=key.region)
    return answer.records("Grants")


def key_decision(request: Request, identity: Identity, key: Reference, inventory: Inventory) -> Decision:
    """Whether a role or a user may do something with a key: by the key's policy, its own policies or a grant.

    `request.action` is one of KMS's, `request.resource` the key's ARN.  What was not read leaves it open only
    where it matters.
    """
    policy = policy_of_key(key, inventory)
    without = allowed_by_key(request, identity, policy, key.account)
    if without.allowed is True:
        return without
    grants = _grants_for(request, identity, key, inventory)
    # A grant with constraints may allow it, and so may a grant that was not read, or not as a whole.
    granted = any_of((*(is_unbound or None for is_unbound in grants.items), None if grants.missing else False))
    if without.allowed is None and granted is not True:
        return without
    decision = allowed_by_key(request, identity, policy, key.account, granted)
    if decision.allowed is None and decision.missing is None:
        return decision._replace(missing=grants.missing)
    return decision


def _grants_for(request: Request, identity: Identity, key: Reference, inventory: Inventory) -> Partial[bool]:
    """For each grant of the request's operation to an identity, whether it grants that without constraints."""
    operation = request.action.partition(":")[2]

    def is_unbound(grant: Record) -> bool | None:
        if _GRANTEE not in grant and _SERVICE in grant:
            return None
        if grant.text(_GRANTEE) != identity.arn or operation not in grant.texts("Operations"):
            return None
        return not _is_bound(grant, operation)

    return collect(listing(lambda: key_grants(key, inventory)), is_unbound)


def _is_bound(grant: Record, operation: str) -> bool:
    """Whether constraints of a grant may keep an operation from somebody."""
    return any(
        name not in _CONTEXT or operation not in _WITHOUT_CONTEXT for name in grant.block(_CONSTRAINTS, default={}).data
    )


def secret_decision(request: Request, identity: Identity, secret: Resource | None, inventory: Inventory) -> Decision:
    """Whether a role or a user may do something with a secret: by its own policies or the secret's.

    `request.resource` is the secret's ARN, or a pattern where the secret itself was not read (`secret` is None).
    """
    arn = parse_arn(request.resource)
    owner = arn.account if arn is not None else identity.account
    return allowed_by_resource(request, identity, policy_of_secret(request.resource, secret, inventory), owner)


def policy_of_secret(arn: str, secret: Resource | None, inventory: Inventory) -> Partial[Policy]:
    """The resource policy of a secret, and why it is missing where it was not read."""
    return listing(lambda: (secret_policy(arn, secret, inventory),))


def secret_policy(arn: str, secret: Resource | None, inventory: Inventory) -> Policy:
    """The resource policy of a secret, without statements where it has none; Missing where it was not read."""
    if secret is None:
        parts = parse_arn(arn)
        account, region = (parts.account, parts.region) if parts is not None else ("", "")
        names: tuple[str, ...] = (arn,)
    else:
        names, account, region = (secret.arn, secret.name), secret.account, secret.region
    try:
        answer = inventory.about("secret-policy", *names, account=account, region=region)
    except Missing as missing:
        if missing.status is Status.NOT_READABLE or secret is not None:
            raise
        raise Missing(
            f"the policy of the secret {arn}: not in the input", needs=missing.needs, reason="not in the input"
        ) from None
    # Absent where no policy is attached: API reference of GetResourcePolicy.
    return parsed(answer, "ResourcePolicy", "the secret's policy") if "ResourcePolicy" in answer else Policy("", ())
