from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts import network, placement
from dms_lint.inventory import Inventory
from dms_lint.model import Document, Missing, Resource

if TYPE_CHECKING:
    import random

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ACCOUNT = "111122223333"
PREFIX = f"arn:aws:dms:eu-west-1:{ACCOUNT}"


def instance(*groups: dict[str, Any], **members: Any) -> tuple[Resource, Inventory]:
    memberships = [{"VpcSecurityGroupId": group["GroupId"], "Status": "active"} for group in groups]
    body = {
        "ReplicationInstances": [
            {"ReplicationInstanceArn": f"{PREFIX}:rep:ORDERS", "VpcSecurityGroups": memberships, **members}
        ]
    }
    listed = {"SecurityGroups": [{"OwnerId": ACCOUNT, **group} for group in groups]}
    inventory = Inventory(
        [Document("dms:DescribeReplicationInstances", body), Document("ec2:DescribeSecurityGroups", listed)], NOW
    )
    (resource,) = inventory.known("replication-instance")
    return resource, inventory


def permission(*ranges: str, protocol: str = "tcp", ports: tuple[int, int] | None = (22, 22)) -> dict[str, Any]:
    found: dict[str, Any] = {"IpProtocol": protocol}
    if ports:
        found |= {"FromPort": ports[0], "ToPort": ports[1]}
    found["IpRanges"] = [{"CidrIp": one} for one in ranges if ":" not in one]
    found["Ipv6Ranges"] = [{"CidrIpv6": one} for one in ranges if ":" in one]
    return found


def open_ingress(*permissions: dict[str, Any]) -> tuple[str, ...]:
    return network.open_ingress(*instance({"GroupId": "sg-1", "IpPermissions": list(permissions)}))


@given(st.integers(0, 12), st.randoms(use_true_random=False))
def test_however_the_address_space_is_cut_its_pieces_cover_it(cuts: int, shuffle: random.Random) -> None:
    for whole in (ip_network("0.0.0.0/0"), ip_network("::/0")):
        pieces: list[IPv4Network | IPv6Network] = [whole]
        for _ in range(cuts):
            piece = pieces.pop(shuffle.randrange(len(pieces)))
            pieces.extend(piece.subnets(prefixlen_diff=1))
        shuffle.shuffle(pieces)
        assert network.covers_internet(pieces)
        if cuts:
            piece = max(pieces, key=lambda one: one.num_addresses)
            pieces.remove(piece)
            unrouted = network._UNROUTED[whole.version]
            assert network.covers_internet(pieces) == _within(piece, unrouted)


