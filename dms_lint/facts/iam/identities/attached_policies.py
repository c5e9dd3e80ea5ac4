"""Which policies a role or a user has, as far as they were read."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.data.tables import table
from dms_lint.iam_policy.evaluation import Identity, Policies
from dms_lint.iam_policy.statements import Policy, parse
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

DETAILS: Final = "iam:GetAccountAuthorizationDetails"

_INLINE: Final = {"role": "RolePolicyList", "user": "UserPolicyList", "group": "GroupPolicyList"}
"""By kind, the member with the inline policies.  GetAccountAuthorizationDetails alone has it."""

_AWS_MANAGED: Final = r"arn:aws[\w-]*:iam::aws:policy/(.+)"


def aws_managed(arn: str) -> str:
    """Path and name of a policy of AWS's own, in any partition: `service-role/NAME`; '' for another policy."""
    found = re.fullmatch(_AWS_MANAGED, arn)
    return found[1] if found else ""


def trust_policy(role: Resource) -> Policy:
    """The policy that says who may assume a role."""
    return parsed(role, "AssumeRolePolicyDocument", "the trust policy")


def sound_trust_policy(role: Resource) -> Policy:
    """The same, where every statement says whom it is about, as IAM makes sure; Missing where one was lost."""
    policy = trust_policy(role)
    if not all(statement.principals for statement in policy.statements):
        raise role.malformed("AssumeRolePolicyDocument", "a policy that names principals")
    return policy


def holder_of(principal: Resource, inventory: Inventory) -> Resource:
    """The user or role that a resource of kind `principal` stands for."""
    kind = "user" if principal.type.endswith("User") else "role"
    found = inventory.find(kind, principal.id)
    assert found is not None  # noqa: S101 - a principal is made of it
    return found


def identity(resource: Resource, inventory: Inventory) -> Identity:
    """A role or a user with all its policies; those that were not read stand as gaps."""
    return inventory.once(("identity", resource.kind, resource.id), lambda: _identity(resource, inventory))


def _identity(resource: Resource, inventory: Inventory) -> Identity:
    return Identity(
        resource.arn or resource.id,
        resource.account,
        _together(_policies(resource, inventory)),
        _boundary(resource, inventory),
    )


def _together(found: Iterator[Policy | Missing]) -> Policies:
    policies, gaps = [], []
    for one in found:
        if isinstance(one, Missing):
            gaps.append(one.with_traceback(None))
        else:
            policies.append(one)
    return Policies(tuple(policies), tuple(gaps))


def _policies(holder: Resource, inventory: Inventory) -> Iterator[Policy | Missing]:
    """The policies of a role, a user or a group, and a Missing for each that was not read."""
    try:
        yield from _inline(holder, inventory)
    except Missing as missing:
        yield missing
    try:
        arns, gap = attachments(holder, inventory)
    except Missing as missing:
        arns, gap = (), missing
    if gap is not None:
        yield gap
    for arn in arns:
        try:
            yield managed_policy(arn, holder, inventory)
        except Missing as missing:
            yield missing
    if holder.kind == "user":
        yield from _group_policies(holder, inventory)


def _group_policies(user: Resource, inventory: Inventory) -> Iterator[Policy | Missing]:
    try:
        groups = [(name, inventory.find("group", name, user.account)) for name in user.texts("GroupList")]
    except Missing as missing:
        yield missing
        return
    for name, group in groups:
        if group is not None:
            yield from _policies(group, inventory)
        else:
            yield unread(user, f"the policies of the group {name}", inventory)


def _inline(holder: Resource, inventory: Inventory) -> Iterator[Policy | Missing]:
    member = _INLINE[holder.kind]
    if member in holder:
        found: list[Record] = list(holder.records(member))
    else:
        # Single policies that were asked for do not tell that there are no others.
        yield unread(holder, "the inline policies", inventory)
        found = [
            policy
            for policy in inventory.index("role-policy", _role_of).get(holder.name, ())
            if holder.kind == "role" and policy.account in (holder.account, "")
        ]
    for policy in found:
        try:
            yield parsed(policy, "PolicyDocument", policy.text("PolicyName"))
        except Missing as missing:
            yield missing


