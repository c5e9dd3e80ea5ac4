"""Three AWS accounts with four Regions each, made in moto by calls of boto3: healthy, but for what PLANTED lists.

The first account is the management account of an organization.  Each has the role ROLE, which trusts the first; moto
checks neither trust nor ExternalId, so whatever stands in front of it must refuse where that matters.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.aws import moto_dms

ACCOUNTS: Final = ("111122223333", "444455556666", "777788889999")
MANAGEMENT: Final = ACCOUNTS[0]
REGIONS: Final = ("eu-central-1", "eu-west-1", "us-east-1", "ap-southeast-2")
EMPTY: Final = ("777788889999", "ap-southeast-2")
"""The account and Region without any DMS resource."""
ROLE: Final = "dms-lint"
EXTERNAL_ID: Final = {"777788889999": "northwind-audit"}
"""What the trust of ROLE asks for, by account."""
SUSPENDED: Final = "222233334444"
"""An account of the organization that is closed."""
WITHOUT_ROLE: Final = "555566667777"
"""An active account of the organization that does not have ROLE."""
FOREIGN_KEY: Final = ("111122223333", "us-east-1")
"""Where the secret is encrypted with a key of the account 444455556666."""


class Planted(NamedTuple):
    """A fault: where it is, what it is, and which rule fails for which resource."""

    account: str
    region: str
    fault: str
    rule: str
    resource: str
    """The name of the resource."""


PLANTED: Final = (
    Planted("444455556666", "eu-west-1", "public-instance", "NET001", "shop"),
    Planted("444455556666", "us-east-1", "no-tls", "TLS001", "shop-mysql"),
    Planted("444455556666", "ap-southeast-2", "lost-secret-and-key", "SEC007", "lost-mysql"),
    Planted("444455556666", "ap-southeast-2", "lost-secret-and-key", "KMS003", "lost-mysql"),
    Planted("777788889999", "eu-central-1", "rotation-off", "KMS010", "alias/dms"),
    Planted("777788889999", "eu-west-1", "open-group", "NET020", "shop"),
    Planted("777788889999", "us-east-1", "trusts-everybody", "ROLE010", "dms-secret-us-east-1"),
    Planted("111122223333", "eu-west-1", "no-logs", "LOG001", "shop-to-lake"),
    Planted("111122223333", "ap-southeast-2", "default-key", "KMS005", "shop-mysql"),
    Planted("111122223333", "eu-central-1", "untagged-certificate", "TAG001", "ca"),
)
TAGS: Final = [{"Key": "project", "Value": "shop"}]
_MIGRATION: Final = Path(__file__).parent.parent / "accounts" / "migration"


def build(endpoint_url: str) -> None:
    """Make everything, in the moto server of this process that answers at this address."""
    # Without a list of machine images in every Region, which takes most of the time.
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    moto_dms.patch()
    clients = Clients(endpoint_url)
    _organization(clients.of(MANAGEMENT, "us-east-1", "organizations"))
    for account in ACCOUNTS:
        _account(clients.of(account, "us-east-1", "iam"), account)
    owner = "444455556666"
    shared = _key(clients.of(owner, FOREIGN_KEY[1], "kms"), owner, "alias/shared")
    for account in ACCOUNTS:
        for region in REGIONS:
            Place(clients, account, region, shared).make()


class Clients:
    """Clients of boto3 by account, Region and service, with the keys of the account's ROLE."""

    def __init__(self, endpoint_url: str) -> None:
        import boto3

        self.endpoint_url = endpoint_url
        self.session = boto3.Session()  # one: each reads the models of services anew
        self.keys: dict[str, tuple[str, ...]] = {}
        self.made: dict[tuple[str, str, str], Any] = {}

    def of(self, account: str, region: str, service: str) -> Any:
        """The client of a service."""
        if (account, region, service) not in self.made:
            if account not in self.keys:
                self.keys[account] = self.assume(account)
            self.made[account, region, service] = self.client(service, region, *self.keys[account])
        return self.made[account, region, service]

    def client(self, service: str, region: str, *keys: str) -> Any:
        """A client with these keys: id, secret, token."""
        from botocore.config import Config

        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        once = Config(retries={"total_max_attempts": 1})
        return self.session.client(
            service, region, endpoint_url=self.endpoint_url, config=once, **dict(zip(names, keys, strict=False))
        )

    def assume(self, account: str) -> tuple[str, ...]:
        """The keys of an account's ROLE."""
        sts = self.client("sts", "us-east-1", "AKIAIOSFODNN7EXAMPLE", "unused")
        role = f"arn:aws:iam::{account}:role/{ROLE}"
        keys = sts.assume_role(RoleArn=role, RoleSessionName="world")["Credentials"]
        return keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]


