"""What a role or a user may do with a key or a secret, when the policies of both sides are taken together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.iam.identities.attached_policies import parsed
from dms_lint.iam_policy.evaluation import allowed_by_key, allowed_by_resource
from dms_lint.iam_policy.statements import Policy
from dms_lint.logic.kleene import Partial, any_of
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.facts.dms.key_references import Reference
    from dms_lint.iam_policy.decisions import Decision
    from dms_lint.iam_policy.evaluation import Identity
    from dms_lint.iam_policy.requests import Request
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.logic.kleene import Ternary
    from dms_lint.model import Record, Resource

_GRANTEE: Final = "GranteePrincipal"
_SERVICE: Final = "GranteeServicePrincipal"
_CONSTRAINTS: Final = "Constraints"
_CONTEXT: Final = ("EncryptionContextEquals", "EncryptionContextSubset")
_WITHOUT_CONTEXT: Final = ("DescribeKey", "RetireGrant")
"""Operations to which constraints on an encryption context do not apply: API reference of GrantConstraints."""


def key_policy(key: Reference, inventory: Inventory) -> Policy:
    """The policy of a key (not of an alias); Missing where it was not read."""

    def read() -> Policy | Missing:
        try:
            answer = inventory.about("kms-key-policy", key.arn, key.id, account=key.account, region=key.region)
            return parsed(answer, "Policy", "the key policy")
        except Missing as missing:
            return missing.with_traceback(None)

    found = inventory.once(("key policy", key), read)
    if isinstance(found, Missing):
        raise found
    return found


def policy_of_key(key: Reference, inventory: Inventory) -> Partial[Policy]:
    """The policy of a key as one that holds, or as the gap that it leaves where it was not read."""
    return _one(lambda: key_policy(key, inventory))


def key_grants(key: Reference, inventory: Inventory) -> tuple[Record, ...]:
    """The grants of a key, as ListGrants has them; Missing where they were not read."""
    answer = inventory.about("kms-key-grants", key.arn, key.id, account=key.account, region=key.region)
    return answer.records("Grants")


def with_key(request: Request, identity: Identity, key: Reference, inventory: Inventory) -> Decision:
    """Whether a role or a user may do something with a key: by the key's policy, its own policies or a grant.

    `request.action` is one of KMS's, `request.resource` the key's ARN.  What was not read leaves it open only
    where it matters.
    """
    policy = policy_of_key(key, inventory)
    without = allowed_by_key(request, identity, policy, key.account)
    if without.allowed is True:
        return without
    granted, gap = _granted(request, identity, key, inventory)
    if without.allowed is None and granted is not True:
        return without
    decision = allowed_by_key(request, identity, policy, key.account, granted)
    return decision._replace(missing=gap) if decision.allowed is None and decision.missing is None else decision


def _granted(
    request: Request, identity: Identity, key: Reference, inventory: Inventory
) -> tuple[Ternary, Missing | None]:
    """Whether a grant lets it; a grant with constraints may, and one that was not read, or not as a whole."""
    wanted = request.action.partition(":")[2]
    found: Ternary = False
    try:
        grants = key_grants(key, inventory)
    except Missing as missing:
        return None, missing.with_traceback(None)
    gap = None
    for grant in grants:
        try:
            if _GRANTEE not in grant and _SERVICE in grant:
                continue
            if grant.text(_GRANTEE) == identity.arn and wanted in grant.texts("Operations"):
                found = any_of((found, None if _is_bound(grant, wanted) else True))
        except Missing as missing:
            found, gap = any_of((found, None)), gap or missing.with_traceback(None)
    return found, gap


def _is_bound(grant: Record, operation: str) -> bool:
    """Whether constraints of a grant may keep an operation from somebody."""
    return any(
        name not in _CONTEXT or operation not in _WITHOUT_CONTEXT for name in grant.block(_CONSTRAINTS, default={}).data
    )


def with_secret(request: Request, identity: Identity, secret: Resource | None, inventory: Inventory) -> Decision:
    """Whether a role or a user may do something with a secret: by its own policies or the secret's.

    `request.resource` is the secret's ARN, or a pattern where the secret itself was not read (`secret` is None).
    """
    owner = request.resource.split(":")[4] if request.resource.count(":") > 4 else identity.account
    policy = _one(lambda: secret_policy(request.resource, secret, inventory))
    return allowed_by_resource(request, identity, policy, owner)


def secret_policy(arn: str, secret: Resource | None, inventory: Inventory) -> Policy:
    """The resource policy of a secret, without statements where it has none; Missing where it was not read."""
    if secret is None:
        parts = arn.split(":", 6)
        account, region = (parts[4], parts[3]) if len(parts) == 7 else ("", "")
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


def _one(read: Callable[[], Policy]) -> Partial[Policy]:
    try:
        return Partial((read(),))
    except Missing as missing:
        return Partial((), missing.with_traceback(None))
