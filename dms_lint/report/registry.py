"""The report formats by name, and the module of each.  Apart, so that the command line's help imports no report."""

from __future__ import annotations

from typing import Final

FORMATS: Final = {
    "text": "dms_lint.report.formats.text",
    "json": "dms_lint.report.formats.json_report",
    "jsonl": "dms_lint.report.formats.jsonl",
    "sarif": "dms_lint.report.formats.sarif",
    "junit": "dms_lint.report.formats.junit",
    "github": "dms_lint.report.formats.github",
    "markdown": "dms_lint.report.formats.markdown",
    "gitlab-code-quality": "dms_lint.report.formats.gitlab_code_quality",
    "gitlab-sast": "dms_lint.report.formats.gitlab_sast",
    "csv": "dms_lint.report.formats.csv_report",
    "fix": "dms_lint.report.formats.fix_script",
}
