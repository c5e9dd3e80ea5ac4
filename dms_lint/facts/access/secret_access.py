"""The roles with which DMS reads secrets: whether they are there, let DMS in, and may read what they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.partitions import dns_suffixes, partition_of
from dms_lint.facts.access.effective_access import with_secret
from dms_lint.facts.credentials import secret_settings
from dms_lint.facts.credentials.secret_settings import ASM_ROLE, BOTH, ROLE, SECRET, descriptors
from dms_lint.facts.credentials.secrets import SUFFIX, Reference, find_secret, known, references_known
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.facts.iam.dms_roles.service_access_roles import ELSEWHERE, HERE, NOWHERE, role_at
from dms_lint.facts.iam.identities.attached_policies import identity, trust_policy
from dms_lint.iam_policy.evaluation import allowed
from dms_lint.iam_policy.requests import IMPROBABLE_NAMES, Request, role_context
from dms_lint.iam_policy.trust_policies import trusted_services
from dms_lint.logic.kleene import Partial, collect
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.iam_policy.decisions import Decision
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

READ: Final = "secretsmanager:GetSecretValue"
DESCRIBE: Final = "secretsmanager:DescribeSecret"
_ANY_SUFFIX: Final = "-??????"
"""The six random characters of a secret's ARN, as a pattern."""


class Pair(NamedTuple):
    """A secret and the role that reads it, as one resource names both."""

    secret: Reference
    role: str
    member: str
    """The setting that names the role."""


@memoized
def pairs(resource: Resource, inventory: Inventory) -> tuple[tuple[Pair, ...], Missing | None]:
    """Each secret that is named together with a role, and the Missing that hides more.

    Half a pair is none: the secret or the role that lacks the other is another rule's.
    """
    hole: Missing | None = None
    if resource.kind == "migration-project":
        providers, hole = descriptors(resource)
        named = [(one.text(SECRET, default=""), one.text(ROLE, default=""), ROLE) for _, one in providers]
    else:
        database = secret_settings.secret_id(resource, inventory)
        asm = secret_settings.asm_secret_id(resource, inventory)
        named = [
            (secret, secret_settings.setting(resource, inventory, role), role)
            for secret, role in ((database, ROLE), (asm, ASM_ROLE))
            if secret
        ]
    found = [
        Pair(Reference(secret, resource.account, resource.region), role, member)
        for secret, role, member in named
        if secret and role
    ]
    return tuple(dict.fromkeys(found)), hole


def each_pair(resource: Resource, inventory: Inventory, judge: Callable[[Pair], str]) -> tuple[str, ...]:
    """What `judge` says of each pair, without ''; Missing where only what was not read could be more."""
    named, hole = pairs(resource, inventory)
    return collect(Partial(named, hole), lambda pair: judge(pair) or None).distinct().certain()


def role_of(pair: Pair, resource: Resource, inventory: Inventory) -> tuple[str, Resource | None]:
    """Where the role of a pair stands, and the role where it is one of the resource's account."""
    return role_at(pair.role, pair.member, resource, inventory)


def called(role: Resource) -> str:
    """A role's name within a sentence."""
    return f"the role {role.name}"


# -- which roles


