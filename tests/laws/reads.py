"""Tells which members of the answers were read: what nobody read may be removed and no verdict changes.

An answer is copied into dictionaries and lists that note each access.  A verdict follows from what was read alone, so
that a change of anything else need not be judged again: the same reads give the same verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = tuple[int, Any]
"""A container (by its identity) and one of its keys; EVERYTHING where all of it was looked at."""

EVERYTHING = object()
"""Stands for every key: the container was iterated, counted, compared or copied."""


class Reads:
    """What was read since `start`."""

    def __init__(self) -> None:
        self.seen: set[Node] | None = None

    def start(self) -> set[Node]:
        """A new set, into which reads are noted from now on."""
        self.seen = set()
        return self.seen

    def stop(self) -> None:
        """Note no more."""
        self.seen = None

    def note(self, container: object, key: Any) -> None:
        """Note a read."""
        if self.seen is not None:
            self.seen.add((id(container), key))

    def watch_shallow(self, value: dict[Any, Any]) -> Any:
        """A copy of a dictionary that notes how it is read; what is within it is as it was."""
        return _Dict(self, value)

    def watch_by(self, of: object, table: dict[Any, Any]) -> Any:
        """A copy of a table by kind, or by kind and more, that notes of which kind it is asked, as a read of `of`."""
        return _Table(self, of, table)

    def watch_set_by(self, of: object, values: set[tuple[Any, ...]]) -> Any:
        """A copy of a set of kind and more that notes of which kind it is asked, as a read of `of`."""
        return _Set(self, of, values)

    def watch(self, value: Any) -> Any:
        """A copy of a value that notes how it is read here."""
        if isinstance(value, dict):
            return _Dict(self, {key: self.watch(inner) for key, inner in value.items()})
        if isinstance(value, list):
            return _List(self, [self.watch(inner) for inner in value])
        return value


def looked_at(reads: set[Node], container: object, key: Any) -> bool:
    """Whether what was read depends on that key of the container.  Of a list, on any of its items."""
    if isinstance(container, list):
        return (id(container), EVERYTHING) in reads
    return (id(container), key) in reads or (id(container), EVERYTHING) in reads


class _Dict(dict[Any, Any]):
    """Every way to look into a dictionary, noted.  C code that copies one asks `keys` where `__iter__` is replaced."""

    def __init__(self, reads: Reads, values: dict[Any, Any]) -> None:
        super().__init__(values)
        self.reads = reads

    def __getitem__(self, key: Any) -> Any:
        self.reads.note(self, key)
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        self.reads.note(self, key)
        return super().get(key, default)

    def __contains__(self, key: Any) -> bool:
        self.reads.note(self, key)
        return super().__contains__(key)

    def __iter__(self) -> Iterator[Any]:
        self.reads.note(self, EVERYTHING)
        return super().__iter__()

    def __reversed__(self) -> Iterator[Any]:
        self.reads.note(self, EVERYTHING)
        return super().__reversed__()

    def __len__(self) -> int:
        self.reads.note(self, EVERYTHING)
        return super().__len__()

    def __eq__(self, other: object) -> bool:
        self.reads.note(self, EVERYTHING)
        if isinstance(other, _Dict):
            other.reads.note(other, EVERYTHING)
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __repr__(self) -> str:
        self.reads.note(self, EVERYTHING)
        return super().__repr__()

    def __or__(self, other: Any) -> Any:
        return dict(self) | other

    def __ror__(self, other: Any) -> Any:
        return other | dict(self)

    def copy(self) -> dict[Any, Any]:
        self.reads.note(self, EVERYTHING)
        return super().copy()

    def keys(self) -> Any:
        self.reads.note(self, EVERYTHING)
        return super().keys()

    def values(self) -> Any:
        self.reads.note(self, EVERYTHING)
        return super().values()

    def items(self) -> Any:
        self.reads.note(self, EVERYTHING)
        return super().items()


class _List(list[Any]):
    """Every way to look into a list, noted as a look at all of it."""

    def __init__(self, reads: Reads, values: list[Any]) -> None:
        super().__init__(values)
        self.reads = reads

    def __getitem__(self, key: Any) -> Any:
        self.reads.note(self, EVERYTHING)
        return super().__getitem__(key)

    def __contains__(self, key: Any) -> bool:
        self.reads.note(self, EVERYTHING)
        return super().__contains__(key)

    def __iter__(self) -> Iterator[Any]:
        self.reads.note(self, EVERYTHING)
        return super().__iter__()

    def __reversed__(self) -> Iterator[Any]:
        self.reads.note(self, EVERYTHING)
        return super().__reversed__()

    def __len__(self) -> int:
        self.reads.note(self, EVERYTHING)
        return super().__len__()

    def __eq__(self, other: object) -> bool:
        self.reads.note(self, EVERYTHING)
        if isinstance(other, _List):
            other.reads.note(other, EVERYTHING)
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __repr__(self) -> str:
        self.reads.note(self, EVERYTHING)
        return super().__repr__()

    def __add__(self, other: Any) -> Any:
        return [*self, *other]

    def __radd__(self, other: Any) -> Any:
        return [*other, *self]

    def __mul__(self, count: Any) -> Any:
        return [*self] * count

    def copy(self) -> list[Any]:
        return [*self]

    def count(self, value: Any) -> int:
        return [*self].count(value)

    def index(self, *of: Any) -> int:
        return [*self].index(*of)


class _Table(dict[Any, Any]):
    """A table of an inventory, by kind."""

    def __init__(self, reads: Reads, of: object, values: dict[Any, Any]) -> None:
        super().__init__(values)
        self.reads, self.of = reads, of

    def _note(self, key: Any) -> None:
        self.reads.note(self.of, key[0] if isinstance(key, tuple) else key)

    def __getitem__(self, key: Any) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def __contains__(self, key: Any) -> bool:
        self._note(key)
        return super().__contains__(key)

    def __iter__(self) -> Iterator[Any]:
        self._note(EVERYTHING)
        return super().__iter__()

    def __len__(self) -> int:
        self._note(EVERYTHING)
        return super().__len__()

    def keys(self) -> Any:
        self._note(EVERYTHING)
        return super().keys()

    def values(self) -> Any:
        self._note(EVERYTHING)
        return super().values()

    def items(self) -> Any:
        self._note(EVERYTHING)
        return super().items()


class _Set(set[tuple[Any, ...]]):
    """A set of an inventory, of kind and scope."""

    def __init__(self, reads: Reads, of: object, values: set[tuple[Any, ...]]) -> None:
        super().__init__(values)
        self.reads, self.of = reads, of

    def __contains__(self, item: object) -> bool:
        self.reads.note(self.of, item[0] if isinstance(item, tuple) else EVERYTHING)
        return super().__contains__(item)

    def __iter__(self) -> Iterator[Any]:
        self.reads.note(self.of, EVERYTHING)
        return super().__iter__()

    def __len__(self) -> int:
        self.reads.note(self.of, EVERYTHING)
        return super().__len__()
