"""Styled text of a given width, for reports to a terminal."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final

from dms_lint.model import Severity
from dms_lint.report.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dms_lint.report import Style

_SGR: Final = {
    "bold": "1",
    "dim": "2",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
    "bold red": "1;31",
    "bold green": "1;32",
    "bold yellow": "1;33",
    "bold white on red": "1;37;41",
}
"""What a terminal is told for each style."""
COLORS: Final = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
_COMMAND: Final = re.compile(r"[ \u00a0]+(?=::[A-Za-z])")
"""The blanks before what would be a command to a runner of GitHub Actions at the start of a line: none breaks there."""
_QUOTED: Final = re.compile("'[^']*'|\"[^\"]*\"")
_NO_BREAK: Final = "\ue000"
"""Stands for a blank where no line breaks; `printable` leaves none of it."""
INDENT: Final = 2
LABEL: Final = 9
"""Columns of the widest severity, and a blank."""


class Page:
    """Styled text of a given width, piece by piece."""

    def __init__(self, style: Style) -> None:
        self.width = max(style.width, 40)
        self.color = style.color

    def lines(self, parts: Iterable[tuple[str, str]]) -> str:
        """One run of text out of (text, style) parts; the text breaks only where a part has a newline."""
        return "".join(_painted(text, style) if style and self.color else text for text, style in parts) + "\n"

    def wrap(self, words: str, indent: int, *, start: int | None = None, command: bool = False) -> str:
        """Wrapped to the page; the text begins at column `start` (`indent`, when not given), later lines at `indent`.

        No word is broken.  A command's lines end in a backslash and none breaks within quotes: it can be pasted.
        """
        words = _COMMAND.sub(lambda blanks: _NO_BREAK * len(blanks[0]), printable(words))
        if command:
            words = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _NO_BREAK), words)
        lines = textwrap.wrap(
            words,
            max(self.width - (2 if command else 0), 40),
            initial_indent=" " * (indent if start is None else start),
            subsequent_indent=" " * (indent + 2 if command else indent),
            break_long_words=False,
            break_on_hyphens=False,
        )
        return (" \\\n" if command else "\n").join(lines).lstrip(" ").replace(_NO_BREAK, " ")


def _painted(text: str, style: str) -> str:
    """The text in that style, each line for itself, as pagers want it."""
    return "\n".join(f"\x1b[{_SGR[style]}m{line}\x1b[0m" if line else "" for line in text.split("\n"))


def count(number: int, noun: str) -> str:
    """`1 check`, `2 checks`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
