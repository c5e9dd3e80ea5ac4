"""What the service access role of an endpoint may do with the data behind it, by the role's own policies."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.partitions import partition_of
from dms_lint.data.tables import table
from dms_lint.facts.dms.endpoints import ENDPOINT, direction, engine, setting
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.facts.iam.dms_roles.required_roles import ACCESS_ROLE
from dms_lint.facts.iam.dms_roles.service_access_roles import role_arn, role_of
from dms_lint.facts.iam.identities.attached_policies import identity
from dms_lint.facts.targets.encryption import object_acl
from dms_lint.iam_policy.evaluation import allowed
from dms_lint.iam_policy.requests import IMPROBABLE_NAMES, Request, role_context
from dms_lint.logic.kleene import Partial, all_of, collect, collect_each, counterexample
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dms_lint.iam_policy.decisions import Decision
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_ANY: Final = ":any"
_DMS_BUCKETS: Final = "dms-"
# search-NAME-ID.REGION.es.amazonaws.com, where ID has 26 letters and digits; vpc-NAME-ID within a VPC.
# https://docs.aws.amazon.com/opensearch-service/latest/developerguide/createupdatedomains.html
_DOMAIN: Final = re.compile(r"(?:https?://)?(?:search|vpc)-(?P<name>.+)-[a-z0-9]{26}\.[a-z0-9-]+\.(?:es|aoss)\.")


@cache
def _rows() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    return {(name, row["side"]): row for row in table("target-actions")["rows"] for name in row["engines"]}


def _row(endpoint: Resource, inventory: Inventory) -> Mapping[str, Any]:
    name = engine(endpoint, inventory)
    has_row = any(row_engine == name for row_engine, _ in _rows())
    return _rows().get((name, direction(endpoint, inventory)), {}) if has_row else {}


@memoized
def _needed_actions(endpoint: Resource, inventory: Inventory) -> Mapping[str, Sequence[str]]:
    row = _row(endpoint, inventory)
    needed: Mapping[str, Sequence[str]] = row.get("actions", {})
    if "acl" in row and object_acl(endpoint, inventory) != "none":
        needed = {**needed, **row["acl"]}
    return needed


def actions(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The actions with which DMS reaches the endpoint's data by its service access role: `s3:PutObject`.

    None for an engine that needs no such role, and for one of which AWS does not say which.
    """
    return tuple(_needed_actions(endpoint, inventory))


