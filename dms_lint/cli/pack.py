"""The commands about the rule pack."""

from __future__ import annotations

from typing import Any, Final

import click

from dms_lint.cli.common import load, page_style, rules_of, show, stop
from dms_lint.cli.options import OneOf, packing, selection

_SCHEMAS: Final = {
    "report": "report",
    "config": "",
    "baseline": "",
    "rule": None,
    "cases": None,
    "control": None,
}
"""By name of a schema, the folder of the package where it stands; None for those of the pack."""


@click.command("rules")
@selection
@click.option("-f", "--format", "format_", type=OneOf(("table", "json")), default="table", show_default=True)
@click.option(
    "--coverage", is_flag=True, help="List the guide's statements instead, each with its rules or why it has none."
)
def list_rules(format_: str, *, coverage: bool, **options: Any) -> None:
    """List the rules of the pack."""
    pack, rules = rules_of(options)
    from dms_lint import pages

    if coverage:
        chosen = None if rules == pack.rules else rules
        if format_ == "json":
            show(pages.coverage_json(pack.rules, chosen))
        else:
            show(pages.coverage_text(pack.rules, chosen, page_style()))
    elif format_ == "json":
        show(pages.rules_json(rules, pack.frameworks))
    else:
        show(pages.rules_table(rules, page_style()))


@click.command()
@click.argument("id_", metavar="ID")
@packing
def explain(id_: str, **options: Any) -> None:
    """Show one rule: what it asks, why, how to fix it, and its cases."""
    pack, rules = rules_of({**options, "select": (id_,), "ignore": (), "basis": (), "controls": ()})
    from dms_lint import pages

    exact = [rule for rule in rules if id_.upper() == rule.id or id_.lower() == rule.name]
    if not exact:
        stop(f"'{id_}' is several rules: {', '.join(rule.id for rule in rules)}", 2)
    show(pages.explanation(exact[0], pack.frameworks, page_style()))


@click.command("check-pack")
@click.argument("directory", type=click.Path(exists=True, file_okay=False))
def check_pack(directory: str) -> None:
    """Check a rule pack, and run the cases of its rules.

    Exits with 2 when the pack cannot be loaded, with 1 when a case is not as it says.
    """
    from pathlib import Path

    from dms_lint import cases

    pack = load([Path(directory)])
    problems = 0
    for rule, case, problem in cases.check(pack):
        problems += 1
        click.echo(f"{cases.case_file(rule)}: {rule.id}{f': {case.name}' if case else ''}: {problem}")
    if problems:
        stop(f"{problems} problems in {len(pack.rules)} rules", 1)
    number = sum(len(list(cases.read_cases(rule))) for rule in pack.rules)
    click.echo(f"{len(pack.rules)} rules, {number} cases: all is as they say")


@click.command()
@click.argument("name", type=OneOf(tuple(_SCHEMAS)), metavar=f"[{'|'.join(_SCHEMAS)}]")
def schema(name: str) -> None:
    """Print the JSON Schema of a report, a configuration, a baseline, a rule, its cases or a framework's controls."""
    from pathlib import Path

    from dms_lint.tables import pack_directory

    place = _SCHEMAS[name]
    folder = pack_directory() if place is None else Path(__file__).parent.parent / place
    click.echo((folder / f"{name}.schema.json").read_text(encoding="utf-8"), nl=False)
