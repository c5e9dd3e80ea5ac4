"""The findings as lines of JSON, one a line: each the object that it is in the JSON report, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.report.formats.json_report import findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.model import Report
    from dms_lint.report import Style


def render(report: Report, style: Style) -> Iterator[str]:
    """A line a finding; no line where there is none."""
    for finding in findings(report):
        yield finding + "\n"
