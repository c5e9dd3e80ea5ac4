"""The world of accounts that moto holds: that it answers as AWS does, and that what is planted in it is found."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from dms_lint.aws.responses import RESPONSES, command
from dms_lint.aws.shapes import misfits
from dms_lint.collectors import read_inputs
from dms_lint.engine.scan import scan
from dms_lint.model import Document, Verdict
from tests.aws import moto_dms, world
from tests.aws.clients import ROLE, Clients

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dms_lint.model import Pack, Report


OPERATIONS = list(dict.fromkeys(row.operation for row in RESPONSES if row.service == "dms"))
PLACES = [(account, region) for account in world.ACCOUNTS for region in world.REGIONS]
ELSEWHERE = "888877776666"
"""An account that is no part of the world: what tests make is made there, each in a Region of its own."""
CREATED = {"EndpointType": "target", "EngineName": "mysql"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def clients(url: str) -> Clients:
    world.build(url)
    return Clients(url)


@pytest.fixture(scope="module")
def exported(clients: Clients, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.aws import exporting

    folder = tmp_path_factory.mktemp("world")
    for account, region in PLACES:
        exporting.export(clients, account, region, folder)
    return folder


@pytest.fixture(scope="module")
def report(exported: Path, pack: Pack) -> Report:
    return scan(read_inputs([str(exported)]), pack, pack.rules)


def sent(client: Any, operation: str, **parameters: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """An answer as it was sent, with all that boto3 does not know; and as boto3 reads it."""
    from botocore import xform_name

    bodies: list[dict[str, Any]] = []

    def keep(response_dict: dict[str, Any], **_: Any) -> None:
        bodies.append(json.loads(response_dict["body"]))

    client.meta.events.register("before-parse.dms", keep)
    try:
        read = getattr(client, xform_name(operation))(**parameters)
    finally:
        client.meta.events.unregister("before-parse.dms", keep)
    (body,) = bodies
    return body, read


def made(client: Any, operation: str, **parameters: Any) -> Any:
    """What an operation makes, whose answer fits its shape."""
    body, _ = sent(client, operation, **parameters)
    assert list(misfits(f"dms:{operation}", body)) == []
    (found,) = body.values()
    return found


def refusal(client: Any, operation: str, **parameters: Any) -> str:
    """The code of the error that an operation answers."""
    from botocore import xform_name
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        getattr(client, xform_name(operation))(**parameters)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(caught.value.response["Error"]["Code"])


def subnets(clients: Clients, region: str, zones: str) -> list[str]:
    ec2 = clients.of(ELSEWHERE, region, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=region + zone)["Subnet"]["SubnetId"]
        for n, zone in enumerate(zones)
    ]


# -- the world


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_dms_operation_that_is_read_answers_in_its_shape(clients: Clients, operation: str) -> None:
    name = operation.partition(":")[2]
    for account, region in (*((account, "eu-west-1") for account in world.ACCOUNTS), world.EMPTY):
        client = clients.of(account, region, "dms")
        arns = [one["EndpointArn"] for one in client.describe_endpoints()["Endpoints"]]
        if name == "DescribeEndpointSettings":
            body, _ = sent(client, name, EngineName="mysql")
        elif name == "ListTagsForResource":
            if not arns:
                continue  # in the Region without resources
            body, _ = sent(client, name, ResourceArnList=arns)
        else:
            body, _ = sent(client, name)
        assert list(misfits(operation, body)) == []
        assert body


def test_keys_of_a_role_are_keys_of_its_account(clients: Clients) -> None:
    for account in world.ACCOUNTS:
        assert clients.of(account, "us-east-1", "sts").get_caller_identity()["Account"] == account
        for region in world.REGIONS:
            for one in clients.of(account, region, "dms").describe_endpoints()["Endpoints"]:
                assert one["EndpointArn"].split(":")[3:5] == [region, account]


def test_the_organization_has_closed_and_roleless_members(clients: Clients) -> None:
    pages = clients.of(world.MANAGEMENT, "us-east-1", "organizations").get_paginator("list_accounts").paginate()
    status = {one["Id"]: one["Status"] for page in pages for one in page["Accounts"]}
    assert status == dict.fromkeys((*world.ACCOUNTS, world.WITHOUT_ROLE), "ACTIVE") | {world.SUSPENDED: "SUSPENDED"}
    for account in (*world.ACCOUNTS, world.WITHOUT_ROLE):
        roles = clients.of(account, "us-east-1", "iam").list_roles()["Roles"]
        assert (ROLE in [one["RoleName"] for one in roles]) == (account != world.WITHOUT_ROLE)


def test_one_account_asks_for_an_external_id(clients: Clients) -> None:
    for account in world.ACCOUNTS:
        role = clients.of(account, "us-east-1", "iam").get_role(RoleName=ROLE)["Role"]
        (statement,) = _statements(role["AssumeRolePolicyDocument"])
        asked = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
        assert asked == world.EXTERNAL_ID.get(account)


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    found = policy["Statement"]
    return found if isinstance(found, list) else [found]


def test_building_it_again_changes_nothing(clients: Clients, url: str) -> None:
    before = clients.of(world.MANAGEMENT, "eu-west-1", "dms").describe_endpoints()["Endpoints"]
    world.build(url)
    assert clients.of(world.MANAGEMENT, "eu-west-1", "dms").describe_endpoints()["Endpoints"] == before


def test_one_region_has_no_dms_resources(clients: Clients) -> None:
    account, region = world.EMPTY
    client = clients.of(account, region, "dms")
    assert (
        client.describe_endpoints()["Endpoints"]
        == client.describe_replication_instances()["ReplicationInstances"]
        == []
    )
    assert clients.of(account, region, "ec2").describe_vpcs()["Vpcs"]


def test_one_secret_is_encrypted_with_a_key_of_another_account(clients: Clients) -> None:
    account, region = world.FOREIGN_KEY
    (secret,) = clients.of(account, region, "secretsmanager").list_secrets()["SecretList"]
    assert secret["KmsKeyId"].split(":")[4] not in {account, ""}


# -- the world as dms-lint sees it


def test_every_exported_answer_is_one_that_aws_gives(exported: Path) -> None:
    documents = [one for one in read_inputs([str(exported)]) if isinstance(one, Document)]
    assert {f"{account}/{region}" for account, region in PLACES} <= {
        "/".join(str(one.file).split("/")[-3:-1]) for one in documents
    }
    problems = [f"{one.file}: {problem}" for one in documents for problem in misfits(one.operation, one.body)]
    assert problems == []


def test_exactly_the_planted_faults_fail(report: Report, clients: Clients) -> None:
    names = {}
    for account, region in PLACES:
        for alias in clients.of(account, region, "kms").list_aliases()["Aliases"]:
            names[alias.get("TargetKeyId")] = alias["AliasName"]
    failed = sorted(
        (one.resource.account, one.resource.region, one.rule.id, names.get(one.resource.name, one.resource.name))
        for one in report.findings
        if one.verdict is Verdict.FAIL
    )
    # A role is of no Region, whatever Region it is for.
    planted = [
        (one.account, "" if one.rule.startswith("ROLE") else one.region, one.rule, one.resource)
        for one in world.PLANTED
    ]
    assert failed == sorted(planted)


def test_the_report_is_of_every_account_and_region(report: Report) -> None:
    assert set(report.accounts) == set(world.ACCOUNTS)
    assert set(report.regions) == set(world.REGIONS)
    assert not report.faults
    assert not report.notices


# -- DMS in moto


def test_patching_twice_changes_nothing() -> None:
    from moto.dms.responses import DatabaseMigrationServiceResponse as Dms

    moto_dms.patch()
    client = Dms.describe_endpoints
    moto_dms.patch()
    assert Dms.describe_endpoints is client


def test_a_listing_comes_in_pages_of_20_to_100(clients: Clients) -> None:
    client = clients.of(ELSEWHERE, "eu-north-1", "dms")
    names = [f"copy-{n:02}" for n in range(45)]
    for name in names:
        client.create_endpoint(EndpointIdentifier=name, **CREATED)
    first = client.describe_endpoints(MaxRecords=20)
    second = client.describe_endpoints(MaxRecords=20, Marker=first["Marker"])
    third = client.describe_endpoints(MaxRecords=20, Marker=second["Marker"])
    pages = [first, second, third]
    assert [len(page["Endpoints"]) for page in pages] == [20, 20, 5]
    assert [one["EndpointIdentifier"] for page in pages for one in page["Endpoints"]] == names
    assert "Marker" not in third
    assert "Marker" not in client.describe_endpoints()
    paginator = client.get_paginator("describe_endpoints").paginate(PaginationConfig={"PageSize": 20})
    assert len(list(paginator)) == 3
    for size in (19, 101):
        assert refusal(client, "DescribeEndpoints", MaxRecords=size) == "InvalidParameterValueException"
    for marker in ("nonsense", "bm9uc2Vuc2U="):
        assert refusal(client, "DescribeEndpoints", Marker=marker) == "InvalidParameterValueException"


def test_an_endpoint_has_the_defaults_of_aws_and_no_password(clients: Clients) -> None:
    client = clients.of(ELSEWHERE, "eu-south-1", "dms")
    settings = {"ServerName": "db.example.com", "Port": 3306, "Password": "n0t-shown", "Username": "reader"}
    endpoint = made(
        client,
        "CreateEndpoint",
        EndpointIdentifier="Shop",
        EndpointType="source",
        EngineName="mysql",
        Password="n0t-shown",
        MySQLSettings=settings,
    )
    key = endpoint.pop("KmsKeyId")
    arn = endpoint.pop("EndpointArn")
    assert endpoint == {
        "EndpointIdentifier": "shop",
        "EndpointType": "SOURCE",
        "EngineName": "mysql",
        "EngineDisplayName": "MySQL",
        "Status": "active",
        "SslMode": "none",
        "MySQLSettings": {"ServerName": "db.example.com", "Port": 3306, "Username": "reader"},
    }
    assert len(arn.split(":")[-1]) == 26
    described = clients.of(ELSEWHERE, "eu-south-1", "kms").describe_key(KeyId="alias/aws/dms")["KeyMetadata"]
    assert (described["Arn"], described["KeyManager"]) == (key, "AWS")
    again = {"EndpointIdentifier": "shop", **CREATED}
    assert refusal(client, "CreateEndpoint", **again) == "ResourceAlreadyExistsFault"
    lost = {"EndpointIdentifier": "other", "CertificateArn": f"{arn}x", **CREATED}
    assert refusal(client, "CreateEndpoint", **lost) == "ResourceNotFoundFault"


def test_an_s3_endpoint_has_no_key(clients: Clients) -> None:
    client = clients.of(ELSEWHERE, "eu-south-2", "dms")
    role = f"arn:aws:iam::{ELSEWHERE}:role/lake"
    given = {"BucketName": "lake", "ServiceAccessRoleArn": role}
    lake = made(
        client, "CreateEndpoint", EndpointIdentifier="lake", EndpointType="target", EngineName="s3", S3Settings=given
    )
    assert "KmsKeyId" not in lake
    assert lake["ServiceAccessRoleArn"] == role
    assert lake["ExtraConnectionAttributes"] == "bucketName=lake;"


def test_an_instance_has_the_defaults_of_aws(clients: Clients) -> None:
    region = "us-west-2"
    client, wanted = clients.of(ELSEWHERE, region, "dms"), subnets(clients, region, "ab")
    group = made(
        client,
        "CreateReplicationSubnetGroup",
        ReplicationSubnetGroupIdentifier="Private",
        ReplicationSubnetGroupDescription="Private",
        SubnetIds=wanted,
    )
    assert [one["SubnetIdentifier"] for one in group["Subnets"]] == wanted
    assert [one["SubnetAvailabilityZone"]["Name"] for one in group["Subnets"]] == [f"{region}a", f"{region}b"]
    assert group["VpcId"] in [one["VpcId"] for one in clients.of(ELSEWHERE, region, "ec2").describe_vpcs()["Vpcs"]]
    basic = {"ReplicationInstanceIdentifier": "one", "ReplicationInstanceClass": "dms.r6i.large"}
    one = made(client, "CreateReplicationInstance", ReplicationSubnetGroupIdentifier="private", **basic)
    assert one["PubliclyAccessible"] is True
    assert one["MultiAZ"] is False
    assert one["AutoMinorVersionUpgrade"] is True
    assert one["EngineVersion"] == "3.6.1"
    assert one["ReplicationInstanceStatus"] == "available"
    assert one["ReplicationSubnetGroup"] == group
    assert ":key/" in one["KmsKeyId"]
    lost = basic | {"ReplicationInstanceIdentifier": "two", "ReplicationSubnetGroupIdentifier": "nowhere"}
    assert refusal(client, "CreateReplicationInstance", **lost) == "ResourceNotFoundFault"


def test_a_subnet_group_lies_in_two_zones(clients: Clients) -> None:
    region = "us-west-1"
    client = clients.of(ELSEWHERE, region, "dms")
    given = {"ReplicationSubnetGroupIdentifier": "flat", "ReplicationSubnetGroupDescription": "flat"}
    refused = refusal(client, "CreateReplicationSubnetGroup", SubnetIds=subnets(clients, region, "a"), **given)
    assert refused == "ReplicationSubnetGroupDoesNotCoverEnoughAZs"
    assert refusal(client, "CreateReplicationSubnetGroup", SubnetIds=["subnet-0"], **given) == "InvalidSubnet"


def test_a_task_has_all_settings_and_can_be_listed_without(clients: Clients) -> None:
    client = clients.of("111122223333", "us-east-1", "dms")
    (task,) = client.describe_replication_tasks()["ReplicationTasks"]
    settings = json.loads(task["ReplicationTaskSettings"])
    assert settings["Logging"]["EnableLogging"] is True
    assert {"SOURCE_CAPTURE", "TARGET_APPLY"} <= {one["Id"] for one in settings["Logging"]["LogComponents"]}
    (bare,) = client.describe_replication_tasks(WithoutSettings=True)["ReplicationTasks"]
    assert "ReplicationTaskSettings" not in bare
    assert task["Status"] == "ready"


def test_a_task_joins_what_exists_and_runs_once_started(clients: Clients) -> None:
    region = "ca-central-1"
    client = clients.of(ELSEWHERE, region, "dms")
    group = {"ReplicationSubnetGroupIdentifier": "private"}
    client.create_replication_subnet_group(
        ReplicationSubnetGroupDescription="private", SubnetIds=subnets(clients, region, "ab"), **group
    )
    instance = client.create_replication_instance(
        ReplicationInstanceIdentifier="one", ReplicationInstanceClass="dms.r6i.large", **group
    )["ReplicationInstance"]["ReplicationInstanceArn"]
    endpoint = client.create_endpoint(EndpointIdentifier="a", **CREATED)["Endpoint"]["EndpointArn"]
    given = {"ReplicationTaskIdentifier": "t", "MigrationType": "cdc", "TableMappings": "{}"}
    ends = {"SourceEndpointArn": endpoint, "TargetEndpointArn": endpoint}
    lost = refusal(client, "CreateReplicationTask", ReplicationInstanceArn=endpoint, **given, **ends)
    assert lost == "ResourceNotFoundFault"
    task = made(client, "CreateReplicationTask", ReplicationInstanceArn=instance, **given, **ends)
    assert json.loads(task["ReplicationTaskSettings"])["Logging"]["EnableLogging"] is False
    arn = {"ReplicationTaskArn": task["ReplicationTaskArn"]}
    assert refusal(client, "StopReplicationTask", **arn) == "InvalidResourceStateFault"
    start = {"StartReplicationTaskType": "start-replication", **arn}
    assert made(client, "StartReplicationTask", **start)["Status"] == "running"
    assert made(client, "StopReplicationTask", **arn)["Status"] == "stopped"
    assert made(client, "TestConnection", ReplicationInstanceArn=instance, EndpointArn=endpoint)["Status"] == "testing"
    (connection,) = client.describe_connections()["Connections"]
    assert connection["Status"] == "successful"


def test_a_filter_keeps_what_it_names_and_nothing_is_an_error(clients: Clients) -> None:
    client = clients.of("444455556666", "ap-southeast-2", "dms")
    found = client.describe_endpoints(Filters=[{"Name": "endpoint-type", "Values": ["source"]}])["Endpoints"]
    assert {one["EndpointIdentifier"] for one in found} == {"shop-mysql", "lost-mysql"}
    nothing = [{"Name": "endpoint-id", "Values": ["nowhere"]}]
    assert refusal(client, "DescribeEndpoints", Filters=nothing) == "ResourceNotFoundFault"
    unknown = [{"Name": "colour", "Values": ["red"]}]
    assert refusal(client, "DescribeEndpoints", Filters=unknown) == "InvalidParameterValueException"


def test_tags_are_listed_by_one_arn_or_by_several(clients: Clients) -> None:
    client = clients.of("111122223333", "eu-central-1", "dms")
    (certificate,) = client.describe_certificates()["Certificates"]
    endpoints = [one["EndpointArn"] for one in client.describe_endpoints()["Endpoints"]]
    assert client.list_tags_for_resource(ResourceArn=certificate["CertificateArn"])["TagList"] == []
    tag = {"Key": "project", "Value": "shop"}
    assert client.list_tags_for_resource(ResourceArn=endpoints[0])["TagList"] == [tag]
    several = client.list_tags_for_resource(ResourceArnList=[certificate["CertificateArn"], *endpoints])["TagList"]
    assert several == [{**tag, "ResourceArn": arn} for arn in endpoints]
    assert refusal(client, "ListTagsForResource", ResourceArn=endpoints[0] + "X") == "ResourceNotFoundFault"
    assert refusal(client, "ListTagsForResource") == "InvalidParameterCombinationException"
    place = clients.of(ELSEWHERE, "eu-west-2", "dms")
    arn = place.create_endpoint(EndpointIdentifier="a", **CREATED)["Endpoint"]["EndpointArn"]
    place.add_tags_to_resource(ResourceArn=arn, Tags=[tag])
    assert place.list_tags_for_resource(ResourceArn=arn)["TagList"] == [tag]


def test_a_certificate_is_read(clients: Clients) -> None:
    client = clients.of("111122223333", "us-east-1", "dms")
    (certificate,) = client.describe_certificates()["Certificates"]
    assert certificate["KeyLength"] == 2048
    assert certificate["ValidFromDate"] < certificate["ValidToDate"]
    bad = {"CertificateIdentifier": "bad", "CertificatePem": "no certificate"}
    assert refusal(clients.of(ELSEWHERE, "eu-west-3", "dms"), "ImportCertificate", **bad) == "InvalidCertificateFault"
    wallet = made(
        clients.of(ELSEWHERE, "eu-west-3", "dms"),
        "ImportCertificate",
        CertificateIdentifier="wallet",
        CertificateWallet=b"\xa1\xf8N6",
    )
    assert wallet["CertificateWallet"] == "ofhONg=="
    (read,) = clients.of(ELSEWHERE, "eu-west-3", "dms").describe_certificates()["Certificates"]
    assert read["CertificateWallet"] == b"\xa1\xf8N6"


def test_schema_conversion_and_serverless_can_be_made(clients: Clients) -> None:
    client = clients.of(ELSEWHERE, "ap-northeast-1", "dms")
    profile = made(client, "CreateInstanceProfile", InstanceProfileName="small")
    assert profile["PubliclyAccessible"] is True
    assert "KmsKeyArn" not in profile
    settings = {"MySqlSettings": {"ServerName": "db.example.com", "Port": 3306, "SslMode": "none"}}
    provider = made(client, "CreateDataProvider", DataProviderName="db", Engine="mysql", Settings=settings)
    side = [{"DataProviderIdentifier": "db", "SecretsManagerSecretId": "dms/db"}]
    project = made(
        client,
        "CreateMigrationProject",
        MigrationProjectName="move",
        InstanceProfileIdentifier="small",
        SourceDataProviderDescriptors=side,
        TargetDataProviderDescriptors=side,
    )
    assert project["InstanceProfileArn"] == profile["InstanceProfileArn"]
    assert project["SourceDataProviderDescriptors"][0]["DataProviderArn"] == provider["DataProviderArn"]
    endpoint = client.create_endpoint(EndpointIdentifier="a", **CREATED)["Endpoint"]["EndpointArn"]
    config = made(
        client,
        "CreateReplicationConfig",
        ReplicationConfigIdentifier="serverless",
        SourceEndpointArn=endpoint,
        TargetEndpointArn=endpoint,
        ComputeConfig={"MaxCapacityUnits": 4},
        ReplicationType="cdc",
        TableMappings="{}",
    )
    assert config["ComputeConfig"]["MultiAZ"] is False
    (replication,) = client.describe_replications()["Replications"]
    assert replication["Status"] == "created"
    for listing in ("InstanceProfiles", "DataProviders", "MigrationProjects", "ReplicationConfigs", "Replications"):
        body, _ = sent(client, f"Describe{listing}")
        assert list(misfits(f"dms:Describe{listing}", body)) == []
        assert len(body[listing]) == 1


def test_what_cannot_be_made_can_be_put(clients: Clients) -> None:
    region = "ap-south-1"
    action = {"ResourceIdentifier": f"arn:aws:dms:{region}:{ELSEWHERE}:rep:A", "PendingMaintenanceActionDetails": []}
    moto_dms.put(ELSEWHERE, region, "DescribePendingMaintenanceActions", [action])
    client = clients.of(ELSEWHERE, region, "dms")
    assert client.describe_pending_maintenance_actions()["PendingMaintenanceActions"] == [action]


def test_every_dms_listing_that_is_read_is_exported(exported: Path) -> None:
    written = {file.name.split(".")[0] for file in exported.rglob("*.json")}
    assert {command(operation) for operation in OPERATIONS} <= written
