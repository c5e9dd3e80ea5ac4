"""What calls are asked about: what stands in the answers before them, each once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.collectors.live.calls import CALLS, Call
from dms_lint.collectors.live.selectors import attribute_values, may_manage_dms, texts
from dms_lint.collectors.live.subjects import subjects
from dms_lint.model import Document

HERE = ("111122223333", "eu-central-1")
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:eu-central-1:111122223333:key/{KEY}"
ENDPOINT = {"EndpointArn": "arn:aws:dms:eu-central-1:111122223333:endpoint:A", "EndpointIdentifier": "a"}


def call(operation: str) -> Call:
    return next(call for call in CALLS if call.operation == operation)


def endpoints(*items: dict[str, Any]) -> Document:
    return Document("dms:DescribeEndpoints", {"Endpoints": [{**ENDPOINT, **item} for item in items]})


def asked(operation: str, *documents: Document) -> tuple[str, ...]:
    return subjects(call(operation), documents, *HERE)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("KmsKeyId", ["k"]),
        ("*.SecretsManagerSecretId", ["s", "t"]),
        ("Groups.Id", ["g", "h"]),
        ("Nothing", []),
        ("KmsKeyId.More", []),
        ("Groups", ["no group"]),
    ],
)
def test_a_path_gives_the_texts_that_stand_there(path: str, found: list[str]) -> None:
    data = {
        "KmsKeyId": "k",
        "MySQLSettings": {"SecretsManagerSecretId": "s"},
        "OracleSettings": {"SecretsManagerSecretId": "t", "Port": 1521},
        "Groups": [{"Id": "g"}, {"Id": "h"}, {"Id": None}, "no group"],
    }
    assert list(texts(data, path)) == found


@pytest.mark.parametrize(("name", "values"), [("secretId", ["x y"]), ("last", ["z"]), ("id", [])])
def test_an_attribute_gives_its_value_without_quotes(name: str, values: list[str]) -> None:
    assert list(attribute_values("mysecretId=no; SecretId = 'x y' ;last=z", name)) == values


def test_attributes_that_are_no_text_have_no_value() -> None:
    assert asked("secretsmanager:DescribeSecret", endpoints({"ExtraConnectionAttributes": ["secretId=x"]})) == ()


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_whatever_an_answer_holds_paths_give_texts(data: Any) -> None:
    for path in ("KmsKeyId", "*.*", "*", "A.*.B"):
        assert all(isinstance(one, str) for one in texts(data, path))


def test_a_key_is_asked_about_once_however_it_is_named() -> None:
    aliases = Document(
        "kms:ListAliases",
        {"Aliases": [{"AliasName": "alias/dms", "AliasArn": f"{KEY_ARN[:41]}alias/dms", "TargetKeyId": KEY}]},
    )
    told = endpoints({"KmsKeyId": KEY}, {"KmsKeyId": KEY_ARN}, {"KmsKeyId": "alias/dms"}, {"KmsKeyId": ""})
    assert asked("kms:DescribeKey", aliases, told) == (KEY_ARN,)


def test_an_unlisted_alias_is_asked_about_where_possible() -> None:
    told = endpoints({"KmsKeyId": "alias/lost"})
    assert asked("kms:DescribeKey", told) == ("alias/lost",)
    assert asked("kms:GetKeyPolicy", told) == ()


def test_data_keys_are_followed_from_settings_and_attributes() -> None:
    other = KEY_ARN[:-1] + "c"
    told = endpoints(
        {"S3Settings": {"ServerSideEncryptionKmsKeyId": KEY_ARN}},
        {"ExtraConnectionAttributes": f"encryptionMode=SSE_KMS;serverSideEncryptionKmsKeyId={other};"},
    )
    assert asked("kms:DescribeKey", told) == (KEY_ARN, other)


def test_tags_are_asked_by_arn_even_of_answers_without_one() -> None:
    group = Document(
        "dms:DescribeReplicationSubnetGroups",
        {"ReplicationSubnetGroups": [{"ReplicationSubnetGroupIdentifier": "private"}]},
    )
    assert asked("dms:ListTagsForResource", endpoints({}), group) == (
        ENDPOINT["EndpointArn"],
        "arn:aws:dms:eu-central-1:111122223333:subgrp:private",
    )


def test_a_trail_is_asked_about_where_it_is_at_home() -> None:
    arn = "arn:aws:cloudtrail:{}:111122223333:trail/all"
    trails = [
        {"Name": "all", "TrailARN": arn.format(region), "HomeRegion": region} for region in (HERE[1], "us-east-1")
    ]
    told = Document("cloudtrail:DescribeTrails", {"trailList": trails})
    status = call("cloudtrail:GetTrailStatus")
    assert subjects(status, [told], *HERE, scanned=[HERE[1], "us-east-1"]) == (arn.format(HERE[1]),)


def test_a_trail_with_an_unscanned_home_is_asked_about() -> None:
    # By its ARN, and so at home: what it records counts in every Region.
    arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all"
    told = Document(
        "cloudtrail:DescribeTrails", {"trailList": [{"Name": "all", "TrailARN": arn, "HomeRegion": "us-east-1"}]}
    )
    status = call("cloudtrail:GetTrailStatus")
    assert subjects(status, [told], *HERE, scanned=[HERE[1]]) == (arn,)
    assert subjects(status, [told], *HERE, scanned=[HERE[1], "us-east-1"]) == ()


def details(**user: Any) -> dict[str, Any]:
    return {
        "UserDetailList": [{"UserName": "m", "Arn": "arn:aws:iam::111122223333:user/m", **user}],
        "GroupDetailList": [
            {"GroupName": "movers", "GroupPolicyList": [policy("dms:*")], "AttachedManagedPolicies": []},
            {"GroupName": "readers", "GroupPolicyList": [policy("s3:GetObject")], "AttachedManagedPolicies": []},
        ],
        "RoleDetailList": [],
        "Policies": [
            {"Arn": "arn:aws:iam::aws:policy/All", "PolicyVersionList": [policy("*")]},
            {"Arn": "arn:aws:iam::aws:policy/Billing", "PolicyVersionList": [policy("billing:*")]},
        ],
    }


def policy(action: str) -> dict[str, Any]:
    return {"PolicyName": "p", "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": action}]}}


@pytest.mark.parametrize(
    ("user", "may"),
    [
        ({}, False),
        ({"UserPolicyList": [policy("s3:*")]}, False),
        ({"UserPolicyList": [policy("dms:DescribeEndpoints")]}, True),
        ({"UserPolicyList": [policy("DMS:*")]}, True),
        ({"UserPolicyList": [{"PolicyDocument": {"Statement": {"NotAction": "iam:*"}}}]}, True),
        ({"GroupList": ["movers"]}, True),
        ({"GroupList": ["readers"]}, False),
        ({"AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/All"}]}, True),
        ({"AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/Billing"}]}, False),
        ({"AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/NotTold"}]}, True),
    ],
)
def test_access_keys_are_asked_of_users_who_may_touch_dms(user: dict[str, Any], may: bool) -> None:
    answer = details(**user)
    assert may_manage_dms(answer["UserDetailList"][0], answer) is may
    assert asked("iam:ListAccessKeys", Document("iam:GetAccountAuthorizationDetails", answer)) == (
        ("m",) if may else ()
    )
