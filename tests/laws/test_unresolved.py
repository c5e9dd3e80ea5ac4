"""The law of missing data for templates: a value that is not resolved never makes a pass that was not one before.

In whole accounts, members and items that anything looked at are replaced by an unresolved value, one at a time: of all
that stand in the same place of the same response, one, and of these places a sample.  What failed or was unknown
before is judged again.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache, partial
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from dms_lint.model import Missing, Record, Unresolved, Verdict
from dms_lint.model.record import ABSENT
from tests.laws.test_missing_data import Mutation, Path_, again, is_read, members, mutated, reached, reached_by, world

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.model import Document

VALUE = Unresolved(("parameter Value",))
ACCOUNTS = ("faulty", "planted")
SAMPLE = 120
"""Places of an account, of about twice as many."""


def replaced(value: Any, path: Path_) -> Any:
    """A copy of the value in which what stands at the path is unresolved."""
    if not path:
        return VALUE
    key, *rest = path
    if isinstance(value, dict):
        return {name: replaced(member, tuple(rest)) if name == key else member for name, member in value.items()}
    return [replaced(item, tuple(rest)) if number == key else item for number, item in enumerate(value)]


def unresolved(document: Document, path: Path_) -> Document:
    return document._replace(body=replaced(document.body, path), lines={})


@cache
def replacements(account: str) -> list[Mutation]:
    """One for each of the places that anything looked at."""
    places: dict[tuple[str, ...], list[Mutation]] = defaultdict(list)
    for number, document in enumerate(world(account).documents):
        for path in members(document.body):
            removed = reached(document.body, path[:-1]), path[-1]
            what = f"{document.operation} {'.'.join(map(str, path))}"
            mutation = Mutation(what, number, partial(unresolved, document, path), removed=removed)
            if is_read(account, mutation):
                place = ("?" if isinstance(key, int) else key for key in path)
                places[document.operation, *place].append(mutation)
    return [Random(0).choice(mutations) for mutations in places.values()]


def new_passes(account: str, mutations: Iterable[Mutation]) -> Iterator[str]:
    """The verdicts that become a pass by an unresolved value."""
    for mutation in mutations:
        inventory = mutated(account, mutation)
        for pair, verdict in again(account, inventory, reached_by(account, inventory)).items():
            if verdict is Verdict.PASS:
                yield f"{mutation.what}: {pair}: {world(account).verdicts[pair]} -> pass"


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_unresolved_value_never_makes_a_pass(account: str) -> None:
    assert not list(new_passes(account, Random(0).sample(replacements(account), SAMPLE)))


def test_a_value_taken_for_absent_would_break_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = Record.typed

    def read_as_absent(self: Record, key: str, types: Any, expected: str, default: Any) -> Any:
        try:
            return typed(self, key, types, expected, default)
        except Missing:
            if default is ABSENT:
                raise
            return default

    monkeypatch.setattr(Record, "typed", read_as_absent)
    assert any(new_passes("faulty", replacements("faulty")))