# -- the organization, and what an account has once


def _organization(organizations: Any) -> None:
    from moto.organizations.models import organizations_backends

    organizations.create_organization(FeatureSet="ALL")
    backend = organizations_backends[MANAGEMENT]["aws"]
    for account in (*ACCOUNTS[1:], SUSPENDED, WITHOUT_ROLE):
        organizations.create_account(AccountName=f"northwind {account}", Email=f"{account}@example.com")
        # Moto makes up the number of an account; ours are known beforehand.
        made = backend.accounts[-1]
        organizations_backends.master_accounts[account] = organizations_backends.master_accounts.pop(made.id)
        made.id = account
    organizations.close_account(AccountId=SUSPENDED)


def _account(iam: Any, account: str) -> None:
    condition = {"StringEquals": {"sts:ExternalId": EXTERNAL_ID[account]}} if account in EXTERNAL_ID else {}
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}, "Action": "sts:AssumeRole"}
    _role(iam, ROLE, statement | ({"Condition": condition} if condition else {}), {})
    for name, policy in _managed_policies().items():
        if name == "dms-access-for-endpoint":
            services = ("dms.amazonaws.com", "redshift.amazonaws.com")
            _role(iam, name, [_trust(account, one) for one in services], {"managed": policy})
        else:
            _role(iam, name, _trust(account, "dms.amazonaws.com"), {"managed": policy})
    _role(iam, "secret-rotation", _trust(account, "lambda.amazonaws.com"), {})


def _trust(account: str, service: str) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }


def _role(iam: Any, name: str, trust: Any, policies: dict[str, Any]) -> str:
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    for policy, document in policies.items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
    return str(arn)


