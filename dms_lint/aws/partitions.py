"""AWS's partitions: which one a Region or an ARN belongs to, and the domain of its services."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from dms_lint.data.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMERCIAL: Final = "aws"


@lru_cache(maxsize=64)
def partition_of_region(region: str) -> str:
    """The partition of a Region, by the longest beginning of its name that the table has."""
    matches = [
        (len(prefix), row["partition"])
        for row in table("partitions")["rows"]
        for prefix in row["region_prefixes"]
        if region.startswith(prefix)
    ]
    return max(matches)[1] if matches else COMMERCIAL


def partition_of(arn: str) -> str:
    """The partition that an ARN names: `aws`, `aws-cn`, `aws-us-gov`."""
    parts = arn.split(":", 2)
    return parts[1] if len(parts) == 3 and parts[0] == "arn" and parts[1] else COMMERCIAL


@cache
def dns_suffixes() -> Mapping[str, str]:
    """By partition, the domain that the names of its services end in."""
    return {row["partition"]: row["dns_suffix"] for row in table("partitions")["rows"]}
