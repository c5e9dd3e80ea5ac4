"""The command that lists the rules of the pack, or the guide's statements."""

from __future__ import annotations

from typing import Any

import click

from dms_lint.cli.common import page_style, show
from dms_lint.cli.options import OneOf, selection
from dms_lint.cli.session import rules_of, unconfigured


@click.command("rules")
@selection
@click.option("-f", "--format", "format_", type=OneOf(("table", "json")), default="table", show_default=True)
@click.option(
    "--coverage", is_flag=True, help="List the guide's statements instead, each with its rules or why it has none."
)
def list_rules(format_: str, *, coverage: bool, **options: Any) -> None:
    """List the rules of the pack."""
    from dms_lint.cli import views

    pack, rules = rules_of(unconfigured(options))

    if coverage:
        chosen = None if rules == pack.rules else rules
        if format_ == "json":
            show(views.coverage_json(pack.rules, chosen))
        else:
            show(views.coverage_text(pack.rules, chosen, page_style()))
    elif format_ == "json":
        show(views.rules_json(rules, pack.frameworks))
    else:
        show(views.rules_table(rules, page_style()))
