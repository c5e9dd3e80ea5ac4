"""Annotations of GitHub Actions: workflow commands on standard output, the worst failures first.

GitHub shows ten annotations of each level a step, so no more are written; the last line counts what is left out.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from dms_lint.model import Severity, Verdict
from dms_lint.report.findings import acceptance, failures, in_file, path, subject, tally_failures, worst_first
from dms_lint.report.safe import printable
from dms_lint.rulepack.placeholders import fix_text, message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.model import Finding, Report
    from dms_lint.report import Style

SHOWN: Final = 10
"""How many annotations of each level GitHub shows of a step."""
LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
    Severity.INFO: "notice",
}


def render(report: Report, style: Style) -> Iterator[str]:
    """A command a line: failures, accepted failures as notices, and a notice that sums up."""
    annotated: Counter[str] = Counter(notice=1)  # the last line's
    left = 0
    for level, finding, text in _annotations(report):
        if annotated[level] == SHOWN:
            left += 1
            continue
        annotated[level] += 1
        yield _annotation(level, finding, text)
    yield command("notice", _summary(report, left), title="dms-lint")


def command(level: str, text: str, **properties: str) -> str:
    """One workflow command, escaped as GitHub's runner reads it: it ends at the line's end, and is the only one."""
    pairs = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {pairs}::{_data(text)}\n"


def _annotations(report: Report) -> Iterator[tuple[str, Finding, str]]:
    for finding in worst_first(failures(report, accepted=False)):
        yield LEVELS[finding.rule.severity], finding, f"{message(finding)}\nFix: {fix_text(finding)}"
    for finding in worst_first(failures(report, accepted=True)):
        yield "notice", finding, f"{message(finding)}\nAccepted: {acceptance(finding)}"


def _annotation(level: str, finding: Finding, text: str) -> str:
    rule, resource = finding.rule, finding.resource
    title = f"{rule.id} {rule.name} ({rule.severity.label})"
    if not in_file(resource):
        return command(level, f"{subject(resource)} in {resource.account} {resource.region}: {text}", title=title)
    return command(level, text, file=path(resource), line=str(resource.line or 1), title=title)


def _summary(report: Report, left: int) -> str:
    count = tally_failures(report)
    parts = [f"{count.failed} failed"]
    if count.waived or count.in_baseline:
        parts.append(f"{count.waived + count.in_baseline} accepted")
    parts.append(f"{report.verdicts[Verdict.UNKNOWN]} unknown")
    parts.append(f"{report.verdicts[Verdict.PASS]} passed")
    if report.faults:
        parts.append(f"{len(report.faults)} not made because of a bug in dms-lint")
    omitted = f" ({left} more than are annotated: another format names them all)" if left else ""
    return ", ".join(parts) + omitted


def _data(text: str) -> str:
    """Control characters written out, but for our own line breaks, which the command escapes."""
    lines = (printable(line) for line in text.split("\n"))
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
