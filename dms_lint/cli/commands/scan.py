"""The command that judges the live account, or files with AWS's answers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dms_lint.cli.common import complain, page_style, say, say_lines, show, stop
from dms_lint.cli.options import FORMATS, SEVERITIES, OneOf, Output, baselining, reading
from dms_lint.cli.session import request_from, run_scan
from dms_lint.gate.exit_code import INTERRUPTED, USAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.model import Report


class Presentation(NamedTuple):
    """How the report is shown, and where it is written."""

    format_: str
    outputs: tuple[tuple[str, str], ...]
    """Formats and files."""
    severity: str
    frameworks: bool
    quiet: bool
    verbose: bool
    debug: bool


@click.command()
@reading
@baselining
@click.option(
    "--fail-on",
    type=OneOf(SEVERITIES),
    default="low",
    show_default=True,
    help="Exit with 1 when something of this severity, or a worse one, fails.",
)
@click.option("--strict/--no-strict", help="Exit with 3 also when the input leaves a check unknown.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found.")
@click.option(
    "--severity",
    type=OneOf(SEVERITIES),
    default="low",
    show_default=True,
    help="The least severity that the text report shows.",
)
@click.option("--frameworks", is_flag=True, help="Name the controls of each framework that failed or are unknown.")
@click.option("--all-verdicts", is_flag=True, help="Put passes and not-applicables into the JSON report too.")
@click.option("-f", "--format", "format_", type=OneOf(FORMATS), default="text", show_default=True)
@click.option(
    "-o",
    "--output",
    "outputs",
    type=Output(),
    multiple=True,
    metavar="FORMAT=FILE",
    help="Write a report to a file as well; repeatable.",
)
@click.option("-q", "--quiet", is_flag=True, help="One line a finding, and nothing else.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was read, on standard error.")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def scan(paths: tuple[str, ...], **options: Any) -> None:
    """Lint the live account; with PATH, exported AWS CLI answers or snapshots instead.

    PATH is a file, a folder (with all below it), or - for standard input.

    \b
    Exit codes: 0 nothing at or above --fail-on   1 findings at or above it that nobody accepted
                2 wrong usage, or nothing to judge
                3 no such findings, but something could not be read
                4 internal error               130 interrupted: judged is what was read
    """
    from dms_lint.gate.exit_code import exit_code

    request, presentation = request_from({**options, "paths": paths}), _presentation(options)
    report, collection = run_scan(
        request,
        progress=not options["no_progress"],
        quiet=presentation.quiet,
        verbose=presentation.verbose,
    )
    _say(report, presentation)
    _write(report, presentation)
    if collection and collection.interrupted:
        from dms_lint.cli.live import say_interrupted

        say_interrupted(collection)
        sys.exit(INTERRUPTED)
    if not options["exit_zero"]:
        sys.exit(exit_code(report, request.fail_on, strict=request.strict))


def _presentation(options: Mapping[str, Any]) -> Presentation:
    return Presentation(**{name: options[name] for name in Presentation._fields})


def _say(report: Report, presentation: Presentation) -> None:
    """Problems and notices on standard error, unless the text report on standard output says them."""
    if presentation.verbose:
        from dms_lint.report.formats.text import kinds_line

        say(f"read {kinds_line(dict(report.resources))} in {report.duration_s:.2f} s")
        complain(report.notices)
    elif presentation.format_ != "text" or presentation.quiet:
        complain(notice for notice in report.notices if notice.problem)
    if presentation.debug:
        for fault in report.faults:
            say_lines(fault.traceback)


def _write(report: Report, presentation: Presentation) -> None:
    from dms_lint.report import render

    style = page_style(quiet=presentation.quiet, severity=presentation.severity)
    style = style._replace(frameworks=presentation.frameworks)
    for format_, file in presentation.outputs:
        try:
            with open(file, "w", encoding="utf-8", newline="\n") as stream:  # noqa: PTH123 - `-o` takes /dev/stdout too
                stream.writelines(render(format_, report, style._replace(color=False)))
        except OSError as error:
            stop(f"cannot write {file}: {error.strerror}", USAGE)
    show(render(presentation.format_, report, style))
