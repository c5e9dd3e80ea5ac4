"""The command that compares two reports."""

from __future__ import annotations

import sys
from typing import Final

import click

from dms_lint.cli.common import show, stop
from dms_lint.cli.options import SEVERITIES, OneOf
from dms_lint.gate.exit_code import CLEAN, FINDINGS, USAGE

_FORMATS: Final = ("text", "json", "markdown")


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("-f", "--format", "format_", type=OneOf(_FORMATS), default="text", show_default=True)
@click.option(
    "--fail-on",
    type=OneOf(SEVERITIES),
    default="low",
    show_default=True,
    help="Exit with 1 when something of this severity, or a worse one, newly fails.",
)
def diff(old: str, new: str, format_: str, fail_on: str) -> None:
    """Compare two JSON reports: what newly fails, is fixed, changed, unknown now, or not judged any more.

    Exits with 1 when something newly fails, with 2 when a file is no report.
    """
    from pathlib import Path

    from dms_lint.history.compare import compare
    from dms_lint.history.render import render
    from dms_lint.model import Severity
    from dms_lint.report.json_reader import ReportError, load

    try:
        reports = [load(Path(file)) for file in (old, new)]
    except ReportError as error:
        stop(str(error), USAGE)
    changes = compare(*reports)
    show(render(changes, format_, (str(Path(old)), str(Path(new)))))
    least = Severity[fail_on.upper()]
    failing = any(change.finding.rule.severity >= least for change in changes.failures)
    sys.exit(FINDINGS if failing else CLEAN)
