"""The exit code of a scan: what its report means for a pipeline."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from dms_lint.model import Severity, Status, Verdict

if TYPE_CHECKING:
    from dms_lint.model import Report

CLEAN: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
UNREADABLE: Final = 3
INTERNAL: Final = 4
INTERRUPTED: Final = 130


def exit_code(report: Report, fail_on: Severity = Severity.LOW, *, strict: bool = False) -> int:
    """What a scan's exit code says; the worst that is true of it.

    4 an internal error · 1 a failure at or above `fail_on` that nobody accepted · 3 something could not be read (with
    `strict`: was not provided) · 0 neither.
    """
    if report.faults:
        return INTERNAL
    if any(f.verdict is Verdict.FAIL and f.rule.severity >= fail_on and not f.accepted for f in report.findings):
        return FINDINGS
    if any(notice.problem for notice in report.notices):
        return UNREADABLE
    accepted = Counter(
        (f.missing.status, f.missing.needs, f.missing.reason, f.resource.account, f.resource.region)
        for f in report.findings
        if f.accepted and f.missing is not None
    )
    for gap in report.gaps:
        # A gap is settled only when every check that it leaves unknown is accepted: a listing that was refused is none.
        waived = accepted[gap.status, gap.needs, gap.reason, gap.account, gap.region]
        if (strict or gap.status is Status.NOT_READABLE) and waived < gap.checks:
            return UNREADABLE
    return CLEAN
