"""The network engine against a walk of each packet, address by address, over small random networks."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.network.network_acls import passes
from dms_lint.facts.network.placement import Subnet, placement_of
from dms_lint.facts.network.route_tables import has_internet, next_hop
from dms_lint.facts.network.security_groups import End, admits, lets_out
from dms_lint.inventory.inventory import Inventory
from dms_lint.libs.ip_ranges import Span, span, spell, without
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW
from tests.permissions import NOBODY

ACCOUNT, REGION = "111122223333", "eu-west-1"
SUBNET = Subnet("subnet-1", "vpc-1", "", ACCOUNT, REGION)
# All within sixteen addresses, so that each can be walked.
cidrs = st.builds(
    lambda last, bits: str(ip_network(f"10.0.0.{last}/{bits}", strict=False)), st.integers(0, 15), st.integers(28, 32)
)
wide = st.one_of(cidrs, st.just("0.0.0.0/0"))
ports = st.tuples(st.integers(1, 4), st.integers(1, 4)).map(lambda two: (min(two), max(two)))


def inventory(**answers: Any) -> Inventory:
    """An inventory of one account and Region, from EC2's answers."""
    names = {"SecurityGroups": "SecurityGroups", "RouteTables": "RouteTables", "NetworkAcls": "NetworkAcls"}
    documents = [
        Document(f"ec2:Describe{names.get(key, key)}", {key: value}, account=ACCOUNT, region=REGION)
        for key, value in answers.items()
    ]
    return Inventory(documents, NOW)


def spanned(cidr: str) -> Span:
    addresses = span(cidr)
    assert addresses is not None
    return addresses


def addresses(cidr: str) -> list[str]:
    return [str(address) for address in ip_network(cidr)]


def agrees(verdict: bool | Missing, walked: set[bool]) -> bool:
    """What is said of many is true of each; Missing where they differ."""
    return isinstance(verdict, Missing) if len(walked) > 1 else verdict is walked.pop()


routes = st.dictionaries(wide, st.tuples(st.sampled_from(["nat-1", "igw-1", "pcx-1", "tgw-1"]), st.booleans()))
MEMBERS = {"nat": "NatGatewayId", "igw": "GatewayId", "pcx": "VpcPeeringConnectionId", "tgw": "TransitGatewayId"}


@given(routes, cidrs)
def test_the_longest_prefix_decides(table: dict[str, tuple[str, bool]], target: str) -> None:
    listed = [
        {
            "DestinationCidrBlock": cidr,
            MEMBERS[to.partition("-")[0]]: to,
            "State": "active" if active else "blackhole",
        }
        for cidr, (to, active) in table.items()
    ]
    associations = [{"SubnetId": "subnet-1", "Main": False}]
    inputs = inventory(
        RouteTables=[
            {
                "RouteTableId": "rtb-1",
                "VpcId": "vpc-1",
                "OwnerId": ACCOUNT,
                "Routes": listed,
                "Associations": associations,
            }
        ]
    )

    def walk(address: str) -> str:
        fitting = [cidr for cidr in table if ip_address(address) in ip_network(cidr)]
        if not fitting:
            return "none "
        to, active = table[max(fitting, key=lambda cidr: ip_network(cidr).prefixlen)]
        return (
            ("peering " if to == "pcx-1" else to.partition("-")[0] + " ") * active
            + ("none " if not active else "")
            + to
        )

    walked = {walk(address) for address in addresses(target)}
    try:
        hop = next_hop(SUBNET, spanned(target), inputs)
    except Missing:
        assert len(walked) > 1
    else:
        assert walked == {f"{hop.kind} {hop.target}"}


acl_entries = st.lists(
    st.tuples(wide, ports, st.sampled_from(["6", "17", "-1"]), st.booleans(), st.booleans()), max_size=6
)


