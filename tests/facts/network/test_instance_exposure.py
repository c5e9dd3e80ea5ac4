from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.network import instance_exposure, internet_ingress, placement
from dms_lint.inventory.inventory import Inventory
from dms_lint.libs.ip_ranges import span_of
from dms_lint.model import Document, Missing, Resource
from tests.build import ACCOUNT, NOW
from tests.permissions import NOBODY

if TYPE_CHECKING:
    import random

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
    rule: dict[str, Any] = {**NOBODY, "IpProtocol": protocol}
    if ports:
        rule |= {"FromPort": ports[0], "ToPort": ports[1]}
    rule["IpRanges"] = [{"CidrIp": cidr} for cidr in ranges if ":" not in cidr]
    rule["Ipv6Ranges"] = [{"CidrIpv6": cidr} for cidr in ranges if ":" in cidr]
    return rule


def open_ingress(*permissions: dict[str, Any]) -> tuple[str, ...]:
    return internet_ingress.open_ingress(*instance({"GroupId": "sg-1", "IpPermissions": list(permissions)}))


@given(st.integers(0, 12), st.randoms(use_true_random=False))
def test_however_the_address_space_is_cut_its_pieces_cover_it(cuts: int, shuffle: random.Random) -> None:
    for everywhere in (ip_network("0.0.0.0/0"), ip_network("::/0")):
        pieces: list[IPv4Network | IPv6Network] = [everywhere]
        for _ in range(cuts):
            piece = pieces.pop(shuffle.randrange(len(pieces)))
            pieces.extend(piece.subnets(prefixlen_diff=1))
        shuffle.shuffle(pieces)
        assert internet_ingress.covers_internet(map(span_of, pieces))
        if cuts:
            piece = max(pieces, key=lambda network: network.num_addresses)
            pieces.remove(piece)
            assert internet_ingress.covers_internet(map(span_of, pieces)) == _within(piece)


def _within(piece: IPv4Network | IPv6Network) -> bool:
    """Whether nothing of it is routed, by sampling its ends and all edges of the unrouted ranges within it."""
    unrouted = internet_ingress.UNROUTED[piece.version]
    span = span_of(piece)
    edges = {span.first, span.last}
    for reserved in unrouted:
        edges |= {edge for edge in (reserved.first - 1, reserved.last + 1) if span.first <= edge <= span.last}
    return all(any(reserved.first <= edge <= reserved.last for reserved in unrouted) for edge in edges)


@given(st.lists(st.ip_addresses(v=4).map(lambda address: ip_network(f"{address}/9", strict=False)), max_size=40))
def test_what_covers_the_internet_holds_every_public_address(ranges: list[IPv4Network]) -> None:
    if internet_ingress.covers_internet(map(span_of, ranges)):
        for public in ("1.1.1.1", "8.8.8.8", "52.95.110.1", "203.0.112.1", "223.255.255.1"):
            assert any(ip_address(public) in network for network in ranges)


def test_nothing_covers_nothing() -> None:
    assert not internet_ingress.covers_internet([])


