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
_LARGEST: Final = 1_000_000
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
        _weigh(node, {}, set())
        return super().construct_document(node)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """What a node says; refused with its line where its tag does not fit it: `!!bool perhaps`, 2026-02-30."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError):
            kind = node.tag.rpartition(":")[2]
            shown = f"'{node.value[:40]}'" if isinstance(node, yaml.ScalarNode) else "this"
            raise _wrong(f"{shown} is no {_KINDS.get(kind, kind)}", node) from None

    def flatten_mapping(self, node: Any) -> None:
        """Take in what a mapping merges: its own keys count first, then those of the earlier of two sources.

        As YAML has it, and not every PyYAML: 6.0.4 lets the later source count, and what a source overrides.
        """
        members: list[tuple[Any, Any]] = []
        merged: dict[Any, tuple[Any, Any]] = {}
        for key, value in node.value:
            if key.tag != _MERGE:
                members.append((key, value))
                continue
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(source, yaml.MappingNode):
                    raise _wrong("a merge takes a mapping, or a list of mappings", value)
                self.flatten_mapping(source)
                for pair in source.value:
                    merged.setdefault(_key(pair[0]), pair)
        for key, _ in members:
            merged.pop(_key(key), None)
        node.value = [*merged.values(), *members]


_KINDS: Final = {"bool": "boolean", "int": "whole number", "float": "number", "timestamp": "date"}


def _wrong(message: str, node: Any) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, message, node.start_mark)


def _weigh(node: Any, weighed: dict[int, tuple[int, int]], above: set[int]) -> tuple[int, int]:
    """How many nodes stand in a node, what an alias repeats counted again, and how deep they are nested.

    Refuses a key that stands twice, and what is not to be unfolded: an alias within itself, or too many of them.
    """
    if isinstance(node, yaml.ScalarNode):
        return 1, 1
    if id(node) in above:
        raise _wrong("an alias stands within what it repeats", node)
    if len(above) > _DEEPEST:
        raise _wrong("nested too deeply", node)
    if id(node) not in weighed:
        within = node.value
        if isinstance(node, yaml.MappingNode):
            _refuse_twins(node)
            within = [part for pair in node.value for part in pair]
        above.add(id(node))
        parts = [_weigh(part, weighed, above) for part in within]
        above.discard(id(node))
        size, height = 1 + sum(part[0] for part in parts), 1 + max((part[1] for part in parts), default=0)
        if height > _DEEPEST or size > _LARGEST:
            raise _wrong("nested too deeply" if height > _DEEPEST else "too much, with all that aliases repeat", node)
        weighed[id(node)] = size, height
    return weighed[id(node)]


def _key(node: Any) -> Any:
    return node.value if isinstance(node, yaml.ScalarNode) else id(node)


def _refuse_twins(node: Any) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
            if key.value in seen:
                raise _wrong(f"the key '{key.value}' stands twice", key)
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


_UNQUOTED: Final = re.compile(r"[^#'\"]*:\s+[{[].*[}\]]\s*[^\s#,}\]]")
"""A member whose text begins with a bracket, and goes on after it."""


def _way_out(problem: str, text: str, line: int) -> str:
    """What mends the usual mistakes, which the parser notices at the line, counted from 0, or at the next one."""
    lines = text.splitlines()
    near = lines[max(line - 1, 0) : line + 1]
    if any("\t" in text_line[: len(text_line) - len(text_line.lstrip())] for text_line in near):
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
        child = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    child, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            child = node.value[step]
            line = child.start_mark.line + 1
        if child is None:
            break
        node = child
    return line
