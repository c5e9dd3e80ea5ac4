"""The commands about the rule pack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dms_lint.cli.common import count, load, page_style, rules_of, say, show, stop
from dms_lint.cli.options import OneOf, packing, selection
from dms_lint.schemas import SCHEMAS, schema_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dms_lint.model import Pack


@click.command("rules")
@selection
@click.option("-f", "--format", "format_", type=OneOf(("table", "json")), default="table", show_default=True)
@click.option(
    "--coverage", is_flag=True, help="List the guide's statements instead, each with its rules or why it has none."
)
def list_rules(format_: str, *, coverage: bool, **options: Any) -> None:
    """List the rules of the pack."""
    pack, rules = rules_of(options)
    from dms_lint.cli import views as pages

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
    from dms_lint.cli import views as pages

    exact = [rule for rule in rules if id_.upper() == rule.id or id_.lower() == rule.name]
    if not exact:
        stop(f"'{id_}' is several rules: {', '.join(rule.id for rule in rules)}", 2)
    from dms_lint.data.yaml_file import YamlError

    try:
        show([*pages.explanation(exact[0], pack.frameworks, page_style())])
    except (YamlError, OSError) as error:
        stop(f"the cases of {exact[0].id} cannot be read: {error}", 2)


@click.command("check-pack")
@click.argument("directory", type=click.Path(exists=True, file_okay=False))
def check_pack(directory: str) -> None:
    """Check a rule pack, and run the cases of its rules: a line for each problem, FILE:LINE: what is wrong.

    Exits with 2 when the pack cannot be loaded, with 1 when a case is not as it says or something is to be written yet.
    """
    from pathlib import Path

    from dms_lint.engine import cases
    from dms_lint.engine import check_pack as checking

    pack = load([Path(directory)])
    problems = list(checking.check(pack, Path(directory)))
    for problem in problems:
        say(str(problem), err=False)
    for warning in _taken(pack, Path(directory)):
        say(f"warning: {warning}")
    if problems:
        files = len({problem.file for problem in problems})
        stop(f"{count(len(problems), 'problem')} in {count(files, 'file')} of {count(len(pack.rules), 'rule')}", 1)
    number = sum(len(list(cases.read_cases(rule))) for rule in pack.rules)
    say(f"{count(len(pack.rules), 'rule')}, {count(number, 'case')}: all is as they say", err=False)


def _taken(pack: Pack, directory: Path) -> Iterator[str]:
    """What keeps another pack than ours from being used beside ours: ids and names that are in both."""
    from dms_lint.data.tables import pack_directory
    from dms_lint.rulepack.packs import twins

    if directory.resolve() != pack_directory():
        yield from (f"{twin}, or scan with --no-default-pack" for twin in twins([load([pack_directory()]), pack]))


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
    from dms_lint.rulepack import scaffold as skeleton

    try:
        files = skeleton.files(id_, Path(directory))
    except InputError as refused:
        stop(str(refused), 2)
    for file in files:
        if file.exists() or file.is_symlink():
            stop(f"{file} stands there already: nothing was written", 2)
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            with file.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            say(f"wrote {file}", err=False)
    except OSError as error:
        stop(f"cannot write to {directory}: {error.strerror}", 2)
    say(f"now fill them in: `dms-lint check-pack {quote(directory)}` says what is to be done")


@click.command()
@click.argument("name", type=OneOf(SCHEMAS), metavar=f"[{'|'.join(SCHEMAS)}]")
def schema(name: str) -> None:
    """Print the JSON Schema of a report, a configuration, a baseline, a rule, its cases or a framework's controls."""
    click.echo(schema_file(name).read_text(encoding="utf-8"), nl=False)
