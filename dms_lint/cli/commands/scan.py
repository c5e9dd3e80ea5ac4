"""The commands that read AWS's answers: scan and inspect."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from dms_lint.cli.commands.collect import INTERRUPTED, collect_live, refuse_where, say_interrupted, where_options
from dms_lint.cli.common import complain, date, must_exist, page_style, say, say_lines, show, stop
from dms_lint.cli.options import FORMATS, READ_SECRETS, SEVERITIES, OneOf, Output, selection
from dms_lint.cli.session import baselining, prepare, waiving

if TYPE_CHECKING:
    from dms_lint.collectors.live.scheduler import Collection
    from dms_lint.model import Report


def reading(command: Any) -> Any:
    """What a command takes that judges an input: the input, which rules, and as of when."""
    for option in (
        click.option("--at", metavar="DATE", help="Judge as of this date (YYYY-MM-DD) instead of now."),
        click.option("--read-secrets", is_flag=True, help=READ_SECRETS),
        waiving,
        selection,
        where_options,
        click.argument("paths", nargs=-1, metavar="[PATH]..."),
    ):
        command = option(command)
    return command


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
    from dms_lint.gate import selection as gate
    from dms_lint.model import Severity

    report, found = run_scan(paths, options)
    _say(report, options)
    _write(report, options)
    if found and found.interrupted:
        say_interrupted(found)
        sys.exit(INTERRUPTED)
    if options["exit_zero"]:
        return
    sys.exit(gate.exit_code(report, Severity[options["fail_on"].upper()], strict=options["strict"]))


def run_scan(paths: tuple[str, ...], options: dict[str, Any]) -> tuple[Report, Collection | None]:
    """The report on an input, with what is waived and known; and what was collected, where that is the live account.

    The options then say what is in force.  Ends the command when there is nothing to judge.
    """
    import gc

    # One pass over many small objects that all live to the end: collecting them is the largest cost of a big scan.
    gc.disable()
    from dms_lint.collectors import read_inputs
    from dms_lint.engine.scan import NothingToJudge
    from dms_lint.engine.scan import scan as judge
    from dms_lint.gate import selection as gate

    if paths:
        refuse_where(options)
        must_exist(paths)
    ours = prepare(options)
    pack, rules = ours.rules_of(options)
    found = None if paths else collect_live(rules, options)
    if found and not options.get("verbose"):
        # Which accounts and Regions were left out is said whatever the format.
        complain(notice for notice in found.notices if not notice.problem)
    try:
        report = judge(
            found.documents() if found else read_inputs(paths, read_secrets=options["read_secrets"]),
            pack,
            rules,
            inputs=paths,
            at=ours.at,
            all_verdicts=options.get("all_verdicts", False),
            sought=ours.sought,
            faults=found.faults if found else (),
        )
    except NothingToJudge as nothing:
        complain(notice for notice in nothing.notices if notice.problem)
        stop(f"{nothing}: nothing was judged", gate.USAGE)
    return ours.accept(report, options), found


@click.command()
@click.argument("path")
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--read-secrets", is_flag=True, help=READ_SECRETS)
@click.option("--at", metavar="DATE", help="Derive as of this date (YYYY-MM-DD) instead of now.")
def inspect(path: str, id_: str | None, at: str | None, *, read_secrets: bool) -> None:
    """Show a resource with every fact about it, as rules see it; without ID, list the resources.

    ID is an ARN, an id, a name, or the end of an ARN.
    """
    from datetime import UTC, datetime

    from dms_lint.cli import views as pages
    from dms_lint.collectors import read_inputs
    from dms_lint.engine.scan import NothingToJudge, read

    must_exist((path,))
    try:
        inventory = read(read_inputs((path,), read_secrets=read_secrets), date(at) or datetime.now(UTC))
    except NothingToJudge as nothing:
        complain(notice for notice in nothing.notices if notice.problem)
        stop(str(nothing), 2)
    complain(notice for notice in inventory.notices if notice.problem)
    if id_ is None:
        show(pages.resources(inventory))
        return
    found = pages.matching(inventory, id_)
    if not found:
        stop(f"no resource is called '{id_}'; `dms-lint inspect {path}` lists them", 2)
    for resource in found:
        show(pages.inspection(resource, inventory, page_style()))


def _say(report: Report, options: dict[str, Any]) -> None:
    """Problems and notices on standard error, unless the text report on standard output says them."""
    if options["verbose"]:
        from dms_lint.report.formats.text import kinds_line

        say(f"read {kinds_line(dict(report.resources))} in {report.duration_s:.2f} s")
        complain(report.notices)
    elif options["format_"] != "text" or options["quiet"]:
        complain(notice for notice in report.notices if notice.problem)
    if options["debug"]:
        for fault in report.faults:
            say_lines(fault.traceback)


def _write(report: Report, options: dict[str, Any]) -> None:
    from dataclasses import replace

    from dms_lint.report import render

    style = replace(page_style(quiet=options["quiet"], severity=options["severity"]), frameworks=options["frameworks"])
    for format_, file in options["outputs"]:
        try:
            with open(file, "w", encoding="utf-8", newline="\n") as stream:  # noqa: PTH123 - `-o` takes /dev/stdout too
                stream.writelines(render(format_, report, replace(style, color=False)))
        except OSError as error:
            stop(f"cannot write {file}: {error.strerror}", 2)
    show(render(options["format_"], report, style))
