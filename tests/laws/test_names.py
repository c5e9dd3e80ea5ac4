"""Names say what they hold."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.laws.test_layers import sources

FILLERS: Final = frozenset(
    {
        *("asked", "called", "found", "given", "held", "here", "kept", "known", "more", "named", "of", "one", "other"),
        *("others", "own", "said", "there", "told", "wanted", "which", "whole", "written"),
    }
)
"""Words that say nothing of what they name.  The list may only grow."""
MOST_FILLERS: Final = 0.02
"""Of all names that are bound."""
LONGEST_TEST: Final = 60


def bindings(tree: ast.AST) -> list[str]:
    """The variables and arguments that are bound anywhere in a module."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.arg):
            names.append(node.arg)
    return names


def fillers(names: list[str]) -> Counter[str]:
    return Counter(name for name in names if name.strip("_") in FILLERS)


def test_hardly_any_name_is_a_filler(package: Path) -> None:
    bound = {file: bindings(ast.parse(file.read_text(encoding="utf-8"))) for file in sources(package)}
    empty = {file.relative_to(package).as_posix(): fillers(names) for file, names in bound.items() if fillers(names)}
    total, number = sum(map(len, bound.values())), sum(sum(names.values()) for names in empty.values())
    assert number <= MOST_FILLERS * total, f"{number} of {total}: {empty}"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("for one in rows: pass", {"one": 1}),
        (
            "def f(found, *, said=1): _other = [whole for whole in found]",
            {"found": 1, "said": 1, "_other": 1, "whole": 1},
        ),
        ("with a as told: pass", {"told": 1}),
        ("port = subnets.found(one)", {}),
    ],
)
def test_fillers_are_seen_wherever_they_are_bound(text: str, names: dict[str, int]) -> None:
    assert fillers(bindings(ast.parse(text))) == names


def test_no_test_has_a_long_name() -> None:
    tests = Path(__file__).parent.parent
    names = [
        node.name
        for file in sorted(tests.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert not [name for name in names if len(name) > LONGEST_TEST]
