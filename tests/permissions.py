"""What every rule of a security group has, as AWS sends it."""

from __future__ import annotations

from typing import Any, Final

NOBODY: Final[dict[str, Any]] = {"IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
"""For whom a rule is, by the four lists that AWS sends with each: [] where it names nobody in this way."""
