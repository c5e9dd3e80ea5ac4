"""What a Region of an account has: a network, a key, a secret, a bucket, and a migration between them."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from tests.aws.clients import Clients

MIGRATION: Final = Path(__file__).parent.parent / "accounts" / "migration"
TAGS: Final = [{"Key": "project", "Value": "shop"}]


def trust_of(account: str, service: str) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }


def make_role(iam: Any, name: str, trust: Any, policies: dict[str, Any]) -> str:
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy_of(trust))["Role"]["Arn"]
    for policy, document in policies.items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
    return str(arn)


def policy_of(statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@cache
def _certificate() -> str:
    found = json.loads((MIGRATION / "dms" / "describe-certificates.json").read_text(encoding="utf-8"))
    return str(found["Certificates"][0]["CertificatePem"])


@cache
def _code() -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("lambda_function.py", "def lambda_handler(event, context): pass\n")
        return file.getvalue()


def make_key(kms: Any, account: str, alias: str, *, rotates: bool = True, users: tuple[str, ...] = ()) -> str:
    owner = {"AWS": f"arn:aws:iam::{account}:root"}
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Principal": owner, "Action": "kms:*", "Resource": "*"}]
    for user in users:
        other = {"AWS": f"arn:aws:iam::{user}:root"}
        use = ["kms:Decrypt", "kms:DescribeKey"]
        statements.append({"Effect": "Allow", "Principal": other, "Action": use, "Resource": "*"})
    policy = policy_of(statements)
    key = kms.create_key(Policy=policy, Tags=[{"TagKey": "project", "TagValue": "shop"}])["KeyMetadata"]
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    if rotates:
        kms.enable_key_rotation(KeyId=key["KeyId"])
    return str(key["Arn"])


class Place:
    """A Region of an account."""

    def __init__(self, clients: Clients, account: str, region: str, faults: AbstractSet[str]) -> None:
        self.clients, self.account, self.region, self.faults = clients, account, region, faults
        self.secret_key = ""
        """The key of the secret, where it is not the Region's own."""
        self.has_trail = False
        """Whether the account's trail is at home here."""
        self.migrates = True
        """Whether there is anything of DMS."""

    def client(self, service: str) -> Any:
        return self.clients.of(self.account, self.region, service)

    def make(self) -> None:
        """Make everything that is there."""
        network = self.network()
        if not self.migrates:
            return
        self.key = make_key(self.client("kms"), self.account, "alias/dms", rotates="rotation-off" not in self.faults)
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
        return policy_of([{"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": "*", "Condition": mine}])

    def trail(self) -> None:
        cloudtrail = self.client("cloudtrail")
        if self.has_trail:
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
        key = self.secret_key or self.key
        value = {"username": "dms_reader", "password": "n0t-a-real-0ne", "host": "10.0.0.200", "port": 3306}
        # Without a key of one's own Secrets Manager uses the one that AWS manages for it: that is no fault.
        named = {} if "default-key" in self.faults else {"KmsKeyId": key}
        secret = self.client("secretsmanager").create_secret(
            Name="dms/shop-mysql", SecretString=json.dumps(value), Tags=TAGS, **named
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
        trusted = trust_of(self.account, f"dms.{self.region}.amazonaws.com")
        if "trusts-everybody" in self.faults:
            trusted = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
        role = make_role(self.client("iam"), f"dms-secret-{self.region}", trusted, {"secret": policy_of(statements)})
        return secret, role

    def rotate(self, secret: str, function: str) -> None:
        from moto.secretsmanager.models import secretsmanager_backends

        # Moto's RotateSecret would run the function, in a container; what it leaves behind is this.
        found: Any = secretsmanager_backends[self.account][self.region].secrets[secret]
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
        trusted = trust_of(self.account, "dms.amazonaws.com")
        return name, make_role(self.client("iam"), f"dms-lake-{self.region}", trusted, {"lake": policy_of(statements)})

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
