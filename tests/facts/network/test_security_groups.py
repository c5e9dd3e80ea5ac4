from __future__ import annotations

from typing import Any

import pytest

from dms_lint.facts.network.security_groups import End, admits, groups_of
from dms_lint.inventory.inventory import Inventory
from dms_lint.libs.ip_ranges import Span, span
from dms_lint.model import Document, Missing
from tests.build import NOW
from tests.permissions import NOBODY

ACCOUNT, REGION = "111122223333", "eu-west-1"


def ask(
    *permissions: dict[str, Any],
    address: str = "10.0.0.1",
    carried: tuple[str, ...] = (),
    groups: tuple[str, ...] = ("sg-1",),
) -> bool | Missing:
    listed = {"SecurityGroups": [{"GroupId": "sg-1", "OwnerId": ACCOUNT, "IpPermissions": list(permissions)}]}
    inventory = Inventory([Document("ec2:DescribeSecurityGroups", listed, account=ACCOUNT, region=REGION)], NOW)
    source = End((spanned(address),), carried)
    return admits(groups_of(groups, ACCOUNT, REGION, inventory), 443, source, inventory)


def spanned(cidr: str) -> Span:
    addresses = span(cidr)
    assert addresses is not None
    return addresses


def https(*cidrs: str, **members: Any) -> dict[str, Any]:
    ranges = [{"CidrIp": cidr} for cidr in cidrs]
    return {**NOBODY, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": ranges, **members}


def test_ranges_that_are_all_only_together_count() -> None:
    assert ask(https("10.0.0.0/25"), https("10.0.0.128/25"), address="10.0.0.0/24") is True
    assert isinstance(ask(https("10.0.0.0/25"), address="10.0.0.0/24"), Missing)


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
    assert ask({**NOBODY, **rule, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}) is counts


def test_an_unread_group_is_missing_unless_another_admits() -> None:
    assert ask(https("10.0.0.0/8"), groups=("sg-2", "sg-1")) is True
    assert isinstance(ask(groups=("sg-2", "sg-1")), Missing)


def test_an_unread_prefix_list_leaves_it_open() -> None:
    assert isinstance(ask(https(PrefixListIds=[{"PrefixListId": "pl-1"}])), Missing)


def without(absent: str, rule: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in rule.items() if name != absent}


@pytest.mark.parametrize("absent", NOBODY)
def test_a_rule_without_one_of_its_lists_may_admit_anybody(absent: str) -> None:
    pair = {"GroupId": "sg-dms"}
    for rule in (https("10.9.0.0/16"), https(UserIdGroupPairs=[pair]), https("10.9.0.0/16", UserIdGroupPairs=[pair])):
        assert ask(rule) is False
        answer = ask(without(absent, rule))
        assert isinstance(answer, Missing)
        assert f"has no {absent}" in answer.message


@pytest.mark.parametrize("absent", sorted(NOBODY.keys() - {"UserIdGroupPairs"}))
def test_a_group_that_a_rule_names_is_admitted_without_its(absent: str) -> None:
    rule = without(absent, https(UserIdGroupPairs=[{"GroupId": "sg-dms"}]))
    assert ask(rule, carried=("sg-dms",)) is True


@pytest.mark.parametrize("absent", sorted(NOBODY.keys() - {"IpRanges"}))
def test_a_range_that_a_rule_names_is_admitted_without_its(absent: str) -> None:
    assert ask(without(absent, https("10.0.0.0/8"))) is True


def test_what_is_certain_of_a_rule_counts_beside_what_is_garbled() -> None:
    ranges = [{"CidrIp": "everywhere"}, {"CidrIp": "10.0.0.0/8"}]
    assert ask(https(IpRanges=ranges)) is True
    assert isinstance(ask(https(IpRanges=ranges), address="11.0.0.1"), Missing)
    assert ask(https(IpRanges="10.0.0.0/8", UserIdGroupPairs=[{"GroupId": "sg-dms"}]), carried=("sg-dms",)) is True


def test_a_rule_on_another_port_leaves_nothing_open() -> None:
    rule = without("IpRanges", https(UserIdGroupPairs=[{"GroupId": "sg-dms"}]))
    assert ask({**rule, "FromPort": 80, "ToPort": 80}) is False
