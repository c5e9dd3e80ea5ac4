"""What a fact is: a named value, derived from the inventory by a small function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from dms_lint.inventory.inventory import Inventory
from dms_lint.logic.kleene import collect
from dms_lint.model import Missing, Resource

T = TypeVar("T")
Function = TypeVar("Function", bound=Callable[..., Any])
Value = str | int | bool | tuple[str, ...]
Derive = Callable[[Resource, Inventory], Value]


def memoized(derive: Callable[[Resource, Inventory], T]) -> Callable[[Resource, Inventory], T]:
    """Keeps with each resource what a function derives of it (or that it is Missing), for the next who asks."""

    @wraps(derive)
    def once(resource: Resource, inventory: Inventory) -> T:
        memo = resource.memo
        if derive in memo:
            value: T | Missing = memo[derive]
            if value.__class__ is Missing:
                raise value.with_traceback(None)
            return value  # type: ignore[return-value]
        try:
            value = memo[derive] = derive(resource, inventory)
        except Missing as missing:
            # Without its traceback, which would keep every frame of the derivation alive.
            memo[derive] = missing.with_traceback(None)
            raise
        return value

    return once


def each_of(items: Iterable[T], judge: Callable[[T], str]) -> tuple[str, ...]:
    """What `judge` says of each item, once each and without ''; Missing where only what was not read could be more."""
    return collect(items, lambda item: judge(item) or None).distinct().certain()


def reads(*kinds: str) -> Callable[[Function], Function]:
    """Declares the kinds that a function asks the inventory for, where a call in it computes the kind.

    Only tools/reads.py looks at it: a kind that stands in the call itself needs no declaration.
    """
    return lambda function: function


class Fact(NamedTuple):
    """A fact: what rules call it, the kinds of resource it is about, what it can be, and how it is derived.

    `schema` is a JSON Schema of every value that `derive` can return.  The docstring of `derive` is the fact's
    documentation.  `derive` raises Missing when the data it needs are not there; it never guesses.
    """

    name: str
    kinds: tuple[str, ...]
    schema: Mapping[str, Any]
    derive: Derive

    @property
    def says(self) -> str:
        """What the fact is, in the words of its docstring."""
        return " ".join((self.derive.__doc__ or "").split())


def text(*values: str) -> Mapping[str, Any]:
    """Schema of a text; of one of these texts, where some are given."""
    return {"type": "string", "enum": list(values)} if values else {"type": "string"}


def texts(*values: str) -> Mapping[str, Any]:
    """Schema of a list of texts; each one of these, where some are given."""
    return {"type": "array", "items": text(*values)}


FLAG: Mapping[str, Any] = {"type": "boolean"}
NUMBER: Mapping[str, Any] = {"type": "integer"}
