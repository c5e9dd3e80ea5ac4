from __future__ import annotations

from typing import Any

import pytest

from dms_lint.facts.iam.dms_roles.service_access_roles import ELSEWHERE, HERE, NOWHERE
from dms_lint.facts.targets.buckets import exists, name_of, whereabouts
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Refusal, Resource
from tests.build import ACCOUNT, NOW

LISTED = Document("s3:ListBuckets", {"Buckets": [{"Name": "mine"}]}, account=ACCOUNT)
SEEN = Document("s3:HeadBucket", {"BucketRegion": "eu-west-1"}, subject="theirs", account=ACCOUNT)


def refused(code: str, operation: str = "s3:HeadBucket") -> Document:
    return Document(operation, {}, subject="theirs", account=ACCOUNT, refusal=Refusal(code, ""))


def endpoint(bucket: str, *documents: Document, engine: str = "s3") -> tuple[Resource, Inventory]:
    body: dict[str, Any] = {
        "EndpointIdentifier": "lake",
        "EndpointArn": f"arn:aws:dms:eu-west-1:{ACCOUNT}:endpoint:LAKE",
        "EngineName": engine,
        "S3Settings": {"BucketName": bucket},
    }
    inventory = Inventory([Document("dms:DescribeEndpoints", {"Endpoints": [body]}), *documents], NOW)
    (found,) = inventory.known("endpoint")
    return found, inventory


def test_only_an_s3_endpoint_has_a_bucket() -> None:
    assert name_of(*endpoint("mine")) == "mine"
    assert name_of(*endpoint("mine", engine="mysql")) == ""


@pytest.mark.parametrize(
    ("bucket", "documents", "there", "where"),
    [
        ("mine", [LISTED], True, HERE),
        ("theirs", [LISTED, SEEN], True, ELSEWHERE),
        ("theirs", [LISTED, refused("404")], False, NOWHERE),
        ("theirs", [refused("404")], False, NOWHERE),
        ("theirs", [refused("NoSuchBucket", "s3:GetBucketLocation")], False, NOWHERE),
    ],
)
def test_where_a_bucket_is(bucket: str, documents: list[Document], there: bool, where: str) -> None:
    assert exists(*endpoint(bucket, *documents)) is there
    assert whereabouts(*endpoint(bucket, *documents)) == where


def test_a_forbidden_unlisted_bucket_is_foreign_or_absent() -> None:
    about = endpoint("theirs", LISTED, refused("403"))
    assert whereabouts(*about) == ELSEWHERE
    with pytest.raises(Missing):
        exists(*about)


@pytest.mark.parametrize("documents", [[], [LISTED], [refused("SlowDown")], [refused("403")]])
def test_of_a_bucket_of_which_nothing_was_read_nothing_is_said(documents: list[Document]) -> None:
    about = endpoint("theirs", *documents)
    with pytest.raises(Missing):
        exists(*about)
    with pytest.raises(Missing):
        whereabouts(*about)


def test_an_existing_bucket_has_no_owner_without_a_listing() -> None:
    about = endpoint("theirs", SEEN)
    assert exists(*about)
    with pytest.raises(Missing):
        whereabouts(*about)
