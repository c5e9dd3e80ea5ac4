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
    found = parse_moment(record[key])
    if found is None:
        raise record.malformed(key, "a time")
    return found


def parse_moment(written: object) -> datetime | None:
    """A moment in UTC, from ISO 8601 text or from seconds since 1970; None for anything else."""
    if isinstance(written, str):
        return _parse_text(written)
    if isinstance(written, (int, float)) and not isinstance(written, bool):
        try:
            return _EPOCH + timedelta(seconds=written)
        except (ValueError, OverflowError):
            return None
    return None


@lru_cache(maxsize=1024)
def _parse_text(written: str) -> datetime | None:
    if len(written) > _LONGEST or "-" not in written:
        return None
    try:
        found = datetime.fromisoformat(written.strip())
        if found.tzinfo is UTC:
            return found
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def to_the_second(time: datetime) -> str:
    """A moment as people read it: `2026-11-23 10:15:30`."""
    return time.isoformat(" ", "seconds")[:19]
