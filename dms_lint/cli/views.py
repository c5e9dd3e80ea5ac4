"""Pages about the pack: the table of rules, what they cover of the guide, one rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.cli.console import new_page, shown
from dms_lint.report.safe import dumps, printable
from dms_lint.rulepack.describe import (
    Caution,
    Command,
    Entry,
    Example,
    Reference,
    Sentence,
    Template,
    sections_about,
    subjects,
)
from dms_lint.rulepack.frameworks import by_rule
from dms_lint.rulepack.guide import coverage
from dms_lint.rulepack.settings import default

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from rich.console import Console

    from dms_lint.model import Framework, Rule
    from dms_lint.report import Style
    from dms_lint.rulepack.describe import Part
    from dms_lint.rulepack.guide import Statement


def rules_json(rules: Iterable[Rule], frameworks: Sequence[Framework]) -> Iterator[str]:
    """The rules as a JSON list, one a line."""
    controls = by_rule(framework for framework in frameworks if not framework.tool)
    equivalents = by_rule(framework for framework in frameworks if framework.tool)
    separator = "[\n  "
    for rule in rules:
        yield separator + dumps(
            {
                "id": rule.id,
                "name": rule.name,
                "title": rule.title,
                "severity": rule.severity.label,
                "basis": rule.basis,
                "covers": rule.covers,
                "applies_to": rule.applies_to,
                "why": rule.why,
                "when": rule.when,
                "expect": rule.expect,
                "settings": {
                    name: {"default": default(rule, name), "about": setting.about}
                    for name, setting in rule.settings.items()
                },
                "fix": rule.fix._asdict(),
                "refs": rule.refs,
                "controls": controls.get(rule.id, {}),
                "equivalents": equivalents.get(rule.id, {}),
            }
        )
        separator = ",\n  "
    yield "\n]\n"


def rules_table(rules: Sequence[Rule], style: Style) -> Iterator[str]:
    """The rules as a table: id, severity, basis, title."""
    from rich.table import Table

    from dms_lint.report.page import COLORS

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading, wrap in (
        ("Rule", False),
        ("Severity", False),
        ("Basis", False),
        ("What is true when it passes", True),
    ):
        table.add_column(heading, no_wrap=not wrap)
    from rich.text import Text

    for rule in rules:
        table.add_row(
            Text(rule.id, "bold"), Text(rule.severity.label, COLORS[rule.severity]), rule.basis, Text(rule.title)
        )
    page = new_page(style)
    page.print(table)
    page.print(f"\n{len(rules)} rule{'' if len(rules) == 1 else 's'}; `dms-lint explain ID` shows one")
    yield shown(page)


def coverage_json(rules: Iterable[Rule], chosen: Collection[Rule] | None) -> Iterator[str]:
    """What `coverage_text` shows, as a JSON list, one statement a line."""
    separator = "[\n  "
    for statement, covering in _covered(rules, chosen):
        members = statement._asdict() | {"no_rule": statement.no_rule or None, "note": statement.note or None}
        yield separator + dumps({**members, "rules": covering})
        separator = ",\n  "
    yield "[]\n" if separator.startswith("[") else "\n]\n"


def coverage_text(rules: Iterable[Rule], chosen: Collection[Rule] | None, style: Style) -> Iterator[str]:
    """The guide's statements by section, each with the rules that cover it or why none does.

    When rules are chosen, only the statements that they cover.
    """
    from textwrap import fill

    from rich.text import Text

    page = new_page(style)

    def write(words: str, look: str, indent: str = " " * 8) -> None:
        page.print(Text(fill(words, style.width, initial_indent=indent, subsequent_indent=" " * 8), look))

    section = ""
    statements = list(_covered(rules, chosen))
    for statement, covering in statements:
        if statement.section != section:
            page.print(Text(("\n" if section else "") + statement.section, "bold"))
            section = statement.section
        write(f"{statement.id}  {statement.says}", "", "  ")
        write(", ".join(covering) or f"no rule: {statement.no_rule or 'not yet'}", "bold" if covering else "dim")
        if statement.note:
            write(f"note: {statement.note}", "dim")
    covered = sum(bool(covering) for _, covering in statements)
    page.print(f"\n{len(statements)} statements: rules cover {covered}, and {len(statements) - covered} have none")
    yield shown(page)


def _covered(rules: Iterable[Rule], chosen: Collection[Rule] | None) -> Iterator[tuple[Statement, tuple[str, ...]]]:
    ids = None if chosen is None else {rule.id for rule in chosen}
    for statement, covering in coverage(rules):
        if ids is None or not ids.isdisjoint(covering):
            yield statement, covering


TITLES = {
    "why": "Why",
    "when": "Applies when",
    "expect": "Passes when",
    "settings": "Settings",
    "fail": "Otherwise it says",
    "fix": "How to fix it",
    "cases": "Cases",
    "covers": "Requirements of the guide",
    "controls": "Controls that it answers",
    "equivalents": "In other tools",
    "refs": "References",
}


def explanation(rule: Rule, frameworks: Sequence[Framework], style: Style) -> Iterator[str]:
    """One rule as a page: what it asks, why, how to fix it, its cases."""
    from rich.text import Text

    from dms_lint.engine.cases import case_file, read_cases
    from dms_lint.report.page import COLORS

    page = new_page(style)
    page.print(Text.assemble((rule.id, "bold"), "  ", rule.name))
    page.print(Text(rule.title))
    severity = (rule.severity.label, COLORS[rule.severity])
    page.print(Text.assemble(severity, f" · basis: {rule.basis} · judges: {subjects(rule)}"))
    examples = [Example(case.then, case.name) for case in read_cases(rule)] if case_file(rule).exists() else []
    for section in sections_about(rule, frameworks, examples):
        page.print(Text("\n" + TITLES[section.name], "bold"))
        for part in section.parts:
            _explain(part, page)
    yield shown(page)


def _explain(part: Part, page: Console) -> None:
    from textwrap import indent

    from rich.padding import Padding
    from rich.text import Text

    match part:
        case Reference(url):
            page.print(Text("  " + url), soft_wrap=True)
            return
        case Sentence(text):
            words = text
        case Entry(name, about):
            words = f"{name} {about}"
        case Command(kind, text):
            words = (f"{kind}: " if kind else "") + "$ " + text
        case Caution(text):
            words = f"Before you run it: {text}"
        case Template(tool):
            words = f"With {tool}:"
        case Example(verdict, name):
            words = f"{verdict:<15} {name}"
    page.print(Padding(Text(printable(words)), (0, 0, 0, 2), expand=False))
    if isinstance(part, Template):
        # Not wrapped: it is there to be copied.
        page.print(Text(indent(part.text, " " * 4)), soft_wrap=True)
