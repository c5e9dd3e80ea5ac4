"""The live account: the calls that rules need, and what they gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.collectors.live.calls import calls_for
from dms_lint.facts import judged_kinds, kinds_read
from dms_lint.gate.request import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dms_lint.collectors.live.calls import Call
    from dms_lint.collectors.live.scheduler import Collection, Counts
    from dms_lint.gate.request import ScanRequest
    from dms_lint.model import Rule


def calls_needed(rules: Sequence[Rule], *, read_secrets: bool) -> tuple[Call, ...]:
    """The calls that give the rules what they read."""
    return calls_for(judged_kinds(rules), kinds_read(rules), read_secrets=read_secrets)


def collect_account(
    rules: Sequence[Rule], request: ScanRequest, progress: Callable[[Counts], None] = lambda _: None
) -> Collection:
    """What the rules need of the live account; Ctrl-C ends it early, and the collection then says so.

    Raises RequestError, and CannotStart where nothing can be read.
    """
    from dms_lint.collectors.live.scheduler import collect

    if request.where.organization and request.where.role_arns:
        raise RequestError("give either --organization or --role-arn")
    return collect(calls_needed(rules, read_secrets=request.read_secrets), request.where, progress)
