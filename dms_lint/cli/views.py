"""Pages about the pack: the table of rules, what they cover of the guide, one rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dms_lint.aws.kinds import KINDS
from dms_lint.cli.console import new_page, shown
from dms_lint.report.safe import dumps, printable
from dms_lint.rulepack.frameworks import by_rule
from dms_lint.rulepack.guide import coverage
from dms_lint.rulepack.placeholders import commands, say
from dms_lint.rulepack.settings import default

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from dms_lint.model import Framework, Rule
    from dms_lint.report import Style
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


def explanation(rule: Rule, frameworks: Sequence[Framework], style: Style) -> Iterator[str]:
    """One rule as a page: what it asks, why, how to fix it, its cases."""
    from textwrap import indent

    from rich.padding import Padding
    from rich.text import Text

    from dms_lint.engine.cases import case_file, read_cases
    from dms_lint.report.page import COLORS

    page = new_page(style)

    def head(words: str) -> None:
        page.print(Text("\n" + words, "bold"))

    def body(words: str) -> None:
        page.print(Padding(Text(printable(words)), (0, 0, 0, 2), expand=False))

    page.print(Text.assemble((rule.id, "bold"), "  ", rule.name))
    page.print(Text(rule.title))
    page.print(
        Text.assemble(
            (rule.severity.label, COLORS[rule.severity]),
            f" · basis: {rule.basis} · judges: {', '.join(KINDS[kind].plural for kind in rule.applies_to)}",
        )
    )
    head("Why")
    body(rule.why)
    for title, conditions in (("Applies when", rule.when), ("Passes when", rule.expect)):
        if conditions:
            head(title)
            for words in conditions_in_words(conditions):
                body(words)
    if rule.settings:
        head("Settings")
        for words in settings_in_words(rule):
            body(words)
    head("Otherwise it says")
    body(rule.fail)
    head("How to fix it")
    body(rule.fix.text)
    for kind, command in commands(rule).items():
        body((f"{kind}: " if kind else "") + "$ " + command)
    if rule.fix.disruptive:
        body(f"Before you run it: {rule.fix.disruptive}")
    for tool, template in (("CloudFormation", rule.fix.cloudformation), ("Terraform", rule.fix.terraform)):
        if template:
            body(f"With {tool}:")
            # Not wrapped: it is there to be copied.
            page.print(Text(indent(template, " " * 4)), soft_wrap=True)
    if case_file(rule).exists():
        head("Cases")
        for case in read_cases(rule):
            body(f"{case.then:<15} {case.name}")
    if rule.covers:
        head("Requirements of the guide")
        body(", ".join(rule.covers))
    for title, lines in (
        ("Controls that it answers", answered(rule, frameworks, tools=False)),
        ("In other tools", answered(rule, frameworks, tools=True)),
    ):
        if lines:
            head(title)
            for words in lines:
                body(words)
    if rule.refs:
        head("References")
        for ref in rule.refs:
            page.print(Text("  " + ref), soft_wrap=True)
    yield shown(page)


def answered(rule: Rule, frameworks: Iterable[Framework], *, tools: bool) -> list[str]:
    """`AWS Security Hub: DMS.9 (medium there)`: the controls that a rule answers, a line a framework or tool."""
    lines = []
    for framework in frameworks:
        ids = [
            f"{id_} ({control.severity.label} there)" if control.severity not in (None, rule.severity) else id_
            for id_, control in framework.controls.items()
            if rule.id in control.rules
        ]
        if ids and framework.tool is tools:
            lines.append(f"{framework.title}: {', '.join(ids)}")
    return lines


_WORDS = {
    "const": "is {}",
    "enum": "is one of {}",
    "type": "is of type {}",
    "minimum": "is at least {}",
    "maximum": "is at most {}",
    "minLength": "has at least {} characters",
    "maxLength": "has at most {} characters",
    "pattern": "matches {}",
    "minItems": "has at least {} items",
    "maxItems": "has at most {} items",
    "uniqueItems": "has no item twice: {}",
    "contains": "has an item that {}",
    "items": "has only items that each {}",
}
_SHORT = {
    ("const", ""): "is empty",
    ("minLength", 1): "is not empty",
    ("minItems", 1): "is not empty",
    ("maxItems", 0): "is empty",
}


def conditions_in_words(conditions: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """`tls.mode is one of require, verify-ca`: each condition of a rule as a sentence."""
    for name, schema in conditions.items():
        yield f"{name} {' and '.join(_word(word, wanted) for word, wanted in schema.items())}"


def settings_in_words(rule: Rule) -> Iterator[str]:
    """`minimum_days (30): How many days ...`: each setting of a rule with its default."""
    for name, setting in rule.settings.items():
        yield f"{name} ({say(default(rule, name)) or 'none'}): {setting.about}"


def _word(word: str, wanted: Any) -> str:
    if not isinstance(wanted, (dict, list)) and (word, wanted) in _SHORT and not isinstance(wanted, bool):
        return _SHORT[word, wanted]
    if isinstance(wanted, dict):
        return _WORDS[word].format(" and ".join(_word(*one) for one in wanted.items()))
    return _WORDS[word].format(say(wanted))
