"""Kleene's logic of three values: True, False, and None for what cannot be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Ternary = bool | None


def invert(value: Ternary) -> Ternary:
    """Not: unknown stays unknown."""
    return None if value is None else not value


def every(values: Iterable[Ternary]) -> Ternary:
    """And, of any number: False as soon as one is certainly false, True of none."""
    result: Ternary = True
    for value in values:
        if value is False:
            return False
        if value is None:
            result = None
    return result


def some(values: Iterable[Ternary]) -> Ternary:
    """Or, of any number: True as soon as one is certainly true, False of none."""
    result: Ternary = False
    for value in values:
        if value is True:
            return True
        if value is None:
            result = None
    return result
