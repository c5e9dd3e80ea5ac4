"""The command line: parse, build, call, print.  No logic, and nothing imported before it is needed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from dms_lint import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from dms_lint.model import Notice, Pack, Report, Rule

_FORMATS: Final = ("text", "json")
_SEVERITIES: Final = ("critical", "high", "medium", "low", "info")
_BASES: Final = ("guide", "current", "practice")
_SCHEMAS: Final = ("report", "rule", "cases", "control")
_READ_SECRETS: Final = (
    "Derive from GetSecretValue answers what checks need: which members a secret has, its host and port, and which "
    "forbidden characters its password has. The value itself is never kept or shown."
)
_CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _OneOf(click.Choice[str]):
    """A choice that names the nearest word when a wrong one is given."""

    def fail(self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None) -> NoReturn:
        from difflib import get_close_matches

        wrong = message.split("'")[1] if message.count("'") > 1 else ""
        near = get_close_matches(wrong, list(self.choices), n=1)
        super().fail(message + (f" Did you mean '{near[0]}'?" if near else ""), param, ctx)


class _Output(click.ParamType[tuple[str, str]]):
    """FORMAT=FILE."""

    name = "format=file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        format_, separator, file = str(value).partition("=")
        if not separator or not file:
            self.fail(f"'{value}' is not FORMAT=FILE, like json=report.json", param, ctx)
        return _OneOf(_FORMATS).convert(format_, param, ctx), file


class _Words(click.ParamType[tuple[str, ...]]):
    """Words separated by commas."""

    name = "words"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        words = tuple(word.strip() for word in str(value).split(",") if word.strip())
        if not words:
            self.fail("needs at least one word", param, ctx)
        return words


def _flat(_ctx: click.Context, _param: click.Parameter, value: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(word for words in value for word in words)


def _selection(command: Any) -> Any:
    """The options that choose rules."""
    for option in (
        click.option(
            "--control",
            "controls",
            type=_Words(),
            metavar="CONTROLS",
            multiple=True,
            callback=_flat,
            help="Only rules that answer these: a framework (security-hub), its controls (DMS.9), or another tool's "
            "checks (CKV_AWS_89), separated by commas.",
        ),
        click.option(
            "--basis",
            type=_OneOf(_BASES),
            multiple=True,
            help="Only rules of this basis: the guide, what AWS states today, or good practice.",
        ),
        click.option(
            "--ignore",
            type=_Words(),
            metavar="RULES",
            multiple=True,
            callback=_flat,
            help="Leave these rules out; ids, prefixes or names, separated by commas.",
        ),
        click.option(
            "--select",
            type=_Words(),
            metavar="RULES",
            multiple=True,
            callback=_flat,
            help="Only these rules: ids (TLS001), prefixes (TLS,KMS) or names, separated by commas.",
        ),
    ):
        command = option(command)
    return command


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__, "--version", "-V", prog_name="dms-lint")
def main() -> None:
    """Say whether an AWS Database Migration Service set-up is secure, and how to fix it.

    Every check answers pass, fail, unknown (and what would settle it) or not-applicable.
    """


@main.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@_selection
@click.option(
    "--fail-on",
    type=_OneOf(_SEVERITIES),
    default="low",
    show_default=True,
    help="Exit with 1 when something of this severity, or a worse one, fails.",
)
@click.option("--strict", is_flag=True, help="Exit with 3 also when the input leaves a check unknown.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found.")
@click.option(
    "--severity",
    type=_OneOf(_SEVERITIES),
    default="low",
    show_default=True,
    help="The least severity that the text report shows.",
)
@click.option("--frameworks", is_flag=True, help="Name the controls of each framework that failed or are unknown.")
@click.option("--all-verdicts", is_flag=True, help="Put passes and not-applicables into the JSON report too.")
@click.option("-f", "--format", "format_", type=_OneOf(_FORMATS), default="text", show_default=True)
@click.option(
    "-o",
    "--output",
    "outputs",
    type=_Output(),
    multiple=True,
    metavar="FORMAT=FILE",
    help="Write a report to a file as well; repeatable.",
)
@click.option("--read-secrets", is_flag=True, help=_READ_SECRETS)
@click.option("--at", metavar="DATE", help="Judge as of this date (YYYY-MM-DD) instead of now.")
@click.option("-q", "--quiet", is_flag=True, help="One line a finding, and nothing else.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was read, on standard error.")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def scan(paths: tuple[str, ...], **options: Any) -> None:
    """Lint exported AWS CLI answers: files, folders (with all below them), or - for standard input.

    \b
    Exit codes: 0 nothing at or above --fail-on   1 findings at or above it
                2 wrong usage, or nothing to judge
                3 no such findings, but something could not be read
                4 internal error
    """
    import gc

    # One pass over many small objects that all live to the end: collecting them is the largest cost of a big scan.
    gc.disable()
    from dms_lint import gate
    from dms_lint.collectors.exports import read_exports
    from dms_lint.model import Severity
    from dms_lint.scan import NothingToJudge
    from dms_lint.scan import scan as judge

    if not paths:
        raise click.UsageError("give the files or folders to lint: AWS CLI answers as JSON, or - for standard input")
    _must_exist(paths)
    pack, rules = _rules(options)
    try:
        report = judge(
            read_exports(paths, read_secrets=options["read_secrets"]),
            pack,
            rules,
            inputs=paths,
            at=_date(options["at"]),
            all_verdicts=options["all_verdicts"],
        )
    except NothingToJudge as nothing:
        _complain(notice for notice in nothing.notices if notice.problem)
        _stop(f"{nothing}: nothing was judged", gate.USAGE)
    _say(report, options)
    _write(report, options)
    if options["exit_zero"]:
        return
    sys.exit(gate.exit_code(report, Severity[options["fail_on"].upper()], strict=options["strict"]))


@main.command("rules")
@_selection
@click.option("-f", "--format", "format_", type=_OneOf(("table", "json")), default="table", show_default=True)
@click.option(
    "--coverage", is_flag=True, help="List the guide's statements instead, each with its rules or why it has none."
)
def list_rules(format_: str, *, coverage: bool, **options: Any) -> None:
    """List the rules of the pack."""
    pack, rules = _rules(options)
    from dms_lint import pages

    if coverage:
        chosen = None if rules == pack.rules else rules
        if format_ == "json":
            _print(pages.coverage_json(pack.rules, chosen))
        else:
            _print(pages.coverage_text(pack.rules, chosen, _style()))
    elif format_ == "json":
        _print(pages.rules_json(rules, pack.frameworks))
    else:
        _print(pages.rules_table(rules, _style()))


@main.command()
@click.argument("id_", metavar="ID")
def explain(id_: str) -> None:
    """Show one rule: what it asks, why, how to fix it, and its cases."""
    pack, rules = _rules({"select": (id_,), "ignore": (), "basis": (), "controls": ()})
    from dms_lint import pages

    exact = [rule for rule in rules if id_.upper() == rule.id or id_.lower() == rule.name]
    if not exact:
        _stop(f"'{id_}' is several rules: {', '.join(rule.id for rule in rules)}", 2)
    _print(pages.explanation(exact[0], pack.frameworks, _style()))


@main.command()
@click.argument("path")
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--read-secrets", is_flag=True, help=_READ_SECRETS)
@click.option("--at", metavar="DATE", help="Derive as of this date (YYYY-MM-DD) instead of now.")
def inspect(path: str, id_: str | None, at: str | None, *, read_secrets: bool) -> None:
    """Show a resource with every fact about it, as rules see it; without ID, list the resources.

    ID is an ARN, an id, a name, or the end of an ARN.
    """
    from datetime import UTC, datetime

    from dms_lint import pages
    from dms_lint.collectors.exports import read_exports
    from dms_lint.scan import NothingToJudge, read

    _must_exist((path,))
    try:
        inventory = read(read_exports((path,), read_secrets=read_secrets), _date(at) or datetime.now(UTC))
    except NothingToJudge as nothing:
        _complain(notice for notice in nothing.notices if notice.problem)
        _stop(str(nothing), 2)
    _complain(notice for notice in inventory.notices if notice.problem)
    if id_ is None:
        _print(pages.resources(inventory))
        return
    found = pages.matching(inventory, id_)
    if not found:
        _stop(f"no resource is called '{id_}'; `dms-lint inspect {path}` lists them", 2)
    for resource in found:
        _print(pages.inspection(resource, inventory, _style()))


@main.command("check-pack")
@click.argument("directory", type=click.Path(exists=True, file_okay=False))
def check_pack(directory: str) -> None:
    """Check a rule pack, and run the cases of its rules.

    Exits with 2 when the pack cannot be loaded, with 1 when a case is not as it says.
    """
    from pathlib import Path

    from dms_lint import cases

    pack = _pack(Path(directory))
    problems = 0
    for rule, case, problem in cases.check(pack):
        problems += 1
        click.echo(f"{cases.case_file(rule)}: {rule.id}{f': {case.name}' if case else ''}: {problem}")
    if problems:
        _stop(f"{problems} problems in {len(pack.rules)} rules", 1)
    number = sum(len(list(cases.read_cases(rule))) for rule in pack.rules)
    click.echo(f"{len(pack.rules)} rules, {number} cases: all is as they say")


@main.command()
@click.argument("name", type=_OneOf(_SCHEMAS), metavar="[report|rule|cases|control]")
def schema(name: str) -> None:
    """Print the JSON Schema of a report, a rule, a file of cases or a framework's controls."""
    from pathlib import Path

    from dms_lint.tables import pack_directory

    folder = Path(__file__).parent / "report" if name == "report" else pack_directory()
    click.echo((folder / f"{name}.schema.json").read_text(encoding="utf-8"), nl=False)


