"""The command line: parse, build, call, print.  No logic, and nothing imported before it is needed."""

from __future__ import annotations

from typing import Any

import click

from dms_lint import __version__
from dms_lint.cli.commands.baseline import baseline
from dms_lint.cli.commands.check_pack import check_pack
from dms_lint.cli.commands.collect import collect
from dms_lint.cli.commands.config import config
from dms_lint.cli.commands.diff import diff
from dms_lint.cli.commands.explain import explain
from dms_lint.cli.commands.inspect import inspect
from dms_lint.cli.commands.new_rule import new_rule
from dms_lint.cli.commands.policy import policy
from dms_lint.cli.commands.rules import list_rules
from dms_lint.cli.commands.scan import scan
from dms_lint.cli.commands.schema import schema
from dms_lint.cli.common import stop
from dms_lint.gate.exit_code import INTERRUPTED


class _Group(click.Group):
    """Commands that Ctrl-C ends with an exit code of its own: click's would be 1, which says that something fails.

    What click says of wrong usage repeats what was given, a file's name for instance.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except click.ClickException as wrong:
            from dms_lint.report.safe import printable

            wrong.message = printable(wrong.message)  # type: ignore[misc]
            raise
        except KeyboardInterrupt:
            stop("interrupted", INTERRUPTED)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", "-V", prog_name="dms-lint")
def main() -> None:
    """Say whether an AWS Database Migration Service set-up is secure, and how to fix it.

    Every check answers pass, fail, unknown (and what would settle it) or not-applicable.
    """


for command in (
    scan,
    collect,
    policy,
    list_rules,
    explain,
    inspect,
    new_rule,
    check_pack,
    baseline,
    diff,
    config,
    schema,
):
    main.add_command(command)
