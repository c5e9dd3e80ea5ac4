"""Single faults planted in the migration account, one at a time, and exactly which verdicts each of them changes.

The account as it stands fails nothing.  What a fault changes is the whole of what it changes: a rule that speaks of a
fault which is not its own shows here, and so does one that keeps silent.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from dms_lint.data.tables import pack_directory
from dms_lint.engine.evaluate import evaluate
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Refusal, Verdict
from dms_lint.rulepack.loader import load_pack
from tests.build import NOW
from tests.whole_accounts.test_accounts import ACCOUNTS, documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dms_lint.model import Document, Rule

ACCOUNT, REGION = "111122223333", "eu-west-1"
LAKE = "northwind-ledger-lake-111122223333"
DMS = f"arn:aws:dms:{REGION}:{ACCOUNT}"
NOBODY = {"Principal": {"AWS": "*"}, "Effect": "Allow", "Resource": "*"}


class Account:
    """The answers of the migration account, which may be changed in place, and read by the names in them."""

    def __init__(self) -> None:
        self.documents = [one._replace(body=copy.deepcopy(dict(one.body))) for one in _documents()]

    def answers(self, operation: str) -> Iterator[Any]:
        return (one.body for one in self.documents if one.operation == operation)

    def items(self, operation: str, listing: str) -> list[Any]:
        """The first page of a listing that is not empty, as it may be changed."""
        return next(body[listing] for body in self.answers(operation) if body.get(listing))

    def one(self, operation: str, listing: str, name: str) -> Any:
        """The item of a listing of which some member, or the tag Name, is that."""
        found = [
            item
            for body in self.answers(operation)
            for item in body.get(listing, ())
            if name in [value for value in item.values() if isinstance(value, str)]
            or {"Key": "Name", "Value": name} in item.get("Tags", ())
        ]
        assert len(found) == 1, (operation, name, len(found))
        return found[0]

    def about(self, operation: str, subject: str) -> Any:
        """The answer whose file is named after its subject."""
        (found,) = (one for one in self.documents if one.operation == operation and f".{subject}." in str(one.file))
        return found.body

    def refuse(self, operation: str, subject: str, code: str) -> None:
        for number, one in enumerate(self.documents):
            if one.operation == operation and f".{subject}." in str(one.file):
                self.documents[number] = one._replace(body={}, lines={}, refusal=Refusal(code, "not there"))

    # -- what is asked for most

    def endpoint(self, name: str) -> Any:
        return self.one("dms:DescribeEndpoints", "Endpoints", name)

    def instance(self, name: str) -> Any:
        return self.one("dms:DescribeReplicationInstances", "ReplicationInstances", name)

    def task(self, name: str) -> Any:
        return self.one("dms:DescribeReplicationTasks", "ReplicationTasks", name)

    def group(self, name: str) -> Any:
        return self.one("ec2:DescribeSecurityGroups", "SecurityGroups", name)

    def network_acl(self, name: str) -> Any:
        return self.one("ec2:DescribeNetworkAcls", "NetworkAcls", name)

    def routes(self, name: str) -> Any:
        return self.one("ec2:DescribeRouteTables", "RouteTables", name)

    def vpc_endpoint(self, name: str) -> Any:
        found = self.items("ec2:DescribeVpcEndpoints", "VpcEndpoints")
        return next(one for one in found if one["ServiceName"].endswith("." + name))

    def role(self, name: str) -> Any:
        return self.one("iam:GetAccountAuthorizationDetails", "RoleDetailList", name)

    def trust(self, role: str) -> Any:
        return self.role(role)["AssumeRolePolicyDocument"]["Statement"]

    def inline(self, role: str) -> Any:
        """The statements of a role's only inline policy, by Sid."""
        (policy,) = self.role(role)["RolePolicyList"]
        return {one.get("Sid"): one for one in policy["PolicyDocument"]["Statement"]}

    def managed(self, name: str) -> Any:
        """The statements of a managed policy."""
        policy = self.one("iam:GetAccountAuthorizationDetails", "Policies", name)
        return policy["PolicyVersionList"][0]["Document"]["Statement"]

    def statement(self, policy: str, sid: str) -> Any:
        return next(one for one in self.managed(policy) if one["Sid"] == sid)

    def secret(self, name: str) -> Any:
        return self.about("secretsmanager:DescribeSecret", name)

    def key_policy(self, alias: str, change: Callable[[list[Any]], None]) -> None:
        """Change the statements of a key's policy."""
        body = self.about("kms:GetKeyPolicy", key(alias))
        policy = json.loads(body["Policy"])
        change(policy["Statement"])
        body["Policy"] = json.dumps(policy)

    def settings(self, task: str, change: Callable[[Any], None]) -> None:
        """Change the settings of a task."""
        found = self.task(task)
        settings = json.loads(found["ReplicationTaskSettings"])
        change(settings)
        found["ReplicationTaskSettings"] = json.dumps(settings)


