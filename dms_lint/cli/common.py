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


def load(directories: Iterable[Path]) -> Pack:
    """The packs in these folders as one; a bad one ends the command with what is wrong in it."""
    from dms_lint.rulepack.loader import PackError
    from dms_lint.rulepack.packs import load_packs

    try:
        return load_packs(directories)
    except PackError as error:
        for problem in error.problems:
            say(problem)
        stop(f"the rules cannot be used: {count(len(error.problems), 'problem')}", 2)


def pack_of(options: dict[str, Any]) -> Pack:
    """The pack that is in force: ours and those that the options name, or these alone."""
    from pathlib import Path

    from dms_lint.data.tables import pack_directory

    if options["no_default_pack"] and not options["packs"]:
        raise click.UsageError("--no-default-pack leaves no rule: name a pack of your own with --pack DIR")
    ours = () if options["no_default_pack"] else (pack_directory(),)
    return load((*ours, *map(Path, options["packs"])))


def rules_of(options: dict[str, Any]) -> tuple[Pack, tuple[Rule, ...]]:
    """The pack that is in force, and the rules of it that the options choose."""
    pack = pack_of(options)
    return pack, chosen(pack, options)


def chosen(pack: Pack, options: dict[str, Any]) -> tuple[Rule, ...]:
    """The rules of a pack that the options choose."""
    from dms_lint.gate.selection import SelectionError, answering, select

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
    for notice in notices:
        say(f"dms-lint: {notice}")


def say(words: str, *, err: bool = True) -> None:
    """Say one line, on standard error where nothing else is asked for."""
    from dms_lint.report.safe import line

    click.echo(line(words), err=err)


def say_lines(words: str) -> None:
    """Say several lines on standard error, such as a traceback."""
    from dms_lint.report.safe import lines

    click.echo(lines(words), err=True)


def show(pieces: Iterable[str]) -> None:
    """Write to standard output; a reader that has had enough (`| head`) is no error."""
    try:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    except BrokenPipeError:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        stop(f"cannot write to standard output: {error.strerror}", 2)


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


def count(number: int, word: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def stop(message: str, code: int) -> NoReturn:
    """End with one line on standard error and that exit code."""
    say(f"dms-lint: {message}")
    sys.exit(code)
