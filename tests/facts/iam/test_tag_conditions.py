from __future__ import annotations

from typing import Any

import pytest

from dms_lint.facts.iam.tag_conditions import conditions_without_tag, tag_conditions
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW

IAM = "arn:aws:iam::111122223333"
DMS = "arn:aws:dms:eu-west-1:111122223333"


def policy(condition: dict[str, Any], *tags: str, read: bool = True) -> tuple[Resource, Inventory]:
    statement = {"Effect": "Allow", "Action": "dms:*", "Resource": "*", "Condition": condition}
    version = {
        "VersionId": "v1",
        "IsDefaultVersion": True,
        "Document": {"Version": "2012-10-17", "Statement": [statement]},
    }
    managed = {"PolicyName": "dms", "Arn": f"{IAM}:policy/dms", "PolicyVersionList": [version]}
    endpoint = {"EndpointIdentifier": "orders", "EndpointArn": f"{DMS}:endpoint:ORDERS"}
    listed = [{"Key": key, "Value": "x", "ResourceArn": endpoint["EndpointArn"]} for key in tags]
    documents = [
        Document("iam:GetAccountAuthorizationDetails", {"RoleDetailList": [], "Policies": [managed]}),
        Document("dms:DescribeEndpoints", {"Endpoints": [endpoint]}, account="111122223333", region="eu-west-1"),
    ]
    if read:
        documents.append(Document("dms:ListTagsForResource", {"TagList": listed}, subject=endpoint["EndpointArn"]))
    inventory = Inventory(documents, NOW)
    (found,) = inventory.known("iam-policy")
    return found, inventory


OWNER = {"StringEquals": {"dms:endpoint-tag/Owner": "orders"}}


def test_a_key_is_carried_whatever_its_case() -> None:
    assert tag_conditions(*policy(OWNER)) == ("dms:endpoint-tag/owner",)
    assert conditions_without_tag(*policy(OWNER, "OWNER", "stage")) == ()


def test_a_key_that_no_endpoint_carries_is_told() -> None:
    (found,) = conditions_without_tag(*policy(OWNER, "stage"))
    assert found.startswith("dms:endpoint-tag/owner")


def test_tags_that_were_not_read_leave_it_open() -> None:
    with pytest.raises(Missing):
        conditions_without_tag(*policy(OWNER, read=False))


@pytest.mark.parametrize("key", ["dms:req-tag/Owner", "aws:ResourceTag/Owner"])
def test_only_tags_of_resources_by_dms_own_keys_count(key: str) -> None:
    assert tag_conditions(*policy({"StringEquals": {key: "orders"}})) == ()


def test_whether_there_is_a_tag_is_no_condition_on_it() -> None:
    assert tag_conditions(*policy({"Null": {"dms:endpoint-tag/Owner": "true"}})) == ()
