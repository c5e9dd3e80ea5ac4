"""How a file of a pack is refused: what is wrong, the line, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class InputError(Exception):
    """What is wrong with one file, and where in it."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path

    def within(self, file: Path) -> str:
        """`FILE:LINE: what is wrong`."""
        # Only now: a pack without fault is loaded without a YAML parser, where it is compiled.
        from dms_lint.data.yaml_file import line_of

        return f"{file}:{line_of(file, self.path)}: {self}"


def sorted_by_line(file: Path, errors: Iterable[InputError]) -> list[tuple[int, InputError]]:
    """The errors of a file in the order of its lines, each with its line; the file is read once."""
    errors = list(errors)
    if not errors:
        return []
    from dms_lint.data.yaml_file import lines_of

    lines = lines_of(file, [error.path for error in errors])
    return sorted(zip(lines, errors, strict=True), key=lambda located: located[0])


def nearest(name: str, candidates: Iterable[str]) -> str:
    """`; did you mean 'WORD'?`, or nothing where no word is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(candidates), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def unknown_name(what: str, name: str, candidates: Iterable[str]) -> str:
    """A sentence: that there is no such name, and which is nearest, or which there are."""
    names = list(candidates)
    near = nearest(name, names)
    if near:
        return f"unknown {what} '{name}'{near}"
    return f"unknown {what} '{name}'; there is {', '.join(names[:12])}{' ...' if len(names) > 12 else ''}"


def is_nonblank(value: Any) -> bool:
    """Whether a value is text that says something."""
    return isinstance(value, str) and bool(value.strip())
