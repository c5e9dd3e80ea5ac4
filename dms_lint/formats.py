"""The report formats by name, and the module of each.  Apart, so that the command line's help imports no report."""

from __future__ import annotations

from typing import Final

FORMATS: Final = {
    "text": "dms_lint.report.text",
    "json": "dms_lint.report.json_report",
    "jsonl": "dms_lint.report.jsonl",
    "github": "dms_lint.report.github",
    "csv": "dms_lint.report.csv_report",
}