def _within(piece: IPv4Network | IPv6Network, unrouted: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    """By sampling its ends and all edges of the unrouted ranges within it."""
    edges = {piece[0], piece[-1]}
    for one in unrouted:
        for address in (int(one[0]) - 1, int(one[-1]) + 1):
            if int(piece[0]) <= address <= int(piece[-1]):
                edges.add(type(piece[0])(address))
    return all(any(edge in one for one in unrouted) for edge in edges)


@given(st.lists(st.ip_addresses(v=4).map(lambda one: ip_network(f"{one}/9", strict=False)), max_size=40))
def test_what_covers_the_internet_holds_every_public_address(ranges: list[IPv4Network]) -> None:
    if network.covers_internet(ranges):
        for public in ("1.1.1.1", "8.8.8.8", "52.95.110.1", "203.0.112.1", "223.255.255.1"):
            assert any(ip_address(public) in one for one in ranges)


def test_nothing_covers_nothing() -> None:
    assert not network.covers_internet([])


@pytest.mark.parametrize(
    ("permissions", "found"),
    [
        ([permission("0.0.0.0/0", "::/0")], ("sg-1 tcp 22 from 0.0.0.0/0", "sg-1 tcp 22 from ::/0")),
        ([permission("10.1.2.3/0")], ("sg-1 tcp 22 from 0.0.0.0/0",)),
        ([permission("0.0.0.0/0", protocol="-1", ports=None)], ("sg-1 all traffic from 0.0.0.0/0",)),
        ([permission("0.0.0.0/0", protocol="6", ports=None)], ("sg-1 tcp 0-65535 from 0.0.0.0/0",)),
        ([permission("0.0.0.0/0", protocol="icmp", ports=(-1, -1))], ("sg-1 icmp from 0.0.0.0/0",)),
        ([permission("0.0.0.0/0", protocol="50", ports=None)], ("sg-1 protocol 50 from 0.0.0.0/0",)),
        ([permission("2000::/3")], ("sg-1 tcp 22 from 2000::/3, together all public IPv6 addresses",)),
        (
            [permission("0.0.0.0/1"), permission("128.0.0.0/1", protocol="-1", ports=None)],
            ("sg-1 tcp 22 from 0.0.0.0/1 and 128.0.0.0/1, together all public IPv4 addresses",),
        ),
        (
            [permission("0.0.0.0/1", "128.0.0.0/1", protocol="-1", ports=None), permission("10.0.0.0/8")],
            ("sg-1 all traffic from 0.0.0.0/1 and 128.0.0.0/1, together all public IPv4 addresses",),
        ),
        (
            [permission("0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/3")],
            ("sg-1 tcp 22 from 4 ranges, together all public IPv4 addresses",),
        ),
        ([permission("0.0.0.0/1"), permission("128.0.0.0/1", protocol="udp")], ()),
        (
            [
                permission("0.0.0.0/1", protocol="icmp", ports=(8, -1)),
                permission("128.0.0.0/1", protocol="icmp", ports=(3, 4)),
            ],
            (),
        ),
        ([permission("0.0.0.0/1", "8000::/1")], ()),
    ],
)
def test_what_is_open_to_the_world(permissions: list[dict[str, Any]], found: tuple[str, ...]) -> None:
    assert open_ingress(*permissions) == found


GARBAGE: list[Any] = [
    {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "everywhere"}]},
    {"IpProtocol": "tcp", "FromPort": "1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
    {"IpProtocol": "tcp", "IpRanges": "10.0.0.0/8"},
    {"IpProtocol": "tcp", "IpRanges": [{"CidrIp": None}]},
    {"IpProtocol": 6, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
    {"IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
    {"IpProtocol": "tcp", "PrefixListIds": [{}]},
    "garbage",
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_rule_that_cannot_be_read_is_missing_unless_another_is_open(garbage: Any) -> None:
    with pytest.raises(Missing):
        open_ingress(garbage, permission("10.0.0.0/8"))
    if garbage != "garbage":
        assert open_ingress(garbage, permission("0.0.0.0/0")) == ("sg-1 tcp 22 from 0.0.0.0/0",)


def test_rules_without_addresses_admit_no_addresses() -> None:
    assert open_ingress({"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1"}]}) == ()


@pytest.mark.parametrize(
    ("egress", "groups"),
    [
        ([], ()),
        ([permission("255.255.255.255/32", "127.0.0.1/32", "::1/128")], ()),
        ([permission("127.0.0.1/32"), permission("10.0.0.0/8")], ("sg-1",)),
        ([permission("126.0.0.0/7")], ("sg-1",)),
        ([permission("::/0")], ("sg-1",)),
        ([{"IpProtocol": "tcp", "PrefixListIds": [{"PrefixListId": "pl-1"}]}], ("sg-1",)),
    ],
)
def test_which_groups_let_something_out(egress: list[dict[str, Any]], groups: tuple[str, ...]) -> None:
    assert network.egress_groups(*instance({"GroupId": "sg-1", "IpPermissionsEgress": egress})) == groups


@pytest.mark.parametrize("garbage", [*GARBAGE[:4:3], GARBAGE[-1]])
def test_an_outbound_rule_that_cannot_be_read_is_missing(garbage: Any) -> None:
    with pytest.raises(Missing):
        network.egress_groups(*instance({"GroupId": "sg-1", "IpPermissionsEgress": [garbage]}))


def test_a_membership_without_a_status_counts() -> None:
    resource, inventory = instance(VpcSecurityGroups=[{"VpcSecurityGroupId": "sg-7"}, None])
    assert placement.security_groups(resource, inventory) == ("sg-7",)


@pytest.mark.parametrize("groups", [[], [None], [{"Status": "active"}], "sg-1", ["sg-1"]])
def test_an_instance_without_readable_groups_is_missing_them(groups: Any) -> None:
    with pytest.raises(Missing):
        placement.security_groups(*instance(VpcSecurityGroups=groups))


def test_the_default_group_must_be_among_those_listed() -> None:
    config = {
        "ReplicationConfigArn": f"{PREFIX}:replication-config:NIGHTLY",
        "ComputeConfig": {"ReplicationSubnetGroupId": "private", "VpcSecurityGroupIds": []},
    }
    subnets = {"ReplicationSubnetGroupIdentifier": "private", "VpcId": "vpc-1"}
    groups = [{"GroupId": "sg-1", "GroupName": "web", "VpcId": "vpc-1", "OwnerId": ACCOUNT}]
    documents = [
        Document("dms:DescribeReplicationConfigs", {"ReplicationConfigs": [config]}),
        Document("dms:DescribeReplicationSubnetGroups", {"ReplicationSubnetGroups": [subnets]}),
        Document("ec2:DescribeSecurityGroups", {"SecurityGroups": groups}),
    ]
    inventory = Inventory(documents, NOW)
    (resource,) = inventory.known("replication-config")
    with pytest.raises(Missing, match="is not among those listed"):
        placement.security_groups(resource, inventory)


def task(source: dict[str, Any], target: dict[str, Any], *more: Document) -> tuple[Resource, Inventory]:
    legs = {"SourceEndpointArn": f"{PREFIX}:endpoint:SOURCE", "TargetEndpointArn": f"{PREFIX}:endpoint:TARGET"}
    body = {
        "ReplicationTaskArn": f"{PREFIX}:task:ORDERS",
        "ReplicationInstanceArn": f"{PREFIX}:rep:ORDERS",
        **legs,
    }
    endpoints = [
        {"EndpointArn": arn, "EndpointIdentifier": name, **members}
        for arn, name, members in zip(legs.values(), ("from", "to"), (source, target), strict=True)
    ]
    inventory = Inventory(
        [
            Document("dms:DescribeReplicationTasks", {"ReplicationTasks": [body]}),
            Document("dms:DescribeEndpoints", {"Endpoints": endpoints}),
            *more,
        ],
        NOW,
    )
    (resource,) = inventory.known("task")
    return resource, inventory


def mysql(host: str) -> dict[str, Any]:
    return {"EngineName": "mysql", "ServerName": host}


def interface(**members: Any) -> Document:
    one = {"NetworkInterfaceId": "eni-1", "OwnerId": ACCOUNT, "VpcId": "vpc-1", **members}
    return Document("ec2:DescribeNetworkInterfaces", {"NetworkInterfaces": [one]})


AZURE = mysql("shop.mysql.database.azure.com")


def test_a_public_address_of_a_network_interface_is_on_aws() -> None:
    known = interface(PrivateIpAddress="10.0.0.9", Association={"PublicIp": "203.0.113.7"})
    assert network.aws_legs(*task(AZURE, mysql("203.0.113.7"), known)) == ("target",)
    with pytest.raises(Missing, match=r"whether 203\.0\.113\.8 runs on AWS"):
        network.aws_legs(*task(AZURE, mysql("203.0.113.8"), known))


def test_an_ipv6_address_of_a_network_interface_is_on_aws_however_it_is_written() -> None:
    known = interface(Ipv6Addresses=[{"Ipv6Address": "2600:1f18:0:0::5"}])
    assert network.aws_legs(*task(AZURE, mysql("[2600:1f18::5]:3306"), known)) == ("target",)


@pytest.mark.parametrize(
    "members",
    [{"PrivateIpAddresses": "garbage"}, {"Association": []}, {"Ipv6Addresses": [{"Ipv6Address": "garbage"}]}],
)
def test_a_garbled_network_interface_places_nothing(members: dict[str, Any]) -> None:
    with pytest.raises(Missing, match="runs on AWS"):
        network.aws_legs(*task(AZURE, mysql("203.0.113.7"), interface(**members)))


def test_both_ends_on_aws_are_told() -> None:
    assert network.aws_legs(*task({"EngineName": "s3"}, {"EngineName": "OPENSEARCH"})) == ("source", "target")


def test_one_broker_on_aws_is_enough() -> None:
    kafka = {"EngineName": "kafka", "KafkaSettings": {"Broker": "k.example.com:9092,b.kafka.eu-west-1.amazonaws.com"}}
    assert network.aws_legs(*task(AZURE, kafka)) == ("target",)


def test_google_settings_are_google_whatever_the_host() -> None:
    gcp = {"EngineName": "mysql", "GcpMySQLSettings": {"SecretsManagerSecretId": "orders"}}
    resource, inventory = task(gcp, AZURE)
    assert network.aws_legs(resource, inventory) == ()
    assert network.leg_clouds(resource, inventory) == ("source from on Google Cloud", "target to on Azure")
    assert network.foreign_legs(resource, inventory) == ()


@pytest.mark.parametrize(
    ("target", "found"),
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
def test_which_ends_lie_abroad(target: dict[str, Any], found: tuple[str, ...]) -> None:
    assert network.foreign_legs(*task(AZURE, target)) == found


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
        network.foreign_legs(*task(AZURE, target))


@pytest.mark.parametrize("blocks", [{"CidrBlock": "garbage"}, {"CidrBlockAssociationSet": "garbage"}, {}])
def test_a_vpc_whose_range_cannot_be_read_places_nothing(blocks: dict[str, Any]) -> None:
    rep = {"ReplicationInstanceArn": f"{PREFIX}:rep:ORDERS", "ReplicationSubnetGroup": {"VpcId": "vpc-1"}}
    more = [
        Document("dms:DescribeReplicationInstances", {"ReplicationInstances": [rep]}),
        Document("ec2:DescribeVpcs", {"Vpcs": [{"VpcId": "vpc-1", "OwnerId": ACCOUNT, **blocks}]}),
    ]
    with pytest.raises(Missing):
        network.aws_legs(*task(AZURE, mysql("10.0.0.1"), *more))


def test_a_second_range_of_the_vpc_counts() -> None:
    rep = {"ReplicationInstanceArn": f"{PREFIX}:rep:ORDERS", "ReplicationSubnetGroup": {"VpcId": "vpc-1"}}
    vpc = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": [{"CidrBlock": "100.64.0.0/16"}]}
    more = [
        Document("dms:DescribeReplicationInstances", {"ReplicationInstances": [rep]}),
        Document("ec2:DescribeVpcs", {"Vpcs": [{"OwnerId": ACCOUNT, **vpc}]}),
    ]
    assert network.aws_legs(*task(AZURE, mysql("100.64.3.1"), *more)) == ("target",)


@pytest.mark.parametrize("absent", ["ToPort", "IpRanges"])
def test_a_rule_of_which_something_was_left_out_is_not_taken_for_a_closed_one(absent: str) -> None:
    rule = permission("0.0.0.0/1")
    rule["IpRanges"].append({"CidrIp": "128.0.0.0/1"})
    assert open_ingress(rule) != ()
    with pytest.raises(Missing, match=absent):
        open_ingress({name: value for name, value in rule.items() if name != absent})
