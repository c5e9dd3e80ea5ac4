"""What begins with an underscore is used by its own module alone: no test, tool or benchmark reaches into dms_lint."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent.parent
OUTSIDE = ("tests", "tools", "benchmarks")
FILES = sorted(file for folder in OUTSIDE for file in (ROOT / folder).rglob("*.py"))

NAMED_TUPLE = ("_asdict", "_fields", "_make", "_replace")
"""What every NamedTuple offers, whatever the underscore."""


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


@cache
def private_members() -> frozenset[str]:
    """Every private method and attribute that a class of dms_lint defines."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in (ROOT / "dms_lint").rglob("*.py")]
    return frozenset(name for tree in trees for node in ast.walk(tree) for name in members(node) if is_private(name))


def members(node: ast.AST) -> Iterator[str]:
    """The names that a class gives to its methods, and that are assigned to any object."""
    if isinstance(node, ast.ClassDef):
        yield from (statement.name for statement in node.body if isinstance(statement, ast.FunctionDef))
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.attr


def reaches(tree: ast.AST, private: frozenset[str]) -> Iterator[str]:
    """`LINE: NAME` of every private name of dms_lint that a file imports, takes of an object or writes as a path."""
    modules = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dms_lint")
        for alias in node.names
    }
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=aliases) if module.partition(".")[0] == "dms_lint":
                yield from (f"{node.lineno}: {alias.name}" for alias in aliases if is_private(alias.name))
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules and is_private(name):
                yield from () if name in NAMED_TUPLE else (f"{node.lineno}: {name}",)
            case ast.Attribute(attr=name) if name in private:
                yield f"{node.lineno}: {name}"
            case ast.Constant(value=str(path)) if path.startswith("dms_lint.") and " " not in path:
                yield from (f"{node.lineno}: {path}" for part in path.split(".") if is_private(part))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_nothing_outside_reaches_into_dms_lint(file: Path) -> None:
    assert list(reaches(ast.parse(file.read_text(encoding="utf-8")), private_members())) == []


@pytest.mark.parametrize(
    "text",
    [
        "from dms_lint.engine.plan import _judge",
        "from dms_lint.engine import plan; plan._decide(1)",
        "inventory.of()._judge",
        "patch('dms_lint.engine.plan._judge')",
    ],
)
def test_a_reach_into_dms_lint_is_noticed(text: str) -> None:
    assert len(list(reaches(ast.parse(text), frozenset({"_judge"})))) == 1


@pytest.mark.parametrize(
    "text",
    ["self._judge(1)", "from dms_lint.model import EMPTY; EMPTY._replace()", "from tests.forked import _command"],
)
def test_what_is_not_of_dms_lint_may_be_private(text: str) -> None:
    assert list(reaches(ast.parse(text), frozenset({"_judge"}))) == []
