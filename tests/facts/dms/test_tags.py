from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.dms import tags
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Status
from tests.build import NOW

HERE = "111122223333"


def arn(kind: str, name: str, account: str = HERE) -> str:
    return f"arn:aws:dms:eu-west-1:{account}:{kind}:{name}"


def endpoint(name: str, end: str, account: str = HERE) -> dict[str, Any]:
    return {"EndpointArn": arn("endpoint", end, account), "EndpointIdentifier": name}


def endpoints(*items: dict[str, Any]) -> Document:
    return Document("dms:DescribeEndpoints", {"Endpoints": list(items)})


def tagged(subject: str, *rows: Any) -> Document:
    return Document(
        "dms:ListTagsForResource",
        {"TagList": list(rows)},
        file=f"list-tags-for-resource.{subject}.json",
        subject=subject,
        account=HERE,
        region="eu-west-1",
    )


def keys(*documents: Document, name: str = "orders") -> tuple[str, ...]:
    inventory = Inventory(documents, NOW)
    (found,) = (one for one in inventory.known("endpoint") if one.name == name)
    return tags.keys(found, inventory)


OWNER = {"Key": "owner", "Value": "payments"}


@pytest.mark.parametrize(
    "subject", [arn("endpoint", "ZT5M2Q"), arn("endpoint", "ZT5M2Q").replace(":", "_"), "ZT5M2Q", "orders", "Orders"]
)
def test_a_file_names_a_resource_by_arn_arn_end_or_name(subject: str) -> None:
    assert keys(endpoints(endpoint("orders", "ZT5M2Q")), tagged(subject, OWNER)) == ("owner",)


def test_a_name_that_two_resources_share_names_neither() -> None:
    documents = [endpoints(endpoint("orders", "ZT5M2Q"), endpoint("lake", "orders")), tagged("orders", OWNER)]
    with pytest.raises(Missing) as missing:
        keys(*documents)
    assert missing.value.status is Status.NOT_READABLE


def test_the_arn_tells_resources_of_one_name_apart() -> None:
    shared = endpoints(endpoint("orders", "ZT5M2Q"), endpoint("lake", "orders"))
    assert keys(shared, tagged("orders", OWNER), tagged(arn("endpoint", "ZT5M2Q"))) == ()


def test_names_that_files_cannot_tell_apart_name_neither() -> None:
    documents = [endpoints(endpoint("orders_eu", "A1"), endpoint("orders-eu", "B2")), tagged("orders-eu", OWNER)]
    with pytest.raises(Missing):
        keys(*documents, name="orders_eu")


def test_the_same_name_in_another_account_is_no_obstacle() -> None:
    documents = [
        endpoints(endpoint("orders", "A1"), endpoint("lake", "orders", "444455556666")),
        tagged("orders", OWNER),
    ]
    assert keys(*documents) == ("owner",)


def test_tags_of_aws_do_not_count_in_any_case() -> None:
    rows = (
        {"Key": "aws:createdBy", "Value": "x"},
        {"Key": "AWS:createdBy", "Value": "x"},
        {"Key": "aws", "Value": "x"},
    )
    assert keys(endpoints(endpoint("orders", "A1")), tagged("orders", *rows)) == ("aws",)


@pytest.mark.parametrize("row", [{"Value": "payments"}, {"Key": None}, {"Key": 5}])
def test_a_tag_without_a_key_is_not_counted_but_missing(row: Any) -> None:
    with pytest.raises(Missing):
        keys(endpoints(endpoint("orders", "A1")), tagged("orders", row))


@given(
    st.text(max_size=8), st.lists(st.one_of(st.none(), st.text(max_size=3), st.dictionaries(st.just("Key"), st.text())))
)
def test_a_fact_gives_keys_or_is_missing_whatever_the_answer(subject: str, rows: list[Any]) -> None:
    try:
        found = keys(endpoints(endpoint("orders", "A1")), tagged(subject, *rows))
    except Missing:
        return
    assert all(isinstance(key, str) for key in found)
