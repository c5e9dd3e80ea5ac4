"""Whether the role with which DMS writes to an S3 or Redshift target may use the key that encrypts the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.access import bucket_access
from dms_lint.facts.access.effective_access import key_decision, policy_of_key
from dms_lint.facts.dms import key_references
from dms_lint.facts.dms.endpoints import ENDPOINT, engine
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.facts.iam.dms_roles.service_access_roles import role_of
from dms_lint.facts.iam.identities.attached_policies import identity
from dms_lint.facts.targets import encryption as targets
from dms_lint.iam_policy.evaluation import allowed_by_key
from dms_lint.iam_policy.requests import Request, role_context
from dms_lint.iam_policy.statements import parse
from dms_lint.logic.kleene import Partial, collect

if TYPE_CHECKING:
    from dms_lint.iam_policy.decisions import Decision
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Missing, Resource

# ReEncrypt* and GenerateDataKey* of the guide, spelled out; but for the key pairs, which need an asymmetric use.
_ACTIONS: Final = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey",
                   "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey")  # fmt: skip
_ALL: Final = Partial((parse({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, "everything"),))

KEY_SIDE: Final = "the key's policy neither names the role nor leaves it to the account"
ROLE_SIDE: Final = "the role's own policies do not allow it"


@memoized
def role(endpoint: Resource, inventory: Inventory) -> Resource | None:
    """The role with which DMS writes to the target; None where that role is not one of the account."""
    if engine(endpoint, inventory).startswith("redshift"):
        return bucket_access.loading_role(endpoint, inventory)
    return role_of(endpoint, inventory)[1]


def role_arn(endpoint: Resource, inventory: Inventory) -> str:
    """The ARN of the role with which DMS writes to the target: that of the endpoint, else of Redshift the shared one.

    '' where there is no such role in the account.
    """
    holder = role(endpoint, inventory)
    return holder.id if holder is not None else ""


class _Lacking(NamedTuple):
    action: str
    side: str


@memoized
def _lacking(endpoint: Resource, inventory: Inventory) -> tuple[_Lacking, ...]:
    holder, reference = role(endpoint, inventory), targets.key_reference(endpoint, inventory)
    key = key_references.resolved(reference, inventory) if reference is not None else None
    if holder is None or key is None:
        return ()
    context = role_context(holder.id, holder.account, endpoint.region, via="s3")
    own_identity = identity(holder, inventory)
    # Were the role allowed everything: would the key's policy let it?
    free_identity = own_identity._replace(policies=_ALL, boundary=None)

    def lacking(action: str) -> _Lacking | Missing | None:
        request = Request(action, key.arn, context)
        decision = key_decision(request, own_identity, key, inventory)
        if decision.allowed is None:
            return decision.as_missing(holder.where)
        if decision.allowed:
            return None
        at_most = allowed_by_key(request, free_identity, policy_of_key(key, inventory), key.account)
        return _Lacking(action, _side(decision, at_most))

    return collect(_ACTIONS, lacking).certain()


def _side(decision: Decision, at_most: Decision) -> str:
    denying = [statement.label for statement in decision.statements if statement.effect == "Deny"]
    if denying:
        return f"denied by {' and '.join(denying)}"
    return KEY_SIDE if at_most.allowed is False else ROLE_SIDE


def missing_actions(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the role is not allowed with the target's key, of all that DMS does with it; S3 asks KMS in its name.

    By the key's policy, its own policies and grants together.  None where the role or the key does not exist.
    """
    return tuple(lacking.action for lacking in _lacking(endpoint, inventory))


def refusals(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Why it is not allowed that: which side does not allow it, or the statements that deny it."""
    return tuple(dict.fromkeys(lacking.side for lacking in _lacking(endpoint, inventory)))


FACTS: Final = (
    Fact("target_key.role", ENDPOINT, text(), role_arn),
    Fact("target_key.missing_actions", ENDPOINT, texts(), missing_actions),
    Fact("target_key.refusals", ENDPOINT, texts(), refusals),
)
