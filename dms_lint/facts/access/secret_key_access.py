"""The keys that encrypt secrets, and whether the roles that read the secrets may use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.access.effective_access import key_decision
from dms_lint.facts.access.secret_access import denied_by
from dms_lint.facts.access.secret_roles import Pair, each_pair, role_label, role_of
from dms_lint.facts.credentials.secret_settings import BOTH
from dms_lint.facts.credentials.secrets import find_secret
from dms_lint.facts.dms import encryption_keys, key_references
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.iam.identities.attached_policies import identity
from dms_lint.iam_policy.requests import Request, role_context
from dms_lint.logic.kleene import collect, counterexample
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_ACTIONS: Final = ("kms:Decrypt", "kms:DescribeKey")


def own_key(secret: Resource, inventory: Inventory) -> key_references.Reference | None:
    """The customer's key that encrypts a secret; None where it is AWS's own, for which no permission is needed."""
    # Absent where it is the AWS managed key aws/secretsmanager: API reference of DescribeSecret.
    key_id = secret.text("KmsKeyId", default="")
    if not key_id:
        return None
    reference = key_references.reference_in(secret, "KmsKeyId", key_id)
    if reference.alias.startswith(encryption_keys.AWS_ALIASES):
        return None
    key = key_references.resolved(reference, inventory)
    if key is None:
        raise Missing(
            f"{secret.where}: there is no key {key_id}",
            needs="a key that exists",
            reason="the key of the secret does not exist",
        )
    try:
        description = key_references.described(key, inventory)
    except Missing:
        # Not described: the key's policy decides, as it does for AWS's own keys.
        return key
    return None if description is not None and description.text("KeyManager", default="") == "AWS" else key


def _keyed(pair: Pair, resource: Resource, inventory: Inventory) -> tuple[Resource, key_references.Reference] | None:
    """A secret with its own key, where the role that reads it is there; else None."""
    _, role = role_of(pair, resource, inventory)
    secret = find_secret(pair.secret, inventory)
    if role is None or secret is None:
        return None
    key = own_key(secret, inventory)
    return (secret, key) if key is not None else None


def own_keys(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The customer's keys that encrypt the secrets, by ARN; of secrets that a role of the account reads."""

    def key_arn(pair: Pair) -> str | None:
        keyed = _keyed(pair, resource, inventory)
        return keyed[1].arn if keyed else None

    return each_pair(resource, inventory, key_arn)


def undecryptable_secrets(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets whose key the role may not use, each with the key and the actions that are not allowed on it."""

    def undecryptable(pair: Pair) -> str | None:
        keyed = _keyed(pair, resource, inventory)
        _, role = role_of(pair, resource, inventory)
        if keyed is None or role is None:
            return None
        secret, key = keyed
        lacking = _lacking_actions(role, secret, key, resource, inventory)
        denial = f"{role_label(role)} is not allowed {' and '.join(lacking)} on {key.arn}"
        return f"{pair.secret.id}: {denial}" if lacking else None

    return each_pair(resource, inventory, undecryptable)


def _lacking_actions(
    role: Resource, secret: Resource, key: key_references.Reference, resource: Resource, inventory: Inventory
) -> tuple[str, ...]:
    """The actions on a secret's key that a role is not allowed, each with the statements that deny it."""

    def lacking(action: str) -> str | Missing | None:
        request = Request(action, key.arn, _context(action, role, secret, resource))
        decision = key_decision(request, identity(role, inventory), key, inventory)
        return counterexample(decision.verdict(role.where), action + denied_by(decision))

    return collect(_ACTIONS, lacking).certain()


def _context(action: str, role: Resource, secret: Resource, resource: Resource) -> Mapping[str, tuple[str, ...]]:
    """What is known of a request for a secret's key.

    Secrets Manager asks in the role's name, and binds what it decrypts to the secret's ARN:
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    context = role_context(role.id, role.account, secret.region or resource.region, via="secretsmanager")
    if action == "kms:Decrypt" and secret.arn:
        return {**context, "kms:encryptioncontext:secretarn": (secret.arn,)}
    return context


FACTS: Final = (
    Fact("secret_access.own_keys", BOTH, texts(), own_keys),
    Fact("secret_access.undecryptable", BOTH, texts(), undecryptable_secrets),
)
