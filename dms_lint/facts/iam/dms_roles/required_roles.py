"""The three roles that DMS looks for by their names: whether an account has them, whom they trust, what they lack."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.partitions import partition_of
from dms_lint.data.tables import table
from dms_lint.facts.dms.presence import ACCOUNT, regions_by_kind, require_listed
from dms_lint.facts.fact import Fact, text, texts
from dms_lint.facts.iam.identities.attached_policies import attachments, aws_managed, identity, trust_policy
from dms_lint.iam_policy.evaluation import allowed
from dms_lint.iam_policy.requests import IMPROBABLE_NAMES, Request, role_context
from dms_lint.iam_policy.trust_policies import DMS, trusted_services
from dms_lint.logic.kleene import Partial, all_of, attempt, collect, counterexample
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

VPC_ROLE: Final = "dms-vpc-role"
LOGS_ROLE: Final = "dms-cloudwatch-logs-role"
ACCESS_ROLE: Final = "dms-access-for-endpoint"
REDSHIFT: Final = "redshift.amazonaws.com"

# -- the roles


def _role(name: str, account: Resource, inventory: Inventory) -> Resource | None:
    return inventory.find("role", name, account.id)


def _arn(name: str, account: Resource, inventory: Inventory) -> str:
    role = _role(name, account, inventory)
    return role.id if role is not None else ""


def vpc_role(account: Resource, inventory: Inventory) -> str:
    """The ARN of the role dms-vpc-role, with which DMS makes network interfaces; '' where there is none."""
    return _arn(VPC_ROLE, account, inventory)


def logs_role(account: Resource, inventory: Inventory) -> str:
    """The ARN of the role dms-cloudwatch-logs-role, with which DMS writes its logs; '' where there is none."""
    return _arn(LOGS_ROLE, account, inventory)


def access_role(account: Resource, inventory: Inventory) -> str:
    """The ARN of the role dms-access-for-endpoint, with which DMS loads Redshift; '' where there is none."""
    return _arn(ACCESS_ROLE, account, inventory)


def _services(name: str, account: Resource, inventory: Inventory, *services: str) -> tuple[str, ...]:
    role = _role(name, account, inventory)
    if role is None:
        return ()
    return trusted_services(trust_policy(role), role.id, account.id, *services)


def vpc_role_services(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The services that dms-vpc-role lets assume it, in order: `dms.amazonaws.com` in every partition.

    `*` is among them where it lets everybody.
    """
    return _services(VPC_ROLE, account, inventory, DMS)


