"""Kleene's logic of three values, and its lists: what is certain, and why there may be more.

The third value is None where nobody needs to know why (IAM's evaluation tells it apart), and else the Missing that
says what would settle it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeAlias, TypeVar, overload

from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Ternary: TypeAlias = bool | None
Verdictish: TypeAlias = bool | Missing

S = TypeVar("S")
T = TypeVar("T")
Unknown = TypeVar("Unknown", None, Missing)


def invert(value: Ternary) -> Ternary:
    """Kleene's NOT: unknown stays unknown."""
    return None if value is None else not value


def all_of(values: Iterable[bool | Unknown]) -> bool | Unknown:
    """Kleene's AND: False as soon as a value is, else the first unknown, else True."""
    result: bool | Unknown = True
    for value in values:
        if value is False:
            return False
        if value is not True and result is True:
            result = value
    return result


def any_of(values: Iterable[bool | Unknown]) -> bool | Unknown:
    """Kleene's OR: True as soon as a value is, else the first unknown, else False."""
    result: bool | Unknown = False
    for value in values:
        if value is True:
            return True
        if value is not False and result is False:
            result = value
    return result


def unanimous(values: Iterable[Verdictish]) -> Verdictish:
    """What holds in one of several alternatives when nobody knows which: what holds in all alike, else Missing.

    Missing when there is no alternative, too.
    """
    verdicts = list(values)
    for verdict in verdicts:
        if isinstance(verdict, Missing):
            return verdict
    if verdicts and len(set(verdicts)) == 1:
        return verdicts[0]
    return Missing(
        "it holds of one place where it may be, and not of another",
        needs="where exactly it is",
        reason="it may be in one of several places, which differ",
    )


def attempt(make: Callable[[], T]) -> T | Missing:
    """What `make` returns, or the Missing that it raises."""
    try:
        return make()
    except Missing as missing:
        # Without its traceback, which would keep every frame of the derivation alive.
        return missing.with_traceback(None)


def require(value: T | Missing) -> T:
    """The value itself; raises it when it is Missing."""
    if isinstance(value, Missing):
        raise value.with_traceback(None)
    return value


class Partial(NamedTuple, Generic[T]):
    """What is certain of a list, and why there may be more."""

    items: tuple[T, ...] = ()
    missing: Missing | None = None

    def certain(self) -> tuple[T, ...]:
        """The items, which are certain whatever else is missing; raises `missing` only when there are none."""
        if not self.items:
            self.complete()
        return self.items

    def complete(self) -> tuple[T, ...]:
        """The items when they are all there are; raises `missing` whenever there may be more."""
        if self.missing is not None:
            raise self.missing.with_traceback(None)
        return self.items

    def distinct(self) -> Partial[T]:
        """The same with each item once, in order."""
        return Partial(tuple(dict.fromkeys(self.items)), self.missing)

    def or_missing(self, missing: Missing | None) -> Partial[T]:
        """The same, with one more reason why there may be more, which counts when there is no other yet."""
        return Partial(self.items, self.missing or missing)

    def is_nonempty(self) -> Verdictish:
        """Whether there is any item: Missing when none is certain and there may be more."""
        return True if self.items else self.missing or False


def listing(read: Callable[[], Iterable[T]]) -> Partial[T]:
    """What `read` yields, up to where it raises Missing."""
    items: list[T] = []
    try:
        items.extend(read())
    except Missing as missing:
        return Partial(tuple(items), missing.with_traceback(None))
    return Partial(tuple(items))


@overload
def collect(items: Partial[S], derive: Callable[[S], T | Missing | None]) -> Partial[T]: ...
@overload
def collect(items: Iterable[S], derive: Callable[[S], T | Missing | None]) -> Partial[T]: ...
def collect(items: Partial[S] | Iterable[S], derive: Callable[[S], T | Missing | None]) -> Partial[T]:
    """What `derive` gives for each item, without None; an item for which it is Missing may be one more.

    The reason is the first: what `items` themselves miss comes before what is derived.
    """
    return collect_each(items, lambda item: _single(derive(item)))


@overload
def collect_each(items: Partial[S], derive: Callable[[S], Partial[T]]) -> Partial[T]: ...
@overload
def collect_each(items: Iterable[S], derive: Callable[[S], Partial[T]]) -> Partial[T]: ...
@overload
def collect_each(items: Partial[S], derive: Callable[[S], Iterable[T] | Partial[T]]) -> Partial[T]: ...
@overload
def collect_each(items: Iterable[S], derive: Callable[[S], Iterable[T] | Partial[T]]) -> Partial[T]: ...
def collect_each(items: Partial[S] | Iterable[S], derive: Callable[[S], Iterable[T] | Partial[T]]) -> Partial[T]:
    """Everything that `derive` yields for the items, in one list; what it yields before it raises Missing counts."""
    results: list[T] = []
    subjects, missing = items if isinstance(items, Partial) else (items, None)
    for subject in subjects:
        part = _part(derive, subject)
        results += part.items
        missing = missing or part.missing
    return Partial(tuple(results), missing)


def _single(value: T | Missing | None) -> Partial[T]:
    if isinstance(value, Missing):
        return Partial((), value)
    return Partial(() if value is None else (value,))


def _part(derive: Callable[[S], Iterable[T] | Partial[T]], item: S) -> Partial[T]:
    results: list[T] = []
    try:
        part = derive(item)
        if isinstance(part, Partial):
            return part
        results.extend(part)
    except Missing as missing:
        return Partial(tuple(results), missing.with_traceback(None))
    return Partial(tuple(results))


def merged(parts: Iterable[Partial[T]]) -> Partial[T]:
    """Several lists as one."""
    return collect_each(parts, lambda part: part)


def counterexample(verdict: Verdictish, example: T) -> T | Missing | None:
    """For `collect`: the example where the verdict is false; None where it is true."""
    if isinstance(verdict, Missing):
        return verdict
    return None if verdict else example
