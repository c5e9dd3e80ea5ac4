"""The commands about what was found before: baseline and diff."""

from __future__ import annotations

import sys
from typing import Any, Final

import click

from dms_lint.cli.commands.collect import INTERRUPTED, say_interrupted
from dms_lint.cli.commands.scan import reading, run_scan
from dms_lint.cli.common import complain, count, say, show, stop
from dms_lint.cli.options import SEVERITIES, OneOf
from dms_lint.cli.session import save

_DIFF_FORMATS: Final = ("text", "json", "markdown")


@click.command()
@reading
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to write it; - for standard output.")
def baseline(paths: tuple[str, ...], output: str, **options: Any) -> None:
    """Write today's failures into a file: `scan --baseline FILE` accepts them, and fails on new ones alone.

    It takes what scan takes: files, or the live account where no PATH is given. What a waiver is about is left out.
    A baseline that stands in FILE is replaced, any other file is not.
    """
    from pathlib import Path

    from dms_lint.gate import baseline as baselines
    from dms_lint.gate import exit_code as gate

    file = Path(output)
    if output != "-" and file.exists():
        if not file.is_file():
            stop(f"{file} is no file: choose another name", gate.USAGE)
        try:
            baselines.read(file)
        except baselines.BaselineError as error:
            stop(f"{error}; not overwritten", gate.USAGE)
    report, found = run_scan(paths, options)
    if found and found.interrupted:
        say_interrupted(found)
        sys.exit(INTERRUPTED)
    complain(notice for notice in report.notices if notice.problem)
    known = baselines.of(report)
    if output == "-":
        show([baselines.written(known)])
    else:
        save(file, known)
        say(f"{count(len(known), 'finding')} in {file}")
    if report.faults:
        stop(f"{len(report.faults)} checks met an internal error and are not in it", gate.INTERNAL)


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("-f", "--format", "format_", type=OneOf(_DIFF_FORMATS), default="text", show_default=True)
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

    from dms_lint.gate import exit_code as gate
    from dms_lint.history.compare import compare
    from dms_lint.history.render import render
    from dms_lint.model import Severity
    from dms_lint.report.json_reader import ReportError, load

    try:
        reports = [load(Path(file)) for file in (old, new)]
    except ReportError as error:
        stop(str(error), gate.USAGE)
    changes = compare(*reports)
    show(render(changes, format_, (str(Path(old)), str(Path(new)))))
    least = Severity[fail_on.upper()]
    failing = any(change.finding.rule.severity >= least for change in changes.failures)
    sys.exit(gate.FINDINGS if failing else gate.CLEAN)
