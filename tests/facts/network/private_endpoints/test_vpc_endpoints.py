from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.network.private_endpoints import endpoint_security_groups, vpc_endpoints
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW
from tests.permissions import NOBODY

ACCOUNT, REGION = "111122223333", "eu-west-1"
API = {
    "VpcEndpointId": "vpce-0a",
    "VpcEndpointType": "Interface",
    "VpcId": "vpc-0a",
    "ServiceName": f"com.amazonaws.{REGION}.dms",
    "State": "available",
    "PrivateDnsEnabled": True,
    "Groups": [{"GroupId": "sg-1"}],
    "OwnerId": ACCOUNT,
}


def asked(operation: str, body: dict[str, Any], subject: str = "") -> Document:
    return Document(operation, body, subject=subject, account=ACCOUNT, region=REGION)


def vpc_endpoint(*documents: Document, **members: Any) -> tuple[Resource, Inventory]:
    inventory = Inventory([asked("ec2:DescribeVpcEndpoints", {"VpcEndpoints": [{**API, **members}]}), *documents], NOW)
    (resource,) = inventory.known("vpc-endpoint")
    return resource, inventory


def attribute(name: str, *, value: bool) -> Document:
    return asked("ec2:DescribeVpcAttribute", {"VpcId": "vpc-0a", name: {"Value": value}})


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("com.amazonaws.eu-west-1.dms", "dms"),
        ("com.amazonaws.eu-west-1.secretsmanager-fips", "secretsmanager"),
        ("cn.com.amazonaws.eu-west-1.s3", "s3"),
        ("com.amazonaws.us-east-1.s3", ""),
        ("com.amazonaws.vpce.eu-west-1.vpce-svc-0dms", ""),
        ("com.amazonaws.s3-global.accesspoint", ""),
    ],
)
def test_a_service_is_what_follows_the_region(name: str, service: str) -> None:
    assert vpc_endpoints.service(*vpc_endpoint(ServiceName=name)) == service


@pytest.mark.parametrize(
    ("state", "lower_case"),
    [("Available", "available"), ("pendingAcceptance", "pendingacceptance"), ("Expired", "gone")],
)
def test_a_state_is_told_in_lower_case(state: str, lower_case: str) -> None:
    assert vpc_endpoints.state(*vpc_endpoint(State=state)) == lower_case


@given(st.booleans(), st.booleans(), st.booleans())
def test_private_dns_works_where_all_three_switches_are_on(private_dns: bool, support: bool, hostnames: bool) -> None:
    attributes = (attribute("EnableDnsSupport", value=support), attribute("EnableDnsHostnames", value=hostnames))
    flaw = vpc_endpoints.dns_flaw(*vpc_endpoint(*attributes, PrivateDnsEnabled=private_dns))
    assert (flaw == "") is (private_dns and support and hostnames)


def test_a_switch_that_is_off_counts_if_the_other_was_not_read() -> None:
    endpoint = vpc_endpoint(attribute("EnableDnsHostnames", value=False))
    assert vpc_endpoints.dns_flaw(*endpoint) == "enableDnsHostnames of vpc-0a is off"
    with pytest.raises(Missing):
        vpc_endpoints.dns_flaw(*vpc_endpoint(attribute("EnableDnsHostnames", value=True)))


def test_private_dns_for_inbound_resolvers_stays_outside_the_vpc() -> None:
    members = {"ServiceName": f"com.amazonaws.{REGION}.s3"}
    endpoint = vpc_endpoint(DnsOptions={"PrivateDnsOnlyForInboundResolverEndpoint": True}, **members)
    assert "inbound resolvers" in vpc_endpoints.dns_flaw(*endpoint)


@pytest.mark.parametrize(
    ("members", "ids", "unavailable"),
    [
        ({}, ("vpce-0a",), ()),
        ({"State": "pending"}, (), ("vpce-0a is pending",)),
        ({"VpcId": "vpc-0b"}, (), ()),
        ({"VpcEndpointType": "Gateway"}, (), ()),
    ],
)
def test_only_what_is_available_in_the_vpc_counts(
    members: dict[str, Any], ids: tuple[str, ...], unavailable: tuple[str, ...]
) -> None:
    endpoint, inventory = vpc_endpoint(**members)
    endpoints = vpc_endpoints.service_endpoints("vpc-0a", "dms", "interface", endpoint, inventory)
    assert tuple(available.id for available in endpoints.available.complete()) == ids
    assert endpoints.unavailable == unavailable