# -- what the commands share


def _pack(directory: Path | None = None) -> Pack:
    from dms_lint.rules import PackError, load_pack
    from dms_lint.tables import pack_directory

    try:
        return load_pack(directory or pack_directory())
    except PackError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        _stop(f"the rule pack in {directory or pack_directory()} cannot be used", 2)


def _rules(options: dict[str, Any]) -> tuple[Pack, tuple[Rule, ...]]:
    """The pack, and the rules of it that the options choose."""
    from dms_lint.gate import SelectionError, answering, select

    pack = _pack()
    try:
        rules = select(pack.rules, options["select"], options["ignore"], options["basis"])
        if options["controls"]:
            rules = answering(rules, pack.frameworks, options["controls"])
    except SelectionError as error:
        raise click.UsageError(str(error)) from None
    if not rules:
        raise click.UsageError("no rule is left: --select, --ignore, --basis and --control exclude them all")
    return pack, rules


def _date(value: str | None) -> datetime | None:
    from datetime import UTC, datetime

    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"'{value}' is not a date like 2026-11-23", param_hint="--at") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _must_exist(paths: Iterable[str]) -> None:
    import os

    for path in paths:
        if path != "-" and not os.path.exists(path):  # noqa: PTH110 - pathlib costs more than the question
            raise click.UsageError(f"there is no file or folder '{path}'")


