"""The table of calls: all that dms-lint ever asks of an account, in the order in which it asks.

To read more of AWS is to add a row.  What is not in the table is refused by the guard of every client.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.aws.kinds import KINDS
from dms_lint.aws.responses import action, shapes_of
from dms_lint.collectors.live.selectors import (
    arns,
    attribute,
    home_trails,
    keys,
    member,
    unlisted,
    users_managing_dms,
    without_aliases,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dms_lint.collectors.live.selectors import Selector


class Call(NamedTuple):
    """One operation, and what it is asked about."""

    operation: str
    """Service and operation, as IAM writes them: `dms:DescribeEndpoints`."""
    about: str = ""
    """The input member that says what is asked about; '' for a listing."""
    follows: tuple[Selector, ...] = ()
    """Where the subjects stand in the answers of other calls."""
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
    def sources(self) -> tuple[str, ...]:
        """The kinds of resources whose answers say what it is asked about."""
        return tuple(dict.fromkeys(kind for selector in self.follows for kind in selector.kinds))

    @property
    def of_account(self) -> bool:
        """Whether it is asked once for an account, whatever its Regions."""
        return all(KINDS[kind].scope == "account" for kind in self.kinds)

    @property
    def of_account_alone(self) -> bool:
        """Whether what it is asked about is the account's as well, and no Region's."""
        return self.of_account and all(KINDS[kind].scope == "account" for kind in self.sources)

    @property
    def action(self) -> str:
        """The IAM action that allows it."""
        return action(self.operation)


_ATTRIBUTES: Final = "ExtraConnectionAttributes"
_TAGGED: Final = arns(
    "endpoint",
    "replication-instance",
    "subnet-group",
    "certificate",
    "task",
    "replication-config",
    "event-subscription",
)
_SECRETS: Final = (
    member("endpoint", "*.SecretsManagerSecretId"),
    member("endpoint", "*.SecretsManagerOracleAsmSecretId"),
    attribute("endpoint", _ATTRIBUTES, "secretsManagerSecretId"),
    member("data-provider", "Settings.*.SecretsManagerOracleAsmSecretId"),
    member("data-provider", "Settings.*.SecretsManagerSecurityDbEncryptionSecretId"),
    member("migration-project", "SourceDataProviderDescriptors.SecretsManagerSecretId"),
    member("migration-project", "TargetDataProviderDescriptors.SecretsManagerSecretId"),
    member("replication-instance", "KerberosAuthenticationSettings.KeyCacheSecretId"),
)
_KEYS_AND_ALIASES: Final = keys(
    member("endpoint", "KmsKeyId"),
    member("endpoint", "*.KmsKeyId"),
    member("endpoint", "*.ServerSideEncryptionKmsKeyId"),
    attribute("endpoint", _ATTRIBUTES, "serverSideEncryptionKmsKeyId"),
    member("replication-instance", "KmsKeyId"),
    member("replication-config", "ComputeConfig.KmsKeyId"),
    member("certificate", "KmsKeyId"),
    member("instance-profile", "KmsKeyArn"),
    member("secret", "KmsKeyId"),
)
_KEYS: Final = without_aliases(_KEYS_AND_ALIASES)
_BUCKETS: Final = (
    member("endpoint", "*.BucketName"),
    attribute("endpoint", _ATTRIBUTES, "bucketName"),
)
_VPCS: Final = (
    member("replication-instance", "ReplicationSubnetGroup.VpcId"),
    member("subnet-group", "VpcId"),
)
# AWS's own prefix lists are listed with their ranges.
_PREFIX_LISTS: Final = unlisted(
    "prefix-list",
    member("security-group", "IpPermissions.PrefixListIds.PrefixListId"),
    member("security-group", "IpPermissionsEgress.PrefixListIds.PrefixListId"),
    member("route-table", "Routes.DestinationPrefixListId"),
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
    Call("dms:ListTagsForResource", "ResourceArnList", (_TAGGED,), batch=100),
    Call("secretsmanager:DescribeSecret", "SecretId", _SECRETS),
    Call("secretsmanager:GetResourcePolicy", "SecretId", _SECRETS),
    Call("secretsmanager:ListSecretVersionIds", "SecretId", _SECRETS, (("MaxResults", 100),)),
    Call("secretsmanager:GetSecretValue", "SecretId", _SECRETS),
    Call("lambda:GetFunctionConfiguration", "FunctionName", (member("secret", "RotationLambdaARN"),)),
    Call("kms:DescribeKey", "KeyId", (_KEYS_AND_ALIASES,)),
    Call("kms:GetKeyPolicy", "KeyId", (_KEYS,), (("PolicyName", "default"),)),
    Call("kms:GetKeyRotationStatus", "KeyId", (_KEYS,)),
    Call("kms:ListGrants", "KeyId", (_KEYS,), page=100),
    Call("s3:HeadBucket", "Bucket", _BUCKETS),
    Call("s3:GetBucketLocation", "Bucket", _BUCKETS),
    Call("s3:GetBucketEncryption", "Bucket", _BUCKETS),
    Call("iam:ListAccessKeys", "UserName", (users_managing_dms(),)),
    Call("ec2:DescribeVpcAttribute", "VpcId", _VPCS, (("Attribute", "enableDnsSupport"),)),
    Call("ec2:DescribeVpcAttribute", "VpcId", _VPCS, (("Attribute", "enableDnsHostnames"),)),
    Call("ec2:GetManagedPrefixListEntries", "PrefixListId", (_PREFIX_LISTS,)),
    Call("cloudtrail:GetTrailStatus", "Name", (home_trails(),)),
    Call("cloudtrail:GetEventSelectors", "TrailName", (home_trails(),)),
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
    needed = _made_of(read)
    pending = list(_made_of(judged))
    while pending:
        kind = pending.pop()
        needed.add(kind)
        for call in CALLS:
            # Resources that a listing tells of, or that another kind's answers add to, need no further question.
            if kind in call.kinds[:1] and call.follows and KINDS[kind].type:
                pending += [source for source in call.sources if source not in needed]
    return tuple(
        call for call in CALLS if not needed.isdisjoint(call.kinds) and (read_secrets or call.operation != READS_VALUES)
    )


def _made_of(kinds: Iterable[str]) -> set[str]:
    """The kinds, and those of which they are made."""
    all_kinds = set(kinds)
    for kind in tuple(all_kinds):
        all_kinds |= _made_of(KINDS[kind].implied_by)
    return all_kinds


@cache
def wave(call: Call) -> int:
    """When a call can be made: 0 for a listing, else after the last of the calls that its subjects stand in."""
    if not call.follows:
        return 0
    earlier = [wave(source) for source in CALLS if not set(call.sources).isdisjoint(source.kinds)]
    return 1 + max(earlier, default=0)
