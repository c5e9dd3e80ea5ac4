"""Answers of three values that say why they are open: True, False, or what is Missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")

Judged: TypeAlias = bool | Missing


def every(values: Iterable[Judged]) -> Judged:
    """And, of any number: False as soon as one is, else the first that is Missing, else True."""
    result: Judged = True
    for value in values:
        if value is False:
            return False
        if value is not True and result is True:
            result = value
    return result


def some(values: Iterable[Judged]) -> Judged:
    """Or, of any number: True as soon as one is, else the first that is Missing, else False."""
    result: Judged = False
    for value in values:
        if value is True:
            return True
        if value is not False and result is False:
            result = value
    return result


def one_of(values: Iterable[Judged]) -> Judged:
    """What holds of one that is among these and not known: what holds of all alike, else Missing.

    Missing too of none.
    """
    found = list(values)
    for value in found:
        if isinstance(value, Missing):
            return value
    if found and len(set(found)) == 1:
        return found[0]
    return Missing(
        "it holds of one place where it may be, and not of another",
        needs="where exactly it is",
        reason="it may be in one of several places, which differ",
    )


def attempt(make: Callable[[], T]) -> T | Missing:
    """What `make` gives; what is Missing where it raises that."""
    try:
        return make()
    except Missing as missing:
        return missing.with_traceback(None)


def certain(verdict: Judged) -> bool:
    """True or False as it is; raises what is Missing."""
    if isinstance(verdict, Missing):
        raise verdict.with_traceback(None)
    return verdict
