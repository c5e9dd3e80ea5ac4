"""Reading YAML: safely, with the C parser where it exists, and with the line of whatever is wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST: Final = 100
_MERGE: Final = "tag:yaml.org,2002:merge"


class YamlError(Exception):
    """A file that is no YAML, or says the same key twice; `line` counts from 1."""

    def __init__(self, message: str, file: Path, line: int) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.message = message
        self.file = file
        self.line = line


class _Loader(_BASE):  # type: ignore[misc]
    """The safe loader, refusing a key that stands twice (YAML itself would keep the last and say nothing)."""

    def construct_document(self, node: Any) -> Any:
        # Before anything is constructed: a merge writes the keys of another mapping into its own.
        waiting, met = [node], set()
        while waiting:
            one = waiting.pop()
            if id(one) in met or isinstance(one, yaml.ScalarNode):
                continue
            met.add(id(one))
            if isinstance(one, yaml.MappingNode):
                _refuse_twins(one)
                waiting.extend(part for pair in one.value for part in pair)
            else:
                waiting.extend(one.value)
        return super().construct_document(node)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """What a node says, refused with its line where its text is not of its kind: there is no 2026-02-30."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, IndexError, AttributeError):
            message = f"'{str(node.value)[:60]}' is no {node.tag.rpartition(':')[2]}"
            raise yaml.constructor.ConstructorError(None, None, message, node.start_mark) from None

    def flatten_mapping(self, node: Any) -> None:
        """Take in what a mapping merges: its own keys count first, then those of the earlier of two sources.

        As YAML has it, and not every PyYAML: 6.0.4 lets the later source count, and what a source overrides.
        """
        own: list[tuple[Any, Any]] = []
        merged: dict[Any, tuple[Any, Any]] = {}
        for key, value in node.value:
            if key.tag != _MERGE:
                own.append((key, value))
                continue
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(source, yaml.MappingNode):
                    raise yaml.constructor.ConstructorError(
                        None, None, "a merge takes a mapping, or a list of mappings", value.start_mark
                    )
                self.flatten_mapping(source)
                for pair in source.value:
                    merged.setdefault(_key(pair[0]), pair)
        for key, _ in own:
            merged.pop(_key(key), None)
        node.value = [*merged.values(), *own]


def _key(node: Any) -> Any:
    return node.value if isinstance(node, yaml.ScalarNode) else id(node)


def _refuse_twins(node: Any) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' stands twice", key.start_mark
                )
            seen.add(key.value)


def _too_deep(text: str) -> bool:
    """Whether something is nested deeper than libyaml's own stack would bear: it would end the process."""
    if sum(map(text.count, "[{-?")) <= _DEEPEST:
        return False
    depth = 0
    for event in _events(text):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            return True
    return False


def _events(text: str) -> Iterator[Any]:
    """The events of the text; a libyaml that bears less ends them with one more opening than any depth allows."""
    try:
        yield from yaml.parse(text, Loader=_Loader)
    except yaml.YAMLError as error:
        if "nesting depth" not in str(error):
            raise
        yield from [yaml.SequenceStartEvent(None, None, implicit=True)] * (_DEEPEST + 1)


def parse_yaml(text: str, file: Path) -> Any:
    """What the text says.  Raises YamlError."""
    try:
        if _too_deep(text):
            raise YamlError("nested too deeply", file, 1)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, and stricter
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        line = mark.line if mark else 0
        raise YamlError(problem + _way_out(problem, text, line), file, line + 1) from None
    except RecursionError:  # what merges itself
        raise YamlError("nested too deeply", file, 1) from None


_UNQUOTED: Final = re.compile(r"[^#'\"]*:\s+[{[].*[}\]]\s*[^\s#,}\]]")
"""A member whose text begins with a bracket, and goes on after it."""


def _way_out(problem: str, text: str, line: int) -> str:
    """What mends the usual mistakes, which the parser notices at the line, counted from 0, or at the next one."""
    lines = text.splitlines()
    near = lines[max(line - 1, 0) : line + 1]
    if any("\t" in one[: len(one) - len(one.lstrip())] for one in near):
        return ": a tab stands here, and YAML indents with spaces alone"
    if any(map(_UNQUOTED.match, near)):
        return ": a text that begins with { or [ stands in quotes"
    if "mapping values are not allowed" in problem:
        return ": a text that holds ': ' stands in quotes; else look at the indentation"
    if "cannot start any token" in problem:
        return ": a text that begins with such a character stands in quotes"
    if problem.startswith(("did not find expected key", "expected <block end>")):
        return ": this line is not indented as those above, or a quote or bracket of theirs is open"
    return ""


def read_yaml(file: Path) -> Any:
    """What a file says.  Raises YamlError, OSError, UnicodeDecodeError."""
    return parse_yaml(file.read_text(encoding="utf-8"), file)


def line_of(file: Path, path: Sequence[str | int]) -> int:
    """The line, from 1, where the member at `path` stands; of its nearest ancestor when it is not there."""
    return lines_of(file, [path])[0]


def lines_of(file: Path, paths: Iterable[Sequence[str | int]]) -> list[int]:
    """The line of each of several members; the file is read once."""
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        node = None
    return [_line(node, path) for path in paths]


def _line(node: Any, path: Sequence[str | int]) -> int:
    line = 1
    for step in path:
        found = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    found, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
            line = found.start_mark.line + 1
        if found is None:
            break
        node = found
    return line
