"""Verdicts, how severe a failure is, and data that is missing."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    """What a rule says of a resource."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


class Severity(IntEnum):
    """How much a failure matters; a larger number is worse."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The word that rules, reports and options use: `critical`, `high`, ..."""
        return self.name.lower()


class Status(StrEnum):
    """Why something is unknown: the input has no such data, or it was there and could not be read."""

    NOT_PROVIDED = "not-provided"
    NOT_READABLE = "not-readable"


class Missing(Exception):
    """Data that a fact needs and does not have.  It makes a verdict unknown, never a pass or a fail.

    `message` says what is missing of which resource; `reason` says the same without naming a resource, so that
    many can be counted together; `needs` names what would settle it: an AWS action, or a file to mend.
    """

    def __init__(self, message: str, *, needs: str, reason: str = "", status: Status = Status.NOT_PROVIDED) -> None:
        super().__init__(message)
        self.message = message
        self.needs = needs
        self.reason = reason or message
        self.status = status
