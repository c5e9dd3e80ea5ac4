"""What AWS adds to the DMS resources that are made: defaults, statuses, and what they say of a VPC or a certificate."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Faulty(Exception):
    """An error that AWS answers: its code, its message."""


class Made(NamedTuple):
    """What is being made, and where."""

    account: str
    region: str
    state: dict[str, Any]
    """What there is in the Region, by the members of the listings."""
    asked: Mapping[str, Any]
    now: float


class Create(NamedTuple):
    """An operation that makes a resource."""

    key: str
    """The member of the listing that will hold it."""
    answer: str
    """The member of this operation's answer."""
    kind: str
    """The part of its ARN."""
    arn: str
    """The member with its ARN; '' where AWS does not send it."""
    name: str
    """The member with its name."""
    asks: str
    """The member of the input with its name."""
    fill: Callable[[Made, dict[str, Any]], dict[str, Any]]
    """What AWS adds to the input."""
    lower: bool = True
    """Whether AWS makes the name lower-case."""
    named: bool = False
    """Whether its ARN ends in its name."""


ENGINES: Final = {
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "oracle": "Oracle",
    "postgres": "PostgreSQL",
    "aurora": "Amazon Aurora MySQL",
    "aurora-postgresql": "Amazon Aurora PostgreSQL",
    "sqlserver": "Microsoft SQL Server",
    "s3": "Amazon S3",
    "redshift": "Amazon Redshift",
    "mongodb": "MongoDB",
    "docdb": "Amazon DocumentDB",
    "kafka": "Kafka",
    "redis": "Redis",
}
LOG_COMPONENTS: Final = (
    "TRANSFORMATION",
    "SOURCE_UNLOAD",
    "IO",
    "TARGET_LOAD",
    "PERFORMANCE",
    "SOURCE_CAPTURE",
    "SORTER",
    "REST_SERVER",
    "VALIDATOR_EXT",
    "TARGET_APPLY",
    "TASK_MANAGER",
    "TABLES_MANAGER",
    "METADATA_MANAGER",
    "FILE_FACTORY",
    "COMMON",
    "ADDONS",
    "DATA_STRUCTURE",
    "COMMUNICATION",
    "FILE_TRANSFER",
)


def child(model: Any, operation: str, member: str) -> Any:
    """The shape of a member of an operation's output."""
    return model.operation_model(operation).output_shape.members[member]


