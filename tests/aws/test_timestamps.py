from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.aws.timestamps import moment, parse_moment
from dms_lint.model import Missing, Record, Status

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def record(value: Any) -> Record:
    return Record({"StartDate": value}, "task orders", "dms:DescribeReplicationTasks")


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23T12:00:00+00:00",
        "2026-11-23T12:00:00Z",
        "2026-11-23T12:00:00.000000Z",
        "2026-11-23T14:00:00+02:00",
        "2026-11-23T12:00:00",
        " 2026-11-23 12:00:00 ",
        1795435200,
        1795435200.0,
    ],
)
def test_a_moment_is_read_as_any_aws_tool_writes_it(written: Any) -> None:
    assert moment(record(written), "StartDate") == NOON
    assert moment(record(written), "StartDate").tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [
        "",
        "soon",
        "12:00",
        "20261123",
        "1795435200",
        "2026-13-01",
        "0001-01-01T00:00:00+14:00",
        "2026-11-23T12:00:00+00:00" * 9,
        True,
        float("nan"),
        float("inf"),
        1e300,
        10**400,
        -(10**12),
        ["2026-11-23"],
        {"seconds": 0},
    ],
)
def test_a_garbled_moment_is_missing_and_not_readable(written: Any) -> None:
    with pytest.raises(Missing) as missing:
        moment(record(written), "StartDate")
    assert missing.value.status is Status.NOT_READABLE
    assert "StartDate that is not a time" in missing.value.message


@pytest.mark.parametrize("data", [{}, {"StartDate": None}])
def test_a_moment_that_is_not_there_is_missing(data: dict[str, Any]) -> None:
    with pytest.raises(Missing, match="has no StartDate"):
        moment(Record(data, "task orders", "dms:DescribeReplicationTasks"), "StartDate")


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


moments = st.timedeltas(timedelta(days=-20000), timedelta(days=60000)).map(lambda apart: NOON + apart)


@given(moments, zones)
def test_what_is_written_as_iso_8601_is_read_back(when: datetime, zone: timezone) -> None:
    assert parse_moment(when.astimezone(zone).isoformat()) == when


@given(moments)
def test_what_is_written_as_seconds_is_read_back(when: datetime) -> None:
    found = parse_moment(when.timestamp())
    assert found is not None
    assert abs(found - when) < timedelta(milliseconds=1)


@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.none(), st.binary(), st.lists(st.text())))
def test_nothing_that_may_stand_there_breaks_the_parser(written: Any) -> None:
    found = parse_moment(written)
    assert found is None or found.tzinfo is UTC