@given(acl_entries, cidrs, ports, st.booleans(), st.randoms(use_true_random=False))
def test_of_an_acl_the_first_entry_that_matches_decides(
    entries: list[tuple[str, tuple[int, int], str, bool, bool]],
    target: str,
    bounds: tuple[int, int],
    out: bool,
    shuffle: Any,
) -> None:
    listed = [
        {
            "RuleNumber": number,
            "CidrBlock": cidr,
            "Protocol": protocol,
            "Egress": egress_,
            "RuleAction": "allow" if allow else "deny",
            **({"PortRange": {"From": first, "To": last}} if protocol != "-1" else {}),
        }
        for number, (cidr, (first, last), protocol, egress_, allow) in enumerate(entries, 100)
    ]
    shuffle.shuffle(listed)
    inputs = inventory(NetworkAcls=[{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "OwnerId": ACCOUNT, "Entries": listed}])
    (acl,) = inputs.known("network-acl")

    def walk(address: str, port: int) -> bool:
        for cidr, (first, last), protocol, egress_, allow in entries:
            matches = protocol == "-1" or (protocol == "6" and first <= port <= last)
            if egress_ is out and matches and ip_address(address) in ip_network(cidr):
                return allow
        return False

    walked = {walk(address, port) for address in addresses(target) for port in range(bounds[0], bounds[1] + 1)}
    assert agrees(passes(acl, (spanned(target),), bounds, inputs, egress=out), walked)


permissions = st.lists(
    st.tuples(
        st.lists(wide, min_size=1, max_size=3),
        st.lists(st.sampled_from(["sg-a", "sg-b"]), max_size=1),
        ports,
        st.sampled_from(["tcp", "udp", "-1"]),
    ),
    max_size=4,
)


@given(permissions, cidrs, st.integers(1, 4), st.sampled_from([(), ("sg-a",), ("sg-a", "sg-b")]), st.booleans())
def test_groups_let_through_what_one_rule_covers(
    rules: list[tuple[list[str], list[str], tuple[int, int], str]],
    target: str,
    port: int,
    carried: tuple[str, ...],
    out: bool,
) -> None:
    listed = [
        {
            **NOBODY,
            "IpProtocol": protocol,
            **({"FromPort": bounds[0], "ToPort": bounds[1]} if protocol != "-1" else {}),
            "IpRanges": [{"CidrIp": cidr} for cidr in ranges],
            "UserIdGroupPairs": [{"GroupId": group} for group in groups],
        }
        for ranges, groups, bounds, protocol in rules
    ]
    sides = {"IpPermissionsEgress": listed if out else [], "IpPermissions": [] if out else listed}
    inputs = inventory(SecurityGroups=[{"GroupId": "sg-1", "VpcId": "vpc-1", "OwnerId": ACCOUNT, **sides}])
    groups = tuple(inputs.known("security-group"))

    def walk(address: str) -> bool:
        return any(
            (protocol == "-1" or (protocol == "tcp" and bounds[0] <= port <= bounds[1]))
            and (not set(ids).isdisjoint(carried) or any(ip_address(address) in ip_network(cidr) for cidr in ranges))
            for ranges, ids, bounds, protocol in rules
        )

    ask = lets_out if out else admits
    assert agrees(
        ask(groups, port, End((spanned(target),), carried), inputs), {walk(address) for address in addresses(target)}
    )


@given(cidrs, st.lists(cidrs, max_size=5))
def test_what_is_left_of_a_span_is_what_none_of_the_others_holds(target: str, taken: list[str]) -> None:
    left = {
        a
        for part in without(spanned(target), [spanned(cidr) for cidr in taken])
        for a in range(part.first, part.last + 1)
    }
    assert left == {int(ip_address(a)) for a in addresses(target)} - {
        int(ip_address(a)) for c in taken for a in addresses(c)
    }
    assert spell(spanned(target)) in (target, target.removesuffix("/32"))


