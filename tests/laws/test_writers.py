"""What of the package writes JSON, and what to the two streams: an account's text goes through report/safe.py."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tests.laws.test_layers import sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRITERS = {
    "engine/cases.py:answers dumps": "is read again at once",
    "engine/cases.py:documents dumps": "is read again at once",
    "collectors/live/selectors.py:may_manage_dms dumps": "is searched, and written nowhere",
    "collectors/snapshot.py:_write_json dump": "a file of a snapshot, which holds the answers as AWS sent them",
    "facts/iam/ineffective_statements.py:_touches dumps": "is searched, and written nowhere",
    "collectors/live/least_privilege.py:as_json dumps": "holds names of actions of our own table alone",
    "collectors/live/least_privilege.py:as_terraform dumps": "the same",
    "report/safe.py:dumps dumps": "the one that escapes",
}
"""The functions that may use what json offers for writing, and why; all that is shown goes through report/safe.py."""


_READERS = ("load", "loads", "JSONDecodeError", "JSONDecoder")


def json_writers(node: ast.AST, names: dict[str, str], within: str = "") -> Iterator[str]:
    """`FUNCTION NAME` of each use of json.dump, json.dumps or json.JSONEncoder, called or handed on, by any alias."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            names |= {one.asname or one.name: "" for one in child.names if one.name == "json"}
        elif isinstance(child, ast.ImportFrom) and child.module and child.module.split(".")[0] == "json":
            names |= {one.asname or one.name: one.name for one in child.names if one.name not in _READERS}
        elif isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name) and names.get(child.value.id) == "":
            if child.attr not in _READERS:
                yield f"{within} {child.attr}"
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load) and names.get(child.id):
            yield f"{within} {names[child.id]}"
        inner = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
        yield from json_writers(child, names, child.name if inner else within)  # type: ignore[attr-defined]


def test_json_is_written_by_the_one_that_escapes(package: Path) -> None:
    writers = {
        f"{file.relative_to(package).as_posix()}:{writer}"
        for file in sources(package)
        for writer in json_writers(ast.parse(file.read_text(encoding="utf-8")), {})
    }
    assert writers == set(WRITERS)


def test_the_looking_for_writers_itself() -> None:
    text = """
import json as j
from json import dumps as d, loads
def a():
    j.dumps(1), j.loads("1"), map(d, [])
    from json.encoder import JSONEncoder
    return lambda: JSONEncoder
"""
    assert list(json_writers(ast.parse(text), {})) == ["a dumps", "a dumps", "a JSONEncoder"]


SPEAKERS = {
    "__main__.py:main": "the version; and a traceback, by lines()",
    "cli/common.py:show": "the pieces of a page or a report",
    "cli/common.py:say": "the one that escapes",
    "cli/common.py:say_lines": "the one that escapes, of several lines",
    "cli/commands/policy.py:policy": "names of actions out of our own table",
    "cli/commands/schema.py:schema": "a file of ours",
}
"""The functions that may write to the two streams."""


def speakers(node: ast.AST, within: str = "") -> Iterator[str]:
    """The functions that use click.echo, print, or a stream's own write."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            words = ast.unparse(child.func)
            if words in ("print", "click.echo", "click.secho") or re.fullmatch(r"sys\.std\w+\.write(lines)?", words):
                yield within
        inner = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
        yield from speakers(child, child.name if inner else within)  # type: ignore[attr-defined]


def test_the_looking_for_speakers_itself() -> None:
    text = """
def a():
    print(1)
class B:
    def b(self):
        click.echo(x, err=True)
        sys.stderr.write(x)
def c():
    page.print(x)
"""
    assert list(speakers(ast.parse(text))) == ["a", "b", "b"]


def test_only_those_that_escape_write_to_the_streams(package: Path) -> None:
    speaking = {
        f"{file.relative_to(package).as_posix()}:{function}"
        for file in sources(package)
        for function in speakers(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert speaking == set(SPEAKERS)
