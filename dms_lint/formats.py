"""The report formats by name, and the module of each.  Apart, so that the command line's help imports no report."""

from __future__ import annotations

from typing import Final

FORMATS: Final = {
    "text": "dms_lint.report.text",
    "json": "dms_lint.report.json_report",
    "jsonl": "dms_lint.report.jsonl",
    "sarif": "dms_lint.report.sarif",
    "junit": "dms_lint.report.junit",
    "github": "dms_lint.report.github",
    "markdown": "dms_lint.report.markdown",
    "gitlab-code-quality": "dms_lint.report.gitlab_code_quality",
    "gitlab-sast": "dms_lint.report.gitlab_sast",
    "csv": "dms_lint.report.csv_report",
    "fix": "dms_lint.report.fix_script",
}
