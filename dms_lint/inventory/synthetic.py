"""Resources that no answer holds, and that rules judge all the same: what several answers together imply.

An account, a Region, a user or role as one who may manage DMS, a policy wherever it hangs, and the way between what
runs a migration and a database.  Their data stay in AWS's shape and names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.responses import KINDS
from dms_lint.model import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Known = Mapping[str, Mapping[str, Resource]]
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


def synthetic_resources(known: Known, accounts: Iterable[str], scopes: Iterable[tuple[str, str]]) -> Iterator[Resource]:
    """All that follow from the resources that were read, and from the accounts and Regions that these are of."""
    for account in accounts:
        yield Resource("account", account, {}, account=account, type=KINDS["account"].type)
    for account, region in scopes:
        yield Resource("region", f"{account} {region}", {}, name=region, account=account, region=region)
    yield from _principals(known)
    yield from _policies(known)
    yield from _paths(known)


def _of(origin: Resource, kind: str, id: str, data: Mapping[str, Any], **more: str) -> Resource:
    """A resource that stands where its origin stands."""
    return Resource(
        kind,
        id,
        data,
        account=origin.account,
        file=origin.file,
        line=origin.line,
        operation=origin.operation,
        **more,
    )


def _principals(known: Known) -> Iterator[Resource]:
    for kind in KINDS["principal"].implied_by:
        for one in known.get(kind, {}).values():
            yield _of(one, "principal", one.id, one.data, name=one.name, arn=one.arn, type=KINDS[kind].type)


def _policies(known: Known) -> Iterator[Resource]:
    """Managed policies, inline ones, and those that say who may assume a role; each with the holder's name."""
    for policy in known.get("managed-policy", {}).values():
        more = {"name": policy.name, "arn": policy.arn, "type": KINDS["managed-policy"].type}
        yield _of(policy, "iam-policy", policy.id, policy.data, **more)
    yield from _policies_asked_for(known)
    for kind, member in _INLINE.items():
        for holder in known.get(kind, {}).values():
            listed = holder.data.get(member)
            for policy in listed if isinstance(listed, list) else ():
                yield from _inline(holder, kind, policy)
            if holder.data.get(TRUST) is not None:
                name = f"trust policy of {holder.name}"
                data = {TRUST: holder.data[TRUST]}
                yield _of(holder, "iam-policy", f"{holder.id} {TRUST}", data, name=name, type=KINDS["role"].type)


def _inline(holder: Resource, kind: str, policy: Any) -> Iterator[Resource]:
    name = policy.get("PolicyName") if isinstance(policy, dict) else None
    if isinstance(name, str):
        called = f"{name} of {kind} {holder.name}"
        # No policy's name has a space: this id is not that of the trust policy.
        id_ = f"{holder.id} {'inline ' if name == TRUST else ''}{name}"
        yield _of(holder, "iam-policy", id_, policy, name=called, type=_TYPES[kind])


def _policies_asked_for(known: Known) -> Iterator[Resource]:
    """Inline policies of roles that were read one by one, where the role itself was not read with its policies."""
    read = [role for role in known.get("role", {}).values() if _INLINE["role"] in role.data]
    with_policies = {(account, role.name) for role in read for account in (role.account, "")}
    for policy in known.get("role-policy", {}).values():
        role, name = policy.data.get("RoleName"), policy.data.get("PolicyName")
        if isinstance(role, str) and isinstance(name, str) and (policy.account, role) not in with_policies:
            more = {"name": f"{name} of role {role}", "type": _TYPES["role"]}
            yield _of(policy, "iam-policy", f"{policy.account} {role} {name}", policy.data, **more)


def _paths(known: Known) -> Iterator[Resource]:
    """One for each instance or serverless replication and each endpoint that a task or a connection joins it with."""
    met: set[str] = set()
    for kind, runner_member, endpoint_members in _PATHS:
        for joint in known.get(kind, {}).values():
            runner = joint.data.get(runner_member)
            for member in endpoint_members:
                endpoint = joint.data.get(member)
                if not isinstance(runner, str) or not isinstance(endpoint, str) or f"{runner} {endpoint}" in met:
                    continue
                met.add(f"{runner} {endpoint}")
                of = "replication-config" if kind == "replication-config" else "replication-instance"
                name = f"{_called(of, runner, known)} -> {_called('endpoint', endpoint, known)}"
                data = {runner_member: runner, "EndpointArn": endpoint}
                yield _of(joint, "network-path", f"{runner} {endpoint}", data, name=name, region=joint.region)


def _called(kind: str, arn: str, known: Known) -> str:
    found = known.get(kind, {}).get(arn)
    return found.name if found is not None else arn.rpartition(":")[2]
