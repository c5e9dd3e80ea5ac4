"""AWS responses that dms-lint reads: how each is recognised by its content, and which resources it holds.

RESPONSES says under which member of an operation's response the resources of a kind stand.  To read another AWS call
is to add a row, and one to `kinds` where it tells of a new kind of resource.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.aws.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Mapping


class ResponseShape(NamedTuple):
    """Where an operation's answer holds the resources of one kind."""

    operation: str
    """Service and operation as the API has them: `dms:DescribeEndpoints`."""
    kind: str
    key: str
    """The member that holds them; '' where the answer is itself the resource."""
    id: str = ""
    """The member that identifies one, several joined by `+`; '' or a trailing `?` where the answer may not say."""
    name: str = ""
    shape: str = "list"
    """`list` of resources; `one` resource; `complete`: a list that, unfiltered, is every resource in scope."""
    arn: str = ""
    """How its ARN is written, where AWS does not send it."""
    account: str = ""
    """The member that holds the account, where there is no ARN."""
    marks: tuple[str, ...] = ()
    """Members of which such an answer has at least one, to tell it from a look-alike."""
    never: tuple[str, ...] = ()
    """Members that only a look-alike of another service has."""
    abroad: bool = False
    """Whether it tells of other accounts' and Regions' resources too: their ARNs do not say where it was asked."""

    @property
    def service(self) -> str:
        """The part of ARNs that names the service."""
        return self.operation.partition(":")[0]


