from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.access.bucket_access import (
    actions,
    bucket_role,
    missing_actions,
    missing_bucket_actions,
    own_bucket,
    wide_actions,
)
from dms_lint.iam_policy.requests import IMPROBABLE_NAMES
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import ACCOUNT, NOW

ROLE = f"arn:aws:iam::{ACCOUNT}:role/lake"
TARGET = ("s3:ListBucket", "s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging")


def about(
    settings: dict[str, Any], *statements: dict[str, Any], engine: str = "s3", side: str = "TARGET", role: str = "lake"
) -> tuple[Resource, Inventory]:
    block = {"s3": "S3Settings", "redshift": "RedshiftSettings", "mysql": "MySQLSettings"}[engine]
    body = {
        "EndpointIdentifier": "lake",
        "EndpointArn": f"arn:aws:dms:eu-west-1:{ACCOUNT}:endpoint:LAKE",
        "EngineName": engine,
        "EndpointType": side,
        block: settings,
    }
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    detail = {
        "RoleName": role,
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
        "AttachedManagedPolicies": [],
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": document}],
    }
    inventory = Inventory(
        [
            Document("dms:DescribeEndpoints", {"Endpoints": [body]}),
            Document("iam:GetAccountAuthorizationDetails", {"RoleDetailList": [detail]}),
        ],
        NOW,
    )
    (found,) = inventory.known("endpoint")
    return found, inventory


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


LAKE = {"BucketName": "orders", "ServiceAccessRoleArn": ROLE}


def test_a_target_writes_and_a_source_reads() -> None:
    assert actions(*about(LAKE)) == TARGET
    assert actions(*about(LAKE, side="SOURCE")) == ("s3:ListBucket", "s3:GetObject")
    assert actions(*about({}, engine="mysql")) == ()


def test_a_canned_access_control_list_takes_one_action_more() -> None:
    assert actions(*about({**LAKE, "CannedAclForObjects": "private"})) == (*TARGET, "s3:PutObjectAcl")
    assert actions(*about({**LAKE, "CannedAclForObjects": "none"})) == TARGET


def test_a_role_without_statements_lacks_everything() -> None:
    assert len(missing_actions(*about(LAKE))) == len(TARGET)


@pytest.mark.parametrize("folder", ["", "dms", "/dms/", "dms/raw"])
def test_the_folder_of_the_bucket_is_what_must_be_allowed(folder: str) -> None:
    written = folder.strip("/")
    key = f"arn:aws:s3:::orders/{written}/*" if written else "arn:aws:s3:::orders/*"
    bucket = allow("s3:ListBucket", "arn:aws:s3:::orders")
    assert missing_actions(*about({**LAKE, "BucketFolder": folder}, bucket, allow("s3:*", key))) == ()
    elsewhere = allow("s3:*", "arn:aws:s3:::orders/other/*")
    assert len(missing_actions(*about({**LAKE, "BucketFolder": folder}, bucket, elsewhere))) == 3


def test_a_certain_lack_is_named_though_another_is_open() -> None:
    unsure = allow("s3:PutObject", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})
    assert [one.partition(" ")[0] for one in missing_actions(*about(LAKE, unsure))] == [
        "s3:ListBucket",
        "s3:DeleteObject",
        "s3:PutObjectTagging",
    ]
    with pytest.raises(Missing, match="aws:sourcevpce"):
        missing_actions(*about(LAKE, unsure, allow(["s3:ListBucket", "s3:DeleteObject", "s3:PutObjectTagging"])))


@given(st.text("abcdefghijklmnopqrstuvwxyz-", min_size=3, max_size=20))
def test_what_names_a_bucket_is_never_wide(name: str) -> None:
    statements = allow("s3:*", [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"])
    assert name in IMPROBABLE_NAMES or wide_actions(*about({**LAKE, "BucketName": name}, statements)) == ()


@pytest.mark.parametrize("resource", ["*", "arn:aws:s3:::*", "arn:*:s3:::*", "arn:aws:s3:::?*"])
def test_what_covers_any_bucket_is_wide(resource: str) -> None:
    assert wide_actions(*about(LAKE, allow("s3:*", resource))) == TARGET


def test_a_bucket_of_dms_own_name_needs_no_more() -> None:
    assert own_bucket(*about({"BucketName": "dms-x"}, engine="redshift")) == ""
    assert own_bucket(*about({"BucketName": "ledger"}, engine="redshift")) == "ledger"
    assert own_bucket(*about({"BucketName": "ledger"}, engine="redshift", side="SOURCE")) == ""
    assert own_bucket(*about(LAKE)) == ""


def test_the_redshift_bucket_role_is_the_endpoints_or_the_common() -> None:
    bucket = {"BucketName": "ledger"}
    assert bucket_role(*about({**bucket, "ServiceAccessRoleArn": ROLE}, engine="redshift")) == "lake"
    shared = about(bucket, engine="redshift", role="dms-access-for-endpoint")
    assert bucket_role(*shared) == "dms-access-for-endpoint"
    assert len(missing_bucket_actions(*shared)) == 5
    assert bucket_role(*about(bucket, engine="redshift")) == ""
