"""The command that prints a published schema."""

from __future__ import annotations

import click

from dms_lint.cli.options import OneOf
from dms_lint.schemas import SCHEMAS, schema_file


@click.command()
@click.argument("name", type=OneOf(SCHEMAS), metavar=f"[{'|'.join(SCHEMAS)}]")
def schema(name: str) -> None:
    """Print the JSON Schema of a report, a configuration, a baseline, a rule, its cases or a framework's controls."""
    click.echo(schema_file(name).read_text(encoding="utf-8"), nl=False)
