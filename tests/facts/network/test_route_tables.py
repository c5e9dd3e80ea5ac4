from __future__ import annotations

from typing import Any

import pytest

from dms_lint.facts.network.placement import Subnet
from dms_lint.facts.network.route_tables import has_internet, route_table_of
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW

ACCOUNT, REGION = "111122223333", "eu-west-1"
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}


def asked(operation: str, body: dict[str, Any], subject: str = "") -> Document:
    return Document(operation, body, subject=subject, account=ACCOUNT, region=REGION)


def subnet(id_: str, zone: str) -> dict[str, Any]:
    return {"SubnetIdentifier": id_, "SubnetAvailabilityZone": {"Name": f"{REGION}{zone}"}}


def table(id_: str, *routes: dict[str, Any], subnet_id: str = "") -> dict[str, Any]:
    association = {"SubnetId": subnet_id, "Main": False} if subnet_id else {"Main": True}
    return {
        "RouteTableId": id_,
        "VpcId": "vpc-0a",
        "OwnerId": ACCOUNT,
        "Associations": [association],
        "Routes": [LOCAL, *routes],
    }


def everywhere(state: str = "active", to: str = "0.0.0.0/0", **hop: str) -> dict[str, Any]:
    return {"DestinationCidrBlock": to, "State": state, **hop}


def instance(*tables: dict[str, Any], extra: tuple[Document, ...] = (), **members: Any) -> tuple[Resource, Inventory]:
    body = {
        "ReplicationInstanceArn": f"arn:aws:dms:{REGION}:{ACCOUNT}:rep:ORDERS",
        "AvailabilityZone": f"{REGION}a",
        "MultiAZ": False,
        "PubliclyAccessible": False,
        "ReplicationSubnetGroup": {"VpcId": "vpc-0a", "Subnets": [subnet("subnet-a", "a"), subnet("subnet-b", "b")]},
        **members,
    }
    documents = [asked("dms:DescribeReplicationInstances", {"ReplicationInstances": [body]}), *extra]
    if tables:
        documents.append(asked("ec2:DescribeRouteTables", {"RouteTables": list(tables)}))
    inventory = Inventory(documents, NOW)
    (resource,) = inventory.known("replication-instance")
    return resource, inventory


def nat(**members: Any) -> Document:
    gateway = {"NatGatewayId": "nat-1", "VpcId": "vpc-0a", "SubnetId": "subnet-p", **members}
    gateway = {"State": "available", "ConnectivityType": "public"} | gateway
    return asked("ec2:DescribeNatGateways", {"NatGateways": [gateway]})


PUBLIC = table("rtb-p", everywhere(GatewayId="igw-1"), subnet_id="subnet-p")
NATTED = table("rtb-a", everywhere(NatGatewayId="nat-1"), subnet_id="subnet-a")


@pytest.mark.parametrize(
    ("route", "members", "leads"),
    [
        (everywhere(GatewayId="igw-1"), {"ReplicationInstancePublicIpAddresses": ["203.0.113.9"]}, True),
        (everywhere(GatewayId="igw-1"), {"ReplicationInstancePublicIpAddresses": [None]}, False),
        (everywhere(VpcPeeringConnectionId="pcx-1"), {}, False),
        (everywhere("blackhole", NatGatewayId="nat-1"), {}, False),
        (everywhere(to="192.168.0.0/16", TransitGatewayId="tgw-1"), {}, False),
        ({"DestinationPrefixListId": "pl-s3", "GatewayId": "vpce-1", "State": "active"}, {}, False),
        ({"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1", "State": "active"}, {}, False),
    ],
)
def test_a_default_route_leads_to_the_internet_or_does_not(
    route: dict[str, Any], members: dict[str, Any], *, leads: bool
) -> None:
    assert has_internet(*instance(table("rtb-a", route, subnet_id="subnet-a"), **members)) is leads