@cache
def _documents() -> tuple[Document, ...]:
    return tuple(documents(ACCOUNTS / "migration"))


@cache
def key(alias: str) -> str:
    """The id of a key by its alias."""
    for body in (one.body for one in _documents() if one.operation == "kms:ListAliases"):
        for one in body["Aliases"]:
            if one["AliasName"] == f"alias/{alias}":
                return str(one["TargetKeyId"])
    raise AssertionError(alias)


def vpce(service: str) -> str:
    return str(Account().vpc_endpoint(service)["VpcEndpointId"])


def drop(items: list[Any], **members: Any) -> None:
    """Remove the items that have these members from a list that has some."""
    kept = [one for one in items if any(one.get(name) != value for name, value in members.items())]
    assert len(kept) < len(items)
    items[:] = kept


class Planted(NamedTuple):
    """A fault: what is wrong, how it comes about, and which verdicts change to what."""

    name: str
    plant: Callable[[Account], None]
    changes: Mapping[str, str]
    """By verdict, rules and the resources they speak of: `{"fail": "TLS001 ledger-oracle; ..."}`."""


ORACLE, LEDGER_LAKE = "ledger -> ledger-oracle", "ledger -> ledger-lake"
MYSQL, WAREHOUSE = "shop -> shop-mysql", "shop -> shop-warehouse"


def each(rules: str, *resources: str) -> str:
    return "; ".join(f"{rule} {resource}" for rule in rules.split() for resource in resources)


# -- transport and certificates


def certificate_removed(account: Account) -> None:
    drop(account.items("dms:DescribeCertificates", "Certificates"), CertificateIdentifier="rds-bundle")


def oracle_in_clear(account: Account) -> None:
    account.endpoint("ledger-oracle")["SslMode"] = "none"


def mysql_unverified(account: Account) -> None:
    account.endpoint("shop-mysql")["SslMode"] = "verify-ca"


def mysql_require(account: Account) -> None:
    account.endpoint("shop-mysql")["SslMode"] = "require"


def certificate_not_set(account: Account) -> None:
    del account.endpoint("shop-mysql")["CertificateArn"]


def wallet_for_mysql(account: Account) -> None:
    account.endpoint("shop-mysql")["CertificateArn"] = account.endpoint("ledger-oracle")["CertificateArn"]


def wallet_expired(account: Account) -> None:
    account.one("dms:DescribeCertificates", "Certificates", "ledger-wallet")["ValidToDate"] = (
        "2026-10-01T00:00:00+00:00"
    )


def wallet_ends_soon(account: Account) -> None:
    account.one("dms:DescribeCertificates", "Certificates", "ledger-wallet")["ValidToDate"] = (
        "2026-12-10T00:00:00+00:00"
    )


def reader_named(account: Account) -> None:
    found = account.about("secretsmanager:GetSecretValue", "dms-shop-mysql")["Derived"]
    found["Host"] = found["Host"].replace(".cluster-", ".cluster-ro-")


def transactions_of_a_thousand(account: Account) -> None:
    account.settings("ledger-to-lake", lambda found: found["ChangeProcessingTuning"].update(MinTransactionSize=1000))


def connection_failed(account: Account) -> None:
    account.one("dms:DescribeConnections", "Connections", "shop-mysql")["Status"] = "failed"


# -- keys


def key_disabled(account: Account) -> None:
    account.about("kms:DescribeKey", key("dms-endpoints"))["KeyMetadata"].update(Enabled=False, KeyState="Disabled")


def target_key_deleted(account: Account) -> None:
    account.about("kms:DescribeKey", key("data-lake"))["KeyMetadata"].update(
        Enabled=False, KeyState="PendingDeletion", DeletionDate="2026-12-20T00:00:00+00:00"
    )


def lake_key_without_role(account: Account) -> None:
    def without(statements: list[Any]) -> None:
        drop(statements, Sid="Allow use of the key")

    account.key_policy("data-lake", without)
    drop(account.role("dms-lake-writer")["RolePolicyList"][0]["PolicyDocument"]["Statement"], Sid="Key")


def grants_unbounded(account: Account) -> None:
    def unbounded(statements: list[Any]) -> None:
        del next(one for one in statements if "Condition" in one)["Condition"]

    account.key_policy("data-lake", unbounded)


def key_open(account: Account) -> None:
    account.key_policy("warehouse", lambda statements: statements.append({**NOBODY, "Action": "kms:Decrypt"}))


def key_rotation_off(account: Account) -> None:
    found = account.about("kms:GetKeyRotationStatus", key("dms-instances"))
    found.clear()
    found.update(KeyRotationEnabled=False, KeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key('dms-instances')}")


