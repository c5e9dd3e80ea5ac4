"""The live account on the command line: how far the calls are, and what Ctrl-C left out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self

from dms_lint.cli.common import say, stop
from dms_lint.gate.exit_code import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dms_lint.collectors.live.scheduler import Collection, Counts
    from dms_lint.gate.request import ScanRequest
    from dms_lint.model import Rule


def collect_with_bars(rules: Sequence[Rule], request: ScanRequest, *, progress: bool) -> Collection:
    """What the rules need of the live account, with bars on a terminal; a command that was to read nothing ends."""
    from dms_lint.api.live import collect_account

    with _Bars(shown=sys.stderr.isatty() and progress) as bars:
        collection = collect_account(rules, request, bars.advance)
    if collection.interrupted and not collection.records:
        stop("interrupted before anything was read", INTERRUPTED)
    return collection


class _Bars:
    """Three bars on standard error: accounts, Regions, calls.  Where they are not shown, nothing is imported."""

    def __init__(self, *, shown: bool) -> None:
        self.progress: Any = None
        self.tasks: list[Any] = []
        if shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self.progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self.tasks = [self.progress.add_task(name, total=None) for name in ("accounts", "Regions", "calls")]

    def __enter__(self) -> Self:
        if self.progress is not None:
            self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.progress is not None:
            self.progress.stop()

    def advance(self, counts: Counts) -> None:
        """Show how far the calls are."""
        for task, (done, total) in zip(self.tasks, counts, strict=False):
            self.progress.update(task, completed=done, total=total)


def say_interrupted(collection: Collection) -> None:
    """Say what is missing after Ctrl-C."""
    from dms_lint.collectors.live import errors

    missing = [record for record in collection.records if record.refusal == errors.INTERRUPTED]
    operations = sorted({record.operation for record in missing})
    shown = ", ".join(operations[:6]) + (f" and {len(operations) - 6} more" if len(operations) > 6 else "")
    words = f"dms-lint: interrupted: {len(missing)} of {len(collection.records)} calls were not made"
    say(words + (f" ({shown})" if shown else ""))