# fmt: off
RESPONSES: Final = (
    ResponseShape("dms:DescribeEndpoints", "endpoint", "Endpoints", "EndpointArn", "EndpointIdentifier", "complete"),
    ResponseShape("dms:DescribeReplicationInstances", "replication-instance", "ReplicationInstances",
                  "ReplicationInstanceArn", "ReplicationInstanceIdentifier", "complete"),
    ResponseShape("dms:DescribeReplicationSubnetGroups", "subnet-group", "ReplicationSubnetGroups",
                  "ReplicationSubnetGroupIdentifier", "ReplicationSubnetGroupIdentifier", "complete",
                  arn="arn:{partition}:dms:{region}:{account}:subgrp:{id}"),
    ResponseShape("dms:DescribeCertificates", "certificate", "Certificates", "CertificateArn", "CertificateIdentifier",
                  "complete"),
    ResponseShape("dms:DescribeReplicationTasks", "task", "ReplicationTasks", "ReplicationTaskArn",
                  "ReplicationTaskIdentifier", "complete"),
    ResponseShape("dms:DescribeReplicationConfigs", "replication-config", "ReplicationConfigs", "ReplicationConfigArn",
                  "ReplicationConfigIdentifier", "complete"),
    ResponseShape("dms:DescribeReplications", "replication", "Replications", "ReplicationConfigArn",
                  "ReplicationConfigIdentifier", "complete"),
    # RDS, DocumentDB, Neptune and Redshift answer under the same key.
    ResponseShape("dms:DescribeEventSubscriptions", "event-subscription", "EventSubscriptionsList",
                  "CustSubscriptionId",
                  "CustSubscriptionId", "complete", account="CustomerAwsId",
                  arn="arn:{partition}:dms:{region}:{account}:es:{id}", never=("EventSubscriptionArn", "Severity")),
    ResponseShape("dms:DescribeConnections", "connection", "Connections", "EndpointArn+ReplicationInstanceArn",
                  "EndpointIdentifier", "complete"),
    # IAM's ListInstanceProfiles answers under the same key.
    ResponseShape("dms:DescribeInstanceProfiles", "instance-profile", "InstanceProfiles", "InstanceProfileArn",
                  "InstanceProfileName", "complete", never=("InstanceProfileId",)),
    ResponseShape("dms:DescribeDataProviders", "data-provider", "DataProviders", "DataProviderArn", "DataProviderName",
                  "complete"),
    ResponseShape("dms:DescribeMigrationProjects", "migration-project", "MigrationProjects", "MigrationProjectArn",
                  "MigrationProjectName", "complete"),
    ResponseShape("dms:DescribeDataMigrations", "data-migration", "DataMigrations", "DataMigrationArn",
                  "DataMigrationName", "complete"),
    ResponseShape("dms:DescribePendingMaintenanceActions", "maintenance", "PendingMaintenanceActions",
                  "ResourceIdentifier", "", "complete"),
    ResponseShape("dms:DescribeEngineVersions", "engine-version", "EngineVersions", "Version", "Version", "complete"),
    ResponseShape("dms:DescribeOrderableReplicationInstances", "orderable-instance", "OrderableReplicationInstances",
                  "EngineVersion+ReplicationInstanceClass+StorageType"),
    ResponseShape("dms:DescribeReplicationTaskAssessmentRuns", "assessment-run", "ReplicationTaskAssessmentRuns",
                  "ReplicationTaskAssessmentRunArn", "", "complete"),
    ResponseShape("dms:DescribeEndpointSettings", "endpoint-setting", "EndpointSettings", "Name"),
    ResponseShape("dms:DescribeAccountAttributes", "dms-account", "", "UniqueAccountIdentifier", "", "one",
                  marks=("AccountQuotas",)),
    ResponseShape("dms:ListTagsForResource", "tags", "", "ResourceArn?", "", "one", marks=("TagList",)),
    ResponseShape("iam:GetAccountAuthorizationDetails", "role", "RoleDetailList", "Arn", "RoleName", "complete"),
    ResponseShape("iam:GetAccountAuthorizationDetails", "user", "UserDetailList", "Arn", "UserName", "complete"),
    ResponseShape("iam:GetAccountAuthorizationDetails", "group", "GroupDetailList", "Arn", "GroupName", "complete"),
    ResponseShape("iam:GetAccountAuthorizationDetails", "managed-policy", "Policies", "Arn", "PolicyName", "list"),
    ResponseShape("iam:ListRoles", "role", "Roles", "Arn", "RoleName", "complete"),
    ResponseShape("iam:GetRole", "role", "Role", "Arn", "RoleName", "one"),
    ResponseShape("iam:GetPolicy", "managed-policy", "Policy", "Arn", "PolicyName", "one"),
    ResponseShape("iam:ListAttachedRolePolicies", "role-attachments", "", "", "", "one", marks=("AttachedPolicies",)),
    ResponseShape("iam:GetRolePolicy", "role-policy", "", "RoleName+PolicyName", "PolicyName", "one",
                  marks=("PolicyDocument",)),
    ResponseShape("iam:GetPolicyVersion", "policy-version", "PolicyVersion", "", "", "one", marks=("Document",)),
    ResponseShape("iam:GetAccountSummary", "account-summary", "SummaryMap", "", "", "one"),
    ResponseShape("iam:ListAccessKeys", "access-keys", "", "", "", "one", marks=("AccessKeyMetadata",)),
    ResponseShape("iam:GetCredentialReport", "credential-report", "", "", "", "one", marks=("ReportFormat",)),
    ResponseShape("kms:ListKeys", "kms-key", "Keys", "KeyArn", "KeyId", "complete"),
    ResponseShape("kms:DescribeKey", "kms-key", "KeyMetadata", "Arn", "KeyId", "one"),
    ResponseShape("kms:ListAliases", "kms-alias", "Aliases", "AliasArn", "AliasName", "complete"),
    ResponseShape("kms:GetKeyPolicy", "kms-key-policy", "", "", "", "one", marks=("Policy",), never=("RevisionId",)),
    ResponseShape("kms:GetKeyRotationStatus", "kms-key-rotation", "", "KeyId?", "", "one",
                  marks=("KeyRotationEnabled",)),
    # S3's GetBucketAcl answers under the same key.
    ResponseShape("kms:ListGrants", "kms-key-grants", "", "", "", "one", marks=("Grants",), never=("Owner",)),
    ResponseShape("secretsmanager:ListSecrets", "secret", "SecretList", "ARN", "Name", "complete"),
    ResponseShape("secretsmanager:ListSecretVersionIds", "secret-versions", "", "ARN", "Name", "one",
                  marks=("Versions",)),
    # What `secret_values` makes of an answer; one with the value itself is never read.
    ResponseShape("secretsmanager:GetSecretValue", "secret-value", "", "ARN+VersionId", "Name", "one",
                  marks=("Derived",)),
    ResponseShape("secretsmanager:DescribeSecret", "secret", "", "ARN", "Name", "one",
                  marks=("CreatedDate", "VersionIdsToStages", "LastChangedDate", "KmsKeyId", "RotationEnabled"),
                  never=("VersionId",)),
    ResponseShape("secretsmanager:GetResourcePolicy", "secret-policy", "", "ARN", "Name", "one",
                  never=("VersionId", "VersionIds", "DeletionDate", "ReplicationStatus")),
    ResponseShape("ec2:DescribeSecurityGroups", "security-group", "SecurityGroups", "GroupId", "GroupName", "complete",
                  account="OwnerId"),
    ResponseShape("ec2:DescribeSubnets", "subnet", "Subnets", "SubnetId", "", "complete", account="OwnerId"),
    ResponseShape("ec2:DescribeVpcs", "vpc", "Vpcs", "VpcId", "", "complete", account="OwnerId"),
    ResponseShape("ec2:DescribeVpcAttribute", "vpc-attributes", "", "VpcId", "", "one",
                  marks=("EnableDnsSupport", "EnableDnsHostnames")),
    # DescribeManagedPrefixLists answers under the same key, without the ranges.
    ResponseShape("ec2:DescribePrefixLists", "prefix-list", "PrefixLists", "PrefixListId", "PrefixListName",
                  marks=("Cidrs",)),
    ResponseShape("ec2:GetManagedPrefixListEntries", "prefix-list-entries", "", "", "", "one", marks=("Entries",)),
    ResponseShape("ec2:DescribeNetworkAcls", "network-acl", "NetworkAcls", "NetworkAclId", "", "complete",
                  account="OwnerId"),
    ResponseShape("ec2:DescribeRouteTables", "route-table", "RouteTables", "RouteTableId", "", "complete",
                  account="OwnerId"),
    ResponseShape("ec2:DescribeNatGateways", "nat-gateway", "NatGateways", "NatGatewayId", "", "complete"),
    ResponseShape("ec2:DescribeVpcEndpoints", "vpc-endpoint", "VpcEndpoints", "VpcEndpointId", "", "complete",
                  account="OwnerId"),
    ResponseShape("ec2:DescribeVpcPeeringConnections", "vpc-peering", "VpcPeeringConnections", "VpcPeeringConnectionId",
                  "", "complete"),
    ResponseShape("ec2:DescribeNetworkInterfaces", "network-interface", "NetworkInterfaces", "NetworkInterfaceId", "",
                  "complete", account="OwnerId"),
    ResponseShape("lambda:GetFunctionConfiguration", "function", "", "FunctionArn", "FunctionName", "one"),
    ResponseShape("rds:DescribeDBInstances", "db-instance", "DBInstances", "DBInstanceArn", "DBInstanceIdentifier",
                  "complete"),
    ResponseShape("rds:DescribeDBClusters", "db-cluster", "DBClusters", "DBClusterArn", "DBClusterIdentifier",
                  "complete"),
    ResponseShape("rds:DescribeDBSubnetGroups", "db-subnet-group", "DBSubnetGroups", "DBSubnetGroupArn",
                  "DBSubnetGroupName",
                  "complete"),
    ResponseShape("rds:DescribeCertificates", "rds-ca", "Certificates", "CertificateArn", "CertificateIdentifier",
                  "complete", marks=("Thumbprint",)),
    ResponseShape("redshift:DescribeClusters", "redshift-cluster", "Clusters", "ClusterIdentifier", "ClusterIdentifier",
                  "complete"),
    ResponseShape("redshift:DescribeClusterSubnetGroups", "redshift-subnet-group", "ClusterSubnetGroups",
                  "ClusterSubnetGroupName", "ClusterSubnetGroupName", "complete",
                  arn="arn:{partition}:redshift:{region}:{account}:subnetgroup:{id}"),
    ResponseShape("redshift-serverless:ListWorkgroups", "redshift-workgroup", "workgroups", "workgroupArn",
                  "workgroupName",
                  "complete"),
    ResponseShape("s3:ListBuckets", "bucket", "Buckets", "Name", "Name", "complete"),
    ResponseShape("s3:HeadBucket", "bucket-head", "", "", "", "one", marks=("BucketRegion", "BucketLocationType")),
    ResponseShape("s3:GetBucketEncryption", "bucket-encryption", "ServerSideEncryptionConfiguration", "", "", "one"),
    ResponseShape("s3:GetBucketLocation", "bucket-location", "", "", "", "one", marks=("LocationConstraint",)),
    ResponseShape("cloudtrail:DescribeTrails", "trail", "trailList", "TrailARN", "Name", "complete", abroad=True),
    ResponseShape("cloudtrail:GetTrailStatus", "trail-status", "", "", "", "one", marks=("IsLogging",)),
    ResponseShape("cloudtrail:GetEventSelectors", "trail-selectors", "", "TrailARN", "", "one",
                  marks=("EventSelectors", "AdvancedEventSelectors"), abroad=True),
)
# fmt: on