def operator_without_grants(account: Account) -> None:
    for alias in ("dms-endpoints", "dms-instances"):
        account.key_policy(alias, lambda statements: drop(statements, Sid="Allow attachment of persistent resources"))
        account.key_policy(alias, lambda statements: drop(statements, Sid="Allow use of the key"))
    drop(account.managed("migration-operator"), Sid="KeyGrants")


# -- targets


def bucket_missing(account: Account) -> None:
    drop(account.items("s3:ListBuckets", "Buckets"), Name=LAKE)
    for operation, code in (
        ("HeadBucket", "404"),
        ("GetBucketLocation", "NoSuchBucket"),
        ("GetBucketEncryption", "NoSuchBucket"),
    ):
        account.refuse(f"s3:{operation}", LAKE, code)


def bucket_elsewhere(account: Account) -> None:
    drop(account.items("s3:ListBuckets", "Buckets"), Name=LAKE)
    del account.endpoint("ledger-lake")["S3Settings"]["ExpectedBucketOwner"]


def objects_public(account: Account) -> None:
    account.endpoint("ledger-lake")["S3Settings"]["CannedAclForObjects"] = "public-read"


def writer_untrusting(account: Account) -> None:
    account.trust("dms-lake-writer")[0]["Principal"] = {"Service": "ec2.amazonaws.com"}


def writer_may_not_put(account: Account) -> None:
    account.inline("dms-lake-writer")["Objects"]["Action"].remove("s3:PutObject")


def writer_puts_anywhere(account: Account) -> None:
    account.inline("dms-lake-writer")["Objects"]["Resource"] = "*"


# -- roles


def vpc_role_removed(account: Account) -> None:
    drop(account.items("iam:GetAccountAuthorizationDetails", "RoleDetailList"), RoleName="dms-vpc-role")


