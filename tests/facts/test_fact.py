"""Policies weighed against a plain evaluator, that knows all of a request and goes by AWS's text, step by step."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dms_lint.facts.iam.identities.attached_policies import identity
from dms_lint.iam_policy.conditions import satisfied
from dms_lint.iam_policy.evaluation import Identity, allowed, allowed_by_key, allowed_by_resource
from dms_lint.iam_policy.requests import Request
from dms_lint.iam_policy.statements import Policy, parse
from dms_lint.inventory.inventory import Inventory
from dms_lint.logic.kleene import Partial
from dms_lint.model import Document
from tests.build import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.logic.kleene import Ternary

ACCOUNT, OTHER = "111122223333", "444455556666"
USER = f"arn:aws:iam::{ACCOUNT}:user/ana"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
Statement = dict[str, Any]
Context = dict[str, tuple[str, ...]]

VALUES: Mapping[str, list[tuple[str, ...]]] = {
    "aws:multifactorauthpresent": [("true",), ("false",), ()],
    "aws:sourceip": [("10.1.2.3",), ("203.0.113.9",), ("2001:db8::1",), ()],
    "aws:username": [("ana",), ("ben",), ()],
    "aws:tagkeys": [("team",), ("team", "stage"), ()],
    "aws:currenttime": [("2026-11-23T00:00:00Z",), ("2025-01-01T00:00:00+01:00",)],
    "aws:multifactorauthage": [("60",), ("7200",), ()],
}
WANTED = {
    "Bool": ("aws:multifactorauthpresent", ["true", "false"]),
    "IpAddress": ("aws:sourceip", ["10.0.0.0/8", "203.0.113.9", "2001:db8::/32"]),
    "NotIpAddress": ("aws:sourceip", ["10.0.0.0/8", "203.0.113.9/32", "2001:db8::/32"]),
    "StringEquals": ("aws:username", ["ana", "ben", "a*"]),
    "StringNotEquals": ("aws:username", ["ana", "ben"]),
    "StringLike": ("aws:username", ["ana", "a*", "b?n"]),
    "StringNotLike": ("aws:username", ["a*", "?en"]),
    "ForAllValues:StringEquals": ("aws:tagkeys", ["team", "stage"]),
    "ForAnyValue:StringEquals": ("aws:tagkeys", ["team", "stage"]),
    "ForAnyValue:StringLike": ("aws:tagkeys", ["t*", "cost"]),
    "ForAllValues:StringNotEquals": ("aws:tagkeys", ["team", "cost"]),
    "DateLessThan": ("aws:currenttime", ["2026-01-01T00:00:00Z", "1795478400"]),
    "DateGreaterThanEquals": ("aws:currenttime", ["2026-11-23T00:00:00Z", "2026-01-01"]),
    "DateNotEquals": ("aws:currenttime", ["2026-11-23T01:00:00+01:00", "2026-01-01"]),
    "NumericLessThan": ("aws:multifactorauthage", ["3600"]),
    "NumericNotEquals": ("aws:multifactorauthage", ["60"]),
    "Null": ("aws:multifactorauthpresent", ["true", "false"]),
}


# -- the plain evaluator


def moment(text: str) -> datetime:
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def compare(operator: str, value: str, wanted: str) -> bool:
    match operator:
        case "Bool":
            return value.lower() == wanted.lower()
        case "StringEquals":
            return value == wanted
        case "StringLike":
            return fnmatchcase(value, wanted)
        case "IpAddress":
            return ip_address(value) in ip_network(wanted)
        case "DateLessThan":
            return moment(value) < moment(wanted)
        case "DateGreaterThanEquals":
            return moment(value) >= moment(wanted)
        case "DateEquals":
            return moment(value) == moment(wanted)
        case "NumericLessThan":
            return float(value) < float(wanted)
        case "NumericEquals":
            return float(value) == float(wanted)
    raise AssertionError(operator)


def condition_holds(operator: str, wanted: list[str], values: tuple[str, ...]) -> bool:
    if operator == "Null":
        return any((not values) == (one == "true") for one in wanted)
    quantifier, _, name = operator.rpartition(":")
    optional, name = name.endswith("IfExists"), name.removesuffix("IfExists")
    negated = "Not" in name
    name = name.replace("Not", "")

    def matches(value: str) -> bool:
        return any(compare(name, value, one) for one in wanted) is not negated

    if quantifier == "ForAllValues":
        return all(matches(value) for value in values)
    if not values:
        return optional or (negated and not quantifier)
    return any(matches(value) for value in values)


def about(statement: Statement, element: str, asked: str) -> bool:
    fold = str.lower if element == "Action" else str
    if element in statement:
        return any(fnmatchcase(fold(asked), fold(one)) for one in statement[element])
    return not any(fnmatchcase(fold(asked), fold(one)) for one in statement[f"Not{element}"])


def applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    return (
        about(statement, "Action", action)
        and about(statement, "Resource", resource)
        and all(
            condition_holds(operator, wanted, context[key])
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def effects(statements: list[Statement], action: str, resource: str, context: Context) -> set[str]:
    return {one["Effect"] for one in statements if applies(one, action, resource, context)}


def plainly_allowed(
    mine: list[Statement], boundary: list[Statement] | None, action: str, resource: str, context: Context
) -> bool:
    """An explicit denial first; then what is allowed, as far as the boundary allows it too."""
    granted = effects(mine, action, resource, context)
    limit = {"Allow"} if boundary is None else effects(boundary, action, resource, context)
    return "Deny" not in granted | limit and "Allow" in granted and "Allow" in limit


# -- what is asked


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for operator in draw(st.lists(st.sampled_from(list(WANTED)), max_size=2, unique=True)):
        key, values = WANTED[operator]
        suffix = "" if operator == "Null" or not draw(st.booleans()) else "IfExists"
        found[operator + suffix] = {key: draw(st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True))}
    return found


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    action = draw(st.sampled_from(["Action", "Action", "Action", "NotAction"]))
    resource = draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]))
    patterns = ["dms:*", "DMS:Create*", "dms:ModifyEndpoint", "*", "iam:*"]
    arns = ["*", "arn:aws:dms:*:*:endpoint:*", "arn:aws:dms:eu-west-1:*:endpoint:ORDERS", "arn:aws:dms:*:*:rep:*"]
    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        action: draw(st.lists(st.sampled_from(patterns), min_size=1, max_size=2)),
        resource: draw(st.lists(st.sampled_from(arns), min_size=1, max_size=2)),
        "Condition": draw(conditions()),
    }


STATEMENTS = st.lists(statements(), max_size=3)
CONTEXT = st.fixed_dictionaries({key: st.sampled_from(values) for key, values in VALUES.items()})
ACTION = st.sampled_from(["dms:CreateEndpoint", "dms:ModifyEndpoint", "iam:PassRole"])
ARN = "arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS"
RESOURCE = st.sampled_from([ARN, "arn:aws:dms:eu-west-1:111122223333:rep:LEDGER"])


def document(found: list[Statement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": found}


def policies(found: list[Statement]) -> Partial[Policy]:
    return Partial((parse(document(found), "test"),))


def who(mine: list[Statement], boundary: list[Statement] | None = None, arn: str = ROLE) -> Identity:
    return Identity(arn, ACCOUNT, policies(mine), None if boundary is None else policies(boundary))


# -- the properties


@given(STATEMENTS, st.none() | STATEMENTS, ACTION, RESOURCE, CONTEXT)
@settings(max_examples=400)
def test_what_is_fully_known_is_decided_as_aws_says(
    mine: list[Statement], boundary: list[Statement] | None, action: str, resource: str, context: Context
) -> None:
    found = allowed(Request(action, resource, context), who(mine, boundary)).allowed
    assert found is plainly_allowed(mine, boundary, action, resource, context)


@given(STATEMENTS, STATEMENTS, STATEMENTS, STATEMENTS, ACTION, CONTEXT)
def test_a_user_has_inline_attached_and_group_policies(
    own: list[Statement],
    attached: list[Statement],
    of_group: list[Statement],
    boundary: list[Statement],
    action: str,
    context: Context,
) -> None:
    managed = {"attached": attached, "limit": boundary}
    found = Inventory(
        [
            Document(
                "iam:GetAccountAuthorizationDetails",
                {
                    "UserDetailList": [
                        {
                            "UserName": "ana",
                            "Arn": USER,
                            "GroupList": ["people"],
                            "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document(own)}],
                            "AttachedManagedPolicies": [{"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/attached"}],
                            "PermissionsBoundary": {"PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/limit"},
                        }
                    ],
                    "GroupDetailList": [
                        {
                            "GroupName": "people",
                            "Arn": f"arn:aws:iam::{ACCOUNT}:group/people",
                            "GroupPolicyList": [{"PolicyName": "all", "PolicyDocument": document(of_group)}],
                            "AttachedManagedPolicies": [],
                        }
                    ],
                    "Policies": [
                        {
                            "PolicyName": name,
                            "Arn": f"arn:aws:iam::{ACCOUNT}:policy/{name}",
                            "PolicyVersionList": [
                                {"VersionId": "v1", "IsDefaultVersion": False, "Document": document([])},
                                {"VersionId": "v2", "IsDefaultVersion": True, "Document": document(statements)},
                            ],
                        }
                        for name, statements in managed.items()
                    ],
                },
            )
        ],
        NOW,
    )
    user = found.find("user", USER)
    assert user is not None
    answer = allowed(Request(action, ARN, context), identity(user, found)).allowed
    assert answer is plainly_allowed([*own, *attached, *of_group], boundary, action, ARN, context)


@given(
    STATEMENTS,
    ACTION,
    CONTEXT,
    st.sets(st.sampled_from(list(VALUES)), min_size=1, max_size=2),
)
def test_what_is_certain_holds_whatever_is_not_known(
    mine: list[Statement], action: str, context: Context, hidden: set[str]
) -> None:
    known = {key: values for key, values in context.items() if key not in hidden}
    found = allowed(Request(action, ARN, known), who(mine)).allowed
    keys = sorted(hidden)
    possible = {
        plainly_allowed(mine, None, action, ARN, {**known, **dict(zip(keys, values, strict=True))})
        for values in product(*(VALUES[key] for key in keys))
    }
    assert found is None or possible == {found}


@given(STATEMENTS, ACTION, CONTEXT, st.sets(st.sampled_from(list(VALUES)), min_size=1, max_size=2))
def test_what_the_caller_may_choose_never_hides_a_way(
    mine: list[Statement], action: str, context: Context, chosen: set[str]
) -> None:
    known = {key: values for key, values in context.items() if key not in chosen}
    found = allowed(Request(action, ARN, known, frozenset(chosen)), who(mine)).allowed
    keys = sorted(chosen)
    possible = {
        plainly_allowed(mine, None, action, ARN, {**known, **dict(zip(keys, values, strict=True))})
        for values in product(*(VALUES[key] for key in keys))
    }
    assert found is not None
    assert found or possible == {False}


NAMED = st.sampled_from(["*", ROLE, ROOT, ACCOUNT, f"arn:aws:iam::{OTHER}:root", f"arn:aws:iam::{OTHER}:role/x"])


@st.composite
def of_resource(draw: st.DrawFn) -> Statement:
    return {**draw(statements()), "Principal": {"AWS": [draw(NAMED)]}}


def named(statement: Statement) -> str:
    return str(statement["Principal"]["AWS"][0])


@given(STATEMENTS, st.none() | STATEMENTS, st.lists(of_resource(), max_size=3), ACTION, CONTEXT)
@settings(max_examples=300)
def test_a_role_and_a_resource_policy_are_decided_as_aws_does(
    mine: list[Statement],
    boundary: list[Statement] | None,
    theirs: list[Statement],
    action: str,
    context: Context,
) -> None:
    direct = effects([one for one in theirs if named(one) in ("*", ROLE)], action, ARN, context)
    account = effects([one for one in theirs if named(one) in ("*", ROOT, ACCOUNT)], action, ARN, context)
    own = effects(mine, action, ARN, context)
    limit = {"Allow"} if boundary is None else effects(boundary, action, ARN, context)
    denied = "Deny" in direct | account | own | limit
    request, policy = Request(action, ARN, context), policies(theirs)
    within = "Allow" in limit and ("Allow" in own or "Allow" in direct)
    across = "Allow" in limit and "Allow" in own and "Allow" in direct | account
    with_key = "Allow" in limit and ("Allow" in direct or ("Allow" in own and "Allow" in account))
    asker = who(mine, boundary)
    assert allowed_by_resource(request, asker, policy, ACCOUNT).allowed is (within and not denied)
    assert allowed_by_resource(request, asker, policy, OTHER).allowed is (across and not denied)
    assert allowed_by_key(request, asker, policy, ACCOUNT).allowed is (with_key and not denied)


@given(st.lists(of_resource(), max_size=3), st.booleans(), CONTEXT)
def test_not_principal_is_everybody_but_those(theirs: list[Statement], together: bool, context: Context) -> None:
    """Who is spared must be named with its account: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html"""
    spared = [ROLE, ROOT] if together else [f"arn:aws:iam::{OTHER}:role/x", f"arn:aws:iam::{OTHER}:root"]
    denial = {"Effect": "Deny", "NotPrincipal": {"AWS": spared}, "Action": ["*"], "Resource": ["*"]}
    request = Request("dms:CreateEndpoint", ARN, context)
    without = allowed_by_resource(request, who([]), policies(theirs), ACCOUNT).allowed
    found = allowed_by_resource(request, who([]), policies([*theirs, denial]), ACCOUNT).allowed
    assert found is (without if together else False)


# -- single conditions


@pytest.mark.parametrize(
    ("operator", "known", "values", "holds"),
    [
        ("IpAddress", ("10.1.2.3",), ["10.0.0.0/8"], True),
        ("IpAddress", ("10.1.2.3",), ["192.0.2.0/24", "10.1.2.3"], True),
        ("IpAddress", ("10.1.2.3",), ["10.1.2.9/24"], True),
        ("IpAddress", ("10.1.2.3",), ["2001:db8::/32"], False),
        ("IpAddress", ("10.0.0.0/8",), ["10.1.0.0/16"], None),
        ("IpAddress", ("10.0.0.0/16",), ["10.0.0.0/8"], True),
        ("NotIpAddress", ("10.1.2.3",), ["10.0.0.0/8"], False),
        ("NotIpAddress", (), ["10.0.0.0/8"], True),
        ("IpAddress", (), ["10.0.0.0/8"], False),
        ("IpAddressIfExists", (), ["10.0.0.0/8"], True),
        ("IpAddress", ("10.1.2.3",), ["the office"], None),
        ("DateLessThan", ("2026-11-23T00:00:00Z",), ["2026-11-23T01:00:00Z"], True),
        ("DateLessThanEquals", ("1795392000",), ["2026-11-23T00:00:00Z"], True),
        ("DateGreaterThan", ("2026-11-23T00:00:00Z",), ["2026-11-22"], True),
        ("DateEquals", ("2026-11-23T00:00:00Z",), ["2026-11-23T02:00:00+02:00"], True),
        ("DateEquals", ("2026-11-23T00:00:00Z",), ["tomorrow"], None),
        ("DateNotEquals", (), ["2026-11-23"], True),
    ],
)
def test_addresses_and_dates(operator: str, known: tuple[str, ...], values: list[str], holds: Ternary) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"aws:key": values}}}
    (condition,) = parse(document([statement]), "test").statements[0].conditions
    assert satisfied(condition, {"aws:key": known}) is holds
    assert satisfied(condition, {}) is None
