"""Writes the AWS CLI answers of a made-up account of any size: what the benchmarks scan.

    python benchmarks/generate.py 1000 OUT_DIR

One file for each AWS CLI command, printed as the AWS CLI prints.  The same size and seed give the same bytes.  Every
item is made from the seed and its own number alone, and written at once: 100,000 endpoints need no more memory than
a hundred.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from textwrap import indent
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ACCOUNT: Final = "111122223333"
REGION: Final = "eu-central-1"
NOW: Final = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""The moment at which the account is as it is; every date lies around it."""

DISTINCT_CERTIFICATES: Final = 100
WALLETS: Final = 4
"""Of this many certificates one is an Oracle wallet."""
VPC: Final = "vpc-0a1b2c3d4e5f60718"
ZONES: Final = ("a", "b", "c")


class Engine(NamedTuple):
    """What endpoints of an engine are like, and how often they are sources and targets."""

    display: str
    source: int
    target: int
    port: int = 0
    """0 where the endpoint is a service that has no host of its own."""
    block: str = ""
    modes: tuple[str, ...] = ("none",)


CA_OR_FULL: Final = ("none", "verify-ca", "verify-full")
REQUIRE_OR_FULL: Final = ("none", "require", "verify-full")
ANY_MODE: Final = ("none", "require", "verify-ca", "verify-full")
# fmt: off
ENGINES: Final[Mapping[str, Engine]] = {
    "mysql": Engine("MySQL", 18, 2, 3306, "MySQLSettings", CA_OR_FULL),
    "mariadb": Engine("MariaDB", 5, 0, 3306, "MySQLSettings", CA_OR_FULL),
    "aurora": Engine("Amazon Aurora MySQL", 6, 8, 3306, "MySQLSettings", CA_OR_FULL),
    "postgres": Engine("PostgreSQL", 16, 12, 5432, "PostgreSQLSettings", ANY_MODE),
    "aurora-postgresql": Engine("Amazon Aurora PostgreSQL", 6, 16, 5432, "PostgreSQLSettings", ANY_MODE),
    "oracle": Engine("Oracle", 20, 0, 2484, "OracleSettings", ("none", "verify-ca")),
    "sqlserver": Engine("Microsoft SQL Server", 14, 2, 1433, "MicrosoftSQLServerSettings", REQUIRE_OR_FULL),
    "sybase": Engine("SAP Sybase ASE", 2, 0, 5000, "SybaseSettings", ("none", "verify-full")),
    "db2": Engine("IBM Db2 LUW", 3, 0, 50001, "IBMDb2Settings", ("none", "verify-ca")),
    "mongodb": Engine("MongoDB", 5, 0, 27017, "MongoDbSettings", REQUIRE_OR_FULL),
    "docdb": Engine("Amazon DocumentDB", 3, 4, 27017, "DocDbSettings", ("none", "verify-full")),
    "redshift": Engine("Amazon Redshift", 0, 10, 5439, "RedshiftSettings"),
    "s3": Engine("Amazon S3", 2, 20),
    "kinesis": Engine("Amazon Kinesis", 0, 6),
    "dynamodb": Engine("Amazon DynamoDB", 0, 5),
    "kafka": Engine("Kafka", 0, 6),
    "opensearch": Engine("Amazon OpenSearch Service", 0, 4),
    "redis": Engine("Redis OSS", 0, 3),
    "neptune": Engine("Amazon Neptune", 0, 2),
}
# fmt: on
TEAMS: Final = ("orders", "billing", "catalog", "claims", "ledger", "loyalty", "pricing", "shipping", "stock", "crm")
DEFAULTS: Final = Path(__file__).with_name("task-settings.json").read_text(encoding="utf-8")
"""The settings of a task for which nothing was set."""


def task_settings(log_group: str, *, logging: bool, severity: str, transactions: int, batch: bool) -> str:
    """ReplicationTaskSettings as DMS answers them: JSON in a string, every default filled in."""
    settings = json.loads(DEFAULTS)
    settings["TargetMetadata"]["BatchApplyEnabled"] = batch
    settings["ChangeProcessingTuning"]["MinTransactionSize"] = transactions
    log = settings["Logging"]
    log["EnableLogging"] = logging
    for component in log["LogComponents"]:
        component["Severity"] = severity
    if logging:
        log |= {"CloudWatchLogGroup": log_group, "CloudWatchLogStream": f"{log_group}-stream"}
    return json.dumps(settings, separators=(",", ":"))


