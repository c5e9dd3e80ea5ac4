"""GitLab's code quality report: the subset of Code Climate's issues that its merge requests show.

It has no word for what is unknown, nor for a failure that somebody accepted: both are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.model import Severity
from dms_lint.report.findings import digest, failures, path
from dms_lint.report.safe import dumps, printable
from dms_lint.rulepack.placeholders import message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.model import Report
    from dms_lint.report import Style

SEVERITIES: Final = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


def render(report: Report, style: Style) -> Iterator[str]:
    """A list of issues, one a line."""
    separator = "[\n"
    for finding in failures(report, accepted=False):
        issue = {
            "description": printable(message(finding)),
            "check_name": finding.rule.id,
            # GitLab shows one issue of each fingerprint; a fingerprint of ours has one finding.
            "fingerprint": digest(finding),
            "severity": SEVERITIES[finding.rule.severity],
            "location": {"path": printable(path(finding.resource)), "lines": {"begin": finding.resource.line or 1}},
        }
        yield separator + dumps(issue)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"
