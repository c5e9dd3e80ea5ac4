"""The command that begins a rule."""

from __future__ import annotations

import click

from dms_lint.cli.common import say, stop
from dms_lint.gate.exit_code import USAGE


@click.command("new-rule")
@click.argument("id_", metavar="ID")
@click.option(
    "--directory",
    metavar="DIR",
    default=".",
    show_default=True,
    type=click.Path(file_okay=False),
    help="The folder of the pack; made where it is not there.",
)
def new_rule(id_: str, directory: str) -> None:
    """Begin a rule: write ID.yaml and ID.cases.yaml, to be filled in.

    What stands there already is never overwritten.
    """
    from pathlib import Path
    from shlex import quote

    from dms_lint.data.errors import InputError
    from dms_lint.rulepack import scaffold

    try:
        files = scaffold.new_rule_files(id_, Path(directory))
    except InputError as refused:
        stop(str(refused), USAGE)
    for file in files:
        if file.exists() or file.is_symlink():
            stop(f"{file} stands there already: nothing was written", USAGE)
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            with file.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            say(f"wrote {file}", err=False)
    except OSError as error:
        stop(f"cannot write to {directory}: {error.strerror}", USAGE)
    say(f"now fill them in: `dms-lint check-pack {quote(directory)}` says what is to be done")
