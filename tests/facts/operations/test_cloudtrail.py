from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.operations import cloudtrail as trails
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW

ACCOUNT, REGION = "111122223333", "eu-west-1"
ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"
KMS = "kms.amazonaws.com"


def asked(operation: str, body: dict[str, Any], subject: str = "") -> Document:
    return Document(operation, body, subject=subject, account=ACCOUNT, region=REGION)


def region(*selectors: dict[str, Any], member: str = "EventSelectors", **trail: Any) -> tuple[Resource, Inventory]:
    listed = {"Name": "audit", "TrailARN": ARN, "IsMultiRegionTrail": False, "IsOrganizationTrail": False, **trail}
    inventory = Inventory(
        [
            asked("cloudtrail:DescribeTrails", {"trailList": [listed]}),
            asked("cloudtrail:GetTrailStatus", {"IsLogging": True}, listed["TrailARN"]),
            asked("cloudtrail:GetEventSelectors", {"TrailARN": listed["TrailARN"], member: list(selectors)}),
        ],
        NOW,
    )
    return next(one for one in inventory.known("region") if one.name == REGION), inventory


def basic(kind: str = "All", *, management: bool = True, excluded: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "ReadWriteType": kind,
        "IncludeManagementEvents": management,
        "ExcludeManagementEventSources": list(excluded),
    }


def advanced(*fields: dict[str, Any], category: str = "Management") -> dict[str, Any]:
    return {"FieldSelectors": [{"Field": "eventCategory", "Equals": [category]}, *fields]}


SELECTORS = st.builds(
    basic,
    st.sampled_from(["All", "ReadOnly", "WriteOnly"]),
    management=st.booleans(),
    excluded=st.sampled_from([(), (KMS,), ("rdsdata.amazonaws.com",)]),
)


@given(st.lists(SELECTORS, max_size=4))
def test_a_half_is_recorded_where_some_selector_takes_it(selectors: list[dict[str, Any]]) -> None:
    taking = [
        one for one in selectors if one["IncludeManagementEvents"] and KMS not in one["ExcludeManagementEventSources"]
    ]
    lacking = tuple(
        half
        for half, kind in (("reads", "ReadOnly"), ("writes", "WriteOnly"))
        if not any(one["ReadWriteType"] in ("All", kind) for one in taking)
    )
    assert trails.unrecorded_halves(*region(*selectors)) == lacking
    assert bool(trails.reasons(*region(*selectors))) is bool(lacking)


@given(st.lists(SELECTORS, min_size=1, max_size=3), st.sampled_from(["ReadWriteType", "IncludeManagementEvents"]))
def test_a_member_that_is_taken_away_records_no_more(selectors: list[dict[str, Any]], member: str) -> None:
    before = trails.unrecorded_halves(*region(*selectors))
    cut = [{name: value for name, value in selectors[0].items() if name != member}, *selectors[1:]]
    try:
        after = trails.unrecorded_halves(*region(*cut))
    except Missing:
        return
    assert set(before) <= set(after)


@pytest.mark.parametrize(
    ("field", "lacking"),
    [
        ({"Field": "eventSource", "NotEquals": [KMS]}, ("reads", "writes")),
        ({"Field": "eventSource", "NotEquals": ["rdsdata.amazonaws.com"]}, ()),
        ({"Field": "eventSource", "Equals": [KMS]}, ()),
        ({"Field": "eventSource", "Equals": ["s3.amazonaws.com"]}, ("reads", "writes")),
        ({"Field": "eventSource", "NotStartsWith": ["kms."]}, ("reads", "writes")),
        ({"Field": "eventSource", "EndsWith": [".amazonaws.com"]}, ()),
        ({"Field": "readOnly", "Equals": ["true"]}, ("writes",)),
        ({"Field": "readOnly", "NotEquals": ["true"]}, ("reads",)),
    ],
)
def test_a_field_of_an_advanced_selector_narrows_it(field: dict[str, Any], lacking: tuple[str, ...]) -> None:
    found = region(advanced(field), member="AdvancedEventSelectors")
    assert trails.unrecorded_halves(*found) == lacking


@pytest.mark.parametrize(
    "selector",
    [
        advanced({"Field": "eventName", "Equals": ["Decrypt"]}),
        advanced({"Field": "eventSource"}),
        {"FieldSelectors": [{"Field": "readOnly", "Equals": ["true"]}]},
        {"Name": "nothing"},
    ],
)
def test_an_advanced_selector_that_cannot_be_read_is_missing(selector: dict[str, Any]) -> None:
    with pytest.raises(Missing):
        trails.unrecorded_halves(*region(selector, member="AdvancedEventSelectors"))


def test_a_data_event_selector_is_passed_over() -> None:
    data = advanced({"Field": "eventName", "Equals": ["GetObject"]}, category="Data")
    found = region(data, advanced(), member="AdvancedEventSelectors")
    assert trails.unrecorded_halves(*found) == ()
    assert trails.recording(*found) == ("audit",)


@pytest.mark.parametrize(
    ("arn", "multi", "organization", "counts"),
    [
        (ARN, False, False, True),
        (ARN.replace(REGION, "us-east-1"), False, False, False),
        (ARN.replace(REGION, "us-east-1"), True, False, True),
        (ARN.replace(ACCOUNT, "444455556666"), False, True, True),
        (ARN.replace(ACCOUNT, "444455556666"), True, False, False),
    ],
)
def test_a_trail_counts_in_its_region_and_account_or_everywhere(
    arn: str, *, multi: bool, organization: bool, counts: bool
) -> None:
    found = region(basic(), TrailARN=arn, IsMultiRegionTrail=multi, IsOrganizationTrail=organization)
    assert (trails.unrecorded_halves(*found) == ()) is counts


def test_a_trail_without_a_scope_leaves_the_rest_open() -> None:
    with pytest.raises(Missing):
        trails.unrecorded_halves(*region(basic(), TrailARN=ARN.replace(REGION, "us-east-1"), IsMultiRegionTrail=None))
