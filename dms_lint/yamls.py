"""Reading YAML: safely, with the C parser where it exists, and with the line of whatever is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(Exception):
    """A file that is no YAML, or says the same key twice; `line` counts from 1."""

    def __init__(self, message: str, file: Path, line: int) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.message = message
        self.file = file
        self.line = line


class _Loader(_BASE):  # type: ignore[misc]
    """The safe loader, refusing a key that stands twice (YAML itself would keep the last and say nothing)."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def parse_yaml(text: str, file: Path) -> Any:
    """What the text says.  Raises YamlError."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, and stricter
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise YamlError(problem, file, mark.line + 1 if mark else 1) from None


def read_yaml(file: Path) -> Any:
    """What a file says.  Raises YamlError, OSError, UnicodeDecodeError."""
    return parse_yaml(file.read_text(encoding="utf-8"), file)


def line_of(file: Path, path: Sequence[str | int]) -> int:
    """The line, from 1, where the member at `path` stands; of its nearest ancestor when it is not there."""
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return 1
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
