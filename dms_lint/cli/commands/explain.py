"""The command that shows one rule."""

from __future__ import annotations

from typing import Any

import click

from dms_lint.cli.common import page_style, show, stop
from dms_lint.cli.options import packing
from dms_lint.cli.session import rules_of, unconfigured
from dms_lint.gate.exit_code import USAGE


@click.command()
@click.argument("id_", metavar="ID")
@packing
def explain(id_: str, **options: Any) -> None:
    """Show one rule: what it asks, why, how to fix it, and its cases."""
    from dms_lint.cli import views

    pack, rules = rules_of(unconfigured({**options, "select": (id_,)}))
    exact = [rule for rule in rules if id_.upper() == rule.id or id_.lower() == rule.name]
    if not exact:
        stop(f"'{id_}' is several rules: {', '.join(rule.id for rule in rules)}", USAGE)
    from dms_lint.data.yaml_file import YamlError

    try:
        show([*views.explanation(exact[0], pack.frameworks, page_style())])
    except (YamlError, OSError) as error:
        stop(f"the cases of {exact[0].id} cannot be read: {error}", USAGE)