def names(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The roles that are named to read the secrets, by ARN: of an endpoint for the database and for Oracle's ASM."""
    return each_pair(resource, inventory, lambda pair: pair.role)


def own(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of those roles the ones that exist in the account of the resource."""
    return each_pair(
        resource, inventory, lambda pair: pair.role if role_of(pair, resource, inventory)[0] == HERE else ""
    )


def existing(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of those roles the ones that exist, or are of another account, which is not looked into."""
    return each_pair(
        resource, inventory, lambda pair: pair.role if role_of(pair, resource, inventory)[0] != NOWHERE else ""
    )


def principal(resource: Resource, inventory: Inventory) -> str:
    """The service principal as which DMS reads secrets in the Region of the resource: `dms.eu-west-1.amazonaws.com`."""
    suffixes = dns_suffixes()
    return f"dms.{region_of(resource)}.{suffixes.get(partition_of(resource.arn), suffixes['aws'])}"


def region_of(resource: Resource) -> str:
    """The Region of a resource; Missing where it is not known."""
    if not resource.region:
        raise Missing(
            f"{resource.where}: its Region is not in the input",
            needs="an input that names the Region",
            reason="the Region of the resource is not in the input",
        )
    return resource.region


def untrusting(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of the existing roles those that DMS cannot assume in the Region of the resource, each with whom it lets in."""

    def judge(pair: Pair) -> str:
        place, role = role_of(pair, resource, inventory)
        if place == ELSEWHERE:
            return f"{pair.role} (of another account)"
        if role is None:
            return ""
        wanted = f"dms.{region_of(resource)}.{dns_suffixes()['aws']}"
        trusted = trusted_services(trust_policy(role), role.id, role.account, wanted)
        return "" if wanted in trusted else f"{pair.role} (lets in {' and '.join(trusted) or 'no service'})"

    return each_pair(resource, inventory, judge)


# -- may they read the secrets


class Asked(NamedTuple):
    """What is known of a secret for a question about it."""

    about: Resource | None
    """The secret, or an answer about it; None where none was read."""
    arns: tuple[str, ...]
    """Its ARN; where it is not known, a pattern, or an ARN and a pattern of which one is it."""

    @property
    def account(self) -> str:
        """The account that owns it."""
        return self.arns[0].split(":")[4]

    @property
    def region(self) -> str:
        """The Region that it is in."""
        return self.arns[0].split(":")[3]


def asked_about(secret: Reference, partition: str, inventory: Inventory) -> Asked | None:
    """A secret as policies name it; None where it certainly does not exist."""
    try:
        about = find_secret(secret, inventory)
        if about is None:
            return None
    except Missing:
        about = next(
            filter(None, (known(kind, secret, inventory) for kind in ("secret-policy", "secret-versions"))), None
        )
    if about is not None and about.arn:
        return Asked(about, (about.arn,))
    if not secret.id.startswith("arn:"):
        return Asked(
            None, (f"arn:{partition}:secretsmanager:{secret.region}:{secret.account}:secret:{secret.id}{_ANY_SUFFIX}",)
        )
    # What ends like a whole ARN may be a part of one, whose name happens to end so.
    whole = (secret.id,) if SUFFIX.search(secret.id) else ()
    return Asked(None, (*whole, secret.id + _ANY_SUFFIX))


def may(action: str, role: Resource, asked: Asked, resource: Resource, inventory: Inventory) -> Decision:
    """Whether a role may do something with a secret, on behalf of a DMS resource."""
    context = {**role_context(role.id, role.account, resource.region), "aws:requestedregion": (asked.region,)}
    one, *others = [
        with_secret(Request(action, arn, context), identity(role, inventory), asked.about, inventory)
        for arn in asked.arns
    ]
    if all(other.allowed is one.allowed for other in others):
        return one
    return one._replace(allowed=None, depends_on="which secret is meant", statements=())


def refused(decision: Decision) -> str:
    """Within a sentence, that something is not allowed, and which statements deny it."""
    denying = [f"{one.sid} in {one.policy}" for one in decision.statements if one.effect == "Deny"]
    return f" (denied by {' and '.join(denying)})" if denying else ""


def unreadable(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets that the role named for them cannot read, each with why: there is no such role, or it may not.

    A secret that certainly does not exist is not among them.
    """

    def judge(pair: Pair) -> str:
        place, role = role_of(pair, resource, inventory)
        asked = asked_about(pair.secret, partition_of(resource.arn), inventory)
        if asked is None:
            return ""
        if role is None:
            what = "does not exist" if place == NOWHERE else "is of another account"
            return f"{pair.secret.id}: the role {pair.role} {what}"
        decision = may(READ, role, asked, resource, inventory)
        if decision.allowed is None:
            raise decision.as_missing(role.where)
        if decision.allowed:
            return ""
        return f"{pair.secret.id}: {called(role)} is not allowed {READ} on it{refused(decision)}"

    return each_pair(resource, inventory, judge)


def wide(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of the account's own roles those that may read every secret of the account and Region, by ARN."""

    def judge(pair: Pair) -> str:
        _, role = role_of(pair, resource, inventory)
        if role is None:
            return ""
        region, partition = region_of(resource), partition_of(resource.arn)
        context = role_context(role.id, role.account, region)
        asked = [
            f"arn:{partition}:secretsmanager:{region}:{role.account}:secret:{name}-q7Zx2K" for name in IMPROBABLE_NAMES
        ]
        decisions = [allowed(Request(READ, arn, context), identity(role, inventory)) for arn in asked]
        if any(one.allowed is False for one in decisions):
            return ""
        for one in decisions:
            if one.allowed is None:
                raise one.as_missing(role.where)
        return pair.role

    return each_pair(resource, inventory, judge)


# -- secrets of other places


def elsewhere(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets that DMS cannot reach from where the resource is.

    Those in another Region; and those of another account whose role may not describe them, which DMS does first.
    """
    found: dict[str, None] = {}
    named, hole = references_known(resource, inventory)
    for secret in named:
        parts = secret.id.split(":", 6)
        if len(parts) == 7 and parts[2] == "secretsmanager":
            if parts[3] != region_of(resource):
                found[f"{secret.id} (in {parts[3]})"] = None
            elif parts[4] != resource.account:
                try:
                    found.update(dict.fromkeys(_undescribable(secret, resource, inventory)))
                except Missing as missing:
                    hole = hole or missing
    return Partial(tuple(found), hole).certain()


def _undescribable(secret: Reference, resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    if not any(pair.secret == secret for pair in pairs(resource, inventory)[0]):
        raise resource.missing(f"role that reads {secret.id}")

    def judge(pair: Pair) -> str:
        if pair.secret != secret:
            return ""
        _, role = role_of(pair, resource, inventory)
        asked = asked_about(secret, partition_of(resource.arn), inventory)
        if role is None or asked is None:
            return ""
        decision = may(DESCRIBE, role, asked, resource, inventory)
        if decision.allowed is None:
            raise decision.as_missing(role.where)
        denied = f"{called(role)} is not allowed {DESCRIBE} on it{refused(decision)}"
        return "" if decision.allowed else f"{secret.id} (of account {asked.account}: {denied})"

    return each_pair(resource, inventory, judge)


FACTS: Final = (
    Fact("secret_access.roles", BOTH, texts(), names),
    Fact("secret_access.own_roles", BOTH, texts(), own),
    Fact("secret_access.existing_roles", BOTH, texts(), existing),
    Fact("secret_access.principal", BOTH, text(), principal),
    Fact("secret_access.untrusting_roles", BOTH, texts(), untrusting),
    Fact("secret_access.unreadable", BOTH, texts(), unreadable),
    Fact("secret_access.wide_roles", BOTH, texts(), wide),
    Fact("secret_access.elsewhere", BOTH, texts(), elsewhere),
)
