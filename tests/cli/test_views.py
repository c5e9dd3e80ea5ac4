"""Pages of a listing in numbered files, one of which is missing."""

from __future__ import annotations

from typing import Any

import pytest

from dms_lint.model import Document, Missing, Refusal
from tests.build import inventory

ACCOUNT, REGION = "111122223333", "eu-west-1"


def page(file: str, name: str, **more: Any) -> Document:
    arn = f"arn:aws:dms:{REGION}:{ACCOUNT}:endpoint:{name}"
    body = {"Endpoints": [{"EndpointArn": arn, "EndpointIdentifier": name.lower()}], **more}
    return Document("dms:DescribeEndpoints", body, file=file)


FIRST, SECOND = page("describe-endpoints.1.json", "A", Marker="more"), page("describe-endpoints.2.json", "B")


def test_all_pages_are_the_whole_listing() -> None:
    assert len(inventory(FIRST, SECOND).all("endpoint", ACCOUNT, REGION)) == 2


@pytest.mark.parametrize("left", [FIRST, SECOND])
def test_one_page_alone_is_not(left: Document) -> None:
    with pytest.raises(Missing):
        inventory(left).all("endpoint", ACCOUNT, REGION)


def test_a_gap_stands_where_the_first_page_was_refused() -> None:
    refused = Document(
        "dms:DescribeEndpoints", {}, file="describe-endpoints.1.err", refusal=Refusal("AccessDenied", "no")
    )
    assert list(inventory(refused, SECOND).unread("endpoint"))


@pytest.mark.parametrize(
    "file", ["describe-endpoints.json", "describe-endpoints.1.json", "describe-endpoints.111122223333.json", "2.json"]
)
def test_an_answer_that_is_no_later_page_is_the_whole_listing(file: str) -> None:
    assert len(inventory(page(file, "A")).all("endpoint", ACCOUNT, REGION)) == 1
