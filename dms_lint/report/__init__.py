"""Report formats by name: a module each, imported when a report is written, not when help is shown."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from dms_lint.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.model import Report

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
"""The module of each format."""


class Style(NamedTuple):
    """How a person wants a report: formats for machines take no notice of it."""

    width: int = 100
    """Columns."""
    color: bool = False
    quiet: bool = False
    """One line a finding, and nothing else."""
    severity: Severity = Severity.LOW
    """The least severity that is shown."""
    frameworks: bool = False
    """Every control of the frameworks that fails or is unknown, by its id."""


class Renderer(Protocol):
    """What the module of a format offers."""

    def render(self, report: Report, style: Style) -> Iterator[str]:
        """The pieces of the whole text.  Formats for machines ignore the style: their bytes are the same for all."""


def render(name: str, report: Report, style: Style) -> Iterator[str]:
    """The report in a format of FORMATS, in pieces, so that a large one need not stand in memory whole."""
    renderer: Renderer = import_module(FORMATS[name])
    return renderer.render(report, style)
