"""The command that prints the least IAM policy for a scan."""

from __future__ import annotations

from typing import Any

import click

from dms_lint.cli.options import configuration, selection
from dms_lint.cli.session import request_from, rules_of


@click.command()
@selection
@configuration
@click.option("--read-secrets", is_flag=True, help="With the action that --read-secrets needs.")
@click.option("--organization", is_flag=True, help="With what --organization and --region all need.")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(("json", "cloudformation", "terraform")),
    default="json",
    show_default=True,
)
def policy(format_: str, *, read_secrets: bool, organization: bool, **options: Any) -> None:
    """Print the least IAM policy that `scan` and `collect` need, for the rules selected."""
    from dms_lint.api.live import calls_needed
    from dms_lint.collectors.live import least_privilege

    _, rules = rules_of(request_from(options))
    actions = least_privilege.actions(calls_needed(rules, read_secrets=read_secrets), organization=organization)
    click.echo(least_privilege.FORMATS[format_](actions), nl=False)