@pytest.mark.parametrize("member", ["VpcId", "ServiceName", "State", "VpcEndpointType"])
def test_an_endpoint_that_does_not_say_all_may_be_one(member: str) -> None:
    endpoint, inventory = vpc_endpoint(**{member: None})
    endpoints = vpc_endpoints.service_endpoints("vpc-0a", "dms", "interface", endpoint, inventory)
    assert isinstance(endpoints.available.is_nonempty(), Missing)


OPEN = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("statement", "is_open"),
    [
        (OPEN, True),
        (OPEN | {"Action": ["dms:*", "kms:Decrypt"]}, True),
        (OPEN | {"Principal": {"AWS": ["*"]}}, True),
        (OPEN | {"Action": "dms:Describe*"}, False),
        (OPEN | {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}, False),
        (OPEN | {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        (OPEN | {"Resource": "arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS"}, False),
        (OPEN | {"Effect": "Deny"}, False),
        ({"Effect": "Allow", "Principal": "*", "NotAction": "kms:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "Principal": "*", "NotAction": "dms:Delete*", "Resource": "*"}, False),
        ({"Effect": "Allow", "NotPrincipal": "*", "Action": "*", "Resource": "*"}, False),
    ],
)
def test_a_statement_is_open_where_it_bounds_nobody_and_nothing(statement: dict[str, Any], *, is_open: bool) -> None:
    endpoint = vpc_endpoint(PolicyDocument=json.dumps({"Statement": [statement]}))
    assert bool(vpc_endpoints.open_statements(*endpoint)) is is_open


def admitting(*permissions: dict[str, Any], vpc: str | None = "10.0.0.0/16", **members: Any) -> tuple[str, ...]:
    group = {"GroupId": "sg-1", "OwnerId": ACCOUNT, "IpPermissions": list(permissions)}
    documents = [asked("ec2:DescribeSecurityGroups", {"SecurityGroups": [group]})]
    if vpc:
        listed_vpc = {"VpcId": "vpc-0a", "CidrBlock": vpc, "OwnerId": ACCOUNT}
        documents.append(asked("ec2:DescribeVpcs", {"Vpcs": [listed_vpc]}))
    return endpoint_security_groups.https_sources(*vpc_endpoint(*documents, **members))


def https(cidr: str, **members: Any) -> dict[str, Any]:
    return {**NOBODY, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": cidr}], **members}


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_a_range_counts_where_it_has_addresses_of_the_vpc(address: int, length: int) -> None:
    network = ip_network((address, length), strict=False)
    overlaps = network.overlaps(ip_network("10.0.0.0/16"))
    assert bool(admitting(https(str(network)))) is overlaps


def test_what_is_certain_counts_though_the_vpc_was_not_read() -> None:
    both = (https("10.0.0.0/24"), https("0.0.0.0/0"))
    assert admitting(*both, vpc=None) == ("sg-1 from 0.0.0.0/0",)
    with pytest.raises(Missing):
        admitting(both[0], vpc=None)


@pytest.mark.parametrize(("speaks", "counts"), [("ipv4", False), ("ipv6", True), ("dualstack", True)])
def test_a_range_counts_in_the_version_that_the_endpoint_speaks(speaks: str, *, counts: bool) -> None:
    rule = {**NOBODY, "IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    assert bool(admitting(rule, IpAddressType=speaks)) is counts


def test_a_range_that_is_none_is_missing() -> None:
    with pytest.raises(Missing):
        admitting(https("somewhere"))


@pytest.mark.parametrize("absent", NOBODY)
def test_a_rule_without_one_of_its_lists_may_admit_the_vpc(absent: str) -> None:
    peered = {"GroupId": "sg-2", "VpcPeeringConnectionId": "pcx-1"}
    rule = https("192.168.0.0/24", UserIdGroupPairs=[peered])
    assert admitting(rule) == ()
    del rule[absent]
    with pytest.raises(Missing, match=f"has no {absent}"):
        admitting(rule)
    assert admitting(rule, https("10.0.0.0/24")) == ("sg-1 from 10.0.0.0/24",)
    assert admitting({**rule, "FromPort": 80, "ToPort": 80}) == ()