def runner(**members: Any) -> dict[str, Any]:
    return {
        "ReplicationInstanceArn": f"arn:aws:dms:{REGION}:{ACCOUNT}:rep:ORDERS",
        "PubliclyAccessible": False,
        "MultiAZ": False,
        "AvailabilityZone": "eu-west-1a",
        "ReplicationSubnetGroup": {
            "VpcId": "vpc-1",
            "Subnets": [
                {"SubnetIdentifier": "subnet-1", "SubnetAvailabilityZone": {"Name": "eu-west-1a"}},
                {"SubnetIdentifier": "subnet-2", "SubnetAvailabilityZone": {"Name": "eu-west-1b"}},
            ],
        },
        **members,
    }


def placed(*documents: Document, **members: Any) -> tuple[Resource, Inventory]:
    body = {"ReplicationInstances": [runner(**members)]}
    inputs = Inventory([Document("dms:DescribeReplicationInstances", body), *documents], NOW)
    (instance,) = inputs.known("replication-instance")
    return instance, inputs


@pytest.mark.parametrize(
    ("members", "stands"),
    [
        ({}, [["subnet-1"]]),
        ({"MultiAZ": True, "SecondaryAvailabilityZone": "eu-west-1b"}, [["subnet-1"], ["subnet-2"]]),
        ({"MultiAZ": True}, [["subnet-1"], ["subnet-2"]]),
        ({"MultiAZ": None}, [["subnet-1"], ["subnet-1", "subnet-2"]]),
        ({"AvailabilityZone": None}, [["subnet-1", "subnet-2"]]),
        ({"AvailabilityZone": "eu-west-1c"}, [["subnet-1", "subnet-2"]]),
    ],
)
def test_an_instance_stands_in_a_subnet_of_each_of_its_zones(members: Any, stands: Any) -> None:
    where = placement_of(*placed(**members))
    assert [[subnet.id for subnet in either] for either in where.subnet_alternatives] == stands
    assert where.vpc == "vpc-1"
    assert where.public == ()
    with pytest.raises(Missing):
        _ = where.groups


@pytest.mark.parametrize("member", ["IpRanges", "IpProtocol", "FromPort"])
def test_a_rule_without_what_it_is_for_is_not_known(member: str) -> None:
    rule = {**NOBODY, "IpProtocol": "tcp", "FromPort": 1, "ToPort": 4, "IpRanges": [{"CidrIp": "10.0.0.0/28"}]}
    del rule[member]
    inputs = inventory(SecurityGroups=[{"GroupId": "sg-1", "OwnerId": ACCOUNT, "IpPermissions": [rule]}])
    verdict = admits(inputs.known("security-group"), 2, End((spanned("10.0.0.1"),), ()), inputs)
    assert isinstance(verdict, Missing)


def test_an_unlisted_prefix_list_leaves_open_what_it_may_lead_to() -> None:
    listed = {"DestinationPrefixListId": "pl-1", "TransitGatewayId": "tgw-1", "State": "active"}
    default = {"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1", "State": "active"}
    table = {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "OwnerId": ACCOUNT, "Associations": [{"Main": True}]}
    inputs = inventory(RouteTables=[{**table, "Routes": [listed]}])
    with pytest.raises(Missing):
        next_hop(SUBNET, spanned("10.0.0.1"), inputs)
    inputs = inventory(RouteTables=[{**table, "Routes": [listed, default]}])
    assert next_hop(SUBNET, spanned("10.0.0.1"), inputs).target == "tgw-1"
    gateway = {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "State": "active"}
    inputs = inventory(RouteTables=[{**table, "Routes": [gateway, default]}])
    assert next_hop(SUBNET, spanned("10.0.0.1"), inputs).kind == "tgw"
    with pytest.raises(Missing):
        next_hop(SUBNET, spanned("198.51.100.1"), inputs)


def test_without_route_tables_nothing_is_said() -> None:
    with pytest.raises(Missing):
        has_internet(*placed())