_ACTIONS: Final = {
    "dms:DescribeDataProviders": "dms:ListDataProviders",
    "dms:DescribeInstanceProfiles": "dms:ListInstanceProfiles",
    "dms:DescribeMigrationProjects": "dms:ListMigrationProjects",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
}

OF_ACCOUNT: Final = frozenset({"iam:GetAccountSummary", "iam:GetCredentialReport"})
"""Operations whose answer is about the account as a whole, and names nothing."""

NOT_THERE: Final = frozenset({"NotFoundException", "ResourceNotFoundException", "NoSuchEntity", "NoSuchBucket", "404"})
"""Error codes that say that the very thing asked about does not exist."""

SECRET_VALUES: Final = ("SecretString", "SecretBinary")
"""Members of a GetSecretValue answer: such an answer is never read as it is."""

SHARED_KEYS: Final = frozenset(
    {"Aliases", "Certificates", "Clusters", "Connections", "Endpoints", "EventSubscriptionsList", "InstanceProfiles"}
    | {"PendingMaintenanceActions", "Policies", "Roles", "Keys", "Subnets", "Buckets"}
)
"""Members under which other services answer lists of their own: an empty one does not say whose it is."""

TOKENS: Final = (
    "Marker",
    "NextToken",
    "nextToken",
    "NextMarker",
    "ContinuationToken",
    "IsTruncated",
    "Truncated",
)
"""Members that say, when they hold something, that more pages follow."""


