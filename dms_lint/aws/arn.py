"""Amazon Resource Names, taken apart.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from typing import NamedTuple


class Arn(NamedTuple):
    """The parts of `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; what an ARN leaves out is ''."""

    partition: str
    service: str
    region: str
    account: str
    resource: str
    """The rest, with the colons that stand in it: `endpoint:ORDERS`, `role/service-role/dms-access`."""

    def __str__(self) -> str:
        return ":".join(("arn", *self))

    @property
    def resource_type(self) -> str:
        """What stands before the first `/` or `:` of the resource: `endpoint`, `role`; '' where there is neither."""
        slash, colon = self.resource.find("/"), self.resource.find(":")
        ends = [end for end in (slash, colon) if end >= 0]
        return self.resource[: min(ends)] if ends else ""


def parse_arn(text: str) -> Arn | None:
    """The parts of an ARN, or of a pattern for ARNs; None for a text that does not have all six."""
    prefix, *parts = text.split(":", 5)
    return Arn(*parts) if prefix == "arn" and len(parts) == len(Arn._fields) else None
