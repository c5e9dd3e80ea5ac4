"""The findings as CSV (RFC 4180), one a line, that a spreadsheet opens without running what is in it."""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import TYPE_CHECKING, Final

from dms_lint.model import Verdict
from dms_lint.report.findings import in_force
from dms_lint.report.links import rule_page
from dms_lint.report.safe import printable
from dms_lint.rulepack.placeholders import disruption, fix_cli, fix_text, message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.model import Finding, Report
    from dms_lint.report import Style

COLUMNS: Final = (
    "rule",
    "name",
    "verdict",
    "severity",
    "basis",
    "message",
    "kind",
    "resource",
    "arn",
    "account",
    "region",
    "file",
    "line",
    "fix",
    "command",
    "disruptive",
    "accepted",
    "reason",
    "expires",
    "page",
    "fingerprint",
)
_FORMULA: Final = re.compile(r"(?:^|(?<=;))(?=\s*[=+@＝＋－＠-]|[\t\r\n])")
"""Where a spreadsheet may see a formula begin, after its own trimming; those of full width included.

After a semicolon too, at which it parts the cells where a comma is the decimal sign.
"""


def render(report: Report, style: Style) -> Iterator[str]:
    """A header, then a line a finding; every line ends in CR LF."""
    yield _line(COLUMNS)
    for finding in report.findings:
        yield _line(cell(value) for value in _row(finding))


def cell(text: str) -> str:
    """The text on one line, with a single quote before what would be a formula."""
    return printable(_FORMULA.sub("'", text))


def _line(cells: Iterable[str]) -> str:
    buffer = StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()


def _row(finding: Finding) -> tuple[str, ...]:
    rule, resource, waiver = finding.rule, finding.resource, in_force(finding)
    failed = finding.verdict is Verdict.FAIL
    accepted = "waived" if waiver is not None else "known" if finding.known else ""
    return (
        rule.id,
        rule.name,
        finding.verdict.value,
        rule.severity.label,
        rule.basis,
        message(finding),
        resource.kind,
        resource.name,
        resource.arn,
        resource.account,
        resource.region,
        resource.file or "",
        str(resource.line or ""),
        fix_text(finding) if failed else "",
        fix_cli(finding) if failed else "",
        disruption(finding) if failed else "",
        accepted,
        waiver.reason if waiver is not None else "",
        waiver.expires if waiver is not None else "",
        rule_page(rule),
        finding.fingerprint,
    )