def default_key(made: Made, alias: str = "alias/aws/dms") -> str:
    """The ARN of the key that AWS manages for a service; it is made when it is first needed, as AWS does."""
    from moto.kms.models import kms_backends

    kms = kms_backends[made.account][made.region]
    for key in kms.keys.values():
        if alias in key.aliases:
            return str(key.arn)
    key = kms.create_key("", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", f"Default key of {alias}", [])
    key.key_manager = "AWS"
    kms.enable_key_rotation(key.id)
    kms.create_alias(key.id, alias)
    return str(key.arn)


def _subnet_group(made: Made, item: dict[str, Any]) -> dict[str, Any]:
    from moto.ec2.models import ec2_backends

    backend = ec2_backends[made.account][made.region]
    try:
        subnets = [backend.get_subnet(one) for one in made.asked["SubnetIds"]]
    except Exception as error:  # moto's own error of EC2: DMS answers another
        raise Faulty("InvalidSubnet", f"No Subnet found: {made.asked['SubnetIds']}") from error
    if len({one.availability_zone for one in subnets}) < 2:
        raise Faulty(
            "ReplicationSubnetGroupDoesNotCoverEnoughAZs",
            "Replication Subnet Group should cover at least 2 availability zones",
        )
    return {
        "VpcId": subnets[0].vpc_id,
        "SubnetGroupStatus": "Complete",
        "Subnets": [
            {
                "SubnetIdentifier": one.id,
                "SubnetAvailabilityZone": {"Name": one.availability_zone},
                "SubnetStatus": "Active",
            }
            for one in subnets
        ],
        "SupportedNetworkTypes": ["IPV4"],
        "IsReadOnly": False,
    }


def _instance(made: Made, item: dict[str, Any]) -> dict[str, Any]:
    wanted = made.asked.get("ReplicationSubnetGroupIdentifier", "default").lower()
    groups = made.state.get("ReplicationSubnetGroups", ())
    group = next((one for one in groups if one["ReplicationSubnetGroupIdentifier"] == wanted), None)
    if group is None:
        raise Faulty("ResourceNotFoundFault", f"Replication Subnet Group not found: {wanted}")
    zones = [one["SubnetAvailabilityZone"]["Name"] for one in group["Subnets"]]
    public, several = item.get("PubliclyAccessible", True), item.get("MultiAZ", False)
    address = f"10.0.0.{10 + len(made.state['ReplicationInstances'])}"
    zone = item.get("AvailabilityZone", zones[0])
    return {
        "ReplicationInstanceStatus": "available",
        "AllocatedStorage": item.get("AllocatedStorage", 50),
        "InstanceCreateTime": made.now,
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": one, "Status": "active"} for one in made.asked.get("VpcSecurityGroupIds", ())
        ],
        "AvailabilityZone": zone,
        "ReplicationSubnetGroup": group,
        "PreferredMaintenanceWindow": item.get("PreferredMaintenanceWindow", "sun:02:30-sun:03:00"),
        "PendingModifiedValues": {},
        "MultiAZ": several,
        "SecondaryAvailabilityZone": next(one for one in zones if one != zone) if several else None,
        "EngineVersion": item.get("EngineVersion", "3.6.1"),
        "AutoMinorVersionUpgrade": item.get("AutoMinorVersionUpgrade", True),
        "KmsKeyId": item.get("KmsKeyId") or default_key(made),
        "PubliclyAccessible": public,
        "ReplicationInstancePublicIpAddress": "203.0.113.10" if public else None,
        "ReplicationInstancePublicIpAddresses": ["203.0.113.10" if public else None],
        "ReplicationInstancePrivateIpAddress": address,
        "ReplicationInstancePrivateIpAddresses": [address],
        "NetworkType": item.get("NetworkType", "IPV4"),
    }


def _endpoint(made: Made, item: dict[str, Any]) -> dict[str, Any]:
    engine = item["EngineName"].lower()
    certificate = item.get("CertificateArn")
    if certificate and all(one["CertificateArn"] != certificate for one in made.state.get("Certificates", ())):
        raise Faulty("ResourceNotFoundFault", f"Certificate not found: {certificate}")
    settings = item.get("S3Settings", {})
    return {
        "EndpointType": item["EndpointType"].upper(),
        "EngineDisplayName": ENGINES.get(engine, item["EngineName"]),
        "Status": "active",
        "SslMode": item.get("SslMode", "none"),
        # An endpoint of S3 keeps no password, and has no key.
        "KmsKeyId": None if engine == "s3" else item.get("KmsKeyId") or default_key(made),
        "ServiceAccessRoleArn": item.get("ServiceAccessRoleArn") or settings.get("ServiceAccessRoleArn"),
        "ExtraConnectionAttributes": item.get("ExtraConnectionAttributes")
        or "".join(
            f"{name[0].lower()}{name[1:]}={settings[name]};" for name in ("BucketFolder", "BucketName") if settings
        ),
    }


def _certificate(made: Made, item: dict[str, Any]) -> dict[str, Any]:
    common = {
        "CertificatePem": made.asked.get("CertificatePem"),
        "CertificateWallet": made.asked.get("CertificateWallet"),
        "CertificateCreationDate": made.now,
        "CertificateOwner": made.account,
        "KmsKeyId": item.get("KmsKeyId"),
    }
    if not made.asked.get("CertificatePem"):
        return common
    from cryptography import x509

    try:
        (first, *_) = x509.load_pem_x509_certificates(made.asked["CertificatePem"].encode())
    except ValueError:
        raise Faulty("InvalidCertificateFault", "The certificate could not be parsed") from None
    name = first.signature_hash_algorithm.name.upper() if first.signature_hash_algorithm else ""
    return common | {
        "ValidFromDate": first.not_valid_before_utc.timestamp(),
        "ValidToDate": first.not_valid_after_utc.timestamp(),
        "SigningAlgorithm": f"{name}withRSA",
        "KeyLength": getattr(first.public_key(), "key_size", None),
    }


