"""The policies of roles and users, as far as they were read."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.arn import parse_arn
from dms_lint.data.tables import table
from dms_lint.iam_policy.evaluation import Identity
from dms_lint.iam_policy.statements import Policy, parse
from dms_lint.logic.kleene import Partial, attempt, collect, collect_each, listing, merged
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

DETAILS: Final = "iam:GetAccountAuthorizationDetails"

_INLINE: Final = {"role": "RolePolicyList", "user": "UserPolicyList", "group": "GroupPolicyList"}
"""By kind, the member with the inline policies.  GetAccountAuthorizationDetails alone has it."""

_AWS_OWNED: Final = ("iam", "", "aws")
"""Service, Region and account in the ARN of a policy of AWS's own."""


def aws_managed(policy: str) -> str:
    """Path and name of the AWS managed policy with an ARN, in any partition: `service-role/NAME`; '' for another."""
    arn = parse_arn(policy)
    if arn is None or not arn.partition.startswith("aws") or (arn.service, arn.region, arn.account) != _AWS_OWNED:
        return ""
    return arn.resource.removeprefix("policy/") if arn.resource.startswith("policy/") else ""


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
    holder = inventory.find(kind, principal.id)
    assert holder is not None  # noqa: S101 - a principal is made of it
    return holder


def identity(resource: Resource, inventory: Inventory) -> Identity:
    """A role or a user with all its policies, and why there may be more."""
    return inventory.once(("identity", resource.kind, resource.id), lambda: _identity(resource, inventory))


def _identity(resource: Resource, inventory: Inventory) -> Identity:
    return Identity(
        resource.arn or resource.id,
        resource.account,
        _policies(resource, inventory),
        _boundary(resource, inventory),
    )


def _policies(holder: Resource, inventory: Inventory) -> Partial[Policy]:
    """The policies of a role, a user or a group, as far as they were read."""
    inline = _inline_policies(holder, inventory)
    managed = collect(attachments(holder, inventory), lambda arn: managed_policy(arn, holder, inventory))
    return merged((inline, managed, *((_group_policies(holder, inventory),) if holder.kind == "user" else ())))


def _group_policies(user: Resource, inventory: Inventory) -> Partial[Policy]:
    groups = attempt(lambda: [(name, inventory.find("group", name, user.account)) for name in user.texts("GroupList")])
    if isinstance(groups, Missing):
        return Partial((), groups)

    def policies(membership: tuple[str, Resource | None]) -> Partial[Policy]:
        name, group = membership
        if group is None:
            return Partial((), missing_policy(user, f"the policies of the group {name}", inventory))
        return _policies(group, inventory)

    return collect_each(groups, policies)


def _inline_policies(holder: Resource, inventory: Inventory) -> Partial[Policy]:
    member = _INLINE[holder.kind]
    policies: Partial[Record]
    if member in holder:
        policies = listing(lambda: holder.records(member))
    else:
        # Single policies that were asked for do not tell that there are no others.
        missing = missing_policy(holder, "the inline policies", inventory)
        policies = Partial(listing(lambda: _role_policies(holder, inventory)).items, missing)
    return collect(policies, lambda policy: parsed(policy, "PolicyDocument", policy.text("PolicyName")))


def _role_policies(holder: Resource, inventory: Inventory) -> list[Resource]:
    """The answers of GetRolePolicy about a role; none about a user or a group."""
    return [
        policy
        for policy in inventory.index("role-policy", _role_of).get(holder.name, ())
        if holder.kind == "role" and policy.account in (holder.account, "")
    ]


def _role_of(policy: Resource) -> tuple[str]:
    return (policy.text("RoleName"),)


def attachments(holder: Resource, inventory: Inventory) -> Partial[str]:
    """The ARNs of the managed policies attached to a role, a user or a group, and why there may be more."""
    arns = attempt(lambda: _attachments(holder, inventory))
    return Partial((), arns) if isinstance(arns, Missing) else arns


def _attachments(holder: Resource, inventory: Inventory) -> Partial[str]:
    if "AttachedManagedPolicies" in holder:
        return Partial(_policy_arns(holder, "AttachedManagedPolicies"))
    if holder.kind != "role":
        raise missing_policy(holder, "the attached policies", inventory)
    try:
        answer = inventory.about("role-attachments", holder.name, holder.id, account=holder.account)
    except Missing as missing:
        if missing.status is Status.NOT_READABLE:
            raise
        raise missing_policy(holder, "the attached policies", inventory) from None
    arns = _policy_arns(answer, "AttachedPolicies")
    if not (answer.flag("IsTruncated", default=False) or "Marker" in answer or "NextToken" in answer):
        return Partial(arns)  # the AWS CLI joins all pages and leaves IsTruncated out
    return Partial(
        arns,
        Missing(
            f"{answer.where}: the listing breaks off, more pages follow",
            needs=answer.needs,
            reason="the listing breaks off, more pages follow",
            status=Status.NOT_READABLE,
        ),
    )


def _policy_arns(answer: Resource, member: str) -> tuple[str, ...]:
    return tuple(policy.text("PolicyArn") for policy in answer.records(member))


def default_version(arn: str, account: str, inventory: Inventory) -> Record | None:
    """The record whose Document is the default version of a managed policy; None when it was not read."""
    name = arn.rpartition("/")[2]
    try:
        managed = inventory.find("managed-policy", arn)
    except Missing:
        managed = None
    if managed is not None and "PolicyVersionList" in managed:
        for version in managed.records("PolicyVersionList"):
            if version.flag("IsDefaultVersion", default=False):
                return version
    try:
        version = inventory.about("policy-version", arn, name, account=account)
    except Missing as missing:
        if missing.status is Status.NOT_READABLE and arn not in _published_policies():
            raise
    else:
        default = managed.text("DefaultVersionId", default="") if managed is not None else ""
        if version.flag("IsDefaultVersion", default=False) or default == version.text("VersionId", default="-"):
            return version
    return None


def managed_policy(arn: str, holder: Resource, inventory: Inventory) -> Policy:
    """The default version of a managed policy that is attached to `holder`; Missing when its text is not known."""
    name = arn.rpartition("/")[2]
    version = default_version(arn, holder.account, inventory)
    if version is not None:
        return parsed(version, "Document", name)
    if arn in _published_policies():
        return parse(_published_policies()[arn], name)
    raise missing_policy(holder, f"the text of the policy {name}", inventory)


@cache
def _published_policies() -> Mapping[str, Any]:
    """By ARN, what AWS publishes; its policies in other partitions are not known."""
    return {f"arn:aws:iam::aws:policy/{row['policy']}": row["document"] for row in table("managed-policies")["rows"]}


def _boundary(holder: Resource, inventory: Inventory) -> Partial[Policy] | None:
    """The permissions boundary; absent means none in the answers that also have the inline policies."""
    if "PermissionsBoundary" not in holder:
        return None

    def read() -> tuple[Policy]:
        arn = holder.block("PermissionsBoundary").text("PermissionsBoundaryArn")
        return (managed_policy(arn, holder, inventory),)

    return listing(read)


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


def missing_policy(holder: Resource, what: str, inventory: Inventory) -> Missing:
    """Why something of a role or a user is not known: the answer that has it was refused, or is not there."""
    refusal = inventory.refusal(DETAILS, "", holder.account)
    if refusal is None:
        return Missing(f"{holder.where}: {what}: not in the input", needs=DETAILS, reason="not in the input")
    return refusal.missing(f"{holder.where}: {what}", DETAILS)