@pytest.mark.parametrize(
    "route",
    [
        everywhere(TransitGatewayId="tgw-1"),
        everywhere(CoreNetworkArn="arn:aws:networkmanager::111122223333:core-network/c"),
        everywhere(GatewayId="vgw-1"),
        everywhere(GatewayId="vpce-1"),
        everywhere(NetworkInterfaceId="eni-1"),
        everywhere(NatGatewayId="nat-9"),
        everywhere(to="0.0.0.0/1", TransitGatewayId="tgw-1"),
        {"DestinationPrefixListId": "pl-1", "TransitGatewayId": "tgw-1", "State": "active"},
        {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"},
    ],
    ids=str,
)
def test_what_leaves_out_of_sight_leaves_it_open(route: dict[str, Any]) -> None:
    with pytest.raises(Missing):
        has_internet(*instance(table("rtb-a", route, subnet_id="subnet-a"), extra=(nat(),)))


@pytest.mark.parametrize(
    ("members", "tables", "leads"),
    [
        ({}, (PUBLIC,), True),
        ({}, (), True),
        ({}, (table("rtb-p", subnet_id="subnet-p"),), False),
        ({"ConnectivityType": "private"}, (PUBLIC,), False),
        ({"State": "deleted"}, (PUBLIC,), False),
        ({"SubnetId": None}, (), True),
        ({}, (table("rtb-p", everywhere(GatewayId="vpce-1"), subnet_id="subnet-p"),), True),
    ],
)
def test_a_public_nat_gateway_in_a_public_subnet_leads_out(
    members: dict[str, Any], tables: tuple[dict[str, Any], ...], *, leads: bool
) -> None:
    assert has_internet(*instance(NATTED, *tables, extra=(nat(**members),))) is leads


def test_a_prefix_list_of_everywhere_is_a_default_route() -> None:
    route = {"DestinationPrefixListId": "pl-1", "NatGatewayId": "nat-1", "State": "active"}
    entries = asked("ec2:GetManagedPrefixListEntries", {"Entries": [{"Cidr": "0.0.0.0/0"}]}, "pl-1")
    assert has_internet(*instance(table("rtb-a", route, subnet_id="subnet-a"), PUBLIC, extra=(nat(), entries)))


def test_the_main_table_is_that_of_a_subnet_that_none_names() -> None:
    _, inventory = instance(table("rtb-m", everywhere(VpcPeeringConnectionId="pcx-1")), PUBLIC)
    assert route_table_of(Subnet("subnet-a", "vpc-0a", "", ACCOUNT, REGION), inventory).id == "rtb-m"
    with pytest.raises(Missing):
        route_table_of(Subnet("subnet-a", "vpc-0b", "", ACCOUNT, REGION), inventory)


def test_the_worst_of_the_subnets_counts() -> None:
    two = {"MultiAZ": True, "SecondaryAvailabilityZone": f"{REGION}b"}
    shut, unseen = (
        table("rtb-b", subnet_id="subnet-b"),
        table("rtb-b", everywhere(TransitGatewayId="tgw-1"), subnet_id="subnet-b"),
    )
    assert has_internet(*instance(NATTED, PUBLIC, shut, extra=(nat(),), **two)) is False
    with pytest.raises(Missing):
        has_internet(*instance(NATTED, PUBLIC, unseen, extra=(nat(),), **two))


def test_an_ipv6_route_leaves_dual_stack_instances_open() -> None:
    route = {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1", "State": "active"}
    with pytest.raises(Missing):
        has_internet(*instance(table("rtb-a", route, subnet_id="subnet-a"), NetworkType="DUAL"))


def test_an_unknown_subnet_must_make_no_difference() -> None:
    anywhere = {"AvailabilityZone": None}
    shut = table("rtb-b", subnet_id="subnet-b")
    with pytest.raises(Missing):
        has_internet(*instance(NATTED, PUBLIC, shut, extra=(nat(),), **anywhere))
    assert has_internet(*instance(table("rtb-a", subnet_id="subnet-a"), shut, extra=(nat(),), **anywhere)) is False


def test_a_public_instance_that_shows_no_address_leaves_it_open() -> None:
    with pytest.raises(Missing):
        has_internet(
            *instance(table("rtb-a", everywhere(GatewayId="igw-1"), subnet_id="subnet-a"), PubliclyAccessible=True)
        )