def _task(made: Made, item: dict[str, Any]) -> dict[str, Any]:
    for key, member in (
        ("Endpoints", "SourceEndpointArn"),
        ("Endpoints", "TargetEndpointArn"),
        ("ReplicationInstances", "ReplicationInstanceArn"),
    ):
        column = member.removeprefix("Source").removeprefix("Target")
        if all(one[column] != item[member] for one in made.state.get(key, ())):
            raise Faulty("ResourceNotFoundFault", f"{member} not found: {item[member]}")
    return {
        "Status": "ready",
        "ReplicationTaskCreationDate": made.now,
        "ReplicationTaskSettings": settings(item.get("ReplicationTaskSettings")),
        "ReplicationTaskStats": {"FullLoadProgressPercent": 0, "ElapsedTimeMillis": 0, "TablesLoaded": 0},
    }


def settings(given: str | None) -> str:
    """A task's settings as AWS completes them: logging is off where nothing is said."""
    whole: dict[str, Any] = {
        "TargetMetadata": {"SupportLobs": True, "FullLobMode": False, "LobChunkSize": 0, "LimitedSizeLobMode": True},
        "FullLoadSettings": {"TargetTablePrepMode": "DO_NOTHING", "MaxFullLoadSubTasks": 8, "CommitRate": 10000},
        "Logging": {
            "EnableLogging": False,
            "EnableLogContext": False,
            "LogComponents": [{"Severity": "LOGGER_SEVERITY_DEFAULT", "Id": one} for one in LOG_COMPONENTS],
            "CloudWatchLogGroup": None,
            "CloudWatchLogStream": None,
        },
        "ErrorBehavior": {"DataErrorPolicy": "LOG_ERROR", "TableErrorPolicy": "SUSPEND_TABLE"},
        "ChangeProcessingTuning": {"MemoryLimitTotal": 1024, "MemoryKeepTime": 60, "StatementCacheSize": 50},
        "TTSettings": None,
    }
    for name, block in json.loads(given or "{}").items():
        whole[name] = {**whole[name], **block} if isinstance(whole.get(name), dict) else block
    return json.dumps(whole)


def _replication_config(made: Made, item: dict[str, Any]) -> dict[str, Any]:
    compute = {"MultiAZ": False, **item.get("ComputeConfig", {})}
    compute["KmsKeyId"] = compute.get("KmsKeyId") or default_key(made)
    same = ("ReplicationConfigIdentifier", "ReplicationConfigArn", "SourceEndpointArn", "TargetEndpointArn")
    made.state.setdefault("Replications", []).append(
        {name: item[name] for name in (*same, "ReplicationType")}
        | {"Status": "created", "ReplicationCreateTime": made.now, "IsReadOnly": False}
    )
    return {
        "ComputeConfig": compute,
        "ReplicationSettings": settings(item.get("ReplicationSettings")),
        "ReplicationConfigCreateTime": made.now,
        "ReplicationConfigUpdateTime": made.now,
        "IsReadOnly": False,
    }


def _subscription(made: Made, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "CustomerAwsId": made.account,
        "Status": "active",
        "SubscriptionCreationTime": datetime.fromtimestamp(made.now, UTC).strftime("%Y-%m-%d %H:%M:%S.000"),
        "SourceIdsList": made.asked.get("SourceIds", []),
        "EventCategoriesList": made.asked.get("EventCategories", []),
        "Enabled": made.asked.get("Enabled", True),
    }


