"""Whether the roles with which DMS reads secrets may read them, and whether they may read more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.arn import Arn, parse_arn
from dms_lint.aws.partitions import partition_of
from dms_lint.facts.access.effective_access import secret_decision
from dms_lint.facts.access.secret_roles import Pair, each_pair, pairs, region_of, role_label, role_of
from dms_lint.facts.credentials.secret_settings import BOTH
from dms_lint.facts.credentials.secrets import SUFFIX, Reference, find_secret, known, references_known
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.iam.dms_roles.service_access_roles import NOWHERE
from dms_lint.facts.iam.identities.attached_policies import identity
from dms_lint.iam_policy.evaluation import allowed
from dms_lint.iam_policy.requests import IMPROBABLE_NAMES, Request, role_context
from dms_lint.logic.kleene import Partial, all_of, attempt, collect_each, counterexample
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dms_lint.iam_policy.decisions import Decision
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

READ: Final = "secretsmanager:GetSecretValue"
DESCRIBE: Final = "secretsmanager:DescribeSecret"
_ANY_SUFFIX: Final = "-??????"
"""The six random characters of a secret's ARN, as a pattern."""


# -- the secret as policies name it


class SecretInPolicies(NamedTuple):
    """A secret as policies name it, as far as it is known."""

    resource: Resource | None
    """The secret, or an answer about it; None where none was read."""
    arns: tuple[Arn, ...]
    """Its ARN; where it is not known, a pattern, or an ARN and a pattern of which one is it."""

    @property
    def account(self) -> str:
        """The account that owns it."""
        return self.arns[0].account

    @property
    def region(self) -> str:
        """The Region that it is in."""
        return self.arns[0].region


def secret_in_policies(secret: Reference, partition: str, inventory: Inventory) -> SecretInPolicies | None:
    """A secret as policies name it; None where it certainly does not exist."""
    resource = attempt(lambda: find_secret(secret, inventory))
    if resource is None:
        return None
    if isinstance(resource, Missing):
        answers = (known(kind, secret, inventory) for kind in ("secret-policy", "secret-versions"))
        resource = next(filter(None, answers), None)
    if resource is not None and resource.arn:
        arn = parse_arn(resource.arn)
        if arn is None:
            raise resource.malformed("ARN", "an ARN")
        return SecretInPolicies(resource, (arn,))
    arn = parse_arn(secret.id)
    if arn is None:
        name = f"secret:{secret.id}{_ANY_SUFFIX}"
        return SecretInPolicies(None, (Arn(partition, "secretsmanager", secret.region, secret.account, name),))
    # What ends like a whole ARN may be a part of one, whose name happens to end so.
    complete = (arn,) if SUFFIX.search(secret.id) else ()
    return SecretInPolicies(None, (*complete, arn._replace(resource=arn.resource + _ANY_SUFFIX)))


# -- may they read the secrets


def role_decision(
    action: str, role: Resource, secret: SecretInPolicies, resource: Resource, inventory: Inventory
) -> Decision:
    """Whether a role may do something with a secret, on behalf of a DMS resource."""
    context = {**role_context(role.id, role.account, resource.region), "aws:requestedregion": (secret.region,)}
    return unanimous_decision(
        [
            secret_decision(Request(action, str(arn), context), identity(role, inventory), secret.resource, inventory)
            for arn in secret.arns
        ]
    )


def unanimous_decision(decisions: Sequence[Decision]) -> Decision:
    """The decision on a secret that may have any of several ARNs: undecided unless it is the same for each."""
    first = decisions[0]
    if all(decision.allowed is first.allowed for decision in decisions):
        return first
    return first._replace(allowed=None, depends_on="which secret is meant", statements=())


def denied_by(decision: Decision) -> str:
    """Within a sentence, the statements that deny it; '' where none does."""
    denying = [statement.label for statement in decision.statements if statement.effect == "Deny"]
    return f" (denied by {' and '.join(denying)})" if denying else ""


def unreadable_secrets(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets that the role named for them cannot read, each with why: there is no such role, or it may not.

    A secret that certainly does not exist is not among them.
    """

    def unreadable(pair: Pair) -> str | Missing | None:
        place, role = role_of(pair, resource, inventory)
        secret = secret_in_policies(pair.secret, partition_of(resource.arn), inventory)
        if secret is None:
            return None
        if role is None:
            what = "does not exist" if place == NOWHERE else "is of another account"
            return f"{pair.secret.id}: the role {pair.role} {what}"
        decision = role_decision(READ, role, secret, resource, inventory)
        denial = f"{role_label(role)} is not allowed {READ} on it{denied_by(decision)}"
        return counterexample(decision.verdict(role.where), f"{pair.secret.id}: {denial}")

    return each_pair(resource, inventory, unreadable)


def wide_roles(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of the account's own roles those that may read every secret of the account and Region, by ARN."""

    def wide(pair: Pair) -> str | Missing | None:
        _, role = role_of(pair, resource, inventory)
        if role is None:
            return None
        region, partition = region_of(resource), partition_of(resource.arn)
        context = role_context(role.id, role.account, region)
        arns = [
            f"arn:{partition}:secretsmanager:{region}:{role.account}:secret:{name}-q7Zx2K" for name in IMPROBABLE_NAMES
        ]
        verdict = all_of(
            allowed(Request(READ, arn, context), identity(role, inventory)).verdict(role.where) for arn in arns
        )
        if isinstance(verdict, Missing):
            return verdict
        return pair.role if verdict else None

    return each_pair(resource, inventory, wide)


# -- secrets of other places


def unreachable_secrets(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets that DMS cannot reach from where the resource is.

    Those in another Region; and those of another account whose role may not describe them, which DMS does first.
    """
    references = references_known(resource, inventory)
    by_arn = [(secret, arn) for secret in references.items if (arn := _secret_arn(secret.id)) is not None]
    region = region_of(resource) if by_arn else resource.region

    def unreachable(secret: Reference, arn: Arn) -> tuple[str, ...]:
        if arn.region != region:
            return (f"{secret.id} (in {arn.region})",)
        return _undescribable(secret, resource, inventory) if arn.account != resource.account else ()

    return (
        collect_each(Partial(tuple(by_arn), references.missing), lambda item: unreachable(*item)).distinct().certain()
    )


def _secret_arn(text: str) -> Arn | None:
    # A text that is an ARN but for its beginning, white space before it say, names a place all the same.
    arn = parse_arn(f"arn:{text.partition(':')[2]}")
    return arn if arn is not None and arn.service == "secretsmanager" and arn.resource_type else None


def _undescribable(secret: Reference, resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    if not any(pair.secret == secret for pair in pairs(resource, inventory).items):
        raise resource.missing(f"role that reads {secret.id}")

    def undescribable(pair: Pair) -> str | Missing | None:
        if pair.secret != secret:
            return None
        _, role = role_of(pair, resource, inventory)
        subject = secret_in_policies(secret, partition_of(resource.arn), inventory)
        if role is None or subject is None:
            return None
        decision = role_decision(DESCRIBE, role, subject, resource, inventory)
        denial = f"{role_label(role)} is not allowed {DESCRIBE} on it{denied_by(decision)}"
        return counterexample(decision.verdict(role.where), f"{secret.id} (of account {subject.account}: {denial})")

    return each_pair(resource, inventory, undescribable)


FACTS: Final = (
    Fact("secret_access.unreadable", BOTH, texts(), unreadable_secrets),
    Fact("secret_access.wide_roles", BOTH, texts(), wide_roles),
    Fact("secret_access.elsewhere", BOTH, texts(), unreachable_secrets),
)
