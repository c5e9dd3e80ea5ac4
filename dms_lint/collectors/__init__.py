"""The kinds of input: each is a module with a row in COLLECTORS, and detects by content what it can read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

from dms_lint.model import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dms_lint.collectors.files import Source
    from dms_lint.model import Document

COLLECTORS: Final = (
    "dms_lint.collectors.snapshot",
    "dms_lint.collectors.exports",  # last: it takes every file, and says what is wrong with one that it cannot read
)
"""The modules that are each a Collector; the first that detects an input reads it."""


class Collector(Protocol):
    """What a module of COLLECTORS has; not every collector needs everything that it is given."""

    @property
    def SUFFIXES(self) -> frozenset[str]:  # noqa: N802 - a constant of the module
        """The endings of the files to read in a folder, in lower case; a file named by the user is read anyway."""

    def detect(self, source: Source) -> bool:
        """Whether a file or a folder is an input of this kind, by what is in it."""

    def read(self, source: Source, *, read_secrets: bool) -> Iterator[Document | Notice]:
        """The documents in it.

        What cannot be read becomes a Notice with `problem` set.  Without `read_secrets` no value of a secret is read.
        """


def read_inputs(paths: Iterable[str], *, read_secrets: bool = False) -> Iterator[Document | Notice]:
    """The documents in these files, folders (with all below them) and `-` (standard input), whatever their kind.

    What cannot be read becomes a Notice with `problem` set, and the rest is read all the same.  The value of a secret
    is read only with `read_secrets`, and then gives no more than what is derived of it.
    """
    from dms_lint.collectors.files import sources

    collectors = [cast("Collector", import_module(name)) for name in COLLECTORS]
    suffixes = frozenset().union(*(collector.SUFFIXES for collector in collectors))
    for source in sources(paths, suffixes, lambda folder: _collector_of(folder, collectors) is not None):
        if isinstance(source, Notice):
            yield source
        elif collector := _collector_of(source, collectors):
            yield from collector.read(source, read_secrets=read_secrets)
        else:
            yield Notice("is no input that dms-lint reads", source.path, problem=True)


def _collector_of(source: Source, collectors: Sequence[Collector]) -> Collector | None:
    return next((collector for collector in collectors if collector.detect(source)), None)