def _profile(made: Made, item: dict[str, Any]) -> dict[str, Any]:
    # Without a key of one's own AWS uses one that it owns, and names none.
    return {"PubliclyAccessible": item.get("PubliclyAccessible", True), "InstanceProfileCreationTime": made.now}


def _provider(made: Made, item: dict[str, Any]) -> dict[str, Any]:
    return {"DataProviderCreationTime": made.now}


def _project(made: Made, item: dict[str, Any]) -> dict[str, Any]:
    wanted = made.asked["InstanceProfileIdentifier"]
    for one in made.state.get("InstanceProfiles", ()):
        if wanted in (one["InstanceProfileArn"], one["InstanceProfileName"]):
            names = ("InstanceProfileArn", "InstanceProfileName")
            descriptors = {
                side: [
                    {
                        **{name: value for name, value in each.items() if name != "DataProviderIdentifier"},
                        **_named(made, each["DataProviderIdentifier"]),
                    }
                    for each in made.asked[side]
                ]
                for side in ("SourceDataProviderDescriptors", "TargetDataProviderDescriptors")
            }
            return {"MigrationProjectCreationTime": made.now, **{name: one[name] for name in names}, **descriptors}
    raise Faulty("ResourceNotFoundFault", f"Instance profile not found: {wanted}")


def _named(made: Made, provider: str) -> dict[str, str]:
    names = ("DataProviderArn", "DataProviderName")
    for one in made.state.get("DataProviders", ()):
        if provider in (one["DataProviderArn"], one["DataProviderName"]):
            return {name: one[name] for name in names}
    raise Faulty("ResourceNotFoundFault", f"Data provider not found: {provider}")


# fmt: off
CREATES: Final[Mapping[str, Create]] = {
    "CreateReplicationSubnetGroup": Create(
        "ReplicationSubnetGroups", "ReplicationSubnetGroup", "subgrp", "", "ReplicationSubnetGroupIdentifier",
        "ReplicationSubnetGroupIdentifier", _subnet_group, named=True),
    "CreateReplicationInstance": Create(
        "ReplicationInstances", "ReplicationInstance", "rep", "ReplicationInstanceArn", "ReplicationInstanceIdentifier",
        "ReplicationInstanceIdentifier", _instance),
    "CreateEndpoint": Create(
        "Endpoints", "Endpoint", "endpoint", "EndpointArn", "EndpointIdentifier", "EndpointIdentifier", _endpoint),
    "ImportCertificate": Create(
        "Certificates", "Certificate", "cert", "CertificateArn", "CertificateIdentifier", "CertificateIdentifier",
        _certificate),
    "CreateReplicationTask": Create(
        "ReplicationTasks", "ReplicationTask", "task", "ReplicationTaskArn", "ReplicationTaskIdentifier",
        "ReplicationTaskIdentifier", _task),
    "CreateReplicationConfig": Create(
        "ReplicationConfigs", "ReplicationConfig", "replication-config", "ReplicationConfigArn",
        "ReplicationConfigIdentifier", "ReplicationConfigIdentifier", _replication_config),
    "CreateEventSubscription": Create(
        "EventSubscriptionsList", "EventSubscription", "es", "", "CustSubscriptionId", "SubscriptionName",
        _subscription, named=True),
    "CreateInstanceProfile": Create(
        "InstanceProfiles", "InstanceProfile", "instance-profile", "InstanceProfileArn", "InstanceProfileName",
        "InstanceProfileName", _profile, lower=False),
    "CreateDataProvider": Create(
        "DataProviders", "DataProvider", "data-provider", "DataProviderArn", "DataProviderName", "DataProviderName",
        _provider, lower=False),
    "CreateMigrationProject": Create(
        "MigrationProjects", "MigrationProject", "migration-project", "MigrationProjectArn", "MigrationProjectName",
        "MigrationProjectName", _project, lower=False),
}
# fmt: on
