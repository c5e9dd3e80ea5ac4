from __future__ import annotations

from typing import Any

import pytest

from dms_lint.facts.network import endpoint_locations
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import ACCOUNT, NOW

PREFIX = f"arn:aws:dms:eu-west-1:{ACCOUNT}"


def task(source: dict[str, Any], target: dict[str, Any], *documents: Document) -> tuple[Resource, Inventory]:
    ends = {"SourceEndpointArn": f"{PREFIX}:endpoint:SOURCE", "TargetEndpointArn": f"{PREFIX}:endpoint:TARGET"}
    body = {
        "ReplicationTaskArn": f"{PREFIX}:task:ORDERS",
        "ReplicationInstanceArn": f"{PREFIX}:rep:ORDERS",
        **ends,
    }
    endpoints = [
        {"EndpointArn": arn, "EndpointIdentifier": name, **members}
        for arn, name, members in zip(ends.values(), ("from", "to"), (source, target), strict=True)
    ]
    inventory = Inventory(
        [
            Document("dms:DescribeReplicationTasks", {"ReplicationTasks": [body]}),
            Document("dms:DescribeEndpoints", {"Endpoints": endpoints}),
            *documents,
        ],
        NOW,
    )
    (resource,) = inventory.known("task")
    return resource, inventory


def mysql(host: str) -> dict[str, Any]:
    return {"EngineName": "mysql", "ServerName": host}


def interface(**members: Any) -> Document:
    listed = {"NetworkInterfaceId": "eni-1", "OwnerId": ACCOUNT, "VpcId": "vpc-1", **members}
    return Document("ec2:DescribeNetworkInterfaces", {"NetworkInterfaces": [listed]})


AZURE = mysql("shop.mysql.database.azure.com")


def test_a_public_address_of_a_network_interface_is_on_aws() -> None:
    interfaces = interface(PrivateIpAddress="10.0.0.9", Association={"PublicIp": "203.0.113.7"})
    assert endpoint_locations.aws_ends(*task(AZURE, mysql("203.0.113.7"), interfaces)) == ("target",)
    with pytest.raises(Missing, match=r"whether 203\.0\.113\.8 runs on AWS"):
        endpoint_locations.aws_ends(*task(AZURE, mysql("203.0.113.8"), interfaces))


def test_an_ipv6_interface_address_is_on_aws_however_written() -> None:
    interfaces = interface(Ipv6Addresses=[{"Ipv6Address": "2600:1f18:0:0::5"}])
    assert endpoint_locations.aws_ends(*task(AZURE, mysql("[2600:1f18::5]:3306"), interfaces)) == ("target",)


@pytest.mark.parametrize(
    "members",
    [{"PrivateIpAddresses": "garbage"}, {"Association": []}, {"Ipv6Addresses": [{"Ipv6Address": "garbage"}]}],
)
def test_a_garbled_network_interface_places_nothing(members: dict[str, Any]) -> None:
    with pytest.raises(Missing, match="runs on AWS"):
        endpoint_locations.aws_ends(*task(AZURE, mysql("203.0.113.7"), interface(**members)))


def test_both_ends_on_aws_are_told() -> None:
    assert endpoint_locations.aws_ends(*task({"EngineName": "s3"}, {"EngineName": "OPENSEARCH"})) == (
        "source",
        "target",
    )


def test_one_broker_on_aws_is_enough() -> None:
    kafka = {"EngineName": "kafka", "KafkaSettings": {"Broker": "k.example.com:9092,b.kafka.eu-west-1.amazonaws.com"}}
    assert endpoint_locations.aws_ends(*task(AZURE, kafka)) == ("target",)


def test_google_settings_are_google_whatever_the_host() -> None:
    gcp = {"EngineName": "mysql", "GcpMySQLSettings": {"SecretsManagerSecretId": "orders"}}
    resource, inventory = task(gcp, AZURE)
    assert endpoint_locations.aws_ends(resource, inventory) == ()
    assert endpoint_locations.end_clouds(resource, inventory) == ("source from on Google Cloud", "target to on Azure")
    assert endpoint_locations.foreign_ends(resource, inventory) == ()


@pytest.mark.parametrize(
    ("target", "ends"),
    [
        ({"EngineName": "timestream"}, ()),
        ({"EngineName": "azuredb"}, ()),
        (
            {"EngineName": "lakehouse", "LakehouseSettings": {"Arn": "arn:aws:glue:us-west-2:1:catalog"}},
            ("target arn:aws:glue:us-west-2:1:catalog in us-west-2",),
        ),
        (mysql("db.elb.us-west-2.amazonaws.com"), ("target db.elb.us-west-2.amazonaws.com in us-west-2",)),
    ],
)
def test_which_ends_lie_abroad(target: dict[str, Any], ends: tuple[str, ...]) -> None:
    assert endpoint_locations.foreign_ends(*task(AZURE, target)) == ends


@pytest.mark.parametrize(
    "target",
    [
        {"EngineName": "kinesis", "KinesisSettings": {"StreamArn": "orders"}},
        {"EngineName": "kinesis", "KinesisSettings": {"StreamArn": "arn:aws:kinesis::1:stream/orders"}},
        {"EngineName": "kinesis"},
        {"EngineName": "s3", "S3Settings": {}},
        {"EngineName": "s3", "S3Settings": {"BucketName": 3}},
        mysql("10.0.0.1"),
        {},
    ],
)
def test_an_end_without_a_region_is_missing_it(target: dict[str, Any]) -> None:
    with pytest.raises(Missing):
        endpoint_locations.foreign_ends(*task(AZURE, target))


@pytest.mark.parametrize("blocks", [{"CidrBlock": "garbage"}, {"CidrBlockAssociationSet": "garbage"}, {}])
def test_a_vpc_whose_range_cannot_be_read_places_nothing(blocks: dict[str, Any]) -> None:
    rep = {"ReplicationInstanceArn": f"{PREFIX}:rep:ORDERS", "ReplicationSubnetGroup": {"VpcId": "vpc-1"}}
    documents = [
        Document("dms:DescribeReplicationInstances", {"ReplicationInstances": [rep]}),
        Document("ec2:DescribeVpcs", {"Vpcs": [{"VpcId": "vpc-1", "OwnerId": ACCOUNT, **blocks}]}),
    ]
    with pytest.raises(Missing):
        endpoint_locations.aws_ends(*task(AZURE, mysql("10.0.0.1"), *documents))


def test_a_second_range_of_the_vpc_counts() -> None:
    rep = {"ReplicationInstanceArn": f"{PREFIX}:rep:ORDERS", "ReplicationSubnetGroup": {"VpcId": "vpc-1"}}
    vpc = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": [{"CidrBlock": "100.64.0.0/16"}]}
    documents = [
        Document("dms:DescribeReplicationInstances", {"ReplicationInstances": [rep]}),
        Document("ec2:DescribeVpcs", {"Vpcs": [{"OwnerId": ACCOUNT, **vpc}]}),
    ]
    assert endpoint_locations.aws_ends(*task(AZURE, mysql("100.64.3.1"), *documents)) == ("target",)
