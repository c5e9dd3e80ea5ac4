"""Pages for a terminal, printed into memory."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from dms_lint.report.safe import harmless

if TYPE_CHECKING:
    from rich.console import Console

    from dms_lint.report import Style


def new_page(style: Style) -> Console:
    """A console that writes into memory.  Markup, emoji codes and highlighting are off: the text is not ours."""
    from rich.console import Console

    return Console(
        file=StringIO(),
        width=max(style.width, 40),
        force_terminal=style.color,
        no_color=not style.color,
        color_system="standard" if style.color else None,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )


def shown(page: Console) -> str:
    """What was printed on a console, whose lines broke where they had to."""
    return harmless(page.file.getvalue())  # type: ignore[attr-defined]
