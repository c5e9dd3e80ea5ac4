"""Finds the files to read below paths, and reads their bytes and their text."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.model import Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

STDIN: Final = "-"


class Source(NamedTuple):
    """A file, a folder or standard input."""

    path: str
    content: bytes | None = None
    """The bytes of a file; None for a folder."""
    modified: float = 0.0
    names: tuple[str, ...] = ()
    """The files in a folder."""


def sources(
    paths: Iterable[str], suffixes: Collection[str], is_input: Callable[[Source], bool]
) -> Iterator[Source | Notice]:
    """The files among these paths, those with one of the suffixes below their folders, and `-` for standard input.

    A folder that `is_input` is one source, and nothing in it is read besides.
    """
    for path in paths:
        if path == STDIN:
            yield Source(STDIN, sys.stdin.buffer.read())
        elif os.path.isdir(path):  # noqa: PTH112 - Path costs more than the question
            yield from _below(Path(path), suffixes, is_input)
        else:
            yield _file(Path(path))


def _below(folder: Path, suffixes: Collection[str], is_input: Callable[[Source], bool]) -> Iterator[Source | Notice]:
    is_empty = True
    errors: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=errors.append):
        source = Source(str(Path(parent)), names=tuple(names))
        if is_input(source):
            is_empty = False
            folders.clear()
            yield source
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(parent) / name
            if file.suffix.lower() in suffixes and not name.startswith(".") and file.is_file():
                is_empty = False
                yield _file(file)
    for error in errors:
        yield Notice(f"cannot be read: {error.strerror or error}", str(error.filename), problem=True)
    if is_empty and not errors:
        listed = ", ".join(sorted(suffixes))
        yield Notice(f"no file to read in this folder ({listed})", str(folder), problem=True)


def _file(file: Path) -> Source | Notice:
    try:
        content = file.read_bytes()
        modified = file.stat().st_mtime
    except OSError as error:
        return Notice(f"cannot be read: {error.strerror or error}", str(file), problem=True)
    return Source(str(file), content, modified)


def decode(content: bytes) -> str:
    """The text in UTF-8 with or without a byte order mark, or in UTF-16 as PowerShell writes it.

    Raises UnicodeDecodeError for what is no text.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    if content[1:4:2] == b"\0\0" and content[0] != 0:
        return content.decode("utf-16-le")
    if content[:4:2] == b"\0\0" and content[1] != 0:
        return content.decode("utf-16-be")
    text = content.decode("utf-8-sig")
    if "\0" in text[:4096]:
        raise UnicodeDecodeError("utf-8", content[:1], 0, 1, "binary")
    return text