def _policy(statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@cache
def _managed_policies() -> dict[str, str]:
    """What AWS writes for the three roles of DMS, by role; moto has them only if told so at its start."""
    found = json.loads((_MIGRATION / "iam" / "get-account-authorization-details.json").read_text(encoding="utf-8"))
    documents = {one["PolicyName"]: one["PolicyVersionList"][0]["Document"] for one in found["Policies"]}
    roles = {
        "dms-vpc-role": "AmazonDMSVPCManagementRole",
        "dms-cloudwatch-logs-role": "AmazonDMSCloudWatchLogsRole",
        "dms-access-for-endpoint": "AmazonDMSRedshiftS3Role",
    }
    return {role: json.dumps(documents[policy]) for role, policy in roles.items()}


@cache
def _certificate() -> str:
    found = json.loads((_MIGRATION / "dms" / "describe-certificates.json").read_text(encoding="utf-8"))
    return str(found["Certificates"][0]["CertificatePem"])


@cache
def _code() -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("lambda_function.py", "def lambda_handler(event, context): pass\n")
        return file.getvalue()


def _key(kms: Any, account: str, alias: str, *, rotates: bool = True) -> str:
    owner = {"AWS": f"arn:aws:iam::{account}:root"}
    policy = _policy([{"Effect": "Allow", "Principal": owner, "Action": "kms:*", "Resource": "*"}])
    key = kms.create_key(Policy=policy, Tags=[{"TagKey": "project", "TagValue": "shop"}])["KeyMetadata"]
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    if rotates:
        kms.enable_key_rotation(KeyId=key["KeyId"])
    return str(key["Arn"])


# -- what a Region has


class Place:
    """A Region of an account."""

    def __init__(self, clients: Clients, account: str, region: str, foreign: str) -> None:
        self.clients, self.account, self.region, self.foreign = clients, account, region, foreign
        self.faults = {one.fault for one in PLANTED if (one.account, one.region) == (account, region)}

    def client(self, service: str) -> Any:
        return self.clients.of(self.account, self.region, service)

    def make(self) -> None:
        """Make everything that is there."""
        network = self.network()
        if (self.account, self.region) == EMPTY:
            return
        self.key = _key(self.client("kms"), self.account, "alias/dms", rotates="rotation-off" not in self.faults)
        self.trail()
        secret, reader = self.secret()
        bucket, writer = self.bucket()
        self.migration(network, secret, reader, bucket, writer)

    def network(self) -> dict[str, Any]:
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=self.region + zone)["Subnet"][
                "SubnetId"
            ]
            for n, zone in enumerate("ab")
        ]
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        for subnet in subnets:
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        doors, instance = (
            ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
            for name in ("doors", "dms")
        )
        https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
        ec2.authorize_security_group_ingress(
            GroupId=doors, IpPermissions=[{**https, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
        )
        if "open-group" in self.faults:
            ec2.authorize_security_group_ingress(
                GroupId=instance, IpPermissions=[{**https, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
            )
        for service in ("dms", "secretsmanager"):
            ec2.create_vpc_endpoint(
                VpcId=vpc,
                ServiceName=f"com.amazonaws.{self.region}.{service}",
                VpcEndpointType="Interface",
                SubnetIds=subnets,
                SecurityGroupIds=[doors],
                PrivateDnsEnabled=True,
                PolicyDocument=self.own(f"{service}:*"),
            )
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            ServiceName=f"com.amazonaws.{self.region}.s3",
            VpcEndpointType="Gateway",
            RouteTableIds=[table],
            PolicyDocument=self.own("s3:*"),
        )
        return {"subnets": subnets, "group": instance}

    def own(self, actions: str) -> str:
        """The policy of a VPC endpoint: principals of this account only."""
        mine = {"StringEquals": {"aws:PrincipalAccount": self.account}}
        return _policy([{"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": "*", "Condition": mine}])

    def trail(self) -> None:
        cloudtrail = self.client("cloudtrail")
        if self.region == REGIONS[0]:
            name = f"northwind-trail-{self.account}"
            self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": self.region})
            cloudtrail.create_trail(Name="all-regions", S3BucketName=name, IsMultiRegionTrail=True)
            cloudtrail.start_logging(Name="all-regions")
            every = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
            cloudtrail.put_event_selectors(
                TrailName="all-regions", EventSelectors=[{**every, "ExcludeManagementEventSources": []}]
            )

    def secret(self) -> tuple[str, str]:
        """The secret of the database, and the role that reads it."""
        function = self.client("lambda").create_function(
            FunctionName="rotate-dms",
            Runtime="python3.12",
            Role=f"arn:aws:iam::{self.account}:role/secret-rotation",
            Handler="lambda_function.lambda_handler",
            Code={"ZipFile": _code()},
            Environment={"Variables": {"EXCLUDE_CHARACTERS": "/@\"'\\;.:+{}*&,%$#!?^|<>()[]=~`"}},
        )["FunctionArn"]
        key = self.foreign if (self.account, self.region) == FOREIGN_KEY else self.key
        value = {"username": "dms_reader", "password": "n0t-a-real-0ne", "host": "10.0.0.200", "port": 3306}
        secret = self.client("secretsmanager").create_secret(
            Name="dms/shop-mysql", SecretString=json.dumps(value), KmsKeyId=key, Tags=TAGS
        )["ARN"]
        self.rotate(secret, function)
        statements = [
            {
                "Effect": "Allow",
                "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                "Resource": secret,
            },
            {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": key},
        ]
        trust = _trust(self.account, f"dms.{self.region}.amazonaws.com")
        if "trusts-everybody" in self.faults:
            trust = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
        role = _role(self.client("iam"), f"dms-secret-{self.region}", trust, {"secret": _policy(statements)})
        return secret, role

    def rotate(self, secret: str, function: str) -> None:
        from moto.secretsmanager.models import secretsmanager_backends

        # Moto's RotateSecret would run the function, in a container; what it leaves behind is this.
        found = secretsmanager_backends[self.account][self.region].secrets[secret]
        found.rotation_enabled = True
        found.rotation_requested = True
        found.rotation_lambda_arn = function
        found.auto_rotate_after_days = 30

    def bucket(self) -> tuple[str, str]:
        """The bucket of the lake, and the role that writes to it."""
        s3, name = self.client("s3"), f"northwind-lake-{self.account}-{self.region}"
        where = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        s3.create_bucket(Bucket=name, **where)
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.key}
        s3.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
        )
        bucket = f"arn:aws:s3:::{name}"
        objects = ["s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging", "s3:PutObjectAcl"]
        key = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
        statements = [
            {"Effect": "Allow", "Action": objects, "Resource": f"{bucket}/shop/*"},
            {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": bucket},
            {"Effect": "Allow", "Action": key, "Resource": self.key},
        ]
        trust = _trust(self.account, "dms.amazonaws.com")
        return name, _role(self.client("iam"), f"dms-lake-{self.region}", trust, {"lake": _policy(statements)})

    def migration(self, network: dict[str, Any], secret: str, reader: str, bucket: str, writer: str) -> None:
        dms = self.client("dms")
        tags = {"Tags": TAGS}
        certificate = dms.import_certificate(
            CertificateIdentifier="ca",
            CertificatePem=_certificate(),
            **({} if "untagged-certificate" in self.faults else tags),
        )["Certificate"]["CertificateArn"]
        dms.create_replication_subnet_group(
            ReplicationSubnetGroupIdentifier="private",
            ReplicationSubnetGroupDescription="Private subnets",
            SubnetIds=network["subnets"],
            **tags,
        )
        instance = dms.create_replication_instance(
            ReplicationInstanceIdentifier="shop",
            ReplicationInstanceClass="dms.r6i.large",
            ReplicationSubnetGroupIdentifier="private",
            VpcSecurityGroupIds=[network["group"]],
            MultiAZ=True,
            KmsKeyId=self.key,
            PubliclyAccessible="public-instance" in self.faults,
            **tags,
        )["ReplicationInstance"]["ReplicationInstanceArn"]
        login = {"SecretsManagerSecretId": secret, "SecretsManagerAccessRoleArn": reader}
        tls = {} if "no-tls" in self.faults else {"SslMode": "verify-full", "CertificateArn": certificate}
        key = {} if "default-key" in self.faults else {"KmsKeyId": self.key}
        mysql = {"EndpointType": "source", "EngineName": "mysql", **tags}
        source = self.endpoint("shop-mysql", MySQLSettings=login, **mysql, **tls, **key)
        lake = {
            "BucketName": bucket,
            "BucketFolder": "shop",
            "ServiceAccessRoleArn": writer,
            "EncryptionMode": "sse-kms",
            "ServerSideEncryptionKmsKeyId": self.key,
            "ExpectedBucketOwner": self.account,
        }
        target = self.endpoint("shop-lake", EndpointType="target", EngineName="s3", S3Settings=lake, **tags)
        if "lost-secret-and-key" in self.faults:
            lost = {
                "SecretsManagerSecretId": f"arn:aws:secretsmanager:{self.region}:{self.account}:secret:dms/lost-AbCdEf",
                "SecretsManagerAccessRoleArn": reader,
            }
            gone = f"arn:aws:kms:{self.region}:{self.account}:key/00000000-0000-4000-8000-000000000000"
            self.endpoint("lost-mysql", MySQLSettings=lost, KmsKeyId=gone, **mysql, **tls)
        for endpoint in (source, target):
            dms.test_connection(ReplicationInstanceArn=instance, EndpointArn=endpoint)
        dms.create_replication_task(
            ReplicationTaskIdentifier="shop-to-lake",
            SourceEndpointArn=source,
            TargetEndpointArn=target,
            ReplicationInstanceArn=instance,
            MigrationType="full-load-and-cdc",
            TableMappings=json.dumps({"rules": []}),
            ReplicationTaskSettings=json.dumps({"Logging": {"EnableLogging": "no-logs" not in self.faults}}),
            **tags,
        )
        dms.create_event_subscription(
            SubscriptionName="trouble",
            SnsTopicArn=f"arn:aws:sns:{self.region}:{self.account}:operations",
            SourceType="replication-task",
            EventCategories=["failure"],
            **tags,
        )

    def endpoint(self, name: str, **settings: Any) -> str:
        made = self.client("dms").create_endpoint(EndpointIdentifier=name, **settings)
        return str(made["Endpoint"]["EndpointArn"])
