"""One way through: collector, documents, inventory, facts, rules, report.  Imports follow it, and none goes back."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dms_lint.model import Pack

# What each layer may import of ours, besides itself.
MAY: dict[str, set[str]] = {
    "model": set(),
    "predicates": {"refused"},
    "yamls": set(),
    "shapes": {"refused"},
    "formats": set(),
    "answers": {"model"},
    "tables": {"yamls"},
    "secret_values": {"answers", "tables"},
    "templates": {"model"},
    "placing": {"model", "answers", "tables"},
    "implied": {"model", "answers"},
    "filling": {"model", "answers", "placing"},
    "inventory": {"model", "answers", "filling", "placing", "implied"},
    "facts": {"model", "answers", "inventory", "tables"},
    "collectors": {"model", "answers", "inventory", "placing", "secret_values", "tables", "yamls"},
    "least_policy": {"collectors"},
    "refused": {"yamls"},
    "settings": {"model", "refused", "templates"},
    "controls": {"model", "refused"},
    "guide": {"model", "tables"},
    "conditions": {"facts", "predicates", "refused"},
    "rule_file": {"model", "answers", "conditions", "facts", "refused", "settings", "templates"},
    "rules": {"model", "controls", "refused", "rule_file", "tables", "yamls"},
    "packs": {"model", "refused", "rules"},
    "evaluate": {"model", "facts", "inventory", "predicates"},
    "gate": {"model", "controls"},
    "config": {"model", "refused", "yamls"},
    "adjusting": {"model", "config", "gate", "refused", "settings"},
    "waivers": {"model", "gate"},
    "baseline": {"model", "report", "templates"},
    "diff": {"model"},
    "diff_pages": {"diff", "report"},
    "report": {"model", "answers", "controls", "formats", "guide", "templates", "tables"},
}
HEAVY = {"boto3", "botocore", "cryptography", "hypothesis", "jsonschema", "rich"}


class Import(NamedTuple):
    module: str
    at_start: bool
    """Whether it is done when the module is imported: not within a function, not for the type checker alone."""


def sources(package: Path) -> list[Path]:
    return sorted(file for file in package.rglob("*.py") if "pack" not in file.relative_to(package).parts)


def imports(node: ast.AST, *, at_start: bool = True) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, at_start) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "relative imports hide where they lead"
            assert child.module
            # `from dms_lint import cases` imports a module, `from dms_lint.model import Rule` a name of one.
            yield from (Import(f"{child.module}.{alias.name}", at_start) for alias in child.names)
        else:
            typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            within = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            yield from imports(child, at_start=at_start and not typing and not within)


def found(file: Path) -> list[Import]:
    return list(imports(ast.parse(file.read_text(encoding="utf-8"))))


def layer(file: Path, package: Path) -> str:
    return file.relative_to(package).with_suffix("").parts[0]


def ours(file: Path) -> set[str]:
    """The layers of dms_lint that a file imports."""
    parts = (one.module.split(".") for one in found(file))
    return {part[1] for part in parts if part[0] == "dms_lint" and len(part) > 1}


def test_every_layer_is_there(package: Path) -> None:
    assert set(MAY) <= {layer(file, package) for file in sources(package)}


@pytest.mark.parametrize("name", MAY)
def test_a_layer_imports_only_what_is_below_it(package: Path, name: str) -> None:
    modules = {layer(file, package) for file in sources(package)}
    for file in sources(package):
        if layer(file, package) == name:
            assert ours(file) & modules <= MAY[name] | {name}, file


def test_layers_below_do_not_import_layers_above() -> None:
    def below(name: str) -> set[str]:
        return MAY[name].union(*(below(one) for one in MAY[name]))

    for name in MAY:
        assert name not in below(name)


def test_nothing_but_the_entry_imports_the_command_line(package: Path) -> None:
    importers = [file for file in sources(package) if "cli" in ours(file) and layer(file, package) != "cli"]
    assert [file.name for file in importers] == ["__main__.py"]


def test_only_the_live_account_knows_boto3(package: Path) -> None:
    live = package / "collectors" / "live"
    for file in sources(package):
        if live not in file.parents:
            assert not any(one.module.split(".")[0] == "boto3" for one in found(file)), file


def test_what_is_slow_to_import_is_imported_when_it_is_needed(package: Path) -> None:
    for file in sources(package):
        at_start = {one.module.split(".")[0] for one in found(file) if one.at_start}
        assert not at_start & HEAVY, file


def test_no_rule_is_known_to_python(package: Path, pack: Pack) -> None:
    # An example within a sentence of a help text is no knowledge; a text or a name that is an id is.
    ids = re.compile("|".join(rule.id for rule in pack.rules), re.IGNORECASE)
    for file in sources(package):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            word = node.value if isinstance(node, ast.Constant) else getattr(node, "id", getattr(node, "name", None))
            if isinstance(word, str) and " " not in word:
                assert not ids.search(word), f"{file}:{node.lineno}"  # type: ignore[attr-defined]


def test_the_reading_of_imports_itself() -> None:
    text = """
import rich.table
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import boto3
try:
    import cryptography
except ImportError:
    pass
class A:
    import jsonschema
    def b(self):
        from dms_lint import cli
"""
    assert list(imports(ast.parse(text))) == [
        Import("rich.table", at_start=True),
        Import("typing.TYPE_CHECKING", at_start=True),
        Import("boto3", at_start=False),
        Import("cryptography", at_start=True),
        Import("jsonschema", at_start=True),
        Import("dms_lint.cli", at_start=False),
    ]
