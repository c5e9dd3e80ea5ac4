"""Responses of AWS as they were read, calls without one, and notices about the input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dms_lint.model.record import EMPTY
from dms_lint.model.verdict import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Refusal(NamedTuple):
    """A call without an answer: AWS refused it (`code` and `message` are AWS's own), or it `failed` on the way."""

    code: str
    message: str
    failed: bool = False
    """Whether no answer came, or none that says anything: a time-out, throttling to the end, a garbled answer."""
    needs: str = ""
    """What would settle it, where that is not the action of the call itself."""

    def missing(self, what: str, action: str) -> Missing:
        """What is missing because of it: `action` is what would have settled it, had it been answered."""
        needs = self.needs or action
        how = f"{needs} failed" if self.failed else f"AWS refused {needs}"
        return Missing(
            f"{what}: {how} ({self.code})",
            needs=needs,
            reason=f"the call failed: {self.code}" if self.failed else f"AWS refused it: {self.code}",
            status=Status.NOT_READABLE,
        )


class Document(NamedTuple):
    """One answer of one AWS operation, as AWS gave it, and where it was read."""

    operation: str
    """Service and operation, as IAM writes them: `dms:DescribeEndpoints`."""
    body: Mapping[str, Any]
    """The answer; empty when the call was refused."""
    file: str | None = None
    subject: str = ""
    """What the answer is about, where it does not say so itself (the key of a key policy)."""
    account: str = ""
    region: str = ""
    modified: float = 0.0
    """When the file was last written (seconds since 1970): of two answers about a resource the newer counts."""
    line: int | None = None
    """Where it begins in its file, from 1."""
    lines: Mapping[str, Sequence[int]] = EMPTY
    """By listing member, the line that names each of its items."""
    refusal: Refusal | None = None
    complete: bool | None = None
    """Whether it is the whole of each listing that it holds; None where its shape and its page tokens say so.

    Where it is False, no listing of these kinds is complete, whatever else was read: a template is never the whole.
    """
    absence: str = ""
    """Why a resource that it does not hold may exist all the same: `not in the template`."""


class Notice(NamedTuple):
    """A line about the input: a file that could not be read (`problem`) or something worth knowing."""

    message: str
    file: str | None = None
    line: int | None = None
    problem: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}" if place else self.message
