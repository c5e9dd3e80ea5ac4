"""What is generated from the pack is fresh, and tells of every rule."""

import re
from difflib import unified_diff
from pathlib import Path

from dms_lint.data.tables import pack_directory
from dms_lint.facts import FACTS, MODULES
from dms_lint.model import Pack
from dms_lint.rulepack.guide import coverage, statements
from dms_lint.rulepack.loader import load_pack
from tools import docs

ROOT = Path(docs.ROOT)


def _pack() -> Pack:
    return load_pack(pack_directory())


def test_generated_docs_are_fresh() -> None:
    for file, text in docs.pages().items():
        written = file.read_text(encoding="utf-8") if file.exists() else ""
        assert list(unified_diff(written.splitlines(), text.splitlines(), lineterm="", n=0)) == [], (
            f"{file}: `make docs`"
        )


def test_every_rule_has_a_page_and_stands_in_the_table() -> None:
    table = (ROOT / "docs" / "rules" / "README.md").read_text(encoding="utf-8")
    for rule in _pack().rules:
        assert f"[{rule.id}]({rule.id}.md)" in table
        assert (ROOT / "docs" / "rules" / f"{rule.id}.md").exists()


def test_no_page_is_of_a_rule_that_is_gone() -> None:
    ids = {rule.id for rule in _pack().rules}
    assert {file.stem for file in (ROOT / "docs" / "rules").glob("*.md")} - {"README"} == ids


def test_every_fact_has_a_docstring_and_stands_in_the_docs() -> None:
    page = (ROOT / "docs" / "facts.md").read_text(encoding="utf-8")
    for fact in FACTS.values():
        assert fact.says, fact.name
        assert f"`{fact.name}`" in page


def test_every_fact_is_read_by_a_rule() -> None:
    read = {name for rule in _pack().rules for name in (*rule.when, *rule.expect, *rule.evidence)}
    assert set(FACTS) - read == set()


def test_every_covered_requirement_is_one_of_the_guide() -> None:
    known = {statement.id for statement in statements()}
    for rule in _pack().rules:
        assert set(rule.covers) <= known, rule.id
        assert rule.covers or rule.basis != "guide", f"{rule.id} rests on the guide and covers none of its statements"


def test_every_guide_statement_has_rules_or_a_reason() -> None:
    found = coverage(_pack().rules)
    assert [one.id for one, covering in found if not covering and not one.no_rule] == [], "neither"
    assert [one.id for one, covering in found if covering and one.no_rule] == [], "both"


def test_the_statements_come_in_order_and_say_something() -> None:
    ids = [statement.id for statement in statements()]
    assert ids == sorted(set(ids))
    assert len(ids) == 115
    assert all(statement.says for statement in statements())


def test_the_coverage_stands_in_the_docs() -> None:
    page = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    for statement, covering in coverage(_pack().rules):
        (row,) = (line for line in page.splitlines() if line.startswith(f"| {statement.id} |"))
        assert all(f"[{rule}](rules/{rule}.md)" in row for rule in covering)


def test_links_within_the_docs_lead_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_module_that_has_facts_is_listed() -> None:
    folder = ROOT / "dms_lint" / "facts"
    having = {
        ".".join(file.relative_to(folder).with_suffix("").parts)
        for file in folder.rglob("[a-z]*.py")
        if re.search(r"^FACTS\b", file.read_text("utf-8"), re.MULTILINE)
    }
    assert having == set(MODULES)
