"""The secret with the Kerberos key cache of a replication instance, and the role with which DMS reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.aws.partitions import partition_of
from dms_lint.facts.access.secret_access import DESCRIBE, READ, denied_by, role_decision, secret_in_policies
from dms_lint.facts.access.secret_roles import role_label
from dms_lint.facts.credentials.secrets import Reference, lost
from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.iam.dms_roles.service_access_roles import ELSEWHERE, HERE, role_at
from dms_lint.facts.iam.identities.attached_policies import trust_policy
from dms_lint.iam_policy.trust_policies import DMS, trusted_services
from dms_lint.logic.kleene import collect, counterexample
from dms_lint.model import EMPTY

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Missing, Resource

INSTANCE: Final = ("replication-instance",)
SECRET: Final = "KeyCacheSecretId"  # noqa: S105 - the name of a setting
ROLE: Final = "KeyCacheSecretIamArn"


def _setting(instance: Resource, member: str) -> str:
    # The whole block is absent where the instance was made without Kerberos: API reference of ReplicationInstance.
    return instance.block("KerberosAuthenticationSettings", default=EMPTY).text(member, default="")


def secret_and_role(instance: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secret with the key cache and the role that reads it, by ARN or name, as far as they are set."""
    return tuple(filter(None, (_setting(instance, SECRET), _setting(instance, ROLE))))


def _half(instance: Resource, member: str) -> str:
    """One half of the pair, which works only whole; Missing where the other alone is set."""
    half = _setting(instance, member)
    if not half:
        raise instance.missing(f"KerberosAuthenticationSettings.{member}")
    return half


def _secret(instance: Resource) -> Reference:
    return Reference(_half(instance, SECRET), instance.account, instance.region)


@memoized
def _role(instance: Resource, inventory: Inventory) -> tuple[str, Resource | None]:
    """Where the role stands, and the role where it is one of the instance's account."""
    return role_at(_half(instance, ROLE), ROLE, instance, inventory)


def dangling(instance: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of the secret and the role those that do not exist, or cannot be used: each with why."""
    return collect((_lost_secret, _lost_role), lambda derive: derive(instance, inventory)).certain()


def _lost_secret(instance: Resource, inventory: Inventory) -> str | None:
    return lost(_secret(instance), inventory) or None


def _lost_role(instance: Resource, inventory: Inventory) -> str | None:
    place, role = _role(instance, inventory)
    if role is not None:
        return None
    what = "is of another account" if place == ELSEWHERE else "does not exist"
    return f"{_setting(instance, ROLE)} ({what})"


def untrusting_roles(instance: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The role, where it does not let dms.amazonaws.com assume it, and whom it lets in; none where there is no role."""
    place, role = _role(instance, inventory)
    if place != HERE or role is None:
        return ()
    trusted = trusted_services(trust_policy(role), role.id, role.account, DMS)
    return () if DMS in trusted else (f"{role.id} (lets in {' and '.join(trusted) or 'no service'})",)


def refusals(instance: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the role may not do with the secret of what DMS does with it: read its value, and describe it.

    None where there is no such secret or role.
    """
    reference, (_, role) = _secret(instance), _role(instance, inventory)
    if role is None:
        return ()
    secret = secret_in_policies(reference, partition_of(instance.arn), inventory)
    if secret is None:
        return ()

    def refusal(action: str) -> str | Missing | None:
        decision = role_decision(action, role, secret, instance, inventory)
        denial = f"{role_label(role)} is not allowed {action} on {reference.id}{denied_by(decision)}"
        return counterexample(decision.verdict(role.where), denial)

    return collect((READ, DESCRIBE), refusal).certain()


FACTS: Final = (
    Fact("kerberos.named", INSTANCE, texts(), secret_and_role),
    Fact("kerberos.dangling", INSTANCE, texts(), dangling),
    Fact("kerberos.untrusting_roles", INSTANCE, texts(), untrusting_roles),
    Fact("kerberos.refusals", INSTANCE, texts(), refusals),
)
