"""Kinds of resources: names, plurals, CloudFormation types, and what a listing of each covers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(NamedTuple):
    """A kind of resource."""

    name: str
    plural: str
    type: str = ""
    """Its CloudFormation type; '' where there is none."""
    scope: str = "region"
    """What a listing speaks for: an account in one Region (`region`), or an account (`account`)."""
    implied_by: tuple[str, ...] = ()
    """The kinds whose resources imply it, where no response holds it: `inventory.synthetic` makes it of them."""


# fmt: off
KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("account", "accounts", "AWS::::Account", "account"),
        Kind("region", "Regions"),
        Kind("endpoint", "endpoints", "AWS::DMS::Endpoint"),
        Kind("replication-instance", "replication instances", "AWS::DMS::ReplicationInstance"),
        Kind("subnet-group", "subnet groups", "AWS::DMS::ReplicationSubnetGroup"),
        Kind("certificate", "certificates", "AWS::DMS::Certificate"),
        Kind("task", "tasks", "AWS::DMS::ReplicationTask"),
        Kind("replication-config", "serverless replications", "AWS::DMS::ReplicationConfig"),
        Kind("event-subscription", "event subscriptions", "AWS::DMS::EventSubscription"),
        Kind("connection", "connection tests"),
        Kind("data-provider", "data providers", "AWS::DMS::DataProvider"),
        Kind("instance-profile", "instance profiles", "AWS::DMS::InstanceProfile"),
        Kind("migration-project", "migration projects", "AWS::DMS::MigrationProject"),
        Kind("data-migration", "data migrations", "AWS::DMS::DataMigration"),
        Kind("network-path", "network paths", implied_by=("task", "replication-config", "connection")),
        Kind("replication", "serverless runs"),
        Kind("maintenance", "pending maintenance actions"),
        Kind("engine-version", "engine versions"),
        Kind("orderable-instance", "orderable instances"),
        Kind("assessment-run", "premigration assessment runs"),
        Kind("endpoint-setting", "endpoint settings"),
        Kind("dms-account", "DMS account attributes"),
        Kind("tags", "tags"),
        Kind("role", "roles", "AWS::IAM::Role", "account"),
        Kind("user", "users", "AWS::IAM::User", "account"),
        Kind("group", "groups", "AWS::IAM::Group", "account"),
        Kind("managed-policy", "managed policies", "AWS::IAM::ManagedPolicy", "account"),
        Kind("principal", "principals", "", "account", ("user", "role")),
        Kind("iam-policy", "IAM policies", "", "account", ("user", "role", "group", "managed-policy")),
        Kind("access-keys", "access keys of a user", "", "account"),
        Kind("credential-report", "credential reports", "", "account"),
        Kind("role-attachments", "policies attached to a role", "", "account"),
        Kind("role-policy", "inline policies of a role", "", "account"),
        Kind("policy-version", "policy versions", "", "account"),
        Kind("account-summary", "account summaries", "", "account"),
        Kind("kms-key", "KMS keys", "AWS::KMS::Key"),
        Kind("kms-alias", "KMS aliases", "AWS::KMS::Alias"),
        Kind("kms-key-policy", "key policies"),
        Kind("kms-key-rotation", "key rotation statuses"),
        Kind("kms-key-grants", "grants of a key"),
        Kind("secret", "secrets", "AWS::SecretsManager::Secret"),
        Kind("secret-versions", "secret versions"),
        Kind("secret-policy", "secret policies"),
        Kind("secret-value", "derived records of secrets"),
        Kind("security-group", "security groups", "AWS::EC2::SecurityGroup"),
        Kind("subnet", "subnets", "AWS::EC2::Subnet"),
        Kind("vpc", "VPCs", "AWS::EC2::VPC"),
        Kind("vpc-attributes", "VPC attributes"),
        Kind("prefix-list", "prefix lists of AWS services"),
        Kind("prefix-list-entries", "entries of a prefix list"),
        Kind("network-acl", "network ACLs", "AWS::EC2::NetworkAcl"),
        Kind("route-table", "route tables", "AWS::EC2::RouteTable"),
        Kind("nat-gateway", "NAT gateways", "AWS::EC2::NatGateway"),
        Kind("vpc-endpoint", "VPC endpoints", "AWS::EC2::VPCEndpoint"),
        Kind("vpc-peering", "VPC peerings", "AWS::EC2::VPCPeeringConnection"),
        Kind("network-interface", "network interfaces", "AWS::EC2::NetworkInterface"),
        Kind("function", "functions", "AWS::Lambda::Function"),
        Kind("db-instance", "DB instances", "AWS::RDS::DBInstance"),
        Kind("db-cluster", "DB clusters", "AWS::RDS::DBCluster"),
        Kind("db-subnet-group", "DB subnet groups", "AWS::RDS::DBSubnetGroup"),
        Kind("rds-ca", "RDS certificate authorities"),
        Kind("redshift-cluster", "Redshift clusters", "AWS::Redshift::Cluster"),
        Kind("redshift-subnet-group", "Redshift subnet groups", "AWS::Redshift::ClusterSubnetGroup"),
        Kind("redshift-workgroup", "Redshift workgroups", "AWS::RedshiftServerless::Workgroup"),
        Kind("bucket", "buckets", "AWS::S3::Bucket", "account"),
        Kind("bucket-head", "looks at a bucket", "", "account"),
        Kind("bucket-encryption", "bucket encryptions", "", "account"),
        Kind("bucket-location", "bucket locations", "", "account"),
        Kind("trail", "trails", "AWS::CloudTrail::Trail"),
        Kind("trail-status", "trail statuses"),
        Kind("trail-selectors", "event selectors"),
    )
}
# fmt: on
