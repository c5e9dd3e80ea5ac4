"""The table of calls: all that dms-lint ever asks of an account, in the order in which it asks.

To read more of AWS is to add a row.  What is not in the table is refused by the guard of every client.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.aws.kinds import KINDS
from dms_lint.aws.responses import action, shapes_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class Call(NamedTuple):
    """One operation, and what it is asked about."""

    operation: str
    """Service and operation, as IAM writes them: `dms:DescribeEndpoints`."""
    about: str = ""
    """The input member that says what is asked about; '' for a listing."""
    follows: tuple[tuple[str, str], ...] = ()
    """Where the subjects stand: a kind of resource, and a path within it (see `follow`)."""
    options: tuple[tuple[str, Any], ...] = ()
    """The rest of the input."""
    page: int = 0
    """How many items a page is to hold, where AWS would send fewer than it can; 0 leaves it to AWS."""
    batch: int = 1
    """How many subjects one request takes."""

    @property
    def service(self) -> str:
        """The service, as boto3 calls it."""
        return self.operation.partition(":")[0]

    @property
    def name(self) -> str:
        """The operation, as the API calls it."""
        return self.operation.partition(":")[2]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of resources that its answers hold."""
        return tuple(row.kind for row in shapes_of(self.operation))

    @property
    def of_account(self) -> bool:
        """Whether it is asked once for an account, whatever its Regions."""
        return all(KINDS[kind].scope == "account" for kind in self.kinds)

    @property
    def of_account_alone(self) -> bool:
        """Whether what it is asked about is the account's as well, and no Region's."""
        return self.of_account and all(KINDS[kind].scope == "account" for kind, _ in self.follows)

    @property
    def action(self) -> str:
        """The IAM action that allows it."""
        return action(self.operation)


_TAGGED: Final = (
    "endpoint",
    "replication-instance",
    "subnet-group",
    "certificate",
    "task",
    "replication-config",
    "event-subscription",
)
_SECRETS: Final = (
    ("endpoint", "*.SecretsManagerSecretId"),
    ("endpoint", "*.SecretsManagerOracleAsmSecretId"),
    ("endpoint", "ExtraConnectionAttributes secretsManagerSecretId"),
    ("data-provider", "Settings.*.SecretsManagerOracleAsmSecretId"),
    ("data-provider", "Settings.*.SecretsManagerSecurityDbEncryptionSecretId"),
    ("migration-project", "SourceDataProviderDescriptors.SecretsManagerSecretId"),
    ("migration-project", "TargetDataProviderDescriptors.SecretsManagerSecretId"),
    ("replication-instance", "KerberosAuthenticationSettings.KeyCacheSecretId"),
)
_KEYS: Final = (
    ("endpoint", "KmsKeyId"),
    ("endpoint", "*.KmsKeyId"),
    ("endpoint", "*.ServerSideEncryptionKmsKeyId"),
    ("endpoint", "ExtraConnectionAttributes serverSideEncryptionKmsKeyId"),
    ("replication-instance", "KmsKeyId"),
    ("replication-config", "ComputeConfig.KmsKeyId"),
    ("certificate", "KmsKeyId"),
    ("instance-profile", "KmsKeyArn"),
    ("secret", "KmsKeyId"),
    ("kms-alias", ""),
)
_BUCKETS: Final = (
    ("endpoint", "*.BucketName"),
    ("endpoint", "ExtraConnectionAttributes bucketName"),
)
_VPCS: Final = (
    ("replication-instance", "ReplicationSubnetGroup.VpcId"),
    ("subnet-group", "VpcId"),
)

