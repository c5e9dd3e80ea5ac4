"""The roles with which DMS reads secrets: whether they exist, and whether DMS may assume them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.partitions import dns_suffixes, partition_of
from dms_lint.facts.credentials import secret_settings
from dms_lint.facts.credentials.secret_settings import ASM_ROLE, BOTH, ROLE, SECRET, descriptors
from dms_lint.facts.credentials.secrets import Reference
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.facts.iam.dms_roles.service_access_roles import ELSEWHERE, HERE, NOWHERE, role_at
from dms_lint.facts.iam.identities.attached_policies import trust_policy
from dms_lint.iam_policy.trust_policies import trusted_services
from dms_lint.logic.kleene import Partial, collect
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource


class Pair(NamedTuple):
    """A secret and the role that reads it, as one resource names both."""

    secret: Reference
    role: str
    member: str
    """The setting that names the role."""


@memoized
def pairs(resource: Resource, inventory: Inventory) -> Partial[Pair]:
    """Each secret that is named together with a role.

    Half a pair is none: the secret or the role that lacks the other is another rule's.
    """
    if resource.kind == "migration-project":
        providers = descriptors(resource)
        missing = providers.missing
        settings = [
            (record.text(SECRET, default=""), record.text(ROLE, default=""), ROLE) for _, record in providers.items
        ]
    else:
        missing = None
        database = secret_settings.secret_id(resource, inventory)
        asm = secret_settings.asm_secret_id(resource, inventory)
        settings = [
            (secret, secret_settings.setting(resource, inventory, role), role)
            for secret, role in ((database, ROLE), (asm, ASM_ROLE))
            if secret
        ]
    complete = [
        Pair(Reference(secret, resource.account, resource.region), role, member)
        for secret, role, member in settings
        if secret and role
    ]
    return Partial(tuple(complete), missing).distinct()


def each_pair(
    resource: Resource, inventory: Inventory, derive: Callable[[Pair], str | Missing | None]
) -> tuple[str, ...]:
    """The texts that `derive` gives for the pairs; Missing where only what was not read could be more."""
    return collect(pairs(resource, inventory), derive).distinct().certain()


def role_of(pair: Pair, resource: Resource, inventory: Inventory) -> tuple[str, Resource | None]:
    """Where the role of a pair stands, and the role where it is one of the resource's account."""
    return role_at(pair.role, pair.member, resource, inventory)


def role_label(role: Resource) -> str:
    """A role's name within a sentence."""
    return f"the role {role.name}"


def role_arns(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The roles that are named to read the secrets, by ARN: of an endpoint for the database and for Oracle's ASM."""
    return each_pair(resource, inventory, lambda pair: pair.role)


def own_roles(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of those roles the ones that exist in the account of the resource."""
    return each_pair(
        resource, inventory, lambda pair: pair.role if role_of(pair, resource, inventory)[0] == HERE else None
    )


def existing_roles(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of those roles the ones that exist, or are of another account, which is not looked into."""
    return each_pair(
        resource, inventory, lambda pair: pair.role if role_of(pair, resource, inventory)[0] != NOWHERE else None
    )


def service_principal(resource: Resource, inventory: Inventory) -> str:
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


def untrusting_roles(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of the existing roles those that DMS cannot assume in the Region of the resource, each with whom it lets in."""

    def untrusting(pair: Pair) -> str | None:
        place, role = role_of(pair, resource, inventory)
        if place == ELSEWHERE:
            return f"{pair.role} (of another account)"
        if role is None:
            return None
        service = f"dms.{region_of(resource)}.{dns_suffixes()['aws']}"
        trusted = trusted_services(trust_policy(role), role.id, role.account, service)
        return None if service in trusted else f"{pair.role} (lets in {' and '.join(trusted) or 'no service'})"

    return each_pair(resource, inventory, untrusting)


FACTS: Final = (
    Fact("secret_access.roles", BOTH, texts(), role_arns),
    Fact("secret_access.own_roles", BOTH, texts(), own_roles),
    Fact("secret_access.existing_roles", BOTH, texts(), existing_roles),
    Fact("secret_access.principal", BOTH, text(), service_principal),
    Fact("secret_access.untrusting_roles", BOTH, texts(), untrusting_roles),
)