def logs_role_services(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The services that dms-cloudwatch-logs-role lets assume it, as in roles.vpc_role_services."""
    return _services(LOGS_ROLE, account, inventory, DMS)


def access_role_services(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The services that dms-access-for-endpoint lets assume it, as in roles.vpc_role_services."""
    return _services(ACCESS_ROLE, account, inventory, DMS, REDSHIFT)


def access_role_missing_services(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of `dms.amazonaws.com` and `redshift.amazonaws.com` that may not assume dms-access-for-endpoint."""
    trusted = access_role_services(account, inventory)
    return tuple(service for service in (DMS, REDSHIFT) if service not in trusted)


# -- what they allow


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return {row["role"]: row for row in table("required-actions")["rows"]}


def vpc_role_outdated_actions(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The EC2 actions that AWS has added to its policy for dms-vpc-role and that the role does not allow.

    None when AmazonDMSVPCManagementRole is attached to it.
    """
    row, role = _rows()[VPC_ROLE], _role(VPC_ROLE, account, inventory)
    if role is None or row["policy"] in _attached(role, inventory):
        return ()
    return _lacking(row["added"], role, account, inventory).certain()


def _missing_actions(name: str, account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The actions that the role's table has and its policies do not allow on all of their resources.

    None where AWS's own policy for the role is attached.
    """
    row, role = _rows()[name], _role(name, account, inventory)
    if role is None:
        return tuple(row["actions"])
    if row["policy"] in _attached(role, inventory):
        return ()
    lacking = _lacking(row["actions"], role, account, inventory)
    if not lacking.items and "serverless" in row:
        serverless = _lacking_for_serverless(row["serverless"], role, account, inventory)
        lacking = Partial(serverless.items, lacking.missing or serverless.missing)
    return lacking.certain()


def _lacking_for_serverless(
    actions: Mapping[str, Sequence[str]], role: Resource, account: Resource, inventory: Inventory
) -> Partial[str]:
    """The same as `_lacking`, where the account has serverless replications: no other must allow these actions."""
    lacking = _lacking(actions, role, account, inventory)
    if lacking == Partial():
        return lacking
    is_needed = attempt(lambda: _has_serverless(account, inventory))
    if isinstance(is_needed, Missing):
        return Partial((), is_needed)
    return lacking if is_needed else Partial()


def _attached(role: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Path and name of those policies of AWS's own that are known to be attached to the role."""
    # Where attachments are missing, so are policies of the role's identity.
    return tuple(aws_managed(arn) for arn in attachments(role, inventory).items)


def _has_serverless(account: Resource, inventory: Inventory) -> bool:
    if "replication-config" not in regions_by_kind(inventory).get(account.id, ()):
        require_listed(account, inventory, "replication-config")
        return False
    return True


def _lacking(
    actions: Mapping[str, Sequence[str]], role: Resource, account: Resource, inventory: Inventory
) -> Partial[str]:
    """The actions that are certainly not allowed on all of their resources, and why others may not be."""
    role_identity = identity(role, inventory)

    def lacking(action: str) -> str | Missing | None:
        requests = _requests(action, actions[action], role, account, inventory)
        verdicts = (allowed(request, role_identity).verdict(role.where) for request in requests)
        return counterexample(all_of(verdicts), action)

    return collect(actions, lacking)


def _requests(
    action: str, resources: Sequence[str], role: Resource, account: Resource, inventory: Inventory
) -> Iterator[Request]:
    """The requests that must be allowed: in each Region that has DMS resources, on resources of improbable names."""
    partition = partition_of(role.id)
    regions = set().union(*regions_by_kind(inventory).get(account.id, {}).values()) - {""}
    for region in sorted(regions) or ("*",):
        context = role_context(role.id, account.id, "" if region == "*" else region)
        for template in resources:
            for name in IMPROBABLE_NAMES:
                resource = template.format(partition=partition, region=region, account=account.id, name=name)
                yield Request(action, resource, context)


def vpc_role_missing_actions(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The EC2 actions that dms-vpc-role does not allow on every resource.

    None when AmazonDMSVPCManagementRole is attached to it.
    """
    return _missing_actions(VPC_ROLE, account, inventory)


def logs_role_missing_actions(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The CloudWatch Logs actions that dms-cloudwatch-logs-role does not allow on every log group of DMS's tasks.

    Those of serverless replications count where the account has some.  None when AmazonDMSCloudWatchLogsRole is
    attached to it.
    """
    return _missing_actions(LOGS_ROLE, account, inventory)


def access_role_missing_actions(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The S3 actions that dms-access-for-endpoint does not allow on every bucket whose name begins with `dms-`.

    None when AmazonDMSRedshiftS3Role is attached to it.
    """
    return _missing_actions(ACCESS_ROLE, account, inventory)


def _policy(name: str, account: Resource, inventory: Inventory) -> str:
    partition = partition_of(_arn(name, account, inventory))
    return f"arn:{partition}:iam::aws:policy/{_rows()[name]['policy']}"


def vpc_role_policy(account: Resource, inventory: Inventory) -> str:
    """The ARN of AWS's own policy for dms-vpc-role, in the partition of the role."""
    return _policy(VPC_ROLE, account, inventory)


def logs_role_policy(account: Resource, inventory: Inventory) -> str:
    """The ARN of AWS's own policy for dms-cloudwatch-logs-role, in the partition of the role."""
    return _policy(LOGS_ROLE, account, inventory)


def access_role_policy(account: Resource, inventory: Inventory) -> str:
    """The ARN of AWS's own policy for dms-access-for-endpoint, in the partition of the role."""
    return _policy(ACCESS_ROLE, account, inventory)


FACTS: Final = (
    Fact("roles.vpc_role", ACCOUNT, text(), vpc_role),
    Fact("roles.vpc_role_services", ACCOUNT, texts(), vpc_role_services),
    Fact("roles.vpc_role_missing_actions", ACCOUNT, texts(), vpc_role_missing_actions),
    Fact("roles.vpc_role_outdated_actions", ACCOUNT, texts(), vpc_role_outdated_actions),
    Fact("roles.vpc_role_policy", ACCOUNT, text(), vpc_role_policy),
    Fact("roles.logs_role", ACCOUNT, text(), logs_role),
    Fact("roles.logs_role_services", ACCOUNT, texts(), logs_role_services),
    Fact("roles.logs_role_missing_actions", ACCOUNT, texts(), logs_role_missing_actions),
    Fact("roles.logs_role_policy", ACCOUNT, text(), logs_role_policy),
    Fact("roles.access_role", ACCOUNT, text(), access_role),
    Fact("roles.access_role_services", ACCOUNT, texts(), access_role_services),
    Fact("roles.access_role_missing_services", ACCOUNT, texts(DMS, REDSHIFT), access_role_missing_services),
    Fact("roles.access_role_missing_actions", ACCOUNT, texts(), access_role_missing_actions),
    Fact("roles.access_role_policy", ACCOUNT, text(), access_role_policy),
)
