"""Resources that no response holds and that rules judge all the same, because several responses together imply them.

An account, a Region, a user or role as one who may manage DMS, a policy wherever it hangs, and the way between what
runs a migration and a database.  Their data stay in AWS's shape and names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.kinds import KINDS
from dms_lint.model import Resource, Unresolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Resources = Mapping[str, Mapping[str, Resource]]
    """By kind and id, the resources that were read."""

_INLINE: Final = {"role": "RolePolicyList", "user": "UserPolicyList", "group": "GroupPolicyList"}
_TYPES: Final = {
    "role": "AWS::IAM::RolePolicy",
    "user": "AWS::IAM::UserPolicy",
    "group": "AWS::IAM::GroupPolicy",
}
TRUST: Final = "AssumeRolePolicyDocument"

# How tasks, serverless replications and connection tests name what runs them, and the endpoints that it reaches.
_PATHS: Final = (
    ("task", "ReplicationInstanceArn", ("SourceEndpointArn", "TargetEndpointArn")),
    ("replication-config", "ReplicationConfigArn", ("SourceEndpointArn", "TargetEndpointArn")),
    ("connection", "ReplicationInstanceArn", ("EndpointArn",)),
)


def synthetic_resources(
    resources: Resources, accounts: Iterable[str], scopes: Iterable[tuple[str, str]]
) -> Iterator[Resource]:
    """All that follow from the resources that were read, and from the accounts and Regions that these are of."""
    for account in accounts:
        yield Resource("account", account, {}, account=account, type=KINDS["account"].type)
    for account, region in scopes:
        yield Resource("region", f"{account} {region}", {}, name=region, account=account, region=region)
    yield from _principals(resources)
    yield from _policies(resources)
    yield from _paths(resources)


def _of(origin: Resource, kind: str, id: str, data: Mapping[str, Any], **names: str) -> Resource:
    """A resource that stands where its origin stands."""
    return Resource(
        kind,
        id,
        data,
        account=origin.account,
        file=origin.file,
        line=origin.line,
        operation=origin.operation,
        **names,
    )


def _principals(resources: Resources) -> Iterator[Resource]:
    for kind in KINDS["principal"].implied_by:
        for identity in resources.get(kind, {}).values():
            names = {"name": identity.name, "arn": identity.arn, "type": KINDS[kind].type}
            yield _of(identity, "principal", identity.id, identity.data, **names)


def _policies(resources: Resources) -> Iterator[Resource]:
    """Managed policies, inline ones, and those that say who may assume a role; each with the holder's name."""
    for policy in resources.get("managed-policy", {}).values():
        names = {"name": policy.name, "arn": policy.arn, "type": KINDS["managed-policy"].type}
        yield _of(policy, "iam-policy", policy.id, policy.data, **names)
    yield from _separate_inline_policies(resources)
    for kind, member in _INLINE.items():
        for holder in resources.get(kind, {}).values():
            policies = holder.data.get(member)
            for number, policy in enumerate(policies if isinstance(policies, list) else ()):
                yield from _inline(holder, kind, policy, number)
            if holder.data.get(TRUST) is not None:
                name = f"trust policy of {holder.name}"
                data = {TRUST: holder.data[TRUST]}
                yield _of(holder, "iam-policy", f"{holder.id} {TRUST}", data, name=name, type=KINDS["role"].type)


def _inline(holder: Resource, kind: str, policy: Any, number: int) -> Iterator[Resource]:
    name = policy.get("PolicyName") if isinstance(policy, dict) else None
    if isinstance(name, Unresolved):
        name = f"{_INLINE[kind]}[{number}]"
    if isinstance(name, str):
        full_name = f"{name} of {kind} {holder.name}"
        # No policy's name has a space: this id is not that of the trust policy.
        id_ = f"{holder.id} {'inline ' if name == TRUST else ''}{name}"
        yield _of(holder, "iam-policy", id_, policy, name=full_name, type=_TYPES[kind])


def _separate_inline_policies(resources: Resources) -> Iterator[Resource]:
    """Inline policies of roles that were read one by one, where the role itself was not read with its policies."""
    roles = [role for role in resources.get("role", {}).values() if _has_inline_policies(role)]
    with_policies = {(account, role.name) for role in roles for account in (role.account, "")}
    for policy in resources.get("role-policy", {}).values():
        role, name = policy.data.get("RoleName"), policy.data.get("PolicyName")
        if isinstance(role, str) and isinstance(name, str) and (policy.account, role) not in with_policies:
            names = {"name": f"{name} of role {role}", "type": _TYPES["role"]}
            yield _of(policy, "iam-policy", f"{policy.account} {role} {name}", policy.data, **names)


def _has_inline_policies(role: Resource) -> bool:
    """Whether a role was read together with its inline policies."""
    member = _INLINE["role"]
    return member in role.data and not isinstance(role.data[member], Unresolved)


def _paths(resources: Resources) -> Iterator[Resource]:
    """One for each instance or serverless replication and each endpoint that a task or a connection joins it with."""
    joined: set[str] = set()
    for kind, runner_member, endpoint_members in _PATHS:
        runner_kind = "replication-config" if kind == "replication-config" else "replication-instance"
        for origin in resources.get(kind, {}).values():
            runner = origin.data.get(runner_member)
            for member in endpoint_members:
                endpoint = origin.data.get(member)
                if not isinstance(runner, str) or not isinstance(endpoint, str) or f"{runner} {endpoint}" in joined:
                    continue
                joined.add(f"{runner} {endpoint}")
                name = f"{_name_of(runner_kind, runner, resources)} -> {_name_of('endpoint', endpoint, resources)}"
                data = {runner_member: runner, "EndpointArn": endpoint}
                yield _of(origin, "network-path", f"{runner} {endpoint}", data, name=name, region=origin.region)


def _name_of(kind: str, arn: str, resources: Resources) -> str:
    resource = resources.get(kind, {}).get(arn)
    return resource.name if resource is not None else arn.rpartition(":")[2]
