"""Moments in time, as AWS writes them: ISO 8601 text, or seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dms_lint.model import Record

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST: Final = 40
"""Longer than any moment that AWS writes: `2026-11-23T10:15:30.123000+00:00` has 32 characters."""


def moment(record: Record, key: str) -> datetime:
    """The moment that a member holds, in UTC.

    The AWS CLI writes ISO 8601 with an offset or Z; with `cli_timestamp_format = wire`, and in API responses saved
    as they are, it is a number of seconds since 1970.  A time without an offset is UTC, as all of AWS's are.
    Missing when the member is absent or is neither.
    """
    time = parse_moment(record[key])
    if time is None:
        raise record.malformed(key, "a time")
    return time


def parse_moment(value: object) -> datetime | None:
    """A moment in UTC, from ISO 8601 text or from seconds since 1970; None for anything else."""
    if isinstance(value, str):
        return _parse_text(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return _EPOCH + timedelta(seconds=value)
        except (ValueError, OverflowError):
            return None
    return None


@lru_cache(maxsize=1024)
def _parse_text(text: str) -> datetime | None:
    if len(text) > _LONGEST or "-" not in text:
        return None
    try:
        time = datetime.fromisoformat(text.strip())
        if time.tzinfo is UTC:
            return time
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def to_the_second(time: datetime) -> str:
    """A moment as people read it: `2026-11-23 10:15:30`."""
    return time.isoformat(" ", "seconds")[:19]