# fmt: off
CALLS: Final = (
    Call("dms:DescribeEndpoints"),
    Call("dms:DescribeReplicationInstances"),
    Call("dms:DescribeReplicationSubnetGroups"),
    Call("dms:DescribeCertificates"),
    # With their settings: logging is judged by them.
    Call("dms:DescribeReplicationTasks", options=(("WithoutSettings", False),)),
    Call("dms:DescribeReplicationConfigs"),
    Call("dms:DescribeReplications"),
    Call("dms:DescribeConnections"),
    Call("dms:DescribeEventSubscriptions"),
    Call("dms:DescribeInstanceProfiles"),
    Call("dms:DescribeDataProviders"),
    Call("dms:DescribeMigrationProjects"),
    Call("dms:DescribeDataMigrations"),
    Call("dms:DescribePendingMaintenanceActions"),
    Call("dms:DescribeEngineVersions"),
    Call("iam:GetAccountAuthorizationDetails", page=1000),
    Call("iam:GetAccountSummary"),
    Call("s3:ListBuckets"),
    Call("kms:ListAliases", page=100),
    Call("ec2:DescribeSecurityGroups"),
    Call("ec2:DescribeSubnets"),
    Call("ec2:DescribeVpcs"),
    Call("ec2:DescribePrefixLists"),
    Call("ec2:DescribeNetworkAcls"),
    Call("ec2:DescribeRouteTables"),
    Call("ec2:DescribeNatGateways"),
    Call("ec2:DescribeVpcEndpoints"),
    Call("ec2:DescribeVpcPeeringConnections"),
    Call("ec2:DescribeNetworkInterfaces"),
    Call("rds:DescribeDBInstances"),
    Call("rds:DescribeDBClusters"),
    Call("rds:DescribeDBSubnetGroups"),
    Call("rds:DescribeCertificates"),
    Call("redshift:DescribeClusters"),
    Call("redshift:DescribeClusterSubnetGroups"),
    Call("redshift-serverless:ListWorkgroups", page=100),
    Call("cloudtrail:DescribeTrails"),
    Call("dms:ListTagsForResource", "ResourceArnList", tuple((kind, "=") for kind in _TAGGED), batch=100),
    Call("secretsmanager:DescribeSecret", "SecretId", _SECRETS),
    Call("secretsmanager:GetResourcePolicy", "SecretId", _SECRETS),
    Call("secretsmanager:ListSecretVersionIds", "SecretId", _SECRETS, (("MaxResults", 100),)),
    Call("secretsmanager:GetSecretValue", "SecretId", _SECRETS),
    Call("lambda:GetFunctionConfiguration", "FunctionName", (("secret", "RotationLambdaARN"),)),
    Call("kms:DescribeKey", "KeyId", _KEYS),
    Call("kms:GetKeyPolicy", "KeyId", _KEYS, (("PolicyName", "default"),)),
    Call("kms:GetKeyRotationStatus", "KeyId", _KEYS),
    Call("kms:ListGrants", "KeyId", _KEYS, page=100),
    Call("s3:HeadBucket", "Bucket", _BUCKETS),
    Call("s3:GetBucketLocation", "Bucket", _BUCKETS),
    Call("s3:GetBucketEncryption", "Bucket", _BUCKETS),
    Call("iam:ListAccessKeys", "UserName", (("user", "operators"),)),
    Call("ec2:DescribeVpcAttribute", "VpcId", _VPCS, (("Attribute", "enableDnsSupport"),)),
    Call("ec2:DescribeVpcAttribute", "VpcId", _VPCS, (("Attribute", "enableDnsHostnames"),)),
    Call("ec2:GetManagedPrefixListEntries", "PrefixListId", (
        ("security-group", "IpPermissions.PrefixListIds.PrefixListId"),
        ("security-group", "IpPermissionsEgress.PrefixListIds.PrefixListId"),
        ("route-table", "Routes.DestinationPrefixListId"),
        ("prefix-list", ""))),
    Call("cloudtrail:GetTrailStatus", "Name", (("trail", "home"),)),
    Call("cloudtrail:GetEventSelectors", "TrailName", (("trail", "home"),)),
)
# fmt: on

READS_VALUES: Final = "secretsmanager:GetSecretValue"
"""The one call that is made only when it is asked for."""

ENTERING: Final = frozenset(
    {"sts:GetCallerIdentity", "sts:AssumeRole", "organizations:ListAccounts", "ec2:DescribeRegions"}
)
"""What is called to find out which accounts and Regions there are; their answers are no documents."""


def calls_for(judged: Iterable[str], read: Iterable[str] = (), *, read_secrets: bool = False) -> tuple[Call, ...]:
    """The calls that rules need which judge resources of the one kinds and read of the others, in the table's order.

    A kind that no answer holds stands for the kinds of which it is made.  To judge the keys or the secrets that DMS
    uses is to ask first what uses them.
    """
    wanted = _made_of(read)
    pending = list(_made_of(judged))
    while pending:
        kind = pending.pop()
        wanted.add(kind)
        for call in CALLS:
            # Resources that a listing tells of, or that another kind's answers add to, need no further question.
            if kind in call.kinds[:1] and call.follows and KINDS[kind].type:
                pending += [one for one, _ in call.follows if one not in wanted]
    return tuple(
        call for call in CALLS if not wanted.isdisjoint(call.kinds) and (read_secrets or call.operation != READS_VALUES)
    )


def _made_of(kinds: Iterable[str]) -> set[str]:
    wanted = set(kinds)
    for kind in tuple(wanted):
        wanted |= _made_of(KINDS[kind].implied_by)
    return wanted


@cache
def wave(call: Call) -> int:
    """When a call can be made: 0 for a listing, else after the last of the calls that its subjects stand in."""
    if not call.follows:
        return 0
    kinds = {kind for kind, _ in call.follows}
    return 1 + max((wave(other) for other in CALLS if not kinds.isdisjoint(other.kinds)), default=0)