def action(operation: str) -> str:
    """The IAM action that an operation needs: its name, but for a few of DMS's and S3's (their API references)."""
    return _ACTIONS.get(operation, operation)


@cache
def operations(kind: str) -> tuple[str, ...]:
    """The operations that yield resources of a kind, the complete listings first."""
    rows = [row for row in RESPONSES if row.kind == kind]
    rows.sort(key=lambda row: row.shape != "complete")
    return tuple(dict.fromkeys(row.operation for row in rows))


@cache
def shapes_of(operation: str) -> tuple[ResponseShape, ...]:
    """The rows of an operation: one, or several where an answer holds several listings."""
    return tuple(row for row in RESPONSES if row.operation == operation)


@cache
def command(operation: str) -> str:
    """An operation as the AWS CLI spells it, without its service: `describe-db-instances`."""
    name = operation.partition(":")[2]
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1-\2", name).lower()


@cache
def operation_of(service: str, name: str) -> str | None:
    """The operation that `aws SERVICE NAME` calls, or None when it is not read here."""
    service = {"s3api": "s3"}.get(service, service)
    for row in RESPONSES:
        if row.service == service and command(row.operation) == name:
            return row.operation
    return None


@cache
def _by_key() -> Mapping[str, tuple[ResponseShape, ...]]:
    keys = dict.fromkeys(row.key for row in RESPONSES)
    return {key: tuple(row for row in RESPONSES if row.key == key) for key in keys}


def recognise(body: Mapping[str, Any]) -> str | None:
    """The operation whose answer this JSON object is, by its members alone; None when it is none we read."""
    if any(name in body for name in SECRET_VALUES):
        return None
    for key in body:
        for row in _by_key().get(key, ()):
            if key and _fits(row, body[key]):
                return row.operation
    for row in _by_key()[""]:
        if _fits(row, body):
            return row.operation
    return None


def _fits(row: ResponseShape, value: Any) -> bool:
    if row.shape != "one":
        if not isinstance(value, list):
            return False
        value = next((item for item in value if isinstance(item, dict)), None)
        if value is None:
            return True
    if not isinstance(value, dict):
        return False
    if row.marks and not any(mark in value for mark in row.marks):
        return False
    if any(name in value for name in row.never):
        return False
    for name in row.id.split("+") if row.id and not row.id.endswith("?") else ():
        id_ = value.get(name)
        if not isinstance(id_, str):
            return False
        arn = parse_arn(id_)
        if id_.startswith("arn:") and (arn is None or arn.service != row.service):
            return False
    return True


def identify(row: ResponseShape, item: Mapping[str, Any]) -> str:
    """What identifies an item of this row: its id's members joined by a blank, '' when it does not say."""
    if "+" not in row.id:
        id_ = item.get(row.id.rstrip("?"))
        return id_ if isinstance(id_, str) else ""
    parts = [item.get(name) for name in row.id.split("+")]
    return " ".join(parts) if all(isinstance(part, str) for part in parts) else ""  # type: ignore[arg-type]
