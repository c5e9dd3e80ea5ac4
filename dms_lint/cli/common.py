"""What the commands share: loading the pack, printing, stopping with one line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from dms_lint.model import Notice, Pack, Rule


def load(directory: Path | None = None) -> Pack:
    """The pack in a folder, by default ours; a bad one ends the command with what is wrong in it."""
    from dms_lint.rules import PackError, load_pack
    from dms_lint.tables import pack_directory

    try:
        return load_pack(directory or pack_directory())
    except PackError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        stop(f"the rule pack in {directory or pack_directory()} cannot be used", 2)


def rules_of(options: dict[str, Any]) -> tuple[Pack, tuple[Rule, ...]]:
    """The pack, and the rules of it that the options choose."""
    pack = load()
    return pack, chosen(pack, options)


def chosen(pack: Pack, options: dict[str, Any]) -> tuple[Rule, ...]:
    """The rules of a pack that the options choose."""
    from dms_lint.gate import SelectionError, answering, select

    try:
        rules = select(pack.rules, options["select"], options["ignore"], options["basis"])
        if options["controls"]:
            rules = answering(rules, pack.frameworks, options["controls"])
    except SelectionError as error:
        raise click.UsageError(str(error)) from None
    if not rules:
        raise click.UsageError("no rule is left: --select, --ignore, --basis and --control exclude them all")
    return rules


def date(value: str | None) -> datetime | None:
    """The moment that --at names, in UTC where it does not say otherwise."""
    from datetime import UTC, datetime

    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"'{value}' is not a date like 2026-11-23", param_hint="--at") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def must_exist(paths: Iterable[str]) -> None:
    """Refuse a path that is not there; `-` is standard input."""
    import os

    for path in paths:
        if path != "-" and not os.path.exists(path):  # noqa: PTH110 - pathlib costs more than the question
            raise click.UsageError(f"there is no file or folder '{path}'")


def complain(notices: Iterable[Notice]) -> None:
    """Say notices on standard error, one a line."""
    from dms_lint.report.safe import printable

    for notice in notices:
        click.echo(f"dms-lint: {printable(str(notice))}", err=True)


def show(pieces: Iterable[str]) -> None:
    """Write to standard output; a reader that has had enough (`| head`) is no error."""
    try:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    except BrokenPipeError:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def page_style(*, quiet: bool = False, severity: str = "low") -> Any:
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


def stop(message: str, code: int) -> NoReturn:
    """End with one line on standard error and that exit code."""
    from dms_lint.report.safe import printable

    click.echo(f"dms-lint: {printable(message)}", err=True)
    sys.exit(code)
