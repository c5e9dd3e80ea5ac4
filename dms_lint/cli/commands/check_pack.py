"""The command that checks a rule pack and runs its cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dms_lint.cli.common import count, say, stop
from dms_lint.cli.session import ending_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dms_lint.model import Pack


@click.command("check-pack")
@click.argument("directory", type=click.Path(exists=True, file_okay=False))
def check_pack(directory: str) -> None:
    """Check a rule pack, and run the cases of its rules: a line for each problem, FILE:LINE: what is wrong.

    Exits with 2 when the pack cannot be loaded, with 1 when a case is not as it says or something is to be written yet.
    """
    from pathlib import Path

    from dms_lint.engine import cases
    from dms_lint.engine.check_pack import check

    pack = _load(Path(directory))
    problems = list(check(pack, Path(directory)))
    for problem in problems:
        say(str(problem), err=False)
    for warning in _conflicts(pack, Path(directory)):
        say(f"warning: {warning}")
    if problems:
        files = len({problem.file for problem in problems})
        stop(f"{count(len(problems), 'problem')} in {count(files, 'file')} of {count(len(pack.rules), 'rule')}", 1)
    number = sum(len(list(cases.read_cases(rule))) for rule in pack.rules)
    say(f"{count(len(pack.rules), 'rule')}, {count(number, 'case')}: all is as they say", err=False)


def _conflicts(pack: Pack, directory: Path) -> Iterator[str]:
    """What keeps another pack than ours from being used beside ours: ids and names that are in both."""
    from dms_lint.data.tables import pack_directory
    from dms_lint.rulepack.loader import name_conflicts

    if directory.resolve() != pack_directory():
        for conflict in name_conflicts([_load(pack_directory()), pack]):
            yield f"{conflict}, or scan with --no-default-pack"


def _load(directory: Path) -> Pack:
    from dms_lint.rulepack.loader import load_packs

    with ending_in_words():
        return load_packs([directory])
