"""The command that writes today's failures down as accepted."""

from __future__ import annotations

import sys
from typing import Any

import click

from dms_lint.cli.common import complain, count, say, show, stop
from dms_lint.cli.options import reading
from dms_lint.cli.session import request_from, run_scan, save
from dms_lint.gate.exit_code import INTERNAL, INTERRUPTED, USAGE


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

    file = Path(output)
    if output != "-" and file.exists():
        if not file.is_file():
            stop(f"{file} is no file: choose another name", USAGE)
        try:
            baselines.read(file)
        except baselines.BaselineError as error:
            stop(f"{error}; not overwritten", USAGE)
    report, collection = run_scan(request_from({**options, "paths": paths}), progress=not options["no_progress"])
    if collection and collection.interrupted:
        from dms_lint.cli.live import say_interrupted

        say_interrupted(collection)
        sys.exit(INTERRUPTED)
    complain(notice for notice in report.notices if notice.problem)
    failures = baselines.failures_of(report)
    if output == "-":
        show([baselines.text_of(failures)])
    else:
        save(file, failures)
        say(f"{count(len(failures), 'finding')} in {file}")
    if report.faults:
        stop(f"{len(report.faults)} checks met an internal error and are not in it", INTERNAL)
