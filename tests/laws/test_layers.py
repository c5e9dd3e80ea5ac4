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

# What each room may import of ours, besides itself.  A folder without a row belongs to the room that it stands in;
# the modules right in dms_lint/ are the room "".
MAY: dict[str, set[str]] = {
    "model": set(),
    "data": set(),
    "schemas": set(),
    "logic": {"model"},
    "libs": {"model"},
    "aws": {"model", "data"},
    "iam_policy": {"model", "data", "logic", "aws"},
    "inventory": {"model", "data", "logic", "aws"},
    "collectors": {"", "model", "data", "aws", "inventory"},
    "facts": {"model", "logic", "inventory"},
    "facts/dms": {"model", "data", "logic", "aws", "inventory", "facts"},
    "facts/credentials": {"model", "data", "logic", "aws", "inventory", "facts", "facts/dms"},
    "facts/iam/identities": {"model", "data", "logic", "aws", "iam_policy", "inventory", "facts", "facts/dms"},
    "facts/iam/dms_roles": {
        *("model", "data", "logic", "aws", "iam_policy", "inventory"),
        *("facts", "facts/dms", "facts/iam/identities"),
    },
    "facts/iam": {
        *("model", "data", "logic", "aws", "iam_policy", "inventory"),
        *("facts", "facts/dms", "facts/iam/identities", "facts/iam/dms_roles"),
    },
    "facts/network": {
        *("model", "data", "logic", "libs", "aws", "iam_policy", "inventory"),
        *("facts", "facts/dms", "facts/credentials", "facts/iam/identities"),
    },
    "facts/tls": {
        *("model", "data", "logic", "libs", "aws", "inventory"),
        *("facts", "facts/dms", "facts/credentials", "facts/network"),
    },
    "facts/targets": {"model", "data", "logic", "inventory", "facts", "facts/dms", "facts/iam/dms_roles"},
    "facts/access": {
        *("model", "data", "logic", "aws", "iam_policy", "inventory"),
        *("facts", "facts/dms", "facts/credentials", "facts/iam/identities", "facts/iam/dms_roles"),
        *("facts/network", "facts/tls", "facts/targets"),
    },
    "facts/operations": {"model", "data", "logic", "aws", "inventory", "facts", "facts/dms", "facts/tls"},
    "rulepack": {"model", "data", "aws", "facts"},
    "engine": {"model", "data", "logic", "aws", "inventory", "collectors", "facts", "rulepack"},
    "gate": {"model", "data", "aws", "report", "rulepack"},
    "report": {"", "model", "data", "aws", "rulepack"},
    "history": {"model", "report", "rulepack"},
    "api": {"model", "collectors", "facts", "engine", "gate"},
    "cli": {
        *("", "api", "model", "data", "aws", "inventory", "collectors", "facts"),
        *("rulepack", "engine", "gate", "report", "history", "schemas"),
    },
    "": {"api", "aws", "cli", "gate", "report"},
}
HEAVY = {"boto3", "botocore", "cryptography", "hypothesis", "jsonschema", "rich"}
MOST_MODULES = 15
"""In one folder; `__init__.py` does not count."""
MOST_LINES = 300
"""In one module."""


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
            # `from dms_lint.engine import cases` imports a module, `from dms_lint.model import Rule` a name of one.
            yield from (Import(f"{child.module}.{alias.name}", at_start) for alias in child.names)
        else:
            typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            within = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            yield from imports(child, at_start=at_start and not typing and not within)


def imports_of(file: Path) -> list[Import]:
    return list(imports(ast.parse(file.read_text(encoding="utf-8"))))


def room(file: Path, package: Path) -> str:
    """The room that a module stands in: the innermost of its folders that has a row."""
    folder = file.relative_to(package).parent.as_posix()
    while folder not in MAY and folder != ".":
        folder = folder.rpartition("/")[0] or "."
    return "" if folder == "." else folder


def rooms_imported(file: Path, package: Path) -> set[str]:
    """The rooms of dms_lint that a module imports from."""
    rooms = set()
    for imported in imports_of(file):
        if imported.module.split(".")[0] != "dms_lint":
            continue
        path = package.joinpath(*imported.module.split(".")[1:])
        while not path.with_suffix(".py").is_file() and not (path / "__init__.py").is_file():
            path = path.parent
        rooms.add(room(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"), package))
    return rooms


def test_every_module_stands_in_a_room(package: Path) -> None:
    rooms = {room(file, package) for file in sources(package)}
    assert rooms == set(MAY)
    folders = {file.relative_to(package).parts[0] for file in sources(package) if file.parent != package}
    assert folders <= {name.partition("/")[0] for name in MAY}


@pytest.mark.parametrize("name", MAY, ids=lambda name: name or "top")
def test_a_room_imports_only_what_is_below_it(package: Path, name: str) -> None:
    for file in sources(package):
        if room(file, package) == name:
            assert rooms_imported(file, package) <= MAY[name] | {name}, file


def test_rooms_below_do_not_import_rooms_above() -> None:
    def below(name: str, above: tuple[str, ...] = ()) -> set[str]:
        assert name not in above, (*above, name)
        # The package itself holds no more than its version and the entry.
        lowers = MAY[name] - {""}
        return lowers.union(*(below(lower, (*above, name)) for lower in lowers))

    for name in MAY:
        assert name not in below(name)


def test_no_folder_has_too_many_modules(package: Path) -> None:
    for folder in {file.parent for file in sources(package)}:
        modules = [file.name for file in folder.glob("*.py") if file.name != "__init__.py"]
        assert len(modules) <= MOST_MODULES, folder


def test_no_module_is_too_long(package: Path) -> None:
    lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in sources(package)}
    assert not {file: number for file, number in lines.items() if number > MOST_LINES}


def test_nothing_but_the_entry_imports_the_command_line(package: Path) -> None:
    importers = [
        file for file in sources(package) if "cli" in rooms_imported(file, package) and room(file, package) != "cli"
    ]
    assert [file.name for file in importers] == ["__main__.py"]


def test_only_the_live_account_knows_boto3(package: Path) -> None:
    live = package / "collectors" / "live"
    for file in sources(package):
        if live not in file.parents:
            assert not any(imported.module.split(".")[0] == "boto3" for imported in imports_of(file)), file


def test_what_is_slow_to_import_is_imported_when_it_is_needed(package: Path) -> None:
    for file in sources(package):
        at_start = {imported.module.split(".")[0] for imported in imports_of(file) if imported.at_start}
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