def _say(report: Report, options: dict[str, Any]) -> None:
    """Problems and notices on standard error, unless the text report on standard output says them."""
    if options["verbose"]:
        from dms_lint.report.text import kinds_line

        click.echo(f"read {kinds_line(dict(report.resources))} in {report.duration_s:.2f} s", err=True)
        _complain(report.notices)
    elif options["format_"] != "text" or options["quiet"]:
        _complain(notice for notice in report.notices if notice.problem)
    if options["debug"]:
        for fault in report.faults:
            click.echo(fault.traceback, err=True)


def _complain(notices: Iterable[Notice]) -> None:
    from dms_lint.report.safe import printable

    for notice in notices:
        click.echo(f"dms-lint: {printable(str(notice))}", err=True)


def _write(report: Report, options: dict[str, Any]) -> None:
    from dataclasses import replace

    from dms_lint.report import render

    style = replace(_style(quiet=options["quiet"], severity=options["severity"]), frameworks=options["frameworks"])
    for format_, file in options["outputs"]:
        try:
            with open(file, "w", encoding="utf-8", newline="\n") as stream:  # noqa: PTH123 - `-o` takes /dev/stdout too
                stream.writelines(render(format_, report, replace(style, color=False)))
        except OSError as error:
            _stop(f"cannot write {file}: {error.strerror}", 2)
    _print(render(options["format_"], report, style))


def _print(pieces: Iterable[str]) -> None:
    """Write to standard output; a reader that has had enough (`| head`) is no error."""
    try:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    except BrokenPipeError:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _style(*, quiet: bool = False, severity: str = "low") -> Any:
    """How wide and how colourful standard output may be."""
    import os
    import shutil

    from dms_lint.model import Severity
    from dms_lint.report import Style

    terminal = sys.stdout.isatty()
    color = (terminal or bool(os.environ.get("FORCE_COLOR"))) and not os.environ.get("NO_COLOR")
    width = min(shutil.get_terminal_size((100, 24)).columns, 140) if terminal or "COLUMNS" in os.environ else 100
    return Style(
        width=width,
        color=color and os.environ.get("TERM") != "dumb",
        quiet=quiet,
        severity=Severity[severity.upper()],
    )


def _stop(message: str, code: int) -> NoReturn:
    from dms_lint.report.safe import printable

    click.echo(f"dms-lint: {printable(message)}", err=True)
    sys.exit(code)