class Account:
    """An account with `size` endpoints and all that goes with them.

    Each method yields the items of one listing.  An item depends on the seed and its number alone, so that items
    can name each other without either being kept.
    """

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self.seed = seed
        self.tasks = max(1, size // 2)
        self.instances = max(2, size // 10)
        self.certificates = max(4, size // 10 // 2 * 2)
        self.subnet_groups = max(2, size // 50)
        self.groups = max(3, size // 5)
        self.roles = max(4, size // 12)
        self.keys = max(4, size // 25)
        self.secrets = max(3, size // 2)
        self.subscriptions = max(2, size // 60)
        self.subnets = max(6, 3 * (size // 40))

    # -- what everything is made of

    def random(self, kind: str, number: int) -> Random:
        """The dice of one item."""
        return Random(f"{self.seed}/{kind}/{number}")

    def digest(self, kind: str, number: int, size: int) -> bytes:
        """Bytes that belong to one item, for its ids."""
        return hashlib.blake2b(f"{self.seed}/{kind}/{number}".encode(), digest_size=size).digest()

    def arn(self, kind: str, number: int) -> str:
        """The ARN of a DMS resource."""
        name = base64.b32encode(self.digest(kind, number, 16)).decode().rstrip("=")
        return f"arn:aws:dms:{REGION}:{ACCOUNT}:{kind}:{name}"

    def ec2(self, prefix: str, number: int) -> str:
        """An id as EC2 has them: `sg-0123456789abcdef0`."""
        return f"{prefix}-0{self.digest(prefix, number, 8).hex()}"

    def date(self, kind: str, number: int, days: int = 900) -> str:
        """A moment in the last `days`."""
        seconds = self.random(f"date-{kind}", number).randrange(60, days * 86400)
        return (NOW - timedelta(seconds=seconds)).isoformat()

    def uuid(self, kind: str, number: int) -> str:
        """An id as KMS has them."""
        digits = self.digest(kind, number, 16).hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    # -- names by which items find each other

    def is_source(self, number: int) -> bool:
        """Endpoints come in pairs: a source, then the target of the same task."""
        return number % 2 == 0

    def engine(self, number: int) -> str:
        """The engine of an endpoint."""
        weights = [engine.source if self.is_source(number) else engine.target for engine in ENGINES.values()]
        return self.random("engine", number).choices(list(ENGINES), weights)[0]

    def key(self, number: int) -> str:
        """The ARN of a key; the first is the account's default key of DMS."""
        return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{self.uuid('key', number % self.keys)}"

    def role(self, number: int) -> str:
        """The ARN of a role."""
        return f"arn:aws:iam::{ACCOUNT}:role/{self.role_name(number)}"

    def access_role(self, number: int) -> str:
        """The ARN of the role by which an endpoint reaches its secret or its service."""
        return self.role(3 + number % (self.roles - 3))

    def role_name(self, number: int) -> str:
        """The name of a role; the first three are those that DMS looks for by name."""
        fixed = ("dms-vpc-role", "dms-cloudwatch-logs-role", "dms-access-for-endpoint")
        return fixed[number] if number < len(fixed) else f"dms-{TEAMS[number % len(TEAMS)]}-{number:05}"

    def secret_name(self, number: int) -> str:
        """The name of a secret."""
        return f"dms/{TEAMS[number % len(TEAMS)]}/{number:06}"

    def secret(self, number: int) -> str:
        """The ARN of a secret."""
        number %= self.secrets
        suffix = base64.b32encode(self.digest("secret", number, 5)).decode()[:6]
        return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{self.secret_name(number)}-{suffix}"

    def host(self, number: int) -> str:
        """The host of a database."""
        engine, name = self.engine(number), f"{TEAMS[number % len(TEAMS)]}-{number:06}"
        if engine.startswith("aurora"):
            return f"{name}.cluster-c8x2k4m6q0zt.{REGION}.rds.amazonaws.com"
        if engine == "docdb":
            return f"{name}.cluster-c8x2k4m6q0zt.{REGION}.docdb.amazonaws.com"
        if engine == "redshift":
            return f"{name}.c8x2k4m6q0zt.{REGION}.redshift.amazonaws.com"
        inside = self.random("host", number).random() < 0.6 and engine not in ("sybase", "mongodb")
        return f"{name}.c8x2k4m6q0zt.{REGION}.rds.amazonaws.com" if inside else f"{name}.db.example.com"

    # -- the listings

    def describe_endpoints(self) -> Iterator[dict[str, Any]]:
        """Endpoints of every engine, safe and unsafe ones."""
        return (self.endpoint(number) for number in range(self.size))

    def endpoint(self, number: int) -> dict[str, Any]:
        """One endpoint, as DescribeEndpoints answers it."""
        engine, dice = self.engine(number), self.random("endpoint", number)
        item: dict[str, Any] = {
            "EndpointIdentifier": f"{TEAMS[number % len(TEAMS)]}-{engine}-{number:06}",
            "EndpointType": "SOURCE" if self.is_source(number) else "TARGET",
            "EngineName": engine,
            "EngineDisplayName": ENGINES[engine].display,
        }
        if ENGINES[engine].port:
            self._database(item, engine, number, dice)
        else:
            item |= self._service(engine, number, dice)
        item |= {"Status": "active", "EndpointArn": self.arn("endpoint", number)}
        if engine != "s3":
            item["KmsKeyId"] = self.key(0 if dice.random() < 0.4 else number)
        mode = self._mode(engine, dice)
        if mode.startswith("verify") and dice.random() < 0.95:
            item["CertificateArn"] = self.arn("cert", self.certificate_of(engine, dice))
        item["SslMode"] = mode
        return item

    def certificate_of(self, engine: str, dice: Random) -> int:
        """The certificate that an endpoint names: Oracle's a wallet, mostly, and every other engine's a PEM."""
        number = dice.randrange(self.certificates)
        wallet = engine == "oracle" and dice.random() < 0.9
        return number - number % WALLETS if wallet else number | 1

    @staticmethod
    def _mode(engine: str, dice: Random) -> str:
        modes = ENGINES[engine].modes
        if dice.random() < 0.02:
            return "require"  # what older versions of DMS let through
        return dice.choice((modes[0], *(modes[1:] or modes) * 3))

    def _database(self, item: dict[str, Any], engine: str, number: int, dice: Random) -> None:
        block: dict[str, Any] = {}
        attributes = {}
        place = {
            "ServerName": self.host(number),
            "Port": ENGINES[engine].port,
            "DatabaseName": TEAMS[number % len(TEAMS)],
        }
        if dice.random() < 0.55:
            block["SecretsManagerSecretId"] = self.secret(number)
            if dice.random() < 0.97:
                block["SecretsManagerAccessRoleArn"] = self.access_role(number)
            block["DatabaseName"] = place["DatabaseName"]
            item["DatabaseName"] = place["DatabaseName"]
        else:
            item |= {"Username": "dms_user", **place}
            block |= {**place, "Username": "dms_user"}
        if engine == "oracle":
            attributes = {"useLogminerReader": "N", "useBfile": "Y"}
            block |= {"UseLogminerReader": False, "UseBFile": True, "AddSupplementalLogging": True}
        elif engine == "mongodb":
            block |= {
                "AuthType": "password" if dice.random() < 0.9 else "no",
                "AuthMechanism": "scram_sha_1",
                "NestingLevel": "none",
                "ExtractDocId": "false",
                "DocsToInvestigate": "1000",
                "AuthSource": "admin",
            }
        elif engine == "redshift":
            block |= self._encryption(number, dice)
            block |= {"BucketName": f"dms-{TEAMS[number % len(TEAMS)]}-staging", "ServiceAccessRoleArn": self.role(2)}
        elif engine in ("postgres", "aurora-postgresql"):
            block |= {
                "CaptureDdls": True,
                "HeartbeatEnable": True,
                "HeartbeatFrequency": 5,
                "MapBooleanAsBoolean": True,
            }
        elif engine in ("mysql", "mariadb", "aurora"):
            attributes = {"parallelLoadThreads": "1"} if dice.random() < 0.3 else {}
            block |= {"EventsPollInterval": 5, "ServerTimezone": "UTC"}
        if attributes:
            item["ExtraConnectionAttributes"] = "".join(f"{name}={value};" for name, value in attributes.items())
        item[ENGINES[engine].block] = block

    def _encryption(self, number: int, dice: Random) -> dict[str, Any]:
        luck = dice.random()
        if luck < 0.15:
            return {}
        if luck < 0.45:
            return {"EncryptionMode": "sse-s3"}
        key = {"ServerSideEncryptionKmsKeyId": self.key(number | 1)} if luck < 0.97 else {}
        return {"EncryptionMode": "sse-kms", **key}

    def _service(self, engine: str, number: int, dice: Random) -> dict[str, Any]:
        name, role = f"{TEAMS[number % len(TEAMS)]}-{number:06}", self.access_role(number)
        if engine == "s3":
            bucket = f"dms-{name}-{ACCOUNT}"
            block = {
                "ServiceAccessRoleArn": role,
                "CsvRowDelimiter": "\\n",
                "CsvDelimiter": ",",
                "BucketFolder": "landing",
                "BucketName": bucket,
                "CompressionType": "GZIP",
                **self._encryption(number, dice),
                "DataFormat": "parquet",
                "EnableStatistics": True,
                "IncludeOpForFullLoad": True,
                "TimestampColumnName": "dms_commit_ts",
                "DatePartitionEnabled": True,
                "CannedAclForObjects": "none" if dice.random() < 0.98 else "public-read",
                **({"ExpectedBucketOwner": ACCOUNT} if dice.random() < 0.5 else {}),
            }
            attributes = (
                f"bucketFolder=landing;bucketName={bucket};compressionType=GZIP;csvDelimiter=,;csvRowDelimiter=\\n;"
                "dataFormat=parquet;datePartitionEnabled=true;includeOpForFullLoad=true;"
                "timestampColumnName=dms_commit_ts;"
            )
            return {"ExtraConnectionAttributes": attributes, "ServiceAccessRoleArn": role, "S3Settings": block}
        if engine == "kinesis":
            stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"
            return {
                "KinesisSettings": {
                    "StreamArn": stream,
                    "MessageFormat": "json",
                    **({"ServiceAccessRoleArn": role} if dice.random() < 0.97 else {}),
                    "IncludeTransactionDetails": False,
                    "PartitionIncludeSchemaTable": True,
                }
            }
        if engine == "dynamodb":
            return {"ServiceAccessRoleArn": role, "DynamoDbSettings": {"ServiceAccessRoleArn": role}}
        if engine == "kafka":
            secure = {
                "SecurityProtocol": "sasl-ssl",
                "SaslUsername": "dms",
                "SaslMechanism": "scram-sha-512",
                "SslEndpointIdentificationAlgorithm": dice.choice(("https", "https", "none")),
                "SslCaCertificateArn": self.arn("cert", number % self.certificates | 1),
            }
            brokers = (f"b-{n}.{name}.k3x9q1.c4.kafka.{REGION}.amazonaws.com:9096" for n in (1, 2, 3))
            return {
                "KafkaSettings": {
                    "Broker": ",".join(brokers),
                    "Topic": name,
                    "MessageFormat": "json",
                    "MessageMaxBytes": 1000000,
                    **(secure if dice.random() < 0.7 else {}),
                }
            }
        if engine == "redis":
            place = {"ServerName": f"master.{name}.a1b2c3.euc1.cache.amazonaws.com", "Port": 6379}
            secure = {"SslSecurityProtocol": "ssl-encryption", "AuthType": "auth-token"}
            open_ = {"SslSecurityProtocol": "plaintext", "AuthType": "none"}
            return {**place, "RedisSettings": {**place, **(secure if dice.random() < 0.7 else open_)}}
        if engine == "opensearch":
            scheme = "https" if dice.random() < 0.85 else "http"
            return {
                "ServiceAccessRoleArn": role,
                "ElasticsearchSettings": {
                    "ServiceAccessRoleArn": role,
                    "EndpointUri": f"{scheme}://vpc-{name}-a1b2c3d4e5f6g7h8i9j0k1l2m3.{REGION}.es.amazonaws.com",
                    "FullLoadErrorPercentage": 10,
                    "ErrorRetryDuration": 300,
                },
            }
        place = {"ServerName": f"{name}.cluster-c8x2k4m6q0zt.{REGION}.neptune.amazonaws.com", "Port": 8182}
        block = {"ServiceAccessRoleArn": role, "S3BucketName": f"dms-{name}", "S3BucketFolder": "staging"}
        block |= {"ErrorRetryDuration": 250, "MaxFileSize": 1048576, "MaxRetryCount": 5}
        block["IamAuthEnabled"] = dice.random() < 0.6
        return {**place, "ServiceAccessRoleArn": role, "NeptuneSettings": block}

    def describe_replication_instances(self) -> Iterator[dict[str, Any]]:
        """Replication instances, most of them private."""
        for number in range(self.instances):
            dice = self.random("instance", number)
            public = dice.random() < 0.08
            standby = dice.random() < 0.6
            address = f"10.20.{number // 250 % 200}.{number % 250 + 4}"
            item: dict[str, Any] = {
                "ReplicationInstanceIdentifier": self.instance_name(number),
                "ReplicationInstanceClass": dice.choice(("dms.r6i.large", "dms.c6i.xlarge", "dms.t3.medium")),
                "ReplicationInstanceStatus": "available",
                "AllocatedStorage": dice.choice((50, 100, 200, 500)),
                "InstanceCreateTime": self.date("instance", number),
                "VpcSecurityGroups": [{"VpcSecurityGroupId": self.ec2("sg", number % self.groups), "Status": "active"}],
                "AvailabilityZone": f"{REGION}{ZONES[number % 3]}",
                "ReplicationSubnetGroup": self.subnet_group(number % self.subnet_groups),
                "PreferredMaintenanceWindow": "sun:02:00-sun:02:30",
                "PendingModifiedValues": {},
                "MultiAZ": standby,
                "EngineVersion": dice.choice(("3.6.1", "3.6.1", "3.6.0", "3.5.4", "3.5.2")),
                "AutoMinorVersionUpgrade": dice.random() < 0.8,
                "KmsKeyId": self.key(0 if dice.random() < 0.4 else number),
                "ReplicationInstanceArn": self.arn("rep", number),
            }
            if public:
                item["ReplicationInstancePublicIpAddress"] = f"18.184.{number // 250 % 250}.{number % 250}"
            item["ReplicationInstancePrivateIpAddress"] = address
            item["ReplicationInstancePublicIpAddresses"] = [item.get("ReplicationInstancePublicIpAddress")]
            item["ReplicationInstancePrivateIpAddresses"] = [address]
            item["PubliclyAccessible"] = public
            if standby:
                item["SecondaryAvailabilityZone"] = f"{REGION}{ZONES[(number + 1) % 3]}"
            item["NetworkType"] = "IPV4"
            yield item

    def instance_name(self, number: int) -> str:
        """The name of a replication instance."""
        return f"dms-{TEAMS[number % len(TEAMS)]}-{number:05}"

    def describe_replication_subnet_groups(self) -> Iterator[dict[str, Any]]:
        """Subnet groups of two or three Availability Zones, a few of one."""
        return (self.subnet_group(number) for number in range(self.subnet_groups))

    def subnet_group(self, number: int) -> dict[str, Any]:
        """One subnet group, as listings and replication instances show it."""
        first = 3 * number % self.subnets
        zones = 1 if number % 13 == 12 else 3
        return {
            "ReplicationSubnetGroupIdentifier": f"dms-private-{number:04}",
            "ReplicationSubnetGroupDescription": "Private subnets of the migrations",
            "VpcId": VPC,
            "SubnetGroupStatus": "Complete",
            "Subnets": [
                {
                    "SubnetIdentifier": self.ec2("subnet", first + n),
                    "SubnetAvailabilityZone": {"Name": f"{REGION}{ZONES[n % zones]}"},
                    "SubnetStatus": "Active",
                }
                for n in range(3)
            ],
            "SupportedNetworkTypes": ["IPV4"],
        }

    def describe_replication_tasks(self) -> Iterator[dict[str, Any]]:
        """Tasks, each from one endpoint to the next, with all their settings."""
        for number in range(self.tasks):
            dice = self.random("task", number)
            instance = self.arn("rep", number % self.instances)
            running = dice.random() < 0.7
            name = f"{TEAMS[number % len(TEAMS)]}-to-{self.engine(2 * number + 1)}-{number:06}"
            started = self.date("task", number, 300)
            rule = {
                "rule-type": "selection",
                "rule-id": "1",
                "rule-name": "1",
                "object-locator": {"schema-name": TEAMS[number % len(TEAMS)], "table-name": "%"},
                "rule-action": "include",
                "filters": [],
            }
            yield {
                "ReplicationTaskIdentifier": name,
                "SourceEndpointArn": self.arn("endpoint", 2 * number),
                "TargetEndpointArn": self.arn("endpoint", min(2 * number + 1, self.size - 1)),
                "ReplicationInstanceArn": instance,
                "MigrationType": dice.choice(("full-load-and-cdc", "full-load-and-cdc", "cdc", "full-load")),
                "TableMappings": json.dumps({"rules": [rule]}),
                "ReplicationTaskSettings": task_settings(
                    f"dms-tasks-{self.instance_name(number % self.instances)}",
                    logging=dice.random() < 0.8,
                    severity=dice.choice(("LOGGER_SEVERITY_DEFAULT",) * 4 + ("LOGGER_SEVERITY_ERROR",)),
                    transactions=1000 if dice.random() < 0.8 else 500,
                    batch=dice.random() < 0.3,
                ),
                "Status": "running" if running else "stopped",
                **({} if running else {"StopReason": "Stop Reason NORMAL"}),
                "ReplicationTaskCreationDate": self.date("task", number),
                "ReplicationTaskStartDate": started,
                "ReplicationTaskArn": self.arn("task", number),
                "ReplicationTaskStats": {
                    "FullLoadProgressPercent": 100,
                    "ElapsedTimeMillis": dice.randrange(10**6, 10**9),
                    "TablesLoaded": dice.randrange(4, 400),
                    "TablesLoading": 0,
                    "TablesQueued": 0,
                    "TablesErrored": 0 if dice.random() < 0.9 else 1,
                    "FreshStartDate": started,
                    "StartDate": started,
                },
            }

    def describe_connections(self) -> Iterator[dict[str, Any]]:
        """The connection tests of each task's endpoints with its instance, a few of them failed."""
        for number in range(self.size):
            dice = self.random("connection", number)
            instance = (number // 2) % self.instances
            failed = dice.random() < 0.04
            item = {
                "ReplicationInstanceArn": self.arn("rep", instance),
                "EndpointArn": self.arn("endpoint", number),
                "Status": "failed" if failed else "successful",
                "EndpointIdentifier": self.endpoint(number)["EndpointIdentifier"],
                "ReplicationInstanceIdentifier": self.instance_name(instance),
            }
            if failed:
                item["LastFailureMessage"] = "Test Endpoint failed: Application-Status: 1020912, Network error"
            yield item

    def describe_certificates(self) -> Iterator[dict[str, Any]]:
        """Certificates: about one for ten endpoints, of a hundred distinct bundles at the most."""
        pool = [self.bundle(number) for number in range(min(self.certificates, DISTINCT_CERTIFICATES))]
        for number in range(self.certificates):
            pem, begins, ends = pool[number % len(pool)]
            yield {
                "CertificateIdentifier": f"{TEAMS[number % len(TEAMS)]}-ca-{number:05}",
                "CertificateCreationDate": self.date("cert", number),
                **({"CertificatePem": pem} if number % WALLETS else {"CertificateWallet": self.wallet(number)}),
                "CertificateArn": self.arn("cert", number),
                "CertificateOwner": ACCOUNT,
                "ValidFromDate": begins.isoformat(),
                "ValidToDate": ends.isoformat(),
                "SigningAlgorithm": "SHA384withECDSA",
                "KeyLength": 384,
            }

    def bundle(self, number: int) -> tuple[str, datetime, datetime]:
        """A PEM of a root and what it signed, and when its first certificate is valid.

        One of ten is expired, one of ten soon will be, one of ten lacks its root.
        """
        fate = number % 10
        begins = NOW - timedelta(days=1200 + number)
        ends = NOW + timedelta(days={7: -40, 8: 12}.get(fate, 900 + 31 * number))
        root_name, root_key = f"Example Root CA {number:03}", self.private_key("root", number)
        issuing_name, issuing_key = f"Example Issuing CA {number:03}", self.private_key("issuing", number)
        issuing = self.certificate(number, issuing_name, issuing_key, root_name, root_key, begins, ends)
        root = self.certificate(number, root_name, root_key, root_name, root_key, begins, ends)
        return issuing + (root if fate != 9 else ""), begins, ends

    def wallet(self, number: int) -> str:
        """An auto-login wallet as the AWS CLI prints it: its header, and sealed bytes."""
        sealed = b"".join(self.digest("wallet", 100 * number + part, 64) for part in range(30))
        return base64.b64encode(bytes.fromhex("a1f84e360000000600000021") + sealed).decode()

    def private_key(self, kind: str, number: int) -> ec.EllipticCurvePrivateKey:
        """A private key that is the same in every run."""
        return ec.derive_private_key(int.from_bytes(self.digest(kind, number, 47)), ec.SECP384R1())

    def certificate(
        self,
        number: int,
        subject: str,
        key: ec.EllipticCurvePrivateKey,
        issuer: str,
        issuer_key: ec.EllipticCurvePrivateKey,
        begins: datetime,
        ends: datetime,
    ) -> str:
        """One CA certificate as PEM."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(issuer))
            .public_key(key.public_key())
            .serial_number(int.from_bytes(self.digest(f"serial-{subject}", number, 15)) | 1)
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        )
        # Deterministic signatures (RFC 6979): the same bytes in every run.
        signed = builder.sign(issuer_key, hashes.SHA384(), ecdsa_deterministic=True)
        return signed.public_bytes(serialization.Encoding.PEM).decode()

    def describe_event_subscriptions(self) -> Iterator[dict[str, Any]]:
        """Event subscriptions, one of seven broken."""
        for number in range(self.subscriptions):
            yield {
                "CustomerAwsId": ACCOUNT,
                "CustSubscriptionId": f"dms-events-{number:04}",
                "SnsTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:dms-{TEAMS[number % len(TEAMS)]}",
                "Status": "topic-not-exist" if number % 7 == 6 else "active",
                "SubscriptionCreationTime": self.date("subscription", number),
                "SourceType": "replication-task" if number % 2 else "replication-instance",
                "EventCategoriesList": ["failure", "configuration change"],
                "Enabled": number % 11 != 10,
            }

    def describe_pending_maintenance_actions(self) -> Iterator[dict[str, Any]]:
        """Maintenance that waits: for one instance of nine."""
        for number in range(0, self.instances, 9):
            yield {
                "ResourceIdentifier": self.arn("rep", number),
                "PendingMaintenanceActionDetails": [
                    {
                        "Action": "os-upgrade",
                        "AutoAppliedAfterDate": (NOW + timedelta(days=14)).isoformat(),
                        "CurrentApplyDate": (NOW + timedelta(days=14)).isoformat(),
                        "Description": "New operating system update is available",
                    }
                ],
            }

    def describe_engine_versions(self) -> Iterator[dict[str, Any]]:
        """The versions of the replication engine, the oldest about to go."""
        for version, launched, ends in (
            ("3.6.1", 500, 700),
            ("3.6.0", 700, 400),
            ("3.5.4", 900, 160),
            ("3.5.2", 1100, 30),
        ):
            yield {
                "Version": version,
                "Lifecycle": "Generally Available",
                "ReleaseStatus": "prod",
                "LaunchDate": (NOW - timedelta(days=launched)).isoformat(),
                "DeprecationDate": (NOW + timedelta(days=ends)).isoformat(),
                "AvailableUpgrades": [newer for newer in ("3.5.4", "3.6.0", "3.6.1") if newer > version],
            }

    def tags(self) -> Iterator[dict[str, Any]]:
        """The tags of every DMS resource; every eighth has none but what CloudFormation put there."""
        kinds = {
            "endpoint": self.size,
            "task": self.tasks,
            "rep": self.instances,
            "cert": self.certificates,
            f"arn:aws:dms:{REGION}:{ACCOUNT}:subgrp:dms-private-{{:04}}": self.subnet_groups,
            f"arn:aws:dms:{REGION}:{ACCOUNT}:es:dms-events-{{:04}}": self.subscriptions,
        }
        number = 0
        for kind, count in kinds.items():
            for one in range(count):
                number += 1
                arn, team = kind.format(one) if ":" in kind else self.arn(kind, one), TEAMS[one % len(TEAMS)]
                tags = {"aws:cloudformation:stack-name": f"dms-{team}"}
                if number % 8:
                    tags = {"team": team, "environment": "prod" if one % 3 else "test"}
                yield from ({"Key": key, "Value": value, "ResourceArn": arn} for key, value in tags.items())

    def describe_security_groups(self) -> Iterator[dict[str, Any]]:
        """Security groups; one of twenty open to the world, one of thirty that lets nothing out."""
        everywhere: dict[str, Any] = {"IpProtocol": "-1", "UserIdGroupPairs": [], "PrefixListIds": []}
        everywhere |= {"IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": []}
        for number in range(self.groups):
            group = self.ec2("sg", number)
            ingress = [
                {
                    "IpProtocol": "tcp",
                    "FromPort": port,
                    "ToPort": port,
                    "UserIdGroupPairs": [],
                    "IpRanges": [{"CidrIp": "0.0.0.0/0" if number % 20 == 19 else f"10.{number % 200}.0.0/16"}],
                    "Ipv6Ranges": [],
                    "PrefixListIds": [],
                }
                for port in (5432, 3306)[: 1 + number % 2]
            ]
            yield {
                "GroupId": group,
                "IpPermissionsEgress": [] if number % 30 == 29 else [everywhere],
                "Tags": [{"Key": "Name", "Value": f"dms-{TEAMS[number % len(TEAMS)]}"}],
                "VpcId": VPC,
                "SecurityGroupArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{group}",
                "OwnerId": ACCOUNT,
                "GroupName": f"dms-{TEAMS[number % len(TEAMS)]}-{number:05}",
                "Description": "Replication instances",
                "IpPermissions": ingress,
            }

    def describe_subnets(self) -> Iterator[dict[str, Any]]:
        """Private subnets in three Availability Zones."""
        for number in range(self.subnets):
            subnet = self.ec2("subnet", number)
            yield {
                "AvailabilityZoneId": f"euc1-az{number % 3 + 1}",
                "MapCustomerOwnedIpOnLaunch": False,
                "OwnerId": ACCOUNT,
                "AssignIpv6AddressOnCreation": False,
                "Ipv6CidrBlockAssociationSet": [],
                "SubnetArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/{subnet}",
                "EnableDns64": False,
                "Ipv6Native": False,
                "SubnetId": subnet,
                "State": "available",
                "VpcId": VPC,
                "CidrBlock": f"10.{20 + number // 256 % 200}.{number % 256}.0/24",
                "AvailableIpAddressCount": 240,
                "AvailabilityZone": f"{REGION}{ZONES[number % 3]}",
                "DefaultForAz": False,
                "MapPublicIpOnLaunch": False,
            }

    def role_details(self) -> Iterator[dict[str, Any]]:
        """The roles that DMS takes on, some of them open to a confused deputy."""
        managed = ("AmazonDMSVPCManagementRole", "AmazonDMSCloudWatchLogsRole", "AmazonDMSRedshiftS3Role")
        for number in range(self.roles):
            dice = self.random("role", number)
            services = ["dms.amazonaws.com"] if number < 3 else ["dms.amazonaws.com", f"dms.{REGION}.amazonaws.com"]
            trust: dict[str, Any] = {
                "Effect": "Allow",
                "Principal": {"Service": [*services, "redshift.amazonaws.com"] if number == 2 else services},
                "Action": "sts:AssumeRole",
            }
            if dice.random() < 0.6:
                trust["Condition"] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
            wide = dice.random() < 0.15
            bucket = f"arn:aws:s3:::dms-{TEAMS[number % len(TEAMS)]}-*"
            statements = [
                {
                    "Sid": "Objects",
                    "Effect": "Allow",
                    "Action": ["s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging", "s3:GetObject"],
                    "Resource": "*" if wide else f"{bucket}/*",
                },
                {"Sid": "Bucket", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*" if wide else bucket},
                {
                    "Sid": "Secret",
                    "Effect": "Allow",
                    "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                    "Resource": "*" if wide else f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:dms/*",
                },
                {"Sid": "Key", "Effect": "Allow", "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*"},
            ]
            policy = {"Version": "2012-10-17", "Statement": statements}
            yield {
                "Path": "/",
                "RoleName": self.role_name(number),
                "RoleId": "AROA" + base64.b32encode(self.digest("role", number, 11)).decode()[:17],
                "Arn": self.role(number),
                "CreateDate": self.date("role", number),
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
                "InstanceProfileList": [],
                "RolePolicyList": [] if number < 3 else [{"PolicyName": "migration", "PolicyDocument": policy}],
                "AttachedManagedPolicies": [
                    {
                        "PolicyName": managed[number],
                        "PolicyArn": f"arn:aws:iam::aws:policy/service-role/{managed[number]}",
                    }
                ]
                if number < 3
                else [],
                "Tags": [{"Key": "team", "Value": TEAMS[number % len(TEAMS)]}],
                "RoleLastUsed": {"LastUsedDate": self.date("used", number, 30), "Region": REGION},
            }

    def key_details(self) -> Iterator[dict[str, Any]]:
        """The keys; the first is the default key of DMS, and every seventeenth is not fit for use."""
        for number in range(self.keys):
            state = "PendingDeletion" if number % 17 == 16 else "Enabled"
            asymmetric = number % 23 == 22
            spec = "RSA_2048" if asymmetric else "SYMMETRIC_DEFAULT"
            yield {
                "KeyMetadata": {
                    "AWSAccountId": ACCOUNT,
                    "KeyId": self.uuid("key", number),
                    "Arn": self.key(number),
                    "CreationDate": self.date("key", number),
                    "Enabled": state == "Enabled",
                    "Description": f"Migrations of {TEAMS[number % len(TEAMS)]}" if number else "Default key of DMS",
                    "KeyUsage": "ENCRYPT_DECRYPT",
                    "KeyState": state,
                    **({"DeletionDate": "2026-12-10T09:00:00+00:00"} if state != "Enabled" else {}),
                    "Origin": "AWS_KMS",
                    "KeyManager": "CUSTOMER" if number else "AWS",
                    "CustomerMasterKeySpec": spec,
                    "KeySpec": spec,
                    "EncryptionAlgorithms": ["RSAES_OAEP_SHA_256"] if asymmetric else ["SYMMETRIC_DEFAULT"],
                    "MultiRegion": False,
                }
            }

    def list_keys(self) -> Iterator[dict[str, Any]]:
        """The ids of all keys."""
        return ({"KeyId": self.uuid("key", number), "KeyArn": self.key(number)} for number in range(self.keys))

    def list_aliases(self) -> Iterator[dict[str, Any]]:
        """An alias for each key; aws/dms for the first."""
        for number in range(self.keys):
            name = f"alias/dms-{number:05}" if number else "alias/aws/dms"
            yield {
                "AliasName": name,
                "AliasArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:{name}",
                "TargetKeyId": self.uuid("key", number),
                "CreationDate": self.date("alias", number),
                "LastUpdatedDate": self.date("alias", number),
            }

    def list_secrets(self) -> Iterator[dict[str, Any]]:
        """The secrets, two of three rotated."""
        for number in range(self.secrets):
            dice = self.random("secret", number)
            changed = self.date("secret", number, 120)
            item: dict[str, Any] = {
                "ARN": self.secret(number),
                "Name": self.secret_name(number),
                "Description": "Credentials of a migration",
                "KmsKeyId": self.key(number),
            }
            if dice.random() < 0.66:
                item |= {
                    "RotationEnabled": True,
                    "RotationLambdaARN": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:dms-rotation",
                    "RotationRules": {"AutomaticallyAfterDays": 30},
                    "LastRotatedDate": changed,
                }
            item |= {
                "LastChangedDate": changed,
                "LastAccessedDate": "2026-11-23T00:00:00+00:00",
                "Tags": [{"Key": "team", "Value": TEAMS[number % len(TEAMS)]}],
                "SecretVersionsToStages": {self.uuid("version", number): ["AWSCURRENT"]},
                "CreatedDate": (NOW - timedelta(days=700)).isoformat(),
            }
            yield item


def _name(common_name: str) -> x509.Name:
    organisation = x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Example Corp")
    return x509.Name([organisation, x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def write_list(file: Path, key: str, items: Iterable[Mapping[str, Any]], *, before: str = "", after: str = "") -> None:
    """Write `{KEY: [ITEM, ...]}` as the AWS CLI prints it, item by item.

    `before` and `after` are further members of the answer, written as they are.
    """
    with file.open("w", encoding="utf-8") as out:
        out.write("{\n" + before + f'    "{key}": [')
        separator = "\n"
        for item in items:
            out.write(separator + indent(json.dumps(item, indent=4), " " * 8))
            separator = ",\n"
        out.write(("\n    ]" if separator != "\n" else "]") + after + "\n}\n")


def write_values(file: Path, values: Iterable[Mapping[str, Any]]) -> None:
    """Write answers one after another, as a shell loop that appends to one file leaves them."""
    with file.open("w", encoding="utf-8") as out:
        for value in values:
            out.write(json.dumps(value, indent=4) + "\n")


def generate(size: int, folder: Path, seed: int = 1) -> None:
    """Write the answers of an account with `size` endpoints into a folder."""
    account = Account(size, seed)
    folder.mkdir(parents=True, exist_ok=True)
    for command, key, items in (
        ("describe-endpoints", "Endpoints", account.describe_endpoints()),
        ("describe-replication-instances", "ReplicationInstances", account.describe_replication_instances()),
        ("describe-replication-subnet-groups", "ReplicationSubnetGroups", account.describe_replication_subnet_groups()),
        ("describe-replication-tasks", "ReplicationTasks", account.describe_replication_tasks()),
        ("describe-connections", "Connections", account.describe_connections()),
        ("describe-certificates", "Certificates", account.describe_certificates()),
        ("describe-event-subscriptions", "EventSubscriptionsList", account.describe_event_subscriptions()),
        (
            "describe-pending-maintenance-actions",
            "PendingMaintenanceActions",
            account.describe_pending_maintenance_actions(),
        ),
        ("describe-engine-versions", "EngineVersions", account.describe_engine_versions()),
        ("describe-replication-configs", "ReplicationConfigs", ()),
        ("describe-data-providers", "DataProviders", ()),
        ("list-tags-for-resource", "TagList", account.tags()),
        ("describe-security-groups", "SecurityGroups", account.describe_security_groups()),
        ("describe-subnets", "Subnets", account.describe_subnets()),
        ("list-keys", "Keys", account.list_keys()),
        ("list-aliases", "Aliases", account.list_aliases()),
        ("list-secrets", "SecretList", account.list_secrets()),
    ):
        write_list(folder / f"{command}.json", key, items)
    write_list(
        folder / "get-account-authorization-details.json",
        "RoleDetailList",
        account.role_details(),
        before='    "UserDetailList": [],\n    "GroupDetailList": [],\n',
        after=',\n    "Policies": []',
    )
    write_values(folder / "describe-key.json", account.key_details())


def main() -> None:
    """Read the command line and write the account."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", type=int, help="how many endpoints")
    parser.add_argument("folder", type=Path, metavar="OUT_DIR", help="where to write the answers")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another account (default: 1)")
    arguments = parser.parse_args()
    generate(arguments.size, arguments.folder, arguments.seed)


if __name__ == "__main__":
    main()