def missing_actions(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those that the role's own policies do not allow, each with the first resource on which.

    None where the role is not one of the endpoint's account.
    """
    _, role = role_of(endpoint, inventory)
    return _lacking(_needed_actions(endpoint, inventory), role, endpoint, inventory) if role is not None else ()


def _lacking(
    needed: Mapping[str, Sequence[str]], role: Resource, endpoint: Resource, inventory: Inventory
) -> tuple[str, ...]:
    """The actions that the role's own policies do not allow, each with the first resource on which."""
    return collect_each(
        needed.items(), lambda need: _lacking_action(need[0], need[1], role, endpoint, inventory)
    ).certain()


def _lacking_action(
    action: str, templates: Sequence[str], role: Resource, endpoint: Resource, inventory: Inventory
) -> Partial[str]:
    """An action with the first resource on which it is not allowed; nothing where it is allowed on all."""
    context = role_context(role.id, role.account, endpoint.region)

    def refused(template: str, resource: str) -> str | Missing | None:
        decision = allowed(Request(action, resource, context), identity(role, inventory))
        if decision.allowed is None and _is_some_enough(template, decision):
            return None
        return counterexample(decision.verdict(role.where), resource)

    resources = collect_each(
        templates,
        lambda template: collect(
            _resources(template, role, endpoint, inventory), lambda resource: refused(template, resource)
        ),
    )
    labels = [f"{action} on {_shown(resource)}" if resource != "*" else action for resource in resources.items]
    return Partial(tuple(labels[:1]), resources.missing)


def _is_some_enough(template: str, decision: Decision) -> bool:
    """Whether it is enough that some of the resources are allowed, and some may well be."""
    return template.endswith(_ANY) and decision.missing is None


def _shown(resource: str) -> str:
    for name in IMPROBABLE_NAMES:
        resource = resource.replace(name, "*")
    return resource


def _resources(template: str, role: Resource, endpoint: Resource, inventory: Inventory) -> Iterator[str]:
    """The resources that a row of the table means, for this endpoint: one for each unlikely name."""
    if template.endswith(_ANY):
        template = f"{template.removesuffix(_ANY)}*"
    names = IMPROBABLE_NAMES if "{name}" in template else ("",)
    values = {word: read(endpoint, inventory) for word, read in _VALUES.items() if f"{{{word}}}" in template}
    for name in names:
        yield template.format(
            partition=partition_of(role.id), region=endpoint.region, account=role.account, name=name, **values
        )


def _bucket(endpoint: Resource, inventory: Inventory) -> str:
    return _required_setting(endpoint, inventory, "BucketName")


def _required_setting(endpoint: Resource, inventory: Inventory, member: str) -> str:
    value = setting(endpoint, inventory, member)
    if not value:
        raise endpoint.missing(member)
    return value


def _folder(endpoint: Resource, inventory: Inventory) -> str:
    folder = setting(endpoint, inventory, "BucketFolder").strip("/")
    return f"{folder}/" if folder else ""


def _stream(endpoint: Resource, inventory: Inventory) -> str:
    return _required_setting(endpoint, inventory, "StreamArn")


def _domain(endpoint: Resource, inventory: Inventory) -> str:
    """The name of a domain, which its host has; a host of somebody's own may be any domain's."""
    match = _DOMAIN.match(_required_setting(endpoint, inventory, "EndpointUri").strip().lower())
    if match is None:
        raise Missing(
            f"{endpoint.where}: its EndpointUri does not say which OpenSearch domain it is",
            needs="an EndpointUri of the domain's own",
            reason="an EndpointUri that does not name its domain",
        )
    return match["name"]


_VALUES: Final = {"bucket": _bucket, "folder": _folder, "stream": _stream, "domain": _domain}


# -- more than it needs


def wide_actions(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The actions on data that the role's own policies allow on every resource of the kind, in account and Region."""
    _, role = role_of(endpoint, inventory)
    if role is None:
        return ()
    context = role_context(role.id, role.account, endpoint.region)

    def if_wide(action: str, templates: Sequence[str]) -> str | Missing | None:
        if list(templates) == ["*"]:
            return None
        widest = table("target-actions")["everything"]
        template = widest.get(action) or widest[action.partition(":")[0]]
        verdict = all_of(
            allowed(Request(action, resource, context), identity(role, inventory)).verdict(role.where)
            for resource in _resources(template, role, endpoint, inventory)
        )
        if isinstance(verdict, Missing):
            return verdict
        return action if verdict else None

    return collect(_needed_actions(endpoint, inventory).items(), lambda need: if_wide(*need)).certain()


# -- a Redshift target's own bucket


@memoized
def own_bucket(endpoint: Resource, inventory: Inventory) -> str:
    """The bucket that a Redshift target names for the data on their way; '' where DMS makes one, called `dms-...`."""
    if not engine(endpoint, inventory).startswith("redshift") or direction(endpoint, inventory) != "target":
        return ""
    name = setting(endpoint, inventory, "BucketName")
    return "" if name.startswith(_DMS_BUCKETS) else name


@memoized
def loading_role(endpoint: Resource, inventory: Inventory) -> Resource | None:
    """The role with which DMS loads a Redshift target; None where that role is not one of the account."""
    if role_arn(endpoint, inventory):
        return role_of(endpoint, inventory)[1]
    return inventory.find("role", ACCESS_ROLE, endpoint.account)


def bucket_role(endpoint: Resource, inventory: Inventory) -> str:
    """The role with which DMS reaches a Redshift target's bucket: the endpoint's own, else dms-access-for-endpoint.

    '' where that role does not exist in the account.
    """
    role = loading_role(endpoint, inventory)
    return role.name if role is not None else ""


def missing_bucket_actions(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What that role's own policies do not allow with the bucket, each with the resource on which."""
    role = loading_role(endpoint, inventory)
    if role is None or not own_bucket(endpoint, inventory):
        return ()
    return _lacking(table("target-actions")["bucket"]["actions"], role, endpoint, inventory)


FACTS: Final = (
    Fact("service_access.actions", ENDPOINT, texts(), actions),
    Fact("service_access.missing_actions", ENDPOINT, texts(), missing_actions),
    Fact("service_access.wide_actions", ENDPOINT, texts(), wide_actions),
    Fact("service_access.own_bucket", ENDPOINT, text(), own_bucket),
    Fact("service_access.bucket_role", ENDPOINT, text(), bucket_role),
    Fact("service_access.missing_bucket_actions", ENDPOINT, texts(), missing_bucket_actions),
)