def vpc_role_of_old(account: Account) -> None:
    """A copy of AWS's policy from before 2024, in its place."""
    role = account.role("dms-vpc-role")
    role["AttachedManagedPolicies"].clear()
    actions = ["ec2:DescribeAvailabilityZones", "ec2:DescribeInternetGateways", "ec2:DescribeSecurityGroups"]
    actions += ["ec2:DescribeSubnets", "ec2:DescribeVpcs", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"]
    statement = {"Effect": "Allow", "Action": [*actions, "ec2:ModifyNetworkInterfaceAttribute"], "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    role["RolePolicyList"] = [{"PolicyName": "copied", "PolicyDocument": document}]


def logs_role_without_policy(account: Account) -> None:
    account.role("dms-cloudwatch-logs-role")["AttachedManagedPolicies"].clear()


def access_role_without_redshift(account: Account) -> None:
    del account.trust("dms-access-for-endpoint")[1]


def outsider_trusted(account: Account) -> None:
    account.trust("dms-lake-writer").append(
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "sts:AssumeRole"}
    )


def deputy_confused(account: Account) -> None:
    del account.trust("dms-cloudwatch-logs-role")[0]["Condition"]


# -- who manages DMS


def pass_role_unbounded(account: Account) -> None:
    found = account.statement("migration-operator", "Pass")
    found["Resource"] = "*"
    del found["Condition"]


def operator_unknown(account: Account) -> None:
    found = account.statement("migration-operator", "Reload")
    found["Condition"] = {"streq": found["Condition"]["StringEquals"]}


def arn_with_a_slash(account: Account) -> None:
    account.statement("migration-operator", "Reload")["Resource"] = f"{DMS}:task/*"


def action_unknown(account: Account) -> None:
    account.statement("migration-oncall", "Look")["Action"].append("dms:RestartReplicationTask")


def full_access(account: Account) -> None:
    account.managed("migration-operator").append(
        {"Sid": "Everything", "Effect": "Allow", "Action": "dms:*", "Resource": "*"}
    )


def roles_created(account: Account) -> None:
    account.statement("migration-operator", "Roles").update(Action=["iam:GetRole", "iam:CreateRole"], Resource="*")


def action_on_the_wrong_type(account: Account) -> None:
    account.managed("migration-operator").append(
        {
            "Sid": "Move",
            "Effect": "Allow",
            "Action": "dms:MoveReplicationTask",
            "Resource": f"{DMS}:task:*",
        }
    )


def condition_key_unknown(account: Account) -> None:
    found = account.statement("migration-operator", "Reload")
    found["Condition"] = {"StringEquals": {"dms:InstanceClass": "dms.t3.medium"}}


def tag_nobody_has(account: Account) -> None:
    found = account.statement("migration-operator", "Reload")
    found["Condition"] = {"StringEquals": {"dms:task-tag/stage": "production"}}


def no_mfa(account: Account) -> None:
    del account.statement("migration-oncall", "Tasks")["Condition"]


def old_access_key(account: Account) -> None:
    account.about("iam:ListAccessKeys", "oncall")["AccessKeyMetadata"].append(
        {
            "UserName": "oncall",
            "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "Status": "Active",
            "CreateDate": "2024-11-20T10:00:00+00:00",
        }
    )


def root_keys(account: Account) -> None:
    next(account.answers("iam:GetAccountSummary"))["SummaryMap"]["AccountAccessKeysPresent"] = 1


def root_without_mfa(account: Account) -> None:
    next(account.answers("iam:GetAccountSummary"))["SummaryMap"]["AccountMFAEnabled"] = 0


def operator_without_secrets(account: Account) -> None:
    drop(account.managed("migration-operator"), Sid="Secrets")


def operator_without_network(account: Account) -> None:
    account.statement("migration-operator", "Network")["Action"].remove("ec2:CreateNetworkInterface")


# -- secrets


def regional_principal_missing(account: Account) -> None:
    account.trust("dms-secret-oracle")[0]["Principal"] = {"Service": "dms.amazonaws.com"}


def secret_unreadable(account: Account) -> None:
    account.inline("dms-secret-oracle")["Secret"]["Action"].remove("secretsmanager:GetSecretValue")


def secret_undecipherable(account: Account) -> None:
    account.inline("dms-secret-mysql")["Key"]["Action"].remove("kms:Decrypt")

    def without(statements: list[Any]) -> None:
        found = next(one for one in statements if one["Sid"] == "Allow use of the key")
        found["Principal"]["AWS"].remove(f"arn:aws:iam::{ACCOUNT}:role/dms-secret-mysql")

    account.key_policy("secrets", without)


def secret_deleted(account: Account) -> None:
    deleted = {"DeletedDate": "2026-11-20T08:00:00+00:00"}
    account.secret("dms-shop-mysql").update(deleted)
    account.one("secretsmanager:ListSecrets", "SecretList", "dms/shop-mysql").update(deleted)


def secret_not_rotated(account: Account) -> None:
    for found in (
        account.secret("dms-shop-mysql"),
        account.one("secretsmanager:ListSecrets", "SecretList", "dms/shop-mysql"),
    ):
        found["RotationEnabled"] = False


def characters_not_excluded(account: Account) -> None:
    found = account.about("lambda:GetFunctionConfiguration", "rotate-dms-oracle")
    del found["Environment"]["Variables"]["EXCLUDE_CHARACTERS"]


def password_with_a_semicolon(account: Account) -> None:
    account.about("secretsmanager:GetSecretValue", "dms-shop-redshift")["Derived"]["PasswordCharacters"].append(";")


def task_older_than_password(account: Account) -> None:
    found = account.task("shop-to-warehouse")
    found["ReplicationTaskStartDate"] = found["ReplicationTaskStats"]["StartDate"] = "2026-09-30T08:00:00+00:00"


def reader_reads_all(account: Account) -> None:
    account.inline("dms-secret-redshift")["Secret"]["Resource"] = "*"


def secrets_endpoint_removed(account: Account) -> None:
    found = account.vpc_endpoint("secretsmanager")
    account.items("ec2:DescribeVpcEndpoints", "VpcEndpoints").remove(found)


def endpoint_group_closed(account: Account) -> None:
    account.group("interface-endpoints")["IpPermissions"][0].update(FromPort=8443, ToPort=8443)


def secrets_endpoint_not_named(account: Account) -> None:
    account.vpc_endpoint("secretsmanager")["PrivateDnsEnabled"] = False


# -- network


def public_instance(account: Account) -> None:
    account.instance("ledger")["PubliclyAccessible"] = True


def egress_to_another_port(account: Account) -> None:
    account.group("dms-ledger")["IpPermissionsEgress"][0].update(FromPort=1521, ToPort=1521)


def egress_closed(account: Account) -> None:
    account.group("dms-shop")["IpPermissionsEgress"].clear()


def ingress_of_another_group(account: Account) -> None:
    found = account.group("oracle")["IpPermissions"][0]["UserIdGroupPairs"][0]
    found["GroupId"] = account.group("dms-shop")["GroupId"]


def acl_denies_answers(account: Account) -> None:
    drop(account.network_acl("dms")["Entries"], Egress=False, RuleNumber=100)


def no_way_back(account: Account) -> None:
    drop(account.routes("databases")["Routes"], DestinationCidrBlock="10.60.0.0/16")


def blackhole(account: Account) -> None:
    found = next(one for one in account.routes("dms-isolated")["Routes"] if "VpcPeeringConnectionId" in one)
    found["State"] = "blackhole"


def s3_gateway_elsewhere(account: Account) -> None:
    isolated, gateway = account.routes("dms-isolated"), account.vpc_endpoint("s3")
    gateway["RouteTableIds"].remove(isolated["RouteTableId"])
    drop(isolated["Routes"], GatewayId=gateway["VpcEndpointId"])


def api_endpoint_not_named(account: Account) -> None:
    account.vpc_endpoint("dms")["PrivateDnsEnabled"] = False


def api_endpoint_policy_full(account: Account) -> None:
    account.vpc_endpoint("dms")["PolicyDocument"] = json.dumps(
        {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}
    )


def database_open(account: Account) -> None:
    account.group("oracle")["IpPermissions"][0]["IpRanges"].append({"CidrIp": "0.0.0.0/0"})


def instance_open(account: Account) -> None:
    account.group("dms-shop")["IpPermissions"].append(
        {
            "IpProtocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "UserIdGroupPairs": [],
            "IpRanges": [{"CidrIp": "0.0.0.0/1"}, {"CidrIp": "128.0.0.0/1"}],
            "Ipv6Ranges": [],
            "PrefixListIds": [],
        }
    )


# -- operations


def single_az(account: Account) -> None:
    found = account.instance("ledger")
    found["MultiAZ"] = False
    del found["SecondaryAvailabilityZone"]
    del found["ReplicationInstancePrivateIpAddresses"][1]


def one_az(account: Account) -> None:
    for found in (
        account.one("dms:DescribeReplicationSubnetGroups", "ReplicationSubnetGroups", "dms-shop"),
        account.instance("shop")["ReplicationSubnetGroup"],
    ):
        found["Subnets"][1]["SubnetAvailabilityZone"]["Name"] = f"{REGION}a"
    account.one("ec2:DescribeSubnets", "Subnets", "dms-nat-b")["AvailabilityZone"] = f"{REGION}a"


def logging_off(account: Account) -> None:
    account.settings("ledger-to-lake", lambda found: found["Logging"].update(EnableLogging=False))


def source_logging_low(account: Account) -> None:
    def low(found: Any) -> None:
        for one in found["Logging"]["LogComponents"]:
            if one["Id"] == "SOURCE_CAPTURE":
                one["Severity"] = "LOGGER_SEVERITY_ERROR"

    account.settings("ledger-to-lake", low)


def trail_stopped(account: Account) -> None:
    account.about("cloudtrail:GetTrailStatus", "all-regions")["IsLogging"] = False


def trail_without_keys(account: Account) -> None:
    selector = account.about("cloudtrail:GetEventSelectors", "all-regions")["EventSelectors"][0]
    selector["ExcludeManagementEventSources"].append("kms.amazonaws.com")


def minor_upgrades_off(account: Account) -> None:
    account.instance("shop")["AutoMinorVersionUpgrade"] = False


def subscription_off(account: Account) -> None:
    account.one("dms:DescribeEventSubscriptions", "EventSubscriptionsList", "task-trouble")["Enabled"] = False


def endpoint_untagged(account: Account) -> None:
    arn = account.endpoint("ledger-lake")["EndpointArn"]
    drop(account.items("dms:ListTagsForResource", "TagList"), ResourceArn=arn)
    account.items("dms:ListTagsForResource", "TagList").append(
        {"Key": "aws:cloudformation:stack-name", "Value": "lake", "ResourceArn": arn}
    )


PLANTED = (
    Planted(
        "the CA certificate of the MySQL endpoint was deleted",
        certificate_removed,
        {
            "fail": "TLS006 shop-mysql",
            "gone": each("CRT001 CRT002 CRT003 CRT004 CRT005 CRT006 TAG001", "rds-bundle"),
            "not-applicable": each("TLS007 TLS016", "shop-mysql"),
        },
    ),
    Planted(
        "the Oracle source is read in clear",
        oracle_in_clear,
        {
            "fail": "TLS001 ledger-oracle; TLS011 ledger-to-lake",
            "not-applicable": each("TLS003 TLS005 TLS016", "ledger-oracle") + "; TLS009 ledger-to-lake",
        },
    ),
    Planted("the name of the MySQL server is not verified", mysql_unverified, {"fail": "TLS004 shop-mysql"}),
    Planted(
        "MySQL is asked for an SSL mode that it has not",
        mysql_require,
        {"fail": "TLS002 shop-mysql", "not-applicable": each("TLS003 TLS004 TLS005 TLS016", "shop-mysql")},
    ),
    Planted(
        "the MySQL endpoint verifies without a certificate",
        certificate_not_set,
        {
            "fail": "TLS005 shop-mysql; CRT006 rds-bundle",
            "not-applicable": each("TLS006 TLS007 TLS016", "shop-mysql"),
        },
    ),
    Planted(
        "the MySQL endpoint names an Oracle wallet",
        wallet_for_mysql,
        {"fail": "TLS007 shop-mysql; CRT006 rds-bundle", "unknown": "TLS016 shop-mysql"},
    ),
    Planted(
        "the Oracle wallet has expired",
        wallet_expired,
        {"fail": "CRT003 ledger-wallet", "not-applicable": "CRT004 ledger-wallet"},
    ),
    Planted("the Oracle wallet ends in three weeks", wallet_ends_soon, {"fail": "CRT004 ledger-wallet"}),
    Planted("the MySQL endpoint reads from Aurora's reader", reader_named, {"fail": "TLS008 shop-mysql"}),
    Planted(
        "a CDC task from Oracle over SSL keeps the transaction size of old",
        transactions_of_a_thousand,
        {"fail": "TLS009 ledger-to-lake"},
    ),
    Planted("the connection with MySQL fails", connection_failed, {"fail": "TLS012 shop-mysql"}),
    Planted(
        "the key of the endpoints is disabled",
        key_disabled,
        {"fail": each("KMS003", "ledger-oracle", "shop-mysql", "shop-warehouse")},
    ),
    # Who may use a key that is going, and whether it rotates, does not matter any more.
    Planted(
        "the key of the lake is to be deleted",
        target_key_deleted,
        {
            "fail": "TGT004 ledger-lake",
            "not-applicable": f"KMS007 ledger-lake; KMS010 {key('data-lake')}",
        },
    ),
    Planted("the lake's role may not use the lake's key", lake_key_without_role, {"fail": "KMS007 ledger-lake"}),
    Planted("the lake's role may lend the key to anyone", grants_unbounded, {"fail": f"KMS008 {key('data-lake')}"}),
    Planted("anybody may decrypt with the warehouse's key", key_open, {"fail": f"KMS009 {key('warehouse')}"}),
    Planted("the key of the instances does not rotate", key_rotation_off, {"fail": f"KMS010 {key('dms-instances')}"}),
    Planted("the operator may not use the keys", operator_without_grants, {"fail": "KMS006 MigrationOperator"}),
    # A bucket that is not there is in no Region, so nobody can say whether the task leaves its own.
    Planted(
        "the bucket of the lake does not exist",
        bucket_missing,
        {"fail": "TGT013 ledger-lake", "unknown": "NET016 ledger-to-lake"},
    ),
    Planted("the lake is another account's, and nobody checks whose", bucket_elsewhere, {"fail": "TGT011 ledger-lake"}),
    Planted("the lake's objects are public", objects_public, {"fail": "TGT012 ledger-lake"}),
    Planted(
        "the lake's role trusts EC2 and not DMS",
        writer_untrusting,
        {
            "fail": "TGT007 ledger-lake",
            "not-applicable": each("ROLE010 ROLE011", "dms-lake-writer") + "; IAM005 trust policy of dms-lake-writer",
        },
    ),
    Planted("the lake's role may not put objects", writer_may_not_put, {"fail": "TGT008 ledger-lake"}),
    Planted("the lake's role puts objects into any bucket", writer_puts_anywhere, {"fail": "TGT009 ledger-lake"}),
    Planted(
        "dms-vpc-role rests on a policy of old",
        vpc_role_of_old,
        {
            "fail": f"ROLE012 {ACCOUNT}",
            "not-applicable": each(
                "IAM002 IAM003 IAM004 IAM005 IAM006 IAM007 IAM009 IAM010 IAM011", "copied of role dms-vpc-role"
            ),
        },
    ),
    Planted(
        "dms-vpc-role is gone",
        vpc_role_removed,
        {
            "fail": f"ROLE001 {ACCOUNT}",
            "not-applicable": each("ROLE002 ROLE003 ROLE012", ACCOUNT)
            # Whoever makes roles may still have one to make.
            + "; "
            + each("IAM004", "migration-operator", "migration-oncall"),
            "gone": each("ROLE010 ROLE011", "dms-vpc-role")
            + "; "
            + each("IAM001 IAM008 IAM014 IAM015 KMS006", "dms-vpc-role")
            + "; "
            + each("IAM002 IAM003 IAM004 IAM005 IAM006 IAM007 IAM009 IAM010 IAM011", "trust policy of dms-vpc-role"),
        },
    ),
    Planted("dms-cloudwatch-logs-role has lost its policy", logs_role_without_policy, {"fail": f"ROLE006 {ACCOUNT}"}),
    Planted(
        "dms-access-for-endpoint does not trust Redshift", access_role_without_redshift, {"fail": f"ROLE008 {ACCOUNT}"}
    ),
    Planted("the lake's role trusts another account", outsider_trusted, {"fail": "ROLE010 dms-lake-writer"}),
    Planted(
        "DMS of any account may assume the logs role", deputy_confused, {"fail": "ROLE011 dms-cloudwatch-logs-role"}
    ),
    Planted(
        "the operator may pass every role to every service", pass_role_unbounded, {"fail": "IAM003 migration-operator"}
    ),
    Planted("a policy compares with streq", operator_unknown, {"fail": "IAM005 migration-operator"}),
    Planted("a policy writes task/* for task:*", arn_with_a_slash, {"fail": "IAM007 migration-operator"}),
    Planted("a policy allows an action that DMS has not", action_unknown, {"fail": "IAM006 migration-oncall"}),
    Planted("a policy allows all of DMS", full_access, {"fail": "IAM002 migration-operator"}),
    Planted("the operator may create any role", roles_created, {"fail": "IAM004 migration-operator"}),
    Planted(
        "an action that needs an instance is allowed on tasks alone",
        action_on_the_wrong_type,
        {"fail": "IAM009 migration-operator"},
    ),
    Planted(
        "a condition asks for a key that DMS has not",
        condition_key_unknown,
        # There is no condition on a tag any more.
        {"fail": "IAM010 migration-operator", "not-applicable": "IAM011 migration-operator"},
    ),
    Planted("a condition asks for a tag that no task has", tag_nobody_has, {"fail": "IAM011 migration-operator"}),
    Planted("the one on call may delete tasks without MFA", no_mfa, {"fail": "IAM008 oncall"}),
    Planted("the one on call has an access key of two years", old_access_key, {"fail": "IAM014 oncall"}),
    Planted("root has access keys", root_keys, {"fail": f"IAM012 {ACCOUNT}"}),
    Planted("root has no MFA", root_without_mfa, {"fail": f"IAM013 {ACCOUNT}"}),
    Planted(
        "the operator may not describe the secrets", operator_without_secrets, {"fail": "IAM015 MigrationOperator"}
    ),
    Planted(
        "the operator may not make network interfaces", operator_without_network, {"fail": "IAM001 MigrationOperator"}
    ),
    Planted(
        "the secret's role trusts DMS, and not DMS of the Region",
        regional_principal_missing,
        {"fail": "SEC016 ledger-oracle"},
    ),
    Planted("the secret's role may not read the secret", secret_unreadable, {"fail": "SEC010 ledger-oracle"}),
    Planted("the secret's role may not decrypt the secret", secret_undecipherable, {"fail": "SEC011 shop-mysql"}),
    Planted(
        "the secret of MySQL is to be deleted",
        secret_deleted,
        {
            "fail": "SEC007 shop-mysql",
            "not-applicable": each("SEC008 SEC009 SEC010 SEC011 SEC012 SEC013 SEC020 SEC021 SEC022", "shop-mysql"),
        },
    ),
    Planted(
        "the secret of MySQL is not rotated",
        secret_not_rotated,
        {"fail": "SEC012 shop-mysql", "not-applicable": "SEC013 shop-mysql"},
    ),
    Planted(
        "the rotation of Oracle's password excludes no characters",
        characters_not_excluded,
        {"fail": "SEC013 ledger-oracle; SEC020 ledger-oracle"},
    ),
    Planted("the password of Redshift has a semicolon", password_with_a_semicolon, {"fail": "SEC009 shop-warehouse"}),
    Planted(
        "a task has run since before the password changed",
        task_older_than_password,
        {"fail": "SEC014 shop-to-warehouse"},
    ),
    Planted("the secret's role may read every secret", reader_reads_all, {"fail": "SEC015 shop-warehouse"}),
    Planted(
        "a private instance has no way to Secrets Manager",
        secrets_endpoint_removed,
        {
            "fail": "SEC017 ledger",
            "not-applicable": "SEC018 ledger; SEC019 ledger-oracle",
            "gone": each("NET012 NET013", vpce("secretsmanager")),
        },
    ),
    Planted(
        "the VPC endpoints' group admits no HTTPS",
        endpoint_group_closed,
        {"fail": f"SEC018 ledger; NET013 {vpce('dms')}"},
    ),
    Planted(
        "private DNS of the Secrets Manager endpoint is off",
        secrets_endpoint_not_named,
        {"fail": "SEC019 ledger-oracle"},
    ),
    Planted("an instance is publicly accessible", public_instance, {"fail": "NET001 ledger"}),
    Planted("the instance may reach Oracle's old port only", egress_to_another_port, {"fail": f"NET002 {ORACLE}"}),
    Planted(
        "the instance's group lets nothing out",
        egress_closed,
        {"fail": "NET006 shop", "not-applicable": each("NET002", MYSQL, WAREHOUSE)},
    ),
    Planted("Oracle admits the other instance's group", ingress_of_another_group, {"fail": f"NET003 {ORACLE}"}),
    Planted(
        "the network ACL lets no answers in",
        acl_denies_answers,
        {"fail": each("NET004", ORACLE, MYSQL, WAREHOUSE) + "; SEC018 ledger"},
    ),
    Planted(
        "the databases' VPC has no route back",
        no_way_back,
        {
            "fail": each("NET014", ORACLE, MYSQL, WAREHOUSE),
            "not-applicable": each("NET005 NET007", ORACLE, MYSQL, WAREHOUSE),
        },
    ),
    Planted(
        "the route to the databases is a blackhole",
        blackhole,
        {"fail": f"NET014 {ORACLE}", "not-applicable": each("NET005 NET007", ORACLE)},
    ),
    Planted(
        "the S3 gateway endpoint is in another route table", s3_gateway_elsewhere, {"fail": f"NET017 {LEDGER_LAKE}"}
    ),
    Planted(
        "private DNS of the DMS endpoint is off", api_endpoint_not_named, {"fail": each("NET011", "ledger", "shop")}
    ),
    Planted(
        "the policy of the DMS endpoint allows everything", api_endpoint_policy_full, {"fail": f"NET012 {vpce('dms')}"}
    ),
    Planted("Oracle is open to the world", database_open, {"fail": "NET021 ledger-oracle"}),
    Planted("two ranges open the instance to the world", instance_open, {"fail": "NET020 shop"}),
    Planted("an instance is in one zone", single_az, {"fail": "HA001 ledger"}),
    Planted("both subnets of a group are in one zone", one_az, {"fail": "HA002 dms-shop"}),
    Planted(
        "a task does not log",
        logging_off,
        {"fail": "LOG001 ledger-to-lake", "not-applicable": each("LOG003 LOG004", "ledger-to-lake")},
    ),
    Planted("a task logs only errors of its source", source_logging_low, {"fail": "LOG003 ledger-to-lake"}),
    Planted("the trail is stopped", trail_stopped, {"fail": f"LOG002 {REGION}"}),
    Planted("the trail leaves the use of keys out", trail_without_keys, {"fail": f"LOG002 {REGION}"}),
    Planted("an instance takes no minor upgrades", minor_upgrades_off, {"fail": "OPS001 shop"}),
    Planted("an event subscription is off", subscription_off, {"fail": "OPS004 task-trouble"}),
    Planted("an endpoint has only AWS's own tags", endpoint_untagged, {"fail": "TAG005 ledger-lake"}),
)


# Faults that hide one of those planted before them, or are hidden.
APART = (
    "MySQL is asked for an SSL mode that it has not",
    "the MySQL endpoint verifies without a certificate",
    "the MySQL endpoint names an Oracle wallet",
    "the Oracle wallet ends in three weeks",
    "a CDC task from Oracle over SSL keeps the transaction size of old",
    "the lake's role may not use the lake's key",
    "the lake is another account's, and nobody checks whose",
    "the lake's role trusts another account",
    "dms-vpc-role rests on a policy of old",
    "a policy compares with streq",
    "the operator may create any role",
    "an action that needs an instance is allowed on tasks alone",
    "a condition asks for a tag that no task has",
    "the secret of MySQL is to be deleted",
    "the VPC endpoints' group admits no HTTPS",
    "private DNS of the Secrets Manager endpoint is off",
    "the network ACL lets no answers in",
    "Oracle is open to the world",
    "both subnets of a group are in one zone",
    "a task logs only errors of its source",
)


def together(*, apart: bool = False) -> Account:
    """The account with every fault that shows beside the others; or with those that do not."""
    account = Account()
    for planted in PLANTED:
        if (planted.name in APART) is apart:
            planted.plant(account)
    return account


def verdicts(account: Account) -> dict[str, Verdict]:
    outcome = evaluate(load_pack_once(), Inventory(account.documents, NOW), all_verdicts=True)
    assert outcome.faults == ()
    return {f"{one.rule.id} {one.resource.name}": one.verdict for one in outcome.findings}


@cache
def load_pack_once() -> tuple[Rule, ...]:
    return load_pack(pack_directory()).rules


@cache
def before() -> Mapping[str, Verdict]:
    return verdicts(Account())


def test_nothing_fails_before() -> None:
    assert [name for name, verdict in before().items() if verdict is Verdict.FAIL] == []


def test_faults_planted_together_show_all_the_same() -> None:
    after = verdicts(together())
    for planted in PLANTED:
        for name in planted.changes.get("fail", "").split("; "):
            if planted.name not in APART and name:
                assert after[name] is Verdict.FAIL, f"{planted.name}: {name}"


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: one.name)
def test_a_fault_changes_these_verdicts_and_no_other(planted: Planted) -> None:
    expected = {name: verdict for verdict, names in planted.changes.items() for name in names.split("; ")}
    account = Account()
    planted.plant(account)
    after = verdicts(account)
    changed = {
        name: str(after.get(name, "gone"))
        for name in before().keys() | after.keys()
        if before().get(name) is not after.get(name)
    }
    assert dict(sorted(changed.items())) == dict(sorted(expected.items()))