@pytest.mark.parametrize(
    ("permissions", "exposures"),
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
def test_what_is_open_to_the_world(permissions: list[dict[str, Any]], exposures: tuple[str, ...]) -> None:
    assert open_ingress(*permissions) == exposures


GARBAGE: list[Any] = [
    {**NOBODY, "IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "everywhere"}]},
    {**NOBODY, "IpProtocol": "tcp", "FromPort": "1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
    {**NOBODY, "IpProtocol": "tcp", "IpRanges": "10.0.0.0/8"},
    {**NOBODY, "IpProtocol": "tcp", "IpRanges": [{"CidrIp": None}]},
    {**NOBODY, "IpProtocol": 6, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
    {**NOBODY, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
    {**NOBODY, "IpProtocol": "tcp", "PrefixListIds": [{}]},
    "garbage",
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_an_unreadable_rule_is_missing_unless_another_is_open(garbage: Any) -> None:
    with pytest.raises(Missing):
        open_ingress(garbage, permission("10.0.0.0/8"))
    if garbage != "garbage":
        assert open_ingress(garbage, permission("0.0.0.0/0")) == ("sg-1 tcp 22 from 0.0.0.0/0",)


def test_of_rules_that_cannot_be_read_the_first_is_named() -> None:
    with pytest.raises(Missing, match=r"IpPermissions\[0\]"):
        open_ingress(GARBAGE[0], GARBAGE[3])


def test_rules_without_addresses_admit_no_addresses() -> None:
    assert open_ingress({**NOBODY, "IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1"}]}) == ()


@pytest.mark.parametrize("absent", ["ToPort", "IpRanges"])
def test_a_rule_with_something_left_out_is_not_closed(absent: str) -> None:
    rule = permission("0.0.0.0/1")
    rule["IpRanges"].append({"CidrIp": "128.0.0.0/1"})
    assert open_ingress(rule) != ()
    with pytest.raises(Missing, match=absent):
        open_ingress({name: value for name, value in rule.items() if name != absent})


@pytest.mark.parametrize("absent", NOBODY)
def test_a_rule_for_a_group_may_be_open_by_what_was_not_read(absent: str) -> None:
    rule = {**permission("10.0.0.0/8"), "UserIdGroupPairs": [{"GroupId": "sg-2"}]}
    assert open_ingress(rule) == ()
    del rule[absent]
    with pytest.raises(Missing, match=f"has no {absent}"):
        open_ingress(rule)


@pytest.mark.parametrize("absent", NOBODY)
def test_a_rule_is_open_by_what_was_read_of_it(absent: str) -> None:
    rule = permission("0.0.0.0/0", "::/0")
    del rule[absent]
    assert set(open_ingress(rule)) == {
        *(["sg-1 tcp 22 from 0.0.0.0/0"] if absent != "IpRanges" else []),
        *(["sg-1 tcp 22 from ::/0"] if absent != "Ipv6Ranges" else []),
    }


@pytest.mark.parametrize(
    ("egress", "groups"),
    [
        ([], ()),
        ([permission("255.255.255.255/32", "127.0.0.1/32", "::1/128")], ()),
        ([permission("127.0.0.1/32"), permission("10.0.0.0/8")], ("sg-1",)),
        ([permission("126.0.0.0/7")], ("sg-1",)),
        ([permission("::/0")], ("sg-1",)),
        ([{**NOBODY, "IpProtocol": "tcp", "PrefixListIds": [{"PrefixListId": "pl-1"}]}], ("sg-1",)),
    ],
)
def test_which_groups_let_something_out(egress: list[dict[str, Any]], groups: tuple[str, ...]) -> None:
    assert instance_exposure.egress_groups(*instance({"GroupId": "sg-1", "IpPermissionsEgress": egress})) == groups


@pytest.mark.parametrize("garbage", [*GARBAGE[:4:3], GARBAGE[-1]])
def test_an_outbound_rule_that_cannot_be_read_is_missing(garbage: Any) -> None:
    with pytest.raises(Missing):
        instance_exposure.egress_groups(*instance({"GroupId": "sg-1", "IpPermissionsEgress": [garbage]}))


@pytest.mark.parametrize("absent", NOBODY)
def test_an_outbound_rule_may_lead_out_by_what_was_not_read(absent: str) -> None:
    rule = permission("127.0.0.1/32")
    assert instance_exposure.egress_groups(*instance({"GroupId": "sg-1", "IpPermissionsEgress": [rule]})) == ()
    del rule[absent]
    with pytest.raises(Missing, match=f"has no {absent}"):
        instance_exposure.egress_groups(*instance({"GroupId": "sg-1", "IpPermissionsEgress": [rule]}))
    egress = [rule, permission("10.0.0.0/8")]
    assert instance_exposure.egress_groups(*instance({"GroupId": "sg-1", "IpPermissionsEgress": egress})) == ("sg-1",)


def test_a_membership_without_a_status_counts() -> None:
    resource, inventory = instance(VpcSecurityGroups=[{"VpcSecurityGroupId": "sg-7"}, None])
    assert placement.security_group_ids(resource, inventory) == ("sg-7",)


@pytest.mark.parametrize("groups", [[], [None], [{"Status": "active"}], "sg-1", ["sg-1"]])
def test_an_instance_without_readable_groups_is_missing_them(groups: Any) -> None:
    with pytest.raises(Missing):
        placement.security_group_ids(*instance(VpcSecurityGroups=groups))


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
        placement.security_group_ids(resource, inventory)
