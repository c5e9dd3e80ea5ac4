"""What the commands share: printing, and stopping with one line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dms_lint.model import Notice


def date(value: str | None) -> datetime | None:
    """The moment that --at names, in UTC where it does not say otherwise."""
    from datetime import UTC, datetime

    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"'{value}' is not a date like 2026-11-23", param_hint="--at") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


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
