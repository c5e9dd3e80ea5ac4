from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.aws.arn import Arn, parse_arn

PART = st.text(st.characters(exclude_characters=":"), max_size=8)


@given(PART, PART, PART, PART, st.text(max_size=20))
def test_an_arn_is_written_as_it_was_read(
    partition: str, service: str, region: str, account: str, resource: str
) -> None:
    arn = Arn(partition, service, region, account, resource)
    assert parse_arn(str(arn)) == arn


@pytest.mark.parametrize("text", ["", "arn", "orders", "arn:aws:dms:eu-west-1:111122223333", "ARN:aws:dms:::x"])
def test_what_lacks_a_part_is_no_arn(text: str) -> None:
    assert parse_arn(text) is None


@pytest.mark.parametrize(
    ("resource", "kind"),
    [("endpoint:ORDERS", "endpoint"), ("role/a/b", "role"), ("log-group:/aws/dms", "log-group"), ("bucket", "")],
)
def test_the_type_of_a_resource_ends_at_a_slash_or_colon(resource: str, kind: str) -> None:
    assert Arn("aws", "x", "", "", resource).resource_type == kind