def _role_of(policy: Resource) -> tuple[str]:
    return (policy.text("RoleName"),)


def attachments(holder: Resource, inventory: Inventory) -> tuple[tuple[str, ...], Missing | None]:
    """The ARNs of the managed policies attached to a role, a user or a group; a Missing where there may be more."""
    if "AttachedManagedPolicies" in holder:
        return tuple(one.text("PolicyArn") for one in holder.records("AttachedManagedPolicies")), None
    if holder.kind != "role":
        raise unread(holder, "the attached policies", inventory)
    try:
        answer = inventory.about("role-attachments", holder.name, holder.id, account=holder.account)
    except Missing as missing:
        if missing.status is Status.NOT_READABLE:
            raise
        raise unread(holder, "the attached policies", inventory) from None
    arns = tuple(one.text("PolicyArn") for one in answer.records("AttachedPolicies"))
    if not (answer.flag("IsTruncated", default=False) or "Marker" in answer or "NextToken" in answer):
        return arns, None  # the AWS CLI joins all pages and leaves IsTruncated out
    return arns, Missing(
        f"{answer.where}: the listing breaks off, more pages follow",
        needs=answer.needs,
        reason="the listing breaks off, more pages follow",
        status=Status.NOT_READABLE,
    )


def default_version(arn: str, account: str, inventory: Inventory) -> Record | None:
    """The record whose Document is the default version of a managed policy; None when it was not read."""
    name = arn.rpartition("/")[2]
    try:
        about = inventory.find("managed-policy", arn)
    except Missing:
        about = None
    if about is not None and "PolicyVersionList" in about:
        for version in about.records("PolicyVersionList"):
            if version.flag("IsDefaultVersion", default=False):
                return version
    try:
        version = inventory.about("policy-version", arn, name, account=account)
    except Missing as missing:
        if missing.status is Status.NOT_READABLE and arn not in _known_texts():
            raise
    else:
        default = about.text("DefaultVersionId", default="") if about is not None else ""
        if version.flag("IsDefaultVersion", default=False) or default == version.text("VersionId", default="-"):
            return version
    return None


def managed_policy(arn: str, holder: Resource, inventory: Inventory) -> Policy:
    """The default version of a managed policy that is attached to `holder`; Missing when its text is not known."""
    name = arn.rpartition("/")[2]
    version = default_version(arn, holder.account, inventory)
    if version is not None:
        return parsed(version, "Document", name)
    if arn in _known_texts():
        return parse(_known_texts()[arn], name)
    raise unread(holder, f"the text of the policy {name}", inventory)


@cache
def _known_texts() -> Mapping[str, Any]:
    """By ARN, what AWS publishes; of its policies in other partitions no text is known."""
    return {f"arn:aws:iam::aws:policy/{row['policy']}": row["document"] for row in table("managed-policies")["rows"]}


def _boundary(holder: Resource, inventory: Inventory) -> Policies | None:
    """The permissions boundary; absent means none in the answers that also have the inline policies."""
    try:
        if "PermissionsBoundary" not in holder:
            return None
        arn = holder.block("PermissionsBoundary").text("PermissionsBoundaryArn")
        return Policies((managed_policy(arn, holder, inventory),))
    except Missing as missing:
        return Policies(gaps=(missing.with_traceback(None),))


def parsed(record: Record, member: str, name: str) -> Policy:
    """The policy that a member holds; Missing where it is absent or no policy."""
    try:
        return parse(record[member], name)
    except ValueError as error:
        raise Missing(
            f"{record.where}: {name} {error}",
            needs=record.needs,
            reason=f"{member} {error}",
            status=Status.NOT_READABLE,
        ) from None


def unread(holder: Resource, what: str, inventory: Inventory) -> Missing:
    """Why something of a role or a user is not known: the answer that has it was refused, or is not there."""
    refusal = inventory.refusal(DETAILS, "", holder.account)
    if refusal is None:
        return Missing(f"{holder.where}: {what}: not in the input", needs=DETAILS, reason="not in the input")
    return refusal.missing(f"{holder.where}: {what}", DETAILS)
