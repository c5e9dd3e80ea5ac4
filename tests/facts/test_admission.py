from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.admission import EPHEMERAL, INGRESS, Peer, acl_lets, acl_of, admitted
from dms_lint.inventory import Inventory
from dms_lint.model import Document, Missing, Resource

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ACCOUNT, REGION = "111122223333", "eu-west-1"


def asked(operation: str, body: dict[str, Any], subject: str = "") -> Document:
    return Document(operation, body, subject=subject, account=ACCOUNT, region=REGION)


def ask(peer: Peer, *permissions: dict[str, Any], groups: tuple[str, ...] = ("sg-1",)) -> bool:
    listed = {"SecurityGroups": [{"GroupId": "sg-1", "OwnerId": ACCOUNT, "IpPermissions": list(permissions)}]}
    inventory = Inventory([asked("ec2:DescribeSecurityGroups", listed)], NOW)
    (group,) = inventory.known("security-group")
    return admitted(groups, INGRESS, 443, peer, group, inventory)


def https(*cidrs: str, **more: Any) -> dict[str, Any]:
    ranges = [{"CidrIp": cidr} for cidr in cidrs]
    return {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": ranges, **more}


def peer(*networks: str, groups: tuple[str, ...] = ()) -> Peer:
    return Peer([ip_network(one) for one in networks], groups)


@given(st.integers(0, 2**16 - 1), st.integers(16, 32), st.integers(16, 32))
def test_a_peer_is_admitted_where_all_of_its_addresses_are(address: int, length: int, other: int) -> None:
    base = (10 << 24) + address
    wanted, rule = (ip_network((base, size), strict=False) for size in (length, other))
    if other <= length:
        assert ask(peer(str(wanted)), https(str(rule)))
    else:
        with pytest.raises(Missing):
            ask(peer(str(wanted)), https(str(rule)))
    assert not ask(peer("192.168.0.0/24"), https(str(rule)))


def test_ranges_that_are_all_only_together_count() -> None:
    assert ask(peer("10.0.0.0/24"), https("10.0.0.0/25"), https("10.0.0.128/25"))


def test_a_group_counts_whatever_the_addresses() -> None:
    rule = https(UserIdGroupPairs=[{"GroupId": "sg-9", "UserId": ACCOUNT}])
    assert ask(peer("10.0.0.0/24", groups=("sg-9",)), rule)
    assert not ask(peer("10.0.0.0/24", groups=("sg-8",)), rule)


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        ({"IpProtocol": "-1"}, True),
        ({"IpProtocol": "6", "FromPort": 0, "ToPort": 65535}, True),
        ({"IpProtocol": "tcp", "FromPort": 444, "ToPort": 500}, False),
        ({"IpProtocol": "udp", "FromPort": 443, "ToPort": 443}, False),
        ({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1}, False),
    ],
)
def test_a_rule_counts_on_its_port(rule: dict[str, Any], *, counts: bool) -> None:
    assert ask(peer("10.0.0.1/32"), {**rule, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}) is counts


def test_a_group_that_was_not_read_leaves_it_open_where_no_other_admits() -> None:
    assert ask(peer("10.0.0.1/32"), https("10.0.0.0/8"), groups=("sg-2", "sg-1"))
    with pytest.raises(Missing):
        ask(peer("10.0.0.1/32"), groups=("sg-2", "sg-1"))


def test_an_unread_prefix_list_leaves_it_open() -> None:
    with pytest.raises(Missing):
        ask(peer("10.0.0.1/32"), https(PrefixListIds=[{"PrefixListId": "pl-1"}]))


def acl(*entries: tuple[int, str, str, tuple[int, int] | None]) -> tuple[Resource, Inventory]:
    """Outbound entries: number, action, range and, for TCP, ports."""
    listed = [
        {
            "RuleNumber": number,
            "RuleAction": action,
            "Egress": True,
            "CidrBlock": cidr,
            "Protocol": "6" if ports else "-1",
            **({"PortRange": {"From": ports[0], "To": ports[1]}} if ports else {}),
        }
        for number, action, cidr, ports in entries
    ]
    body = {"NetworkAclId": "acl-1", "OwnerId": ACCOUNT, "Associations": [{"SubnetId": "subnet-a"}], "Entries": listed}
    inventory = Inventory([asked("ec2:DescribeNetworkAcls", {"NetworkAcls": [body]})], NOW)
    (resource,) = inventory.known("network-acl")
    return resource, inventory


ALL = "0.0.0.0/0"


@pytest.mark.parametrize(
    ("entries", "lets"),
    [
        ([(100, "allow", ALL, None)], True),
        ([(100, "deny", ALL, None), (200, "allow", ALL, None)], False),
        ([(200, "deny", ALL, None), (100, "allow", ALL, None)], True),
        ([(100, "allow", ALL, (443, 443))], False),
        ([(100, "allow", ALL, (1024, 65535))], True),
        ([(100, "allow", ALL, (32768, 40000))], None),
        ([(100, "allow", ALL, (32768, 40000)), (200, "allow", ALL, (1024, 65535))], True),
        ([(100, "deny", ALL, (40000, 40000)), (200, "allow", ALL, None)], None),
        ([(100, "deny", ALL, (40000, 40000)), (200, "deny", ALL, None)], False),
        ([(100, "deny", "192.168.0.0/16", None), (200, "allow", ALL, None)], True),
        ([(100, "allow", "10.0.0.0/25", None)], None),
        ([], False),
    ],
    ids=str,
)
def test_the_first_entry_that_is_about_all_of_it_decides(
    entries: list[tuple[int, str, str, tuple[int, int] | None]], lets: bool | None
) -> None:
    found, _ = acl(*entries)
    assert acl_lets(found, egress=True, ports=EPHEMERAL, remote=ip_network("10.0.0.0/24")) is lets
    assert acl_lets(found, egress=False, ports=EPHEMERAL, remote=ip_network("10.0.0.0/24")) is False


def test_an_acl_is_found_by_its_subnet() -> None:
    found, inventory = acl()
    assert acl_of("subnet-a", found, inventory) is found
    with pytest.raises(Missing):
        acl_of("subnet-b", found, inventory)
